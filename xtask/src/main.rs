//! `cargo xtask demo`, `cargo xtask test` and the commands that measure.
//!
//! Each fetches what a fresh machine lacks and then calls cargo; nothing here is needed to build Xoay by hand.

mod bench;
mod demo;
mod run;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about, version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

/// What to do.
#[derive(Subcommand)]
enum Task {
    /// Make, publish and serve the bundled product: photos to spin, mesh to light model, both on a page.
    Demo(demo::Options),
    /// Run every test, the browser tests too.
    Test(test::Options),
    /// Check format, lints, dependencies.
    Lint,
    /// Measure: see benches/README.md.
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Demo(options) => demo::run(&options),
        Task::Test(options) => test::run(&options),
        Task::Lint => test::lint(),
        Task::Bench(options) => bench::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
