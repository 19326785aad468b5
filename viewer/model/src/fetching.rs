//! Bytes and pictures from the network and from the file.

use js_sys::{Array, ArrayBuffer, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, ColorSpaceConversion, ImageBitmap, ImageBitmapOptions, PremultiplyAlpha,
    Response, Window,
};
use xoay_viewer_core::gltf::{ImageSource, Model};

/// The largest file that is read: 512 MiB.
const LARGEST_BYTES: f64 = (1 << 29) as f64;

/// How KTX 2 files begin.
const KTX2: &[u8] = &[0xab, b'K', b'T', b'X', b' ', b'2', b'0', 0xbb];

/// A decoded picture.
pub enum Picture {
    /// By the browser.
    Bitmap(ImageBitmap),
    /// Not yet: a KTX 2 file, which a module of its own transcodes.
    Basis(Vec<u8>),
}

/// A picture on its way.
pub enum Begun {
    Bitmap(Promise),
    Fetch(Promise),
    Basis(Vec<u8>),
}

fn window() -> Result<Window, JsValue> {
    web_sys::window().ok_or(JsValue::NULL)
}

/// Fetches a file. Any status but success is an error.
pub async fn bytes(url: &str) -> Result<Vec<u8>, JsValue> {
    let response = request(JsFuture::from(window()?.fetch_with_str(url)).await?, url)?;
    let buffer: ArrayBuffer = JsFuture::from(response.array_buffer()?).await?.dyn_into()?;
    if f64::from(buffer.byte_length()) > LARGEST_BYTES {
        return Err("the model is larger than 512 MiB".into());
    }
    Ok(Uint8Array::new(&buffer).to_vec())
}

fn request(response: JsValue, url: &str) -> Result<Response, JsValue> {
    let response: Response = response.dyn_into()?;
    if response.ok() {
        Ok(response)
    } else {
        Err(format!("{} {url}", response.status()).into())
    }
}

/// Begins to decode, or to fetch, an image of the model.
pub fn image(model: &Model, image: usize, base: &str) -> Result<Begun, JsValue> {
    match &model.images[image] {
        ImageSource::Bytes { view, .. } if model.views[*view].starts_with(KTX2) => {
            Ok(Begun::Basis(model.views[*view].clone()))
        }
        ImageSource::Bytes { view, media_type } => {
            let blob = blob(&model.views[*view], media_type)?;
            Ok(Begun::Bitmap(decode(&blob)?))
        }
        ImageSource::Uri(uri) => {
            let url = web_sys::Url::new_with_base(uri, base)?.href();
            Ok(Begun::Fetch(window()?.fetch_with_str(&url)))
        }
    }
}

fn blob(bytes: &[u8], media_type: &str) -> Result<Blob, JsValue> {
    let parts = Array::of1(&Uint8Array::from(bytes));
    let options = BlobPropertyBag::new();
    options.set_type(media_type);
    Blob::new_with_u8_array_sequence_and_options(&parts, &options)
}

/// Colours and alpha are left as they are.
fn options() -> ImageBitmapOptions {
    let options = ImageBitmapOptions::new();
    options.set_color_space_conversion(ColorSpaceConversion::None);
    options.set_premultiply_alpha(PremultiplyAlpha::None);
    options
}

fn decode(blob: &Blob) -> Result<Promise, JsValue> {
    window()?.create_image_bitmap_with_blob_and_image_bitmap_options(blob, &options())
}

/// Waits for a picture, and makes it smaller where it is larger than `most_px` in a direction. One that the browser cannot
/// decode is replaced by what its texture offers instead.
pub async fn finish(
    model: &Model,
    first: usize,
    begun: Begun,
    base: &str,
    most_px: u32,
) -> Result<Picture, JsValue> {
    let (mut index, mut begun) = (first, begun);
    // A chain of at most AVIF, WebP, plain.
    for _ in 0..3 {
        match wait(begun).await {
            Ok(Picture::Bitmap(bitmap)) => return Ok(Picture::Bitmap(fit(bitmap, most_px).await?)),
            Ok(picture) => return Ok(picture),
            Err(error) => {
                let mut pairs = model.image_fallbacks.iter();
                index = pairs.find(|pair| pair.0 == index).ok_or(error)?.1;
                begun = image(model, index, base)?;
            }
        }
    }
    Err("an image of the model cannot be decoded".into())
}

async fn wait(begun: Begun) -> Result<Picture, JsValue> {
    let bitmap = match begun {
        Begun::Basis(bytes) => return Ok(Picture::Basis(bytes)),
        Begun::Bitmap(promise) => JsFuture::from(promise).await?,
        Begun::Fetch(promise) => {
            let response = request(JsFuture::from(promise).await?, "image")?;
            let blob: Blob = JsFuture::from(response.blob()?).await?.dyn_into()?;
            if blob.type_() == "image/ktx2" {
                let buffer = JsFuture::from(blob.array_buffer()).await?;
                return Ok(Picture::Basis(Uint8Array::new(&buffer).to_vec()));
            }
            JsFuture::from(decode(&blob)?).await?
        }
    };
    Ok(Picture::Bitmap(bitmap.dyn_into()?))
}

async fn fit(bitmap: ImageBitmap, most_px: u32) -> Result<ImageBitmap, JsValue> {
    let larger = bitmap.width().max(bitmap.height());
    if larger <= most_px {
        return Ok(bitmap);
    }
    let fit = |px: u32| (f64::from(px) * f64::from(most_px) / f64::from(larger)).max(1.0) as u32;
    let options = options();
    options.set_resize_width(fit(bitmap.width()));
    options.set_resize_height(fit(bitmap.height()));
    let promise = window()?
        .create_image_bitmap_with_image_bitmap_and_image_bitmap_options(&bitmap, &options)?;
    let smaller = JsFuture::from(promise).await?.dyn_into()?;
    bitmap.close();
    Ok(smaller)
}
