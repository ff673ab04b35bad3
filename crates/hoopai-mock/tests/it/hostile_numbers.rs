//! Hostile numbers in every numeric parameter of every operation, and in the paging fields of
//! bodies. Each is rejected with 422 in the platform's shape; none closes the connection or causes
//! a 5xx.
//!
//! The parameters are read from the interface files. The requests are hand-written.

use std::time::Duration;

use hoopai_mock::{COMPANY, LOCATION, Mock, RateLimitSettings, TOKEN, TokenSpec};
use hoopai_test_support::interface::is_settled;
use reqwest::{Client, Method};
use serde_json::{Map, Value, json};

use crate::support::{Reply, call, client};

/// Texts that are no page number, offset, page size or time, separated by blanks. All are rejected.
const HOSTILE: &str = "\
    18446744073709551614 18446744073709551615 18446744073709551616 18446744073709551615.5 \
    9223372036854775807 9223372036854775808 9007199254740992 4611686018427387904 \
    340282366920938463463374607431768211456 \
    -1 -9223372036854775808 -9223372036854775809 -18446744073709551615 \
    1e19 1e308 -1e308 1e309 1e400 -1e400 9e999999999 1e-308 \
    NaN -NaN nan inf Infinity -Infinity 1.5 -0.5 0.1 0x10 1_000 1,5 --1 \u{663} one";

/// Numbers that the platform may accept. They never cause a 5xx.
const ODD: &[&str] = &[
    "",
    "0",
    "-0",
    "1.0",
    "1e2",
    "007",
    "+5",
    " 5 ",
    "9007199254740991",
    "1e-400",
];

/// A count parameter, and a request that is valid except for it.
struct Subject {
    operation: String,
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Option<Value>,
    /// Whether the parameter is in the body.
    in_body: bool,
    name: String,
    /// A number that is accepted.
    good: String,
    /// Whether the interface declares a number.
    is_number: bool,
}

/// An interface document.
struct Document {
    module: String,
    root: Value,
}

