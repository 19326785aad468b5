//! What the spin needs of its manifest.

use thiserror::Error;
use xoay_format::{Direction, ImageFormat, SpinManifest};

use crate::json::{Json, JsonError};
use crate::loading::Choice;
use crate::turn::TurnRow;

/// The most frames that a manifest may name.
const MOST_FRAMES: usize = 20_000;

/// A spin, ready to be loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct SpinPlan {
    /// Width of the largest rendition in pixels.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// How many frames there are, through all rows.
    pub frame_count: usize,
    /// Rows, the lowest camera first; together they cover every frame.
    pub rows: Vec<TurnRow>,
    /// The camera's height of each row in degrees; not a number where it is not known.
    pub elevations_deg: Vec<f64>,
    /// Whether a row is a whole turn.
    pub loops: bool,
    /// Which way the product turns.
    pub direction: Direction,
    /// Where it starts.
    pub start_frame: u32,
    /// Formats and widths.
    pub choices: Vec<Choice>,
    /// Addresses of each choice, one a frame, in the order of `choices`.
    pub urls: Vec<Vec<String>>,
    /// Every frame in one picture.
    pub sprite: Option<SpritePlan>,
}

/// Where the sprite is and how it is cut.
#[derive(Clone, Debug, PartialEq)]
pub struct SpritePlan {
    /// Address.
    pub url: String,
    /// Tiles in a line.
    pub columns: u32,
    /// Width of a tile in pixels.
    pub tile_width: u32,
    /// Height of a tile in pixels.
    pub tile_height: u32,
}

/// Why a manifest cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// It is no JSON.
    #[error("the manifest is {0}")]
    Json(#[from] JsonError),
    /// It is another kind of document, or of a later version.
    #[error("the manifest is no xoay-spin of version 1")]
    Kind,
    /// A field is missing or has no sensible value.
    #[error("the manifest's `{0}` is missing or wrong")]
    Field(&'static str),
}

impl PlanError {
    /// What is wrong, in a word: where no text can be made, as in the browser's module, which has no room for the making.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Json(_) => "the manifest is no JSON",
            Self::Kind => "the manifest is no xoay-spin of version 1",
            Self::Field(name) => name,
        }
    }
}

impl SpinPlan {
    /// Reads a [`SpinManifest`]. Renditions of unknown formats are left out.
    ///
    /// # Errors
    /// A text that is no such manifest, or whose frames, rows and renditions do not fit together.
    pub fn read(text: &str) -> Result<Self, PlanError> {
        let json = Json::parse(text)?;
        let version = json.get("version").index();
        if json.get("kind").text() != Some(SpinManifest::KIND)
            || version != Some(SpinManifest::VERSION as usize)
        {
            return Err(PlanError::Kind);
        }
        let size = |name: &'static str| {
            let value = json.get(name).index();
            let value = value.filter(|v| (1..=1 << 16).contains(v));
            value.map(|v| v as u32).ok_or(PlanError::Field(name))
        };
        let frame_count = json.get("frames").items().len();
        if frame_count == 0 || frame_count > MOST_FRAMES {
            return Err(PlanError::Field("frames"));
        }
        let mut plan = Self {
            width: size("width")?,
            height: size("height")?,
            frame_count,
            rows: read_rows(&json, frame_count)?,
            elevations_deg: json
                .get("rows")
                .items()
                .iter()
                .map(|row| row.get("elevationDeg").number().unwrap_or(f64::NAN))
                .collect(),
            loops: json.get("loops").is_true(),
            direction: match json.get("direction").text() {
                Some("clockwise") => Direction::Clockwise,
                _ => Direction::CounterClockwise,
            },
            start_frame: json.get("startFrame").index().unwrap_or(0) as u32,
            choices: Vec::new(),
            urls: Vec::new(),
            sprite: read_sprite(json.get("sprite"), frame_count),
        };
        for rendition in json.get("renditions").items() {
            plan.add_rendition(rendition)?;
        }
        if plan.choices.is_empty() && plan.sprite.is_none() {
            return Err(PlanError::Field("renditions"));
        }
        Ok(plan)
    }

    fn add_rendition(&mut self, json: &Json) -> Result<(), PlanError> {
        let format = json.get("format").text().unwrap_or_default();
        let Some(format) = ImageFormat::ALL
            .into_iter()
            .find(|f| f.extension() == format)
        else {
            return Ok(());
        };
        let urls: Vec<_> = json
            .get("urls")
            .items()
            .iter()
            .filter_map(Json::text)
            .map(str::to_owned)
            .collect();
        let width = json
            .get("width")
            .index()
            .filter(|w| (1..=1 << 16).contains(w));
        match width {
            Some(width) if urls.len() == self.frame_count => {
                let width = width as u32;
                self.choices.push(Choice { format, width });
                self.urls.push(urls);
                Ok(())
            }
            _ => Err(PlanError::Field("renditions")),
        }
    }
}

