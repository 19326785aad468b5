mod tiff;

use exif::{Exif, In, Tag, Value};

use crate::Orientation;

/// How the camera was set when a photo was taken, as far as its EXIF data say (Exif 2.32, section 4.6).
///
/// Every number is finite and above 0; what a camera writes as 0, "unknown" or by division by 0 is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CameraSettings {
    /// Who made the camera.
    pub make: Option<String>,
    /// Which camera it was.
    pub model: Option<String>,
    /// Which lens it had.
    pub lens: Option<String>,
    /// Focal length of the lens in millimetres.
    pub focal_length_mm: Option<f64>,
    /// The focal length in millimetres that shows the same angle on 35 mm film, whose frame is 36 mm wide.
    pub focal_length_35mm: Option<f64>,
    /// How long the shutter was open, in seconds.
    pub exposure_time_s: Option<f64>,
    /// The aperture: focal length over diameter.
    pub f_number: Option<f64>,
    /// The sensitivity by ISO 12232.
    pub iso: Option<u32>,
}

/// What Xoay wants of a photo's EXIF data.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ExifFacts {
    pub orientation: Orientation,
    /// `2026-11-22T08:30:00`, in the camera's own time; with the fraction of the second that the camera states.
    pub captured: Option<String>,
    pub camera: CameraSettings,
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
    let orientation =
        whole(&parsed, Tag::Orientation).map_or_else(Orientation::default, Orientation::from_exif);
    ExifFacts {
        orientation,
        captured: captured(&parsed),
        camera: CameraSettings {
            make: text(&parsed, Tag::Make),
            model: text(&parsed, Tag::Model),
            lens: text(&parsed, Tag::LensModel),
            focal_length_mm: number(&parsed, Tag::FocalLength),
            focal_length_35mm: number(&parsed, Tag::FocalLengthIn35mmFilm),
            exposure_time_s: number(&parsed, Tag::ExposureTime),
            f_number: number(&parsed, Tag::FNumber),
            iso: iso(&parsed),
        },
    }
}

/// [`read`] of a TIFF file, whose pixels are not copied for it.
pub(crate) fn read_tiff(file: &[u8]) -> ExifFacts {
    tiff::metadata(file).map_or_else(ExifFacts::default, |data| read(&data))
}

fn captured(exif: &Exif) -> Option<String> {
    let pairs = [
        (Tag::DateTimeOriginal, Tag::SubSecTimeOriginal),
        // Scanners and some phones leave the first one out. `DateTime` itself is when a program last saved the file.
        (Tag::DateTimeDigitized, Tag::SubSecTimeDigitized),
    ];
    pairs.into_iter().find_map(|(tag, subsecond_tag)| {
        let time = exif::DateTime::from_ascii(ascii(exif, tag)?).ok()?;
        let possible = (1..=12).contains(&time.month)
            && (1..=31).contains(&time.day)
            && time.hour < 24
            && time.minute < 60
            && time.second <= 60;
        if !possible {
            return None;
        }
        let second = format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            time.year, time.month, time.day, time.hour, time.minute, time.second
        );
        let fraction = ascii(exif, subsecond_tag)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .map(|digits| digits.trim_matches(['\0', ' ']))
            .filter(|digits| (1..=9).contains(&digits.len()))
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
        Some(match fraction {
            Some(fraction) => format!("{second}.{fraction}"),
            None => second,
        })
    })
}

fn iso(exif: &Exif) -> Option<u32> {
    /// What the 16-bit field holds when the value does not fit; the 32-bit fields then have it.
    const BEYOND: u32 = 65_535;

    whole(exif, Tag::PhotographicSensitivity)
        .filter(|&iso| iso != BEYOND)
        .or_else(|| whole(exif, Tag::ISOSpeed))
        .or_else(|| whole(exif, Tag::RecommendedExposureIndex))
        .or_else(|| whole(exif, Tag::PhotographicSensitivity))
        .filter(|&iso| iso > 0)
}

fn ascii(exif: &Exif, tag: Tag) -> Option<&[u8]> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(lines) => lines.first().map(Vec::as_slice),
        _ => None,
    }
}

/// A name that may be shown: no control characters, and not a page of text.
fn text(exif: &Exif, tag: Tag) -> Option<String> {
    const MAX_CHARACTERS: usize = 80;

    let shown: String = String::from_utf8_lossy(ascii(exif, tag)?)
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_CHARACTERS)
        .collect();
    let shown = shown.trim();
    (!shown.is_empty()).then(|| shown.to_owned())
}

fn whole(exif: &Exif, tag: Tag) -> Option<u32> {
    exif.get_field(tag, In::PRIMARY)?.value.get_uint(0)
}

fn number(exif: &Exif, tag: Tag) -> Option<f64> {
    let value = match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Rational(values) => values.first()?.to_f64(),
        // Some programs write what the standard does not foresee.
        Value::Double(values) => *values.first()?,
        other => f64::from(other.get_uint(0)?),
    };
    (value.is_finite() && value > 0.0).then_some(value)
}

