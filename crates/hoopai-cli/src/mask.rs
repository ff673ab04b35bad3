//! Secrets in requests that are shown instead of sent.

use serde_json::Value;

/// What is shown in place of a secret.
pub(crate) const HIDDEN: &str = "[hidden]";

/// Words in the names of parameters, headers and fields whose values are secrets.
const SECRET_WORDS: [&str; 8] = [
    "secret",
    "password",
    "passwd",
    "token",
    "apikey",
    "authorization",
    "credential",
    "privatekey",
];

/// Whether the value of a parameter, header or field of this name is a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    let name: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_lowercase())
        .collect();
    SECRET_WORDS.iter().any(|word| name.contains(word)) || name == "otp"
}

/// Replaces the secrets in a JSON value, at any depth.
pub(crate) fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::Object(_) | Value::Array(_) if !is_secret(name) => mask(value),
                    Value::Null => {}
                    _ if is_secret(name) => *value = HIDDEN.into(),
                    _ => {}
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_found_at_any_depth_and_in_any_spelling() {
        let mut value = json!({
            "name": "n", "client_secret": "s", "list": [{ "apiKey": "k", "x-api-key": 7 }],
            "live": { "Password": ["a"] }, "refreshToken": { "value": "t" }, "otp": null
        });
        mask(&mut value);
        assert_eq!(
            value,
            json!({
                "name": "n", "client_secret": HIDDEN,
                "list": [{ "apiKey": HIDDEN, "x-api-key": HIDDEN }],
                "live": { "Password": HIDDEN }, "refreshToken": HIDDEN, "otp": null
            })
        );
    }
}
