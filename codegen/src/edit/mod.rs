//! Applies the edits of an attention list to the YAML files that people write.
//! Belongs here: positions of nodes in a YAML text, removal and insertion of text.
//! May depend on the leaf modules only.
//!
//! An edit changes only the lines of its entry: comments and the form of everything else are kept.
//! The new text is read again and compared with the edited value, so that no edit can change
//! anything else.

mod block_yaml;
mod yaml_tree;

use std::cmp::Reverse;
use std::ops::Range;

use serde_json::Value;

use self::yaml_tree::{Node, parse};
use crate::attention::Edit;
use crate::error::{FileError, SourcePointer, pointer_tokens};

const ACTIONS: &str = "actions";

/// Applies edits to an overlay or a documentation file. A missing file is created: `module` is its
/// title. Each edit has a reason, which an appended action states after its own description.
pub fn apply_edits(
    module: &str,
    file: &str,
    text: Option<&str>,
    edits: &[(&Edit, &str)],
) -> Result<String, FileError> {
    let mut text = text.map_or_else(
        || {
            let title = Value::from(module);
            format!("overlay: 1.0.0\ninfo:\n  title: {title}\n  version: 1.0.0\nactions: []\n")
        },
        str::to_owned,
    );
    // Removing an action moves those after it.
    let removed_actions = edits.iter().filter_map(|(edit, _)| edit.removed_action());
    let mut indices: Vec<usize> = removed_actions.collect();
    indices.sort_by_key(|index| Reverse(*index));
    indices.dedup();
    for index in indices {
        let path = vec![ACTIONS.to_owned(), index.to_string()];
        text = remove(file, &text, &path)?;
    }
    let mut removed: Vec<Vec<String>> = Vec::new();
    let mut appended = Vec::new();
    for (edit, reason) in edits {
        match edit {
            Edit::RemoveAction(_) => {}
            Edit::RemoveText(pointer) => {
                let path = pointer_tokens(pointer);
                if !removed.iter().any(|other| path.starts_with(other)) {
                    text = remove(file, &text, &path)?;
                    removed.push(path);
                }
            }
            Edit::AppendAction(actions) => {
                appended.append(&mut new_actions(file, actions, reason)?);
            }
        }
    }
    match appended[..] {
        [] => Ok(text),
        _ => append(file, &text, &appended),
    }
}

impl Edit {
    fn removed_action(&self) -> Option<usize> {
        match self {
            Edit::RemoveAction(index) => Some(*index),
            _ => None,
        }
    }
}

/// Removes an entry, and the collections that become empty with it.
fn remove(file: &str, text: &str, path: &[String]) -> Result<String, FileError> {
    let root = read_tree(file, text)?;
    let mut expected = read_value(file, text)?;
    let missing = || {
        at(file).error(
            format!("has no `{}`", path.join("/")),
            "run cargo xtask codegen, which writes the list again",
        )
    };
    // The collections from the root to the entry, with the index of the entry on the path.
    let mut parents: Vec<(&Node, usize)> = Vec::new();
    let mut node = &root;
    for name in path {
        let entries = node.entries();
        let index = entries.iter().position(|entry| entry.name == *name);
        let index = index.ok_or_else(missing)?;
        parents.push((node, index));
        node = &entries[index].value;
    }
    let is_only = |(parent, _): &(&Node, usize)| parent.entries().len() == 1;
    while parents.len() > 1 && parents.last().is_some_and(is_only) {
        if parents.len() == 2 && path[0] == ACTIONS {
            break;
        }
        parents.pop();
    }
    let Some(&(parent, index)) = parents.last() else {
        return Err(missing());
    };
    remove_value(&mut expected, &path[..parents.len()]);
    let limit = parents[..parents.len() - 1]
        .iter()
        .filter_map(|(parent, index)| parent.entries().get(index + 1))
        .map(|next| line_start(text, next.start))
        .min()
        .unwrap_or(text.len());
    let edited = match (parent.is_flow(), parent.entries().len() == 1) {
        (true, _) => without(text, flow_range(parent, index), ""),
        (false, false) => without(text, block_range(text, parent, index, limit), ""),
        (false, true) if parents.len() == 1 => {
            without(text, block_range(text, parent, index, limit), "{}\n")
        }
        // The last action.
        (false, true) => {
            let lines = block_range(text, parent, index, limit);
            let edited = without(text, lines.clone(), "");
            let key = edited[..lines.start].rfind("actions:");
            let end = key.map_or(lines.start, |key| key + "actions:".len());
            without(&edited, end..end, " []")
        }
    };
    verified(file, edited, &expected)
}

/// The lines of an entry of a block collection that ends before `limit`, without the blank lines
/// and comments after it.
fn block_range(text: &str, parent: &Node, index: usize, limit: usize) -> Range<usize> {
    let entries = parent.entries();
    let start = line_start(text, entries[index].start);
    let next = entries.get(index + 1);
    let limit = next.map_or(limit, |next| line_start(text, next.start));
    let mut end = start;
    let mut position = start;
    for line in text[start..limit.max(start)].split_inclusive('\n') {
        position += line.len();
        let content = line.trim();
        if !content.is_empty() && !content.starts_with('#') {
            end = position;
        }
    }
    let is_blank = |line: Option<&str>| line.is_some_and(|line| line.trim().is_empty());
    let before = text[..start].trim_end_matches('\n').len() + 1 < start;
    let after = text[end..].split_inclusive('\n').next();
    match after {
        Some(line) if before && is_blank(after) => start..end + line.len(),
        _ => start..end,
    }
}

