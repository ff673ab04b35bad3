//! The request of every operation, built from made-up values for all declared parameters, compared
//! with the interface and with a snapshot.

use std::collections::BTreeSet;
use std::fmt::Write;

use hoopai::Client;
use hoopai::runtime::DEFAULT_API_VERSION;
use hoopai::runtime::operation::Operation;
use hoopai::runtime::rate_limit::RateLimitSettings;
use serde_json::Value;

use crate::call_table::{CALLS, CallInput};
use crate::interface::{Interface, items};
use crate::operations::{all_operations, qualified_name, row};
use crate::schema_check;
use hoopai_test_support::{Request, Server};

/// The headers of every request.
const COMMON_HEADERS: [&str; 5] = ["accept", "authorization", "host", "user-agent", "version"];

#[tokio::test]
async fn request_has_exactly_the_declared_values() {
    assert_eq!(CALLS.len(), all_operations().count());
    let server = Server::with_body("true");
    let client = Client::builder()
        .private_token("pit-secret")
        .base_url(&server.url)
        .limits(RateLimitSettings::unlimited())
        .build()
        .unwrap();
    for table in hoopai::OPERATIONS {
        let mut text = String::new();
        for operation in *table {
            let call = row(&CALLS, operation);
            let name = qualified_name(operation);
            let input = CallInput::new(operation);
            call(&client, &input)
                .await
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            let request = server.take_single();
            let mut violations = Violations::default();
            let unused = input.unused();
            violations.expect(unused.is_empty(), format!("no setter for {unused:?}"));
            violations.check_target(operation, &input, &request);
            violations.check_headers(operation, &input, &request);
            violations.check_body(operation, &input, &request);
            let violations = violations.0.join("\n");
            assert!(
                violations.is_empty(),
                "{name} {}:\n{violations}",
                request.target
            );
            show(&mut text, operation, &request);
        }
        insta::assert_snapshot!(table[0].module, text);
    }
}

/// The deviations of a request from the interface and from its input.
#[derive(Default)]
struct Violations(Vec<String>);

impl Violations {
    fn expect(&mut self, is_met: bool, violation: impl Into<String>) {
        if !is_met {
            self.0.push(violation.into());
        }
    }

    fn check_target(&mut self, operation: &Operation, input: &CallInput, request: &Request) {
        self.expect(
            request.method.as_str() == operation.method.as_str(),
            "another method",
        );
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        let mut filled = operation.path.to_owned();
        for (name, value) in input.of_kind("path") {
            filled = filled.replace(&format!("{{{name}}}"), &encoded(&text(value)));
        }
        self.expect(path == filled, format!("the path is not {filled}"));
        let mut expected = Vec::new();
        let declared = Interface::of(operation.module).operation(operation);
        for parameter in items(&declared["parameters"]) {
            let name = parameter["name"].as_str().expect("a name");
            if parameter["in"] == "query" {
                let mut values = texts(&input.values[&("query", name)]);
                if parameter["explode"] == false {
                    values = vec![values.join(",")];
                }
                expected.extend(values.into_iter().map(|value| (name.to_owned(), value)));
            }
        }
        let mut pairs = decoded(query);
        pairs.sort();
        expected.sort();
        self.expect(pairs == expected, format!("the query is not {expected:?}"));
    }

    fn check_headers(&mut self, operation: &Operation, input: &CallInput, request: &Request) {
        let interface = Interface::of(operation.module);
        let version = items(&interface.operation(operation)["parameters"])
            .iter()
            .find(|parameter| parameter["in"] == "header" && parameter["name"] == "Version")
            .and_then(|version| version["schema"]["enum"][0].as_str());
        self.expect(operation.version == version, "another version in the table");
        let mut expected = vec![
            ("version", version.unwrap_or(DEFAULT_API_VERSION).to_owned()),
            ("authorization", "Bearer pit-secret".to_owned()),
        ];
        let mut names: BTreeSet<&str> = COMMON_HEADERS.into();
        for (name, value) in input.of_kind("header") {
            names.insert(name);
            expected.push((name, text(value)));
        }
        for (name, value) in expected {
            let is_sent = request.header(name) == Some(&value);
            self.expect(is_sent, format!("another {name}"));
        }
        let bodies = interface.bodies(operation);
        let content_type = request.header("content-type").unwrap_or_default();
        if bodies.is_empty() {
            let is_empty = request.body.is_empty() && content_type.is_empty();
            self.expect(is_empty, "a body without declaration");
        } else {
            names.extend(["content-length", "content-type"]);
            let content_type = content_type.split(';').next().unwrap_or_default();
            self.expect(
                bodies.contains_key(content_type),
                format!("the content type {content_type} is not declared"),
            );
        }
        let sent: BTreeSet<&str> = request.headers.iter().map(|(name, _)| &**name).collect();
        let missing: Vec<_> = names.difference(&sent).copied().collect();
        // An empty body may have a content length.
        names.insert("content-length");
        let extra: Vec<_> = sent.difference(&names).collect();
        self.expect(
            extra.is_empty() && missing.is_empty(),
            format!("extra headers {extra:?}, missing headers {missing:?}"),
        );
    }

