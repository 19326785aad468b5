//! What an interrupted run left behind, so that the next one goes on: each finished frame under a key of everything
//! that it was made from.

use std::sync::{Mutex, PoisonError};
use std::{fmt::Write as _, io};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use xoay_imaging::{Channels, Raster};

use crate::Sink;
use crate::background::BorderColor;
use crate::plan::Plan;
use crate::render::RenderedFrame;
use crate::studio::Treatment;
use crate::tiles::FrameTiles;

/// Changed whenever the same photos and options give other files.
const EPOCH: u32 = 1;

/// The key of a frame: the photo's bytes and all that is done to them.
pub(crate) fn key(
    photo: &[u8],
    number: usize,
    size: (u32, u32),
    treatment: &Treatment,
    plan: &Plan,
    tiles: bool,
    mattes: bool,
) -> String {
    let mut hash = Sha256::new();
    hash.update(EPOCH.to_le_bytes());
    hash.update(env!("CARGO_PKG_VERSION"));
    hash.update(photo);
    let settings = (
        number,
        size,
        treatment.backdrop,
        treatment.placement,
        &plan.sizes,
        &plan.encodings,
        plan.tile,
        tiles,
        mattes,
    );
    hash.update(format!("{settings:?} {:?}", treatment.tones));
    if let Some(cut) = &treatment.cut {
        let bytes: Vec<u8> = cut
            .inside()
            .iter()
            .map(|inside| u8::from(*inside))
            .collect();
        hash.update(bytes);
    }
    hash.finalize()
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// Passes files on and keeps copies of them.
pub(crate) struct Recorder<'a> {
    sink: &'a dyn Sink,
    files: Mutex<Vec<(String, Vec<u8>)>>,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(sink: &'a dyn Sink) -> Self {
        Self {
            sink,
            files: Mutex::default(),
        }
    }

    /// What was recorded and the rest of the frame, as one file.
    pub(crate) fn pack(self, frame: &RenderedFrame) -> Option<Vec<u8>> {
        let files = self
            .files
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let head = Head {
            files: files
                .iter()
                .map(|(path, bytes)| (path.clone(), bytes.len()))
                .collect(),
            file_bytes: frame.file_bytes.clone(),
            tile: (
                frame.tile.width(),
                frame.tile.height(),
                frame.tile.channels() == Channels::Rgba,
            ),
            color_converted: frame.color_converted,
            zoom: frame.zoom,
        };
        let head = serde_json::to_vec(&head).ok()?;
        let mut out = u32::try_from(head.len()).ok()?.to_le_bytes().to_vec();
        out.extend(head);
        out.extend_from_slice(frame.tile.pixels());
        for (_, bytes) in files {
            out.extend(bytes);
        }
        Some(out)
    }
}

impl Sink for Recorder<'_> {
    fn put(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.sink.put(path, bytes)?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.push((path.to_owned(), bytes.to_vec()));
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
struct Head {
    files: Vec<(String, usize)>,
    file_bytes: Vec<u64>,
    tile: (u32, u32, bool),
    color_converted: bool,
    zoom: Option<FrameTiles>,
}

/// Puts the files of a packed frame into `sink` again. Nothing where the pack is damaged: then the frame is made anew.
pub(crate) fn unpack(pack: &[u8], sink: &dyn Sink) -> Option<io::Result<RenderedFrame>> {
    let (length, rest) = pack.split_first_chunk::<4>()?;
    let (head, mut rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let head: Head = serde_json::from_slice(head).ok()?;
    let (width, height, has_alpha) = head.tile;
    let channels = if has_alpha {
        Channels::Rgba
    } else {
        Channels::Rgb
    };
    let mut take = |count: usize| {
        let (bytes, after) = rest.split_at_checked(count)?;
        rest = after;
        Some(bytes)
    };
    let pixels = take(
        (width as usize)
            .checked_mul(height as usize)?
            .checked_mul(channels.count())?,
    )?;
    let tile = Raster::new(width, height, channels, pixels.to_vec()).ok()?;
    let files: Option<Vec<(&str, &[u8])>> = head
        .files
        .iter()
        .map(|(path, count)| Some((path.as_str(), take(*count)?)))
        .collect();
    for (path, bytes) in files? {
        if let Err(error) = sink.put(path, bytes) {
            return Some(Err(error));
        }
    }
    Some(Ok(RenderedFrame {
        file_bytes: head.file_bytes,
        border: BorderColor::of(&tile),
        tile,
        color_converted: head.color_converted,
        zoom: head.zoom,
    }))
}
