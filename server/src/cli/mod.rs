//! The command line: arguments in, a recipe or the service run, messages and exit codes out.

#[expect(
    clippy::doc_markdown,
    reason = "its comments are the help that people read"
)]
mod args;
mod exit;
mod export;
mod inspect;
mod language;
mod mat;
mod model;
mod optimize;
mod publish;
mod serve;
mod settings;
mod spin;
mod telemetry;
mod terminal;
mod upkeep;
mod upload;
mod user;
mod worker;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::FromArgMatches;
use xoay_format::Text;

use self::args::{Arguments, Command};
use self::exit::Failure;
use self::terminal::Terminal;

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    // No command for people: a job that this program runs in a process of its own.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == xoay::SANDBOXED_JOB)
    {
        return xoay::run_sandboxed_job();
    }
    let language = language::of_environment(std::env::args_os());
    let mut command = language::command(language);
    if let Some(file) = settings::file(std::env::args_os()) {
        command = match settings::with_file(command, &file) {
            Ok(command) => command,
            Err(failure) => {
                terminal::print_error(language, failure.message.get(language));
                return failure.code.into();
            }
        };
    }
    let arguments = command
        .try_get_matches()
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match arguments {
        Ok(arguments) => arguments,
        Err(error) => return language::report_usage(&error, language),
    };
    let terminal = Terminal::new(
        arguments.lang.unwrap_or(language),
        arguments.json,
        arguments.quiet,
    );
    match dispatch(arguments.command, &terminal) {
        Ok(()) => exit::Code::Success.into(),
        Err(failure) => {
            terminal.fail(&failure);
            failure.code.into()
        }
    }
}

fn dispatch(command: Command, terminal: &Terminal) -> Result<(), Failure> {
    match command {
        Command::Spin(arguments) => spin::run(&arguments, terminal),
        Command::Model(arguments) => model::run(&arguments, terminal),
        Command::Mat(arguments) => mat::run(&arguments, terminal),
        Command::Inspect(arguments) => inspect::run(&arguments, terminal),
        Command::Export(arguments) => export::run(&arguments, terminal),
        Command::Optimize(arguments) => optimize::run(&arguments, terminal),
        Command::Publish(arguments) => publish::run(arguments, terminal),
        Command::Upload(arguments) => upload::run(&arguments, terminal),
        Command::Serve(arguments) => serve::run(arguments, terminal),
        Command::User(command) => user::run(&command, terminal),
        Command::Verify(arguments) => upkeep::verify(&arguments, terminal),
        Command::Backup(arguments) => upkeep::backup(&arguments, terminal),
        Command::Worker(arguments) => worker::run(&arguments, terminal),
        Command::Completions { shell } => {
            let mut command = language::command(terminal.language());
            clap_complete::generate(shell, &mut command, "xoay", &mut std::io::stdout());
            Ok(())
        }
    }
}

/// A flag that Ctrl+C and a request to terminate raise; a second Ctrl+C ends the process at once.
fn stop_on_signal() -> Result<Arc<AtomicBool>, Failure> {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&flag);
    ctrlc::set_handler(move || {
        if raised.swap(true, Ordering::Relaxed) {
            std::process::exit(exit::Code::Cancelled as i32);
        }
    })
    .map_err(|error| {
        Failure::internal(Text::new(
            format!("không bắt được tín hiệu dừng: {error}"),
            format!("cannot listen for the signal to stop: {error}"),
        ))
    })?;
    Ok(flag)
}
