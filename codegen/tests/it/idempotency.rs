//! Idempotency of operations, and replies that confirm an operation.

use serde_json::{Value, json};

use crate::support::{document, generate_sample, operation};

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
fn idempotency_is_declared_or_follows_from_method_and_name() {
    let declared = json!({ "x-hoopai-idempotent": true });
    let not = json!({ "x-hoopai-not-idempotent": "It sends." });
    let nothing = json!({ "summary": "Something." });
    for (id, method, extensions, idempotent, reason, gap) in [
        ("get-a", "get", &nothing, true, None, false),
        ("put-a", "put", &nothing, true, None, false),
        ("delete-a", "delete", &nothing, true, None, false),
        (
            "create-a",
            "post",
            &nothing,
            false,
            Some("It creates a record each time."),
            false,
        ),
        ("create-a", "post", &declared, true, None, false),
        ("create-a", "post", &not, false, Some("It sends."), false),
        ("add-a", "post", &nothing, false, None, true),
        ("add-a", "post", &declared, true, None, false),
        ("patch-a", "patch", &nothing, false, None, true),
        ("put-a", "put", &not, false, Some("It sends."), false),
        ("get-a", "get", &not, false, Some("It sends."), false),
    ] {
        let (document, overlay) = module(id, method, extensions);
        let generated = generate_sample(&document, Some(&overlay)).unwrap();
        let context = format!("{method} {id} {extensions}");
        let table = &generated.files["src/operations.rs"];
        assert_eq!(table.contains("idempotent: true"), idempotent, "{context}");
        let phrase = if idempotent {
            "Idempotent: retried on transient failures."
        } else {
            "Not idempotent: retried only if the request was not sent."
        };
        assert!(
            generated.files["src/client.rs"].contains(phrase),
            "{context}"
        );
        let report = generated.report;
        let reasons: Vec<&str> = report.not_idempotent.values().map(String::as_str).collect();
        assert_eq!(reasons, Vec::from_iter(reason), "{context}");
        assert_eq!(!report.idempotency_undeclared.is_empty(), gap, "{context}");
    }
}

#[test]
fn invalid_declarations_are_rejected() {
    let faults: Vec<String> = [
        json!({ "x-hoopai-idempotent": false }),
        json!({ "x-hoopai-idempotent": "yes" }),
        json!({ "x-hoopai-not-idempotent": " " }),
        json!({ "x-hoopai-not-idempotent": true }),
        json!({ "x-hoopai-idempotent": true, "x-hoopai-not-idempotent": "It sends." }),
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
fn confirming_replies_have_is_success() {
    let reply = |name: &str| {
        json!({ "responses": { "200": { "content": { "application/json": {
        "schema": { "$ref": format!("#/components/schemas/{name}") },
    } } } } })
    };
    let of = |properties: Value| json!({ "type": "object", "properties": properties });
    let paths = json!({
        "/flag": { "get": operation("get-flag", reply("Flag")) },
        "/text": { "get": operation("get-text", reply("Text")) },
        "/gone": { "delete": operation("delete-gone", reply("Gone")) },
        "/thing": { "delete": operation("delete-thing", reply("Thing")) },
        "/plain": { "get": operation("get-plain", reply("Plain")) },
    });
    let schemas = json!({
        "Flag": of(json!({ "succeded": { "type": "boolean" }, "things": { "type": "array", "items": { "type": "string" } } })),
        "Text": of(json!({ "success": { "type": "string" } })),
        "Gone": of(json!({ "message": { "type": "string" }, "is_success": { "type": "string" } })),
        "Thing": of(json!({ "id": { "type": "string" }, "tags": { "type": "array", "items": { "type": "string" } } })),
        "Plain": of(json!({ "message": { "type": "string" } })),
    });
    let generated = generate_sample(&document(paths, schemas), None).unwrap();
    let types = &generated.files["src/types.rs"];
    let list = types
        .split("hoopai_runtime::confirmations! {\n")
        .nth(1)
        .unwrap();
    let names: Vec<&str> = list.lines().take_while(|line| *line != "}").collect();
    assert_eq!(names, ["    DeleteGoneResponse,", "    GetFlagResponse,"]);
    assert!(
        types.contains("pub is_success_: String = \"is_success\""),
        "{types}"
    );
}
