//! The request of every operation as a server gets it: made by its builder, from made-up values for all that the interface
//! declares, held against the interface, and kept as text.

use std::collections::BTreeSet;
use std::fmt::Write;

use hoopai::Client;
use hoopai::runtime::DEFAULT_API_VERSION;
use hoopai::runtime::operation::Operation;
use hoopai::runtime::rate_limit::RateLimitSettings;
use serde_json::Value;

use crate::fits;
use crate::given::{CALLS, Given};
use crate::interface::{Interface, items};
use crate::support::{Received, Recorder};

/// Headers that any request has.
const COMMON: [&str; 5] = ["accept", "authorization", "host", "user-agent", "version"];

#[tokio::test]
async fn every_operation_sends_what_the_interface_declares() {
    assert_eq!(
        CALLS.len(),
        hoopai::OPERATIONS
            .iter()
            .map(|table| table.len())
            .sum::<usize>()
    );
    let server = Recorder::answering("application/json", "true").await;
    let client = Client::builder()
        .private_token("pit-secret")
        .base_url(server.address())
        .limits(RateLimitSettings::unlimited())
        .build()
        .unwrap();
    for table in hoopai::OPERATIONS {
        let mut text = String::new();
        for operation in *table {
            let (_, call) = CALLS
                .iter()
                .find(|(other, _)| other == operation)
                .expect("a call");
            let name = format!("{}.{}", operation.module, operation.name);
            let given = Given::of(operation);
            call(&client, &given)
                .await
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            let request = server.only();
            let mut faults = Vec::new();
            check(operation, &given, &request, &mut faults);
            assert!(
                faults.is_empty(),
                "{name} {}:\n{}",
                request.target,
                faults.join("\n")
            );
            show(&mut text, operation, &request);
        }
        insta::assert_snapshot!(table[0].module, text);
    }
}

/// Holds a request against the interface.
fn check(operation: &Operation, given: &Given, request: &Received, faults: &mut Vec<String>) {
    let mut expect = |what: &str, is: bool| {
        if !is {
            faults.push(what.to_owned());
        }
    };
    let interface = Interface::of(operation.module);
    let declared = interface.operation(operation);
    let left = given.left();
    expect(&format!("no setter takes {left:?}"), left.is_empty());
    expect(
        "another method",
        request.method.as_str() == operation.method.as_str(),
    );

    let (path, query) = request
        .target
        .split_once('?')
        .unwrap_or((&request.target, ""));
    let mut filled = operation.path.to_owned();
    for ((place, name), value) in &given.values {
        if *place == "path" {
            filled = filled.replace(&format!("{{{name}}}"), &encoded(&text(value)));
        }
    }
    expect(&format!("the path is not {filled}"), path == filled);
    let mut pairs = decoded(query);
    let mut expected = Vec::new();
    for parameter in items(&declared["parameters"]) {
        let name = parameter["name"].as_str().expect("a name");
        if parameter["in"] == "query" {
            let values = texts(&given.values[&("query", name)]);
            let comma = parameter["explode"] == false;
            let values = if comma {
                vec![values.join(",")]
            } else {
                values
            };
            expected.extend(values.into_iter().map(|value| (name.to_owned(), value)));
        }
    }
    pairs.sort();
    expected.sort();
    expect(&format!("the query is not {expected:?}"), pairs == expected);

    let version = items(&declared["parameters"])
        .iter()
        .find(|parameter| parameter["in"] == "header" && parameter["name"] == "Version");
    let version = version.and_then(|version| version["schema"]["enum"][0].as_str());
    expect(
        "the table has another version than the interface",
        operation.version == version,
    );
    expect(
        "another version",
        request.header("version") == Some(version.unwrap_or(DEFAULT_API_VERSION)),
    );
    expect(
        "another token",
        request.header("authorization") == Some("Bearer pit-secret"),
    );

    let mut headers: BTreeSet<&str> = COMMON.into();
    for ((place, name), value) in &given.values {
        if *place == "header" {
            headers.insert(name);
            expect(
                &format!("another {name}"),
                request.header(name) == Some(&text(value)),
            );
        }
    }
    let body = interface.bodies(operation);
    let kind = request.header("content-type").unwrap_or_default();
    if body.is_empty() {
        expect(
            "a body that is not declared",
            request.body.is_empty() && kind.is_empty(),
        );
    } else {
        headers.extend(["content-length", "content-type"]);
        let kind = kind.split(';').next().unwrap_or_default();
        expect(
            &format!("the content type {kind} is not declared"),
            body.contains_key(kind),
        );
    }
    let sent: BTreeSet<&str> = request.headers.keys().map(|name| name.as_str()).collect();
    // A body of none says so where the method may have one.
    let extra: Vec<_> = sent
        .difference(&headers)
        .filter(|name| **name != "content-length")
        .collect();
    let missing: Vec<_> = headers.difference(&sent).collect();
    expect(
        &format!("headers {extra:?} too many, {missing:?} too few"),
        extra.is_empty() && missing.is_empty(),
    );

    match &given.body {
        Some(("application/x-www-form-urlencoded", _, body)) => {
            let mut pairs = decoded(&request.text());
            let fields = body.as_object().expect("an object");
            let mut expected: Vec<_> = fields
                .iter()
                .flat_map(|(name, value)| {
                    texts(value).into_iter().map(|value| (name.clone(), value))
                })
                .collect();
            pairs.sort();
            expected.sort();
            expect("the form is not what was given", pairs == expected);
        }
        Some((_, schema, body)) => {
            let sent: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            expect(
                &format!("the body is not what was given: {body}"),
                same(&sent, body),
            );
            faults.extend(fits::faults(interface, schema, &sent));
        }
        None => {
            let mut expected = Vec::new();
            for ((place, name), value) in &given.values {
                if ["text", "file"].contains(place) {
                    let file = (*place == "file").then(|| format!("{name}.csv"));
                    expected.extend(
                        texts(value)
                            .into_iter()
                            .map(|value| ((*name).to_owned(), file.clone(), value)),
                    );
                }
            }
            let mut sent: Vec<_> = parts(request)
                .into_iter()
                .map(|part| (part.name, part.file, part.content))
                .collect();
            sent.sort();
            expected.sort();
            expect(&format!("the parts are not {expected:?}"), sent == expected);
        }
    }
}

