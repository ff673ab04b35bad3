//! One type for all schemas to which an overlay gives the same name.
//!
//! The platform's file describes an entity once for each operation that returns it, with more or
//! fewer fields. `x-hoopai-name` joins these schemas: the type has the fields of all of them. Types
//! that requests send are joined only if their fields are equal, because the platform rejects fields
//! that an operation does not declare.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::chosen_names::EXTENSION;
use super::merge;
use super::types::{OperationSchemas, Schema, Shape, UnnamedType};
use crate::attention::Attention;
use crate::error::{FileError, SourcePointer};

/// Joins types of equal chosen names, with the types within them. `representatives` has for each
/// type the index of the one that represents it.
pub(super) fn join(
    types: &mut [UnnamedType],
    representatives: &mut [usize],
    operations: &[OperationSchemas<usize>],
    chosen: &BTreeMap<String, Vec<String>>,
    at: &SourcePointer<'_>,
) -> Result<Vec<Attention>, FileError> {
    let mut attention = Vec::new();
    // A field that conflicts in several schemas has one entry.
    let mut conflicts = BTreeMap::new();
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let mut pairs = Vec::new();
    for (index, item) in types.iter().enumerate() {
        if let Some(name) = &item.chosen_name {
            let first = *first.entry(name.clone()).or_insert(index);
            pairs.push((name.clone(), first, index));
        }
    }
    let mut join = Join {
        sent: sent_types(types, operations),
        representatives,
        types,
        conflicts: BTreeMap::new(),
        widened: BTreeSet::new(),
    };
    for (name, one, other) in pairs {
        let last = chosen.get(&name).and_then(|pointers| pointers.last());
        let pointer = last.map_or(String::new(), |last| format!("{last}/{EXTENSION}"));
        join.types(one, other, "").map_err(|conflict| {
            let [one, other] = [one, other].map(|index| join.types[index].path());
            FileError {
                pointer: pointer.clone(),
                ..at.error(
                    format!("the schemas {one} and {other} are both named `{name}`, but {conflict}"),
                    "correct one of them in the module's overlay, or give one another `x-hoopai-name`",
                )
            }
        })?;
        for (field, conflict) in std::mem::take(&mut join.conflicts) {
            let known = conflicts
                .entry((pointer.clone(), field))
                .or_insert_with(|| {
                    let paths = [one, other].map(|index| join.types[index].path().to_string());
                    (name.clone(), paths, conflict.clone())
                });
            known.2.joined = conflict.joined;
        }
    }
    for ((pointer, field), (name, [one, other], conflict)) in conflicts {
        let problem = format!(
            "the schemas {one} and {other} are both named `{name}`, but field `{field}` {}",
            conflict.problem
        );
        let remedy = "give the field one type in the module's overlay, or accept this one";
        let error = FileError {
            pointer,
            ..at.error(problem, remedy)
        };
        let done = format!("the field is {}", conflict.joined);
        attention.push(Attention::new(error, done, None));
    }
    for index in 0..join.types.len() {
        join.representatives[index] = join.end(index);
    }
    Ok(attention)
}

/// The types that request bodies contain.
fn sent_types(types: &[UnnamedType], operations: &[OperationSchemas<usize>]) -> BTreeSet<usize> {
    let bodies = operations.iter().filter_map(|schemas| schemas.request());
    let mut queue: Vec<usize> = bodies.copied().collect();
    let mut found = BTreeSet::new();
    while let Some(index) = queue.pop() {
        if found.insert(index)
            && let Shape::Struct { fields, additional } = &types[index].shape
        {
            let schemas = fields.iter().map(|(_, schema)| schema).chain(additional);
            queue.extend(schemas.filter_map(Schema::named));
        }
    }
    found
}

struct Join<'a> {
    types: &'a mut [UnnamedType],
    representatives: &'a mut [usize],
    sent: BTreeSet<usize>,
    /// The fields whose types differ, by path.
    conflicts: BTreeMap<String, Conflict>,
    /// The fields that are any JSON because of a conflict, by type and name. They stay so, although
    /// other types are narrower.
    widened: BTreeSet<(usize, String)>,
}

/// Types of a field that are not one, and the type that holds the values of both.
#[derive(Clone)]
struct Conflict {
    problem: String,
    joined: String,
}

