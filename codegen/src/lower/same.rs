//! One type for what is one thing under several names: the platform's programs write a class for each use, and an enum for
//! each field.
//!
//! Equal content alone can be chance. It is one thing where the names are equal as well, but for what programs add to them
//! (`IconSchemaOptional` is `Icon`) and, among replies, for what the operation does with it (`CreateProductResponse` and
//! `GetProductResponse`), if they hold a thing and not just flags. A long list of values is never chance. Requests stay apart:
//! what they must have differs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Pending, Shape};
use crate::names;

/// So many equal values are the same list.
const LONG_LIST: usize = 8;

/// What programs add to the names of classes.
const ENDINGS: [&str; 6] = [
    "Dto",
    "Schema",
    "Optional",
    "Response",
    "Successful",
    "Success",
];

/// What operations do, as their names begin.
const VERBS: [&str; 15] = [
    "And", "Bulk", "Cancel", "Connect", "Create", "Delete", "Edit", "Get", "Publish", "Remove",
    "Schedule", "Send", "Update", "Upsert", "Void",
];

/// Of each pending type the one that stands for it. Those that are merged make those equal that refer to them.
pub(super) fn representatives(pending: &[Pending]) -> Vec<usize> {
    let mut of: Vec<usize> = (0..pending.len()).collect();
    loop {
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut changed = false;
        for (index, one) in pending.iter().enumerate() {
            if of[index] != index {
                continue;
            }
            let Some(key) = key(one, &of) else { continue };
            match known.get(&key) {
                Some(&first) => {
                    of[index] = first;
                    changed = true;
                }
                None => {
                    known.insert(key, index);
                }
            }
        }
        if !changed {
            break;
        }
    }
    // One that was merged may have stood for others before.
    for index in 0..of.len() {
        let mut end = of[index];
        while of[end] != end {
            end = of[end];
        }
        of[index] = end;
    }
    of
}

/// What a group with names is called: replies what their names have in common, where that is free, others as the shortest.
pub(super) fn name(group: &[&Pending], taken: &mut BTreeSet<String>) -> Option<String> {
    let named: Vec<&str> = group.iter().filter_map(|one| one.name.as_deref()).collect();
    let shortest = named.iter().min_by_key(|name| name.len())?;
    if named.len() > 1 && named.iter().all(|name| name.ends_with("Response")) {
        let common = format!("{}Response", core(shortest, true));
        if taken.insert(common.clone()) {
            return Some(common);
        }
    }
    Some((*shortest).to_owned())
}

/// What is equal for types that are one thing; `None` for one that stays by itself.
fn key(pending: &Pending, of: &[usize]) -> Option<String> {
    let name = match &pending.name {
        Some(name) if name.ends_with("Request") || name.ends_with("Body") => return None,
        Some(name) => core(name, holds_thing(&pending.shape)),
        None => names::singular(&pending.met[0].1),
    };
    match &pending.shape {
        Shape::Struct(fields, others) if !fields.is_empty() => {
            let mut content = json!([fields, others]);
            point(&mut content, of);
            Some(format!("struct {name} {content}"))
        }
        Shape::Struct(..) => None,
        Shape::Enum(values) => {
            let mut values = values.clone();
            values.sort();
            let name = if values.len() < LONG_LIST { &name } else { "" };
            Some(format!("enum {name} {}", json!(values)))
        }
    }
}

/// Whether a reply has objects in it or is one itself, rather than a few flags.
fn holds_thing(shape: &Shape) -> bool {
    match shape {
        Shape::Struct(fields, _) => {
            fields.len() > 5 || fields.iter().any(|(_, ty)| ty.to_string().contains("/@"))
        }
        Shape::Enum(_) => false,
    }
}

/// Lets references lead to what stands for their targets.
fn point(value: &mut Value, of: &[usize]) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(target)) = map.get_mut("$ref")
                && let Some((before, index)) = target.split_once('@')
                && let Some(mut end) = index.parse::<usize>().ok()
            {
                while let Some(&next) = of.get(end).filter(|next| **next != end) {
                    end = next;
                }
                *target = format!("{before}@{end}");
            }
            map.values_mut().for_each(|inner| point(inner, of));
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| point(inner, of)),
        _ => {}
    }
}

/// A name without what says nothing of the thing.
fn core(name: &str, thing: bool) -> String {
    let mut core = name;
    let reply = thing && core.ends_with("Response");
    while let Some(rest) = ENDINGS
        .iter()
        .find_map(|ending| core.strip_suffix(ending).filter(|rest| !rest.is_empty()))
    {
        core = rest;
    }
    while let Some(rest) = VERBS.iter().filter(|_| reply).find_map(|verb| {
        core.strip_prefix(verb)
            .filter(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
    }) {
        core = rest;
    }
    core.to_owned()
}
