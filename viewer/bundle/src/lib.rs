#![doc = include_str!("../README.md")]

use std::path::Path;
use std::{fs, io};

/// One file of the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewerFile {
    /// Its name within the viewer's folder, without a slash.
    pub path: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
    /// The same, compressed with brotli.
    pub brotli: Option<&'static [u8]>,
    /// Whether the name holds a hash of the content, so that it may be cached for ever.
    pub immutable: bool,
}

include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// Every file, sorted by path.
#[must_use]
pub fn files() -> &'static [ViewerFile] {
    FILES
}

/// The file of this name.
#[must_use]
pub fn file(path: &str) -> Option<&'static ViewerFile> {
    FILES.iter().find(|file| file.path == path)
}

/// Writes the folder that `npm publish` takes: every file, the guide as its `README.md`, and the licences.
///
/// # Errors
/// What the file system says.
pub fn write_package(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for file in FILES {
        fs::write(folder.join(file.path), file.bytes)?;
    }
    for (name, text) in [
        ("README.md", include_str!("../../EMBEDDING.md")),
        ("LICENSE-APACHE", include_str!("../../../LICENSE-APACHE")),
        ("LICENSE-MIT", include_str!("../../../LICENSE-MIT")),
    ] {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// A hash of all files together: the viewer's version.
#[must_use]
pub fn version() -> &'static str {
    VERSION
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compressed bytes of the files whose names begin with one of `stems`.
    fn packed(stems: &[&str]) -> usize {
        let wanted = |f: &&ViewerFile| stems.iter().any(|stem| f.path.starts_with(stem));
        FILES
            .iter()
            .filter(wanted)
            .filter_map(|f| f.brotli)
            .map(<[u8]>::len)
            .sum()
    }

    #[test]
    fn the_viewer_stays_within_its_budgets() {
        let loader = file("xoay-viewer.js").and_then(|f| f.brotli).unwrap().len();
        let (spin, model) = (packed(&["spin-"]), packed(&["model-"]));
        let controls = packed(&["controls-"]);
        // These two cost nothing until a model asks for one of them.
        let (draco, ktx2) = (packed(&["draco-"]), packed(&["ktx2-"]));
        println!(
            "brotli bytes: loader {loader}, controls {controls}, spin {spin}, model {model}, draco {draco}, ktx2 {ktx2}, legacy {}",
            packed(&["legacy"])
        );
        assert!((1000..=110 * 1024).contains(&draco), "Draco {draco}");
        assert!((1000..=380 * 1024).contains(&ktx2), "KTX 2 {ktx2}");
        assert!(loader <= 8 * 1024, "loader {loader}");
        assert!((1000..=25 * 1024).contains(&spin), "spin path {spin}");
        assert!((1000..=110 * 1024).contains(&model), "3D path {model}");
        // What an ordinary page loads beside them, and what only some products ask for.
        assert!((500..=9 * 512).contains(&controls), "controls {controls}");
        for feature in FEATURES.iter().filter(|&&f| f != "controls") {
            let size = packed(&[&format!("{feature}-")]);
            assert!((300..=3 * 1024).contains(&size), "{feature} {size}");
        }
    }

    /// What the loader imports when it is asked for.
    const FEATURES: [&str; 9] = [
        "detail",
        "controls",
        "hotspots",
        "dimensions",
        "tour",
        "variants",
        "motion",
        "ar",
        "kiosk",
    ];

    #[test]
    fn the_loader_names_the_modules_that_are_there() {
        let loader = str::from_utf8(file("xoay-viewer.js").unwrap().bytes).unwrap();
        let modules: Vec<_> = FILES.iter().filter(|f| f.immutable).collect();
        assert_eq!(modules.len(), 8 + FEATURES.len());
        for module in modules {
            assert!(
                loader.contains(&format!("'./{}'", module.path)),
                "{}",
                module.path
            );
        }
        assert!(file("legacy.js").is_some() && file("xoay-viewer.d.ts").is_some());
        assert!(file("../Cargo.toml").is_none());
    }

    #[test]
    fn scripts_are_whole() {
        let script = |f: &&ViewerFile| f.media_type.starts_with("text/javascript");
        for script in FILES.iter().filter(script) {
            let text = str::from_utf8(script.bytes).unwrap();
            assert!(!text.contains(".css */"), "{} lacks a style", script.path);
            assert!(!text.contains("from './"), "{} lacks a part", script.path);
        }
    }

    #[test]
    fn the_package_has_every_file_that_it_names() {
        let folder = std::env::temp_dir().join(format!("xoay-package-{}", std::process::id()));
        write_package(&folder).unwrap();
        let about = fs::read_to_string(folder.join("package.json")).unwrap();
        let listed = about.split("\"files\": [").nth(1).unwrap();
        let listed = listed.split(']').next().unwrap();
        let names: Vec<_> = listed.split('"').skip(1).step_by(2).collect();
        let there = names.iter().all(|name| folder.join(name).is_file());
        let guide = folder.join("README.md").is_file();
        fs::remove_dir_all(&folder).unwrap();
        assert!(there && guide, "{names:?}");
        assert_eq!(names.len() + 1, FILES.len(), "all but itself");
        assert!(about.contains("\"types\": \"./xoay-viewer.d.ts\""));
    }

    #[test]
    fn nothing_names_the_machine_that_built_it() {
        let home = env!("CARGO_MANIFEST_DIR").trim_end_matches("/viewer/bundle");
        for file in FILES {
            let found = file.bytes.windows(home.len()).any(|w| w == home.as_bytes());
            assert!(!found, "{} holds a path of the workspace", file.path);
        }
    }
}
