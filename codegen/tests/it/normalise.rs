//! The passes, each on a small document with its fault.

use hoopai_codegen::{effective, generate};
use serde_json::{Value, json};

use crate::support::{document, module, operation, spec_alone};

/// Runs all passes. The snapshot shows the number of changes and the relevant parts of the
/// document.
fn normalised(document: &Value, pointers: &[&str]) -> String {
    let hoopai_codegen::Effective {
        document, passes, ..
    } = effective(
        "sample.json",
        document.to_string().as_bytes(),
        "overlay.yaml",
        None,
    )
    .unwrap();
    let mut out: String = passes
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{name}: {count}\n"))
        .collect();
    for pointer in pointers {
        out.push_str(&format!(
            "{pointer} = {:#}\n",
            document.pointer(pointer).unwrap_or(&Value::Null)
        ));
    }
    out
}

fn get(parts: Value) -> Value {
    document(
        json!({ "/things/{id}": { "get": operation("get-thing", parts) } }),
        json!({}),
    )
}

fn with_id(parameters: Value) -> Value {
    let mut all = vec![
        json!({ "in": "path", "name": "id", "required": true, "schema": { "type": "string" } }),
    ];
    all.extend(parameters.as_array().unwrap().iter().cloned());
    get(json!({ "parameters": all }))
}

fn schema(schema: Value) -> Value {
    document(json!({}), json!({ "Thing": schema }))
}

const PARAMETERS: &str = "/paths/~1things~1{id}/get/parameters";
const THING: &str = "/components/schemas/Thing";

#[test]
fn shared_parameters() {
    let mut document = get(json!({ "parameters": [{ "$ref": "#/components/parameters/Limit" }] }));
    document["paths"]["/things/{id}"]["parameters"] =
        json!([{ "in": "path", "name": "id", "required": true, "schema": { "type": "string" } }]);
    document["components"]["parameters"] =
        json!({ "Limit": { "in": "query", "name": "limit", "schema": { "type": "integer" } } });
    insta::assert_snapshot!(normalised(
        &document,
        &[PARAMETERS, "/paths/~1things~1{id}/parameters"]
    ));
}

#[test]
fn path_parameters_undeclared() {
    let stray = json!([{ "in": "path", "name": "other", "required": true, "schema": { "type": "string" } }]);
    insta::assert_snapshot!(normalised(
        &get(json!({ "parameters": stray })),
        &[PARAMETERS]
    ));
}

#[test]
fn path_parameters_optional() {
    let optional = json!([{ "in": "path", "name": "id", "schema": { "type": "string" } }]);
    insta::assert_snapshot!(normalised(
        &get(json!({ "parameters": optional })),
        &[PARAMETERS]
    ));
}

#[test]
fn path_parameters_repeated() {
    let again = json!([
        { "in": "query", "name": "id", "schema": { "type": "string" } },
        { "in": "query", "name": "q", "schema": { "type": "string" } },
        { "in": "query", "name": "q", "schema": { "type": "string" } },
    ]);
    insta::assert_snapshot!(normalised(&with_id(again), &[PARAMETERS]));
}

#[test]
fn authorization_headers() {
    let header = json!([{ "in": "header", "name": "Authorization", "required": true, "schema": { "type": "string" } }]);
    insta::assert_snapshot!(normalised(&with_id(header), &[PARAMETERS]));
}

#[test]
fn parameter_schemas() {
    let odd = json!([
        { "in": "query", "name": "beside", "anyOf": [{ "type": "string" }, { "type": "number" }] },
        { "in": "query", "name": "content", "content": { "application/json": { "schema": { "type": "boolean" } } } },
        { "in": "query", "name": "without" },
    ]);
    insta::assert_snapshot!(normalised(&with_id(odd), &[PARAMETERS]));
}

#[test]
fn schema_types() {
    let odd = json!({ "properties": {
        "any": { "type": "any" },
        "list": { "type": ["string", "null"] },
        "several": { "type": ["string", "number"] },
        "items": { "items": { "type": "string" } },
        "date": { "type": "date" },
    } });
    insta::assert_snapshot!(normalised(&schema(odd), &[THING]));
}

#[test]
fn array_items() {
    insta::assert_snapshot!(normalised(
        &schema(json!({ "type": "object", "properties": {
            "tags": { "type": "array" },
            "notes": { "type": "array", "items": { "type": "array" } },
            "rows": { "type": "array", "items": { "type": "array", "items": { "type": "string" } } },
        } })),
        &[THING]
    ));
}

