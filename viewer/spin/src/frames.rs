//! The frames: compressed ones are all kept, decoded ones only near the frame in view.

use wasm_bindgen::JsValue;
use web_sys::ImageBitmap;
use xoay_format::ImageFormat;
use xoay_viewer_core::loading::{best_rendition, distance, next_frame};
use xoay_viewer_core::plan::SpinPlan;
use xoay_viewer_core::turn::TurnRow;

/// Bytes that decoded frames may take together.
const DECODED_BYTES: usize = 96 << 20;
/// Fetches of one frame before it is given up.
const MOST_TRIES: u8 = 3;
/// Part of the width it is drawn at that a picture may have before it is visibly soft.
const SHARP_PART: f64 = 0.9;
/// A file this many times wider than it is drawn is made smaller as it is decoded: drawing it then costs a copy, where
/// scaling takes tens of milliseconds without a graphics card, and more frames fit in the memory.
const WORTH_SHRINKING: f64 = 1.2;

/// Where a frame is on its way.
#[derive(Default)]
pub struct Slot {
    /// The compressed picture, as the page gave it.
    pub blob: Option<JsValue>,
    /// The rendition that was asked for last.
    pub asked: usize,
    /// The decoded picture, where it is near.
    pub bitmap: Option<ImageBitmap>,
    /// Pixels of width that a decode was asked for last, and that `bitmap` was.
    pub asked_px: f64,
    decoded_px: f64,
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
    proven: bool,
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
        let best = best_rendition(&plan.choices, wanted_px, &|f| !self.unreadable.contains(&f));
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

    /// Takes a decoded frame, or nothing where it could not be decoded.
    pub fn take_bitmap(
        &mut self,
        plan: &SpinPlan,
        frame: usize,
        bitmap: Option<ImageBitmap>,
        wanted_px: f64,
    ) {
        let Some(slot) = self.slots.get_mut(frame) else {
            return;
        };
        slot.busy = false;
        if let Some(bitmap) = bitmap {
            self.proven = true;
            slot.decoded_px = slot.asked_px;
            if let Some(old) = slot.bitmap.replace(bitmap) {
                old.close();
            }
        } else if self.choice == Some(slot.asked) {
            slot.tries += 1;
            slot.blob = None;
            // The first picture of a format tells whether this browser reads it; later ones are simply broken.
            if !self.proven {
                self.unreadable.push(plan.choices[slot.asked].format);
                self.choice = None;
                self.choose(plan, wanted_px);
            }
        }
    }

    /// Pixels of width to decode a frame to that is drawn `wanted_px` wide.
    pub fn decode_px(&self, plan: &SpinPlan, wanted_px: f64) -> f64 {
        let width = self
            .choice
            .map_or(1.0, |c| f64::from(plan.choices[c].width));
        if wanted_px * WORTH_SHRINKING > width {
            width
        } else {
            wanted_px
        }
    }

    /// How many frames drawn `wanted_px` wide may be decoded at once.
    fn capacity(&self, plan: &SpinPlan, wanted_px: f64) -> usize {
        let width = self.decode_px(plan, wanted_px) as usize;
        let height = width * plan.height as usize / plan.width as usize;
        (DECODED_BYTES / (4 * width.max(1) * height.max(1))).max(5)
    }

    /// The frame of `row` to fetch or decode next, the nearest to `current` first; `None` when all is done. Frames are drawn
    /// `wanted_px` wide.
    pub fn next_job(
        &self,
        plan: &SpinPlan,
        row: TurnRow,
        current: usize,
        wanted_px: f64,
    ) -> Option<Job> {
        self.choice?;
        let first = row.first_frame as usize;
        let slots = &self.slots[first..first + row.frame_count as usize];
        let within = current.saturating_sub(first);
        let near = self.capacity(plan, wanted_px) / 2;
        let needed_px = self.decode_px(plan, wanted_px) * SHARP_PART;
        let given_up = |s: &Slot| s.busy || s.tries >= MOST_TRIES;
        let to_decode = |(i, s): (usize, &Slot)| {
            let far = distance(i, within, slots.len(), plan.loops) > near;
            let sharp = s.bitmap.is_some() && s.decoded_px >= needed_px;
            given_up(s) || s.blob.is_none() || sharp || far
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
    pub fn forget_far(&mut self, plan: &SpinPlan, row: TurnRow, current: usize, wanted_px: f64) {
        let first = row.first_frame as usize;
        let count = row.frame_count as usize;
        let near = self.capacity(plan, wanted_px) / 2 + 1;
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
