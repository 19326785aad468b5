use super::GltfError;
use super::accessor::Semantic;
use super::node::Tree;
use super::views::{Views, invalid};
use crate::json::Json;

/// A movement of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Animation {
    /// Its name; empty where the file gives none.
    pub name: String,
    /// When the last key comes, seconds.
    pub duration_s: f32,
    /// What moves.
    pub channels: Vec<Channel>,
    /// How it moves.
    pub samplers: Vec<Sampler>,
}

/// One property of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Index into [`super::Model::nodes`].
    pub node: usize,
    /// What of it.
    pub path: Path,
    /// Index into [`Animation::samplers`].
    pub sampler: usize,
}

/// A property that can move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are glTF's own
pub enum Path {
    Translation,
    Rotation,
    Scale,
    Weights,
}

/// What lies between two keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The straight way; for rotations the shorter arc.
    Linear,
    /// The earlier key.
    Step,
    /// A Hermite spline; every key brings its tangent before and its tangent after.
    CubicSpline,
}

/// Keys and what comes between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampler {
    /// When each key is, seconds, rising.
    pub times_s: Vec<f32>,
    /// Numbers of every key, one after another.
    pub values: Vec<f32>,
    /// How they are joined.
    pub interpolation: Interpolation,
}

impl Sampler {
    /// How many numbers a value has.
    #[must_use]
    pub fn width(&self) -> usize {
        let each = if self.interpolation == Interpolation::CubicSpline {
            3
        } else {
            1
        };
        self.values.len() / self.times_s.len().max(1) / each
    }

    /// The value at a time, before the first key the first, after the last the last.
    ///
    /// glTF 2.0, appendix C. `rotation` says that values are quaternions: those follow an arc and stay one long.
    pub fn sample(&self, time_s: f32, rotation: bool, out: &mut Vec<f32>) {
        let width = self.width();
        out.clear();
        let after = self.times_s.partition_point(|&t| t <= time_s);
        let last = self.times_s.len() - 1;
        let (from, to) = (after.saturating_sub(1), after.min(last));
        let span = self.times_s[to] - self.times_s[from];
        let part = if span > 0.0 && time_s > self.times_s[from] {
            ((time_s - self.times_s[from]) / span).min(1.0)
        } else {
            0.0
        };
        match self.interpolation {
            Interpolation::Step => out.extend_from_slice(self.key(from, width)),
            Interpolation::Linear => {
                let (a, b) = (self.key(from, width), self.key(to, width));
                if rotation && width == 4 {
                    out.extend(arc(a, b, part));
                } else {
                    out.extend(a.iter().zip(b).map(|(a, b)| a + (b - a) * part));
                }
            }
            Interpolation::CubicSpline => {
                let (a, b) = (self.key(from, 3 * width), self.key(to, 3 * width));
                let (s2, s3) = (part * part, part * part * part);
                let [h00, h10] = [2.0 * s3 - 3.0 * s2 + 1.0, s3 - 2.0 * s2 + part];
                let [h01, h11] = [3.0 * s2 - 2.0 * s3, s3 - s2];
                out.extend((0..width).map(|k| {
                    let (start, leaving) = (a[width + k], a[2 * width + k] * span);
                    let (arriving, end) = (b[k] * span, b[width + k]);
                    h00 * start + h10 * leaving + h01 * end + h11 * arriving
                }));
                if rotation {
                    unit(out);
                }
            }
        }
    }

    fn key(&self, key: usize, width: usize) -> &[f32] {
        &self.values[key * width..(key + 1) * width]
    }
}

/// The shorter arc between two rotations; where they nearly agree, the straight way, made one long.
fn arc(a: &[f32], b: &[f32], part: f32) -> [f32; 4] {
    let dot: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
    let sign = if dot < 0.0 { -1.0 } else { 1.0 };
    let angle = dot.abs().min(1.0).acos();
    let (from, to) = if angle < 1e-3 {
        (1.0 - part, part)
    } else {
        let whole = angle.sin();
        (
            ((1.0 - part) * angle).sin() / whole,
            (part * angle).sin() / whole,
        )
    };
    let mut out = core::array::from_fn(|k| a[k] * from + b[k] * to * sign);
    unit(&mut out);
    out
}

