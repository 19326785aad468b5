//! A photo of 24 megapixels to three widths, in this program and in `sharp`, each as a process of its own.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use xoay_format::ImageFormat;
use xoay_imaging::{
    Channels, DecodeOptions, Encoding, Planar, Raster, Resizer, decode, encode, read_back, score,
};

use super::{Goal, Row, open};
use crate::measure::median_of;

/// The first argument of a process that makes small pictures for its parent to measure.
pub const CHILD: &str = "--thumbs";

const RUNS: usize = 3;
const PHOTOS: usize = 8;
const WIDTHS: [u32; 3] = [2048, 1024, 512];
const JPEG_QUALITY: u8 = 82;
const WEBP_QUALITY: u8 = 80;
const METHOD: u8 = 2;
/// The finest JPEG with colour at half resolution, to compare two ways of shrinking.
const FINE_QUALITY: u8 = 89;
const FINE: Encoding = Encoding::Jpeg {
    quality: FINE_QUALITY,
    progressive: false,
};

/// The rows against `sharp`; none where Node.js or `sharp` is missing, with a word about it.
pub fn rows(photo: &Path, repository: &Path) -> Result<Vec<Row>> {
    let place = tempfile::tempdir()?;
    let bench = Bench::new(photo, repository, place.path())?;
    let Some(bench) = bench else {
        return Ok(Vec::new());
    };
    Ok(vec![bench.jpeg()?, bench.webp()?])
}

struct Bench {
    photos: Vec<PathBuf>,
    out: PathBuf,
    script: PathBuf,
}

impl Bench {
    fn new(photo: &Path, repository: &Path, place: &Path) -> Result<Option<Self>> {
        let script = repository.join("target/tools/sharp/sharp.mjs");
        if !script.is_file() {
            println!("sharp is not installed (cargo xtask bench does it): its rows are left out");
            return Ok(None);
        }
        let source = open(photo)?;
        let source = if u64::from(source.width()) * u64::from(source.height()) < 24_000_000 {
            println!(
                "{} is laid side by side up to 6000×4000 for the rows against sharp.",
                photo.display()
            );
            repeated(&source, 6000, 4000)?
        } else {
            source
        };
        // As cameras and phones write it: colour at half resolution.
        let file = encode(&source, FINE)?;
        let mut photos = Vec::new();
        for number in 0..PHOTOS {
            photos.push(place.join(format!("photo{number}.jpg")));
            fs::write(&photos[number], &file)?;
        }
        let out = place.join("out");
        fs::create_dir(&out)?;
        Ok(Some(Self {
            photos,
            out,
            script,
        }))
    }

    /// CPU seconds a photo: of a process with all photos less one with none.
    fn cost(&self, head: &[&OsStr]) -> Result<f64> {
        let with = |photos: &[PathBuf]| {
            let tail = photos.iter().map(|photo| photo.as_os_str());
            let words: Vec<&OsStr> = head.iter().copied().chain(tail).collect();
            Ok::<_, anyhow::Error>(median_of(RUNS, &words)?.cpu_s)
        };
        Ok((with(&self.photos)? - with(&[])?) / self.photos.len() as f64)
    }

    fn ours(&self, format: &str, quality: u8) -> Result<f64> {
        let own = std::env::current_exe()?;
        let quality = quality.to_string();
        self.cost(&[
            own.as_os_str(),
            CHILD.as_ref(),
            format.as_ref(),
            quality.as_ref(),
            self.out.as_os_str(),
        ])
    }

    fn theirs(&self, format: &str, quality: u8) -> Result<f64> {
        let quality = quality.to_string();
        self.cost(&[
            "node".as_ref(),
            self.script.as_os_str(),
            format.as_ref(),
            quality.as_ref(),
            self.out.as_os_str(),
        ])
    }

    /// Score of sharp's files against its own pictures before encoding.
    fn their_score(&self, format: ImageFormat, quality: u8) -> Result<f64> {
        let mut sum = 0.0;
        for (kind, quality) in [(format.extension(), quality), ("png", 0)] {
            let status = std::process::Command::new("node")
                .arg(&self.script)
                .args([kind, &quality.to_string()])
                .arg(&self.out)
                .arg(&self.photos[0])
                .status()?;
            ensure!(status.success(), "sharp failed");
        }
        for width in WIDTHS {
            let file = |ending: &str| fs::read(self.out.join(format!("sharp-{width}.{ending}")));
            let reference = read_back(&file("png")?, ImageFormat::Png)?;
            sum += score(&reference, &read_back(&file(format.extension())?, format)?)?;
        }
        Ok(sum / WIDTHS.len() as f64)
    }

