//! Stripping of interface files.

use std::collections::BTreeMap;

use hoopai_codegen::{external_references, strip};
use serde_json::{Value, json};

fn stripped(document: &Value, outside: &[(&str, Value)]) -> Result<String, String> {
    let outside: BTreeMap<String, Vec<u8>> = outside
        .iter()
        .map(|(path, value)| ((*path).to_owned(), value.to_string().into_bytes()))
        .collect();
    let bytes = strip("sample.json", document.to_string().as_bytes(), &outside)
        .map_err(|error| error.to_string())?;
    let again =
        strip("sample.json", &bytes, &BTreeMap::new()).map_err(|error| error.to_string())?;
    assert_eq!(
        String::from_utf8_lossy(&bytes),
        String::from_utf8_lossy(&again),
        "distilling twice must change nothing"
    );
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn sample() -> Value {
    json!({
        "openapi": "3.0.0",
        "info": { "title": "A title", "description": "Prose.", "version": "2.1" },
        "x-tagGroups": [],
        "tags": [{ "name": "T", "description": "Prose." }],
        "servers": [{ "url": "https://example.test", "description": "Prose." }],
        "paths": { "/things/{id}": { "summary": "Prose.", "get": {
            "operationId": "get-thing", "summary": "Prose.", "description": "Prose.", "tags": ["T"],
            "externalDocs": { "url": "https://example.test" }, "x-internal": true,
            "parameters": [
                { "in": "query", "name": "q", "description": "Prose.", "example": "x", "required": false, "schema": { "type": "string", "example": "x" } },
                { "in": "path", "name": "id", "required": true, "schema": { "type": "string", "title": "Prose" } },
            ],
            "responses": {
                "200": { "description": "Prose.", "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" }, "example": {} } } },
                "400": { "description": "Prose.", "content": { "application/json": { "schema": { "$ref": "../common/shared.json#/components/schemas/Bad" } } } },
            },
        } } },
        "components": { "schemas": { "Thing": { "type": "object", "title": "Prose", "example": {}, "properties": {
            "description": { "type": "string", "description": "A field of this name is a fact." },
            "example": { "type": "string", "nullable": false, "deprecated": true },
        } } } },
    })
}

#[test]
fn facts_are_kept_and_prose_is_removed() {
    let shared = json!({ "components": { "schemas": {
        "Bad": { "type": "object", "description": "Prose.", "properties": { "cause": { "$ref": "#/components/schemas/Cause" } } },
        "Cause": { "type": "string", "enum": ["one"] },
    } } });
    insta::assert_snapshot!(stripped(&sample(), &[("../common/shared.json", shared)]).unwrap());
}

#[test]
fn external_references_are_listed() {
    let found = external_references("sample.json", sample().to_string().as_bytes()).unwrap();
    assert_eq!(found, ["../common/shared.json"]);
}

#[test]
fn invalid_files_have_distinct_errors() {
    let said = |bytes: &[u8]| {
        strip("sample.json", bytes, &BTreeMap::new())
            .unwrap_err()
            .to_string()
    };
    let deep = |depth: usize| {
        let mut schema = json!({});
        for _ in 0..depth {
            schema = json!({ "items": schema });
        }
        json!({ "openapi": "3.0.0", "paths": {}, "components": { "schemas": { "Deep": schema } } })
            .to_string()
    };
    let faults = [
        said(b""),
        said(b"<!DOCTYPE html><html></html>"),
        said(b"{\"openapi\": \"3.0.0\", \"paths\": {"),
        said(b"{\"openapi\": nope}"),
        said(&[b'{', 0xff, b'}']),
        said(b"[]"),
        said(b"{\"swagger\": \"2.0\"}"),
        said(b"{\"openapi\": \"4.0.0\", \"paths\": {}}"),
        said(b"{\"openapi\": \"3.0.0\"}"),
        said(b"{\"openapi\": \"3.0.0\", \"paths\": {\"/a\": {\"get\": []}}}"),
        said(br##"{"openapi": "3.0.0", "paths": {"/a": {"get": {"parameters": [{"in": "query"}]}}}}"##),
        stripped(&sample(), &[]).unwrap_err(),
        stripped(&sample(), &[("../common/shared.json", json!({}))]).unwrap_err(),
        said(deep(110).as_bytes()),
        said("[".repeat(100_000).as_bytes()),
    ];
    insta::assert_snapshot!(faults.join("\n"));
}
