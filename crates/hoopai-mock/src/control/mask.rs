//! Masks secrets in what is shown of requests.
//!
//! Three rules apply: values of headers, parameters and fields with the name of a secret, values
//! that the server has as secrets, and texts in the form of a token.

use std::sync::LazyLock;

use percent_encoding::percent_decode_str;
use regex_lite::Regex;
use serde_json::{Map, Value};

/// What replaces a secret.
const MASKED: &str = "[masked]";

/// The names of secrets, in lower case, without separators.
const NAMES: [&str; 12] = [
    "apikey",
    "authorization",
    "cardnumber",
    "code",
    "cookie",
    "credentials",
    "cvc",
    "cvv",
    "password",
    "privatekey",
    "proxyauthorization",
    "setcookie",
];

/// The parts of names of secrets.
const PARTS: [&str; 5] = ["token", "secret", "password", "apikey", "signature"];

/// Texts in the form of a token: of the mock, of the platform, and JSON Web Tokens.
static TOKENS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r"(?x)
        (?: \b (?: at | rt | code ) - [0-9a-f]{32} \b )
        | (?: \b pit - [0-9a-zA-Z-]{8,} )
        | (?: \b eyJ [0-9A-Za-z_=-]{8,} (?: \. [0-9A-Za-z_=-]+ )* )
        | (?: (?i: \b bearer | \b basic ) \s+ [0-9A-Za-z._~+/=-]{8,} )";
    Regex::new(pattern).ok()
});

/// Masks secrets.
pub(crate) struct Mask {
    /// The longest first, so that no part of a secret stays.
    secrets: Vec<String>,
}

impl Mask {
    pub(crate) fn new(mut secrets: Vec<String>) -> Self {
        secrets.retain(|secret| !secret.is_empty());
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets }
    }

    /// Masks the secrets in a text.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for secret in &self.secrets {
            if masked.contains(secret.as_str()) {
                masked = masked.replace(secret.as_str(), MASKED);
            }
        }
        match TOKENS.as_ref() {
            Some(tokens) => tokens.replace_all(&masked, MASKED).into_owned(),
            None => masked,
        }
    }

    /// Masks the secrets in a path, percent-encoded or not.
    pub(crate) fn path(&self, path: &str) -> String {
        let decoded = percent_decode_str(path).decode_utf8_lossy();
        let masked = self.text(&decoded);
        match masked == decoded {
            true => path.to_owned(),
            false => masked,
        }
    }

    /// Masks the values of pairs. Returns a list of pairs, because names can repeat.
    pub(crate) fn pairs(&self, pairs: &[(String, String)]) -> Value {
        let masked = pairs.iter().map(|(name, value)| {
            let value = match is_secret(name) {
                true => MASKED.to_owned(),
                false => self.text(value),
            };
            Value::from(vec![self.text(name), value])
        });
        masked.collect()
    }

    /// Masks a body: JSON, a form, or another text. Returns null for an empty body, and a sentence
    /// for one that is no text.
    pub(crate) fn body(&self, body: &[u8]) -> Value {
        if body.is_empty() {
            return Value::Null;
        }
        if let Ok(value) = serde_json::from_slice(body) {
            return self.json(&value);
        }
        let Ok(text) = std::str::from_utf8(body) else {
            return format!("[{} bytes that are no text]", body.len()).into();
        };
        if is_form(text) {
            let pairs = form_urlencoded::parse(body).into_owned();
            return self.pairs(&pairs.collect::<Vec<_>>());
        }
        self.text(text).into()
    }

    /// Masks the secrets in JSON.
    pub(crate) fn json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| {
                    let value = match is_secret(name) && !value.is_null() {
                        true => MASKED.into(),
                        false => self.json(value),
                    };
                    (self.text(name), value)
                });
                Value::Object(fields.collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }
}

/// Whether values of this name are secrets.
pub(crate) fn is_secret(name: &str) -> bool {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    let name: String = letters.flat_map(char::to_lowercase).collect();
    NAMES.contains(&name.as_str()) || PARTS.iter().any(|part| name.contains(part))
}

/// Whether a text is a form: pairs without spaces and line ends.
fn is_form(text: &str) -> bool {
    let is_pair = |pair: &str| {
        pair.split_once('=')
            .is_some_and(|(name, _)| !name.is_empty())
    };
    !text.contains(char::is_whitespace) && text.split('&').all(is_pair)
}
