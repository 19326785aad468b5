use std::fs;
use std::path::{Path, PathBuf};

/// The repository's root.
///
/// # Panics
/// Never: this crate lies one folder below it.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .expect("the tests lie in the repository")
}

/// The bundled capture: 36 photos of a honey jar and one of the empty turntable.
#[must_use]
pub fn capture() -> PathBuf {
    repository().join("assets/captures/honey-jar")
}

/// The bundled model of the same jar.
#[must_use]
pub fn model() -> PathBuf {
    repository().join("assets/models/honey-jar.glb")
}

/// Copies every `step`-th photo of the bundled capture into `folder`, which is made.
///
/// # Panics
/// Where the file system refuses.
pub fn capture_cut(folder: &Path, step: usize) {
    fs::create_dir_all(folder).expect("the test's folder can be made");
    let mut photos: Vec<_> = fs::read_dir(capture())
        .expect("the bundled capture is there")
        .map(|entry| entry.expect("its entries can be read").path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("DSC"))
        })
        .collect();
    photos.sort();
    for photo in photos.iter().step_by(step) {
        let name = photo.file_name().expect("a photo has a name");
        fs::copy(photo, folder.join(name)).expect("a photo can be copied");
    }
}

/// A test tool that `cargo xtask test` installed below the build folder.
///
/// # Panics
/// Where it is not there, saying how to get it.
#[must_use]
pub fn tool(path: &str) -> PathBuf {
    let tool = build_folder().join("../tools").join(path);
    assert!(
        tool.exists(),
        "{} is missing: run `cargo xtask test` once, it installs the test tools",
        tool.display()
    );
    tool
}

/// Where cargo put this profile's programs: the folder above the test's own.
pub(crate) fn build_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a running program has a path");
    let folder = test
        .ancestors()
        .nth(2)
        .expect("cargo runs tests from target/<profile>/deps");
    folder.to_path_buf()
}
