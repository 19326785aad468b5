#![allow(unsafe_code)]

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr;

use avif_serialize::Aviffy;
use avif_serialize::constants::MatrixCoefficients;
use libaom_sys as aom;

use super::codec::Codec;
use crate::Settings;
use crate::planes::Planes;

/// AV1 frames end here.
const MAX_SIDE: usize = 65_535;

pub(crate) fn encode_rgb(
    pixels: &[u8],
    width: usize,
    height: usize,
    settings: Settings,
) -> Result<Vec<u8>, String> {
    let color = encode_color(&Planes::from_rgb::<3>(pixels, width, height), settings)?;
    Ok(file(&color, None, width, height))
}

pub(crate) fn encode_rgba(
    pixels: &[u8],
    width: usize,
    height: usize,
    settings: Settings,
) -> Result<Vec<u8>, String> {
    let color = encode_color(&Planes::from_rgb::<4>(pixels, width, height), settings)?;
    let alpha: Vec<u8> = pixels.iter().skip(3).step_by(4).copied().collect();
    let alpha = encode_frame(&[&alpha], width, height, settings)?;
    Ok(file(&color, Some(&alpha), width, height))
}

fn file(color: &[u8], alpha: Option<&[u8]>, width: usize, height: usize) -> Vec<u8> {
    Aviffy::new()
        .set_chroma_subsampling((true, true))
        .set_seq_profile(0)
        .set_matrix_coefficients(MatrixCoefficients::Bt601)
        .to_vec(color, alpha, width as u32, height as u32, 8)
}

fn encode_color(planes: &Planes, settings: Settings) -> Result<Vec<u8>, String> {
    encode_frame(
        &[&planes.luma, &planes.blue, &planes.red],
        planes.width,
        planes.height,
        settings,
    )
}

/// One still AV1 frame of one plane or three.
fn encode_frame(
    planes: &[&[u8]],
    width: usize,
    height: usize,
    settings: Settings,
) -> Result<Vec<u8>, String> {
    if width.max(height) > MAX_SIDE {
        return Err(format!("a side is longer than {MAX_SIDE} pixels"));
    }
    let monochrome = planes.len() == 1;
    let mut codec = Codec::encoder(&config(width, height, monochrome)?, 0)?;
    for (control, value) in controls(settings, monochrome) {
        // SAFETY: every control in the list takes one int.
        let status = unsafe { aom::aom_codec_control(codec.context(), control as c_int, value) };
        codec.check(status)?;
    }
    let image = image(planes, width, height);
    // SAFETY: the encoder reads the planes during the call only: the image borrows buffers that `planes` keeps alive,
    // and nothing writes to them.
    let status = unsafe { aom::aom_codec_encode(codec.context(), &raw const image, 0, 1, 0) };
    codec.check(status)?;
    let mut data = Vec::new();
    drain(&mut codec, &mut data);
    // Flushes what the encoder may still hold.
    // SAFETY: a null image is how the end is told.
    let status = unsafe { aom::aom_codec_encode(codec.context(), ptr::null(), 0, 1, 0) };
    codec.check(status)?;
    drain(&mut codec, &mut data);
    if data.is_empty() {
        return Err("the encoder gave no data".into());
    }
    Ok(data)
}

fn config(
    width: usize,
    height: usize,
    monochrome: bool,
) -> Result<aom::aom_codec_enc_cfg_t, String> {
    let mut config = MaybeUninit::<aom::aom_codec_enc_cfg_t>::zeroed();
    // SAFETY: the call fills the whole structure in; zeroes are valid for all of its fields.
    let (status, mut config) = unsafe {
        let status = aom::aom_codec_enc_config_default(
            aom::aom_codec_av1_cx(),
            config.as_mut_ptr(),
            aom::AOM_USAGE_ALL_INTRA,
        );
        (status, config.assume_init())
    };
    if status != aom::AOM_CODEC_OK {
        return Err("the library has no all-intra mode".into());
    }
    config.g_w = width as u32;
    config.g_h = height as u32;
    config.g_threads = 1;
    config.g_bit_depth = aom::AOM_BITS_8;
    config.g_input_bit_depth = 8;
    // One frame: the stream then says that it is a still picture.
    config.g_limit = 1;
    config.g_lag_in_frames = 0;
    config.rc_end_usage = aom::AOM_Q;
    config.rc_min_quantizer = 0;
    config.rc_max_quantizer = 63;
    config.monochrome = u32::from(monochrome);
    Ok(config)
}

