//! Types that contradict their own examples.

use std::collections::BTreeMap;

use hoopai_codegen::{example_mismatches, strip};
use serde_json::{Value, json};

use crate::support::document;

/// Strips a document with a schema for each case; the snapshot shows the mismatches and the
/// stripped schemas.
fn corrected(cases: &Value) -> String {
    let document = document(
        json!({}),
        json!({ "Thing": { "type": "object", "properties": cases } }),
    );
    let bytes = document.to_string().into_bytes();
    let mut out = String::new();
    for found in example_mismatches("sample.json", &bytes).unwrap() {
        let verdict = if found.corrected { "corrected" } else { "left" };
        out.push_str(&format!(
            "{}: {} and {}: {verdict}\n",
            found.pointer.rsplit('/').next().unwrap_or_default(),
            found.declared,
            found.example
        ));
    }
    let kept = strip("sample.json", &bytes, &BTreeMap::new()).unwrap();
    let kept: Value = serde_json::from_slice(&kept).unwrap();
    let properties = kept
        .pointer("/components/schemas/Thing/properties")
        .unwrap();
    for (name, schema) in properties.as_object().unwrap() {
        out.push_str(&format!("{name} = {schema}\n"));
    }
    out
}

#[test]
fn clear_mismatches_are_corrected() {
    insta::assert_snapshot!(corrected(&json!({
        "date": { "type": "object", "format": "date", "nullable": true, "example": "1990-09-25" },
        "word": { "type": "object", "enum": ["a", "b"], "example": "a" },
        "amount": { "type": "object", "example": 100.5 },
        "fields": { "type": "string", "example": { "any": 1 } },
        "things": { "type": "array", "items": { "type": "string" }, "example": [{ "id": "x", "count": 1, "done": true, "tags": ["x"], "none": null, "inner": { "a": [] } }] },
        "lists": { "type": "array", "items": { "type": "array" }, "example": [{ "id": "x" }] },
        "one": { "type": "array", "items": { "type": "string" }, "example": { "id": "x" } },
        "rates": { "type": "array", "items": { "type": "string" }, "example": [5, 10] },
        "cursor": { "type": "array", "items": { "type": "number" }, "example": [17, "x"] },
    })));
}

#[test]
fn unclear_mismatches_are_listed() {
    insta::assert_snapshot!(corrected(&json!({
        "nothing": { "type": "object", "example": "" },
        "flag": { "type": "object", "example": true },
        "choice": { "type": "object", "example": ["in", "out"] },
        "known": { "type": "object", "properties": { "id": { "type": "string" } }, "example": "x" },
        "id": { "type": "number", "example": "a1b2" },
        "bulk": { "type": "boolean", "example": "Bearer" },
        "deleted": { "type": "string", "example": false },
        "provider": { "type": "string", "enum": ["a"], "example": { "A": "a" } },
        "tools": { "type": "array", "items": { "type": "string" }, "example": "" },
    })));
}

#[test]
fn values_written_as_text_do_not_mismatch() {
    insta::assert_snapshot!(corrected(&json!({
        "object": { "type": "object", "example": "{ id: \"x\" }" },
        "number": { "type": "number", "example": "19" },
        "flag": { "type": "boolean", "example": "true" },
        "list": { "type": "array", "items": { "type": "string" }, "example": "['a', 'b']" },
        "item": { "type": "array", "items": { "type": "string" }, "example": "a" },
        "numbers": { "type": "array", "items": { "type": "number" }, "example": ["1", "2"] },
        "null": { "type": "object", "example": null },
        "code": { "type": "number", "enum": ["US"], "example": "US" },
        "example": { "type": "object", "example": { "type": "object", "example": "x" } },
    })));
}

#[test]
fn text_with_timestamp_example_is_a_timestamp() {
    insta::assert_snapshot!(corrected(&json!({
        "moment": { "type": "string", "example": "2031-05-06T07:08:09.123Z" },
        "zone": { "type": "string", "example": "2031-05-06T07:08:09+0530" },
        "declared": { "type": "object", "example": "2031-05-06T07:08:09+05:30" },
        "moments": { "type": "array", "items": { "type": "string" }, "example": ["2031-05-06T07:08:09Z"] },
        "day": { "type": "string", "example": "2031-05-06" },
        "nowhere": { "type": "string", "example": "2031-05-06T07:08:09" },
        "broken": { "type": "string", "example": "2031-05-06T07:08:09.Z" },
        "blank": { "type": "string", "example": "2031-05-06 07:08:09Z" },
        "word": { "type": "string", "example": "äääääääääääääääääää" },
        "listed": { "type": "string", "enum": ["2031-05-06T07:08:09Z"], "example": "2031-05-06T07:08:09Z" },
        "other": { "type": "string", "format": "date", "example": "2031-05-06T07:08:09Z" },
    })));
}
