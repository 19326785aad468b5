//! Zip archives as captures (PKWARE APPNOTE 6.3.10): read where they lie, never unpacked to disk.
//!
//! The names in an archive are only labels, so there is nothing that they could overwrite; those that point out of
//! it are refused all the same, because results are named after photos.

mod names;
mod open;
mod problem;

use std::fmt;
use std::io::Read;
use std::sync::Arc;

use flate2::read::DeflateDecoder;
use rawzip::{CompressionMethod, ReaderAt, ZipArchive, ZipArchiveEntryWayfinder};

use crate::error::PhotoProblem;

pub use problem::ArchiveProblem;

pub(crate) use open::{ArchiveTree, open_bytes, open_file};

type Bytes = Box<dyn ReaderAt + Send + Sync>;

/// One file of a zip archive.
#[derive(Clone)]
pub struct ArchiveEntry {
    archive: Arc<ZipArchive<Bytes>>,
    name: String,
    method: CompressionMethod,
    place: ZipArchiveEntryWayfinder,
}

impl ArchiveEntry {
    /// Its size in bytes when unpacked, as the archive's directory states it. Reading finds out whether that is so.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.place.uncompressed_size_hint()
    }

    /// A reader of its content. It ends with an error where the content is not of the stated size or checksum, and
    /// never gives more than the stated size.
    pub(crate) fn open(&self) -> Result<Box<dyn Read + '_>, PhotoProblem> {
        let size_bytes = self.size_bytes();
        self.check_ratio()?;
        let entry = self
            .archive
            .get_entry(self.place)
            .map_err(|error| PhotoProblem::Archive {
                detail: error.to_string(),
            })?;
        let packed = entry.reader();
        // One byte more than stated, so that the check of the size sees that there is more.
        let limit = size_bytes.saturating_add(1);
        Ok(match self.method {
            CompressionMethod::STORE => Box::new(entry.verifying_reader(packed.take(limit))),
            CompressionMethod::DEFLATE => {
                let unpacked = DeflateDecoder::new(packed).take(limit);
                Box::new(entry.verifying_reader(unpacked))
            }
            method => {
                return Err(PhotoProblem::ArchiveMethod {
                    method: method
                        .name()
                        .map_or_else(|| method.as_u16().to_string(), str::to_owned),
                });
            }
        })
    }

    /// Refuses what unpacks to far more than any photo does.
    fn check_ratio(&self) -> Result<(), PhotoProblem> {
        /// JPEG, WebP and PNG hardly shrink; a flat white TIFF may to a hundredth. Deflate ends at 1032.
        const MAX_RATIO: u64 = 250;
        /// Smaller ones do no harm, whatever they claim.
        const HARMLESS_BYTES: u64 = 4 << 20;

        let (packed_bytes, size_bytes) = (self.place.compressed_size_hint(), self.size_bytes());
        if size_bytes > HARMLESS_BYTES && size_bytes / MAX_RATIO >= packed_bytes.max(1) {
            return Err(PhotoProblem::ArchiveBomb {
                packed_bytes,
                size_bytes,
            });
        }
        Ok(())
    }
}

impl fmt::Debug for ArchiveEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArchiveEntry")
            .field("name", &self.name)
            .field("size_bytes", &self.size_bytes())
            .finish_non_exhaustive()
    }
}
