//! Documents of OpenAPI 3.1 are converted to 3.0.

use std::collections::BTreeMap;

use hoopai_codegen::{Sources, conversion_notes, generate, strip};
use serde_json::{Map, Value, json};

use crate::support::{document, module, operation, root, spec_alone};

/// The schema after conversion and stripping, and the texts of the notes.
fn converted(schema: Value) -> (Value, Vec<String>) {
    let mut document = document(
        json!({}),
        json!({ "S": schema, "Other": { "type": "object" } }),
    );
    document["openapi"] = "3.1.0".into();
    let bytes = document.to_string().into_bytes();
    let spec = strip("sample.json", &bytes, &BTreeMap::new()).expect("converted");
    let again = strip("sample.json", &spec, &BTreeMap::new()).expect("3.0");
    assert_eq!(spec, again, "stripping is idempotent");
    let spec: Value = serde_json::from_slice(&spec).expect("JSON");
    assert_eq!(spec["openapi"], "3.0.0");
    let notes = conversion_notes("sample.json", &bytes).expect("notes");
    let texts = notes.into_iter().map(|note| note.text).collect();
    (spec["components"]["schemas"]["S"].clone(), texts)
}

#[test]
fn keywords_that_3_0_can_express_are_converted_without_notes() {
    for (newer, older) in [
        (
            json!({ "type": ["string", "null"] }),
            json!({ "type": "string", "nullable": true }),
        ),
        (
            json!({ "type": ["integer", "number"] }),
            json!({ "type": "number" }),
        ),
        (
            json!({ "type": ["string", "null"], "enum": ["a", null] }),
            json!({ "type": "string", "nullable": true, "enum": ["a"] }),
        ),
        (
            json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }),
            json!({ "type": "string", "nullable": true }),
        ),
        (
            json!({ "oneOf": [{ "$ref": "#/components/schemas/Other" }, { "type": "null" }] }),
            json!({ "allOf": [{ "$ref": "#/components/schemas/Other" }], "nullable": true }),
        ),
        (
            json!({ "const": "a" }),
            json!({ "type": "string", "enum": ["a"] }),
        ),
        (json!({ "const": null }), json!({ "nullable": true })),
        (
            json!({ "type": "integer", "exclusiveMinimum": 3 }),
            json!({ "type": "integer", "minimum": 3, "exclusiveMinimum": true }),
        ),
        (
            json!({ "type": "integer", "minimum": 5, "exclusiveMinimum": 3 }),
            json!({ "type": "integer", "minimum": 5 }),
        ),
        (
            json!({ "type": "integer", "maximum": 5, "exclusiveMaximum": 9 }),
            json!({ "type": "integer", "maximum": 5 }),
        ),
        (
            json!({ "$ref": "#/components/schemas/Other", "description": "Prose" }),
            json!({ "$ref": "#/components/schemas/Other" }),
        ),
        (
            json!({ "$ref": "#/components/schemas/Other", "type": "object", "properties": { "a": { "const": 1 } } }),
            json!({
                "allOf": [{ "$ref": "#/components/schemas/Other" }],
                "type": "object",
                "properties": { "a": { "type": "integer", "enum": [1] } },
            }),
        ),
        (
            json!({ "contentMediaType": "application/octet-stream" }),
            json!({ "type": "string", "format": "binary" }),
        ),
        (
            json!({ "type": "string", "contentEncoding": "base64", "contentMediaType": "image/png" }),
            json!({ "type": "string", "format": "byte" }),
        ),
        (
            json!({ "type": "string", "contentMediaType": "application/json" }),
            json!({ "type": "string" }),
        ),
        (
            json!({ "type": "array", "prefixItems": [{ "type": "string" }, { "type": "string" }], "items": false }),
            json!({ "type": "array", "items": { "type": "string" } }),
        ),
        (
            json!({ "type": "object", "properties": { "type": { "type": ["boolean", "null"] }, "const": { "type": "string" } } }),
            json!({ "type": "object", "properties": { "type": { "type": "boolean", "nullable": true }, "const": { "type": "string" } } }),
        ),
        // The example corrects the type, as in a 3.0 file.
        (
            json!({ "type": "object", "examples": [null, "2020-01-01"] }),
            json!({ "type": "string" }),
        ),
    ] {
        assert_eq!(converted(newer.clone()), (older, vec![]), "{newer}");
    }
}

