//! The catalogue compared with the operation tables, with the requests of the builders, and with
//! the checks of the mock server.

use hoopai::runtime::operation::{
    BodyKind, CursorSource, ListStyle, PageParam, PageStrategy, ParamLocation, Reply,
};
use hoopai::runtime::rate_limit::RateLimitSettings;
use hoopai::{Client, Method};
use hoopai_catalogue as catalogue;
use hoopai_catalogue::{Kind, Place, Problem, Schema, Values};
use hoopai_mock::{LOCATION, Mock, RateLimitSettings as MockLimits, TOKEN, TokenSpec};
use hoopai_test_support::{seed, seeded_random};
use serde_json::{Map, Value, json};

use crate::call_table::{CallInput, Coverage};
use crate::operations::{all_operations, qualified_name, test_operations};

type Operation = hoopai::runtime::operation::Operation;

fn found(operation: &Operation) -> &'static catalogue::Operation {
    catalogue::find(&qualified_name(operation)).expect("an operation of the catalogue")
}

fn place(part: ParamLocation) -> Place {
    match part {
        ParamLocation::Path => Place::Path,
        ParamLocation::Query => Place::Query,
        _ => Place::Body,
    }
}

#[test]
fn operations_are_those_of_the_tables() {
    for operation in all_operations() {
        let name = qualified_name(operation);
        let own = found(operation);
        assert_eq!(own.entry.name, operation.name, "{name}");
        assert_eq!(own.entry.id, operation.id, "{name}");
        assert_eq!(
            own.entry.method.as_str(),
            operation.method.as_str(),
            "{name}"
        );
        assert_eq!(own.entry.path, operation.path, "{name}");
        assert_eq!(own.version, operation.version, "{name}");
        assert_eq!(own.scopes, operation.scopes, "{name}");
        assert_eq!(own.location_token, operation.tokens.location, "{name}");
        assert_eq!(own.agency_token, operation.tokens.agency, "{name}");
        assert_eq!(own.idempotent, operation.idempotent, "{name}");
        assert_eq!(own.deprecated, operation.deprecated, "{name}");
        let location = own.location.map(|location| {
            (
                location.place,
                location.name,
                location.alt_type,
                location.required,
            )
        });
        let expected = operation.location.map(|location| {
            (
                place(location.part),
                location.name,
                location.alt_type,
                location.required,
            )
        });
        assert_eq!(location, expected, "{name}");
        let query: Vec<_> = own
            .parameters
            .iter()
            .filter(|parameter| parameter.place == Place::Query)
            .map(|parameter| (parameter.name, parameter.required, parameter.comma))
            .collect();
        let expected: Vec<_> = operation
            .query
            .iter()
            .map(|query| (query.name, query.required, query.style == ListStyle::Comma))
            .collect();
        assert_eq!(query, expected, "{name}");
        let body = own.body.as_ref().map(|body| {
            (
                body.kind,
                body.required,
                body.omittable,
                body.required_fields.clone(),
            )
        });
        let expected = operation.body.map(|body| {
            let kind = match body.kind {
                BodyKind::Json => catalogue::BodyKind::Json,
                BodyKind::Form => catalogue::BodyKind::Form,
                _ => catalogue::BodyKind::Multipart,
            };
            (kind, body.required, body.omittable, body.fields.to_vec())
        });
        assert_eq!(body, expected, "{name}");
        let same_reply = match (own.reply, operation.reply) {
            (catalogue::Reply::Json(_), reply) => reply == Reply::Json,
            (catalogue::Reply::Empty, reply) => reply == Reply::Empty,
            (_, reply) => reply == Reply::Bytes,
        };
        assert!(same_reply, "{name}");
        assert_eq!(paging(own), expected_paging(operation), "{name}");
    }
    assert_eq!(all_operations().count(), 609);
}

