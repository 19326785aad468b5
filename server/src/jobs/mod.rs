//! Who does the work: a loop that claims a job, keeps its lease alive and ends it, and the news of it.

mod news;
mod pipeline;
mod recipes;
mod worker;

pub(crate) use news::{News, Newsroom};
pub(crate) use pipeline::Pipeline;
pub(crate) use recipes::{Recipes, RunError};
pub(crate) use worker::{Worker, sweep};

#[cfg(test)]
pub(crate) mod tests;
