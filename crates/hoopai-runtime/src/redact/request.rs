//! Collects the values of a request, which are masked wherever the platform repeats them.

use percent_encoding::percent_decode_str;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::Value;
use url::Url;

use super::mask::is_name;
use super::sent_values::{SentValues, ValueKind};

/// A request that was sent.
pub(crate) struct SentRequest<'a> {
    /// The path with its parameters in braces.
    pub(crate) path_template: &'a str,
    pub(crate) url: &'a Url,
    pub(crate) headers: &'a HeaderMap,
    /// The `Authorization` headers of the last attempt and of a previous one.
    pub(crate) authorization: [Option<&'a HeaderValue>; 2],
    pub(crate) user_agent: Option<&'a HeaderValue>,
    pub(crate) body: SentBody<'a>,
    /// The location that the client acts on, even if the request does not contain it.
    pub(crate) location: Option<&'a str>,
}

/// The body of a request, without the contents of files.
pub(crate) enum SentBody<'a> {
    Empty,
    Json(&'a [u8]),
    Form(&'a [u8]),
    Multipart {
        texts: Vec<(&'a str, &'a str)>,
        file_names: Vec<&'a str>,
    },
}

/// The minimum length of masked values. Shorter ones would mask large parts of a message.
const SHORTEST: usize = 3;

/// The minimum number of digits of masked numbers. Shorter ones are counts, page sizes and
/// statuses.
const SHORTEST_NUMBER: usize = 4;

/// The maximum length of lower-case words that are usually enumeration values.
const LONGEST_CHOICE: usize = 15;

/// The number of bytes that are compared at the start and the end of a value.
const MOST: usize = 4000;

/// Values are secrets if their names contain one of these.
const SECRET: [&str; 9] = [
    "token",
    "secret",
    "password",
    "passphrase",
    "credential",
    "authorization",
    "signature",
    "apikey",
    "api_key",
];

/// Values with these names are secrets.
const SECRET_NAMES: [&str; 6] = ["code", "otp", "pin", "cvv", "cvc", "assertion"];

/// Words of the platform's own messages, which are not personal data.
const VOCABULARY: &str = "\
    access account active agency appointment array authorized bad boolean business calendar \
    campaign company contact contacts conversation date email error exists false field forbidden \
    found get invalid limit location locations message missing not null number object \
    opportunity page phone post property request required string token true type user value";

impl SentValues {
    /// Collects the values of a request, without the contents of files. Values can occur several
    /// times.
    pub(crate) fn of(request: &SentRequest<'_>) -> Self {
        let mut values = SentValues::default();
        for header in request.authorization.into_iter().flatten() {
            let text = header.to_str().unwrap_or_default();
            let token = text.split_once(' ').map_or(text, |(_, token)| token);
            values.add_secret(token);
        }
        for (name, value) in request.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            if is_secret(name.as_str()) || is_random(&value) {
                values.add_secret(&value);
            } else {
                values.add_value(&value);
            }
        }
        if let Some(agent) = request.user_agent {
            values.add_value(agent.to_str().unwrap_or_default());
        }
        if let Some(location) = request.location {
            values.add_value(location);
        }
        for segment in request.url.path().split('/') {
            if !is_fixed(request.path_template, segment) {
                values.add_value(&percent_decode_str(segment).decode_utf8_lossy());
            }
        }
        for (name, value) in request.url.query_pairs() {
            values.add_field(&name, &value);
        }
        match &request.body {
            SentBody::Json(body) => {
                // The body is JSON that this crate wrote.
                let body = std::str::from_utf8(body).unwrap_or_default();
                if let Ok(body) = body.parse() {
                    values.add_json("", &body);
                }
            }
            SentBody::Form(body) => {
                for (name, value) in url::form_urlencoded::parse(body) {
                    values.add_field(&name, &value);
                }
            }
            SentBody::Multipart { texts, file_names } => {
                for (name, text) in texts {
                    values.add_field(name, text);
                }
                for name in file_names {
                    values.add_value(name);
                }
            }
            SentBody::Empty => {}
        }
        values
    }

    fn add_json(&mut self, name: &str, value: &Value) {
        match value {
            Value::String(text) => self.add_field(name, text),
            Value::Number(number) => self.add_field(name, &number.to_string()),
            Value::Array(items) => {
                for item in items {
                    self.add_json(name, item);
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    // The keys of some objects are data.
                    if !is_name(name) {
                        self.add_unless_choice(name);
                    }
                    self.add_json(name, value);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// Adds the value of a field or parameter.
    fn add_field(&mut self, name: &str, value: &str) {
        if is_secret(name) {
            return self.add_secret(value);
        }
        if matches!(value.as_bytes().first(), Some(b'{' | b'['))
            && let Ok(json) = value.parse()
        {
            self.add_json(name, &json);
        }
        self.add_unless_choice(value);
        for piece in value.split(['\n', '\r', ',', ';', '|']) {
            if piece.len() < value.len() {
                self.add_unless_choice(piece);
            }
        }
    }

    /// Adds a value unless it is an enumeration value: a short lower-case word, a field name, a
    /// small number.
    fn add_unless_choice(&mut self, value: &str) {
        let value = value.trim();
        let is_small_number = value.len() < SHORTEST_NUMBER && value.parse::<f64>().is_ok();
        if !is_small_number && !is_choice(value) {
            self.add_value(value);
        }
    }

    /// Adds a value unless it is a word of the platform's messages.
    fn add_value(&mut self, value: &str) {
        let value = value.trim();
        if VOCABULARY
            .split(' ')
            .any(|word| value.eq_ignore_ascii_case(word))
        {
            return;
        }
        let kind = if is_choice(value) {
            ValueKind::Name
        } else {
            ValueKind::Value
        };
        self.add_ends(value, kind);
    }

    /// Adds a value that is always masked.
    fn add_secret(&mut self, value: &str) {
        self.add_ends(value.trim(), ValueKind::Secret);
    }

    fn add_ends(&mut self, value: &str, kind: ValueKind) {
        if value.chars().count() < SHORTEST {
            return;
        }
        if value.len() <= 2 * MOST {
            return self.add(value, kind);
        }
        let is_boundary = |at: &usize| value.is_char_boundary(*at);
        let head = (0..=MOST).rev().find(is_boundary).unwrap_or_default();
        let tail = (value.len() - MOST..).find(is_boundary).unwrap_or_default();
        self.add(&value[..head], kind);
        self.add(&value[tail..], kind);
    }
}

/// Whether a segment is a fixed part of the template.
fn is_fixed(template: &str, segment: &str) -> bool {
    template.split('/').any(|fixed| fixed == segment)
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    SECRET.iter().any(|part| name.contains(part)) || SECRET_NAMES.contains(&&*name)
}

/// Whether a header value looks like a key or a token: long, with letters and digits, and without
/// spaces.
fn is_random(value: &str) -> bool {
    value.len() >= 16
        && !value.contains(' ')
        && value.contains(|c: char| c.is_ascii_alphabetic())
        && value.contains(|c: char| c.is_ascii_digit())
}

/// Whether a value is an enumeration value: lower-case words, or a field name such as `dateAdded`.
fn is_choice(value: &str) -> bool {
    let is_lowercase = value.split('_').all(|word| {
        word.len() <= LONGEST_CHOICE && word.bytes().all(|byte| byte.is_ascii_lowercase())
    });
    let begins_lowercase = value.starts_with(|first: char| first.is_ascii_lowercase());
    let has_capital = value.bytes().any(|byte| byte.is_ascii_uppercase());
    is_lowercase || begins_lowercase && has_capital && is_name(value)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue};
    use url::Url;

    use super::{SentBody, SentRequest, SentValues};

    fn sent_values(query: &str, body: &'static str) -> SentValues {
        let url = Url::parse(&format!("https://example.com/contacts/Id%20One?{query}")).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("x-name", HeaderValue::from_static("Jane Header"));
        let token = HeaderValue::from_static("Bearer pit-1a2b-3c4d");
        SentValues::of(&SentRequest {
            path_template: "/contacts/{id}",
            url: &url,
            headers: &headers,
            authorization: [Some(&token), None],
            user_agent: None,
            body: SentBody::Json(body.as_bytes()),
            location: Some("loc-default"),
        })
    }

    #[test]
    fn values_of_all_request_parts_are_masked() {
        let sent_values = sent_values(
            "name=J%C3%B6e+D&tags=vip%20A,vip%20B&filter={\"a\":\"Deep+Value\"}",
            r#"{"a":[{"b":"Body Value"}],"n":12345.5,"otp":"483","Key One":1,"note":"First line\nSecond line"}"#,
        );
        for value in [
            "Id One",
            "Jane Header",
            "pit-1a2b-3c4d",
            "loc-default",
            "Jöe D",
            "vip B",
            "Deep Value",
            "Body Value",
            "12345.5",
            "483",
            "Key One",
            "Second line",
        ] {
            assert_eq!(
                sent_values.mask(&format!("a {value}, b")),
                "a ***, b",
                "{value}"
            );
        }
    }

    #[test]
    fn long_values_are_masked_by_start_and_end() {
        let mut sent_values = SentValues::default();
        let long = format!("The Beginning {} The Very End", "ö filler ".repeat(2000));
        sent_values.add_value(&long);
        let texts = [&long[..60], &long[long.len() - 60..], &long];
        for text in texts {
            let shown = sent_values.mask(text);
            assert!(!shown.contains("filler"), "{shown}");
        }
    }

    #[test]
    fn choices_and_platform_words_are_not_masked() {
        let sent_values = sent_values(
            "type=Location&sort=date_added&by=dateAdded&limit=100&on=true",
            r#"{"status":"active","fields":["firstName"],"n":7,"b":true,"z":null,"kind":"Contact"}"#,
        );
        for text in [
            "Location is not active",
            "dateAdded and date_added: firstName is true at 100 of 7",
            "contact was not found",
        ] {
            assert_eq!(sent_values.mask(text), text);
        }
    }
}