/// Equal JSON; 1 and 1.0 are one number.
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

/// A value as one text for each item.
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

/// What is not unreserved in RFC 3986, in percents.
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

/// The pairs of a query or a form.
pub(crate) fn decoded(text: &str) -> Vec<(String, String)> {
    let plain = |text: &str| {
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
        .map(|(name, value)| (plain(name), plain(value)))
        .collect()
}

/// A part of a `multipart/form-data` body.
pub(crate) struct Part {
    pub(crate) name: String,
    file: Option<String>,
    kind: Option<String>,
    content: String,
}

pub(crate) fn parts(request: &Received) -> Vec<Part> {
    let kind = request.header("content-type").unwrap_or_default();
    let Some(boundary) = kind.strip_prefix("multipart/form-data; boundary=") else {
        return Vec::new();
    };
    let body = request.text();
    let body = body
        .strip_suffix(&format!("--{boundary}--\r\n"))
        .expect("an end");
    let mark = format!("--{boundary}\r\n");
    let parts = body.split(mark.as_str()).skip(1);
    parts
        .map(|part| {
            let (head, content) = part.split_once("\r\n\r\n").expect("a head");
            let after = |mark: &str, end: &str| {
                let (_, rest) = head.split_once(mark)?;
                Some(rest.split(end).next()?.to_owned())
            };
            Part {
                name: after("form-data; name=\"", "\"").expect("a name"),
                file: after("; filename=\"", "\""),
                kind: after("Content-Type: ", "\r\n"),
                content: content
                    .strip_suffix("\r\n")
                    .expect("an end of line")
                    .to_owned(),
            }
        })
        .collect()
}

/// Writes a request as it came, boundaries left out and JSON broken into lines.
pub(crate) fn show(out: &mut String, operation: &Operation, request: &Received) {
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
    let kind = request
        .header("content-type")
        .map(|kind| kind.split(';').next().unwrap_or(kind));
    if let Some(kind) = kind {
        let _ = write!(out, ", sends {kind}");
    }
    for (name, value) in &request.headers {
        if name.as_str().starts_with("x-") {
            let _ = write!(out, ", {name}: {}", value.to_str().unwrap_or_default());
        }
    }
    out.push('\n');
    match kind {
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
                kind,
                content,
            } in parts(request)
            {
                let file = file
                    .map(|file| format!(", file {file}"))
                    .unwrap_or_default();
                let kind = kind.map(|kind| format!(", {kind}")).unwrap_or_default();
                let _ = writeln!(out, "  part {name}{file}{kind}: {content}");
            }
        }
        Some(_) => {
            let _ = writeln!(out, "  {}", request.text());
        }
        None => {}
    }
}

/// JSON in lines of up to 120 characters, as far as its structure goes.
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
