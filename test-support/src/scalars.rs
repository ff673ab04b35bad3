//! The scalars of JSON.

use serde_json::Value;

/// Returns the scalars of a received value that a list of values lacks. Does not distinguish 1, "1"
/// and `true`, and skips `null`.
pub fn lost_scalars<'a>(
    received: &Value,
    kept: impl IntoIterator<Item = &'a Value>,
) -> Vec<String> {
    let (mut lost, mut left) = (Vec::new(), Vec::new());
    collect(received, &mut lost);
    kept.into_iter().for_each(|value| collect(value, &mut left));
    lost.retain(|scalar| {
        let found = left.iter().position(|other| other == scalar);
        found.map(|index| left.swap_remove(index)).is_none()
    });
    lost
}

fn collect(value: &Value, all: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::Bool(value) => all.push(u8::from(*value).to_string()),
        Value::Number(number) => all.push(number.as_f64().expect("a number").to_string()),
        Value::String(text) => all.push(match text.trim() {
            "true" => "1".to_owned(),
            "false" => "0".to_owned(),
            text => text
                .parse::<f64>()
                .map_or(text.to_owned(), |number| number.to_string()),
        }),
        Value::Array(items) => items.iter().for_each(|item| collect(item, all)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, all)),
    }
}
