//! Names the collected types.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::dedupe;
use super::types::{
    Enum, Field, OperationSchemas, ResolvedTypes, Schema, Shape, Struct, UnnamedType,
};
use crate::formats::fraction_reason;
use crate::json;
use crate::names;
use crate::openapi::description;

/// Merges equal types, names them, and leaves out those that no operation uses.
pub(super) fn name_types(
    types: &[UnnamedType],
    operations: &[OperationSchemas<usize>],
    mut counts: BTreeMap<&'static str, usize>,
    mut taken: BTreeSet<String>,
) -> ResolvedTypes {
    let representatives = dedupe::representatives(types);
    let mut groups: BTreeMap<usize, Vec<&UnnamedType>> = BTreeMap::new();
    for (index, item) in types.iter().enumerate() {
        groups.entry(representatives[index]).or_default().push(item);
    }
    let merged = types.len() - groups.len();
    if merged > 0 {
        counts.insert("types_merged", merged);
    }
    // A word becomes a name only if it recurs in one group alone.
    let mut claims: BTreeMap<String, usize> = BTreeMap::new();
    for word in groups.values().filter_map(|group| recurring_word(group)) {
        *claims.entry(word).or_default() += 1;
    }
    let mut group_names: BTreeMap<usize, String> = BTreeMap::new();
    for (&index, group) in &groups {
        let name = dedupe::component_name(group, &mut taken).unwrap_or_else(|| {
            let word = recurring_word(group)
                .filter(|word| claims.get(word) == Some(&1) && !taken.contains(word));
            let contexts = group
                .iter()
                .map(|item| item.occurrences[0].context.as_str());
            let shortest = contexts.min_by_key(|context| context.len());
            let name = names::type_name(word.as_deref().or(shortest).unwrap_or_default());
            names::unique(&name, &mut taken)
        });
        group_names.insert(index, name);
    }
    let name_of = |index: &usize| group_names[&representatives[*index]].clone();
    let mut resolved = ResolvedTypes {
        structs: BTreeMap::new(),
        enums: BTreeMap::new(),
        operations: operations
            .iter()
            .map(|schemas| schemas.map(&name_of))
            .collect(),
        counts,
    };
    for (index, name) in &group_names {
        let item = &types[*index];
        match &item.shape {
            Shape::Struct { fields, additional } => {
                let additional = additional.as_ref().map(|schema| schema.map(&name_of));
                let item = Struct {
                    alias: item.alias.clone(),
                    description: item.description.clone(),
                    fields: named_fields(item, fields, &name_of),
                    additional,
                };
                resolved.structs.insert(name.clone(), item);
            }
            Shape::Enum(values) => {
                let mut taken = BTreeSet::from(["Unrecognized".to_owned()]);
                let variant = |value: &String| {
                    let name = names::unique(&names::variant(value), &mut taken);
                    (name, value.clone())
                };
                let item = Enum {
                    alias: item.alias.clone(),
                    variants: values.iter().map(variant).collect(),
                };
                resolved.enums.insert(name.clone(), item);
            }
        }
    }
    let schemas = resolved.operations.iter().flat_map(OperationSchemas::all);
    let used = resolved.reachable(schemas.filter_map(Schema::named).collect());
    resolved.structs.retain(|name, _| used.contains(name));
    resolved.enums.retain(|name, _| used.contains(name));
    resolved
}

/// The word under which an inline type occurs most often, if it occurs more than once.
fn recurring_word(group: &[&UnnamedType]) -> Option<String> {
    if group.iter().any(|item| item.name.is_some()) {
        return None;
    }
    let mut words: Vec<(String, usize)> = Vec::new();
    for occurrence in group.iter().flat_map(|item| &item.occurrences) {
        let word = if group.len() > 1 {
            names::singular(&occurrence.word)
        } else {
            occurrence.word.clone()
        };
        match words.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => words.push((word, 1)),
        }
    }
    // The first of the most frequent ones.
    let (word, count) = words.into_iter().rev().max_by_key(|(_, count)| *count)?;
    (count > 1 && word.len() > 3).then_some(word)
}

fn named_fields(
    item: &UnnamedType,
    fields: &[(String, Schema<usize>)],
    name_of: &impl Fn(&usize) -> String,
) -> Vec<Field> {
    let wire_names: Vec<&str> = fields
        .iter()
        .map(|(wire_name, _)| wire_name.as_str())
        .collect();
    let source = item.source.as_object();
    let required: Vec<&Value> = source
        .into_iter()
        .flat_map(|source| json::items(source, "required"))
        .collect();
    let field = |((wire_name, schema), ident): (&(String, Schema<usize>), String)| {
        let property = item
            .source
            .get("properties")
            .and_then(|all| all.get(wire_name));
        let object = property.and_then(Value::as_object);
        Field {
            ident,
            wire_name: wire_name.clone(),
            schema: schema.map(name_of),
            description: property.and_then(description),
            deprecated: object.is_some_and(|object| json::flag(object, "deprecated")),
            required: required.contains(&&Value::from(wire_name.as_str())),
            fraction: property.and_then(fraction_reason),
        }
    };
    fields
        .iter()
        .zip(names::fields(&wire_names))
        .map(field)
        .collect()
}