#[test]
fn setters_are_those_of_the_builders() {
    for row in test_operations() {
        let own = found(row.operation);
        let mut names: Vec<(&str, &str, &str)> = own
            .parameters
            .iter()
            .map(|one| (one.place.name(), one.name, one.rust_name))
            .collect();
        let parts = own.body.iter().flat_map(|body| &body.parts);
        names.extend(parts.map(|part| {
            let kind = if part.is_file { "file" } else { "text" };
            (kind, part.name, part.rust_name)
        }));
        names.sort_unstable();
        let mut expected = row.setters.to_vec();
        expected.retain(|(kind, ..)| *kind != "body");
        expected.sort_unstable();
        assert_eq!(names, expected, "{}", own.key());
    }
}

/// The parts of a paging rule as texts.
fn paging(operation: &catalogue::Operation) -> Option<Vec<String>> {
    let rule = operation.paging.as_ref()?;
    let to = |to: &catalogue::PageParameter| format!("{}.{} {}", to.place.name(), to.name, to.text);
    let mut parts = vec![format!("{} {:?} {:?}", rule.items, rule.total, rule.more)];
    let size = rule.size.as_ref();
    parts
        .extend(size.map(|size| format!("{} {} {}", to(&size.parameter), size.max, size.declared)));
    match &rule.strategy {
        catalogue::PageStrategy::Offset(parameter) => {
            parts.push(format!("offset {}", to(parameter)))
        }
        catalogue::PageStrategy::Page { parameter, first } => {
            parts.push(format!("page {} {first}", to(parameter)));
        }
        catalogue::PageStrategy::Cursor(cursors) => parts.extend(cursors.iter().map(|cursor| {
            format!(
                "{} {} {}",
                cursor.of_last_item,
                cursor.path,
                to(&cursor.parameter)
            )
        })),
        _ => unreachable!("the strategies of the table"),
    }
    Some(parts)
}

fn expected_paging(operation: &Operation) -> Option<Vec<String>> {
    let rule = operation.paging?;
    let to = |to: &PageParam| match to {
        PageParam::Query(name) => format!("query.{name} false"),
        PageParam::Body { name, text } => format!("body.{name} {text}"),
        _ => unreachable!("the parameters of the table"),
    };
    let mut parts = vec![format!("{} {:?} {:?}", rule.items, rule.total, rule.more)];
    parts.extend(
        rule.size
            .map(|size| format!("{} {} {}", to(&size.to), size.max, size.declared)),
    );
    match &rule.strategy {
        PageStrategy::Offset(parameter) => parts.push(format!("offset {}", to(parameter))),
        PageStrategy::Page {
            to: parameter,
            first,
        } => {
            parts.push(format!("page {} {first}", to(parameter)));
        }
        PageStrategy::Cursor(fields) => parts.extend(fields.iter().map(|field| {
            let (last, path) = match field.from {
                CursorSource::LastItem(path) => (true, path),
                CursorSource::Reply(path) => (false, path),
                _ => unreachable!("the sources of the table"),
            };
            format!("{last} {path} {}", to(&field.to))
        })),
        _ => unreachable!("the strategies of the table"),
    }
    Some(parts)
}

/// The values of a call as those of the catalogue.
fn values(input: &CallInput) -> Values {
    let mut values = Values {
        has_location: true,
        ..Values::default()
    };
    let mut form = Map::new();
    for ((kind, name), value) in &input.values {
        match *kind {
            "text" => {
                form.insert((*name).to_owned(), value.clone());
            }
            "file" => values.files.push((*name).to_owned()),
            _ => values.parameters.push(((*name).to_owned(), value.clone())),
        }
    }
    values.body = match &input.body {
        Some((_, _, body)) => Some(body.clone()),
        None => (!form.is_empty()).then(|| form.into()),
    };
    values
}

fn errors(operation: &catalogue::Operation, values: &Values) -> Vec<Problem> {
    let problems = operation.validate(values).into_iter();
    problems.filter(|problem| !problem.is_advice).collect()
}

