//! Path templates that differ only in the names of their parameters are one path, which OpenAPI
//! allows once. Their operations are merged into one path item.
//!
//! A parameter with several names gets the last word that they share (`recordId` and `relationId`:
//! `id`), or all names joined by `Or`. Each operation whose path changed has the platform's template
//! in `x-hoopai-path`. Of two operations with one method, the second is kept as data under
//! `x-hoopai-other-operations` of the path item, since requests cannot distinguish them.

use std::collections::BTreeMap;

use heck::{ToLowerCamelCase, ToSnakeCase, ToUpperCamelCase};
use serde_json::Value;

use crate::json::{self, Object};
use crate::openapi::{METHODS, template_names};

/// The path of an operation in the platform's files.
const ORIGINAL: &str = "x-hoopai-path";

/// Operations whose method another operation of the path has, by path and method.
const OTHERS: &str = "x-hoopai-other-operations";

pub(super) fn merge_ambiguous(document: &mut Value) {
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else {
        return;
    };
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in paths.keys() {
        groups.entry(shape(path)).or_default().push(path.clone());
    }
    for (shape, mut group) in groups.into_iter().filter(|(_, group)| group.len() > 1) {
        group.sort();
        let templates: Vec<Vec<&str>> = group
            .iter()
            .map(|path| template_names(path).unwrap_or_default())
            .collect();
        let names = merged_names(&templates);
        let mut parts = shape.split("{}");
        let mut merged_path = parts.next().unwrap_or_default().to_owned();
        for (name, part) in names.iter().zip(parts) {
            merged_path.push_str(&format!("{{{name}}}{part}"));
        }
        let mut merged = Object::new();
        for (path, old) in group.iter().zip(&templates) {
            let Some(Value::Object(item)) = paths.remove(path) else {
                continue;
            };
            for (key, mut value) in item {
                if !METHODS.contains(&key.as_str()) {
                    merged.entry(key).or_insert(value);
                    continue;
                }
                if merged.contains_key(&key) {
                    let others = merged.entry(OTHERS).or_insert_with(|| Object::new().into());
                    others[format!("{} {path}", key.to_uppercase())] = value;
                    continue;
                }
                if let Some(operation) = value.as_object_mut()
                    && *path != merged_path
                {
                    rename(operation, old, &names);
                    state_original(operation, path);
                }
                merged.insert(key, value);
            }
        }
        paths.insert(merged_path, merged.into());
    }
}

/// The path without the names of its parameters.
fn shape(path: &str) -> String {
    let mut shape = path.to_owned();
    for name in template_names(path).unwrap_or_default() {
        shape = shape.replace(&format!("{{{name}}}"), "{}");
    }
    shape
}

/// One name for the parameter at each place.
fn merged_names(templates: &[Vec<&str>]) -> Vec<String> {
    let count = templates.iter().map(Vec::len).min().unwrap_or_default();
    let mut merged: Vec<String> = Vec::new();
    for place in 0..count {
        let mut names: Vec<&str> = Vec::new();
        for template in templates {
            if !names.contains(&template[place]) {
                names.push(template[place]);
            }
        }
        let words: Vec<String> = names
            .iter()
            .map(|name| name.to_upper_camel_case())
            .collect();
        let all = words.join("Or");
        let mut name = match names[..] {
            [one] => one.to_owned(),
            _ => shared_word(&names).unwrap_or_else(|| all.to_lower_camel_case()),
        };
        while merged.contains(&name) {
            name = format!("{name}Or{all}");
        }
        merged.push(name);
    }
    merged
}

/// The last word, if all names share it.
fn shared_word(names: &[&str]) -> Option<String> {
    let mut last = names.iter().map(|name| {
        let words = name.to_snake_case();
        words.rsplit('_').next().unwrap_or_default().to_owned()
    });
    let word = last.next()?;
    last.all(|other| other == word).then_some(word)
}

fn rename(operation: &mut Object, old: &[&str], new: &[String]) {
    for parameter in json::items_mut(operation, "parameters") {
        let name = parameter.get("name").and_then(Value::as_str);
        let place = old.iter().position(|old| Some(*old) == name);
        if parameter.get("in").and_then(Value::as_str) == Some("path")
            && let Some(new) = place.and_then(|place| new.get(place))
        {
            parameter["name"] = new.as_str().into();
        }
    }
}

fn state_original(operation: &mut Object, path: &str) {
    operation.insert(ORIGINAL.to_owned(), path.into());
    let text = json::text(operation, "description").unwrap_or_default();
    let text = format!(
        "{text}\n\nThe platform's files have the path `{path}`. Another operation has the same path with another parameter name, so both are declared here under one."
    );
    operation.insert("description".to_owned(), text.trim().into());
}