#[test]
fn enums() {
    let odd = json!({ "type": "object", "properties": {
        "twice": { "type": "string", "enum": ["a", "b", "a"] },
        "nested": { "type": "number", "enum": [["US", "CA"]] },
        "mixed": { "type": "string", "enum": ["a", 1, null] },
        "none": { "type": "boolean", "enum": ["yes"], "nullable": true },
        "nothing": { "type": "string", "enum": [] },
    } });
    insta::assert_snapshot!(normalised(&schema(odd), &[THING]));
}

#[test]
fn defaults() {
    let odd = json!({ "type": "object", "properties": {
        "right": { "type": "number", "default": 5 },
        "text": { "type": "number", "default": "5" },
        "word": { "type": "number", "default": "five" },
        "limit": { "type": "number", "default": "100" },
        "beyond": { "type": "integer", "minimum": 1, "default": 0 },
        "unlisted": { "type": "string", "enum": ["a"], "default": "b" },
        "list": { "type": "array", "items": { "type": "string" }, "default": "[]" },
    } });
    insta::assert_snapshot!(normalised(&schema(odd), &[THING]));
}

#[test]
fn required() {
    let odd = json!({ "type": "object", "required": ["a", "a"], "properties": {
        "a": { "type": "string", "required": true },
        "b": { "type": "object", "required": [], "properties": { "c": { "type": "string" } } },
    } });
    insta::assert_snapshot!(normalised(&schema(odd), &[THING]));
}

#[test]
fn schema_values() {
    let odd = json!({ "type": "object", "properties": {
        "a": { "type": "string", "format": 7, "maxLength": -1, "pattern": ["x"] },
        "b": { "type": "number", "minimum": "0", "multipleOf": 0, "nullable": "true" },
        "c": { "oneOf": [] },
    } });
    insta::assert_snapshot!(normalised(&schema(odd), &[THING]));
}

#[test]
fn whole_numbers() {
    let number = || json!({ "type": "number" });
    let mut document = with_id(json!([
        { "in": "query", "name": "limit", "schema": number() },
        { "in": "query", "name": "amount", "schema": number() },
        { "in": "query", "name": "skip", "schema": { "type": "string" } },
        { "in": "query", "name": "page", "schema": { "type": "string" } },
        { "in": "query", "name": "hours", "schema": { "type": "array", "items": number() } },
    ]));
    document["components"]["schemas"]["Thing"] = json!({ "type": "object", "properties": {
        "page": number(), "price": number(), "dueAfterXDays": number(), "__v": number(), "audience_size_lower_bound": number(),
        "availability": { "type": "number", "enum": [0, 1] },
        "offset": { "type": "string" },
        "pagesByDay": { "type": "object", "additionalProperties": { "type": "array", "items": number() } },
        "undecided": number(), "totalism": number(),
    } });
    insta::assert_snapshot!(normalised(&document, &[PARAMETERS, THING]));
}

#[test]
fn fractions() {
    let number = || json!({ "type": "number" });
    let mut document =
        with_id(json!([{ "in": "query", "name": "scoreProfileMin", "schema": number() }]));
    document["components"]["schemas"]["Thing"] = json!({ "type": "object", "properties": {
        "percentageOfRateFee": number(), "taxRate": number(), "rateCount": number(),
        "priority": { "type": "number", "enum": [0, 0.5, 1] },
        "limit": { "type": "number", "default": 0.5 },
        "total": { "type": "number", "x-hoopai-fraction": "a total of weights" },
        "tips": { "type": "array", "items": number() },
        "lat": { "type": "string" },
    } });
    insta::assert_snapshot!(normalised(&document, &[PARAMETERS, THING]));
}

#[test]
fn fraction_that_is_no_number_is_ignored_and_listed() {
    let odd = json!({ "type": "object", "properties": {
        "name": { "type": "string", "x-hoopai-fraction": "a reason" },
    } });
    let effective = effective(
        "sample.json",
        schema(odd).to_string().as_bytes(),
        "overlay.yaml",
        None,
    )
    .expect("generated");
    let [entry] = &effective.attention[..] else {
        panic!("{:?}", effective.attention);
    };
    insta::assert_snapshot!(entry);
}

