//! Names of operations on the command line.

use hoopai_catalogue::Operation;

/// The name of an operation as a command: `contacts get`.
pub(crate) fn command(operation: &Operation) -> String {
    let name = operation.entry.short_name.unwrap_or(operation.entry.name);
    format!("{} {}", operation.module.name(), name.replace('_', "-"))
}