impl Document {
    fn all() -> Vec<Self> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/interface");
        let files = std::fs::read_dir(folder).expect("the interface");
        let read = |file: std::io::Result<std::fs::DirEntry>| {
            let path = file.expect("a file").path();
            let module = path.file_stem().and_then(|name| name.to_str());
            let text = std::fs::read(&path).expect("a document");
            Self {
                module: module.expect("a name").to_owned(),
                root: serde_json::from_slice(&text).expect("JSON"),
            }
        };
        files.map(read).collect()
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(target) => {
                let pointer = target.trim_start_matches('#');
                self.resolve(self.root.pointer(pointer).expect("a schema"))
            }
            None => schema,
        }
    }

    /// Returns a valid value with the required fields only.
    fn value(&self, name: &str, schema: &Value, depth: usize) -> Value {
        let schema = self.resolve(schema);
        if let Some(first) = schema["enum"].get(0) {
            return first.clone();
        }
        for composite in ["oneOf", "anyOf"] {
            if let Some(first) = schema[composite].get(0) {
                return self.value(name, first, depth + 1);
            }
        }
        match schema["type"].as_str() {
            Some("number" | "integer") => 1.into(),
            Some("boolean") => true.into(),
            Some("array") => match schema["items"].is_object() && depth < 8 {
                true => json!([self.value(name, &schema["items"], depth + 1)]),
                false => json!([]),
            },
            Some("string") => text(name, schema).into(),
            _ => {
                let parts = schema["allOf"].as_array().cloned().unwrap_or_default();
                let mut fields = Map::new();
                for part in parts.iter().chain([schema]) {
                    let part = self.resolve(part);
                    for name in part["required"].as_array().into_iter().flatten() {
                        let name = name.as_str().expect("a name");
                        if depth < 8 {
                            let field = self.value(name, &part["properties"][name], depth + 1);
                            fields.insert(name.to_owned(), field);
                        }
                    }
                }
                Value::Object(fields)
            }
        }
    }

    fn subjects(&self, into: &mut Vec<Subject>) {
        for (path, item) in self.root["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                self.subjects_of(path, method, operation, into);
            }
        }
    }

    fn subjects_of(&self, path: &str, method: &str, operation: &Value, into: &mut Vec<Subject>) {
        let parameters = operation["parameters"].as_array().cloned();
        let parameters = parameters.unwrap_or_default();
        let of = |parameter: &Value| {
            let name = parameter["name"].as_str().expect("a name").to_owned();
            let value = self.value(&name, &parameter["schema"], 0);
            let value = value
                .as_array()
                .and_then(|items| items.first())
                .unwrap_or(&value);
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            (name, text)
        };
        let mut query = Vec::new();
        let mut target = path.to_owned();
        for parameter in &parameters {
            match (parameter["in"].as_str(), parameter["required"] == true) {
                (Some("path"), _) => {
                    let (name, value) = of(parameter);
                    target = target.replace(&format!("{{{name}}}"), &value);
                }
                (Some("query"), true) => query.push(of(parameter)),
                _ => {}
            }
        }
        let body = operation["requestBody"]["content"]["application/json"]["schema"].clone();
        let body = (!body.is_null()).then(|| self.value("", &body, 0));
        let subject = |name: &str, schema: &Value, in_body: bool| Subject {
            operation: format!("{}.{}", self.module, operation["operationId"]),
            method: method.to_uppercase().parse().expect("a method"),
            path: target.clone(),
            query: query
                .iter()
                .filter(|(own, _)| own != name)
                .cloned()
                .collect(),
            body: body.clone(),
            in_body,
            name: name.to_owned(),
            good: self.resolve(schema)["minimum"]
                .as_u64()
                .unwrap_or(1)
                .max(1)
                .to_string(),
            is_number: matches!(
                self.resolve(schema)["type"].as_str(),
                Some("number" | "integer")
            ),
        };
        for parameter in parameters
            .iter()
            .filter(|parameter| parameter["in"] == "query")
        {
            let name = parameter["name"].as_str().expect("a name");
            let kind = self.resolve(&parameter["schema"])["type"].as_str();
            if matches!(kind, Some("number" | "integer")) || counts(name) {
                into.push(subject(name, &parameter["schema"], false));
            }
        }
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let fields = self.resolve(schema)["properties"].as_object();
        for (name, schema) in fields.into_iter().flatten() {
            if counts(name) || ["page", "pageLimit", "searchAfter"].contains(&name.as_str()) {
                into.push(subject(name, schema, true));
            }
        }
    }
}

/// Count parameters that some interface files declare as strings.
fn counts(name: &str) -> bool {
    let sizes = ["limit", "pageSize", "pageLength"];
    let positions = ["skip", "offset", "startAfterDate"];
    sizes.contains(&name) || positions.contains(&name)
}

fn text(name: &str, schema: &Value) -> &'static str {
    match (name, schema["format"].as_str()) {
        ("locationId" | "location_id" | "altId", _) => LOCATION,
        ("companyId", _) => COMPANY,
        ("limit" | "skip" | "offset", _) => "1",
        (_, Some("date-time")) => "2026-03-14T09:30:00.000Z",
        _ => "sample",
    }
}

async fn server() -> Mock {
    let limits = RateLimitSettings {
        burst: u32::MAX,
        daily: u32::MAX,
        ..RateLimitSettings::default()
    };
    Mock::builder()
        .limits(limits)
        .token_with(TOKEN, TokenSpec::everything())
        .start()
        .await
        .expect("a server")
}

/// Sends the request with this text as the number. `raw` writes it unquoted into a JSON body.
async fn send(client: &Client, mock: &Mock, subject: &Subject, number: &str, raw: bool) -> Reply {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(&subject.query);
    if !subject.in_body {
        query.append_pair(&subject.name, number);
    }
    let path = format!("{}?{}", subject.path, query.finish());
    let mut request = call(client, mock, subject.method.clone(), &path, TOKEN);
    if let Some(body) = &subject.body {
        let mut body = body.clone();
        if subject.in_body {
            let number = if raw {
                "\0".into()
            } else {
                Value::from(number)
            };
            let is_list = subject.name == "searchAfter";
            body[&subject.name] = if is_list {
                json!([number, "sample"])
            } else {
                number
            };
        }
        let text = body.to_string().replace("\"\\u0000\"", number);
        request = request
            .header("content-type", "application/json")
            .body(text);
    }
    Reply::of(request).await
}