#[test]
fn keywords_that_3_0_cannot_express_are_noted() {
    let any_items = "items of a list with a schema for each position are read as any JSON";
    for (newer, older, note) in [
        (
            json!({ "type": ["string", "array", "null"], "items": { "type": "string" } }),
            json!({ "nullable": true }),
            "a value of several types is read as any JSON",
        ),
        (
            json!({ "type": "null" }),
            json!({ "nullable": true }),
            "a value that is always null is read as any JSON",
        ),
        (
            json!({ "type": "array", "prefixItems": [{ "type": "string" }, { "type": "integer" }] }),
            json!({ "type": "array", "items": {} }),
            any_items,
        ),
        (
            json!({ "type": "object", "patternProperties": { "^x": { "type": "string" } }, "additionalProperties": false }),
            json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            "the pattern of the names in `patternProperties` was ignored",
        ),
        (
            json!({ "type": "object", "if": { "type": "object" } }),
            json!({ "type": "object" }),
            "`if` cannot be expressed in OpenAPI 3.0 and was ignored",
        ),
        (
            json!({ "type": "object", "unevaluatedProperties": false }),
            json!({ "type": "object" }),
            "`unevaluatedProperties` cannot be expressed in OpenAPI 3.0 and was ignored",
        ),
        (
            json!({ "type": "object", "properties": { "never": false, "any": true } }),
            json!({ "type": "object", "properties": { "any": {} } }),
            "the schema `false` cannot be expressed in OpenAPI 3.0 and was ignored",
        ),
    ] {
        assert_eq!(
            converted(newer.clone()),
            (older, vec![note.to_owned()]),
            "{newer}"
        );
    }
}

#[test]
fn parts_of_the_document_are_converted() {
    let mut newer = document(
        json!({ "/things/": { "$ref": "#/components/pathItems/things" } }),
        json!({ "S": {
            "$defs": { "Inner": { "type": ["string", "null"] }, "Other": { "$ref": "#/$defs/Inner" } },
            "type": "object",
            "properties": {
                "near": { "$ref": "#/$defs/Inner" },
                "full": { "$ref": "#/components/schemas/S/$defs/Other" },
            },
        }, "Other": { "type": "object" } }),
    );
    newer["openapi"] = "3.1.1".into();
    newer["info"] = json!({ "title": "t", "summary": "s", "license": { "identifier": "MIT" } });
    newer["jsonSchemaDialect"] = "https://json-schema.org/draft/2020-12/schema".into();
    newer["webhooks"] = json!({ "made": { "post": {} } });
    newer["components"]["securitySchemes"]["Certificate"] = json!({ "type": "mutualTLS" });
    newer["components"]["pathItems"] = json!({ "things": { "post": operation("make-thing", json!({
        "requestBody": { "content": { "application/octet-stream": {} } },
    })) } });
    let bytes = newer.to_string().into_bytes();
    let spec = strip("sample.json", &bytes, &BTreeMap::new()).expect("converted");
    let spec: Value = serde_json::from_slice(&spec).expect("JSON");
    let schemas = &spec["components"]["schemas"];
    assert_eq!(
        schemas["Inner"],
        json!({ "type": "string", "nullable": true })
    );
    assert_eq!(schemas["Other"], json!({ "type": "object" }));
    assert_eq!(
        schemas["Other2"],
        json!({ "$ref": "#/components/schemas/Inner" })
    );
    let properties = &schemas["S"]["properties"];
    assert_eq!(
        properties["near"],
        json!({ "$ref": "#/components/schemas/Inner" })
    );
    assert_eq!(
        properties["full"],
        json!({ "$ref": "#/components/schemas/Other2" })
    );
    let body = &spec["paths"]["/things/"]["post"]["requestBody"]["content"];
    assert_eq!(
        body["application/octet-stream"]["schema"],
        json!({ "type": "string", "format": "binary" })
    );
    assert!(
        spec["components"]["securitySchemes"]
            .get("Certificate")
            .is_none()
    );
    let notes = conversion_notes("sample.json", &bytes).expect("notes");
    let pointers: Vec<&str> = notes.iter().map(|note| note.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/jsonSchemaDialect",
            "/webhooks",
            "/components/securitySchemes/Certificate"
        ]
    );
}

#[test]
fn other_versions_are_rejected() {
    for (field, version) in [
        ("openapi", json!("4.0.0")),
        ("openapi", json!(3.1)),
        ("swagger", json!("2.0")),
    ] {
        let text = json!({ field: version, "paths": {} }).to_string();
        let error = strip("old.json", text.as_bytes(), &BTreeMap::new()).expect_err("rejected");
        assert_eq!(error.pointer, format!("/{field}"));
        assert!(error.remedy.contains("OpenAPI 3.0 or 3.1"), "{error}");
    }
}