/// An entry of a flow collection with one of its commas.
fn flow_range(parent: &Node, index: usize) -> Range<usize> {
    let entries = parent.entries();
    match (entries.get(index + 1), index.checked_sub(1)) {
        (Some(next), _) => entries[index].start..next.start,
        (None, Some(previous)) => entries[previous].value.end..entries[index].value.end,
        (None, None) => entries[index].start..entries[index].value.end,
    }
}

/// The actions of an edit, which are a JSON array, with their reason.
fn new_actions(file: &str, actions: &str, reason: &str) -> Result<Vec<Value>, FileError> {
    let mut new: Vec<Value> = serde_json::from_str(actions).map_err(|error| {
        at(file).error(
            format!("the proposed action cannot be read: {error}"),
            "run cargo xtask codegen, which writes the list again",
        )
    })?;
    for action in &mut new {
        let description = action.get("description").and_then(Value::as_str);
        let description = description.unwrap_or_default();
        let text = format!("{description} {reason}");
        action["description"] = Value::from(text.trim());
    }
    Ok(new)
}

/// Appends actions to an overlay.
fn append(file: &str, text: &str, new: &[Value]) -> Result<String, FileError> {
    let root = read_tree(file, text)?;
    let mut expected = read_value(file, text)?;
    let list = root
        .entries()
        .iter()
        .position(|entry| entry.name == ACTIONS);
    let (Some(position), Some(Value::Array(all))) = (list, expected.get_mut(ACTIONS)) else {
        return Err(at(file).error("has no list of `actions`", "write `actions: []`"));
    };
    all.extend(new.iter().cloned());
    let list = &root.entries()[position].value;
    let edited = match list.entries() {
        [] => {
            let items: String = new
                .iter()
                .map(|action| block_yaml::item(action, 2))
                .collect();
            let rest = text[..list.start].trim_end_matches(' ').len()..list.end;
            without(text, rest, &format!("\n{}", items.trim_end_matches('\n')))
        }
        [.., last] if list.is_flow() => {
            let items: String = new.iter().map(|action| format!(", {action}")).collect();
            without(text, last.value.end..last.value.end, &items)
        }
        items => {
            let dash = line_start(text, items[0].start);
            let indent = text[dash..].len() - text[dash..].trim_start_matches(' ').len();
            let next = root.entries().get(position + 1);
            let limit = next.map_or(text.len(), |next| line_start(text, next.start));
            let end = block_range(text, list, items.len() - 1, limit).end;
            let end = text[..end].trim_end().len();
            let items: String = new
                .iter()
                .map(|action| block_yaml::item(action, indent))
                .collect();
            let items = format!("\n{}", items.trim_end_matches('\n'));
            without(text, end..end, &items)
        }
    };
    let edited = match text.contains("\r\n") {
        true => edited.replace("\r\n", "\n").replace('\n', "\r\n"),
        false => edited,
    };
    let edited = if edited.ends_with('\n') {
        edited
    } else {
        edited + "\n"
    };
    verified(file, edited, &expected)
}

fn without(text: &str, range: Range<usize>, replacement: &str) -> String {
    format!(
        "{}{replacement}{}",
        &text[..range.start],
        &text[range.end..]
    )
}

/// The start of the line of a byte.
fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

fn remove_value(value: &mut Value, path: &[String]) {
    let Some((name, rest)) = path.split_first() else {
        return;
    };
    match value {
        Value::Object(map) if rest.is_empty() => {
            map.remove(name);
        }
        Value::Array(items) if rest.is_empty() => {
            if let Some(index) = name.parse().ok().filter(|index| *index < items.len()) {
                items.remove(index);
            }
        }
        Value::Object(map) => {
            if let Some(inner) = map.get_mut(name) {
                remove_value(inner, rest);
            }
        }
        Value::Array(items) => {
            let inner = name
                .parse()
                .ok()
                .and_then(|index: usize| items.get_mut(index));
            if let Some(inner) = inner {
                remove_value(inner, rest);
            }
        }
        _ => {}
    }
}

/// The edited text, if it has the expected value.
fn verified(file: &str, text: String, expected: &Value) -> Result<String, FileError> {
    match read_value(file, &text) {
        Ok(value) if value == *expected => Ok(text),
        _ => Err(at(file).error(
            "cannot be edited without changing its other entries, because of its form",
            "make the edit by hand, or write each entry on lines of its own and repeat the command",
        )),
    }
}

fn read_value(file: &str, text: &str) -> Result<Value, FileError> {
    serde_saphyr::from_str(text).map_err(|error| not_yaml(file, &error.to_string()))
}

fn read_tree(file: &str, text: &str) -> Result<Node, FileError> {
    parse(text).map_err(|problem| not_yaml(file, &problem))
}

fn not_yaml(file: &str, problem: &str) -> FileError {
    let line = problem.lines().next().unwrap_or_default();
    at(file).error(format!("is not valid YAML: {line}"), "correct it")
}

fn at(file: &str) -> SourcePointer<'_> {
    SourcePointer::root(file)
}
