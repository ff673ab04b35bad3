//! Output: results on standard output; progress and notes on standard error, as a bar on a terminal
//! and as lines elsewhere.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
    sync::{Arc, Mutex, PoisonError},
};

use hoopai_codegen::escape_invisible;
use indicatif::{ProgressBar, ProgressStyle};

type Sink = Arc<Mutex<dyn Write + Send>>;

/// The output of a command.
#[derive(Clone)]
pub struct Console {
    results: Sink,
    notes: Sink,
    bars: bool,
    /// Reads an answer of the person at the terminal; `None` without a terminal.
    answers: Option<Answers>,
}

/// Returns the next answer, or `None` at the end of the input.
type Answers = Arc<Mutex<dyn FnMut() -> Option<String> + Send>>;

impl Console {
    /// Writes to the standard streams of this process.
    pub fn standard() -> Self {
        Self {
            results: Arc::new(Mutex::new(io::stdout())),
            notes: Arc::new(Mutex::new(io::stderr())),
            bars: io::stderr().is_terminal(),
            answers: (io::stdin().is_terminal() && io::stdout().is_terminal())
                .then(|| Arc::new(Mutex::new(read_line)) as Answers),
        }
    }

    /// Creates a console that stores its output, for tests.
    pub fn captured() -> (Self, Captured) {
        let text = Arc::new(Mutex::new(Vec::new()));
        let console = Self {
            results: text.clone(),
            notes: text.clone(),
            bars: false,
            answers: None,
        };
        (console, Captured(text))
    }

    /// A console that writes results as notes, for commands whose result is a document.
    pub(crate) fn notes_only(&self) -> Self {
        Self {
            results: self.notes.clone(),
            ..self.clone()
        }
    }

    /// Adds a terminal at which a person gives these answers, for tests.
    #[must_use]
    pub fn with_answers(self, answers: &[&str]) -> Self {
        let answers: Vec<String> = answers.iter().map(|&answer| answer.to_owned()).collect();
        let mut answers = answers.into_iter();
        Self {
            answers: Some(Arc::new(Mutex::new(move || answers.next()))),
            ..self
        }
    }

    /// Whether a person can answer questions.
    pub(crate) fn is_interactive(&self) -> bool {
        self.answers.is_some()
    }

    /// Asks a question. Returns the answer without spaces around it, or `None` if nobody answers.
    pub(crate) fn ask(&self, question: impl Display) -> Option<String> {
        let answers = self.answers.as_ref()?;
        self.line(question);
        let mut next = answers.lock().unwrap_or_else(PoisonError::into_inner);
        next().map(|answer| answer.trim().to_owned())
    }

    /// Writes a line of the result.
    pub fn line(&self, text: impl Display) {
        write_line(&self.results, text);
    }

    /// Writes a note, which is not part of the result.
    pub fn note(&self, text: impl Display) {
        write_line(&self.notes, text);
    }

    /// Shows the progress of `total` parts, as a bar or a line for each part. `verb` names the
    /// action.
    pub(crate) fn progress(&self, verb: &'static str, total: usize) -> Progress<'_> {
        Progress {
            console: self,
            bar: self.bars.then(|| bar(verb, total)),
            line: Some(verb),
        }
    }

    /// Shows the progress of fast parts, as a bar or not at all.
    pub(crate) fn bar(&self, verb: &'static str, total: usize) -> Progress<'_> {
        Progress {
            console: self,
            bar: self.bars.then(|| bar(verb, total)),
            line: None,
        }
    }
}

fn read_line() -> Option<String> {
    let mut line = String::new();
    match io::stdin().read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line),
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

/// Writes hidden characters as escapes, since the text of an interface file may contain escape
/// sequences of the terminal.
///
/// Ignores errors, since the reader may close the pipe (`… | head`).
fn write_line(sink: &Sink, text: impl Display) {
    let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = writeln!(sink, "{}", escape_invisible(&text.to_string()));
    let _ = sink.flush();
}

/// The progress of a command. Dropping it removes the bar.
pub(crate) struct Progress<'a> {
    console: &'a Console,
    bar: Option<ProgressBar>,
    /// The beginning of the line for each part, without a bar.
    line: Option<&'static str>,
}

impl Progress<'_> {
    /// Counts a part as done.
    pub(crate) fn done(&self, part: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(escape_invisible(part).into_owned());
            bar.inc(1);
        } else if let Some(verb) = self.line {
            self.console.note(format_args!("{verb} {part}"));
        }
    }

    /// Writes a note without breaking the bar.
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

/// The output of a captured console.
#[derive(Clone)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// All lines so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}
