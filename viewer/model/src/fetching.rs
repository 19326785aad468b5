//! Bytes and pictures from the network and from the file.

use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, ColorSpaceConversion, ImageBitmap, ImageBitmapOptions, PremultiplyAlpha,
    Response,
};
use xoay_viewer_core::gltf::{ImageSource, Model};

/// The largest file that is read: 512 MiB.
const LARGEST_BYTES: f64 = (1 << 29) as f64;

/// Fetches a file. Any status but success is an error.
pub async fn bytes(url: &str) -> Result<Vec<u8>, JsValue> {
    let response = request(url).await?;
    let buffer: ArrayBuffer = JsFuture::from(response.array_buffer()?).await?.dyn_into()?;
    if f64::from(buffer.byte_length()) > LARGEST_BYTES {
        return Err("the model is larger than 512 MiB".into());
    }
    Ok(Uint8Array::new(&buffer).to_vec())
}

async fn request(url: &str) -> Result<Response, JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let response: Response = JsFuture::from(window.fetch_with_str(url))
        .await?
        .dyn_into()?;
    if response.ok() {
        Ok(response)
    } else {
        Err(format!("{} {url}", response.status()).into())
    }
}

/// Decodes an image of the model, at most `most_px` in each direction; colours and alpha untouched.
pub async fn image(
    model: &Model,
    image: usize,
    base: &str,
    most_px: u32,
) -> Result<ImageBitmap, JsValue> {
    let blob = match &model.images[image] {
        ImageSource::Bytes { view, media_type } => {
            let parts = Array::of1(&Uint8Array::from(&model.views[view][..]));
            let options = BlobPropertyBag::new();
            options.set_type(media_type);
            Blob::new_with_u8_array_sequence_and_options(&parts, &options)?
        }
        ImageSource::Uri(uri) => {
            let url = web_sys::Url::new_with_base(uri, base)?.href();
            JsFuture::from(request(&url).await?.blob()?)
                .await?
                .dyn_into()?
        }
    };
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let options = ImageBitmapOptions::new();
    options.set_color_space_conversion(ColorSpaceConversion::None);
    options.set_premultiply_alpha(PremultiplyAlpha::None);
    let promise = window.create_image_bitmap_with_blob_and_image_bitmap_options(&blob, &options)?;
    let bitmap: ImageBitmap = JsFuture::from(promise).await?.dyn_into()?;
    let larger = bitmap.width().max(bitmap.height());
    if larger <= most_px {
        return Ok(bitmap);
    }
    let fit = |px: u32| (f64::from(px) * f64::from(most_px) / f64::from(larger)).max(1.0) as u32;
    options.set_resize_width(fit(bitmap.width()));
    options.set_resize_height(fit(bitmap.height()));
    let promise =
        window.create_image_bitmap_with_image_bitmap_and_image_bitmap_options(&bitmap, &options)?;
    let smaller = JsFuture::from(promise).await?.dyn_into()?;
    bitmap.close();
    Ok(smaller)
}
