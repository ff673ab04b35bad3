//! Moments and days: their Rust types, the forms that setters convert to, and names without a type.

use serde_json::{Value, json};

use crate::support::{document, generate_sample, operation};

#[test]
fn formats_decide_types_and_forms() {
    let sent = |kind: &str, format: &str| json!({ "type": kind, "format": format });
    let fields = json!({
        "createdAt": { "type": "string" },
        "expiresAt": sent("number", "unix-milliseconds"),
        "sentAt": sent("string", "unix-milliseconds"),
        "runAt": sent("integer", "unix-seconds"),
        "dueDate": { "type": "string" },
        "firstDate": sent("string", "date-month-first"),
        "localDate": sent("string", "date-at-midnight"),
    });
    let content = json!({ "content": { "application/json": {
        "schema": { "type": "object", "properties": fields },
    } } });
    let parameter =
        |name: &str, schema: Value| json!({ "in": "query", "name": name, "schema": schema });
    let parts = json!({
        "parameters": [
            parameter("startAt", json!({ "type": "string" })),
            parameter("since", sent("number", "unix-milliseconds")),
        ],
        "requestBody": content,
    });
    let paths = json!({ "/a": { "post": operation("create-a", parts) } });
    let generated = generate_sample(&document(paths, json!({})), None).unwrap();
    let (types, client) = (
        &generated.files["src/types.rs"],
        &generated.files["src/client.rs"],
    );
    for line in [
        "created_at: Timestamp = \"createdAt\"",
        "expires_at: Timestamp as in_milliseconds = \"expiresAt\"",
        "sent_at: Timestamp as in_milliseconds_text = \"sentAt\"",
        "run_at: Timestamp as in_seconds = \"runAt\"",
        "due_date: Date = \"dueDate\"",
        "first_date: Date as in_month_first = \"firstDate\"",
        "local_date: Date as in_rfc3339 = \"localDate\"",
    ] {
        assert!(types.contains(line), "{line}: {types}");
    }
    for line in [
        "start_at: hoopai_runtime::Date = \"startAt\"",
        "since: hoopai_runtime::Timestamp as in_milliseconds = \"since\"",
    ] {
        assert!(client.contains(line), "{line}: {client}");
    }
    assert_eq!(generated.report.moments.typed, 9);
    assert!(generated.report.moments.untyped.is_empty());
}

#[test]
fn names_of_moments_without_a_type_or_a_reason_are_reported() {
    let thing = json!({ "type": "object", "properties": {
        "startTime": { "type": "string" },
        "expiresAt": { "type": "number" },
        "times": { "type": "array", "items": { "type": "object", "properties": { "date": {} } } },
        "waitTime": { "type": "number" },
        "birthDate": { "type": "string", "enum": ["never"] },
        "update": { "type": "string" },
        "format": { "type": "string" },
        "closingDate": { "$ref": "#/components/schemas/Thing" },
    } });
    let body = json!({ "requestBody": { "content": { "application/json": {
        "schema": { "$ref": "#/components/schemas/Thing" },
    } } } });
    let paths = json!({ "/a": { "post": operation("create-a", body) } });
    let document = document(paths, json!({ "Thing": thing }));
    let overlay = json!({
        "overlay": "1.0.0", "info": { "title": "s", "version": "1" },
        "actions": [{
            "target": "$.components.schemas.Thing.properties.waitTime", "description": "Another field holds its unit.",
            "update": { "x-hoopai-not-a-moment": "A duration." },
        }],
    });
    let generated = generate_sample(&document, Some(&overlay.to_string())).unwrap();
    let found = generated.report.moments;
    assert_eq!(
        found.untyped,
        [
            "/components/schemas/Thing/properties/expiresAt",
            "/components/schemas/Thing/properties/startTime",
            "/components/schemas/Thing/properties/times/items/properties/date",
        ]
    );
    let entries: Vec<String> = generated
        .attention
        .iter()
        .map(ToString::to_string)
        .collect();
    for pointer in &found.untyped {
        let entry = format!("#{pointer}: {pointer} has the name of a moment or a day");
        assert!(
            entries.iter().any(|one| one.contains(&entry)),
            "{entries:#?}"
        );
    }
    let reasons: Vec<&String> = found.others.values().collect();
    assert_eq!(reasons, ["A duration."]);
}
