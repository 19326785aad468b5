#![doc = include_str!("../README.md")]

/// A file of the viewer.
#[derive(Debug)]
pub struct ViewerFile {
    /// Path under the viewer's folder.
    pub path: &'static str,
    /// IANA media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
    /// The same, compressed with brotli.
    pub brotli: Option<&'static [u8]>,
    /// Whether the name changes with the content.
    pub immutable: bool,
}

/// Every file.
#[must_use]
pub fn files() -> &'static [ViewerFile] {
    &[ViewerFile {
        path: "xoay-viewer.js",
        media_type: "text/javascript; charset=utf-8",
        bytes: b"// the viewer is not built yet\n",
        brotli: None,
        immutable: false,
    }]
}

/// The file at `path`.
#[must_use]
pub fn file(path: &str) -> Option<&'static ViewerFile> {
    files().iter().find(|file| file.path == path)
}

/// Content hash of the whole.
#[must_use]
pub fn version() -> &'static str {
    "0"
}