#[test]
fn timestamps() {
    let text = || json!({ "type": "string" });
    let number = || json!({ "type": "number" });
    let body = json!({ "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Sent" } } } } });
    let mut document = document(
        json!({ "/things": { "post": operation("post-thing", body) } }),
        json!({
            "Thing": { "type": "object", "properties": {
                "createdAt": text(), "dateAdded": number(), "dueDate": text(), "timestamp": { "type": "integer" },
                "updatedAt": { "type": "string", "format": "date" }, "deletedAt": { "type": "string", "enum": ["never"] },
            } },
            "Sent": { "type": "object", "properties": { "createdAt": text(), "timestamp": number() } },
        }),
    );
    document["paths"]["/things"]["post"]["responses"]["200"] = json!({ "description": "", "content": { "application/json": {
        "schema": { "type": "object", "properties": { "things": { "type": "array", "items": { "type": "object", "properties": { "expiresAt": number() } } } } },
    } } });
    insta::assert_snapshot!(normalised(
        &document,
        &[
            "/components/schemas",
            "/paths/~1things/post/responses/200/content"
        ]
    ));
}

#[test]
fn custom_fields() {
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let field = |value: Value| json!({ "type": "object", "properties": { "id": { "type": "string" }, "field_value": value } });
    let odd = document(
        json!({}),
        json!({
            "Contact": { "type": "object", "properties": {
                "customFields": { "type": "array", "items": reference("Read") },
                "value": { "type": "string" },
            } },
            "Read": { "type": "object", "properties": {
                "id": { "type": "string" }, "value": { "type": "string", "description": "Kept." },
            } },
            "Written": { "type": "object", "properties": { "customFields": { "type": "array", "items": {
                "anyOf": [reference("Text"), reference("List"), field(json!({ "type": "number" }))],
            } } } },
            "Text": field(json!({ "type": "string" })),
            "List": field(json!({ "type": "array", "items": { "type": "string" } })),
            "Other": { "type": "object", "properties": { "value": { "type": "string" } } },
            "Answers": { "type": "object", "additionalProperties": { "format": "custom-field-value" } },
        }),
    );
    insta::assert_snapshot!(normalised(&odd, &["/components/schemas"]));
}

#[test]
fn amounts() {
    let number = || json!({ "type": "number" });
    let odd = json!({ "type": "object", "properties": {
        "amount": number(), "tax": { "type": "number", "format": "float" }, "price": { "type": "integer" }, "total": number(),
        "order": { "type": "object", "properties": { "currency": { "type": "string" }, "total": number(), "rate": number() } },
        "shippingCosts": { "type": "array", "items": number() }, "priceCount": number(), "fee": { "type": "number", "enum": [1, 2] },
    } });
    insta::assert_snapshot!(normalised(&schema(odd), &[THING]));
}

#[test]
fn request_bodies() {
    let paths = json!({
        "/none": { "post": operation("none", json!({ "requestBody": { "content": {} } })) },
        "/form": { "post": operation("form", json!({ "requestBody": { "content": { "multipart/form-data": {} } } })) },
        "/json": { "post": operation("json", json!({ "requestBody": { "$ref": "#/components/requestBodies/Any" } })) },
    });
    let mut document = document(paths, json!({}));
    document["components"]["requestBodies"] =
        json!({ "Any": { "content": { "application/json": {} } } });
    insta::assert_snapshot!(normalised(
        &document,
        &[
            "/paths/~1none/post",
            "/paths/~1form/post/requestBody",
            "/paths/~1json/post/requestBody"
        ]
    ));
}

#[test]
fn responses() {
    let paths = json!({
        "/none": { "get": operation("none", json!({ "responses": {} })) },
        "/bare": { "get": operation("bare", json!({ "responses": {
            "200": { "headers": { "Content-Type": {} } }, "418": {}, "404": { "$ref": "#/components/responses/Missing" },
        } })) },
    });
    let mut document = document(paths, json!({}));
    document["components"]["responses"] = json!({ "Missing": {} });
    insta::assert_snapshot!(normalised(
        &document,
        &["/paths/~1none/get/responses", "/paths/~1bare/get/responses"]
    ));
}

