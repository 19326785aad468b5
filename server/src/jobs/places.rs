use std::sync::{Arc, Mutex, PoisonError};

use crate::catalogue::JobKind;

/// How many jobs of each kind one process works on at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindLimits {
    /// Spins.
    pub spin: usize,
    /// Models.
    pub model: usize,
}

impl Default for KindLimits {
    /// No limit but the number of workers.
    fn default() -> Self {
        Self {
            spin: usize::MAX,
            model: usize::MAX,
        }
    }
}

/// Places for jobs in this process, by kind.
#[derive(Debug)]
pub(crate) struct Places {
    free: Mutex<[usize; JobKind::ALL.len()]>,
}

impl Places {
    pub(crate) fn new(limits: KindLimits) -> Arc<Self> {
        let free = JobKind::ALL.map(|kind| match kind {
            JobKind::Spin => limits.spin,
            JobKind::Model => limits.model,
        });
        Arc::new(Self {
            free: Mutex::new(free),
        })
    }

    /// Takes one place of each kind that has one, for as long as a worker asks for a job.
    pub(super) fn reserve(self: &Arc<Self>) -> Reserved {
        let mut held = Vec::new();
        self.change(|free, kind| {
            if *free > 0 {
                *free -= 1;
                held.push(kind);
            }
        });
        Reserved {
            places: self.clone(),
            held,
        }
    }

    fn change(&self, mut change: impl FnMut(&mut usize, JobKind)) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        for (free, kind) in free.iter_mut().zip(JobKind::ALL) {
            change(free, kind);
        }
    }
}

/// Places that are given back when this is dropped.
pub(super) struct Reserved {
    places: Arc<Places>,
    held: Vec<JobKind>,
}

impl Reserved {
    /// The kinds that a job may have.
    pub(super) fn kinds(&self) -> Vec<JobKind> {
        self.held.clone()
    }

    /// Keeps the place for a job of this kind and gives the others back.
    pub(super) fn keep(&mut self, kept: JobKind) {
        self.give_back(|kind| kind != kept);
    }

    fn give_back(&mut self, which: impl Fn(JobKind) -> bool) {
        let held = &mut self.held;
        self.places.change(|free, kind| {
            if which(kind)
                && let Some(at) = held.iter().position(|held| *held == kind)
            {
                held.swap_remove(at);
                *free += 1;
            }
        });
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.give_back(|_| true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_without_a_place_is_not_asked_for() {
        let places = Places::new(KindLimits { spin: 2, model: 1 });
        let mut first = places.reserve();
        assert_eq!(first.kinds(), JobKind::ALL);
        first.keep(JobKind::Model);
        let mut second = places.reserve();
        assert_eq!(second.kinds(), [JobKind::Spin]);
        second.keep(JobKind::Spin);
        let third = places.reserve();
        assert_eq!(third.kinds(), [JobKind::Spin]);
        assert!(places.reserve().kinds().is_empty());
        drop((first, third));
        assert_eq!(places.reserve().kinds(), JobKind::ALL);
    }
}
