//! Successful replies that deviate from their schema, as observed on the platform.

use serde_json::{Map, Value, json};

use crate::interface::Operation;
use crate::interface::schema_view::list;

/// A deviation of a reply from its schema. The reply stays JSON, except for
/// [`Empty`](Self::Empty).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Drift {
    /// `null` in place of a value.
    Null,
    /// A field is missing.
    Missing,
    /// An undeclared field.
    Extra,
    /// `"false"` for `false`, a string for a number, or a number for a string.
    Scalar,
    /// An array in place of an object, or an object in place of an array.
    Container,
    /// An unlisted enum value. A reply without enums is unchanged.
    EnumValue,
    /// The whole reply in an envelope, so that no root key is declared.
    Envelope,
    /// No body.
    Empty,
    /// Any deviation that leaves the reply JSON.
    Any,
}

const KINDS: [Drift; 7] = [
    Drift::Null,
    Drift::Missing,
    Drift::Extra,
    Drift::Scalar,
    Drift::Container,
    Drift::EnumValue,
    Drift::Envelope,
];

/// Changes a body at one to three locations that the seed chooses, or at a JSON pointer. Returns
/// whether the body changed.
pub(super) fn apply(
    body: &mut Value,
    operation: Option<&Operation>,
    kind: Drift,
    at: Option<&str>,
    seed: u64,
) -> bool {
    let mut rng = fastrand::Rng::with_seed(seed);
    let kinds: Vec<Drift> = match kind {
        Drift::Any => {
            let mut kinds = KINDS.to_vec();
            rng.shuffle(&mut kinds);
            kinds
        }
        kind => vec![kind],
    };
    kinds
        .into_iter()
        .any(|kind| apply_kind(body, operation, kind, at, &mut rng))
}

fn apply_kind(
    body: &mut Value,
    operation: Option<&Operation>,
    kind: Drift,
    at: Option<&str>,
    rng: &mut fastrand::Rng,
) -> bool {
    if kind == Drift::Envelope {
        *body = json!({ "envelope": body.take() });
        return true;
    }
    let mut pointers = Vec::new();
    let schema = operation.and_then(|operation| {
        let (_, schema) = operation.reply.content.as_ref()?;
        Some((operation, schema))
    });
    collect(
        body,
        &schema.into_iter().collect::<Vec<_>>(),
        kind,
        String::new(),
        &mut pointers,
    );
    match at {
        Some(at) => pointers.retain(|pointer| pointer == at),
        None => {
            rng.shuffle(&mut pointers);
            pointers.truncate(rng.usize(1..=3));
        }
    }
    let mut changed = false;
    for pointer in &pointers {
        changed |= change(body, kind, pointer, rng);
    }
    changed
}

type Schema<'a> = (&'a Operation, &'a Value);

/// Collects the JSON pointers at which a deviation is possible.
fn collect(
    value: &Value,
    schemas: &[Schema<'_>],
    kind: Drift,
    pointer: String,
    pointers: &mut Vec<String>,
) {
    let mut parts = Vec::new();
    for (operation, schema) in schemas {
        flatten(operation, schema, 0, &mut parts);
    }
    let root = pointer.is_empty();
    let is_possible = match kind {
        Drift::Null => !root && !value.is_null(),
        Drift::Missing => !root,
        Drift::Extra => value.is_object(),
        Drift::Scalar => value.is_boolean() || value.is_number() || value.is_string(),
        Drift::Container => value.is_object() || value.is_array(),
        Drift::EnumValue => {
            value.is_string() && parts.iter().any(|(_, schema)| schema.get("enum").is_some())
        }
        Drift::Envelope | Drift::Empty | Drift::Any => false,
    };
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let below: Vec<_> = parts
                    .iter()
                    .filter_map(|(operation, schema)| {
                        Some((*operation, schema.get("properties")?.get(name)?))
                    })
                    .collect();
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(member, &below, kind, format!("{pointer}/{name}"), pointers);
            }
        }
        Value::Array(items) => {
            let below: Vec<_> = parts
                .iter()
                .filter_map(|(operation, schema)| Some((*operation, schema.get("items")?)))
                .collect();
            for (index, item) in items.iter().enumerate() {
                // A missing item only makes the array shorter, which no schema forbids.
                let at = format!("{pointer}/{index}");
                let before = pointers.len();
                collect(item, &below, kind, at.clone(), pointers);
                if kind == Drift::Missing && pointers.last() == Some(&at) && pointers.len() > before
                {
                    pointers.pop();
                }
            }
        }
        _ => {}
    }
    if is_possible {
        pointers.push(pointer);
    }
}

/// Collects a schema and the schemas that it combines, after following references.
fn flatten<'a>(
    operation: &'a Operation,
    schema: &'a Value,
    depth: usize,
    parts: &mut Vec<Schema<'a>>,
) {
    if depth > 8 {
        return;
    }
    let schema = operation.resolve(schema);
    parts.push((operation, schema));
    for part in ["allOf", "oneOf", "anyOf"] {
        for part in list(schema, part) {
            flatten(operation, part, depth + 1, parts);
        }
    }
}

fn change(body: &mut Value, kind: Drift, pointer: &str, rng: &mut fastrand::Rng) -> bool {
    if kind == Drift::Missing {
        return remove(body, pointer);
    }
    let Some(value) = body.pointer_mut(pointer) else {
        return false;
    };
    match kind {
        Drift::Null => *value = Value::Null,
        Drift::Extra => {
            let Some(members) = value.as_object_mut() else {
                return false;
            };
            let extra = match rng.u8(0..3) {
                0 => json!("undeclared"),
                1 => json!(rng.u32(..)),
                _ => json!({ "nested": [1, "two", null] }),
            };
            members.insert(format!("undeclaredField{}", rng.u16(..)), extra);
        }
        Drift::Scalar => *value = mistyped(value, rng),
        Drift::Container => *value = other_container(value.take()),
        Drift::EnumValue => *value = format!("unlisted-{:04x}", rng.u16(..)).into(),
        Drift::Missing | Drift::Envelope | Drift::Empty | Drift::Any => return false,
    }
    true
}

fn remove(body: &mut Value, pointer: &str) -> bool {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return false;
    };
    let name = name.replace("~1", "/").replace("~0", "~");
    let parent = body.pointer_mut(parent).and_then(Value::as_object_mut);
    parent.is_some_and(|members: &mut Map<_, _>| members.remove(&name).is_some())
}

fn mistyped(value: &Value, rng: &mut fastrand::Rng) -> Value {
    match value {
        Value::String(text) => match (text.as_str(), text.parse::<i64>()) {
            ("true", _) => true.into(),
            ("false", _) => false.into(),
            (_, Ok(number)) => number.into(),
            // A date in milliseconds since 1970, as the platform sends `dateOfBirth`.
            _ => rng.u64(600_000_000_000..1_700_000_000_000).into(),
        },
        other => other.to_string().into(),
    }
}

fn other_container(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let members = items.into_iter().enumerate();
            members
                .map(|(index, item)| (index.to_string(), item))
                .collect::<Map<_, _>>()
                .into()
        }
        other => json!([other]),
    }
}
