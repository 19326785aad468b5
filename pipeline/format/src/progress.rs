use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::Text;

/// What a running job tells whoever watches it: a terminal, a log, a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub enum ProgressEvent {
    /// A stage has begun; `total` steps lie ahead.
    Started {
        /// Which stage.
        stage: Stage,
        /// How many steps it has.
        total: u64,
    },
    /// `done` of the stage's `total` steps are finished.
    Advanced {
        /// Which stage.
        stage: Stage,
        /// Steps finished so far.
        done: u64,
        /// Steps in all.
        total: u64,
    },
    /// The stage is over.
    Finished {
        /// Which stage.
        stage: Stage,
    },
    /// Something imperfect that did not stop the job.
    Warning {
        /// What it was and what to do.
        message: Text,
    },
}

/// A stage of a job, in the order of its recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Finding the photos and reading their headers.
    Ingest,
    /// Looking for photos to take again.
    Quality,
    /// Cutting the product out, finding its axis.
    Matte,
    /// Searching the qualities to encode with.
    Search,
    /// Decoding, resizing and encoding the frames.
    Encode,
    /// Composing the first-touch sprite and the poster.
    Sprite,
    /// Cutting the product out of every photo for a model.
    Cutouts,
    /// Finding where the cameras stood.
    Calibrate,
    /// Making a model's surface.
    Shape,
    /// Painting a model with its photos.
    Paint,
    /// Comparing a model with photos that were held out.
    Check,
    /// Reading and checking a model.
    Read,
    /// Changing the model's geometry and structure.
    Transform,
    /// Re-encoding the model's textures.
    Textures,
    /// Drawing the model off-screen.
    Render,
    /// Writing the result.
    Write,
    /// Making the result public.
    Publish,
}

impl Stage {
    /// What to call it in front of people.
    #[must_use]
    pub fn title(self) -> Text {
        match self {
            Self::Ingest => Text::new("Đọc ảnh", "Reading photos"),
            Self::Quality => Text::new("Kiểm tra ảnh", "Checking photos"),
            Self::Matte => Text::new("Tách sản phẩm khỏi nền", "Cutting out the product"),
            Self::Search => Text::new("Tìm mức nén", "Searching qualities"),
            Self::Encode => Text::new("Nén khung hình", "Encoding frames"),
            Self::Sprite => Text::new("Ghép ảnh xem nhanh", "Composing the sprite"),
            Self::Cutouts => Text::new("Tách nền từng ảnh", "Cutting out each photo"),
            Self::Calibrate => Text::new("Tìm vị trí máy ảnh", "Finding the cameras"),
            Self::Shape => Text::new("Dựng hình khối", "Making the surface"),
            Self::Paint => Text::new("Phủ hoa văn", "Painting the surface"),
            Self::Check => Text::new("Đối chiếu với ảnh", "Comparing with photos"),
            Self::Read => Text::new("Đọc mô hình", "Reading the model"),
            Self::Transform => Text::new("Tối ưu hình khối", "Optimising geometry"),
            Self::Textures => Text::new("Nén hoa văn", "Encoding textures"),
            Self::Render => Text::new("Vẽ ảnh bìa", "Drawing the poster"),
            Self::Write => Text::new("Ghi kết quả", "Writing the result"),
            Self::Publish => Text::new("Xuất bản", "Publishing"),
        }
    }
}

/// How a stage reports and learns that it should stop.
///
/// Stages call [`Watch::tell`] from any thread and ask [`Watch::cancelled`] between steps.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    listener: &'a (dyn Fn(ProgressEvent) + Sync),
    cancel: &'a AtomicBool,
}

impl<'a> Watch<'a> {
    /// A watch that reports to `listener` and stops once `cancel` is true.
    pub const fn new(listener: &'a (dyn Fn(ProgressEvent) + Sync), cancel: &'a AtomicBool) -> Self {
        Self { listener, cancel }
    }

    /// A watch that nobody looks at and nobody cancels.
    #[must_use]
    pub fn silent() -> Watch<'static> {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Watch {
            listener: &|_| {},
            cancel: &NEVER,
        }
    }

    /// The same job, reporting to `listener` instead; a stage that notes warnings passes them on from there.
    #[must_use]
    pub const fn with_listener<'b>(&self, listener: &'b (dyn Fn(ProgressEvent) + Sync)) -> Watch<'b>
    where
        'a: 'b,
    {
        Watch {
            listener,
            cancel: self.cancel,
        }
    }

    /// Reports `event`.
    pub fn tell(&self, event: ProgressEvent) {
        (self.listener)(event);
    }

    /// Reports something imperfect that does not stop the job.
    pub fn warn(&self, message: Text) {
        self.tell(ProgressEvent::Warning { message });
    }

    /// Whether the job should stop at the next step.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }
}