#[test]
fn missing_values_are_those_that_the_builders_report() {
    for operation in all_operations() {
        let own = found(operation);
        let problems = errors(own, &Values::default());
        let mut names: Vec<&str> = problems
            .iter()
            .map(|problem| problem.path.as_str())
            .collect();
        let mut expected: Vec<&str> = own
            .parameters
            .iter()
            .filter(|parameter| parameter.place == Place::Path)
            .map(|parameter| parameter.name)
            .collect();
        expected.extend(
            operation
                .query
                .iter()
                .filter(|query| query.required)
                .map(|query| query.name),
        );
        if let Some(location) = operation.location.filter(|location| location.required) {
            let body = operation.body.is_none_or(|body| body.required);
            if location.part != ParamLocation::Body || body {
                expected.push(location.name);
            }
        }
        if let Some(body) = operation.body.filter(|body| body.required) {
            if !body.omittable {
                expected.push("body");
            }
            expected.extend(
                body.fields
                    .iter()
                    .copied()
                    .filter(|field| !field.contains('.')),
            );
        }
        names.sort_unstable();
        expected.sort_unstable();
        expected.dedup();
        assert_eq!(names, expected, "{}", own.key());
    }
}

#[test]
fn requests_of_the_builders_are_valid() {
    let mut rejected = Vec::new();
    for operation in all_operations() {
        let own = found(operation);
        // Without optional fields, a union may lack what each of its alternatives requires.
        let required = CallInput::with_coverage(operation, Coverage::Required);
        let mut problems = errors(own, &values(&required));
        let all = CallInput::with_coverage(operation, Coverage::All);
        problems.extend(own.validate(&values(&all)));
        let problems = problems.iter();
        rejected.extend(problems.map(|problem| format!("{}: {problem}", own.key())));
    }
    assert!(rejected.is_empty(), "{}", rejected.join("\n"));
}

/// A text that no problem may contain.
const SECRET: &str = "geheim-4711";

/// A change that makes a body invalid, and the path that the problem names.
struct Change {
    body: Value,
    path: String,
}

/// The places of a body at which a change makes it invalid: an undeclared key in each closed object,
/// and another kind of value for each field.
fn changes(schema: Schema, body: &Value) -> Vec<Change> {
    let mut places = Vec::new();
    collect(schema, body, "", "", &mut places);
    let changed = |(pointer, path, value): (String, String, Value)| {
        let mut body = body.clone();
        match body.pointer_mut(&pointer) {
            Some(place) => *place = value,
            None => {
                let (parent, key) = pointer.rsplit_once('/').expect("a key");
                let parent = body.pointer_mut(parent).and_then(Value::as_object_mut);
                parent.expect("an object").insert(key.to_owned(), value);
            }
        }
        Change { body, path }
    };
    places.into_iter().map(changed).collect()
}

fn collect(
    schema: Schema,
    value: &Value,
    pointer: &str,
    path: &str,
    places: &mut Vec<(String, String, Value)>,
) {
    // Which alternative a changed value is compared with is not determined.
    if !schema.alternatives().is_empty() {
        return;
    }
    match value {
        Value::Object(fields) => {
            let join = |name: &str| match path {
                "" => name.to_owned(),
                _ => format!("{path}.{name}"),
            };
            if !schema.is_open() {
                let key = "undeclaredKey";
                places.push((format!("{pointer}/{key}"), join(key), SECRET.into()));
            }
            for (name, value) in fields {
                let Some(field) = schema.field(name).filter(|field| field.name == name) else {
                    continue;
                };
                let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                if let Some(other) = other_kind(field.schema) {
                    places.push((pointer.clone(), join(name), other));
                }
                collect(field.schema, value, &pointer, &join(name), places);
            }
        }
        Value::Array(items) => {
            if let (Some(schema), Some(item)) = (schema.items(), items.first()) {
                collect(
                    schema,
                    item,
                    &format!("{pointer}/0"),
                    &format!("{path}[0]"),
                    places,
                );
            }
        }
        _ => {}
    }
}

/// A value that a schema rejects.
fn other_kind(schema: Schema) -> Option<Value> {
    Some(match schema.kind() {
        Kind::String if !schema.allowed().is_empty() => SECRET.into(),
        Kind::String => json!(4711),
        Kind::Number | Kind::Integer | Kind::Boolean | Kind::Array | Kind::Object => SECRET.into(),
        _ => return None,
    })
}

