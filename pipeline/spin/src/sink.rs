use std::io;

/// Where a spin's files go. Paths are relative and separated by `/`.
///
/// Frames are put from several threads, in no fixed order, each path once. A sink writes a file wholly or fails.
pub trait Sink: Sync {
    /// Stores `bytes` as `path`.
    ///
    /// # Errors
    /// Whatever storing meets; the spin stops and passes it on with the path.
    fn put(&self, path: &str, bytes: &[u8]) -> io::Result<()>;

    /// What an earlier run, that did not end, left under `key`.
    fn recall(&self, _key: &str) -> Option<Vec<u8>> {
        None
    }

    /// Keeps `bytes` for a later run, should this one not end. Failing to costs time, never the spin.
    fn remember(&self, _key: &str, _bytes: &[u8]) {}

    /// Whether [`Sink::remember`] does anything.
    fn remembers(&self) -> bool {
        false
    }
}
