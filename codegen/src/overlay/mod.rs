//! Stage: applies `specs/<module>/overlay.yaml`, OpenAPI Overlay 1.0, to a stripped interface file.
//! Belongs here: parsing and applying overlays.
//! May depend on the leaf modules only.
//!
//! An action selects nodes by JSONPath (RFC 9535) and merges `update` into them or removes them.
//! Stricter than the specification: each action states its reason in `description`. Actions without
//! a match or without effect are listed, because the platform's file has changed.

use serde::Deserialize;
use serde_json::Value;
use serde_json_path::JsonPath;

use crate::attention::{Attention, Edit, operation_path};
use crate::error::{FileError, SourcePointer, json_path_step, pointer_tokens};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Overlay {
    overlay: String,
    #[serde(rename = "info")]
    _info: Info,
    /// The document to which it applies; the folder determines it.
    #[serde(default, rename = "extends")]
    _extends: Option<String>,
    actions: Vec<Action>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Info {
    #[serde(rename = "title")]
    _title: String,
    #[serde(rename = "version")]
    _version: String,
}

/// One correction of the document.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Action {
    target: String,
    #[serde(default)]
    description: String,
    update: Option<Value>,
    #[serde(default)]
    remove: bool,
}

/// Applies the overlay to the document. Returns its actions. Those without a match or without effect
/// are added to `attention`.
pub(crate) fn apply(
    document: &mut Value,
    file: &str,
    text: &str,
    attention: &mut Vec<Attention>,
) -> Result<Vec<Action>, FileError> {
    let root = SourcePointer::root(file);
    let overlay: Overlay = serde_saphyr::from_str(text).map_err(|error| {
        let message = error.to_string();
        let line = message.lines().next().unwrap_or_default();
        root.error(
            format!("not an overlay: {line}"),
            "write `overlay: 1.0.0`, `info` with `title` and `version`, and `actions`, each with `target`, `description` and `update` or `remove`",
        )
    })?;
    if !overlay.overlay.starts_with("1.0") {
        return Err(root.key("overlay").error(
            format!("version {} is not 1.0", overlay.overlay),
            "write `overlay: 1.0.0`",
        ));
    }
    let actions_at = root.key("actions");
    for (index, action) in overlay.actions.iter().enumerate() {
        let drift = action.apply(document, &actions_at.index(index))?;
        let done = "the action was skipped";
        let edit = Some(Edit::RemoveAction(index));
        attention.extend(drift.map(|error| Attention::new(error, done, edit)));
    }
    Ok(overlay.actions)
}

/// The edit after which no action gives an operation an extension: it removes the action that does
/// nothing else, or adds one that removes the extension.
pub(crate) fn withdrawal(actions: &[Action], pointer: &str) -> Option<Edit> {
    let tokens = pointer_tokens(pointer);
    let [paths, path, method, extension, ..] = &tokens[..] else {
        return None;
    };
    if paths != "paths" || !extension.starts_with("x-hoopai-") {
        return None;
    }
    let operation = operation_path(path, method);
    let only_declares = |action: &Action| {
        let update = action.update.as_ref().and_then(Value::as_object);
        action.target == operation
            && update.is_some_and(|update| update.keys().eq(std::iter::once(extension)))
    };
    let mut declaring = (0..actions.len()).filter(|index| only_declares(&actions[*index]));
    Some(match (declaring.next(), declaring.next()) {
        (Some(index), None) => Edit::RemoveAction(index),
        _ => Edit::remove_extension(&operation, extension),
    })
}

/// The JSON pointers of the nodes with a JSONPath. A text that is no JSONPath has none.
pub(crate) fn locations(document: &Value, path: &str) -> Vec<String> {
    let path = JsonPath::parse(path).ok();
    path.map_or_else(Vec::new, |path| located(document, &path))
}

fn located(document: &Value, path: &JsonPath) -> Vec<String> {
    let nodes = path.query_located(document);
    let locations = nodes.locations();
    locations.map(|one| one.to_json_pointer()).collect()
}

/// Merges a value into the nodes with a JSONPath, as an action does.
pub(crate) fn merge_at(document: &mut Value, path: &str, update: &Value) {
    for pointer in locations(document, path) {
        document
            .pointer_mut(&pointer)
            .map(|node| merge(node, update));
    }
}

