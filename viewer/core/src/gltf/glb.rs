use super::GltfError;
use crate::json::Json;

/// The two chunks of a binary glTF file.
pub(super) struct Glb<'a> {
    pub json: Json,
    pub binary: &'a [u8],
}

impl<'a> Glb<'a> {
    pub fn read(bytes: &'a [u8]) -> Result<Self, GltfError> {
        let word = |at: usize| {
            let bytes = bytes.get(at..at + 4)?;
            Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
        };
        let fail = GltfError::Container;
        if bytes.get(..4) != Some(b"glTF") {
            return Err(fail("it does not begin with `glTF`"));
        }
        if word(4) != Some(2) {
            return Err(fail("its version is not 2"));
        }
        let length = word(8).filter(|&l| (12..=bytes.len()).contains(&l));
        let length = length.ok_or(fail("it is shorter than it says"))?;
        let chunk = |at: usize| {
            let size = word(at)?;
            let kind = word(at + 4)?;
            let start = at + 8;
            let end = start.checked_add(size).filter(|&end| end <= length)?;
            Some((kind, &bytes[start..end], end))
        };
        let (kind, text, end) = chunk(12).ok_or(fail("its first chunk is cut off"))?;
        if kind != 0x4e4f_534a {
            return Err(fail("its first chunk is no JSON"));
        }
        let text = core::str::from_utf8(text).map_err(|_| fail("its JSON is no UTF-8"))?;
        let binary = if end < length {
            let (kind, data, _) = chunk(end).ok_or(fail("its second chunk is cut off"))?;
            if kind == 0x004e_4942 { data } else { &[] }
        } else {
            &[]
        };
        Ok(Self {
            json: Json::parse(text)?,
            binary,
        })
    }
}
