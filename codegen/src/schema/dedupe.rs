//! One type for equal types under several names: the platform's programs write a class for each
//! use, and an enum for each field.
//!
//! Equal content alone can be coincidence. Types are merged if their names are also equal apart
//! from what programs add to them (`IconSchemaOptional` is `Icon`) and, in replies, apart from the
//! verb of the operation (`CreateProductResponse` and `GetProductResponse`), unless they only
//! contain flags. Long lists of values are merged under any name. Requests are never merged,
//! because their required fields differ.

use std::collections::{BTreeMap, BTreeSet};

use super::types::{Schema, Shape, UnnamedType};
use crate::names;

/// Enums with this many equal values are merged whatever their names.
const LONG_LIST: usize = 8;

/// Suffixes that programs add to the names of classes.
const SUFFIXES: [&str; 6] = [
    "Dto",
    "Schema",
    "Optional",
    "Response",
    "Successful",
    "Success",
];

/// Prefixes that come from the verbs of operations.
const VERBS: [&str; 15] = [
    "And", "Bulk", "Cancel", "Connect", "Create", "Delete", "Edit", "Get", "Publish", "Remove",
    "Schedule", "Send", "Update", "Upsert", "Void",
];

/// Merges equal types: `representatives` has for each type the index of the one that represents it.
/// Merging types makes the types that contain them equal, so the search repeats until nothing
/// changes.
pub(super) fn merge(types: &[UnnamedType], used: &BTreeSet<usize>, representatives: &mut [usize]) {
    loop {
        let mut first: BTreeMap<Key, usize> = BTreeMap::new();
        let mut changed = false;
        for (index, item) in types.iter().enumerate() {
            if representatives[index] == index
                && used.contains(&index)
                && let Some(key) = key(item, representatives)
            {
                representatives[index] = *first.entry(key).or_insert(index);
                changed |= representatives[index] != index;
            }
        }
        if !changed {
            break;
        }
    }
    for index in 0..types.len() {
        representatives[index] = end(representatives, index);
    }
}

/// The last representative in a chain.
fn end(representatives: &[usize], mut index: usize) -> usize {
    while representatives[index] != index {
        index = representatives[index];
    }
    index
}

/// The name of a group of components: of replies the common part of their names if it is free, else
/// the shortest name.
pub(super) fn component_name(
    group: &[&UnnamedType],
    taken: &mut BTreeSet<String>,
) -> Option<String> {
    let names: Vec<&str> = group
        .iter()
        .filter_map(|item| item.name.as_deref())
        .collect();
    let shortest = names.iter().min_by_key(|name| name.len())?;
    if names.len() > 1 && names.iter().all(|name| name.ends_with("Response")) {
        let common = format!("{}Response", stem(shortest, true));
        if taken.insert(common.clone()) {
            return Some(common);
        }
    }
    Some((*shortest).to_owned())
}

/// Name and content.
type Key = (String, Shape);

/// The key that equal types share; `None` for a type that is never merged.
fn key(item: &UnnamedType, representatives: &[usize]) -> Option<Key> {
    let name = match &item.name {
        _ if item.chosen_name.is_some() => return None,
        Some(name) if name.ends_with("Request") || name.ends_with("Body") => return None,
        Some(name) => stem(name, is_substantial(&item.shape)),
        None if item.occurrences[0].is_of_operation() => return None,
        None => names::singular(&item.occurrences[0].word),
    };
    let target = |schema: &Schema<usize>| schema.map(&|index| end(representatives, *index));
    match &item.shape {
        Shape::Struct { fields, additional } if !fields.is_empty() => {
            let fields = fields
                .iter()
                .map(|(name, schema)| (name.clone(), target(schema)));
            let shape = Shape::Struct {
                fields: fields.collect(),
                additional: additional.as_ref().map(target),
            };
            Some((name, shape))
        }
        Shape::Struct { .. } => None,
        Shape::Enum(values) => {
            let mut values = values.clone();
            values.sort();
            let is_long = values.len() >= LONG_LIST;
            let name = if is_long { String::new() } else { name };
            Some((name, Shape::Enum(values)))
        }
    }
}

/// Whether a struct contains other types or many fields, rather than a few flags.
fn is_substantial(shape: &Shape) -> bool {
    match shape {
        Shape::Struct { fields, .. } => {
            fields.len() > 5 || fields.iter().any(|(_, schema)| schema.named().is_some())
        }
        Shape::Enum(_) => false,
    }
}

/// A name without suffixes and, in replies that are not just flags, without verbs.
fn stem(name: &str, is_substantial: bool) -> String {
    let mut stem = name;
    let without_verbs = is_substantial && stem.ends_with("Response");
    while let Some(rest) = SUFFIXES
        .iter()
        .find_map(|suffix| stem.strip_suffix(suffix).filter(|rest| !rest.is_empty()))
    {
        stem = rest;
    }
    let is_word = |rest: &&str| rest.starts_with(|first: char| first.is_ascii_uppercase());
    while let Some(rest) = VERBS
        .iter()
        .filter(|_| without_verbs)
        .find_map(|verb| stem.strip_prefix(verb).filter(is_word))
    {
        stem = rest;
    }
    stem.to_owned()
}
