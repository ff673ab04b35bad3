//! The reply decoder, compared with `serde_json`.

use hoopai_contacts::types::{GetContactResponse, ListContactsResponse};
use hoopai_conversations::types::{Message, SearchConversationsResponse};
use hoopai_runtime::{CallOptions, DriftKind, Method, json};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::stub_server;

/// The first byte of the input selects the type; the rest is the reply.
pub fn decode(input: &[u8]) {
    let Some((choice, reply)) = input.split_first() else {
        return;
    };
    match choice % 4 {
        0 => check::<GetContactResponse>(reply),
        1 => check::<ListContactsResponse>(reply),
        2 => check::<SearchConversationsResponse>(reply),
        _ => check::<Message>(reply),
    }
}

fn check<T: DeserializeOwned + Serialize + Send + 'static>(reply: &[u8]) {
    let tree = serde_json::from_slice::<Value>(reply);
    let decoded = json::from_slice::<T>(reply);
    let untyped = json::from_slice::<Value>(reply);
    if let Ok(tree) = &tree {
        let untyped = untyped.expect("valid JSON decodes");
        assert!(
            same(&untyped.value, tree),
            "it decodes as {}",
            untyped.value
        );
        let decoded = decoded.as_ref().expect("valid JSON decodes");
        let encoded = serde_json::to_value(&decoded.value).expect("a model can be encoded");
        let coerced = decoded
            .drift
            .iter()
            .any(|drift| drift.kind == DriftKind::Coerced);
        match &decoded.raw {
            Some(raw) => assert!(same(raw, tree), "the raw reply is {raw}"),
            None => assert_kept(tree, &encoded, coerced, "$"),
        }
    }
    let drifted = decoded
        .as_ref()
        .ok()
        .map(|decoded| !decoded.drift.is_empty());
    stub_server::with(|server| {
        for strict in [false, true] {
            let options = CallOptions::new().strict(strict);
            let call = server
                .handle()
                .request(Method::GET, "/reply")
                .options(options);
            let result = server.run(
                vec![stub_server::reply(200, &[], reply)],
                call.send_as::<T>(),
            );
            let expected = drifted.is_some_and(|drifted| !(strict && drifted));
            assert_eq!(
                result.is_ok(),
                expected,
                "strict: {strict}, drift: {drifted:?}"
            );
        }
    });
}

/// Asserts that the encoded value contains all received values.
fn assert_kept(received: &Value, encoded: &Value, coerced: bool, path: &str) {
    match (received, encoded) {
        // A field that is `null` equals an absent one.
        (Value::Object(received), Value::Object(encoded)) => {
            for (key, value) in received {
                match encoded.get(key) {
                    Some(encoded) => assert_kept(value, encoded, coerced, &format!("{path}.{key}")),
                    None => assert!(value.is_null(), "{path}.{key} is lost: {value}"),
                }
            }
        }
        (Value::Array(received), Value::Array(encoded)) => {
            assert_eq!(
                received.len(),
                encoded.len(),
                "items of {path} are lost or added"
            );
            for (index, (received, encoded)) in received.iter().zip(encoded).enumerate() {
                assert_kept(received, encoded, coerced, &format!("{path}[{index}]"));
            }
        }
        // `null` may be encoded as an empty object.
        (Value::Null, Value::Object(encoded)) if encoded.is_empty() => {}
        _ => {
            let same = received == encoded
                || equal_numbers(received, encoded)
                || coerced && coerces(received, encoded);
            assert!(same, "{path} was {received} and is encoded as {encoded}");
        }
    }
}

/// Whether JSON values are equal except for the last digit of numbers.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        _ => a == b || equal_numbers(a, b),
    }
}

/// Whether numbers are equal. `serde_json` reads long floats with an error in the last digit.
fn equal_numbers(received: &Value, encoded: &Value) -> bool {
    let is_whole = |value: &Value| value.is_u64() || value.is_i64();
    if is_whole(received) && is_whole(encoded) {
        return received == encoded;
    }
    let (Some(received), Some(encoded)) = (received.as_f64(), encoded.as_f64()) else {
        return false;
    };
    (received - encoded).abs() <= received.abs() * 1e-14
}

/// Whether a scalar equals another after coercion.
fn coerces(received: &Value, encoded: &Value) -> bool {
    fn text(value: &Value) -> Option<String> {
        match value {
            Value::String(text) => Some(text.trim().to_ascii_lowercase()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
            _ => None,
        }
    }
    let (Some(received), Some(encoded)) = (text(received), text(encoded)) else {
        return false;
    };
    let number = |text: &str| text.parse::<f64>().ok();
    let truth = |text: &str| match text {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    };
    received == encoded
        || number(&received).is_some() && number(&received) == number(&encoded)
        || truth(&received).is_some() && truth(&received) == truth(&encoded)
}