#[cfg(test)]
mod tests {
    use exif::Rational;
    use exif::experimental::Writer;

    use super::*;

    fn facts(fields: &[(Tag, Value)]) -> ExifFacts {
        let data = written(fields, false);
        assert_eq!(read_tiff(&data), read(&data), "a TIFF says the same");
        read(&data)
    }

    fn written(fields: &[(Tag, Value)], little_endian: bool) -> Vec<u8> {
        let fields: Vec<_> = fields
            .iter()
            .map(|(tag, value)| exif::Field {
                tag: *tag,
                ifd_num: In::PRIMARY,
                value: value.clone(),
            })
            .collect();
        let mut writer = Writer::new();
        for field in &fields {
            writer.push_field(field);
        }
        let mut data = std::io::Cursor::new(Vec::new());
        writer.write(&mut data, little_endian).unwrap();
        data.into_inner()
    }

    fn ascii(text: &str) -> Value {
        Value::Ascii(vec![text.as_bytes().to_vec()])
    }

    fn ratio(num: u32, denom: u32) -> Value {
        Value::Rational(vec![Rational { num, denom }])
    }

    #[test]
    fn a_phone_states_its_lens_its_exposure_and_the_split_second() {
        let facts = facts(&[
            (Tag::Make, ascii("Apple")),
            (Tag::Model, ascii("iPhone 15 Pro\0 ")),
            (Tag::Orientation, Value::Short(vec![6])),
            (Tag::ExposureTime, ratio(1, 120)),
            (Tag::FNumber, ratio(178, 100)),
            (Tag::PhotographicSensitivity, Value::Short(vec![64])),
            (Tag::DateTimeOriginal, ascii("2026:08:05 09:30:04")),
            (Tag::SubSecTimeOriginal, ascii("087")),
            (Tag::FocalLength, ratio(6_765, 1_000)),
            (Tag::FocalLengthIn35mmFilm, Value::Short(vec![24])),
            (Tag::LensModel, ascii("back triple camera 6.765mm f/1.78")),
        ]);
        assert_eq!(facts.orientation.exif(), 6);
        assert_eq!(facts.captured.as_deref(), Some("2026-08-05T09:30:04.087"));
        let camera = facts.camera;
        assert_eq!(camera.model.as_deref(), Some("iPhone 15 Pro"));
        assert_eq!(camera.focal_length_mm, Some(6.765));
        assert_eq!(camera.focal_length_35mm, Some(24.0));
        assert_eq!(camera.exposure_time_s, Some(1.0 / 120.0));
        assert_eq!((camera.f_number, camera.iso), (Some(1.78), Some(64)));
    }

    #[test]
    fn what_is_unknown_is_left_out() {
        let facts = facts(&[
            (Tag::Make, ascii("\u{1b}[31m \0")),
            (Tag::ExposureTime, ratio(1, 0)),
            (Tag::FNumber, ratio(0, 10)),
            (Tag::FocalLengthIn35mmFilm, Value::Short(vec![0])),
            (Tag::DateTimeOriginal, ascii("0000:00:00 00:00:00")),
            (Tag::DateTimeDigitized, ascii("2026:08:05 09:30:04")),
            (Tag::SubSecTimeDigitized, ascii("soon")),
        ]);
        assert_eq!(facts.captured.as_deref(), Some("2026-08-05T09:30:04"));
        assert_eq!(facts.camera.make.as_deref(), Some("[31m"));
        let unnamed = CameraSettings {
            make: None,
            ..facts.camera
        };
        assert_eq!(unnamed, CameraSettings::default());
    }

    #[test]
    fn a_sensitivity_beyond_16_bits_stands_elsewhere() {
        let short = (Tag::PhotographicSensitivity, Value::Short(vec![65_535]));
        let long = (Tag::ISOSpeed, Value::Long(vec![102_400]));
        assert_eq!(facts(&[short.clone(), long]).camera.iso, Some(102_400));
        assert_eq!(facts(&[short]).camera.iso, Some(65_535));
    }

    #[test]
    fn every_cut_of_the_data_gives_what_was_left() {
        let fields = [
            (Tag::Model, ascii("Máy ảnh thử nghiệm")),
            (Tag::FocalLength, ratio(30, 1)),
        ];
        for little_endian in [false, true] {
            let data = written(&fields, little_endian);
            assert_eq!(read_tiff(&data).camera.focal_length_mm, Some(30.0));
            for length in 0..data.len() {
                let _ = (read(&data[..length]), read_tiff(&data[..length]));
            }
            for at in 0..data.len() {
                let mut damaged = data.clone();
                damaged[at] = !damaged[at];
                let _ = read_tiff(&damaged);
            }
        }
    }
}
