//! Paging: each strategy in the emitted code, and each invalid declaration.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::support::{document, generate_sample, lifted, operation};

/// A list for each strategy, by query and by body, and one that only has a `limit`.
pub(crate) fn styles() -> Value {
    let query = |names: &[&str]| -> Value {
        let parameters = names.iter().map(|name| {
            let schema = match *name {
                "limit" => json!({ "type": "integer", "maximum": 100 }),
                "page" => json!({ "type": "integer", "minimum": 1 }),
                _ => json!({ "type": "string" }),
            };
            json!({ "in": "query", "name": name, "schema": schema })
        });
        parameters.collect()
    };
    let reply = |schema: Value| json!({ "200": { "content": { "application/json": { "schema": schema } } } });
    let list = |name: &str| reply(json!({ "$ref": format!("#/components/schemas/{name}") }));
    let body = |schema: Value| json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    document(
        json!({
            "/by-offset": { "get": operation("list-by-offset", json!({
                "parameters": query(&["limit", "skip"]), "responses": list("Things"),
                "x-hoopai-paging": { "items": "things", "total": "meta.total", "size": { "parameter": "limit", "max": 100 }, "offset": "skip" },
            })) },
            "/bare": { "get": operation("list-bare", json!({
                "parameters": query(&["offset"]), "responses": reply(json!({ "type": "array", "items": { "type": "string" } })),
                "x-hoopai-paging": { "items": "", "offset": "offset" },
            })) },
            "/by-page": { "get": operation("list-by-page", json!({
                "parameters": query(&["page", "limit"]), "responses": list("Things"),
                "x-hoopai-paging": { "items": "things", "more": "meta.more", "total": "totals.0.count", "page": { "parameter": "page", "first": 1 } },
            })) },
            "/by-cursor": { "get": operation("list-by-cursor", json!({
                "parameters": query(&["startAfterId", "startAfter", "limit"]), "responses": list("Things"),
                "x-hoopai-paging": {
                    "items": "things", "size": { "parameter": "limit", "max": 50 },
                    "cursor": { "startAfter": "meta.at" }, "cursor-of-last": { "startAfterId": "id" },
                },
            })) },
            "/by-body": { "post": operation("search-by-body", json!({
                "requestBody": body(json!({ "type": "object", "properties": {
                    "pageLimit": { "type": "string" }, "searchAfter": { "type": "array", "items": {} },
                    "after": { "type": "array", "items": { "type": "string" } },
                } })),
                "responses": list("Nested"),
                "x-hoopai-paging": { "items": "page.list", "size": { "parameter": "pageLimit", "max": 10 }, "cursor-of-last": { "searchAfter": "sort.1", "after": "sort" } },
            })) },
            "/by-open-body": { "post": operation("search-by-open-body", json!({
                "requestBody": body(json!({ "type": "object" })), "responses": list("Union"),
                "x-hoopai-paging": { "items": "list", "offset": "from" },
            })) },
            "/limited": { "get": operation("list-limited", json!({
                "parameters": query(&["limit"]), "responses": list("Things"), "x-hoopai-unpaged": "It cannot go on.",
            })) },
        }),
        json!({
            "Thing": { "type": "object", "properties": { "id": { "type": "string" }, "children": { "$ref": "#/components/schemas/Things" } } },
            "Meta": { "type": "object", "properties": { "total": { "type": "number" }, "more": {}, "at": { "type": "number" } } },
            "Things": { "type": "object", "properties": {
                "things": { "type": "array", "items": { "allOf": [{ "$ref": "#/components/schemas/Thing" }] } },
                "meta": { "allOf": [{ "$ref": "#/components/schemas/Meta" }] },
                "totals": { "type": "array", "items": { "type": "object", "properties": { "count": { "type": "number" } } } },
                "open": { "type": "object" }, "one": { "$ref": "#/components/schemas/Thing" },
            } },
            "Nested": { "type": "object", "properties": { "page": { "type": "object", "properties": {
                "list": { "type": "array", "items": { "type": "object", "properties": { "sort": { "type": "array", "items": {} } } } },
            } } } },
            "Union": { "oneOf": [
                { "type": "object", "properties": { "list": { "type": "array", "items": { "type": "object" } } } },
                { "type": "object", "properties": { "reason": { "type": "string" } } },
            ] },
        }),
    )
}

