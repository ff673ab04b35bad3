//! Writes a value as YAML in block style.

use serde_json::{Map, Value};

use crate::text::escape_invisible_json;

/// The keys of an overlay action, in the order in which people write them.
const ORDER: [&str; 4] = ["target", "description", "update", "remove"];

/// Words that YAML reads as another type than a string.
const RESERVED: [&str; 8] = ["true", "false", "null", "yes", "no", "on", "off", "y"];

/// Writes an item of a sequence, indented by `indent` spaces.
pub(super) fn item(value: &Value, indent: usize) -> String {
    let mut out = String::new();
    let margin = " ".repeat(indent);
    match value {
        Value::Object(map) if !map.is_empty() => {
            let mut lines = String::new();
            mapping(map, indent + 2, &mut lines);
            // The first key is on the line of the dash.
            out.push_str(&margin);
            out.push_str("- ");
            out.push_str(lines.trim_start());
        }
        Value::Array(items) if !items.is_empty() => {
            out.push_str(&format!("{margin}-\n"));
            for inner in items {
                out.push_str(&item(inner, indent + 2));
            }
        }
        _ => out.push_str(&format!("{margin}- {}\n", scalar(value))),
    }
    out
}

fn mapping(map: &Map<String, Value>, indent: usize, out: &mut String) {
    let margin = " ".repeat(indent);
    let mut entries: Vec<_> = map.iter().collect();
    let position = |key: &String| ORDER.iter().position(|first| first == key);
    entries.sort_by_key(|(key, _)| position(key).unwrap_or(ORDER.len()));
    for (key, value) in entries {
        out.push_str(&margin);
        out.push_str(&string(key));
        out.push(':');
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                out.push('\n');
                mapping(inner, indent + 2, out);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                for inner in items {
                    out.push_str(&item(inner, indent + 2));
                }
            }
            _ => out.push_str(&format!(" {}\n", scalar(value))),
        }
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        other => other.to_string(),
    }
}

/// A plain word, or else a JSON string, which is valid YAML.
fn string(text: &str) -> String {
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if is_word && text.len() > 1 && !RESERVED.contains(&text.to_lowercase().as_str()) {
        text.to_owned()
    } else {
        escape_invisible_json(&Value::from(text).to_string()).into_owned()
    }
}
