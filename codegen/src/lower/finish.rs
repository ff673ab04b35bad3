//! The last step: what was met gets its names, and the document is put together.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    Enum, Field, Lowered, Lowering, OURS, Pending, Shape, Struct, component_of, description, same,
};
use crate::json::{self, Object};
use crate::names;
use crate::table::Operation;

impl Lowering<'_> {
    /// Names what is pending, and puts the document together.
    pub(super) fn finish(self, paths: Object, mut taken: BTreeSet<String>) -> Lowered {
        let of = same::representatives(&self.pending);
        let mut groups: BTreeMap<usize, Vec<&Pending>> = BTreeMap::new();
        for (index, pending) in self.pending.iter().enumerate() {
            groups.entry(of[index]).or_default().push(pending);
        }
        let mut counts = self.counts;
        let merged = self.pending.len() - groups.len();
        if merged > 0 {
            counts.insert("types_merged", merged);
        }
        // A word that several recurring shapes claim helps nobody: it is given only where one claims it.
        let mut claims: BTreeMap<String, usize> = BTreeMap::new();
        for group in groups.values() {
            if let Some(word) = recurring_word(group) {
                *claims.entry(word).or_default() += 1;
            }
        }
        let mut names: BTreeMap<usize, String> = BTreeMap::new();
        for (&index, group) in &groups {
            let name = same::name(group, &mut taken).unwrap_or_else(|| {
                let short = recurring_word(group)
                    .filter(|word| claims.get(word) == Some(&1) && !taken.contains(word));
                let contexts = group.iter().map(|pending| pending.met[0].0.as_str());
                let context = contexts.min_by_key(|context| context.len());
                let name = names::type_name(short.as_deref().or(context).unwrap_or_default());
                names::unique(&name, &mut taken)
            });
            names.insert(index, name);
        }
        let final_names: Vec<String> = of.iter().map(|index| names[index].clone()).collect();
        let mut lowered = Lowered {
            document: Value::Null,
            structs: BTreeMap::new(),
            enums: BTreeMap::new(),
            counts,
        };
        let mut schemas: Object = OURS
            .into_iter()
            .map(|name| (name.to_owned(), json!({ "type": "string" })))
            .collect();
        for (index, name) in &names {
            let pending = &self.pending[*index];
            match &pending.shape {
                Shape::Struct(fields, others) => {
                    let (shape, mut schema) = structure(pending, fields, &final_names);
                    if let Some(mut others) = others.clone() {
                        name_references(&mut others, &final_names);
                        schema["additionalProperties"] = others;
                    }
                    schemas.insert(name.clone(), schema);
                    lowered.structs.insert(name.clone(), shape);
                }
                Shape::Enum(values) => {
                    let mut taken = BTreeSet::from(["Unrecognized".to_owned()]);
                    let variants = values
                        .iter()
                        .map(|wire| {
                            (
                                names::unique(&names::variant(wire), &mut taken),
                                wire.clone(),
                            )
                        })
                        .collect();
                    // The generator is told to leave enums to us, so that one value stands for all.
                    schemas.insert(name.clone(), json!({ "type": "string", "enum": ["value"] }));
                    lowered.enums.insert(
                        name.clone(),
                        Enum {
                            alias: pending.alias.clone(),
                            variants,
                        },
                    );
                }
            }
        }
        let mut document = json!({
            "openapi": "3.0.3",
            "info": { "title": "lowered", "version": "1" },
            "paths": paths,
            "components": { "schemas": schemas },
        });
        name_references(&mut document, &final_names);
        prune(&mut document);
        if let Some(kept) = document
            .pointer("/components/schemas")
            .and_then(Value::as_object)
        {
            lowered.structs.retain(|name, _| kept.contains_key(name));
            lowered.enums.retain(|name, _| kept.contains_key(name));
        }
        lowered.document = document;
        lowered
    }
}

