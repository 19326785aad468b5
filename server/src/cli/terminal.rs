//! What people and programs see while a command runs: bars with time left, warnings, JSON lines.

use std::fmt::Display;
use std::io::{IsTerminal, Write as _};
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::json;
use xoay_format::{Language, ProgressEvent, Stage, Text};

use super::exit::Failure;

/// The place where a command speaks.
pub struct Terminal {
    language: Language,
    mode: Mode,
    bar: Mutex<Option<(Stage, ProgressBar)>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Bars and sentences on standard error.
    People,
    /// Warnings and errors only, on standard error.
    Quiet,
    /// One object a line on standard output.
    Json,
}

impl Terminal {
    /// A terminal that speaks `language`.
    pub fn new(language: Language, json: bool, quiet: bool) -> Self {
        let mode = match (json, quiet) {
            (true, _) => Mode::Json,
            (false, true) => Mode::Quiet,
            (false, false) => Mode::People,
        };
        Self {
            language,
            mode,
            bar: Mutex::new(None),
        }
    }

    /// The language that messages are in.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// Whether programs read standard output.
    pub fn is_json(&self) -> bool {
        self.mode == Mode::Json
    }

    /// Shows one event of a running job; to be called from any thread.
    pub fn show(&self, event: &ProgressEvent) {
        match self.mode {
            Mode::Json => print_json(event),
            Mode::Quiet => {
                if let ProgressEvent::Warning { message } = event {
                    self.warn(message);
                }
            }
            Mode::People => self.draw(event),
        }
    }

    fn draw(&self, event: &ProgressEvent) {
        // A panic in another thread while it drew leaves a bar that can still be drawn.
        let mut current = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            ProgressEvent::Started { stage, total } => {
                *current = Some((*stage, self.bar(*stage, *total)));
            }
            ProgressEvent::Advanced { stage, done, total } => {
                if current.as_ref().is_none_or(|(shown, _)| shown != stage) {
                    *current = Some((*stage, self.bar(*stage, *total)));
                }
                if let Some((_, bar)) = current.as_ref() {
                    bar.set_position(*done);
                }
            }
            ProgressEvent::Finished { .. } => {
                if let Some((_, bar)) = current.take() {
                    bar.finish();
                }
            }
            ProgressEvent::Warning { message } => match current.as_ref() {
                Some((_, bar)) => bar.suspend(|| self.warn(message)),
                None => self.warn(message),
            },
        }
    }

    fn bar(&self, stage: Stage, total: u64) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        let left = match self.language {
            Language::Vi => "còn",
            Language::En => "left",
        };
        // Alignment counts characters, and Vietnamese titles fit into the same column.
        let template = format!(
            "   {{msg:24}} {{bar:28.cyan/dim}} {{pos:>4}}/{{len}}  {{elapsed}}, {left} {{eta}}"
        );
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.set_message(stage.title().get(self.language).to_owned());
        bar
    }

    /// A bar of bytes, hidden where nobody looks.
    pub fn byte_bar(&self, title: &Text, total_bytes: u64) -> ProgressBar {
        let target = match self.mode {
            Mode::People => ProgressDrawTarget::stderr(),
            Mode::Quiet | Mode::Json => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(total_bytes), target);
        if let Ok(style) = ProgressStyle::with_template(
            "   {msg:24} {bar:28.cyan/dim} {bytes:>10}/{total_bytes}  {bytes_per_sec}",
        ) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.set_message(title.get(self.language).to_owned());
        bar
    }

    /// A count that rises towards an unknown end, hidden where nobody looks.
    pub fn counter(&self, title: &Text) -> ProgressBar {
        let target = match self.mode {
            Mode::People => ProgressDrawTarget::stderr(),
            Mode::Quiet | Mode::Json => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("   {msg:24} {pos}  {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(title.get(self.language).to_owned());
        bar
    }

    fn warn(&self, message: &Text) {
        let (label, text) = match self.language {
            Language::Vi => ("lưu ý", &message.vi),
            Language::En => ("note", &message.en),
        };
        eprintln!("{}: {text}", paint(label, "1;33"));
    }

    /// Says what a command achieved: a sentence for people, `result` for programs.
    pub fn done(&self, sentence: &Text, result: impl Serialize) {
        match self.mode {
            Mode::Json => print_json(&json!({ "event": "done", "result": result })),
            Mode::Quiet => {}
            Mode::People => eprintln!("   {}", sentence.get(self.language)),
        }
    }

    /// Says why a command failed.
    pub fn fail(&self, failure: &Failure) {
        if let Some((_, bar)) = self
            .bar
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            bar.abandon();
        }
        if self.mode == Mode::Json {
            print_json(&json!({
                "event": "error",
                "exitCode": failure.code as u8,
                "message": failure.message,
            }));
            return;
        }
        print_error(self.language, failure.message.get(self.language));
    }
}

/// Writes `message` to standard error behind the language's word for an error.
pub fn print_error(language: Language, message: impl Display) {
    let label = match language {
        Language::Vi => "lỗi",
        Language::En => "error",
    };
    eprintln!("{}: {message}", paint(label, "1;31"));
}

/// Colours `text` where standard error is a terminal that wants colour.
fn paint(text: &str, code: &str) -> String {
    if std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

fn print_json(value: &impl Serialize) {
    // A reader that has gone away is no reason to stop the work that it asked for.
    if let Ok(line) = serde_json::to_string(value) {
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}

/// `part` of `whole` as a percentage with one decimal.
pub fn percent(part: u64, whole: u64) -> String {
    format!("{:.1}%", part as f64 * 100.0 / whole.max(1) as f64)
}
