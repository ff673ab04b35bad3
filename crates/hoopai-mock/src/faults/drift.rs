//! Good replies that stray from their schema, in the ways in which the platform's were seen to.

use serde_json::{Map, Value, json};

use crate::interface::Operation;

/// How a good reply strays from its schema. All but [`Empty`](Self::Empty) leave it JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Drift {
    /// `null` where there was a value.
    Null,
    /// A field is not there.
    Missing,
    /// A field that no file names.
    Extra,
    /// `"false"` for `false`, a number as string, a string as number.
    Scalar,
    /// A list where there was an object, or the other way round.
    Container,
    /// A value that the enum does not list; nothing where the reply has no enum.
    EnumValue,
    /// The whole reply in an envelope, so that none of its root keys is known.
    Envelope,
    /// No body at all.
    Empty,
    /// Any of those that leave it JSON.
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

/// Strays in one to three places, which the seed chooses, or in the one that is given. Whether anything changed.
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
        .any(|kind| stray(body, operation, kind, at, &mut rng))
}

fn stray(
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
    let mut sites = Vec::new();
    let schema = operation.and_then(|operation| {
        let (_, schema) = operation.reply.content.as_ref()?;
        Some((operation, schema))
    });
    collect(
        body,
        &schema.into_iter().collect::<Vec<_>>(),
        kind,
        String::new(),
        &mut sites,
    );
    match at {
        Some(at) => sites.retain(|site| site == at),
        None => {
            rng.shuffle(&mut sites);
            sites.truncate(rng.usize(1..=3));
        }
    }
    let mut changed = false;
    for site in &sites {
        changed |= strike(body, kind, site, rng);
    }
    changed
}

type Schema<'a> = (&'a Operation, &'a Value);

/// Where a kind can strike, as JSON pointers.
fn collect(
    value: &Value,
    schemas: &[Schema<'_>],
    kind: Drift,
    pointer: String,
    sites: &mut Vec<String>,
) {
    let mut plain = Vec::new();
    for (operation, schema) in schemas {
        flatten(operation, schema, 0, &mut plain);
    }
    let root = pointer.is_empty();
    let fits = match kind {
        Drift::Null => !root && !value.is_null(),
        Drift::Missing => !root,
        Drift::Extra => value.is_object(),
        Drift::Scalar => value.is_boolean() || value.is_number() || value.is_string(),
        Drift::Container => value.is_object() || value.is_array(),
        Drift::EnumValue => {
            value.is_string() && plain.iter().any(|(_, schema)| schema.get("enum").is_some())
        }
        Drift::Envelope | Drift::Empty | Drift::Any => false,
    };
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let below: Vec<_> = plain
                    .iter()
                    .filter_map(|(operation, schema)| {
                        Some((*operation, schema.get("properties")?.get(name)?))
                    })
                    .collect();
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(member, &below, kind, format!("{pointer}/{name}"), sites);
            }
        }
        Value::Array(items) => {
            let below: Vec<_> = plain
                .iter()
                .filter_map(|(operation, schema)| Some((*operation, schema.get("items")?)))
                .collect();
            for (index, item) in items.iter().enumerate() {
                // An item that is missing is a shorter list, which no schema minds.
                let at = format!("{pointer}/{index}");
                let before = sites.len();
                collect(item, &below, kind, at.clone(), sites);
                if kind == Drift::Missing && sites.last() == Some(&at) && sites.len() > before {
                    sites.pop();
                }
            }
        }
        _ => {}
    }
    if fits {
        sites.push(pointer);
    }
}

/// A schema and all that it is made of, references followed.
fn flatten<'a>(
    operation: &'a Operation,
    schema: &'a Value,
    depth: usize,
    plain: &mut Vec<Schema<'a>>,
) {
    if depth > 8 {
        return;
    }
    let schema = operation.resolve(schema);
    plain.push((operation, schema));
    for part in ["allOf", "oneOf", "anyOf"] {
        let parts = schema.get(part).and_then(Value::as_array);
        for part in parts.into_iter().flatten() {
            flatten(operation, part, depth + 1, plain);
        }
    }
}

fn strike(body: &mut Value, kind: Drift, site: &str, rng: &mut fastrand::Rng) -> bool {
    if kind == Drift::Missing {
        return remove(body, site);
    }
    let Some(value) = body.pointer_mut(site) else {
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

fn remove(body: &mut Value, site: &str) -> bool {
    let Some((parent, name)) = site.rsplit_once('/') else {
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
            // A date in epoch milliseconds, as `dateOfBirth` arrives.
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
