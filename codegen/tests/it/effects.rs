//! Effects of operations, by rule and as overlays declare them, and their place in the catalogue.

use serde_json::{Value, json};

use crate::support::{document, generate_sample, operation};

const LIST: &str = "crates/hoopai-catalogue/src/modules/sample.rs";
const DATA: &str = "crates/hoopai-catalogue/data/sample.json.deflate";

/// Generates a module with one operation.
fn module(id: &str, method: &str, extensions: &Value) -> (Value, String) {
    let paths = json!({ "/a": { method: operation(id, json!({})) } });
    let overlay = json!({
        "overlay": "1.0.0", "info": { "title": "s", "version": "1" },
        "actions": [{ "target": format!("$.paths['/a'].{method}"), "description": "A reason.", "update": extensions }],
    });
    (document(paths, json!({})), overlay.to_string())
}

#[test]
fn effect_is_declared_or_follows_from_method_and_name() {
    let nothing = json!({ "summary": "Something." });
    let outward = json!({ "x-hoopai-effect": { "effect": "outward", "reason": "It sends." } });
    for (id, method, extensions, effect) in [
        ("get-a", "get", &nothing, "Read"),
        ("send-a", "get", &nothing, "Read"),
        ("put-a", "put", &nothing, "Write"),
        ("get-a", "delete", &nothing, "Destroy"),
        ("create-a", "post", &nothing, "Write"),
        ("search-a", "post", &nothing, "Read"),
        ("void-a", "post", &nothing, "Destroy"),
        ("send-a", "post", &nothing, "Outward"),
        ("sendable-a", "post", &nothing, "Write"),
        ("create-a", "post", &outward, "Outward"),
        ("get-a", "get", &outward, "Outward"),
    ] {
        let (document, overlay) = module(id, method, extensions);
        let generated = generate_sample(&document, Some(&overlay)).unwrap();
        let list = String::from_utf8(generated.workspace_files[LIST].clone()).unwrap();
        let context = format!("{method} {id} {extensions}: {list}");
        assert!(
            list.contains(&format!("effect: Effect::{effect} ")),
            "{context}"
        );
        let report = generated.report;
        assert_eq!(report.effects[&effect.to_lowercase()], 1, "{context}");
        assert_eq!(
            report.effects_declared.len(),
            usize::from(extensions == &outward),
            "{context}"
        );
    }
}

#[test]
fn list_by_post_reads() {
    let page = json!({ "type": "object", "properties": {
        "items": { "type": "array", "items": { "type": "string" } },
    } });
    let parts = json!({
        "parameters": [
            { "name": "skip", "in": "query", "schema": { "type": "integer" } },
            { "name": "limit", "in": "query", "schema": { "type": "integer" } },
        ],
        "responses": { "200": { "description": "OK", "content": { "application/json": { "schema": page } } } },
    });
    let paths = json!({ "/a": { "post": operation("query-a", parts) } });
    let overlay = json!({
        "overlay": "1.0.0", "info": { "title": "s", "version": "1" },
        "actions": [{ "target": "$.paths['/a'].post", "description": "A reason.", "update": {
            "x-hoopai-paging": { "items": "items", "size": { "parameter": "limit", "max": 10 }, "offset": "skip" },
        } }],
    });
    let document = document(paths, json!({}));
    let generated = generate_sample(&document, Some(&overlay.to_string())).unwrap();
    assert_eq!(generated.report.effects["read"], 1);
}

#[test]
fn invalid_declarations_are_rejected() {
    let faults: Vec<String> = [
        json!({ "x-hoopai-effect": "outward" }),
        json!({ "x-hoopai-effect": { "effect": "outwards", "reason": "It sends." } }),
        json!({ "x-hoopai-effect": { "effect": "outward" } }),
        json!({ "x-hoopai-effect": { "effect": "outward", "reason": " " } }),
        json!({ "x-hoopai-effect": { "effect": "outward", "reason": "It sends.", "other": 1 } }),
        json!({ "x-hoopai-effect": { "effect": "write", "reason": "It adds." } }),
    ]
    .iter()
    .map(|extensions| {
        let (document, overlay) = module("add-a", "post", extensions);
        let error = generate_sample(&document, Some(&overlay)).unwrap_err();
        error.to_string()
    })
    .collect();
    insta::assert_snapshot!(faults.join("\n"));
}

#[test]
fn catalogue_has_the_used_schemas_and_equal_bytes() {
    let of = |schema: Value| json!({ "content": { "application/json": { "schema": schema } } });
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let mut reply = of(reference("Reply"));
    reply["description"] = "OK".into();
    let mut failure = of(reference("Failure"));
    failure["description"] = "Bad".into();
    let parts = json!({
        "requestBody": of(reference("Request")),
        "responses": { "200": reply, "400": failure },
    });
    let object = |properties: Value| json!({ "type": "object", "properties": properties });
    let schemas = json!({
        "Request": object(json!({ "$ref": { "type": "string" }, "inner": reference("Inner") })),
        "Inner": object(json!({ "x-name": { "type": "string", "x-hoopai-fraction": "It varies." } })),
        "Reply": object(json!({ "id": { "type": "string" } })),
        "Failure": object(json!({ "message": { "type": "string" } })),
    });
    let document = document(
        json!({ "/a": { "post": operation("create-a", parts) } }),
        schemas,
    );
    let data = || generate_sample(&document, None).unwrap().workspace_files[DATA].clone();
    let first = data();
    assert!(data() == first);
    let text = miniz_oxide::inflate::decompress_to_vec(&first).unwrap();
    let read: Value = serde_json::from_slice(&text).unwrap();
    let names: Vec<&String> = read["schemas"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["Inner", "Reply", "Request"]);
    assert_eq!(
        read["operations"][0]["body"]["schema"],
        json!({ "$ref": "Request" })
    );
    // Fields of any name are kept, extensions are not.
    let fields = &read["schemas"]["Request"]["properties"];
    assert_eq!(fields["$ref"], json!({ "type": "string" }));
    assert_eq!(fields["inner"], json!({ "$ref": "Inner" }));
    assert_eq!(
        read["schemas"]["Inner"]["properties"]["x-name"],
        json!({ "type": "string" })
    );
}
