//! Into sRGB, by ICC profile.

use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use crate::raster::Channels;

/// Pixels a piece, so that the scratch buffers stay in the cache whatever the picture's size.
const PIECE_PIXELS: usize = 16 * 1024;

/// Brings 8-bit RGB or RGBA `pixels` from the space of `icc` into sRGB, in place.
///
/// Says whether it changed anything: not for sRGB itself, and not where the profile cannot be used (damaged, or for
/// other channels), since then sRGB is the best guess.
pub(crate) fn convert(pixels: &mut [u8], channels: Channels, icc: &[u8]) -> bool {
    let Ok(profile) = ColorProfile::new_from_slice(icc) else {
        return false;
    };
    match profile.color_space {
        DataColorSpace::Rgb => convert_rgb(pixels, channels, &profile).is_some(),
        DataColorSpace::Gray => convert_gray(pixels, channels, &profile).is_some(),
        _ => false,
    }
}

fn convert_rgb(pixels: &mut [u8], channels: Channels, profile: &ColorProfile) -> Option<()> {
    if is_srgb(profile) {
        return None;
    }
    let layout = layout(channels);
    let transform = profile
        .create_transform_8bit(
            layout,
            &ColorProfile::new_srgb(),
            layout,
            TransformOptions::default(),
        )
        .ok()?;
    let mut scratch = vec![0_u8; PIECE_PIXELS * channels.count()];
    for piece in pixels.chunks_mut(scratch.len()) {
        let scratch = &mut scratch[..piece.len()];
        transform.transform(piece, scratch).ok()?;
        piece.copy_from_slice(scratch);
    }
    Some(())
}

/// Gray was spread over three equal channels when it was decoded; a table of 256 greys is all that it needs.
fn convert_gray(pixels: &mut [u8], channels: Channels, profile: &ColorProfile) -> Option<()> {
    let transform = profile
        .create_transform_8bit(
            Layout::Gray,
            &ColorProfile::new_srgb(),
            Layout::Rgb,
            TransformOptions::default(),
        )
        .ok()?;
    let greys: Vec<u8> = (0..=255).collect();
    let mut table = vec![0_u8; 256 * 3];
    transform.transform(&greys, &mut table).ok()?;
    let (table, _) = table.as_chunks::<3>();
    if table
        .iter()
        .zip(&greys)
        .all(|(rgb, grey)| close(rgb, &[*grey; 3]))
    {
        return None;
    }
    for pixel in pixels.chunks_exact_mut(channels.count()) {
        let rgb = table[usize::from(pixel[0])];
        pixel[..3].copy_from_slice(&rgb);
    }
    Some(())
}

/// Rounds 16-bit RGB or RGBA to 8 bits, through the profile where there is a usable one. Says whether it was used.
pub(crate) fn convert_16bit(
    pixels: &[u16],
    channels: Channels,
    icc: Option<&[u8]>,
) -> (Vec<u8>, bool) {
    if let Some(converted) = icc.and_then(|icc| convert_rgb_16bit(pixels, channels, icc)) {
        return (converted, true);
    }
    let mut rounded: Vec<u8> = pixels.iter().copied().map(round_to_8bit).collect();
    let is_gray_profile = icc.is_some_and(|icc| convert(&mut rounded, channels, icc));
    (rounded, is_gray_profile)
}

fn convert_rgb_16bit(pixels: &[u16], channels: Channels, icc: &[u8]) -> Option<Vec<u8>> {
    let profile = ColorProfile::new_from_slice(icc).ok()?;
    if profile.color_space != DataColorSpace::Rgb || is_srgb(&profile) {
        return None;
    }
    let layout = layout(channels);
    let transform = profile
        .create_transform_16bit(
            layout,
            &ColorProfile::new_srgb(),
            layout,
            TransformOptions::default(),
        )
        .ok()?;
    let mut converted = Vec::with_capacity(pixels.len());
    let mut scratch = vec![0_u16; PIECE_PIXELS * channels.count()];
    for piece in pixels.chunks(scratch.len()) {
        let scratch = &mut scratch[..piece.len()];
        transform.transform(piece, scratch).ok()?;
        converted.extend(scratch.iter().copied().map(round_to_8bit));
    }
    Some(converted)
}

fn round_to_8bit(sample: u16) -> u8 {
    ((u32::from(sample) * 255 + 32_767) / 65_535) as u8
}

/// CMYK (0 is no ink) to RGB: through the profile where there is a usable one, else as if ink were a perfect filter.
/// Says whether the profile was used.
pub(crate) fn convert_cmyk(inks: &[u8], icc: Option<&[u8]>) -> (Vec<u8>, bool) {
    if let Some(converted) = icc.and_then(|icc| convert_cmyk_by(inks, icc)) {
        return (converted, true);
    }
    let (cells, _) = inks.as_chunks::<4>();
    let rgb = cells.iter().flat_map(|&[c, m, y, k]| {
        [c, m, y].map(|ink| {
            let light = u32::from(255 - ink) * u32::from(255 - k);
            ((light + 127) / 255) as u8
        })
    });
    (rgb.collect(), false)
}

fn convert_cmyk_by(inks: &[u8], icc: &[u8]) -> Option<Vec<u8>> {
    let profile = ColorProfile::new_from_slice(icc).ok()?;
    if profile.color_space != DataColorSpace::Cmyk {
        return None;
    }
    // This library takes four inks under the layout of four channels.
    let transform = profile
        .create_transform_8bit(
            Layout::Rgba,
            &ColorProfile::new_srgb(),
            Layout::Rgb,
            TransformOptions::default(),
        )
        .ok()?;
    let mut rgb = vec![0_u8; inks.len() / 4 * 3];
    for (piece, out) in inks
        .chunks(PIECE_PIXELS * 4)
        .zip(rgb.chunks_mut(PIECE_PIXELS * 3))
    {
        transform.transform(piece, out).ok()?;
    }
    Some(rgb)
}

