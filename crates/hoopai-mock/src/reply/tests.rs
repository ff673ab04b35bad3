//! Generated replies match their schemas, and equal requests have equal replies.

use serde_json::{Value, json};

use super::{Generator, from_schema, is_json};
use crate::check::field_path::FieldPath;
use crate::check::schema::{FieldError, validate};
use crate::check::{Mode, ParsedRequest};
use crate::interface::{Interface, Operation};

/// Checks a reply against a schema; returns the fields with errors and the errors.
pub(crate) fn check_reply(
    operation: &Operation,
    schema: &Value,
    value: &Value,
) -> Result<(), Vec<FieldError>> {
    let errors = validate(operation, schema, value, Mode::Reply, &FieldPath::body());
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

fn accepted() -> ParsedRequest {
    let mut accepted = ParsedRequest::default();
    accepted
        .path
        .insert("contactId".into(), "contact-of-the-path".into());
    accepted
        .query
        .insert("locationId".into(), "location-of-the-query".into());
    accepted.body = Some(json!({ "firstName": "Zoe", "email": "zoe@example.com", "total": 12 }));
    accepted
}

fn operation(key: &str) -> &'static Operation {
    let operations = &Interface::shared().operations;
    operations
        .iter()
        .find(|operation| operation.key() == key)
        .expect(key)
}

#[test]
fn generated_replies_match_their_schemas_and_repeat() {
    let mut checked = 0;
    for operation in &Interface::shared().operations {
        for (seed, accepted) in [
            (0, ParsedRequest::default()),
            (1, accepted()),
            (u64::MAX, accepted()),
        ] {
            let key = operation.key();
            let reply = from_schema(operation, &accepted, seed);
            assert_eq!(reply.status.as_u16(), operation.reply.status, "{key}");
            assert_eq!(
                reply.body,
                from_schema(operation, &accepted, seed).body,
                "{key}"
            );
            match &operation.reply.content {
                Some((media_type, schema)) if is_json(media_type) => {
                    let value: Value = serde_json::from_slice(&reply.body).expect(&key);
                    if let Err(errors) = check_reply(operation, schema, &value) {
                        panic!("{key}, seed {seed}: {errors:?}\n{value:#}");
                    }
                    checked += 1;
                }
                Some((media_type, _)) => {
                    assert_eq!(reply.headers["content-type"], media_type.as_str(), "{key}");
                    assert!(!reply.body.is_empty(), "{key}");
                }
                None if reply.status == 204 => assert!(reply.body.is_empty(), "{key}"),
                None => assert_eq!(reply.body, "{}", "{key}"),
            }
            assert!(
                reply.body.len() < 256 << 10,
                "{key}: {} bytes",
                reply.body.len()
            );
        }
    }
    assert!(checked > 1200, "{checked}");
}

#[test]
fn different_seeds_generate_different_replies() {
    let operation = operation("contacts.get-contact");
    let reply = |seed| from_schema(operation, &ParsedRequest::default(), seed).body;
    assert_ne!(reply(1), reply(2));
}

#[test]
fn replies_have_the_values_of_the_request() {
    let operation = operation("contacts.get-contact");
    let reply = from_schema(operation, &accepted(), 0);
    let value: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(value["contact"]["id"], "contact-of-the-path");
    assert_eq!(value["contact"]["locationId"], "location-of-the-query");
}

#[test]
fn generated_values_are_plausible() {
    let operation = operation("contacts.get-contact");
    let reply = from_schema(operation, &ParsedRequest::default(), 0);
    let value: Value = serde_json::from_slice(&reply.body).unwrap();
    let contact = &value["contact"];
    let text = |name: &str| contact[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(text("id").len(), 20);
    assert!(text("id").chars().all(|c| c.is_ascii_alphanumeric()));
    assert!(text("email").ends_with("@example.com"), "{contact:#}");
    assert!(text("phone").starts_with("+1555"), "{contact:#}");
    assert!(
        crate::check::formats::is_date_time(&text("dateAdded")),
        "{contact:#}"
    );
}

#[test]
fn generated_bodies_match_their_schemas() {
    for operation in &Interface::shared().operations {
        if let Some(body) = &operation.body {
            let value = Generator::new(operation, 3).generate(&body.schema);
            let errors = check_reply(operation, &body.schema, &value)
                .err()
                .unwrap_or_default();
            assert!(errors.is_empty(), "{}: {errors:?}", operation.key());
        }
    }
}

#[test]
fn invalid_values_are_reported() {
    let operation = operation("contacts.get-contact");
    let schema = json!({
        "type": "object",
        "required": ["id", "tags"],
        "properties": {
            "id": { "type": "string", "minLength": 3, "maxLength": 5 },
            "tags": { "type": "array", "items": { "type": "string" }, "minItems": 1, "maxItems": 2 },
            "count": { "type": "integer", "minimum": 1, "maximum": 9 },
            "when": { "type": "string", "format": "date-time" },
            "kind": { "type": "string", "enum": ["a", "b"], "nullable": true },
            "time": { "type": "string", "pattern": "^\\d{2}:\\d{2}$" },
            "one": { "oneOf": [{ "type": "string" }, { "type": "number" }, { "type": "integer" }] },
            "each": { "type": "object", "additionalProperties": { "type": "boolean" } },
        },
    });
    let good = json!({ "id": "abc", "tags": ["x"] });
    let cases = [
        (
            "id",
            json!("ab"),
            "id must be longer than or equal to 3 characters",
        ),
        (
            "id",
            json!("abcdef"),
            "id must be shorter than or equal to 5 characters",
        ),
        ("id", json!(null), "id must be a string"),
        ("tags", json!([]), "tags must contain at least 1 elements"),
        (
            "tags",
            json!(["a", "b", "c"]),
            "tags must contain no more than 2 elements",
        ),
        (
            "tags",
            json!(["a", 1]),
            "each value in tags must be a string",
        ),
        ("tags", json!("a"), "tags must be an array"),
        ("count", json!(0), "count must not be less than 1"),
        ("count", json!(10), "count must not be greater than 9"),
        ("count", json!(1.5), "count must be an integer number"),
        (
            "when",
            json!("2026-02-29T00:00:00Z"),
            "when must be a valid ISO 8601 date string",
        ),
        (
            "when",
            json!("yesterday"),
            "when must be a valid ISO 8601 date string",
        ),
        (
            "kind",
            json!("c"),
            "kind must be one of the following values: a, b",
        ),
        (
            "time",
            json!("9:30"),
            "time must match /^\\d{2}:\\d{2}$/ regular expression",
        ),
        ("one", json!(true), "one must be a string"),
        (
            "one",
            json!(1),
            "one must match one alternative, and matches several",
        ),
        ("each", json!({ "x": 1 }), "each.x must be a boolean value"),
    ];
    assert_eq!(check_reply(operation, &schema, &good), Ok(()));
    for (field, value, sentence) in cases {
        let mut wrong = good.clone();
        wrong[field] = value;
        let errors = check_reply(operation, &schema, &wrong).expect_err(sentence);
        assert_eq!(errors.first().map(|(_, s)| s.as_str()), Some(sentence));
    }
    for right in ["2026-02-28T23:59:60Z", "2026-01-01t00:00:00.5+05:30"] {
        let mut value = good.clone();
        value["when"] = right.into();
        assert_eq!(check_reply(operation, &schema, &value), Ok(()));
    }
    let mut value = good.clone();
    value["kind"] = Value::Null;
    value["undeclared"] = json!(1);
    assert_eq!(check_reply(operation, &schema, &value), Ok(()));
}