/// A 3.0 document in the form that 3.1 gives its facts. `names`: the keys of this map are names.
fn newer(value: &Value, names: bool) -> Value {
    let map = match value {
        Value::Object(map) => map,
        Value::Array(items) => return items.iter().map(|item| newer(item, false)).collect(),
        other => return other.clone(),
    };
    let maps = [
        "properties",
        "schemas",
        "paths",
        "responses",
        "content",
        "securitySchemes",
    ];
    let mut out: Map<String, Value> = map
        .iter()
        .map(|(key, inner)| {
            let data = !names && ["default", "enum", "example", "examples"].contains(&key.as_str());
            let inner = match data {
                true => inner.clone(),
                false => newer(inner, !names && maps.contains(&key.as_str())),
            };
            (key.clone(), inner)
        })
        .collect();
    if names || map.contains_key("in") {
        return out.into();
    }
    if let Some(version) = out.get_mut("openapi") {
        *version = "3.1.0".into();
    }
    if out.contains_key("$ref") {
        // 3.0 ignores what is beside a reference, 3.1 does not.
        out.retain(|key, _| key == "$ref");
        return out.into();
    }
    let is_schema = out.contains_key("type");
    if is_schema && let Some(example) = out.remove("example") {
        out.insert("examples".into(), json!([example]));
    }
    if is_schema && out.get("format") == Some(&json!("binary")) {
        out.remove("format");
        out.insert("contentMediaType".into(), "application/octet-stream".into());
    }
    if is_schema && let Some([one]) = out.get("enum").and_then(Value::as_array).map(Vec::as_slice) {
        let one = one.clone();
        out.remove("enum");
        out.insert("const".into(), one);
    }
    if out.remove("nullable") == Some(Value::Bool(true)) {
        match out.get("type").cloned() {
            Some(name) => {
                out.insert("type".into(), json!([name, "null"]));
                if let Some(Value::Array(values)) = out.get_mut("enum") {
                    values.push(Value::Null);
                }
            }
            None => return json!({ "anyOf": [out, { "type": "null" }] }),
        }
    }
    out.into()
}

/// Checks that a 3.0 document and its 3.1 form give the same spec and crate.
fn same_from_both(
    name: &str,
    document: &Value,
    external: &BTreeMap<String, Vec<u8>>,
    overlay: Option<&str>,
) {
    let [old, new] = [document.clone(), newer(document, false)]
        .map(|document| strip(name, document.to_string().as_bytes(), external).expect("stripped"));
    let [old_text, new_text] = [&old, &new].map(|spec| String::from_utf8_lossy(spec).into_owned());
    let difference = old_text
        .lines()
        .zip(new_text.lines())
        .find(|(old, new)| old != new);
    assert_eq!(difference, None, "{name}");
    assert_eq!(old, new, "{name}");
    let sources = Sources {
        overlay: overlay.map(|text| hoopai_codegen::SourceText {
            file: "overlay.yaml",
            text,
        }),
        ..spec_alone(name, &new)
    };
    let generated = generate(&module("sample"), &sources).expect("generated");
    assert!(!generated.files.is_empty());
}

#[test]
fn documents_of_both_versions_generate_the_same_code() {
    same_from_both(
        "sample.json",
        &crate::emit::everything(),
        &BTreeMap::new(),
        None,
    );
    let upstream = root().join("../shared/upstream");
    let common = std::fs::read(upstream.join("common/common-schemas.json"));
    let Ok(common) = common else {
        println!("SKIPPED the platform's files: ../shared/upstream does not exist");
        return;
    };
    let external = BTreeMap::from([("../common/common-schemas.json".to_owned(), common)]);
    let mut converted = 0;
    for entry in std::fs::read_dir(&upstream).expect("listed").flatten() {
        let Ok(bytes) = std::fs::read(entry.path().join("openapi.json")) else {
            continue;
        };
        let document = serde_json::from_slice(&bytes).expect("JSON");
        let name = entry.file_name().to_string_lossy().into_owned();
        let overlay =
            std::fs::read_to_string(root().join("specs").join(&name).join("overlay.yaml"));
        same_from_both(&name, &document, &external, overlay.ok().as_deref());
        converted += 1;
    }
    assert!(converted > 0);
}
