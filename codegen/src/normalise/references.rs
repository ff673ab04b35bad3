//! References: following them, and making sure that they lead somewhere.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::fault::{At, Fault};
use crate::json::{self, Object};

const REMEDY: &str =
    "add the component in the module's overlay, or run `cargo xtask regen` for the module";

/// Follows a reference to a component of the given section, as often as there is one. Returns where it ends and how
/// many hops it took.
pub(crate) fn follow<'a>(
    components: &'a Value,
    section: &str,
    value: &'a Value,
    at: &At<'_>,
) -> Result<(&'a Value, usize), Fault> {
    let (mut here, mut hops) = (value, 0);
    while let Some(reference) = here.get("$ref") {
        let target = reference
            .as_str()
            .and_then(|r| r.strip_prefix("#/components/"))
            .and_then(|r| r.strip_prefix(section))
            .and_then(|r| r.strip_prefix('/'))
            .and_then(|name| components.get(section)?.get(name));
        here = target.ok_or_else(|| at.fault(format!("{reference} leads nowhere"), REMEDY))?;
        hops += 1;
        if hops > 32 {
            return Err(at.fault(format!("{reference} leads round in a circle"), REMEDY));
        }
    }
    Ok((here, hops))
}

/// Checks that every schema reference leads to a schema, and that no chain of bare references or of `allOf` members
/// comes back to where it began: such a schema has no content.
pub(super) fn check(document: &Value, at: &At<'_>) -> Result<(), Fault> {
    let empty = Object::new();
    let schemas = document
        .pointer("/components/schemas")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let mut targets: BTreeMap<&str, String> = BTreeMap::new();
    collect(document, String::new(), &mut targets);
    for (name, pointer) in targets {
        if !schemas.contains_key(name) {
            return Err(Fault {
                pointer,
                ..at.fault(format!("there is no schema `{name}`"), REMEDY)
            });
        }
    }
    let components_at = at.key("components");
    let schemas_at = components_at.key("schemas");
    let mut done = std::collections::BTreeSet::new();
    for name in schemas.keys() {
        circle(
            name,
            schemas,
            &mut Vec::new(),
            &mut done,
            &schemas_at.key(name),
        )?;
    }
    Ok(())
}

fn collect<'a>(value: &'a Value, pointer: String, targets: &mut BTreeMap<&'a str, String>) {
    match value {
        Value::Object(map) => {
            if let Some(name) =
                json::text(map, "$ref").and_then(|r| r.strip_prefix("#/components/schemas/"))
            {
                targets
                    .entry(name)
                    .or_insert_with(|| format!("{pointer}/$ref"));
            }
            for (key, inner) in map {
                collect(inner, format!("{pointer}/{}", json::escape(key)), targets);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                collect(inner, format!("{pointer}/{index}"), targets);
            }
        }
        _ => {}
    }
}

/// The names to which a schema is equal or of which it is a part: what it refers to with nothing between.
fn equals<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
    let Some(map) = schema.as_object() else {
        return;
    };
    if let Some(name) =
        json::text(map, "$ref").and_then(|r| r.strip_prefix("#/components/schemas/"))
    {
        found.push(name);
    }
    for key in ["allOf", "oneOf", "anyOf"] {
        json::items(map, key).for_each(|part| equals(part, found));
    }
}

fn circle<'a>(
    name: &'a str,
    schemas: &'a Object,
    path: &mut Vec<&'a str>,
    done: &mut std::collections::BTreeSet<&'a str>,
    at: &At<'_>,
) -> Result<(), Fault> {
    if done.contains(name) {
        return Ok(());
    }
    if path.contains(&name) {
        return Err(at.fault(
            format!(
                "the schema is made of itself: {} -> {name}",
                path.join(" -> ")
            ),
            "break the circle in the module's overlay",
        ));
    }
    if path.len() > 200 {
        return Err(at.fault(
            "a chain of more than 200 references",
            "shorten it in the module's overlay",
        ));
    }
    path.push(name);
    let mut next = Vec::new();
    if let Some(schema) = schemas.get(name) {
        equals(schema, &mut next);
    }
    for name in next {
        circle(name, schemas, path, done, at)?;
    }
    path.pop();
    done.insert(name);
    Ok(())
}
