//! Arbitrary JSON decoded as each declared type.

use fastrand::Rng;
use hoopai_runtime::json::{Decoded, from_slice};
use hoopai_runtime::serde_json::{self, Value};
use hoopai_test_support::{lost_scalars, seed};

use crate::sample_api::types::{Contact, ContactReply, Status};

/// Each JSON text decodes, and all its scalars are in the value, in declared fields or in `extra`.
#[test]
fn any_json_decodes_and_keeps_all_scalars() {
    let mut rng = Rng::with_seed(seed());
    for _ in 0..5_000 {
        let wire = random(&mut rng, 5);
        let text = wire.to_string();
        kept_of::<Contact>(&wire, &text);
        kept_of::<ContactReply>(&wire, &text);
        kept_of::<Vec<Contact>>(&wire, &text);
        kept_of::<Vec<Vec<Status>>>(&wire, &text);
        kept_of::<Value>(&wire, &text);
    }
}

fn kept_of<T: serde::de::DeserializeOwned + serde::Serialize>(wire: &Value, text: &str) {
    let read: Decoded<T> = from_slice(text.as_bytes()).unwrap();
    let kept = serde_json::to_value(&read.value).unwrap();
    let lost = lost_scalars(wire, read.raw.iter().chain([&kept]));
    let name = std::any::type_name::<T>();
    assert!(lost.is_empty(), "{lost:?} of {text} are lost in {name}");
}

const KEYS: [&str; 20] = [
    "id",
    "firstName",
    "score",
    "visits",
    "dnd",
    "status",
    "tags",
    "friends",
    "parent",
    "grid",
    "byName",
    "anything",
    "custom",
    "type",
    "contact",
    "traceId",
    "odd",
    "é\"\\",
    "",
    "email",
];

fn random(rng: &mut Rng, depth: usize) -> Value {
    match rng.u8(..if depth == 0 { 7 } else { 12 }) {
        0 => Value::Null,
        1 => rng.bool().into(),
        2 => rng.i32(..).into(),
        3 => (f64::from(rng.i32(..)) / 8.0).into(),
        4 => ["", "open", "jane", "a \"b\" \\", "ü😀"][rng.usize(..5)].into(),
        5 => ["12", "-1.5", "true", "false", "0", "1", " 7 ", "1e3"][rng.usize(..8)].into(),
        6 => rng.u8(..3).into(),
        7..10 => (0..rng.usize(..6))
            .map(|_| {
                (
                    KEYS[rng.usize(..KEYS.len())].to_owned(),
                    random(rng, depth - 1),
                )
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        _ => (0..rng.usize(..4))
            .map(|_| random(rng, depth - 1))
            .collect(),
    }
}