    fn check_body(&mut self, operation: &Operation, input: &CallInput, request: &Request) {
        match &input.body {
            Some(("application/x-www-form-urlencoded", _, body)) => {
                let mut expected = Vec::new();
                for (name, value) in body.as_object().expect("an object") {
                    let values = texts(value).into_iter();
                    expected.extend(values.map(|value| (name.clone(), value)));
                }
                let mut pairs = decoded(&request.text());
                pairs.sort();
                expected.sort();
                self.expect(pairs == expected, "the form is not the input");
            }
            Some((_, schema, body)) => {
                let sent: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                let is_input = same(&sent, body);
                self.expect(is_input, format!("the body is not the input: {body}"));
                let interface = Interface::of(operation.module);
                self.0
                    .extend(schema_check::violations(interface, schema, &sent));
            }
            None => {
                let mut expected = Vec::new();
                for (name, value) in input.of_kind("text") {
                    let values = texts(value).into_iter();
                    expected.extend(values.map(|value| (name.to_owned(), None, value)));
                }
                for (name, value) in input.of_kind("file") {
                    let file = Some(format!("{name}.csv"));
                    expected.push((name.to_owned(), file, text(value)));
                }
                let mut sent: Vec<_> = parts(request)
                    .into_iter()
                    .map(|part| (part.name, part.file, part.content))
                    .collect();
                sent.sort();
                expected.sort();
                self.expect(sent == expected, format!("the parts are not {expected:?}"));
            }
        }
    }
}

/// Whether JSON values are equal; 1 equals 1.0.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|((name, a), (other, b))| name == other && same(a, b))
        }
        _ => a == b,
    }
}

/// The texts of the items of a list, or of one value.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        _ => vec![text(value)],
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            _ => write!(out, "%{byte:02X}").expect("text"),
        }
    }
    out
}

/// Decodes the pairs of a query or a form.
pub(crate) fn decoded(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let mut out = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            if byte == b'%' {
                let digits: Vec<u8> = bytes.by_ref().take(2).collect();
                let digits = String::from_utf8(digits).expect("digits");
                out.push(u8::from_str_radix(&digits, 16).expect("two digits"));
            } else {
                assert!(
                    byte.is_ascii_alphanumeric() || b"-._~,".contains(&byte),
                    "{text} is not encoded"
                );
                out.push(byte);
            }
        }
        String::from_utf8(out).expect("text")
    };
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').expect("a name and a value"))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// A part of a `multipart/form-data` body.
pub(crate) struct Part {
    pub(crate) name: String,
    file: Option<String>,
    content_type: Option<String>,
    content: String,
}

pub(crate) fn parts(request: &Request) -> Vec<Part> {
    let content_type = request.header("content-type").unwrap_or_default();
    let Some(boundary) = content_type.strip_prefix("multipart/form-data; boundary=") else {
        return Vec::new();
    };
    let body = request.text();
    let body = body
        .strip_suffix(&format!("--{boundary}--\r\n"))
        .expect("an end");
    let delimiter = format!("--{boundary}\r\n");
    let parts = body.split(delimiter.as_str()).skip(1);
    parts
        .map(|part| {
            let (head, content) = part.split_once("\r\n\r\n").expect("a head");
            let after = |start: &str, end: &str| {
                let (_, rest) = head.split_once(start)?;
                Some(rest.split(end).next()?.to_owned())
            };
            Part {
                name: after("form-data; name=\"", "\"").expect("a name"),
                file: after("; filename=\"", "\""),
                content_type: after("Content-Type: ", "\r\n"),
                content: content
                    .strip_suffix("\r\n")
                    .expect("an end of line")
                    .to_owned(),
            }
        })
        .collect()
}

/// Writes a request without boundaries and with indented JSON.
pub(crate) fn show(out: &mut String, operation: &Operation, request: &Request) {
    let header = |name| request.header(name).unwrap_or("none");
    let (scheme, _) = header("authorization").split_once(' ').unwrap_or_default();
    let _ = write!(
        out,
        "{}\n  {} {}\n",
        operation.name, request.method, request.target
    );
    let _ = write!(
        out,
        "  Version {}, {scheme}, accepts {}",
        header("version"),
        header("accept")
    );
    let content_type = request
        .header("content-type")
        .map(|content_type| content_type.split(';').next().unwrap_or(content_type));
    if let Some(content_type) = content_type {
        let _ = write!(out, ", sends {content_type}");
    }
    for (name, value) in &request.headers {
        if name.starts_with("x-") {
            let _ = write!(out, ", {name}: {value}");
        }
    }
    out.push('\n');
    match content_type {
        Some("application/json") => {
            out.push_str("  ");
            pretty(
                out,
                &serde_json::from_slice(&request.body).unwrap_or_default(),
                2,
            );
            out.push('\n');
        }
        Some("multipart/form-data") => {
            for Part {
                name,
                file,
                content_type,
                content,
            } in parts(request)
            {
                let file = file
                    .map(|file| format!(", file {file}"))
                    .unwrap_or_default();
                let content_type = content_type
                    .map(|content_type| format!(", {content_type}"))
                    .unwrap_or_default();
                let _ = writeln!(out, "  part {name}{file}{content_type}: {content}");
            }
        }
        Some(_) => {
            let _ = writeln!(out, "  {}", request.text());
        }
        None => {}
    }
}

/// Writes JSON in indented lines of about 100 columns.
fn pretty(out: &mut String, value: &Value, indent: usize) {
    let flat = value.to_string();
    let (open, close, lines): (_, _, Vec<(String, &Value)>) = match value {
        Value::Array(items) => (
            '[',
            ']',
            items.iter().map(|item| (String::new(), item)).collect(),
        ),
        Value::Object(fields) => {
            let named = fields
                .iter()
                .map(|(name, value)| (format!("{}:", Value::from(name.as_str())), value));
            ('{', '}', named.collect())
        }
        _ => return out.push_str(&flat),
    };
    if flat.len() + indent <= 100 {
        return out.push_str(&flat);
    }
    out.push(open);
    let count = lines.len();
    for (index, (name, value)) in lines.into_iter().enumerate() {
        let _ = write!(out, "\n{:1$}{name}", "", indent + 2);
        pretty(out, value, indent + 2);
        if index + 1 < count {
            out.push(',');
        }
    }
    let _ = write!(out, "\n{:indent$}{close}", "");
}
