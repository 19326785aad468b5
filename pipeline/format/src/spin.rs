use serde::{Deserialize, Serialize};

use crate::{Direction, ImageFile, ImageFormat, Text, Tiles, Url};

/// A turntable sequence, as the pipeline writes it and the viewer reads it.
///
/// Frames are numbered through all rows, row after row; within a row they follow the turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpinManifest {
    /// Always [`SpinManifest::KIND`].
    pub kind: String,
    /// Always [`SpinManifest::VERSION`] when written by this crate.
    pub version: u32,
    /// The program that wrote it, with its version.
    pub generator: String,
    /// Width of the largest rendition in pixels; with `height`, the aspect that a page reserves.
    pub width: u32,
    /// Height of the largest rendition in pixels.
    pub height: u32,
    /// Mean colour of the photos' border as `#rrggbb` (sRGB): what to paint before anything has loaded.
    pub background: String,
    /// Which way the product turns as the frame number rises.
    pub direction: Direction,
    /// Whether the last frame of a row is followed by its first.
    pub loops: bool,
    /// The frame that the poster shows and a viewer starts with.
    pub start_frame: u32,
    /// Rows of frames, lowest camera first.
    pub rows: Vec<Row>,
    /// Every frame, in the order of its number.
    pub frames: Vec<Frame>,
    /// The same frames in several widths and formats.
    pub renditions: Vec<Rendition>,
    /// Every frame, small, in one picture: what makes the spin turn at the first touch.
    pub sprite: Option<Sprite>,
    /// The start frame by itself, best compression first.
    pub posters: Vec<ImageFile>,
    /// What a reader zooms into beyond the largest rendition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tiles: Option<Tiles>,
    /// What the picture shows, for those who do not see it.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub alt: Text,
}

impl SpinManifest {
    /// The value of `kind`.
    pub const KIND: &'static str = "xoay-spin";
    /// The version that this crate writes and reads.
    pub const VERSION: u32 = 1;

    /// Calls `map` on every address in place, in a fixed order.
    ///
    /// # Errors
    /// The first error of `map`; the manifest is then partly changed and must be dropped.
    pub fn try_map_urls<E>(
        &mut self,
        mut map: impl FnMut(&str) -> Result<Url, E>,
    ) -> Result<(), E> {
        let rendered = self.renditions.iter_mut().flat_map(|r| r.urls.iter_mut());
        let sprite = self.sprite.iter_mut().map(|s| &mut s.image.url);
        let posters = self.posters.iter_mut().map(|p| &mut p.url);
        let tiles = self.tiles.iter_mut().flat_map(|t| t.urls.iter_mut());
        for url in rendered.chain(sprite).chain(posters).chain(tiles) {
            *url = map(url)?;
        }
        Ok(())
    }
}

/// One height of the camera.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Number of the row's first frame.
    pub first_frame: u32,
    /// How many frames it has.
    pub frame_count: u32,
    /// The camera's height above the disc's plane in degrees, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elevation_deg: Option<f64>,
}

/// One photo's place in the turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Frame {
    /// Angle from the row's first frame in degrees, in the manifest's `direction`.
    pub azimuth_deg: f64,
    /// File name of the photo that it was made from.
    pub source: String,
    /// Where a point of the product is on the frame, where the camera's place is known: three rows of four numbers.
    ///
    /// For a point in the frame of the product's model (metres or turntable units, origin on the axis at the disc's top,
    /// +Y up, turning with the product) and a 1 after it they give `u·w`, `v·w` and `w`: `u` and `v` are parts of the
    /// frame's width and height from its top left, `w` is the depth and above 0 before the camera.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projection: Option<[f64; 12]>,
}

/// All frames at one width in one format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rendition {
    /// Format of every file.
    pub format: ImageFormat,
    /// Width of every file in pixels.
    pub width: u32,
    /// Height of every file in pixels.
    pub height: u32,
    /// Bytes of all files together.
    pub size_bytes: u64,
    /// One address a frame, in the order of the frames.
    pub urls: Vec<Url>,
}

/// All frames in one picture, row by row from the top left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sprite {
    /// The picture.
    #[serde(flatten)]
    pub image: ImageFile,
    /// Tiles in a line of the picture.
    pub columns: u32,
    /// Width of a tile in pixels.
    pub tile_width: u32,
    /// Height of a tile in pixels.
    pub tile_height: u32,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sample() -> SpinManifest {
        let image = |url: &str| ImageFile {
            url: url.into(),
            format: ImageFormat::Webp,
            width: 400,
            height: 300,
            size_bytes: 1234,
        };
        SpinManifest {
            kind: SpinManifest::KIND.into(),
            version: SpinManifest::VERSION,
            generator: "xoay 0.1.0".into(),
            width: 400,
            height: 300,
            background: "#e8e6e1".into(),
            direction: Direction::CounterClockwise,
            loops: true,
            start_frame: 0,
            rows: vec![Row {
                first_frame: 0,
                frame_count: 2,
                elevation_deg: None,
            }],
            frames: vec![
                Frame {
                    azimuth_deg: 0.0,
                    source: "1.jpg".into(),
                    projection: None,
                },
                Frame {
                    azimuth_deg: 180.0,
                    source: "2.jpg".into(),
                    projection: None,
                },
            ],
            renditions: vec![Rendition {
                format: ImageFormat::Avif,
                width: 400,
                height: 300,
                size_bytes: 2000,
                urls: vec!["frames/0001.avif".into(), "frames/0002.avif".into()],
            }],
            sprite: Some(Sprite {
                image: image("sprite.webp"),
                columns: 2,
                tile_width: 200,
                tile_height: 150,
            }),
            posters: vec![image("poster.webp")],
            tiles: Some(Tiles {
                format: ImageFormat::Webp,
                width: 4000,
                height: 3000,
                tile_size: 512,
                levels: 2,
                index_bytes: 296,
                size_bytes: 987_654,
                urls: vec!["tiles/0001.xtiles".into(), "tiles/0002.xtiles".into()],
            }),
            alt: Text::new("Hũ mật ong", "A honey jar"),
        }
    }

    #[test]
    fn the_written_form_is_stable() {
        insta::assert_json_snapshot!(sample());
    }

    #[test]
    fn what_was_written_reads_back_and_unknown_fields_are_ignored() {
        let mut value = serde_json::to_value(sample()).unwrap();
        value["fromTheFuture"] = 1.into();
        let read: SpinManifest = serde_json::from_value(value).unwrap();
        assert_eq!(read, sample());
    }

    #[test]
    fn mapping_reaches_every_address() {
        let mut spin = sample();
        let mut seen = Vec::new();
        spin.try_map_urls(|url| {
            seen.push(url.to_owned());
            Ok::<_, ()>(format!("objects/{url}"))
        })
        .unwrap();
        assert_eq!(
            seen,
            [
                "frames/0001.avif",
                "frames/0002.avif",
                "sprite.webp",
                "poster.webp",
                "tiles/0001.xtiles",
                "tiles/0002.xtiles"
            ]
        );
        // Whatever address a future field adds must be mapped too: none may stay as it was.
        let json = serde_json::to_string(&spin).unwrap();
        assert!(
            !json.contains("\"frames/")
                && !json.contains("\"sprite.webp")
                && !json.contains("\"poster.")
                && !json.contains("\"tiles/")
        );
    }
}
