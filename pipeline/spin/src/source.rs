use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use xoay_imaging::{Header, ImagingError, Limits, SourceFormat, probe};

use crate::Photo;
use crate::archive::ArchiveEntry;
use crate::error::PhotoProblem;

/// Where the bytes of a photo are.
#[derive(Clone, Debug)]
pub enum PhotoSource {
    /// A file.
    File(PathBuf),
    /// An entry of a zip archive, which stays open.
    Entry(ArchiveEntry),
}

impl PhotoSource {
    /// A reader from its first byte on, and how many bytes there are. Any number may be open at a time.
    pub(crate) fn open(&self) -> Result<(Box<dyn Read + '_>, u64), PhotoProblem> {
        match self {
            Self::File(path) => {
                let file = File::open(path).map_err(|error| unreadable(&error))?;
                let size_bytes = file.metadata().map_err(|error| unreadable(&error))?.len();
                Ok((Box::new(file), size_bytes))
            }
            Self::Entry(entry) => Ok((entry.open()?, entry.size_bytes())),
        }
    }

    /// What reading failed with, as what is wrong with the photo.
    pub(crate) fn problem(&self, error: &io::Error) -> PhotoProblem {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};

        match (self, error.kind()) {
            (Self::Entry(_), InvalidData | InvalidInput | UnexpectedEof) => PhotoProblem::Archive {
                detail: error.to_string(),
            },
            _ => unreadable(error),
        }
    }
}

fn unreadable(error: &io::Error) -> PhotoProblem {
    PhotoProblem::Unreadable {
        reason: error.to_string(),
    }
}

/// The size in bytes and the header of what `source` holds.
pub(crate) fn read_header(
    source: &PhotoSource,
    max_file_bytes: u64,
    limits: &Limits,
) -> Result<(u64, Header), PhotoProblem> {
    let (mut reader, size_bytes) = source.open()?;
    if size_bytes > max_file_bytes {
        return Err(PhotoProblem::FileTooLarge {
            size_bytes,
            max_bytes: max_file_bytes,
        });
    }
    // What grows while it is read is noticed later; here it must only not grow without end.
    let mut reader = reader.as_mut().take(size_bytes);
    let header = header_of(&mut reader, limits)
        .map_err(|error| source.problem(&error))?
        .map_err(PhotoProblem::Image)?;
    Ok((size_bytes, header))
}

/// The header, from as little as suffices: hundreds of photos must not be read twice from a slow disk.
fn header_of(reader: &mut dyn Read, limits: &Limits) -> io::Result<Result<Header, ImagingError>> {
    /// Beyond any EXIF preview and profile that cameras write before the pixels.
    const USUAL_HEAD_BYTES: u64 = 1 << 20;

    let mut bytes = Vec::new();
    reader.take(USUAL_HEAD_BYTES).read_to_end(&mut bytes)?;
    let whole = (bytes.len() as u64) < USUAL_HEAD_BYTES;
    let head_first = matches!(
        SourceFormat::sniff(&bytes),
        Ok(SourceFormat::Jpeg | SourceFormat::Png)
    );
    let is_image = SourceFormat::sniff(&bytes).is_ok();
    if whole || head_first || !is_image {
        let header = probe(&bytes, limits);
        if whole || !is_image || !matches!(header, Err(ImagingError::Truncated { .. })) {
            return Ok(header);
        }
    }
    reader.read_to_end(&mut bytes)?;
    Ok(probe(&bytes, limits))
}

/// The whole file of a photo, no longer than it was when the capture was read.
pub(crate) fn read_file(photo: &Photo) -> Result<Vec<u8>, PhotoProblem> {
    let (reader, _) = photo.source.open()?;
    let mut bytes = Vec::new();
    reader
        .take(photo.size_bytes + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| photo.source.problem(&error))?;
    if bytes.len() as u64 == photo.size_bytes {
        Ok(bytes)
    } else {
        Err(PhotoProblem::Changed)
    }
}

/// Whether two photos are the same, byte by byte; false where either cannot be read.
pub(crate) fn same_bytes(a: &Photo, b: &Photo) -> bool {
    const PIECE_BYTES: u64 = 64 * 1024;

    if a.size_bytes != b.size_bytes {
        return false;
    }
    let (Ok((mut a, _)), Ok((mut b, _))) = (a.source.open(), b.source.open()) else {
        return false;
    };
    let (mut left, mut right) = (Vec::new(), Vec::new());
    loop {
        left.clear();
        right.clear();
        let read = a.as_mut().take(PIECE_BYTES).read_to_end(&mut left).is_ok()
            && b.as_mut().take(PIECE_BYTES).read_to_end(&mut right).is_ok();
        if !read || left != right {
            return false;
        }
        if left.is_empty() {
            return true;
        }
    }
}
