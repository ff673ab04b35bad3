//! Finds where a value deviates from its schema, and the overlay action that would correct it.

use serde_json::{Map, Value, json};

use super::masked;
use crate::interface::Operation;
use crate::interface::schema_view::{alternatives, list, nullable, object, parts, text};

/// The largest depth of a value.
const DEPTH: usize = 64;

/// A deviation, and the action that corrects the interface, if one does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Deviation {
    /// What deviates: a sentence without values.
    pub(super) sentence: String,
    pub(super) action: Option<Action>,
}

/// An action of an overlay.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Action {
    /// The JSONPath of a node.
    pub(super) target: String,
    /// What is merged into the node, as JSON.
    pub(super) update: String,
}

impl Deviation {
    /// A deviation that no action corrects.
    pub(super) fn plain(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            action: None,
        }
    }

    pub(super) fn with_action(sentence: String, target: String, update: &Value) -> Self {
        let update = update.to_string();
        Self {
            sentence,
            action: Some(Action { target, update }),
        }
    }
}

/// Returns the JSONPath of an operation.
pub(super) fn target_of(operation: &Operation) -> String {
    let method = operation.method.as_str().to_lowercase();
    format!("$.paths{}.{method}", step(&operation.path))
}

/// Returns a step of a JSONPath in brackets.
pub(super) fn step(name: &str) -> String {
    format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A schema in a document: the JSONPath of a node that the platform's file surely has, and the keys
/// that lead on from there. Merging creates nodes that only the effective document has.
#[derive(Clone)]
struct Place {
    target: String,
    keys: Vec<String>,
}

impl Place {
    fn of(target: String) -> Self {
        let keys = Vec::new();
        Self { target, keys }
    }

    fn below(&self, keys: &[&str]) -> Self {
        let mut place = self.clone();
        place.keys.extend(keys.iter().map(|&key| key.to_owned()));
        place
    }

    /// The place of a part of `allOf`, which merging cannot reach.
    fn part(&self, index: usize) -> Self {
        let steps: Vec<String> = self.keys.iter().map(|key| step(key)).collect();
        Self::of(format!("{}{}.allOf[{index}]", self.target, steps.concat()))
    }

    /// The place after following the reference of a schema.
    fn resolved(self, schema: &Value) -> Self {
        match text(schema, "$ref").and_then(|reference| reference.rsplit('/').next()) {
            Some(name) => Self::of(format!("$.components.schemas{}", step(name))),
            None => self,
        }
    }

    /// The update of the target that merges a value into this place.
    fn update(&self, value: &Value) -> Value {
        let keys = self.keys.iter().rev();
        keys.fold(value.clone(), |value, key| {
            let mut object = Map::new();
            object.insert(key.clone(), value);
            Value::Object(object)
        })
    }
}

/// Finds the deviations of a value; `what` begins their sentences, and `target` is the JSONPath of
/// the schema.
pub(super) fn find(
    operation: &Operation,
    what: &str,
    target: String,
    schema: &Value,
    value: &Value,
) -> Vec<Deviation> {
    let mut finder = Finder {
        operation,
        what,
        found: Vec::new(),
    };
    finder.value("", Place::of(target), schema, value, 0);
    finder.found.sort();
    finder.found.dedup();
    finder.found
}

struct Finder<'a> {
    operation: &'a Operation,
    /// The beginning of sentences.
    what: &'a str,
    found: Vec<Deviation>,
}

