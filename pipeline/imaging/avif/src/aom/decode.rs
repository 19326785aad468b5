#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::ptr;

use libaom_sys as aom;

use super::codec::Codec;
use crate::Picture;
use crate::container;
use crate::planes::{rgb, stretch};

pub(crate) fn decode(file: &[u8], max_pixels: u64) -> Result<Picture, String> {
    let items = container::items(file).ok_or("its boxes are damaged or of another kind")?;
    let mut picture = with_frame(items.color, max_pixels, to_rgb)??;
    if let Some(alpha) = items.alpha {
        let alpha = with_frame(alpha, max_pixels, |frame| {
            let same =
                (frame.width, frame.height) == (picture.width as usize, picture.height as usize);
            same.then(|| frame.luma_pixels())
        })?
        .ok_or("its alpha is of another size")?;
        let (colors, _) = picture.pixels.as_chunks::<3>();
        picture.pixels = colors
            .iter()
            .zip(alpha)
            .flat_map(|(&[r, g, b], a)| [r, g, b, a])
            .collect();
        picture.has_alpha = true;
    }
    Ok(picture)
}

/// A decoded frame of 8 bits, as libaom holds it.
struct Frame<'a> {
    width: usize,
    height: usize,
    monochrome: bool,
    image: &'a aom::aom_image_t,
}

impl Frame<'_> {
    fn row(&self, plane: usize, y: usize, length: usize) -> &[u8] {
        let stride = self.image.stride[plane] as isize;
        // SAFETY: libaom's planes hold a row of at least the plane's width every `stride` bytes; the callers ask for
        // rows and lengths within the plane's size.
        unsafe {
            let start = self.image.planes[plane].offset(y as isize * stride);
            std::slice::from_raw_parts(start, length)
        }
    }

    fn luma_pixels(&self) -> Vec<u8> {
        (0..self.height)
            .flat_map(|y| self.row(0, y, self.width).iter().copied())
            .collect()
    }
}

fn to_rgb(frame: &Frame<'_>) -> Result<Picture, String> {
    let (width, height) = (frame.width, frame.height);
    let mut pixels = Vec::with_capacity(width * height * 3);
    if frame.monochrome {
        pixels.extend(frame.luma_pixels().into_iter().flat_map(|grey| [grey; 3]));
    } else if (frame.image.x_chroma_shift, frame.image.y_chroma_shift) == (1, 1) {
        let (chroma_width, chroma_height) = (width.div_ceil(2), height.div_ceil(2));
        let (mut blue, mut red) = (Vec::new(), Vec::new());
        for y in 0..height {
            let near = y / 2;
            let far = if y % 2 == 0 {
                near.saturating_sub(1)
            } else {
                (near + 1).min(chroma_height - 1)
            };
            for (plane, stretched) in [(1, &mut blue), (2, &mut red)] {
                let near = frame.row(plane, near, chroma_width);
                stretch(near, frame.row(plane, far, chroma_width), stretched, width);
            }
            let chroma = blue.iter().zip(&red);
            let row = frame.row(0, y, width).iter().zip(chroma);
            pixels.extend(row.flat_map(|(&y, (&b, &r))| rgb(y, b, r)));
        }
    } else {
        return Err("its colour resolution is another than this program writes".into());
    }
    Ok(Picture {
        width: width as u32,
        height: height as u32,
        has_alpha: false,
        pixels,
    })
}

/// Width and height by the stream's first header, before anything is allocated.
fn stated_size(data: &[u8]) -> Result<(u32, u32), String> {
    // SAFETY: zeroes are valid for every field, all numbers.
    let mut info: aom::aom_codec_stream_info_t = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: `data` and `info` are borrowed for the call.
    let status = unsafe {
        aom::aom_codec_peek_stream_info(
            aom::aom_codec_av1_dx(),
            data.as_ptr(),
            data.len(),
            &raw mut info,
        )
    };
    if status == aom::AOM_CODEC_OK && info.w > 0 && info.h > 0 {
        Ok((info.w, info.h))
    } else {
        Err("its picture has no header".into())
    }
}

/// Decodes one still frame and hands it to `read` while it lives.
fn with_frame<T>(
    data: &[u8],
    max_pixels: u64,
    read: impl FnOnce(&Frame<'_>) -> T,
) -> Result<T, String> {
    let (width, height) = stated_size(data)?;
    if u64::from(width) * u64::from(height) > max_pixels {
        return Err(format!(
            "it measures {width}×{height} pixels, more than {max_pixels}"
        ));
    }
    let mut codec = Codec::decoder()?;
    // SAFETY: `data` is borrowed for the call, which keeps no pointer to it.
    let status = unsafe {
        aom::aom_codec_decode(codec.context(), data.as_ptr(), data.len(), ptr::null_mut())
    };
    codec.check(status)?;
    let mut iterator: aom::aom_codec_iter_t = ptr::null();
    // SAFETY: null or an image that lives until the context decodes again or is destroyed, which `codec` outlives.
    let image = unsafe { aom::aom_codec_get_frame(codec.context(), &raw mut iterator).as_ref() };
    let image = image.ok_or("it holds no picture")?;
    let known = image.bit_depth == 8
        && image.fmt & aom::AOM_IMG_FMT_HIGHBITDEPTH == 0
        && image.range == aom::AOM_CR_FULL_RANGE
        && (image.monochrome == 1 || image.mc == aom::AOM_CICP_MC_BT_601);
    if !known || (image.d_w, image.d_h) != (width, height) {
        return Err("its samples or its size are others than this program writes".into());
    }
    Ok(read(&Frame {
        width: image.d_w as usize,
        height: image.d_h as usize,
        monochrome: image.monochrome == 1,
        image,
    }))
}
