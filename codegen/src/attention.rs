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
    /// The item of the Rust API that has another name, if the entry is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed: Option<Renamed>,
    /// Why people accept what generation did instead, if they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

/// A type or method with another name, by path in the crate: `types::Contact`,
/// `Client::get_contact`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renamed {
    /// The old name.
    pub from: String,
    /// The new name.
    pub to: String,
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
    /// An action that gives the operation or schema at a JSONPath the name of an item, `types::Name`
    /// or `Client::name`.
    pub fn keep_name(target: &str, item: &str) -> Self {
        let name = item.rsplit("::").next().unwrap_or(item);
        let action = json!([{
            "target": target,
            "description": format!("`{item}` had this name before the platform's file changed."),
            "update": { "x-hoopai-name": name },
        }]);
        Edit::AppendAction(action.to_string())
    }

    /// An action that merges `update` into an operation.
    pub(crate) fn update_operation(path: &str, method: &str, reason: &str, update: &Value) -> Self {
        let target = operation_path(path, method);
        let action = json!([{ "target": target, "description": reason, "update": update }]);
        // JSON is valid YAML.
        Edit::AppendAction(action.to_string())
    }

    /// An action that removes an extension of the operation at a JSONPath.
    pub(crate) fn remove_extension(operation: &str, extension: &str) -> Self {
        let action = json!([{
            "target": format!("{operation}['{extension}']"),
            "description": format!("`{extension}` no longer fits the operation."),
            "remove": true,
        }]);
        Edit::AppendAction(action.to_string())
    }
}

/// The JSONPath of an operation.
pub(crate) fn operation_path(path: &str, method: &str) -> String {
    format!("$.paths['{}'].{method}", path.replace('\'', "\\'"))
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
            renamed: None,
            accepted: None,
        }
    }

    /// An item that had another name before the platform's file changed. `edit` restores it.
    pub fn of_rename(file: String, renamed: Renamed, edit: Option<Edit>) -> Self {
        let Renamed { from, to } = &renamed;
        let error = FileError {
            file,
            pointer: String::new(),
            problem: format!("`{from}` is now `{to}`, which breaks programs that use it"),
            remedy: "accept the new name, or declare the old one as `x-hoopai-name` in the module's overlay; if it follows from the name of another type, settle the entry of that type".to_owned(),
        };
        Self {
            renamed: Some(renamed),
            ..Self::new(error, "the name follows from the changed file", edit)
        }
    }

    /// Whether both entries are about the same deviation.
    pub fn is_same(&self, other: &Self) -> bool {
        self.file == other.file && self.pointer == other.pointer && self.problem == other.problem
    }
}
