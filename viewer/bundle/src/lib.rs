#![doc = include_str!("../README.md")]

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
        // These two cost nothing until a model asks for one of them.
        let (draco, ktx2) = (packed(&["draco-"]), packed(&["ktx2-"]));
        println!(
            "brotli bytes: loader {loader}, spin {spin}, model {model}, draco {draco}, ktx2 {ktx2}, legacy {}",
            packed(&["legacy"])
        );
        assert!((1000..=110 * 1024).contains(&draco), "Draco {draco}");
        assert!((1000..=380 * 1024).contains(&ktx2), "KTX 2 {ktx2}");
        assert!(loader <= 8 * 1024, "loader {loader}");
        assert!((1000..=25 * 1024).contains(&spin), "spin path {spin}");
        assert!((1000..=110 * 1024).contains(&model), "3D path {model}");
    }

    #[test]
    fn the_loader_names_the_modules_that_are_there() {
        let loader = str::from_utf8(file("xoay-viewer.js").unwrap().bytes).unwrap();
        let modules: Vec<_> = FILES.iter().filter(|f| f.immutable).collect();
        assert_eq!(modules.len(), 8);
        for module in modules {
            assert!(
                loader.contains(&format!("./{}", module.path)),
                "{}",
                module.path
            );
        }
        assert!(file("legacy.js").is_some() && file("xoay-viewer.d.ts").is_some());
        assert!(file("../Cargo.toml").is_none());
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
