use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use rawzip::{FileReader, ZipArchive, ZipFileHeaderRecord, ZipLocator};

use super::{ArchiveEntry, ArchiveProblem, Bytes, names};
use crate::listing::{Folder, Found, Names, Scan, Tree, has_image_ending};
use crate::{PhotoSource, SpinError, natural_order};

/// Entries of one archive, folders and what macOS adds included. With the limit on photos and the longest name that
/// the format allows, this bounds the memory that listing takes.
const MAX_ENTRIES: usize = 20_000;
/// Longer names are no names of photos; the format would allow 64 KiB.
const MAX_NAME_BYTES: usize = 1024;
/// Folders within folders; nobody sorts photos deeper.
const MAX_DEPTH: usize = 32;
const ENTRY_BUFFER_BYTES: usize = rawzip::MAX_CENTRAL_DIRECTORY_RECORD_SIZE;

/// The files of an archive by folder.
pub(crate) struct ArchiveTree {
    /// Photos and subfolders of each folder; keys end with `/`, that of the root is empty.
    folders: BTreeMap<String, Content>,
    max_photos: usize,
    photos: usize,
    ignored: Names,
    strayed: Names,
    nested: Names,
}

#[derive(Default)]
struct Content {
    photos: Vec<Found>,
    folders: Vec<Folder>,
}

/// The archive at `path`, or `None` where the file is no zip.
pub(crate) fn open_file(path: &Path, max_photos: usize) -> Result<Option<ArchiveTree>, SpinError> {
    let unreadable = |source| SpinError::Unreadable {
        path: path.into(),
        source,
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut head = Vec::new();
    (&mut file)
        .take(4)
        .read_to_end(&mut head)
        .map_err(unreadable)?;
    if !looks_like_a_zip(&head) {
        return Ok(None);
    }
    let size_bytes = file.seek(SeekFrom::End(0)).map_err(unreadable)?;
    open(Box::new(FileReader::from(file)), size_bytes, max_photos).map(Some)
}

/// The archive that `bytes` hold, or `None` where they are no zip.
pub(crate) fn open_bytes(
    bytes: Vec<u8>,
    max_photos: usize,
) -> Result<Option<ArchiveTree>, SpinError> {
    if !looks_like_a_zip(&bytes) {
        return Ok(None);
    }
    let size_bytes = bytes.len() as u64;
    open(Box::new(bytes), size_bytes, max_photos).map(Some)
}

/// Told by the content: a first entry, or the end of an archive without any.
fn looks_like_a_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

fn open(bytes: Bytes, size_bytes: u64, max_photos: usize) -> Result<ArchiveTree, SpinError> {
    let mut buffer = vec![0; ENTRY_BUFFER_BYTES];
    let archive = locate(bytes, size_bytes, &mut buffer)?;
    let stated_entries = archive.entries_hint();
    if stated_entries > MAX_ENTRIES as u64 {
        return Err(too_many_entries());
    }
    let archive = Arc::new(archive);
    let mut tree = ArchiveTree {
        folders: BTreeMap::from([(String::new(), Content::default())]),
        max_photos,
        photos: 0,
        ignored: Names::default(),
        strayed: Names::default(),
        nested: Names::default(),
    };
    let mut taken = Vec::new();
    let mut entries = archive.entries(&mut buffer);
    let mut count = 0;
    while let Some(record) = entries.next_entry().map_err(|error| damaged(&error))? {
        count += 1;
        if count > MAX_ENTRIES {
            return Err(too_many_entries());
        }
        let raw_name = record.file_path();
        if raw_name.len() > MAX_NAME_BYTES {
            return Err(SpinError::Archive(ArchiveProblem::Damaged {
                detail: format!("a name of {} bytes", raw_name.len()),
            }));
        }
        let name = names::decode(raw_name.as_bytes());
        taken.push((Place::of(&archive, &record)?, name.clone()));
        tree.add(&archive, &record, name)?;
    }
    // The directory counts its entries modulo 65,536 where it has no 64-bit end record.
    if count as u64 != stated_entries {
        return Err(SpinError::Archive(ArchiveProblem::Damaged {
            detail: format!("{count} of {stated_entries} entries"),
        }));
    }
    refuse_overlaps(taken)?;
    tree.sort()?;
    Ok(tree)
}

fn locate(
    bytes: Bytes,
    size_bytes: u64,
    buffer: &mut [u8],
) -> Result<ZipArchive<Bytes>, SpinError> {
    let located = ZipLocator::new().locate_in_reader(bytes, buffer, size_bytes);
    located.map_err(|(_, error)| match error.kind() {
        rawzip::ErrorKind::MissingEndOfCentralDirectory => {
            SpinError::Archive(ArchiveProblem::Truncated)
        }
        _ => damaged(&error),
    })
}

fn damaged(error: &rawzip::Error) -> SpinError {
    SpinError::Archive(match error.kind() {
        rawzip::ErrorKind::Eof => ArchiveProblem::Truncated,
        _ => ArchiveProblem::Damaged {
            detail: error.to_string(),
        },
    })
}

fn too_many_entries() -> SpinError {
    SpinError::Archive(ArchiveProblem::TooManyEntries { limit: MAX_ENTRIES })
}

/// The bytes of an entry within the archive, its local header included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    start: u64,
    end: u64,
}

