//! Whole objects from a local disk, without the store's interface, by which reading one takes three trips to other threads.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::Read;
use crate::Error;

/// Reads the file whole where it has at most `limit_bytes`; nothing where there is none.
pub(super) async fn read(path: PathBuf, limit_bytes: u64) -> Result<Option<Read>, Error> {
    // What the kernel holds in memory is there at once; the trip to another thread costs three times the reading.
    if let Ok(found) = read_cached(&path, limit_bytes) {
        return Ok(Some(found));
    }
    let at = path.clone();
    let read = tokio::task::spawn_blocking(move || read_waiting(&at, limit_bytes))
        .await
        .unwrap_or_else(|e| Err(io::Error::other(e)));
    match read {
        Ok(found) => Ok(Some(found)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io(format!("reading {}", path.display()), e)),
    }
}

/// Reads it, waiting for the disk as long as it takes.
fn read_waiting(path: &Path, limit_bytes: u64) -> io::Result<Read> {
    let file = File::open(path)?;
    let size_bytes = file.metadata()?.len();
    if size_bytes > limit_bytes {
        return Ok(Read::Larger { size_bytes });
    }
    let mut bytes = Vec::with_capacity(size_bytes as usize);
    file.take(size_bytes).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != size_bytes {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Read::Whole(bytes.into()))
}

/// Reads it if no disk has to be waited for: Linux 5.12, `openat2` with `RESOLVE_CACHED` and `preadv2` with `RWF_NOWAIT`.
///
/// # Errors
/// Whatever is in the way; [`read_waiting`] tells what it is.
#[cfg(target_os = "linux")]
fn read_cached(path: &Path, limit_bytes: u64) -> io::Result<Read> {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    use rustix::io::{ReadWriteFlags, preadv2};

    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = File::from(openat2(
        CWD,
        path,
        flags,
        Mode::empty(),
        ResolveFlags::CACHED,
    )?);
    let size_bytes = file.metadata()?.len();
    if size_bytes > limit_bytes {
        return Ok(Read::Larger { size_bytes });
    }
    let mut bytes = vec![0; size_bytes as usize];
    let mut buffers = [io::IoSliceMut::new(&mut bytes)];
    let read = preadv2(&file, &mut buffers, 0, ReadWriteFlags::NOWAIT)?;
    if read as u64 != size_bytes {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    Ok(Read::Whole(bytes.into()))
}

#[cfg(not(target_os = "linux"))]
fn read_cached(_: &Path, _: u64) -> io::Result<Read> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[tokio::test]
    async fn both_ways_read_the_same() {
        let folder = tempfile::tempdir().unwrap();
        for size in [0, 1, 4096, 100_001] {
            let path = folder.path().join(size.to_string());
            let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            std::fs::write(&path, &bytes).unwrap();
            let limit = size.max(1) as u64;
            let whole = Read::Whole(Bytes::from(bytes));
            assert_eq!(read_waiting(&path, limit).unwrap(), whole);
            assert_eq!(
                read(path.clone(), limit).await.unwrap(),
                Some(whole.clone())
            );
            // An old kernel, or a sandbox that forbids the call, only makes it slower.
            if let Ok(cached) = read_cached(&path, limit) {
                assert_eq!(cached, whole);
            }
        }
        let path = folder.path().join("4096");
        let larger = Read::Larger { size_bytes: 4096 };
        assert_eq!(read_waiting(&path, 4095).unwrap(), larger);
        assert_eq!(read(path, 4095).await.unwrap(), Some(larger));
        let absent = folder.path().join("absent");
        assert_eq!(read(absent, 4095).await.unwrap(), None);
        assert!(read(folder.path().to_owned(), u64::MAX >> 1).await.is_err());
    }
}
