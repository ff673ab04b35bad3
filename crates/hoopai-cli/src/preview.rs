//! Requests that are shown instead of sent, with secrets masked.

use hoopai_runtime::reqwest::{Body, Request, Url};
use serde_json::Value;

use crate::mask::{HIDDEN, is_secret, mask};
use crate::text;

/// A part of a `multipart/form-data` body, as curl names it: `field=value` or `field=@file`.
#[derive(Clone, Debug)]
pub(crate) struct FormPart {
    pub(crate) name: String,
    pub(crate) value: PartValue,
}

/// The content of a part.
#[derive(Clone, Debug)]
pub(crate) enum PartValue {
    Text(String),
    File(String),
}

/// Headers that curl and every other client set themselves.
const OWN_HEADERS: [&str; 2] = ["content-length", "host"];

/// Writes the request as HTTP shows it.
pub(crate) fn http(request: &Request, parts: &[FormPart]) -> String {
    let mut lines = vec![format!("{} {}", request.method(), shown_url(request.url()))];
    lines.push(format!("authorization: Bearer {HIDDEN}"));
    for (name, value) in headers(request, parts) {
        lines.push(format!("{name}: {value}"));
    }
    for part in parts {
        lines.push(format!("form: {}", form_argument(part)));
    }
    if let Some(body) = body(request) {
        lines.push(String::new());
        lines.push(body.pretty());
    }
    let lines: Vec<String> = lines
        .iter()
        .flat_map(|line| {
            line.lines()
                .map(text::plain)
                .collect::<Vec<_>>()
                .into_iter()
                .chain(line.is_empty().then(String::new))
        })
        .collect();
    lines.join("\n")
}

/// Writes the request as a command of curl, for a POSIX shell. The token is that of the variable
/// `HOOPAI_TOKEN`.
pub(crate) fn curl(request: &Request, parts: &[FormPart]) -> String {
    let mut arguments = vec![format!(
        "curl --globoff --request {} {}",
        request.method(),
        quoted(shown_url(request.url()).as_str())
    )];
    arguments.push("--header \"authorization: Bearer $HOOPAI_TOKEN\"".to_owned());
    for (name, value) in headers(request, parts) {
        arguments.push(format!("--header {}", quoted(&format!("{name}: {value}"))));
    }
    for part in parts {
        let option = match part.value {
            PartValue::Text(_) => "--form-string",
            PartValue::File(_) => "--form",
        };
        arguments.push(format!("{option} {}", quoted(&form_argument(part))));
    }
    if let Some(body) = body(request) {
        arguments.push(format!("--data-raw {}", quoted(&body.compact())));
    }
    arguments.join(" \\\n  ")
}

fn form_argument(part: &FormPart) -> String {
    match &part.value {
        PartValue::Text(_) if is_secret(&part.name) => format!("{}={HIDDEN}", part.name),
        PartValue::Text(text) => format!("{}={text}", part.name),
        PartValue::File(path) => {
            format!(
                "{}=@\"{}\"",
                part.name,
                path.replace('\\', "\\\\").replace('"', "\\\"")
            )
        }
    }
}

/// The URL, with the values of secret parameters masked.
fn shown_url(url: &Url) -> Url {
    let mut shown = url.clone();
    if url.query_pairs().any(|(name, _)| is_secret(&name)) {
        let pairs = url.query_pairs().map(|(name, value)| {
            let value = if is_secret(&name) {
                HIDDEN.into()
            } else {
                value
            };
            (name, value)
        });
        shown.query_pairs_mut().clear().extend_pairs(pairs);
    }
    shown
}

fn headers<'a>(request: &'a Request, parts: &[FormPart]) -> Vec<(&'a str, String)> {
    let is_form = !parts.is_empty();
    request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .filter(|(name, _)| *name != "authorization" && !OWN_HEADERS.contains(name))
        .filter(|(name, _)| !(is_form && *name == "content-type"))
        .map(|(name, value)| match is_secret(name) {
            true => (name, HIDDEN.to_owned()),
            false => (name, String::from_utf8_lossy(value.as_bytes()).into_owned()),
        })
        .collect()
}

/// A body with its secrets masked.
enum ShownBody {
    Json(Value),
    Text(String),
}

impl ShownBody {
    fn pretty(&self) -> String {
        match self {
            ShownBody::Json(value) => {
                text::json(&serde_json::to_string_pretty(value).unwrap_or_default())
            }
            ShownBody::Text(text) => text.clone(),
        }
    }

    fn compact(&self) -> String {
        match self {
            ShownBody::Json(value) => text::json(&value.to_string()),
            ShownBody::Text(text) => text.clone(),
        }
    }
}

fn body(request: &Request) -> Option<ShownBody> {
    let bytes = request.body().and_then(Body::as_bytes)?;
    if let Ok(mut value) = serde_json::from_slice(bytes) {
        mask(&mut value);
        return Some(ShownBody::Json(value));
    }
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(bytes) {
        // The code of an authorization is exchanged for tokens.
        let secret = is_secret(&name) || name == "code";
        let value = if secret { HIDDEN.into() } else { value };
        form.append_pair(&name, &value);
    }
    Some(ShownBody::Text(form.finish()))
}

/// Quotes an argument for a POSIX shell.
fn quoted(argument: &str) -> String {
    format!("'{}'", argument.replace('\'', "'\\''"))
}
