//! The reader of replies, held against `serde_json`.

use hoopai_contacts::types::{ContactsSearchResponse, GetContactResponse};
use hoopai_conversations::types::{GetMessageResponse, SearchConversationsResponse};
use hoopai_runtime::{CallOptions, DriftKind, Method, json};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::stub;

/// The first byte chooses the type, the rest is the reply.
pub fn decode(input: &[u8]) {
    let Some((choice, reply)) = input.split_first() else {
        return;
    };
    match choice % 4 {
        0 => check::<GetContactResponse>(reply),
        1 => check::<ContactsSearchResponse>(reply),
        2 => check::<SearchConversationsResponse>(reply),
        _ => check::<GetMessageResponse>(reply),
    }
}

fn check<T: DeserializeOwned + Serialize + Send + 'static>(reply: &[u8]) {
    let tree = serde_json::from_slice::<Value>(reply);
    let decoded = json::from_slice::<T>(reply);
    let untyped = json::from_slice::<Value>(reply);
    if let Ok(tree) = &tree {
        let untyped = untyped.expect("what serde_json takes is taken");
        assert!(
            same(&untyped.value, tree),
            "as JSON of any shape it is {}",
            untyped.value
        );
        let decoded = decoded.as_ref().expect("what serde_json takes is taken");
        let back = serde_json::to_value(&decoded.value).expect("a model can be written");
        let coerced = decoded
            .drift
            .iter()
            .any(|drift| drift.kind == DriftKind::Coerced);
        match &decoded.raw {
            Some(raw) => assert!(same(raw, tree), "the reply set aside is {raw}"),
            None => kept(tree, &back, coerced, "$"),
        }
    }
    let drifted = decoded
        .as_ref()
        .ok()
        .map(|decoded| !decoded.drift.is_empty());
    stub::with(|stub| {
        for strict in [false, true] {
            let options = CallOptions::new().strict(strict);
            let call = stub
                .handle()
                .request(Method::Get, "/reply")
                .options(options);
            let outcome = stub.run(vec![stub::answer(200, &[], reply)], call.send_as::<T>());
            let expected = match drifted {
                Some(drifted) => !(strict && drifted),
                None => false,
            };
            assert_eq!(
                outcome.is_ok(),
                expected,
                "strict: {strict}, drift: {drifted:?}"
            );
        }
    });
}

/// Everything that came is in what is written back.
fn kept(came: &Value, written: &Value, coerced: bool, at: &str) {
    match (came, written) {
        // A field that is `null` is as good as absent.
        (Value::Object(came), Value::Object(written)) => {
            for (key, value) in came {
                match written.get(key) {
                    Some(written) => kept(value, written, coerced, &format!("{at}.{key}")),
                    None => assert!(value.is_null(), "{at}.{key} is lost: {value}"),
                }
            }
        }
        (Value::Array(came), Value::Array(written)) => {
            assert_eq!(came.len(), written.len(), "items of {at} are lost or added");
            for (index, (came, written)) in came.iter().zip(written).enumerate() {
                kept(came, written, coerced, &format!("{at}[{index}]"));
            }
        }
        // What means nothing may come back as what means nothing.
        (Value::Null, Value::Object(written)) if written.is_empty() => {}
        _ => {
            let same =
                came == written || numbers(came, written) || coerced && coerces(came, written);
            assert!(same, "{at} came as {came} and is written as {written}");
        }
    }
}

/// The same JSON, but for the last digit of numbers.
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
        _ => a == b || numbers(a, b),
    }
}

/// The same number, whole or not. `serde_json` reads long floats with an error in the last digit, where the reader does not;
/// whole numbers are exact.
fn numbers(came: &Value, written: &Value) -> bool {
    let is_whole = |value: &Value| value.is_u64() || value.is_i64();
    if is_whole(came) && is_whole(written) {
        return came == written;
    }
    let (Some(came), Some(written)) = (came.as_f64(), written.as_f64()) else {
        return false;
    };
    (came - written).abs() <= came.abs() * 1e-14
}

/// A scalar that was understood as one of another kind.
fn coerces(came: &Value, written: &Value) -> bool {
    fn text(value: &Value) -> Option<String> {
        match value {
            Value::String(text) => Some(text.trim().to_ascii_lowercase()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
            _ => None,
        }
    }
    let (Some(came), Some(written)) = (text(came), text(written)) else {
        return false;
    };
    let number = |text: &str| text.parse::<f64>().ok();
    let truth = |text: &str| match text {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    };
    came == written
        || number(&came).is_some() && number(&came) == number(&written)
        || truth(&came).is_some() && truth(&came) == truth(&written)
}
