//! Who does the work: a loop that claims a job, keeps its lease alive and ends it, and the news of it.

mod crew;
mod news;
mod pipeline;
mod places;
mod recipes;
mod worker;

pub(crate) use crew::{Crew, Workplace, recipes};
pub(crate) use news::{News, Newsroom};
pub(crate) use pipeline::Pipeline;
pub use places::KindLimits;
pub(crate) use places::Places;
pub(crate) use recipes::{Recipes, RunError, SPIN};
pub(crate) use worker::{Worker, sweep};

#[cfg(test)]
pub(crate) mod tests;