const fn layout(channels: Channels) -> Layout {
    match channels {
        Channels::Rgb => Layout::Rgb,
        Channels::Rgba => Layout::Rgba,
    }
}

/// Whether a file with this profile holds sRGB already.
#[cfg_attr(not(feature = "turbojpeg"), expect(dead_code))]
pub(crate) fn is_srgb_icc(icc: &[u8]) -> bool {
    ColorProfile::new_from_slice(icc)
        .is_ok_and(|profile| profile.color_space == DataColorSpace::Rgb && is_srgb(&profile))
}

/// Whether the profile maps colours to where sRGB has them. There are dozens of "sRGB" profiles with other names,
/// curves and checksums; what they do is what counts.
fn is_srgb(profile: &ColorProfile) -> bool {
    const STEPS: [u8; 6] = [0, 51, 102, 153, 204, 255];
    let probe: Vec<u8> = STEPS
        .iter()
        .flat_map(|&r| {
            STEPS
                .iter()
                .flat_map(move |&g| STEPS.iter().flat_map(move |&b| [r, g, b]))
        })
        .collect();
    let mut mapped = vec![0_u8; probe.len()];
    let transform = profile.create_transform_8bit(
        Layout::Rgb,
        &ColorProfile::new_srgb(),
        Layout::Rgb,
        TransformOptions::default(),
    );
    transform.is_ok_and(|t| t.transform(&probe, &mut mapped).is_ok()) && close(&mapped, &probe)
}

fn close(a: &[u8], b: &[u8]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(*b) <= 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn icc(profile: &ColorProfile) -> Vec<u8> {
        profile.encode().unwrap()
    }

    #[test]
    fn srgb_passes_untouched() {
        let mut pixels = vec![12, 200, 77, 255, 0, 3];
        assert!(!convert(
            &mut pixels,
            Channels::Rgb,
            &icc(&ColorProfile::new_srgb())
        ));
        assert_eq!(pixels, [12, 200, 77, 255, 0, 3]);
    }

    #[test]
    fn display_p3_gains_saturation_in_srgb_numbers() {
        // Expected by the matrices of SMPTE EG 432-1 and IEC 61966-2-1: P3 (200, 100, 50) is sRGB (215, 93, 31).
        let mut pixels = vec![200, 100, 50, 128, 128, 128];
        assert!(convert(
            &mut pixels,
            Channels::Rgb,
            &icc(&ColorProfile::new_display_p3())
        ));
        let expected = [215, 93, 31, 128, 128, 128];
        let near = pixels
            .iter()
            .zip(expected)
            .all(|(&p, e)| p.abs_diff(e) <= 2);
        assert!(near, "{pixels:?}, expected {expected:?}");
    }

    #[test]
    fn alpha_is_left_alone() {
        let mut pixels = vec![200, 100, 50, 17];
        assert!(convert(
            &mut pixels,
            Channels::Rgba,
            &icc(&ColorProfile::new_display_p3())
        ));
        assert_eq!(pixels[3], 17);
    }

    #[test]
    fn sixteen_bits_round_to_the_nearest() {
        let (rounded, used) =
            convert_16bit(&[0, 128, 129, 32_768, 65_407, 65_535], Channels::Rgb, None);
        assert_eq!(
            (rounded.as_slice(), used),
            ([0, 0, 1, 128, 255, 255].as_slice(), false)
        );
    }

    #[test]
    fn sixteen_and_eight_bits_agree_through_a_profile() {
        let profile = icc(&ColorProfile::new_display_p3());
        let mut eight = vec![200, 100, 50, 20, 90, 240];
        let sixteen: Vec<u16> = eight.iter().map(|&v| u16::from(v) * 257).collect();
        let (converted, used) = convert_16bit(&sixteen, Channels::Rgb, Some(&profile));
        assert!(used && convert(&mut eight, Channels::Rgb, &profile));
        assert!(close(&converted, &eight), "{converted:?} {eight:?}");
    }

    #[test]
    fn a_gray_profile_bends_the_greys() {
        let mut pixels = vec![128, 128, 128];
        let profile = icc(&ColorProfile::new_gray_with_gamma(1.0));
        assert!(convert(&mut pixels, Channels::Rgb, &profile));
        // Linear 0.502 is 188 in sRGB.
        assert!(pixels.iter().all(|p| p.abs_diff(188) <= 1), "{pixels:?}");
    }

    #[test]
    fn a_damaged_profile_changes_nothing() {
        let whole = icc(&ColorProfile::new_display_p3());
        for length in 0..whole.len().min(600) {
            let mut pixels = vec![1, 2, 3];
            // A cut profile may still parse as far as it goes; it must not panic, and its result must be pixels.
            convert(&mut pixels, Channels::Rgb, &whole[..length]);
        }
        let mut pixels = vec![1, 2, 3];
        assert!(!convert(&mut pixels, Channels::Rgb, b"not a profile"));
        assert_eq!(pixels, [1, 2, 3]);
    }

    #[test]
    fn ink_without_a_profile_filters_light() {
        let (rgb, used) = convert_cmyk(&[0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255], None);
        assert_eq!(
            (rgb.as_slice(), used),
            ([255, 255, 255, 0, 255, 255, 0, 0, 0].as_slice(), false)
        );
    }
}