#[test]
fn every_strategy_matches_snapshot() {
    let styles = styles();
    let generated = generate_sample(&styles, Some(&lifted(&styles))).unwrap();
    insta::assert_snapshot!("operations", generated.files["src/operations.rs"]);
    let builders: Vec<&str> = generated.files["src/client.rs"]
        .lines()
        .filter(|line| line.contains(") -> "))
        .collect();
    insta::assert_snapshot!("builders", builders.join("\n"));
    insta::assert_debug_snapshot!("report", (generated.report.paged, generated.report.unpaged));
}

#[test]
fn setters_avoid_names_of_builder_methods() {
    let mut sample = styles();
    for name in ["stream", "pages", "collect_all"] {
        let parameters = sample["paths"]["/bare"]["get"]["parameters"]
            .as_array_mut()
            .unwrap();
        parameters.push(json!({ "in": "query", "name": name, "schema": { "type": "string" } }));
    }
    let generated = generate_sample(&sample, Some(&lifted(&sample))).unwrap();
    let client = &generated.files["src/client.rs"];
    for name in ["stream", "pages", "collect_all"] {
        assert!(
            client.contains(&format!("query {name}_2: String = \"{name}\"")),
            "{client}"
        );
    }
}

#[test]
fn invalid_declarations_are_rejected() {
    let mut errors = String::new();
    let mut refuse = |what: &str, change: &dyn Fn(&mut Value)| {
        let mut sample = styles();
        change(&mut sample["paths"]);
        match generate_sample(&sample, Some(&lifted(&sample))) {
            Ok(_) => panic!("accepted: {what}"),
            Err(error) => writeln!(errors, "{what}:\n  {error}").unwrap(),
        }
    };
    let paging = |path: &'static str, key: &'static str, value: Value| {
        move |paths: &mut Value| {
            let (_, item) = paths
                .as_object_mut()
                .unwrap()
                .iter_mut()
                .find(|(name, _)| *name == path)
                .unwrap();
            let (_, operation) = item.as_object_mut().unwrap().iter_mut().next().unwrap();
            let paging = operation["x-hoopai-paging"].as_object_mut().unwrap();
            match &value {
                Value::Null => paging.remove(key),
                value => paging.insert(key.to_owned(), value.clone()),
            };
        }
    };
    let operation = |path: &'static str, method: &'static str, key: &'static str, value: Value| {
        move |paths: &mut Value| {
            let operation = paths[path][method].as_object_mut().unwrap();
            match &value {
                Value::Null => operation.remove(key),
                value => operation.insert(key.to_owned(), value.clone()),
            };
        }
    };
    // The declaration itself.
    refuse(
        "nothing declared",
        &operation("/by-offset", "get", "x-hoopai-paging", Value::Null),
    );
    refuse(
        "nothing declared, by body",
        &operation("/by-body", "post", "x-hoopai-paging", Value::Null),
    );
    refuse(
        "both declared",
        &operation("/by-offset", "get", "x-hoopai-unpaged", json!("No.")),
    );
    refuse(
        "no object",
        &operation("/by-offset", "get", "x-hoopai-paging", json!(true)),
    );
    refuse(
        "unpaged without reason",
        &operation("/limited", "get", "x-hoopai-unpaged", json!(" ")),
    );
    refuse(
        "unpaged with a flag for a reason",
        &operation("/limited", "get", "x-hoopai-unpaged", json!(true)),
    );
    refuse(
        "unpaged where nothing looks paged",
        &operation("/limited", "get", "parameters", json!([])),
    );
    refuse(
        "a key that means nothing",
        &paging("/by-offset", "itemz", json!("things")),
    );
    refuse(
        "a key of size that means nothing",
        &paging(
            "/by-offset",
            "size",
            json!({ "parameter": "limit", "maximum": 5 }),
        ),
    );
    refuse("no way on", &paging("/by-offset", "offset", Value::Null));
    refuse(
        "two ways on",
        &paging(
            "/by-offset",
            "page",
            json!({ "parameter": "limit", "first": 1 }),
        ),
    );
    refuse(
        "page beside cursor",
        &paging(
            "/by-cursor",
            "page",
            json!({ "parameter": "limit", "first": 1 }),
        ),
    );
    // Parameters.
    refuse(
        "an offset that is not declared",
        &paging("/by-offset", "offset", json!("offset")),
    );
    refuse(
        "an offset that is no name",
        &paging("/by-offset", "offset", json!(3)),
    );
    refuse(
        "a field that the body lacks",
        &paging(
            "/by-body",
            "size",
            json!({ "parameter": "limit", "max": 10 }),
        ),
    );
    refuse(
        "one parameter for two",
        &paging("/by-offset", "offset", json!("limit")),
    );
    refuse("a mark for a parameter that must be there", &|paths| {
        paths["/by-cursor"]["get"]["parameters"][0]["required"] = true.into();
    });
    refuse("a mark for a field that must be there", &|paths| {
        paths["/by-body"]["post"]["requestBody"]["content"]["application/json"]["schema"]["required"] =
            json!(["searchAfter"]);
    });
    // Numbers.
    refuse(
        "pages of 0",
        &paging(
            "/by-offset",
            "size",
            json!({ "parameter": "limit", "max": 0 }),
        ),
    );
    refuse(
        "pages of a fraction",
        &paging(
            "/by-offset",
            "size",
            json!({ "parameter": "limit", "max": 0.5 }),
        ),
    );
    refuse(
        "pages above the maximum",
        &paging(
            "/by-offset",
            "size",
            json!({ "parameter": "limit", "max": 101 }),
        ),
    );
    refuse(
        "a declared maximum that the schema has",
        &paging(
            "/by-offset",
            "size",
            json!({ "parameter": "limit", "max": 100, "declared": true }),
        ),
    );
    refuse(
        "a declaration that is not a boolean",
        &paging(
            "/by-offset",
            "size",
            json!({ "parameter": "limit", "max": 50, "declared": "yes" }),
        ),
    );
    refuse(
        "size without max",
        &paging("/by-offset", "size", json!({ "parameter": "limit" })),
    );
    refuse(
        "page without first",
        &paging("/by-page", "page", json!({ "parameter": "page" })),
    );
    refuse(
        "a first page below the minimum",
        &paging(
            "/by-page",
            "page",
            json!({ "parameter": "page", "first": 0 }),
        ),
    );
    refuse(
        "a first page below 0",
        &paging(
            "/by-page",
            "page",
            json!({ "parameter": "page", "first": -1 }),
        ),
    );
    // Paths.
    refuse("no items", &paging("/by-offset", "items", Value::Null));
    refuse(
        "items that are not declared",
        &paging("/by-offset", "items", json!("thing")),
    );
    refuse(
        "items that are no list",
        &paging("/by-offset", "items", json!("one")),
    );
    refuse(
        "the reply, which is no list, for items",
        &paging("/by-offset", "items", json!("")),
    );
    refuse(
        "a name of a list's items without index",
        &paging("/by-offset", "total", json!("totals.count")),
    );
    refuse(
        "a place below a number",
        &paging("/by-offset", "total", json!("meta.total.count")),
    );
    refuse(
        "a place below an open object",
        &paging("/by-offset", "total", json!("open.total")),
    );
    refuse(
        "a total that is an object",
        &paging("/by-offset", "total", json!("meta")),
    );
    refuse(
        "more that is a list",
        &paging("/by-page", "more", json!("things")),
    );
    refuse(
        "a mark that the reply lacks",
        &paging(
            "/by-cursor",
            "cursor",
            json!({ "startAfter": "meta.after" }),
        ),
    );
    refuse(
        "a mark that the items lack",
        &paging(
            "/by-cursor",
            "cursor-of-last",
            json!({ "startAfterId": "_id" }),
        ),
    );
    refuse("no marks", &paging("/by-cursor", "cursor", json!({})));
    refuse(
        "marks that are no object",
        &paging("/by-cursor", "cursor", json!("meta.at")),
    );
    refuse(
        "a reply of bytes",
        &operation(
            "/by-offset",
            "get",
            "responses",
            json!({ "200": { "content": { "application/pdf": {} } } }),
        ),
    );
    insta::assert_snapshot!(errors);
}