#[test]
fn operation_ids() {
    let paths = json!({
        "/a": { "get": operation("same", json!({})), "post": operation("same", json!({})) },
        "/b/{id}": { "get": operation("", json!({ "parameters": [
            { "in": "path", "name": "id", "required": true, "schema": { "type": "string" } },
        ] })) },
    });
    let ids = [
        "/paths/~1a/get/operationId",
        "/paths/~1a/post/operationId",
        "/paths/~1b~1{id}/get/operationId",
    ];
    insta::assert_snapshot!(normalised(&document(paths, json!({})), &ids));
}

#[test]
fn emails() {
    let text = json!({ "type": "string" });
    let fields = json!({ "type": "object", "properties": {
        "email": text, "alertEmail": text, "emailId": text, "name": text,
        "kindOfEmail": { "type": "string", "enum": ["work", "home"] }, "sendEmail": { "type": "boolean" },
    } });
    let body = |schema: Value| json!({ "content": { "application/json": { "schema": schema } } });
    let sent = json!({ "$ref": "#/components/schemas/Sent" });
    let paths = json!({
        "/inline": { "post": operation("inline", json!({ "requestBody": body(fields.clone()) })) },
        "/named": { "post": operation("named", json!({ "requestBody": body(sent), "responses": { "200": body(fields.clone()) } })) },
    });
    let schemas = json!({
        "Sent": { "type": "object", "properties": { "to": { "$ref": "#/components/schemas/Person" } } },
        "Person": fields,
        "Received": fields,
    });
    insta::assert_snapshot!(normalised(
        &document(paths, schemas),
        &[
            "/components/schemas",
            "/paths/~1inline/post/requestBody",
            "/paths/~1named/post/responses/200/content",
        ]
    ));
}

#[test]
fn security() {
    let paths = json!({
        "/none": { "get": operation("none", json!({ "security": [] })) },
        "/unknown": { "get": operation("unknown", json!({ "security": [{ "key": [] }, { "bearer": ["a.readonly"] }, { "bearer": ["a.readonly"] }] })) },
    });
    let mut document = document(paths, json!({}));
    let schemes = document.pointer_mut("/components/securitySchemes").unwrap();
    *schemes = json!({ "bearer": { "type": "http", "scheme": "bearer" } });
    insta::assert_snapshot!(normalised(
        &document,
        &[
            "/components/securitySchemes",
            "/paths/~1none/get/security",
            "/paths/~1unknown/get/security"
        ]
    ));
}

#[test]
fn valid_document_is_unchanged() {
    let sound = with_id(
        json!([{ "in": "query", "name": "limit", "schema": { "type": "integer", "default": 20 } }]),
    );
    assert_eq!(normalised(&sound, &[]), "");
}

#[test]
fn dangling_and_cyclic_references_are_any_json() {
    let nowhere = schema(
        json!({ "type": "object", "properties": { "a": { "$ref": "#/components/schemas/Gone" } } }),
    );
    let round = document(
        json!({}),
        json!({
            "A": { "allOf": [{ "$ref": "#/components/schemas/B" }] },
            "B": { "$ref": "#/components/schemas/A" },
        }),
    );
    let deviations = |document: &Value| {
        let bytes = document.to_string().into_bytes();
        let generated = generate(&module("sample"), &spec_alone("sample.json", &bytes));
        let entries = generated.unwrap().attention.into_iter();
        entries
            .map(|entry| format!("{entry}\n"))
            .collect::<String>()
    };
    insta::assert_snapshot!(format!("{}\n{}", deviations(&nowhere), deviations(&round)));
}

#[test]
fn trace_ids() {
    let reply = |schema: Value| json!({ "200": { "content": { "application/json": { "schema": schema } } } });
    let answers = |id: &str, schema: Value| json!({ "get": operation(id, json!({ "responses": reply(schema) })) });
    let object = json!({ "type": "object", "properties": { "id": { "type": "string" } } });
    let component = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let document = document(
        json!({
            "/inline": answers("inline", object.clone()),
            "/one": answers("one", component("One")),
            "/same": answers("same", component("One")),
            "/part": answers("part", component("Part")),
            "/list": answers("list", json!({ "type": "array", "items": component("Part") })),
            "/open": answers("open", json!({ "type": "object" })),
        }),
        json!({ "One": object.clone(), "Part": object }),
    );
    insta::assert_snapshot!(normalised(
        &document,
        &[
            "/components/schemas",
            "/paths/~1inline/get/responses/200/content",
            "/paths/~1open/get/responses/200/content",
        ]
    ));
}