/// The word under which an inline type was met most, if that was more than once.
fn recurring_word(group: &[&Pending]) -> Option<String> {
    if group.iter().any(|pending| pending.name.is_some()) {
        return None;
    }
    let mut words: Vec<(String, usize)> = Vec::new();
    for (_, word) in group.iter().flat_map(|pending| &pending.met) {
        let word = if group.len() > 1 {
            names::singular(word)
        } else {
            word.clone()
        };
        match words.iter_mut().find(|(known, _)| *known == word) {
            Some((_, times)) => *times += 1,
            None => words.push((word, 1)),
        }
    }
    // Of several that were met as often the first.
    let (word, times) = words.into_iter().rev().max_by_key(|(_, times)| *times)?;
    (times > 1 && word.len() > 3).then_some(word)
}

fn structure(
    pending: &Pending,
    fields: &[(String, Value)],
    final_names: &[String],
) -> (Struct, Value) {
    let wires: Vec<&str> = fields.iter().map(|(wire, _)| wire.as_str()).collect();
    let idents = names::fields(&wires);
    let mut shape = Struct {
        alias: pending.alias.clone(),
        description: pending.description.clone(),
        fields: BTreeMap::new(),
    };
    let mut properties = Object::new();
    let required: Vec<&str> = pending
        .source
        .as_object()
        .map(|map| {
            json::items(map, "required")
                .filter_map(Value::as_str)
                .collect()
        })
        .unwrap_or_default();
    for (index, (wire, lowered)) in fields.iter().enumerate() {
        let mut lowered = lowered.clone();
        name_references(&mut lowered, final_names);
        let property = pending
            .source
            .get("properties")
            .and_then(|properties| properties.get(wire));
        let name = format!("f{index}");
        shape.fields.insert(
            name.clone(),
            Field {
                ident: idents[index].clone(),
                wire: wire.clone(),
                description: property.and_then(description),
                deprecated: property
                    .and_then(Value::as_object)
                    .is_some_and(|property| json::flag(property, "deprecated")),
                required: required.contains(&wire.as_str()),
            },
        );
        properties.insert(name, lowered);
    }
    (shape, json!({ "type": "object", "properties": properties }))
}

fn name_references(value: &mut Value, final_names: &[String]) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(target)) = map.get_mut("$ref")
                && let Some(index) = target
                    .strip_prefix("#/components/schemas/@")
                    .and_then(|index| index.parse::<usize>().ok())
                && let Some(name) = final_names.get(index)
            {
                *target = format!("#/components/schemas/{name}");
            }
            map.iter_mut()
                .for_each(|(_, inner)| name_references(inner, final_names));
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|inner| name_references(inner, final_names)),
        _ => {}
    }
}

/// The components that a schema refers to.
fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            found.extend(component_of(value).map(str::to_owned));
            map.values().for_each(|inner| collect(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| collect(inner, found)),
        _ => {}
    }
}

/// The components to which these lead, themselves among them.
fn reached(document: &Value, mut queue: Vec<String>) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    while let Some(name) = queue.pop() {
        if let Some(schema) = document["components"]["schemas"].get(&name)
            && reached.insert(name)
        {
            collect(schema, &mut queue);
        }
    }
    reached
}

/// Takes out the schemas to which no operation leads, such as those of parameters that are sent as text.
fn prune(document: &mut Value) {
    let mut queue = Vec::new();
    collect(&document["paths"], &mut queue);
    let reached = reached(document, queue);
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.retain(|name, _| reached.contains(name));
    }
}

impl Lowered {
    /// The names of the types that the body of an operation is made of directly.
    pub(crate) fn request_model(&self, operation: &Operation) -> Vec<String> {
        let mut found = Vec::new();
        let operations = self.document["paths"].as_object().into_iter();
        let operations = operations.flat_map(|paths| paths.values());
        for lowered in operations.filter_map(|item| item.get(&operation.method)) {
            if lowered["operationId"] == operation.name.as_str() {
                collect(&lowered["requestBody"], &mut found);
            }
        }
        found
    }

    /// The names of the types to which these lead, themselves among them.
    pub(crate) fn reached(&self, names: Vec<String>) -> BTreeSet<String> {
        reached(&self.document, names)
    }
}
