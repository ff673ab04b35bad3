//! Generated code: snapshots of a small module with every feature, and properties of single rules.

use serde_json::{Value, json};

use crate::support::{document, generate_sample, operation};

/// A module with every feature.
pub(crate) fn everything() -> Value {
    let id = json!({ "in": "path", "name": "thingId", "required": true, "schema": { "type": "string" } });
    let version = json!({ "in": "header", "name": "Version", "required": true, "schema": { "type": "string", "enum": ["2021-04-15"] } });
    let json_of = |name: &str| json!({ "content": { "application/json": { "schema": { "$ref": format!("#/components/schemas/{name}") } } } });
    let mut sample = document(
        json!({
            "/things/": {
                "get": operation("get-things", json!({
                    "security": [{ "Location-Access": ["things.readonly"] }],
                    "parameters": [
                        version,
                        { "in": "query", "name": "locationId", "required": true, "schema": { "type": "string" } },
                        { "in": "query", "name": "limit", "schema": { "type": "number" } },
                        { "in": "query", "name": "startAfterId", "schema": { "type": "string" } },
                        { "in": "query", "name": "status", "schema": { "type": "string", "enum": ["open", "won", "in progress", "-1"] } },
                        { "in": "query", "name": "fields", "explode": false, "schema": { "type": "array", "items": { "type": "string", "enum": ["id", "name"] } } },
                        { "in": "query", "name": "type", "schema": { "type": "object", "properties": { "a": { "type": "string" } } } },
                    ],
                    "responses": { "200": json_of("ThingsSuccessfulResponseDto"), "201": json_of("ThingsSuccessfulResponseDto"), "400": json_of("Bad") },
                })),
                "post": operation("create-thing", json!({
                    "requestBody": { "required": true, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/CreateThingDto" } } } },
                    "responses": { "201": json_of("ThingDto") },
                })),
            },
            "/things/{thingId}": {
                "get": operation("get-thing", json!({ "parameters": [id], "responses": { "200": json_of("ThingDto") } })),
                "delete": operation("remove-thing", json!({ "parameters": [id, { "in": "header", "name": "x-reason", "schema": { "type": "string" } }], "responses": { "204": {} } })),
                "put": operation("edit-thing", json!({ "deprecated": true, "parameters": [id],
                    "requestBody": { "content": { "application/json": { "schema": { "type": "array", "items": { "$ref": "#/components/schemas/Label" } } } } },
                })),
            },
            "/things/{thingId}/file": { "get": operation("download-thing", json!({ "parameters": [id],
                "responses": { "200": { "content": { "application/pdf": { "schema": { "type": "string", "format": "binary" } } } } },
            })) },
            "/things/upload": { "post": operation("upload-thing", json!({ "requestBody": { "content": { "multipart/form-data": { "schema": {
                "type": "object", "required": ["file"], "properties": {
                    "file": { "type": "string", "format": "binary" }, "hosted": { "type": "boolean" }, "locationId": { "type": "string" },
                },
            } } } } })) },
            "/things/token": { "post": operation("get-token", json!({ "requestBody": { "content": { "application/x-www-form-urlencoded": { "schema": {
                "type": "object", "required": ["client_id"], "properties": { "client_id": { "type": "string" } },
            } } } } })) },
        }),
        json!({
            "Bad": { "type": "object", "properties": { "message": { "type": "string" } } },
            "ThingsSuccessfulResponseDto": { "type": "object", "properties": {
                "things": { "type": "array", "items": { "$ref": "#/components/schemas/ThingDto" } },
                "total": { "type": "number" },
            } },
            "ThingDto": { "type": "object", "properties": {
                "id": { "type": "string" }, "_id": { "type": "string" }, "type": { "type": "string" }, "extra": { "type": "string" },
                "dueDate": { "type": "string", "format": "date-time", "nullable": true },
                "parent": { "$ref": "#/components/schemas/ThingDto" },
                "children": { "type": "array", "items": { "$ref": "#/components/schemas/ThingDto" } },
                "label": { "allOf": [{ "$ref": "#/components/schemas/Label" }], "deprecated": true },
                "status": { "type": "string", "enum": ["open", "won", "in progress", "-1"] },
                "priority": { "type": "number", "enum": [0, 0.5, 1] },
                "free": { "type": "object" }, "any": {},
                "byName": { "type": "object", "additionalProperties": { "$ref": "#/components/schemas/Label" } },
                "union": { "oneOf": [
                    { "type": "object", "properties": { "kind": { "type": "string" }, "width": { "type": "number" } } },
                    { "type": "object", "properties": { "kind": { "type": "string" }, "width": { "type": "string" } } },
                ] },
                "text": { "anyOf": [{ "type": "string" }, { "type": "string", "enum": ["x"] }] },
                "amount": { "type": "number" }, "dateAdded": { "type": "number" },
                "mixed": { "anyOf": [{ "type": "string" }, { "type": "number" }] },
            } },
            "Label": { "type": "object", "properties": { "name": { "type": "string" }, "at": { "type": "object", "properties": { "x": { "type": "number" } } } } },
            "CreateThingDto": { "type": "object", "required": ["name", "locationId"], "properties": {
                "name": { "type": "string" }, "locationId": { "type": "string" }, "tags": { "type": "array", "items": { "type": "string" } },
                "to": { "type": "object", "properties": { "x": { "type": "number" } } },
            } },
        }),
    );
    sample["components"]["securitySchemes"]["Location-Access"] =
        json!({ "type": "http", "scheme": "bearer" });
    sample
}

pub(crate) const OVERLAY: &str = "overlay: 1.0.0
info: { title: sample, version: 1.0.0 }
actions:
  - target: $.paths['/things/token'].post
    description: It mints a token.
    update:
      x-hoopai-name: exchange_token
      x-hoopai-not-idempotent: A code is good once.
      summary: Exchanges a code for a token.
      description: |
        A code is good once.

        A second use is refused.
  - target: $.paths['/things/'].get
    description: It pages.
    update:
      x-hoopai-paging: { items: things, total: total, size: { parameter: limit, max: 100 }, cursor-of-last: { startAfterId: id } }
  - target: $.components.schemas.ThingDto
    description: Ours.
    update: { description: A thing that has one of everything., properties: { dueDate: { description: When it is due. } } }
";

#[test]
fn module_with_every_feature_matches_snapshot() {
    let generated = generate_sample(&everything(), Some(OVERLAY)).unwrap();
    for (path, text) in &generated.files {
        insta::assert_snapshot!(path.replace('/', "_"), text);
    }
    insta::assert_debug_snapshot!("report", generated.report);
}

/// Equal schemas under related names are one type; coincidentally equal ones are not.
#[test]
fn equal_types_are_merged() {
    let thing = |more: &[&str]| {
        let names = ["id", "name", "colour", "size", "owner", "place"];
        let fields = names
            .iter()
            .chain(more)
            .map(|name| ((*name).to_owned(), json!({ "type": "string" })));
        json!({ "type": "object", "properties": fields.collect::<serde_json::Map<_, _>>() })
    };
    let flag = || json!({ "type": "object", "properties": { "success": { "type": "boolean" } } });
    let json_of = |name: &str| json!({ "content": { "application/json": { "schema": { "$ref": format!("#/components/schemas/{name}") } } } });
    let exchange = |id: &str, sent: &str, answered: &str| {
        operation(
            id,
            json!({ "requestBody": json_of(sent), "responses": { "200": json_of(answered) } }),
        )
    };
    let sample = document(
        json!({
            "/things": {
                "post": exchange("create-thing", "CreateThingDto", "ThingCreatedDto"),
                "put": exchange("update-thing", "UpdateThingDto", "ThingUpdatedDto"),
                "patch": exchange("void-thing", "VoidThingDto", "ThingVoidedDto"),
            },
            "/boxes": { "post": exchange("create-box", "CreateBoxDto", "BoxDto"), "delete": exchange("delete-box", "DeleteBoxDto", "BoxGoneDto") },
            "/crates": { "delete": exchange("delete-crate", "DeleteCrateDto", "CrateGoneDto") },
        }),
        json!({
            "CreateThingDto": thing(&[]), "UpdateThingDto": thing(&[]), "VoidThingDto": {
                "type": "object", "properties": {
                    "icon": { "$ref": "#/components/schemas/IconSchema" }, "other": { "$ref": "#/components/schemas/IconSchemaOptional" },
                    "emblem": { "$ref": "#/components/schemas/Emblem" },
                },
            },
            "IconSchema": thing(&["font"]), "IconSchemaOptional": thing(&["font"]), "Emblem": thing(&["font"]),
            "ThingCreatedDto": thing(&["at"]), "ThingUpdatedDto": thing(&["at"]), "ThingVoidedDto": thing(&["by"]),
            "CreateBoxDto": thing(&[]), "BoxDto": thing(&["at"]), "DeleteBoxDto": thing(&["why"]), "BoxGoneDto": flag(),
            "DeleteCrateDto": thing(&["why"]), "CrateGoneDto": flag(),
        }),
    );
    let generated = generate_sample(&sample, None).unwrap();
    let types = generated.files["src/types.rs"].lines();
    let names: Vec<&str> = types
        .filter_map(|line| line.trim().strip_prefix("pub struct "))
        .collect();
    insta::assert_snapshot!(names.join("\n"));
}

#[test]
fn undeclared_fields_have_a_type() {
    let sample = document(
        json!({ "/slots": { "get": operation("list-slots", json!({ "responses": { "200": { "content": { "application/json": { "schema": {
            "type": "object", "properties": { "zone": { "type": "string" } },
            "additionalProperties": { "$ref": "#/components/schemas/Slots" },
        } } } } } })) } }),
        json!({ "Slots": { "type": "object", "properties": { "slots": { "type": "array", "items": { "type": "string", "format": "date-time" } } } } }),
    );
    let generated = generate_sample(&sample, None).unwrap();
    insta::assert_snapshot!(generated.files["src/types.rs"]);
}

/// Where the location is a filter of an agency's operation, it is not filled in.
#[test]
fn default_location_is_not_used_as_a_filter() {
    let location = |required: bool,
                    schemes: &[&str],
                    company: Option<&str>,
                    body: Option<Value>| {
        let query = |name: &str, required: bool| json!({ "in": "query", "name": name, "required": required, "schema": { "type": "string" } });
        let security: Vec<Value> = schemes.iter().map(|name| json!({ (*name): [] })).collect();
        let mut parts = json!({ "security": security, "parameters": [] });
        match body {
            Some(schema) => {
                parts["requestBody"] =
                    json!({ "content": { "application/json": { "schema": schema } } })
            }
            None => parts["parameters"] = json!([query("locationId", required)]),
        }
        if let (Some(name), Some(parameters)) = (company, parts["parameters"].as_array_mut()) {
            parameters.push(query(name, false));
        }
        let mut sample = document(
            json!({ "/a": { "post": operation("make-a", parts) } }),
            json!({}),
        );
        for scheme in schemes {
            sample["components"]["securitySchemes"][scheme] =
                json!({ "type": "http", "scheme": "bearer" });
        }
        let generated = generate_sample(&sample, None).unwrap();
        generated.files["src/operations.rs"]
            .lines()
            .any(|line| line.trim().starts_with("location: "))
    };
    let (company, agency, either) = (
        Some("companyId"),
        &["Agency-Access-Only"][..],
        &["Agency-Access", "Location-Access"][..],
    );
    let body = |required: Value| {
        let id = json!({ "type": "string" });
        Some(
            json!({ "type": "object", "required": required, "properties": { "companyId": id, "locationId": id } }),
        )
    };
    for (filled, required, schemes, company, body) in [
        (false, false, agency, None, None),
        (true, true, agency, None, None),
        (false, false, either, company, None),
        (true, true, either, company, None),
        (true, false, either, None, None),
        (true, false, either, Some("companyName"), None),
        (true, false, &["Location-Access"][..], company, None),
        (false, false, either, None, body(json!([]))),
        (true, false, either, None, body(json!(["locationId"]))),
    ] {
        assert_eq!(
            location(required, schemes, company, body.clone()),
            filled,
            "required {required}, {schemes:?}, {company:?}, {body:?}"
        );
    }
}

/// A required body without fields can be left out; one with unknown fields cannot.
#[test]
fn body_without_fields_differs_from_open_body() {
    let row = |required: bool, schema: Value| {
        let content = json!({ "application/json": { "schema": schema } });
        let body = json!({ "required": required, "content": content });
        let sample = document(
            json!({ "/a": { "post": operation("make-a", json!({ "requestBody": body })) } }),
            json!({ "Empty": { "type": "object", "properties": {} } }),
        );
        let generated = generate_sample(&sample, None).unwrap();
        let rows = generated.files["src/operations.rs"].lines();
        let mut bodies = rows.filter_map(|line| line.trim().strip_prefix("body: "));
        bodies.next().unwrap().to_owned()
    };
    let empty = "Some(Body { omittable: true, ..Body::DEFAULT }),";
    let plain = "Some(Body::DEFAULT),";
    let text = json!({ "type": "string" });
    for (expected, schema) in [
        (empty, json!({ "$ref": "#/components/schemas/Empty" })),
        (empty, json!({ "type": "object" })),
        (
            empty,
            json!({ "type": "object", "additionalProperties": false }),
        ),
        (
            plain,
            json!({ "type": "object", "additionalProperties": true }),
        ),
        (
            plain,
            json!({ "type": "object", "properties": { "a": text } }),
        ),
        (plain, json!({ "type": "array", "items": text })),
        (plain, json!({})),
        (
            plain,
            json!({ "anyOf": [{ "type": "object", "properties": { "a": text } }, { "type": "object" }] }),
        ),
    ] {
        assert_eq!(row(true, schema.clone()), expected, "{schema}");
    }
    assert_eq!(
        row(false, json!({ "type": "object" })),
        "Some(Body { required: false, ..Body::DEFAULT }),"
    );
}

#[test]
fn equal_input_gives_equal_bytes() {
    let one = generate_sample(&everything(), Some(OVERLAY)).unwrap();
    let two = generate_sample(&everything(), Some(OVERLAY)).unwrap();
    assert_eq!(one.files, two.files);
    assert_eq!(one.effective, two.effective);
}

#[test]
fn clashing_names_and_unsupported_items_are_rejected() {
    let error = |path: &str, method: &str, parts: Value| {
        let mut sample = document(
            json!({ "/a": { "get": operation("get-a", json!({})) } }),
            json!({}),
        );
        sample["paths"][path][method] = operation("get_a", parts);
        generate_sample(&sample, None).unwrap_err().to_string()
    };
    let faults = [
        error("/b", "get", json!({})),
        error("/b", "trace", json!({})),
        error(
            "/b",
            "post",
            json!({ "requestBody": { "content": { "text/xml": {} } } }),
        ),
        error(
            "/b",
            "get",
            json!({ "parameters": [{ "in": "cookie", "name": "c" }] }),
        ),
        error("/b/{", "get", json!({})),
        error("b", "get", json!({})),
    ];
    let overlay = "overlay: 1.0.0\ninfo: { title: s, version: '1' }\nactions:\n  - target: $.paths['/things/'].get\n    description: A bad name.\n    update: { x-hoopai-name: Get-Things }\n";
    let named = generate_sample(&everything(), Some(overlay))
        .unwrap_err()
        .to_string();
    insta::assert_snapshot!(format!("{}\n{named}", faults.join("\n")));
}

/// rustc warns of imports and fields that nothing uses.
#[test]
fn module_without_operations_imports_nothing() {
    let generated = generate_sample(&document(json!({}), json!({})), None).expect("generated");
    let client = &generated.files["src/client.rs"];
    assert!(!client.contains("use crate"), "{client}");
    assert!(client.contains("#[allow(dead_code"), "{client}");
}