#[tokio::test]
async fn invalid_requests_are_rejected_with_the_name_of_the_field() {
    let random = seeded_random(seed());
    let pick = |many: usize| (random() * many as f64) as usize;
    let mock = Mock::builder()
        .token_with(TOKEN, TokenSpec::everything())
        .limits(MockLimits {
            burst: u32::MAX,
            daily: u32::MAX,
            ..MockLimits::default()
        })
        .start()
        .await
        .unwrap();
    let client = Client::builder()
        .private_token(TOKEN)
        .location(LOCATION)
        .base_url(mock.url())
        .limits(RateLimitSettings::unlimited())
        .build()
        .unwrap();
    let (mut checked, mut sent, mut confirmed) = (0, 0, 0);
    for operation in all_operations() {
        let own = found(operation);
        let key = own.key();
        let input = CallInput::new(operation);
        let valid = values(&input);
        let reject = |values: &Values, path: &str| {
            let problems = errors(own, values);
            assert!(
                problems.iter().any(|problem| problem.path == path),
                "{key}: {path}: {problems:?}"
            );
            for problem in problems {
                assert!(!problem.to_string().contains(SECRET), "{key}: {problem}");
            }
        };
        let mut undeclared = valid.clone();
        undeclared
            .parameters
            .push(("undeclaredName".to_owned(), SECRET.into()));
        if !own.documented_only {
            reject(&undeclared, "undeclaredName");
        }
        for (index, (name, _)) in valid.parameters.iter().enumerate() {
            let parameter = own.parameter(name).expect("a parameter");
            let mut without = valid.clone();
            without.parameters.remove(index);
            let is_location = own.location.is_some_and(|location| location.name == name);
            if parameter.place == Place::Path && !is_location {
                reject(&without, name);
            }
            let other = other_kind(parameter.schema);
            if let Some(other) = other.filter(|_| parameter.schema.kind() != Kind::Array) {
                let mut changed = valid.clone();
                changed.parameters[index].1 = other;
                reject(&changed, name);
            }
            checked += 1;
        }
        let (Some(body), Some(value)) = (&own.body, &valid.body) else {
            continue;
        };
        let changes = changes(body.schema, value);
        for change in &changes {
            let mut changed = valid.clone();
            changed.body = Some(change.body.clone());
            reject(&changed, &change.path);
            checked += 1;
        }
        // One of the changes is sent to the mock server, which checks on its own.
        if changes.is_empty() || own.is_upload() || own.module.name() == "oauth" {
            continue;
        }
        let change = &changes[pick(changes.len())];
        let method: Method = own.entry.method.as_str().parse().unwrap();
        let mut request = client.handle().request(method, own.entry.path);
        for (name, value) in &valid.parameters {
            let parameter = own.parameter(name).expect("a parameter");
            let text = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
            let is_location = own.location.is_some_and(|location| location.name == name);
            let value = match value {
                _ if is_location => LOCATION.to_owned(),
                Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
                value => text(value),
            };
            request = match parameter.place {
                Place::Path => request.path(name.as_str(), value),
                Place::Query => request.query(name.as_str(), value),
                _ => request.header(name, value),
            };
        }
        if let Some(version) = own.version {
            request = request.api_version(version);
        }
        sent += 1;
        match request.json(&change.body).send().await {
            Ok(_) => panic!("{key}: the mock accepts another `{}`", change.path),
            Err(error) => {
                let name = change.path.rsplit(['.', '[']).next().unwrap_or_default();
                let name = if name.ends_with(']') {
                    &change.path
                } else {
                    name
                };
                confirmed += usize::from(error.messages().iter().any(|text| text.contains(name)));
            }
        }
    }
    println!("{checked} invalid requests; the mock names the field in {confirmed} of {sent}");
    assert!(checked > 2_000, "{checked}");
    assert!(confirmed * 10 >= sent * 9, "{confirmed} of {sent}");
}