/// The JSONPath of the node at a JSON pointer.
pub(crate) fn path_of(pointer: &str) -> String {
    let steps = pointer_tokens(pointer).into_iter().map(|token| {
        let is_index = !token.is_empty() && token.chars().all(|c| c.is_ascii_digit());
        // A status is a key.
        if is_index && token.len() < 3 {
            format!("[{token}]")
        } else {
            json_path_step(&token)
        }
    });
    std::iter::once("$".to_owned()).chain(steps).collect()
}

impl Action {
    /// Applies the action. Returns why it had no effect, if so.
    fn apply(
        &self,
        document: &mut Value,
        at: &SourcePointer<'_>,
    ) -> Result<Option<FileError>, FileError> {
        let target = &self.target;
        if self.description.trim().is_empty() {
            return Err(at.error(
                format!("the action on `{target}` has no reason"),
                "state in its `description` why it is needed, with the evidence",
            ));
        }
        if self.remove == self.update.is_some() {
            return Err(at.error(
                format!("the action on `{target}` must have either `update` or `remove: true`"),
                "keep one",
            ));
        }
        let path = JsonPath::parse(target).map_err(|error| {
            at.key("target").error(
                format!("`{target}` is not a JSONPath: {error}"),
                "correct the path",
            )
        })?;
        let mut pointers = located(document, &path);
        if pointers.is_empty() {
            return Ok(Some(at.error(
                format!("`{target}` matches nothing"),
                "the platform's file has changed, or the path is wrong: correct the target, or delete the action",
            )));
        }
        // In reverse order, so that removing an array item does not move the others.
        pointers.sort_by_key(|pointer| std::cmp::Reverse(document_order(pointer)));
        let mut effective = false;
        let mut unchanged = None;
        for pointer in pointers {
            let changed = match &self.update {
                Some(update) => match document.pointer_mut(&pointer) {
                    Some(node) => merge(node, update),
                    None => false,
                },
                None => remove(document, &pointer),
            };
            effective |= changed;
            if !changed {
                unchanged = Some(at.error(
                    format!(
                        "`{target}` changes nothing at {}",
                        if pointer.is_empty() {
                            "the root"
                        } else {
                            &pointer
                        }
                    ),
                    "the platform's file already has this content: delete the action",
                ));
            }
        }
        // An action that changes only some of its matches is still needed.
        Ok(unchanged.filter(|_| !effective))
    }
}

/// Pointers in document order: array positions as numbers.
fn document_order(pointer: &str) -> Vec<(usize, String)> {
    pointer
        .split('/')
        .map(|step| (step.parse().unwrap_or(usize::MAX), step.to_owned()))
        .collect()
}

/// Merges as specified: objects key by key, arrays by appending, everything else by replacing.
/// Returns whether anything changed.
fn merge(node: &mut Value, update: &Value) -> bool {
    match (node, update) {
        (Value::Object(node), Value::Object(update)) => {
            let mut changed = false;
            for (key, value) in update {
                match node.get_mut(key) {
                    Some(inner) => changed |= merge(inner, value),
                    None => {
                        node.insert(key.clone(), value.clone());
                        changed = true;
                    }
                }
            }
            changed
        }
        (Value::Array(node), Value::Array(update)) => {
            let changed = update.iter().any(|item| !node.contains(item));
            if changed {
                node.extend(update.iter().cloned());
            }
            changed
        }
        (Value::Array(node), update) => {
            let changed = !node.contains(update);
            if changed {
                node.push(update.clone());
            }
            changed
        }
        (node, update) if node == update => false,
        (node, update) => {
            *node = update.clone();
            true
        }
    }
}

fn remove(document: &mut Value, pointer: &str) -> bool {
    let Some((parent, step)) = pointer.rsplit_once('/') else {
        return false;
    };
    match document.pointer_mut(parent) {
        Some(Value::Object(map)) => map
            .remove(&step.replace("~1", "/").replace("~0", "~"))
            .is_some(),
        Some(Value::Array(items)) => match step.parse::<usize>() {
            Ok(index) if index < items.len() => {
                items.remove(index);
                true
            }
            _ => false,
        },
        _ => false,
    }
}