/// Settings beyond the configuration. Each was tried by itself on four photos of four captures at 1200×900, speed 7,
/// by bytes at equal SSIMULACRA2: tuning for SSIM saves 9% against PSNR, chroma's own quantizer 1%; quantizer
/// matrices, `deltaq-mode` 3 and sharpness save nothing or cost. Palettes are for screens: white backdrops draw
/// them, they cost 40% more time for 1% of the bytes, and at speeds 9 and 10 such photos became six times as large.
fn controls(settings: Settings, monochrome: bool) -> Vec<(u32, c_int)> {
    // Quality 100 is the finest quantizer, 0; libavif maps the two scales alike.
    let quality = c_int::from(settings.quality.clamp(1, 100));
    let quantizer = ((100 - quality) * 63 + 50) / 100;
    let mut controls = vec![
        (
            aom::AOME_SET_CPUUSED,
            c_int::from(settings.speed.clamp(1, 10)) - 1,
        ),
        (aom::AOME_SET_CQ_LEVEL, quantizer),
        (aom::AV1E_SET_COLOR_RANGE, aom::AOM_CR_FULL_RANGE as c_int),
        (aom::AV1E_SET_ENABLE_PALETTE, 0),
        (aom::AV1E_SET_ENABLE_INTRABC, 0),
    ];
    if !monochrome {
        controls.extend([
            (
                aom::AV1E_SET_COLOR_PRIMARIES,
                aom::AOM_CICP_CP_BT_709 as c_int,
            ),
            (
                aom::AV1E_SET_TRANSFER_CHARACTERISTICS,
                aom::AOM_CICP_TC_SRGB as c_int,
            ),
            (
                aom::AV1E_SET_MATRIX_COEFFICIENTS,
                aom::AOM_CICP_MC_BT_601 as c_int,
            ),
            (aom::AOME_SET_TUNING, aom::AOM_TUNE_SSIM as c_int),
            (aom::AV1E_SET_ENABLE_CHROMA_DELTAQ, 1),
        ]);
    }
    controls
}

/// A view of `planes` in libaom's words.
fn image(planes: &[&[u8]], width: usize, height: usize) -> aom::aom_image_t {
    let (chroma_width, _) = Planes::chroma_size(width, height);
    // SAFETY: zeroes are valid for every field: numbers, and pointers that may be null.
    let mut image: aom::aom_image_t = unsafe { MaybeUninit::zeroed().assume_init() };
    image.fmt = aom::AOM_IMG_FMT_I420;
    image.cp = aom::AOM_CICP_CP_BT_709;
    image.tc = aom::AOM_CICP_TC_SRGB;
    image.mc = aom::AOM_CICP_MC_BT_601;
    image.range = aom::AOM_CR_FULL_RANGE;
    image.monochrome = c_int::from(planes.len() == 1);
    (image.w, image.h) = (width as u32, height as u32);
    (image.d_w, image.d_h) = (width as u32, height as u32);
    image.bit_depth = 8;
    image.bps = 12;
    (image.x_chroma_shift, image.y_chroma_shift) = (1, 1);
    for (at, plane) in planes.iter().enumerate() {
        // libaom takes a mutable pointer and only reads from it.
        image.planes[at] = plane.as_ptr().cast_mut();
        image.stride[at] = (if at == 0 { width } else { chroma_width }) as c_int;
    }
    image
}

fn drain(codec: &mut Codec, data: &mut Vec<u8>) {
    let mut iterator: aom::aom_codec_iter_t = ptr::null();
    loop {
        // SAFETY: the context is initialised; a packet lives until the next call that encodes.
        let packet = unsafe { aom::aom_codec_get_cx_data(codec.context(), &raw mut iterator) };
        // SAFETY: null or a packet, see above.
        let Some(packet) = (unsafe { packet.as_ref() }) else {
            return;
        };
        if packet.kind == aom::AOM_CODEC_CX_FRAME_PKT {
            // SAFETY: the kind says which member is set; it holds `sz` bytes.
            let bytes = unsafe {
                let frame = packet.data.frame;
                std::slice::from_raw_parts(frame.buf.cast::<u8>(), frame.sz)
            };
            data.extend_from_slice(bytes);
        }
    }
}
