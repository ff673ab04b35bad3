//! Deviations between the platform's file and our data that generation works around.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::FileError;
use crate::text::escape_invisible;

/// One deviation: what is wrong and where, what was done instead, and what would settle it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    /// The file: the platform's, the overlay or the documentation.
    pub file: String,
    /// JSON pointer into that file.
    pub pointer: String,
    /// What is wrong.
    pub problem: String,
    /// What generation did instead.
    pub done: String,
    /// What people can do about it.
    pub remedy: String,
    /// The edit that settles it, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<Edit>,
    /// Why people accept what generation did instead, if they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

/// An edit of a file that people write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// Removes the action with this index from the module's overlay.
    RemoveAction(usize),
    /// Removes the item at this JSON pointer from a documentation file.
    RemoveText(String),
    /// Appends an action to the module's overlay. The text is YAML.
    AppendAction(String),
}

impl Edit {
    /// An action that merges `update` into an operation.
    pub(crate) fn update_operation(path: &str, method: &str, reason: &str, update: &Value) -> Self {
        let target = format!("$.paths['{}'].{method}", path.replace('\'', "\\'"));
        let action = json!([{ "target": target, "description": reason, "update": update }]);
        // JSON is valid YAML.
        Edit::AppendAction(action.to_string())
    }
}

impl fmt::Display for Attention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape_invisible(&self.file))?;
        if !self.pointer.is_empty() {
            write!(f, "#{}", escape_invisible(&self.pointer))?;
        }
        let (problem, done) = (
            escape_invisible(&self.problem),
            escape_invisible(&self.done),
        );
        write!(f, ": {problem}; {done}")?;
        match &self.edit {
            None => write!(f, "; {}", escape_invisible(&self.remedy)),
            Some(Edit::RemoveAction(index)) => write!(f, "; to settle it, remove action {index}"),
            Some(Edit::RemoveText(_)) => f.write_str("; to settle it, remove the text"),
            Some(Edit::AppendAction(action)) => {
                write!(
                    f,
                    "; to settle it, add the action {}",
                    escape_invisible(action)
                )
            }
        }
    }
}

impl Attention {
    pub(crate) fn new(error: FileError, done: impl Into<String>, edit: Option<Edit>) -> Self {
        Self {
            file: error.file,
            pointer: error.pointer,
            problem: error.problem,
            done: done.into(),
            remedy: error.remedy,
            edit,
            accepted: None,
        }
    }

    /// Whether both entries are about the same deviation.
    pub fn is_same(&self, other: &Self) -> bool {
        self.file == other.file && self.pointer == other.pointer && self.problem == other.problem
    }
}
