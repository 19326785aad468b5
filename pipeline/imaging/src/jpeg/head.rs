use crate::{ImagingError, SourceFormat};

/// What stands before the first scan of a JPEG (ITU-T T.81, annex B).
#[derive(Debug)]
pub(crate) struct JpegHead<'a> {
    pub width: u32,
    pub height: u32,
    pub components: u8,
    pub progressive: bool,
    /// Components that the first scan carries; a baseline file that has fewer than all goes component by component.
    pub first_scan_components: u8,
    /// The payload of the EXIF segment, a TIFF structure.
    pub exif: Option<&'a [u8]>,
    /// The ICC profile, put together from its segments.
    pub icc: Option<Vec<u8>>,
    /// The colour transform of Adobe's segment; with it, CMYK is stored inverted.
    pub adobe_transform: Option<u8>,
    arithmetic: bool,
    scan_start: usize,
}

const TRUNCATED: ImagingError = ImagingError::Truncated {
    format: SourceFormat::Jpeg,
};

fn corrupt(detail: &str) -> ImagingError {
    ImagingError::Corrupt {
        format: SourceFormat::Jpeg,
        detail: detail.into(),
    }
}

fn unsupported(feature: impl Into<String>) -> ImagingError {
    ImagingError::UnsupportedFeature {
        format: SourceFormat::Jpeg,
        feature: feature.into(),
    }
}

impl<'a> JpegHead<'a> {
    /// Walks the segments up to the first scan.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, ImagingError> {
        let mut head = Self {
            width: 0,
            height: 0,
            components: 0,
            progressive: false,
            first_scan_components: 0,
            exif: None,
            icc: None,
            adobe_transform: None,
            arithmetic: false,
            scan_start: 0,
        };
        let mut icc_parts: Vec<(u8, &[u8])> = Vec::new();
        let mut at = 2;
        loop {
            // Any number of fill bytes may stand before a marker.
            let marker_at = at
                + bytes
                    .get(at..)
                    .ok_or(TRUNCATED)?
                    .iter()
                    .take_while(|&&b| b == 0xFF)
                    .count();
            let marker = *bytes.get(marker_at).ok_or(TRUNCATED)?;
            if marker_at == at {
                return Err(corrupt("no marker where one must stand"));
            }
            at = marker_at + 1;
            if matches!(marker, 0x01 | 0xD0..=0xD8) {
                continue; // stands alone
            }
            if marker == 0xD9 {
                return Err(corrupt("it ends before its first scan"));
            }
            let length = match bytes.get(at..at + 2) {
                Some(&[high, low]) => usize::from(u16::from_be_bytes([high, low])),
                _ => return Err(TRUNCATED),
            };
            if length < 2 {
                return Err(corrupt("a segment of impossible length"));
            }
            let body = bytes.get(at + 2..at + length).ok_or(TRUNCATED)?;
            at += length;
            match marker {
                0xDA => {
                    head.first_scan_components = body.first().copied().unwrap_or(0);
                    break;
                }
                0xC4 | 0xC8 | 0xCC => {}
                0xC0..=0xCF => head.read_frame(marker, body)?,
                0xE1 if head.exif.is_none() => head.exif = body.strip_prefix(b"Exif\0\0"),
                0xE2 => {
                    if let Some([number, _count, part @ ..]) = body.strip_prefix(b"ICC_PROFILE\0") {
                        icc_parts.push((*number, part));
                    }
                }
                0xEE => {
                    if let Some([_, _, _, _, _, _, transform, ..]) = body.strip_prefix(b"Adobe") {
                        head.adobe_transform = Some(*transform);
                    }
                }
                _ => {}
            }
        }
        if head.width == 0 {
            return Err(corrupt("it has no frame header"));
        }
        head.scan_start = at;
        if !icc_parts.is_empty() {
            icc_parts.sort_by_key(|(number, _)| *number);
            head.icc = Some(
                icc_parts
                    .into_iter()
                    .flat_map(|(_, part)| part)
                    .copied()
                    .collect(),
            );
        }
        Ok(head)
    }

    fn read_frame(&mut self, marker: u8, body: &[u8]) -> Result<(), ImagingError> {
        let &[precision, h1, h0, w1, w0, components, ..] = body else {
            return Err(corrupt("its frame header is too short"));
        };
        self.width = u32::from(u16::from_be_bytes([w1, w0]));
        self.height = u32::from(u16::from_be_bytes([h1, h0]));
        self.components = components;
        self.arithmetic = marker >= 0xC9;
        self.progressive = matches!(marker & 3, 2);
        if precision != 8 {
            return Err(unsupported(format!("{precision}-bit samples")));
        }
        if marker & 3 == 3 {
            return Err(unsupported("lossless coding"));
        }
        if self.width == 0 {
            return Err(corrupt("a side of 0 pixels"));
        }
        if self.height == 0 {
            return Err(unsupported("a height that follows the picture"));
        }
        if !matches!(components, 1 | 3 | 4) {
            return Err(unsupported(format!("{components} components")));
        }
        Ok(())
    }

    /// Refuses a file that cannot be whole: without an end, or too short for the size that it states.
    pub(crate) fn check_complete(&self, bytes: &[u8]) -> Result<(), ImagingError> {
        let scan = bytes.get(self.scan_start..).unwrap_or_default();
        // Within a scan 0xFF is always followed by 0 or a restart marker, so what is found is the end.
        let ended = scan.windows(2).rev().any(|pair| pair == [0xFF, 0xD9]);
        // A block of 64 samples takes at least one bit under Huffman coding.
        let samples = u64::from(self.width) * u64::from(self.height);
        let plausible = self.arithmetic || samples / 512 <= scan.len() as u64;
        if ended && plausible {
            Ok(())
        } else {
            Err(TRUNCATED)
        }
    }

    /// Width and height when decoded at `1/denominator`, rounded up.
    pub(crate) const fn scaled(&self, denominator: u32) -> (u32, u32) {
        (
            self.width.div_ceil(denominator),
            self.height.div_ceil(denominator),
        )
    }
}
