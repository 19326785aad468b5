//! Resolution that follows the frame time.

/// Parts of the full width and height, the sharpest first. The last is drawn without smoothing edges, which costs a
/// machine without a graphics card more than anything else (2.6 times the processor for a jar of 50,000 triangles).
const SCALES: [f64; 4] = [1.0, 0.8, 0.62, 0.55];
/// A frame that took longer than this is slow: motion begins to look like steps.
const SLOW_MS: f64 = 27.0;
/// A frame that took longer than this will not be saved by a few pixels less.
const VERY_SLOW_MS: f64 = 60.0;
/// A frame that took less leaves room for more pixels.
const QUICK_MS: f64 = 13.0;
/// Slow frames in a row before there are fewer pixels.
const PATIENCE: u32 = 2;
/// Quick frames in a row before there are more again, at first.
const TRUST: u32 = 24;
/// A longer wait was no frame's work, but a pause.
const PAUSE_MS: f64 = 400.0;

/// What a picture is drawn with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detail {
    /// Part of the full width and height.
    pub scale: f64,
    /// Whether edges are smoothed by several samples a pixel.
    pub smooth: bool,
}

impl Detail {
    /// Everything: for pictures at rest.
    pub const FULL: Self = Self {
        scale: 1.0,
        smooth: true,
    };
}

/// Chooses how many pixels are drawn while something moves: fewer where frames come slowly, all of them at rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    level: usize,
    slow: u32,
    quick: u32,
    trust: u32,
    last_ms: Option<f64>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            level: 0,
            slow: 0,
            quick: 0,
            trust: TRUST,
            last_ms: None,
        }
    }
}

impl Pace {
    /// Takes the time of a picture drawn in motion, and gives what to draw it with.
    pub fn moving(&mut self, time_ms: f64) -> Detail {
        if let Some(last) = self.last_ms.replace(time_ms) {
            self.learn(time_ms - last);
        }
        Detail {
            scale: SCALES[self.level],
            smooth: self.level + 1 < SCALES.len(),
        }
    }

    /// Nothing moves any more; whether the last picture was not at full resolution.
    pub fn rest(&mut self) -> bool {
        let coarse = self.level > 0 && self.last_ms.is_some();
        self.last_ms = None;
        coarse
    }

    fn learn(&mut self, frame_ms: f64) {
        if !(0.0..PAUSE_MS).contains(&frame_ms) {
            return;
        }
        self.slow = if frame_ms > SLOW_MS { self.slow + 1 } else { 0 };
        self.quick = if frame_ms < QUICK_MS {
            self.quick + 1
        } else {
            0
        };
        if self.slow >= PATIENCE && self.level + 1 < SCALES.len() {
            self.level = if frame_ms > VERY_SLOW_MS {
                SCALES.len() - 1
            } else {
                self.level + 1
            };
            (self.slow, self.quick) = (0, 0);
        } else if self.quick >= self.trust && self.level > 0 {
            self.level -= 1;
            (self.slow, self.quick) = (0, 0);
            // Where it proves too much after all, the next try waits longer: no to and fro.
            self.trust = self.trust.saturating_mul(4);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The scale after `count` frames of `frame_ms` each.
    fn after(pace: &mut Pace, now_ms: &mut f64, frame_ms: f64, count: u32) -> f64 {
        let mut scale = 0.0;
        for _ in 0..count {
            *now_ms += frame_ms;
            scale = pace.moving(*now_ms).scale;
        }
        scale
    }

    #[test]
    fn slow_frames_lower_it_and_quick_ones_raise_it_again() {
        let (mut pace, mut now) = (Pace::default(), 0.0);
        assert!(after(&mut pace, &mut now, 16.0, 100) > 0.99);
        assert_eq!(pace.moving(now + 16.0), Detail::FULL);
        now += 16.0;
        assert!(after(&mut pace, &mut now, 60.0, 4) < 0.99);
        assert!(
            after(&mut pace, &mut now, 60.0, 100) < 0.56,
            "the least is about half"
        );
        now += 60.0;
        assert!(!pace.moving(now).smooth);
        assert!(after(&mut pace, &mut now, 8.0, 3000) > 0.99);
    }

    #[test]
    fn where_it_is_much_too_slow_it_goes_to_the_least_at_once() {
        let (mut pace, mut now) = (Pace::default(), 0.0);
        assert!(after(&mut pace, &mut now, 150.0, 3) < 0.56);
        let (mut pace, mut now) = (Pace::default(), 0.0);
        assert!(after(&mut pace, &mut now, 40.0, 3) > 0.7);
    }

    #[test]
    fn one_slow_frame_changes_nothing() {
        let (mut pace, mut now) = (Pace::default(), 0.0);
        for _ in 0..50 {
            after(&mut pace, &mut now, 16.0, 5);
            assert!(after(&mut pace, &mut now, 90.0, 1) > 0.99);
        }
    }

    #[test]
    fn pauses_are_no_slow_frames() {
        let (mut pace, mut now) = (Pace::default(), 0.0);
        assert!(after(&mut pace, &mut now, 5000.0, 20) > 0.99);
    }

    #[test]
    fn at_rest_a_coarse_picture_is_drawn_once_more() {
        let (mut pace, mut now) = (Pace::default(), 0.0);
        assert!(!pace.rest(), "nothing was drawn");
        after(&mut pace, &mut now, 60.0, 20);
        assert!(pace.rest());
        assert!(!pace.rest(), "only once");
    }

    #[test]
    fn it_does_not_go_to_and_fro_for_ever() {
        let (mut pace, mut now) = (Pace::default(), 0.0);
        let (mut changes, mut before) = (0, 1.0);
        for _ in 0..20_000 {
            // A machine that is quick enough at every scale but the full one.
            let scale = after(
                &mut pace,
                &mut now,
                if before > 0.9 { 40.0 } else { 10.0 },
                1,
            );
            changes += u32::from((scale - before).abs() > 1e-6);
            before = scale;
        }
        assert!(changes < 20, "{changes} changes");
    }
}
