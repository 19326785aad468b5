//! Who compares the photos: the processor, or a graphics card.

use rayon::prelude::*;
#[cfg(feature = "gpu")]
use xoay_format::{Localize, Watch};

#[cfg(feature = "gpu")]
use crate::graphics::{Graphics, Obstacle};
use crate::observation::Observation;
use crate::patches::{Likeness, Luma, Task, likeness};
use crate::rig::Camera;

/// Photos and what compares them.
pub(crate) struct Matcher<'a> {
    pub views: &'a [(Camera, &'a Observation)],
    lumas: Vec<Luma<'a>>,
    /// The card, until it fails, and who is told then.
    #[cfg(feature = "gpu")]
    pub graphics: Option<(Graphics, Watch<'a>)>,
}

impl<'a> Matcher<'a> {
    /// The processor compares.
    pub fn on_processor(views: &'a [(Camera, &'a Observation)]) -> Self {
        Self {
            lumas: views.iter().map(|(_, o)| Luma::of(&o.window)).collect(),
            views,
            #[cfg(feature = "gpu")]
            graphics: None,
        }
    }

    /// A graphics card compares. Where none can, `watch` is told why, and the processor does.
    #[cfg(feature = "gpu")]
    pub fn on_gpu(views: &'a [(Camera, &'a Observation)], watch: Watch<'a>) -> Self {
        let mut matcher = Self::on_processor(views);
        match Graphics::new(views, &matcher.lumas, u64::MAX) {
            Ok(graphics) => matcher.graphics = Some((graphics, watch)),
            Err(obstacle) => watch.warn(obstacle.text()),
        }
        matcher
    }

    /// The likeness of each task, by the mean of its `best` correlations.
    pub fn likeness(&mut self, tasks: &[Option<Task>], best: usize) -> Vec<Option<Likeness>> {
        #[cfg(feature = "gpu")]
        if let Some((graphics, watch)) = &self.graphics {
            match on_card(graphics, tasks, best) {
                Ok(found) => return found,
                Err(obstacle) => {
                    watch.warn(obstacle.text());
                    self.graphics = None;
                }
            }
        }
        let (views, lumas) = (self.views, &self.lumas);
        tasks
            .par_iter()
            .map(|task| Some(likeness(task.as_ref()?, views, lumas, best)))
            .collect()
    }
}

#[cfg(feature = "gpu")]
fn on_card(
    graphics: &Graphics,
    tasks: &[Option<Task>],
    best: usize,
) -> Result<Vec<Option<Likeness>>, Obstacle> {
    let there: Vec<&Task> = tasks.iter().flatten().collect();
    let mut found = graphics.likeness(&there, best)?.into_iter();
    Ok(tasks
        .iter()
        .map(|task| task.as_ref().and_then(|_| found.next()))
        .collect())
}
