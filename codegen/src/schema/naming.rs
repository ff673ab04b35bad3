//! Names the collected types.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::dedupe;
use super::types::{
    Enum, Field, OperationSchemas, Origin, ResolvedTypes, Schema, Shape, Struct, UnnamedType,
};
use crate::formats::fraction_reason;
use crate::json;
use crate::names;
use crate::openapi::description;

/// Merges equal types, names them, and leaves out those that no operation uses. `representatives`
/// has for each type the index of the one that represents it so far.
pub(super) fn name_types(
    types: &[UnnamedType],
    mut representatives: Vec<usize>,
    operations: &[OperationSchemas<usize>],
    mut counts: BTreeMap<&'static str, usize>,
    taken: BTreeSet<String>,
) -> ResolvedTypes {
    let used = used_types(types, &representatives, operations);
    dedupe::merge(types, &used, &mut representatives);
    let mut groups: BTreeMap<usize, Vec<&UnnamedType>> = BTreeMap::new();
    for &index in &used {
        let group = groups.entry(representatives[index]).or_default();
        group.push(&types[index]);
    }
    let merged = used.len() - groups.len();
    if merged > 0 {
        counts.insert("types_merged", merged);
    }
    let group_names = Names::new(types, &groups, &representatives, taken).all();
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
                    origin: origin(name, item, &groups[index]),
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
                    origin: origin(name, item, &groups[index]),
                    variants: values.iter().map(variant).collect(),
                };
                resolved.enums.insert(name.clone(), item);
            }
        }
    }
    resolved
}

/// The indices of the types that operations use, and of those that represent them.
fn used_types(
    types: &[UnnamedType],
    representatives: &[usize],
    operations: &[OperationSchemas<usize>],
) -> BTreeSet<usize> {
    let schemas = operations.iter().flat_map(OperationSchemas::all);
    let mut queue: Vec<usize> = schemas.filter_map(Schema::named).copied().collect();
    let mut found = BTreeSet::new();
    while let Some(index) = queue.pop() {
        if !found.insert(index) {
            continue;
        }
        queue.push(representatives[index]);
        if let Shape::Struct { fields, additional } = &types[index].shape {
            let schemas = fields.iter().map(|(_, schema)| schema).chain(additional);
            queue.extend(schemas.filter_map(Schema::named));
        }
    }
    found
}

fn origin(name: &str, item: &UnnamedType, group: &[&UnnamedType]) -> Origin {
    let mut aliases: Vec<String> = Vec::new();
    for component in group.iter().filter_map(|item| item.component.as_ref()) {
        if component != name && !aliases.contains(component) {
            aliases.push(component.clone());
        }
    }
    Origin {
        aliases,
        fields_path: item.fields_path().to_owned(),
    }
}

/// Assigns names to groups of equal types. Chosen names come first, then those of components, then
/// those of inline types, which contain the name of their parent.
struct Names<'a> {
    types: &'a [UnnamedType],
    groups: &'a BTreeMap<usize, Vec<&'a UnnamedType>>,
    representatives: &'a [usize],
    taken: BTreeSet<String>,
    names: BTreeMap<usize, String>,
    /// The groups whose names are being made, so that a type within itself ends.
    open: BTreeSet<usize>,
    /// The number of groups in which a word recurs.
    claims: BTreeMap<String, usize>,
}

impl<'a> Names<'a> {
    fn new(
        types: &'a [UnnamedType],
        groups: &'a BTreeMap<usize, Vec<&'a UnnamedType>>,
        representatives: &'a [usize],
        taken: BTreeSet<String>,
    ) -> Self {
        let mut claims: BTreeMap<String, usize> = BTreeMap::new();
        for word in groups.values().filter_map(|group| recurring_word(group)) {
            *claims.entry(word).or_default() += 1;
        }
        Self {
            types,
            groups,
            representatives,
            taken,
            names: BTreeMap::new(),
            open: BTreeSet::new(),
            claims,
        }
    }

    fn all(mut self) -> BTreeMap<usize, String> {
        for (&index, group) in self.groups {
            let name = match &self.types[index].chosen_name {
                Some(name) => Some(name.clone()),
                None => dedupe::component_name(group, &mut self.taken),
            };
            self.names.extend(name.map(|name| (index, name)));
        }
        for &index in self.groups.keys() {
            self.name(index);
        }
        self.names
    }

    /// The name of a group. Only the groups of inline types have none at the start.
    fn name(&mut self, index: usize) -> String {
        if let Some(name) = self.names.get(&index) {
            return name.clone();
        }
        let group = &self.groups[&index];
        let word = recurring_word(group).filter(|word| {
            self.claims.get(word) == Some(&1)
                && !self.taken.contains(word)
                && !names::is_generic(word)
        });
        let name = match word {
            Some(word) => word,
            None if self.open.insert(index) => {
                let name = self.name_in_parent(index);
                self.open.remove(&index);
                name
            }
            None => group[0].occurrences[0].segment.clone(),
        };
        let name = names::unique(&names::type_name(&name), &mut self.taken);
        self.names.insert(index, name.clone());
        name
    }

    /// A name from the positions of the group: the shortest one that is free.
    fn name_in_parent(&mut self, index: usize) -> String {
        let is_enum = matches!(self.types[index].shape, Shape::Enum(_));
        let group = &self.groups[&index];
        let mut candidates: Vec<(usize, usize, String)> = Vec::new();
        for occurrence in group.iter().flat_map(|item| &item.occurrences) {
            let names = match occurrence.parent {
                None => names::in_operation(&occurrence.segment, &occurrence.word, is_enum),
                Some(parent) => {
                    let parent = self.representatives[parent];
                    if !self.groups.contains_key(&parent) {
                        continue;
                    }
                    let parent = self.name(parent);
                    names::in_parent(&parent, &occurrence.segment, is_enum)
                }
            };
            let names = names.into_iter().enumerate();
            candidates.extend(names.map(|(rank, name)| (rank, name.len(), name)));
        }
        candidates.sort();
        let free = candidates
            .iter()
            .find(|(.., name)| !self.taken.contains(name));
        let name = free.or(candidates.first());
        name.map_or_else(
            || group[0].occurrences[0].segment.clone(),
            |(.., name)| name.clone(),
        )
    }
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