impl Join<'_> {
    fn end(&self, mut index: usize) -> usize {
        while self.representatives[index] != index {
            index = self.representatives[index];
        }
        index
    }

    /// Joins two types, or returns why they are not one. `field` is the path of the field that has
    /// them, empty for the types that an overlay names.
    fn types(&mut self, one: usize, other: usize, field: &str) -> Result<(), String> {
        let (one, other) = (self.end(one), self.end(other));
        if one == other {
            return Ok(());
        }
        let (one, other) = (one.min(other), one.max(other));
        let subject = match field {
            "" => "they".to_owned(),
            _ => format!("the schemas of field `{field}`"),
        };
        let names = [one, other].map(|index| self.types[index].chosen_name.clone());
        if let [Some(a), Some(b)] = &names
            && a != b
        {
            return Err(format!("{subject} are named `{a}` and `{b}`"));
        }
        let sent = [one, other].iter().any(|index| self.sent.contains(index));
        match (
            self.types[one].shape.clone(),
            self.types[other].shape.clone(),
        ) {
            (Shape::Enum(mut values), Shape::Enum(others)) => {
                for value in others {
                    if !values.contains(&value) {
                        values.push(value);
                    }
                }
                self.types[one].shape = Shape::Enum(values);
                self.represent(one, other, names);
            }
            (
                Shape::Struct { fields, additional },
                Shape::Struct {
                    fields: others,
                    additional: other_additional,
                },
            ) => {
                if sent && let Some(name) = difference(&fields, &others) {
                    return Err(format!(
                        "{subject} are sent in requests, and only one has the field `{name}`"
                    ));
                }
                self.represent(one, other, names);
                let mut all = fields.clone();
                let known = |name: &String| fields.iter().any(|(field, _)| field == name);
                all.extend(others.iter().filter(|(name, _)| !known(name)).cloned());
                self.types[one].shape = Shape::Struct {
                    fields: all,
                    additional: additional.clone().or(other_additional.clone()),
                };
                for (name, schema) in &others {
                    let Some((_, known)) = fields.iter().find(|(field, _)| field == name) else {
                        continue;
                    };
                    if self.widened.contains(&(one, name.clone())) {
                        continue;
                    }
                    if self.widened.contains(&(other, name.clone())) {
                        self.widened.insert((one, name.clone()));
                        self.set_field(one, name, schema.clone());
                        continue;
                    }
                    let path = match field {
                        "" => name.clone(),
                        _ => format!("{field}.{name}"),
                    };
                    let joined = self.schemas(known, schema, sent, &path);
                    if is_any(&joined) && self.conflicts.contains_key(&path) {
                        self.widened.insert((one, name.clone()));
                    }
                    self.set_field(one, name, joined);
                }
                if let (Some(a), Some(b)) = (&additional, &other_additional) {
                    let joined = self.schemas(a, b, sent, &format!("{field}.*"));
                    if let Shape::Struct { additional, .. } = &mut self.types[one].shape {
                        *additional = Some(joined);
                    }
                }
            }
            _ => return Err(format!("{subject} are an object and a list of values")),
        }
        Ok(())
    }

    fn set_field(&mut self, index: usize, name: &str, schema: Schema<usize>) {
        let index = self.end(index);
        if let Shape::Struct { fields, .. } = &mut self.types[index].shape
            && let Some(field) = fields.iter_mut().find(|(field, _)| field == name)
        {
            field.1 = schema;
        }
    }

    /// Makes `one` represent `other`, with its texts.
    fn represent(&mut self, one: usize, other: usize, names: [Option<String>; 2]) {
        self.representatives[other] = one;
        if self.sent.contains(&other) {
            self.sent.insert(one);
        }
        let (head, tail) = self.types.split_at_mut(other);
        let (one, other) = (&mut head[one], &tail[0]);
        let [name, other_name] = names;
        one.chosen_name = name.or(other_name);
        if one.description.is_none() {
            one.description.clone_from(&other.description);
        }
        add_fields(&mut one.source, &other.source);
        merge::add_descriptions(&mut one.source, &other.source);
    }

    /// Joins the types of a field. Of types that differ, replies have the narrower one, because they
    /// decode from any form. If neither is narrower, or requests send the field, the joined type is
    /// the wider one, or else any JSON, and the conflict is listed.
    fn schemas(
        &mut self,
        one: &Schema<usize>,
        other: &Schema<usize>,
        sent: bool,
        field: &str,
    ) -> Schema<usize> {
        let ended = |schema: &Schema<usize>| schema.map(&|index| self.end(*index));
        let (one, other) = (ended(one), ended(other));
        if one == other {
            return one;
        }
        match (&one, &other) {
            (Schema::Named(a), Schema::Named(b)) => {
                return match self.types(*a, *b, field) {
                    Ok(()) => Schema::Named(self.end(*a)),
                    Err(problem) => {
                        self.conflict(field, format!("cannot be joined: {problem}"), Schema::Any)
                    }
                };
            }
            (Schema::List(a), Schema::List(b)) => {
                return Schema::List(Box::new(self.schemas(a, b, sent, field)));
            }
            (Schema::Map(a), Schema::Map(b)) => {
                return Schema::Map(Box::new(self.schemas(a, b, sent, field)));
            }
            // Replies are decoded from any wire form.
            (Schema::Runtime(a), Schema::Runtime(b)) if !sent && a.name() == b.name() => {
                return one;
            }
            _ => {}
        }
        let ordered = [(&one, &other), (&other, &one)]
            .into_iter()
            .find(|(narrow, wide)| self.is_narrower(narrow, wide));
        let joined = match ordered {
            Some((narrow, _)) if !sent => return narrow.clone(),
            // A fraction holds any whole number.
            Some((Schema::Number, Schema::Integer)) => Schema::Number,
            Some((_, wide)) => wide.clone(),
            None => Schema::Any,
        };
        // Of the kinds in the order of their names, so that the order of the schemas is irrelevant.
        let mut kinds = [self.kind(&one), self.kind(&other)];
        kinds.sort();
        let [first, second] = kinds;
        self.conflict(
            field,
            format!("is {first} in one and {second} in another"),
            joined,
        )
    }

    /// Lists the first conflict of a field. Returns the joined type.
    fn conflict(&mut self, field: &str, problem: String, joined: Schema<usize>) -> Schema<usize> {
        let conflict = Conflict {
            problem,
            joined: self.kind(&joined),
        };
        self.conflicts.entry(field.to_owned()).or_insert(conflict);
        joined
    }

    /// Whether all values of `narrow` are values of `wide`. Replies with other values still decode.
    fn is_narrower(&self, narrow: &Schema<usize>, wide: &Schema<usize>) -> bool {
        match (narrow, wide) {
            (_, Schema::Any)
            | (Schema::Map(_), Schema::Object)
            | (Schema::Runtime(_), Schema::String | Schema::Number | Schema::Integer)
            // Not narrower, but a fraction holds any whole number.
            | (Schema::Number, Schema::Integer) => true,
            (Schema::Named(index), Schema::String) => {
                matches!(self.types[*index].shape, Shape::Enum(_))
            }
            (Schema::Named(index), Schema::Object) => {
                matches!(self.types[*index].shape, Shape::Struct { .. })
            }
            (Schema::List(narrow), Schema::List(wide)) => self.is_narrower(narrow, wide),
            _ => false,
        }
    }

    fn kind(&self, schema: &Schema<usize>) -> String {
        match schema {
            Schema::Any => "any JSON".to_owned(),
            Schema::String => "a string".to_owned(),
            Schema::Integer => "an integer".to_owned(),
            Schema::Number => "a number".to_owned(),
            Schema::Boolean => "a boolean".to_owned(),
            Schema::Object => "an object".to_owned(),
            Schema::Runtime(runtime) => format!("a {}", runtime.name()),
            Schema::List(items) => format!("a list of items, each {}", self.kind(items)),
            Schema::Map(values) => format!("a map of values, each {}", self.kind(values)),
            Schema::Named(index) => match self.types[*index].shape {
                Shape::Struct { .. } => format!("the object {}", self.types[*index].path()),
                Shape::Enum(_) => format!("one of the values of {}", self.types[*index].path()),
            },
        }
    }
}

