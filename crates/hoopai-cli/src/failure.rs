//! Errors of commands: a sentence, an exit code, and data for programs.

use std::fmt::Display;
use std::io;

use hoopai_bulk::{BulkError, BulkErrorKind};
use hoopai_runtime::Error;
use serde_json::{Map, Value, json};

use crate::exit::Exit;
use crate::text;

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    kind: String,
    message: String,
    details: Map<String, Value>,
}

/// The result of a command or of a part of it.
pub(crate) type Result<T = ()> = std::result::Result<T, Failure>;

impl Failure {
    fn new(exit: Exit, kind: &str, message: impl Display) -> Self {
        Failure {
            exit,
            kind: kind.to_owned(),
            message: message.to_string(),
            details: Map::new(),
        }
    }

    /// A failure with the exit code of its cause.
    pub(crate) fn of(exit: Exit, message: impl Display) -> Self {
        Self::new(exit, "failed", message)
    }

    /// Arguments are invalid.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// A value of a parameter or field is invalid.
    pub(crate) fn invalid(parameters: &[String], message: impl Display) -> Self {
        Self::new(Exit::Usage, "request", message).with("parameters", json!(parameters))
    }

    /// A fault of the program, or of one of its files.
    pub(crate) fn internal(message: impl Display) -> Self {
        Self::new(Exit::Internal, "internal", message)
    }

    /// There are no credentials.
    pub(crate) fn login_needed(message: impl Display) -> Self {
        Self::new(Exit::LoginNeeded, "login_needed", message)
    }

    /// The platform, or its user, rejected the request.
    pub(crate) fn refused(message: impl Display) -> Self {
        Self::new(Exit::Refused, "refused", message)
    }

    /// A confirmation is missing.
    pub(crate) fn confirmation_needed(message: impl Display) -> Self {
        Self::new(Exit::ConfirmationNeeded, "confirmation_needed", message)
    }

    /// The network failed or a wait was too long.
    pub(crate) fn unavailable(message: impl Display) -> Self {
        Self::new(Exit::Unavailable, "unavailable", message)
    }

    /// The user interrupted the command.
    pub(crate) fn interrupted(message: impl Display) -> Self {
        Self::new(Exit::Interrupted, "interrupted", message)
    }

    /// The reader of the output has closed it, as `head` does. The command ends without a message.
    fn closed_output() -> Self {
        Self::new(Exit::Success, "closed_output", "")
    }

    /// An error of a file of the program.
    pub(crate) fn file(path: &std::path::Path, action: &str, error: &io::Error) -> Self {
        Self::internal(format_args!(
            "{} cannot be {action}: {error}; check the path, its permissions and the disk, or set \
             HOOPAI_CONFIG_DIR to another directory",
            path.display()
        ))
    }

    /// Adds data that `--json-errors` prints.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.details.insert(name.to_owned(), value);
        self
    }

    /// The failure of a list of which some items were written.
    pub(crate) fn partial(mut self, written: u64) -> Self {
        if written > 0 {
            self.exit = Exit::Partial;
            self.message = format!(
                "the list is incomplete after {written} items: {}",
                self.message
            );
            self.details.insert("written".to_owned(), written.into());
        }
        self
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// The error for people; empty if there is nothing to say.
    pub(crate) fn sentence(&self) -> String {
        if self.message.is_empty() {
            return String::new();
        }
        let lines: Vec<String> = self.message.trim_end().lines().map(text::plain).collect();
        let message = lines.join("\n");
        if message.starts_with("error:") {
            message
        } else {
            format!("error: {message}")
        }
    }

    /// The error for programs, on one line; empty if there is nothing to say.
    pub(crate) fn json(&self) -> String {
        if self.message.is_empty() {
            return String::new();
        }
        let mut error = json!({
            "exitCode": self.exit.code(),
            "kind": self.kind,
            "message": self.message,
        });
        if let Some(object) = error.as_object_mut() {
            object.extend(self.details.clone());
        }
        text::json(&json!({ "error": error }).to_string())
    }
}

/// Remedies of the client, which name its methods, and those of the command line.
const REMEDIES: [(&str, &str); 7] = [
    ("with `stream()`", "with --all"),
    (
        "set it, or a default with `location`",
        "set it with --location",
    ),
    (
        "select one with `as_location` or `as_company`",
        "pass --location or --company",
    ),
    ("select one with `as_location`", "pass --location"),
    (
        "add its root with `add_root_certificate`",
        "add its root to the trusted certificates of this machine",
    ),
    (", which `meta()` identifies", ""),
    (
        "the token goes to `private_token`",
        "log in with hoopai login, or set HOOPAI_TOKEN",
    ),
];

fn in_words_of_the_command_line(message: String) -> String {
    REMEDIES.iter().fold(message, |message, (method, option)| {
        message.replace(method, option)
    })
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = Exit::of(&error);
        let kind = error
            .api_error_kind()
            .map(|kind| kind.as_str())
            .or(error.auth_error_kind().map(|kind| kind.as_str()))
            .or(error.paging_error_kind().map(|kind| kind.as_str()))
            .unwrap_or(error.kind().as_str());
        let mut message = in_words_of_the_command_line(error.to_string());
        if exit == Exit::LoginNeeded {
            message.push_str("; log in with `hoopai login`");
        }
        let mut failure = Failure::new(exit, kind, message);
        if !error.parameters().is_empty() {
            failure = failure.with("parameters", json!(error.parameters()));
        }
        if let Some(status) = error.status() {
            failure = failure.with("status", status.as_u16().into());
        }
        if let Some(id) = error.trace_id() {
            failure = failure.with("traceId", id.into());
        }
        if let Some(id) = error.request_id() {
            failure = failure.with("requestId", id.into());
        }
        if let Some(wait) = error.retry_after() {
            failure = failure.with("retryAfterSeconds", wait.as_secs_f64().into());
        }
        failure
    }
}

/// An error of a bulk job.
impl From<BulkError> for Failure {
    fn from(error: BulkError) -> Self {
        let exit = match (error.kind(), error.call_error()) {
            (_, Some(call)) => Exit::of(call),
            (BulkErrorKind::Rejected, _) => Exit::Partial,
            (
                BulkErrorKind::Busy
                | BulkErrorKind::OtherPlan
                | BulkErrorKind::NoJob
                | BulkErrorKind::Invalid,
                _,
            ) => Exit::Usage,
            _ => Exit::Internal,
        };
        Failure::of(exit, error)
    }
}

/// An error of writing the output.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::closed_output(),
            _ => Failure::internal(format_args!("the output cannot be written: {error}")),
        }
    }
}

/// An error of the command line, whose text clap formats. Help and version are printed.
impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        if error.use_stderr() {
            return Failure::usage(error.render());
        }
        match error.print() {
            Ok(()) => Failure::new(Exit::Success, "help", ""),
            Err(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn sources(folder: &Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, text);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn replaced_remedies_are_those_of_the_client() {
        let mut text = String::new();
        let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hoopai-runtime/src");
        sources(&runtime, &mut text);
        for (remedy, _) in REMEDIES {
            assert!(text.contains(remedy), "{remedy}");
        }
    }
}