fn read_rows(json: &Json, frame_count: usize) -> Result<Vec<TurnRow>, PlanError> {
    let mut rows = Vec::new();
    let mut covered = 0;
    for row in json.get("rows").items() {
        let count = row
            .get("frameCount")
            .index()
            .filter(|&c| c > 0 && c <= frame_count);
        match (row.get("firstFrame").index(), count) {
            (Some(first), Some(count)) if first == covered => {
                covered += count;
                rows.push(TurnRow {
                    first_frame: first as u32,
                    frame_count: count as u32,
                });
            }
            _ => return Err(PlanError::Field("rows")),
        }
    }
    if covered == frame_count {
        Ok(rows)
    } else {
        Err(PlanError::Field("rows"))
    }
}

/// A sprite that cannot be cut is as good as none: the frames themselves still come.
fn read_sprite(json: &Json, frame_count: usize) -> Option<SpritePlan> {
    let number = |name: &str| {
        let value = json.get(name).index()?;
        (1..=1 << 16).contains(&value).then_some(value as u32)
    };
    let sprite = SpritePlan {
        url: json.get("url").text()?.to_owned(),
        columns: number("columns")?,
        tile_width: number("tileWidth")?,
        tile_height: number("tileHeight")?,
    };
    let lines = (frame_count as u64).div_ceil(u64::from(sprite.columns));
    let fits = u64::from(sprite.columns) * u64::from(sprite.tile_width)
        <= u64::from(number("width")?)
        && lines * u64::from(sprite.tile_height) <= u64::from(number("height")?);
    fits.then_some(sprite)
}

#[cfg(test)]
mod tests {
    use xoay_format::{Frame, ImageFile, Rendition, Row, Sprite, Text};

    use super::*;

    fn manifest() -> SpinManifest {
        SpinManifest {
            kind: SpinManifest::KIND.into(),
            version: SpinManifest::VERSION,
            tiles: None,
            generator: "test".into(),
            width: 1024,
            height: 768,
            background: "#ffffff".into(),
            direction: Direction::Clockwise,
            loops: true,
            start_frame: 1,
            rows: vec![Row {
                first_frame: 0,
                frame_count: 3,
                elevation_deg: Some(12.5),
            }],
            frames: (0..3)
                .map(|i| Frame {
                    azimuth_deg: f64::from(i) * 120.0,
                    source: format!("{i}.jpg"),
                    projection: None,
                })
                .collect(),
            renditions: vec![Rendition {
                format: ImageFormat::Avif,
                width: 512,
                height: 384,
                size_bytes: 9,
                urls: vec!["a".into(), "b".into(), "c".into()],
            }],
            sprite: Some(Sprite {
                image: ImageFile {
                    url: "s.webp".into(),
                    format: ImageFormat::Webp,
                    width: 200,
                    height: 150,
                    size_bytes: 9,
                },
                columns: 2,
                tile_width: 100,
                tile_height: 75,
            }),
            posters: vec![],
            alt: Text::default(),
        }
    }

    fn read(change: impl Fn(&mut SpinManifest)) -> Result<SpinPlan, PlanError> {
        let mut manifest = manifest();
        change(&mut manifest);
        SpinPlan::read(&serde_json::to_string(&manifest).unwrap())
    }

    #[test]
    fn what_the_pipeline_writes_is_read() {
        let plan = read(|_| {}).unwrap();
        assert_eq!((plan.width, plan.height, plan.frame_count), (1024, 768, 3));
        assert_eq!(plan.direction, Direction::Clockwise);
        assert_eq!((plan.loops, plan.start_frame), (true, 1));
        assert_eq!(plan.elevations_deg, [12.5]);
        assert_eq!(
            plan.choices,
            [Choice {
                format: ImageFormat::Avif,
                width: 512
            }]
        );
        assert_eq!(plan.urls, [["a", "b", "c"]]);
        assert_eq!(plan.sprite.unwrap().columns, 2);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        assert_eq!(read(|m| m.version = 2), Err(PlanError::Kind));
        assert_eq!(read(|m| m.kind = "xoay-model".into()), Err(PlanError::Kind));
        assert_eq!(read(|m| m.frames.clear()), Err(PlanError::Field("frames")));
        assert_eq!(
            read(|m| m.rows[0].frame_count = 2),
            Err(PlanError::Field("rows"))
        );
        assert_eq!(
            read(|m| m.rows[0].first_frame = 1),
            Err(PlanError::Field("rows"))
        );
        assert_eq!(
            read(|m| {
                m.renditions[0].urls.pop();
            }),
            Err(PlanError::Field("renditions"))
        );
        assert_eq!(read(|m| m.width = 0), Err(PlanError::Field("width")));
        let nothing = |m: &mut SpinManifest| {
            m.renditions.clear();
            m.sprite = None;
        };
        assert_eq!(read(nothing), Err(PlanError::Field("renditions")));
    }

    #[test]
    fn a_sprite_that_is_too_small_for_its_tiles_is_left_out() {
        let plan = read(|m| m.sprite.as_mut().unwrap().image.height = 149).unwrap();
        assert_eq!(plan.sprite, None);
    }

    #[test]
    fn every_truncated_manifest_is_an_error() {
        let text = serde_json::to_string(&manifest()).unwrap();
        for end in 0..text.len() {
            assert!(SpinPlan::read(&text[..end]).is_err());
        }
    }
}
