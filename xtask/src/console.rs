//! What the user sees: results on standard output; progress and remarks on standard error, as a bar where that is a
//! terminal and as plain lines elsewhere.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
    sync::{Arc, Mutex, PoisonError},
};

use hoopai_codegen::escape_invisible;
use indicatif::{ProgressBar, ProgressStyle};

type Sink = Arc<Mutex<dyn Write + Send>>;

/// Where a command writes.
pub struct Console {
    results: Sink,
    notes: Sink,
    bars: bool,
}

impl Console {
    /// The streams of this process.
    pub fn standard() -> Self {
        Self {
            results: Arc::new(Mutex::new(io::stdout())),
            notes: Arc::new(Mutex::new(io::stderr())),
            bars: io::stderr().is_terminal(),
        }
    }

    /// A console that keeps what is written, for tests.
    pub fn captured() -> (Self, Captured) {
        let text = Arc::new(Mutex::new(Vec::new()));
        let console = Self {
            results: text.clone(),
            notes: text.clone(),
            bars: false,
        };
        (console, Captured(text))
    }

    /// A line of the result.
    pub fn line(&self, text: impl Display) {
        write_line(&self.results, text);
    }

    /// A remark that is no part of the result.
    pub fn note(&self, text: impl Display) {
        write_line(&self.notes, text);
    }

    /// Shows how far a piece of work of `total` parts has come. `verb` is what is done to a part.
    pub(crate) fn progress(&self, verb: &'static str, total: usize) -> Progress<'_> {
        Progress {
            console: self,
            bar: self.bars.then(|| bar(verb, total)),
            line: Some(verb),
        }
    }

    /// The same for work that takes no time to speak of: a line for each part would be too much, only a bar is shown.
    pub(crate) fn bar(&self, verb: &'static str, total: usize) -> Progress<'_> {
        Progress {
            console: self,
            bar: self.bars.then(|| bar(verb, total)),
            line: None,
        }
    }
}

fn bar(verb: &'static str, total: usize) -> ProgressBar {
    let bar = ProgressBar::new(total as u64);
    if let Ok(style) =
        ProgressStyle::with_template("{prefix:>11} [{bar:30}] {pos}/{len} {wide_msg}")
    {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_prefix(verb);
    bar
}

/// Text of an interface file may hold escape sequences of the terminal: hidden characters are written as escapes.
///
/// A reader that went away (`… | head`) is no reason to stop or to panic, so a failed write is let go.
fn write_line(sink: &Sink, text: impl Display) {
    let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = writeln!(sink, "{}", escape_invisible(&text.to_string()));
    let _ = sink.flush();
}

/// How far a piece of work has come. The bar goes away with it.
pub(crate) struct Progress<'a> {
    console: &'a Console,
    bar: Option<ProgressBar>,
    /// How the line for a part begins where there is no bar.
    line: Option<&'static str>,
}

impl Progress<'_> {
    /// One more part is done.
    pub(crate) fn done(&self, part: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(escape_invisible(part).into_owned());
            bar.inc(1);
        } else if let Some(verb) = self.line {
            self.console.note(format_args!("{verb} {part}"));
        }
    }

    /// A remark that must not tear the bar.
    pub(crate) fn note(&self, text: impl Display) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.console.note(text)),
            None => self.console.note(text),
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// What a captured console was given.
#[derive(Clone)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// All lines so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}