/// Whether a type, or that of its items, is any JSON.
fn is_any(schema: &Schema<usize>) -> bool {
    match schema {
        Schema::List(items) | Schema::Map(items) => is_any(items),
        other => *other == Schema::Any,
    }
}

type Fields = [(String, Schema<usize>)];

/// A field that only one of two types has.
fn difference<'a>(one: &'a Fields, other: &'a Fields) -> Option<&'a str> {
    let missing = |from: &'a Fields, names: &'a Fields| {
        let mut names = names.iter().map(|(name, _)| name);
        names.find(|name| !from.iter().any(|(field, _)| field == *name))
    };
    let name = missing(one, other).or_else(|| missing(other, one))?;
    Some(name)
}

/// Adds the fields of `other` that `source` lacks. A field is required if both require it.
fn add_fields(source: &mut Value, other: &Value) {
    let both: Vec<Value> = required(source)
        .filter(|name| required(other).any(|other| other == *name))
        .cloned()
        .collect();
    if let Some(source) = source.as_object_mut() {
        source.insert("required".to_owned(), Value::from(both));
        let properties = source.entry("properties").or_insert_with(|| json!({}));
        let others = other.get("properties").and_then(Value::as_object);
        if let (Some(properties), Some(others)) = (properties.as_object_mut(), others) {
            for (name, field) in others {
                properties
                    .entry(name.as_str())
                    .or_insert_with(|| field.clone());
            }
        }
    }
}

fn required(source: &Value) -> impl Iterator<Item = &Value> {
    let required = source.get("required").and_then(Value::as_array);
    required.into_iter().flatten()
}
