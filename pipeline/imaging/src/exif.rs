use crate::Orientation;

/// What Xoay wants of a photo's EXIF data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExifFacts {
    pub orientation: Orientation,
    /// `2026-11-22T08:30:00`, in the camera's own time.
    pub captured: Option<String>,
}

/// Reads `data`, a TIFF structure as EXIF stores it. Damaged data gives what could be read: a photo with bad
/// metadata is still a photo.
pub(crate) fn read(data: &[u8]) -> ExifFacts {
    // Some writers keep the JPEG segment's own head in other containers too.
    let data = data.strip_prefix(b"Exif\0\0").unwrap_or(data);
    let parsed = exif::Reader::new()
        .continue_on_error(true)
        .read_raw(data.to_vec())
        .or_else(|error| error.distill_partial_result(|_| {}));
    let Ok(parsed) = parsed else {
        return ExifFacts::default();
    };
    let orientation = parsed
        .get_field(exif::Tag::Orientation, exif::In::PRIMARY)
        .and_then(|field| field.value.get_uint(0))
        .map_or_else(Orientation::default, Orientation::from_exif);
    let captured = parsed
        .get_field(exif::Tag::DateTimeOriginal, exif::In::PRIMARY)
        .and_then(|field| match &field.value {
            exif::Value::Ascii(lines) => exif::DateTime::from_ascii(lines.first()?).ok(),
            _ => None,
        })
        .map(|t| {
            format!(
                "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
                t.year, t.month, t.day, t.hour, t.minute, t.second
            )
        });
    ExifFacts {
        orientation,
        captured,
    }
}
