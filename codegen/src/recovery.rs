//! Replaces or removes the smallest part of a document that an error concerns, so that the rest of
//! the module can be generated.

use serde_json::{Value, json};

use crate::error::{escape_token, pointer_tokens};

/// The number of parts of one file that may be left out.
pub(crate) const RECOVERY_LIMIT: usize = 500;

/// Keys below which a schema has one schema, a list or a map of schemas.
const SCHEMA_KEYS: [&str; 3] = ["items", "additionalProperties", "not"];
const SCHEMA_LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Changes the part at a JSON pointer. Returns what was done, or `None` if no part can be left out.
///
/// Each call makes the document smaller, so that repeated calls end.
pub(crate) fn recover(document: &mut Value, pointer: &str) -> Option<String> {
    let tokens = pointer_tokens(pointer);
    if let Some(index) = tokens
        .iter()
        .position(|token| token.starts_with("x-hoopai-"))
    {
        let name = &tokens[index];
        remove(document, &tokens[..=index]).then(|| format!("`{name}` was ignored"))
    } else {
        any_schema(document, &tokens).or_else(|| without_part(document, &tokens))
    }
}

/// Replaces the innermost schema by any JSON.
fn any_schema(document: &mut Value, tokens: &[String]) -> Option<String> {
    let any = json!({});
    let positions = (1..=tokens.len())
        .rev()
        .filter(|length| is_schema(&tokens[..*length]));
    for length in positions {
        match document.pointer_mut(&join(&tokens[..length])) {
            Some(schema) if *schema != any => {
                *schema = any;
                return Some("the schema was read as any JSON".to_owned());
            }
            _ => {}
        }
    }
    None
}

/// Whether a schema is at this position.
fn is_schema(tokens: &[String]) -> bool {
    let start = match tokens {
        [components, schemas, _, ..] if components == "components" && schemas == "schemas" => 3,
        _ => match tokens.iter().position(|token| token == "schema") {
            Some(index) => index + 1,
            None => return false,
        },
    };
    let Some(mut rest) = tokens.get(start..) else {
        return false;
    };
    loop {
        rest = match rest {
            [] => return true,
            [key, rest @ ..] if SCHEMA_KEYS.contains(&key.as_str()) => rest,
            [key, _, rest @ ..] if key == "properties" => rest,
            [key, _, rest @ ..] if SCHEMA_LISTS.contains(&key.as_str()) => rest,
            _ => return false,
        };
    }
}

/// Removes the innermost part that an operation can do without, or the operation.
fn without_part(document: &mut Value, tokens: &[String]) -> Option<String> {
    let token = |index: usize| tokens.get(index).map(String::as_str);
    let lengths = [
        (
            matches!(token(3), Some("parameters" | "responses")),
            5,
            "the part was left out",
        ),
        (
            token(3) == Some("requestBody"),
            4,
            "the request body was left out",
        ),
        (
            token(2) == Some("parameters"),
            4,
            "the parameter was left out",
        ),
        (token(0) == Some("paths"), 3, "the operation was left out"),
        (token(0) == Some("paths"), 2, "the path was left out"),
        (
            token(0) == Some("components"),
            3,
            "the component was left out",
        ),
        (
            token(0) == Some("components"),
            2,
            "the components of this kind were left out",
        ),
        (
            token(0) == Some("components"),
            1,
            "the components were left out",
        ),
    ];
    for (applies, length, done) in lengths {
        if applies && tokens.len() >= length && remove(document, &tokens[..length]) {
            return Some(done.to_owned());
        }
    }
    None
}

fn remove(document: &mut Value, tokens: &[String]) -> bool {
    let Some((last, parent)) = tokens.split_last() else {
        return false;
    };
    match document.pointer_mut(&join(parent)) {
        Some(Value::Object(map)) => map.remove(last).is_some(),
        Some(Value::Array(items)) => match last.parse::<usize>() {
            Ok(index) if index < items.len() => {
                items.remove(index);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

fn join(tokens: &[String]) -> String {
    tokens
        .iter()
        .map(|token| format!("/{}", escape_token(token)))
        .collect()
}