impl Place {
    fn of(
        archive: &ZipArchive<Bytes>,
        record: &ZipFileHeaderRecord<'_>,
    ) -> Result<Self, SpinError> {
        let entry = archive
            .get_entry(record.wayfinder())
            .map_err(|error| damaged(&error))?;
        let (_, end) = entry.compressed_data_range();
        if end > archive.directory_offset() {
            return Err(SpinError::Archive(ArchiveProblem::Truncated));
        }
        Ok(Self {
            start: record.local_header_offset(),
            end,
        })
    }
}

/// Refuses entries that share bytes: so a small archive would unpack to any size (D. Fifield, "A better zip bomb").
fn refuse_overlaps(mut taken: Vec<(Place, String)>) -> Result<(), SpinError> {
    taken.sort();
    for pair in taken.windows(2) {
        let [(first, first_name), (second, second_name)] = pair else {
            continue;
        };
        if second.start < first.end {
            return Err(SpinError::Archive(ArchiveProblem::Overlap {
                first: first_name.clone(),
                second: second_name.clone(),
            }));
        }
    }
    Ok(())
}

impl ArchiveTree {
    fn add(
        &mut self,
        archive: &Arc<ZipArchive<Bytes>>,
        record: &ZipFileHeaderRecord<'_>,
        name: String,
    ) -> Result<(), SpinError> {
        if !names::stays_inside(&name) {
            return Err(SpinError::Archive(ArchiveProblem::UnsafeName { name }));
        }
        if record.is_dir() || name.ends_with('/') || names::is_system_litter(&name) {
            return Ok(());
        }
        let parts: Vec<&str> = name
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        let Some((file, folders)) = parts.split_last() else {
            return Ok(());
        };
        let shown = parts.join("/");
        if parts.len() > MAX_DEPTH {
            self.ignored.add(shown);
        } else if parts.iter().any(|part| part.starts_with('.')) {
            if has_image_ending(file) {
                self.ignored.add(shown);
            }
        } else if record.mode().is_symlink() {
            self.strayed.add(shown);
        } else if file.to_lowercase().ends_with(".zip") {
            self.nested.add(shown);
        } else if !has_image_ending(file) {
            self.ignored.add(shown);
        } else if record.flags().is_encrypted() {
            return Err(SpinError::Archive(ArchiveProblem::Encrypted {
                name: shown,
            }));
        } else {
            self.photos += 1;
            if self.photos > self.max_photos {
                return Err(SpinError::TooManyPhotos {
                    limit: self.max_photos,
                });
            }
            let entry = ArchiveEntry {
                archive: Arc::clone(archive),
                name: shown.clone(),
                method: record.compression_method(),
                place: record.wayfinder(),
            };
            let source = PhotoSource::Entry(entry);
            self.folder(folders).photos.push(Found {
                name: shown,
                source,
            });
        }
        Ok(())
    }

    /// The content of a folder, which is entered into those above it.
    fn folder(&mut self, parts: &[&str]) -> &mut Content {
        let mut prefix = String::new();
        for part in parts {
            let above = prefix.clone();
            prefix.push_str(part);
            let label = prefix.clone();
            prefix.push('/');
            if !self.folders.contains_key(&prefix) {
                self.folders.insert(prefix.clone(), Content::default());
                let above = self.folders.entry(above).or_default();
                above.folders.push(Folder::within_an_archive(label));
            }
        }
        self.folders.entry(prefix).or_default()
    }

    /// Brings everything into natural order and refuses the same name twice.
    fn sort(&mut self) -> Result<(), SpinError> {
        for content in self.folders.values_mut() {
            content
                .photos
                .sort_by(|a, b| natural_order(&a.name, &b.name));
            content
                .folders
                .sort_by(|a, b| natural_order(&a.label, &b.label));
            for pair in content.photos.windows(2) {
                if pair[0].name == pair[1].name {
                    return Err(SpinError::Archive(ArchiveProblem::NameTwice {
                        name: pair[0].name.clone(),
                    }));
                }
            }
        }
        Ok(())
    }
}

impl Tree for ArchiveTree {
    fn scan(&mut self, folder: &Folder) -> Result<Scan, SpinError> {
        let key = if folder.label.is_empty() {
            String::new()
        } else {
            format!("{}/", folder.label)
        };
        let content = self.folders.remove(&key).unwrap_or_default();
        Ok(Scan {
            photos: content.photos,
            folders: content.folders,
        })
    }

    fn notes(&mut self) -> Vec<xoay_format::Text> {
        let ignored = std::mem::take(&mut self.ignored).warning(
            "bỏ qua các tệp không phải ảnh",
            "files that are no photos were left out",
        );
        let strayed = std::mem::take(&mut self.strayed).warning(
            "bỏ qua các liên kết trong tệp zip",
            "links in the zip were left out",
        );
        let nested = std::mem::take(&mut self.nested).warning(
            "tệp zip nằm trong tệp zip không được mở; hãy giải nén và chỉ nén một lần",
            "a zip within the zip is not opened; unpack it and pack the photos once",
        );
        [ignored, strayed, nested].into_iter().flatten().collect()
    }
}