    fn jpeg(&self) -> Result<Row> {
        let bytes = fs::read(&self.photos[0])?;
        let (mut full, mut shortcut) = (full_decode(&bytes)?, shrunk(&bytes)?);
        let mut fidelity = f64::INFINITY;
        for width in WIDTHS {
            let height = height_for(full.width(), full.height(), width);
            full = Resizer::new().resize(&full, width, height)?;
            shortcut = shortcut.resized(width, height)?;
            let by_full = encode(&full, FINE)?;
            let by_planes = shortcut.encode_jpeg(FINE_QUALITY)?;
            fidelity = fidelity.min(score(&full_decode(&by_full)?, &full_decode(&by_planes)?)?);
        }
        let theirs = self.their_score(ImageFormat::Jpg, JPEG_QUALITY)?;
        let ours_s = self.ours("jpg", JPEG_QUALITY)?;
        let theirs_s = self.theirs("jpg", JPEG_QUALITY)?;
        println!(
            "Lowest score of the three JPEGs at quality {FINE_QUALITY} against those by way of a full decode: {fidelity:.2} (goal 95)."
        );
        Ok(Row {
            what: "24 MP → JPEG 2048/1024/512, CPU s".into(),
            ours: format!("{ours_s:.3}"),
            theirs: format!("sharp {theirs_s:.3} (score {theirs:.2})"),
            measured: theirs_s / ours_s,
            goal: Goal::AtLeast(4.0),
        })
    }

    fn webp(&self) -> Result<Row> {
        let theirs = self.their_score(ImageFormat::Webp, WEBP_QUALITY)?;
        let bytes = fs::read(&self.photos[0])?;
        let mut pictures = Vec::new();
        let mut planar = shrunk(&bytes)?;
        for width in WIDTHS {
            planar = planar.resized(width, height_for(planar.width(), planar.height(), width))?;
            pictures.push(planar.to_raster()?);
        }
        let mean = |quality: u8| -> Result<f64> {
            let mut sum = 0.0;
            for picture in &pictures {
                let file = encode(
                    picture,
                    Encoding::Webp {
                        quality,
                        method: METHOD,
                    },
                )?;
                sum += score(picture, &read_back(&file, ImageFormat::Webp)?)?;
            }
            Ok(sum / pictures.len() as f64)
        };
        let mut quality = WEBP_QUALITY;
        while quality < 95 && mean(quality)? < theirs {
            quality += 1;
        }
        let ours = mean(quality)?;
        let ours_s = self.ours("webp", quality)?;
        let theirs_s = self.theirs("webp", WEBP_QUALITY)?;
        Ok(Row {
            what: "24 MP → WebP 2048/1024/512, CPU s at equal score".into(),
            ours: format!("{ours_s:.3} (score {ours:.2}, quality {quality}, method {METHOD})"),
            theirs: format!("sharp {theirs_s:.3} (score {theirs:.2}, quality {WEBP_QUALITY})"),
            measured: theirs_s / ours_s,
            goal: Goal::AtLeast(2.5),
        })
    }
}

fn height_for(width: u32, height: u32, wanted: u32) -> u32 {
    ((u64::from(height) * u64::from(wanted) + u64::from(width) / 2) / u64::from(width)) as u32
}

/// `picture` again and again, so that there is as much detail for each pixel as in a photo; enlarging would leave none.
fn repeated(picture: &Raster, width: u32, height: u32) -> Result<Raster> {
    let mut pixels = Vec::with_capacity(width as usize * height as usize * 3);
    let flat = picture.flattened([255; 3]);
    for y in 0..height {
        let row = flat.row(y % flat.height()).context("a row is missing")?;
        pixels.extend(row.iter().cycle().take(width as usize * 3));
    }
    Ok(Raster::new(width, height, Channels::Rgb, pixels)?)
}

fn full_decode(bytes: &[u8]) -> Result<Raster> {
    Ok(decode(bytes, &DecodeOptions::default())?.raster)
}

fn shrunk(bytes: &[u8]) -> Result<Planar> {
    Planar::decode(bytes, &DecodeOptions::default())?.context("the photo has no planes to work on")
}

/// `format quality out photos…`: makes the three widths of each photo.
pub fn as_child(mut arguments: impl Iterator<Item = OsString>) -> Result<()> {
    let format = arguments.next().context("no format")?;
    let quality: u8 = arguments
        .next()
        .context("no quality")?
        .to_string_lossy()
        .parse()?;
    let out = PathBuf::from(arguments.next().context("no folder")?);
    for photo in arguments {
        let mut planar = shrunk(&fs::read(photo)?)?;
        for width in WIDTHS {
            planar = planar.resized(width, height_for(planar.width(), planar.height(), width))?;
            let file = match format.to_str() {
                Some("jpg") => planar.encode_jpeg(quality)?,
                Some("webp") => encode(
                    &planar.to_raster()?,
                    Encoding::Webp {
                        quality,
                        method: METHOD,
                    },
                )?,
                _ => bail!("unknown format {}", format.display()),
            };
            fs::write(out.join(format!("own-{width}.{}", format.display())), file)?;
        }
    }
    Ok(())
}
