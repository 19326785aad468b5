//! What the page is asked to fetch and decode, and what comes of it.

use wasm_bindgen::prelude::*;
use web_sys::ImageBitmap;

use super::Inner;
use crate::frames::Job;

/// Requests under way at once; browsers open six connections to a host.
const MOST_REQUESTS: usize = 5;
/// Number that stands for the sprite where frames are asked for.
const SPRITE: u32 = u32::MAX;

impl Inner {
    /// The next thing that the page should do, while fewer than enough are under way.
    pub(super) fn next_request(&mut self) -> Option<(&'static str, u32, JsValue)> {
        if self.over {
            return None;
        }
        if !self.sprite_asked {
            self.sprite_asked = true;
            if let Some(sprite) = &self.plan.sprite {
                self.requests += 1;
                return Some(("fetch", SPRITE, JsValue::from(&*sprite.url)));
            }
        }
        // The sprite has the line to itself, but for the frame in view.
        let alone = self.plan.sprite.is_some() && !self.sprite_done;
        if self.requests >= if alone { 2 } else { MOST_REQUESTS } {
            return None;
        }
        let row = self.turn.row();
        let current = self.turn.frame() as usize;
        let wanted = self.wanted_px();
        self.frames.forget_far(&self.plan, row, current, wanted);
        let job = self.frames.next_job(&self.plan, row, current, wanted)?;
        let choice = self.frames.choice?;
        let (Job::Fetch(frame) | Job::Decode(frame)) = job;
        let asked_px = self.frames.decode_px(&self.plan, wanted);
        let slot = &mut self.frames.slots[frame];
        slot.asked_px = asked_px;
        slot.busy = true;
        slot.asked = choice;
        self.requests += 1;
        Some(match job {
            Job::Fetch(_) => (
                "fetch",
                frame as u32,
                JsValue::from(&*self.plan.urls[choice][frame]),
            ),
            Job::Decode(_) => (
                "decode",
                frame as u32,
                slot.blob.clone().unwrap_or_default(),
            ),
        })
    }

    /// Pixels of width to decode a job's picture to, 0 for those of the file.
    pub(super) fn decode_px(&self, job: u32) -> f64 {
        let slot = self.frames.slots.get(job as usize);
        slot.map_or(0.0, |slot| {
            let whole = f64::from(self.plan.choices[slot.asked].width);
            if slot.asked_px < whole {
                slot.asked_px.ceil()
            } else {
                0.0
            }
        })
    }

    /// Takes a fetched file; whether it should be decoded at once.
    pub(super) fn take_blob(&mut self, job: u32, blob: JsValue) -> bool {
        let failed = blob.is_undefined();
        match job {
            SPRITE if !failed => return true,
            SPRITE => {
                self.requests -= 1;
                self.sprite_done = true;
            }
            frame => {
                self.requests -= 1;
                let current = self.frames.choice;
                if let Some(slot) = self.frames.slots.get_mut(frame as usize) {
                    slot.busy = false;
                    if failed {
                        slot.tries += 1;
                    } else if current == Some(slot.asked) {
                        slot.blob = Some(blob);
                    }
                }
            }
        }
        false
    }

    /// Takes a decoded picture, or nothing where it could not be decoded.
    pub(super) fn take_bitmap(&mut self, job: u32, bitmap: Option<ImageBitmap>) {
        if self.over {
            bitmap.iter().for_each(ImageBitmap::close);
            return;
        }
        match job {
            SPRITE => {
                self.requests -= 1;
                self.sprite_done = true;
                self.sprite = bitmap;
            }
            frame => {
                self.requests -= 1;
                let wanted = self.wanted_px();
                self.frames
                    .take_bitmap(&self.plan, frame as usize, bitmap, wanted);
            }
        }
    }
}