impl Finder<'_> {
    fn value(&mut self, at: &str, place: Place, schema: &Value, value: &Value, depth: usize) {
        let operation = self.operation;
        if depth > DEPTH {
            return;
        }
        let place = place.resolved(schema);
        let own = operation.resolve(schema);
        if value.is_null() {
            let is_typed = own.get("type").is_some() || own.get("properties").is_some();
            if is_typed && !nullable(operation, schema) {
                self.add(at, "is null", &place, &json!({ "nullable": true }));
            }
            return;
        }
        if let Some(expected) = text(own, "type")
            && !is_of(expected, value)
        {
            let kind = kind(value);
            let problem = format!("is {kind}, and not {expected}");
            self.add(at, &problem, &place, &json!({ "type": kind }));
            return;
        }
        let listed = list(own, "enum");
        if !listed.is_empty() && !listed.contains(value) {
            let problem = "has a value that the enum does not list; look it up, and add it";
            let deviation = Deviation::plain(format!("{}{} {problem}", self.what, named(at)));
            self.found.push(deviation);
            return;
        }
        match value {
            Value::Array(items) => {
                if let Some(schema) = own.get("items") {
                    let at = format!("{at}[]");
                    for item in items {
                        let place = place.below(&["items"]);
                        self.value(&at, place, schema, item, depth + 1);
                    }
                }
            }
            Value::Object(fields) => self.fields(at, &place, (schema, own), fields, depth),
            _ => {}
        }
    }

    fn fields(
        &mut self,
        at: &str,
        place: &Place,
        (schema, own): (&Value, &Value),
        fields: &Map<String, Value>,
        depth: usize,
    ) {
        let operation = self.operation;
        let parts = parts(operation, schema);
        // Which alternative a value is of is not decided here; fields of all are declared.
        let others = parts.iter().flat_map(|part| alternatives(part));
        let others: Vec<&Value> = others
            .flat_map(|other| self::parts(operation, other))
            .collect();
        let all = parts.iter().chain(&others);
        let is_open = all.clone().any(|part| {
            !matches!(
                part.get("additionalProperties"),
                None | Some(Value::Bool(false))
            )
        });
        let is_described = all.clone().any(|part| object(part, "properties").is_some());
        for (name, value) in fields {
            let at = match at {
                "" => masked::name(name).to_owned(),
                _ => format!("{at}.{}", masked::name(name)),
            };
            if let Some((place, schema)) = declared(operation, schema, place, name) {
                self.value(&at, place, schema, value, depth + 1);
                continue;
            }
            let is_declared = all
                .clone()
                .any(|part| object(part, "properties").is_some_and(|own| own.contains_key(name)));
            if is_declared || is_open || !is_described {
                continue;
            }
            let has_properties = object(own, "properties").is_some();
            if !has_properties {
                let sentence = format!("{}{} is undeclared", self.what, named(&at));
                self.found.push(Deviation::plain(sentence));
            } else if masked::is_name(name) {
                let mut properties = Map::new();
                properties.insert(name.clone(), schema_of(value));
                let update = json!({ "properties": properties });
                self.add(&at, "is undeclared", place, &update);
            } else {
                let update = json!({ "additionalProperties": true });
                self.add(&at, "is undeclared and looks like data", place, &update);
            }
        }
    }

    fn add(&mut self, at: &str, problem: &str, place: &Place, value: &Value) {
        let sentence = format!("{}{} {problem}", self.what, named(at));
        let update = place.update(value);
        let deviation = Deviation::with_action(sentence, place.target.clone(), &update);
        self.found.push(deviation);
    }
}

/// The place of a property, and its schema.
fn declared<'a>(
    operation: &'a Operation,
    schema: &'a Value,
    place: &Place,
    name: &str,
) -> Option<(Place, &'a Value)> {
    let own = operation.resolve(schema);
    if let Some(property) = object(own, "properties").and_then(|own| own.get(name)) {
        return Some((place.below(&["properties", name]), property));
    }
    let mut all = list(own, "allOf").iter().enumerate();
    all.find_map(|(index, part)| {
        let place = place.part(index).resolved(part);
        declared(operation, part, &place, name)
    })
}

/// ` field "a.b"`, or nothing for the whole body.
fn named(at: &str) -> String {
    match at {
        "" => String::new(),
        _ => format!(" field `{at}`"),
    }
}

fn is_of(expected: &str, value: &Value) -> bool {
    match (expected, kind(value)) {
        ("number", "integer") => true,
        ("integer", "number") => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        (expected, own) => expected == own,
    }
}

/// The type of a value in OpenAPI; that of null is `string`.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null | Value::String(_) => "string",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The schema of a value: its types and names, without values.
fn schema_of(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "nullable": true }),
        Value::Number(_) => json!({ "type": "number" }),
        Value::Array(items) => {
            let items = items.first().map_or_else(|| json!({}), schema_of);
            json!({ "type": "array", "items": items })
        }
        Value::Object(fields) if fields.keys().all(|name| masked::is_name(name)) => {
            let properties = fields.iter();
            let properties = properties.map(|(name, value)| (name.clone(), schema_of(value)));
            let properties: Map<String, Value> = properties.collect();
            json!({ "type": "object", "properties": properties })
        }
        Value::Object(_) => json!({ "type": "object", "additionalProperties": true }),
        value => json!({ "type": kind(value) }),
    }
}
