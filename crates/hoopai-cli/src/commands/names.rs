//! Names of operations on the command line.

use hoopai_catalogue::Operation;

/// The name of an operation as a command: `contacts get`.
pub(crate) fn command(operation: &Operation) -> String {
    let name = operation.entry.short_name.unwrap_or(operation.entry.name);
    format!("{} {}", operation.module.name(), hyphened(name))
}

/// A name with hyphens: `first-name` of `firstName` and `first_name`.
pub(crate) fn hyphened(name: &str) -> String {
    let mut hyphened = String::with_capacity(name.len() + 4);
    let mut after_small = false;
    for character in name.chars() {
        if character == '_' {
            hyphened.push('-');
        } else {
            if character.is_ascii_uppercase() && after_small {
                hyphened.push('-');
            }
            hyphened.push(character.to_ascii_lowercase());
        }
        after_small = character.is_ascii_lowercase() || character.is_ascii_digit();
    }
    hyphened
}
