//! The frames: compressed ones are all kept, decoded ones only near the frame in view.

use js_sys::Promise;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ImageBitmap, Response, Url};
use xoay_format::ImageFormat;
use xoay_viewer_core::loading::{best_rendition, distance, next_frame};
use xoay_viewer_core::plan::SpinPlan;
use xoay_viewer_core::turn::TurnRow;

/// Bytes that decoded frames may take together.
const DECODED_BYTES: usize = 96 << 20;
/// Fetches of one frame before it is given up.
const MOST_TRIES: u8 = 3;

/// Where a frame is on its way.
#[derive(Default)]
pub struct Slot {
    /// The compressed picture.
    pub blob: Option<Blob>,
    /// The decoded picture, where it is near.
    pub bitmap: Option<ImageBitmap>,
    /// Whether a fetch or a decode is under way.
    pub busy: bool,
    /// Fetches or decodes that failed.
    pub tries: u8,
}

/// Every frame's slot, and what to do next.
pub struct Frames {
    /// One a frame.
    pub slots: Vec<Slot>,
    /// Index of the rendition in use.
    pub choice: Option<usize>,
    /// Formats that this browser could not decode.
    unreadable: Vec<ImageFormat>,
    /// Whether any frame of the format in use has been decoded.
    pub proven: bool,
}

/// The next thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Fetch this frame.
    Fetch(usize),
    /// Decode this frame.
    Decode(usize),
}

impl Frames {
    pub fn new(count: usize) -> Self {
        Self {
            slots: (0..count).map(|_| Slot::default()).collect(),
            choice: None,
            unreadable: Vec::new(),
            proven: false,
        }
    }

    /// Chooses the rendition for a picture drawn `wanted_px` wide. A smaller one than now is not worth a change.
    pub fn choose(&mut self, plan: &SpinPlan, wanted_px: f64) {
        let best = best_rendition(&plan.choices, wanted_px, |f| !self.unreadable.contains(&f));
        let width = |i: usize| plan.choices[i].width;
        let better = match (best, self.choice) {
            (Some(best), Some(now)) => width(best) > width(now),
            _ => true,
        };
        if better && best != self.choice {
            self.choice = best;
            for slot in &mut self.slots {
                // Decoded ones stay in view until the better ones come.
                slot.blob = None;
                slot.tries = 0;
            }
        }
    }

    /// Notes that the format in use cannot be decoded here; whether another one is left.
    pub fn refuse_format(&mut self, plan: &SpinPlan, wanted_px: f64) -> bool {
        if let Some(choice) = self.choice.take() {
            self.unreadable.push(plan.choices[choice].format);
        }
        self.choose(plan, wanted_px);
        self.choice.is_some()
    }

    /// How many frames may be decoded at once.
    fn capacity(&self, plan: &SpinPlan) -> usize {
        let choice = self.choice.map(|c| plan.choices[c].width as usize);
        let width = choice.unwrap_or(1);
        let height = width * plan.height as usize / plan.width as usize;
        (DECODED_BYTES / (4 * width * height.max(1))).max(5)
    }

    /// The frame of `row` to fetch or decode next, the nearest to `current` first; `None` when all is done.
    pub fn next_job(&self, plan: &SpinPlan, row: TurnRow, current: usize) -> Option<Job> {
        self.choice?;
        let first = row.first_frame as usize;
        let slots = &self.slots[first..first + row.frame_count as usize];
        let within = current.saturating_sub(first);
        let near = self.capacity(plan) / 2;
        let given_up = |s: &Slot| s.busy || s.tries >= MOST_TRIES;
        let to_decode = |(i, s): (usize, &Slot)| {
            let far = distance(i, within, slots.len(), plan.loops) > near;
            given_up(s) || s.blob.is_none() || s.bitmap.is_some() || far
        };
        let decoded: Vec<bool> = slots.iter().enumerate().map(to_decode).collect();
        let fetched: Vec<bool> = slots
            .iter()
            .map(|s| given_up(s) || s.blob.is_some())
            .collect();
        let decode = next_frame(&decoded, within, plan.loops);
        let fetch = next_frame(&fetched, within, plan.loops);
        decode
            .map(|i| Job::Decode(first + i))
            .or(fetch.map(|i| Job::Fetch(first + i)))
    }

    /// Drops decoded frames that are far from `current`.
    pub fn forget_far(&mut self, plan: &SpinPlan, row: TurnRow, current: usize) {
        let first = row.first_frame as usize;
        let count = row.frame_count as usize;
        let near = self.capacity(plan) / 2 + 1;
        for (i, slot) in self.slots.iter_mut().enumerate() {
            let in_row = (first..first + count).contains(&i);
            let far = !in_row || distance(i, current, count, plan.loops) > near;
            if far && let Some(bitmap) = slot.bitmap.take() {
                bitmap.close();
            }
        }
    }

    /// The decoded frame nearest to `current`, and whether it is that very one.
    pub fn bitmap(&self, current: usize) -> Option<&ImageBitmap> {
        self.slots.get(current)?.bitmap.as_ref()
    }
}

/// Fetches one file. Any status but success is an error.
pub async fn fetch(url: &str, base: &str) -> Result<Blob, JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let url = Url::new_with_base(url, base)?.href();
    let response: Response = JsFuture::from(window.fetch_with_str(&url))
        .await?
        .dyn_into()?;
    if !response.ok() {
        return Err(JsValue::from(format!("{} {url}", response.status())));
    }
    JsFuture::from(response.blob()?).await?.dyn_into()
}

/// Decodes one picture, off the main thread where the browser does that.
pub async fn decode(blob: &Blob) -> Result<ImageBitmap, JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let promise: Promise = window.create_image_bitmap_with_blob(blob)?;
    JsFuture::from(promise).await?.dyn_into()
}
