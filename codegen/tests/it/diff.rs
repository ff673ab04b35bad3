//! Comparison of two interface files.

use hoopai_codegen::diff;
use serde_json::{Value, json};

use crate::support::{document, operation};

fn sample() -> Value {
    document(
        json!({
            "/things": { "get": operation("list-things", json!({ "parameters": [
                { "in": "query", "name": "limit", "schema": { "type": "number" } },
                { "in": "query", "name": "gone", "schema": { "type": "string" } },
            ] })), "post": operation("create-thing", json!({ "requestBody": { "content": {
                "application/json": { "schema": { "$ref": "#/components/schemas/New" } },
            } } })) },
            "/old": { "get": operation("old", json!({})) },
        }),
        json!({
            "Thing": { "type": "object", "required": ["id"], "properties": {
                "id": { "type": "string" }, "kind": { "type": "string", "enum": ["a", "b"] }, "gone": { "type": "string" },
                "at": { "type": "string" }, "day": { "type": "string" },
            } },
            "New": { "type": "object", "properties": { "name": { "type": "string" }, "kind": { "type": "string" } } },
        }),
    )
}

#[test]
fn changes_are_listed_and_classified() {
    let old = sample();
    let mut new = sample();
    new["paths"].as_object_mut().unwrap().remove("/old");
    new["paths"]["/new"] = json!({ "get": operation("new", json!({})) });
    new["paths"]["/things"]["get"]["parameters"] = json!([
        { "in": "query", "name": "limit", "required": true, "schema": { "type": "string" } },
        { "in": "query", "name": "extra", "schema": { "type": "string" } },
        { "in": "query", "name": "must", "required": true, "schema": { "type": "string" } },
    ]);
    new["paths"]["/things"]["get"]["security"] = json!([{ "bearer": ["things.readonly"] }]);
    let thing = &mut new["components"]["schemas"]["Thing"];
    thing["required"] = json!([]);
    thing["properties"] = json!({
        "id": { "type": "number" }, "kind": { "type": "string", "enum": ["b", "c"] }, "added": { "type": "string" },
        "at": { "type": "string", "format": "date-time" }, "day": { "type": "string", "format": "date" },
    });
    new["components"]["schemas"]["New"]["required"] = json!(["name"]);
    new["components"]["schemas"]["Fresh"] = json!({ "type": "object" });
    let changes = diff(old.to_string().as_bytes(), new.to_string().as_bytes()).unwrap();
    insta::assert_snapshot!(
        changes
            .iter()
            .map(|change| format!("{change}\n"))
            .collect::<String>()
    );
}

#[test]
fn equal_files_have_no_changes() {
    let bytes = sample().to_string();
    assert_eq!(diff(bytes.as_bytes(), bytes.as_bytes()).unwrap(), []);
}

#[test]
fn non_documents_are_rejected() {
    let bytes = sample().to_string();
    let error = diff(bytes.as_bytes(), b"[1]").unwrap_err().to_string();
    assert_eq!(
        error,
        "the new openapi.json: the document is an array, not an object; correct it in the module's overlay, or fetch the file again"
    );
}

/// Each part that differs is listed, also one that the comparison has no words for.
#[test]
fn files_that_differ_have_changes() {
    let old = sample();
    let operation = "/paths/~1things/get";
    let schema = "/components/schemas/Thing";
    for (pointer, key, value, expected) in [
        (
            "",
            "servers",
            json!([{ "url": "https://example.com" }]),
            "servers",
        ),
        (
            "/components",
            "securitySchemes",
            json!({ "key": { "type": "apiKey" } }),
            "security scheme key",
        ),
        (
            "/components",
            "parameters",
            json!({ "a": {} }),
            "the file: `components` differs",
        ),
        (
            "/paths/~1things",
            "parameters",
            json!([{}]),
            "the file: `paths` differs",
        ),
        (
            operation,
            "tags",
            json!(["a"]),
            "operation GET /things: `tags` differs",
        ),
        (
            operation,
            "responses",
            json!({ "404": {} }),
            "operation GET /things: `responses` differs",
        ),
        (schema, "not", json!({}), "Thing: `not` differs"),
        (schema, "required", json!(["other"]), "Thing: "),
    ] {
        let mut new = old.clone();
        new.pointer_mut(pointer).expect(pointer)[key] = value;
        for (one, other) in [(&old, &new), (&new, &old)] {
            let changes = diff(one.to_string().as_bytes(), other.to_string().as_bytes());
            let changes = changes.expect("compared");
            let lists = |change: &hoopai_codegen::Change| change.to_string().contains(expected);
            assert!(changes.iter().any(lists), "{expected}: {changes:?}");
        }
    }
}