/// Returns the fields that an error names.
fn fields(reply: &Reply) -> Vec<String> {
    let errors = reply.json()["errors"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let field = |error: &Value| error["field"].as_str().unwrap_or_default().to_owned();
    errors.iter().map(field).collect()
}

/// Whether an error names the subject of a request.
fn names(reply: &Reply, subject: &Subject) -> bool {
    let item = format!("{}.0", subject.name);
    reply.status == 422
        && fields(reply)
            .iter()
            .any(|field| *field == subject.name || *field == item)
}

#[track_caller]
fn in_shape(reply: &Reply, what: &str) {
    let body = reply.json();
    assert_eq!(body["statusCode"], 422, "{what}: {body}");
    assert_eq!(body["error"], "Unprocessable Entity", "{what}: {body}");
    let messages = body["message"].as_array().map_or(0, Vec::len);
    assert_eq!(messages, fields(reply).len(), "{what}: {body}");
}

/// Without overflow checks, the tests below would not detect an overflow.
#[test]
fn arithmetic_overflow_panics() {
    let one = std::hint::black_box(1_u64);
    let sum = std::panic::catch_unwind(|| u64::MAX + one);
    assert!(sum.is_err(), "run these tests with overflow checks");
}

#[tokio::test]
async fn hostile_number_is_rejected_in_every_operation() {
    let (mock, client) = (server().await, client());
    mock.seed().contacts(LOCATION, 3);
    let mut subjects = Vec::new();
    for document in Document::all() {
        document.subjects(&mut subjects);
    }
    let in_query = subjects.iter().filter(|subject| !subject.in_body).count();
    assert!(
        in_query >= 150 || !is_settled(),
        "{in_query} parameters of queries"
    );
    assert!(
        subjects.len() - in_query >= 13 || !is_settled(),
        "{} in bodies",
        subjects.len() - in_query
    );
    for subject in &subjects {
        let what = |number: &str| format!("{} {}={number}", subject.operation, subject.name);
        let good = send(&client, &mock, subject, &subject.good, subject.is_number).await;
        // An unknown made-up id is not caused by the number.
        assert!(
            good.status < 500 && !names(&good, subject),
            "{}: {}",
            what(&subject.good),
            good.text
        );
        for number in HOSTILE.split(' ') {
            let reply = send(&client, &mock, subject, number, false).await;
            assert!(names(&reply, subject), "{}: {}", what(number), reply.text);
            in_shape(&reply, &what(number));
            // JSON has no other number formats.
            let is_json =
                number.parse::<f64>().is_ok() && number.ends_with(|c: char| c.is_ascii_digit());
            if subject.in_body && is_json {
                let reply = send(&client, &mock, subject, number, true).await;
                assert!(
                    names(&reply, subject),
                    "raw {}: {}",
                    what(number),
                    reply.text
                );
                in_shape(&reply, &what(number));
            }
        }
        for number in ODD {
            let reply = send(&client, &mock, subject, number, false).await;
            assert!(reply.status < 500, "{}: {}", what(number), reply.text);
        }
    }
}

/// Returns a random number of any length, with or without sign, fraction and exponent.
fn random_number(random: &mut fastrand::Rng) -> String {
    let digits = |random: &mut fastrand::Rng, most: usize| -> String {
        (0..random.usize(1..=most))
            .map(|_| char::from(random.u8(b'0'..=b'9')))
            .collect()
    };
    let mut text = if random.bool() {
        "-".to_owned()
    } else {
        String::new()
    };
    // Short enough to keep the fraction after rounding.
    if random.u8(0..4) == 0 {
        text += &format!("{}.{}", digits(random, 6), digits(random, 8));
    } else {
        text += &digits(random, 40);
    }
    if random.u8(0..3) == 0 {
        text = format!(
            "{text}e{}{}",
            if random.bool() { "-" } else { "" },
            digits(random, 5)
        );
    }
    text
}

#[tokio::test]
async fn random_number_causes_no_server_error() {
    let seed = std::env::var("HOOPAI_SEED").ok();
    let seed = seed
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| fastrand::u64(..));
    println!("HOOPAI_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let (mock, client) = (server().await, client());
    let mut subjects = Vec::new();
    for document in Document::all() {
        document.subjects(&mut subjects);
    }
    for _ in 0..1500 {
        let subject = random.choice(&subjects).expect("a subject");
        let number = random_number(&mut random);
        let raw = subject.in_body && random.bool();
        let reply = send(&client, &mock, subject, &number, raw).await;
        let what = format!(
            "{seed}: {} {}={number} {raw}: {}",
            subject.operation, subject.name, reply.text
        );
        assert!(reply.status < 500, "{what}");
        let value = number.parse::<f64>().expect("a number");
        let is_count = value.fract() == 0.0 && (0.0..=9_007_199_254_740_991.0).contains(&value);
        // JSON has no numbers with leading zeros.
        assert!(
            is_count || reply.status == 422 || (raw && reply.status == 400),
            "{what}"
        );
    }
    assert!(mock.journal().wait_for(1500, Duration::from_secs(10)).await);
}

/// Numbers that are stored, and used in later calculations.
#[tokio::test]
async fn stored_hostile_number_causes_no_server_error() {
    let (mock, client) = (server().await, client());
    let contact = mock.seed().contacts(LOCATION, 1).remove(0);
    let calendar = mock.seed().calendars(LOCATION, 1).remove(0);
    let conversation = mock.seed().conversations(LOCATION, 1).remove(0);
    let invoice = mock.seed().invoices(LOCATION, 1).remove(0);
    let slots =
        format!("/calendars/{calendar}/free-slots?startDate=1773446400000&endDate=1773532799000");
    for number in [
        "18446744073709551615",
        "9223372036854775807",
        "1e308",
        "-1e308",
        "-1",
    ] {
        let requests = [
            (
                "PUT",
                format!("/conversations/{conversation}"),
                format!(r#"{{"locationId":"{LOCATION}","unreadCount":{number}}}"#),
            ),
            (
                "POST",
                "/conversations/messages/inbound".to_owned(),
                format!(
                    r#"{{"type":"SMS","message":"Hi","contactId":"{contact}","conversationId":"{conversation}","conversationProviderId":"p"}}"#
                ),
            ),
            (
                "POST",
                "/calendars/events/appointments".to_owned(),
                format!(
                    r#"{{"locationId":"{LOCATION}","contactId":"{contact}","calendarId":"{calendar}","startTime":"{number}"}}"#
                ),
            ),
            (
                "PUT",
                format!("/calendars/{calendar}"),
                format!(
                    r#"{{"slotDuration":{number},"slotInterval":{number},"slotBuffer":{number}}}"#
                ),
            ),
            ("GET", slots.clone(), String::new()),
            (
                "POST",
                format!("/invoices/{invoice}/record-payment"),
                format!(
                    r#"{{"altId":"{LOCATION}","altType":"location","mode":"cash","notes":"","amount":{number},"card":{{"brand":"v","last4":"1"}},"cheque":{{"number":"1"}}}}"#
                ),
            ),
            (
                "GET",
                format!("/invoices/{invoice}?altId={LOCATION}&altType=location"),
                String::new(),
            ),
            (
                "GET",
                format!("/payments/transactions?altId={LOCATION}&altType=location"),
                String::new(),
            ),
        ];
        for (method, path, body) in requests {
            let request = call(
                &client,
                &mock,
                method.parse().expect("a method"),
                &path,
                TOKEN,
            );
            let request = match body.is_empty() {
                true => request,
                false => request
                    .header("content-type", "application/json")
                    .body(body),
            };
            let reply = Reply::of(request).await;
            assert!(
                reply.status < 500,
                "{method} {path} {number}: {}",
                reply.text
            );
        }
    }
}
