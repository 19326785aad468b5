use std::fmt;

use object_store::path::Path;

/// What an object is for: the two kinds never share a prefix, so that a public address cannot reach an original.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// What somebody uploaded: cannot be made again, never served publicly.
    Original,
    /// What a job made: can be made again, served under `/objects/`.
    Derived,
}

/// The name of an immutable object: the SHA-256 of its bytes, and a file ending that says its type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectKey {
    class: Class,
    hash: String,
    extension: &'static str,
}

/// File endings that objects may have, with their media types.
const MEDIA_TYPES: [(&str, &str); 11] = [
    ("avif", "image/avif"),
    ("glb", "model/gltf-binary"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("ktx2", "image/ktx2"),
    ("mp4", "video/mp4"),
    ("png", "image/png"),
    ("tif", "image/tiff"),
    ("usdz", "model/vnd.usdz+zip"),
    ("webp", "image/webp"),
    // Deep-zoom tiles, read by ranges: no type that a proxy would unpack or compress.
    ("xtiles", "application/octet-stream"),
];

impl ObjectKey {
    /// The key of bytes with this SHA-256, or nothing where the ending is none that objects have.
    #[must_use]
    pub fn new(class: Class, hash: [u8; 32], extension: &str) -> Option<Self> {
        let (extension, _) = match extension.to_ascii_lowercase().as_str() {
            "jpeg" => known("jpg"),
            "tiff" => known("tif"),
            other => known(other),
        }?;
        Some(Self {
            class,
            hash: hex::encode(hash),
            extension,
        })
    }

    /// The key that a file name such as `<64 hex digits>.webp` stands for; nothing for any other name.
    #[must_use]
    pub fn parse(class: Class, name: &str) -> Option<Self> {
        let (hash, extension) = name.split_once('.')?;
        let lower_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if hash.len() != 64 || !hash.bytes().all(lower_hex) {
            return None;
        }
        let (extension, _) = known(extension)?;
        Some(Self {
            class,
            hash: hash.to_owned(),
            extension,
        })
    }

    /// The file name: hash, dot, ending.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.{}", self.hash, self.extension)
    }

    /// The SHA-256 of the object's bytes in lower-case hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The IANA media type.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        known(self.extension).map_or("application/octet-stream", |(_, media)| media)
    }

    /// What the object is for.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// Where the object lies in a store: `objects/ab/cdef….webp`.
    pub(super) fn path(&self) -> Path {
        let folder = match self.class {
            Class::Original => "originals",
            Class::Derived => "objects",
        };
        let (head, tail) = self.hash.split_at(2);
        Path::from_iter([folder, head, &format!("{tail}.{}", self.extension)])
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path())
    }
}

/// A file ending and its media type, where objects may have it.
fn known(extension: &str) -> Option<(&'static str, &'static str)> {
    MEDIA_TYPES
        .into_iter()
        .find(|(known, _)| *known == extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_a_spin_names_can_be_published() {
        for path in [
            "tiles/0001.xtiles",
            "frames/400/0001.avif",
            "frames/400/0001.webp",
            "sprite.jpg",
        ] {
            let (_, extension) = path.rsplit_once('.').unwrap();
            assert!(
                ObjectKey::new(Class::Derived, [1; 32], extension).is_some(),
                "{path}"
            );
        }
    }

    #[test]
    fn a_name_reads_back_and_lies_under_its_class() {
        let key = ObjectKey::new(Class::Derived, [0xab; 32], "JPEG").unwrap();
        assert_eq!(key.media_type(), "image/jpeg");
        assert_eq!(
            ObjectKey::parse(Class::Derived, &key.file_name()).unwrap(),
            key
        );
        let expected = format!("objects/ab/{}.jpg", "ab".repeat(31));
        assert_eq!(key.path().to_string(), expected);
        let original = ObjectKey::new(Class::Original, [0xab; 32], "jpg").unwrap();
        assert!(original.path().to_string().starts_with("originals/ab/"));
    }

    #[test]
    fn other_names_are_no_keys() {
        let hash = "ab".repeat(32);
        for name in [
            String::new(),
            "a.webp".into(),
            hash.clone(),
            format!("{hash}.html"),
            format!("{hash}.svg"),
            format!("{hash}.webp.html"),
            format!("{}.webp", hash.to_uppercase()),
            format!("../{hash}.webp"),
            format!("{hash}.webp/../x"),
            format!("{hash}.WEBP"),
        ] {
            assert!(ObjectKey::parse(Class::Derived, &name).is_none(), "{name}");
        }
    }
}