fn unit(q: &mut [f32]) {
    let length = q.iter().map(|n| n * n).sum::<f32>().sqrt();
    if length > 1e-9 {
        for n in q {
            *n /= length;
        }
    }
}

/// Reads every animation; channels of nodes outside the scene, and of properties unknown, are left out.
pub(super) fn read(views: &mut Views<'_>, tree: &Tree<'_>) -> Result<Vec<Animation>, GltfError> {
    let document = views.json;
    let mut animations = Vec::new();
    for (index, json) in document.get("animations").items().iter().enumerate() {
        let samplers = json.get("samplers").items().iter();
        let samplers = samplers
            .map(|s| read_sampler(s, index, views))
            .collect::<Result<Vec<_>, _>>()?;
        let mut channels = Vec::new();
        for channel in json.get("channels").items() {
            let Some(channel) = read_channel(channel, tree) else {
                continue;
            };
            let sampler = samplers.get(channel.sampler);
            let sampler = sampler.ok_or(invalid("animation", index, "a sampler is missing"))?;
            let fits = match channel.path {
                Path::Translation | Path::Scale => sampler.width() == 3,
                Path::Rotation => sampler.width() == 4,
                Path::Weights => sampler.width() > 0,
            };
            if !fits {
                let why = "the numbers of a key do not fit what they move";
                return Err(invalid("animation", index, why));
            }
            channels.push(channel);
        }
        let ends = channels.iter().map(|c| &samplers[c.sampler].times_s);
        let duration_s = ends
            .filter_map(|t| t.last())
            .fold(0.0, |a, &b| f32::max(a, b));
        animations.push(Animation {
            name: json.get("name").text().unwrap_or_default().into(),
            duration_s,
            channels,
            samplers,
        });
    }
    Ok(animations)
}

fn read_channel(json: &Json, tree: &Tree<'_>) -> Option<Channel> {
    let target = json.get("target");
    let node = target.get("node").index()?;
    Some(Channel {
        node: tree.by_index.get(node).copied().flatten()?,
        path: match target.get("path").text()? {
            "translation" => Path::Translation,
            "rotation" => Path::Rotation,
            "scale" => Path::Scale,
            "weights" => Path::Weights,
            _ => return None,
        },
        sampler: json.get("sampler").index()?,
    })
}

fn read_sampler(json: &Json, index: usize, views: &mut Views<'_>) -> Result<Sampler, GltfError> {
    let fail = |why| invalid("animation", index, why);
    let input = json.get("input").index();
    let times_s = views.floats(input.ok_or(fail("a sampler has no input"))?, 1)?;
    let rising = times_s.windows(2).all(|w| w[0] <= w[1]);
    if !rising || times_s.iter().any(|t| !t.is_finite()) {
        return Err(fail("its times do not rise"));
    }
    let output = json.get("output").index();
    let output = output.ok_or(fail("a sampler has no output"))?;
    let components = views.attribute(output, Semantic::Position)?.components;
    let values = views.floats(output, components)?;
    let interpolation = match json.get("interpolation").text() {
        Some("STEP") => Interpolation::Step,
        Some("CUBICSPLINE") => Interpolation::CubicSpline,
        _ => Interpolation::Linear,
    };
    let each = if interpolation == Interpolation::CubicSpline {
        3
    } else {
        1
    };
    if values.len() % (times_s.len() * each) != 0 || values.iter().any(|v| !v.is_finite()) {
        return Err(fail("a sampler's keys and values do not fit"));
    }
    Ok(Sampler {
        times_s,
        values,
        interpolation,
    })
}
