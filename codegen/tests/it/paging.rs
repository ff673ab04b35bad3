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

/// Invalid declarations: the error, the path of an operation, a JSON pointer in it, and the value to
/// set there. `null` removes the value.
const INVALID: &[&str] = &[
    // The declaration itself.
    "nothing declared | /by-offset | x-hoopai-paging | null",
    "nothing declared, by body | /by-body | x-hoopai-paging | null",
    r#"both declared | /by-offset | x-hoopai-unpaged | "No.""#,
    "no object | /by-offset | x-hoopai-paging | true",
    r#"unpaged without reason | /limited | x-hoopai-unpaged | " ""#,
    "unpaged with a flag for a reason | /limited | x-hoopai-unpaged | true",
    "unpaged where nothing looks paged | /limited | parameters | []",
    r#"a key that means nothing | /by-offset | x-hoopai-paging/itemz | "things""#,
    r#"a key of size that means nothing | /by-offset | x-hoopai-paging/size | { "parameter": "limit", "maximum": 5 }"#,
    "no way on | /by-offset | x-hoopai-paging/offset | null",
    r#"two ways on | /by-offset | x-hoopai-paging/page | { "parameter": "limit", "first": 1 }"#,
    r#"page beside cursor | /by-cursor | x-hoopai-paging/page | { "parameter": "limit", "first": 1 }"#,
    // Parameters.
    r#"an offset that is not declared | /by-offset | x-hoopai-paging/offset | "offset""#,
    "an offset that is no name | /by-offset | x-hoopai-paging/offset | 3",
    r#"a field that the body lacks | /by-body | x-hoopai-paging/size | { "parameter": "limit", "max": 10 }"#,
    r#"one parameter for two | /by-offset | x-hoopai-paging/offset | "limit""#,
    "a mark for a parameter that must be there | /by-cursor | parameters/0/required | true",
    r#"a mark for a field that must be there | /by-body | requestBody/content/application~1json/schema/required | ["searchAfter"]"#,
    // Numbers.
    r#"pages of 0 | /by-offset | x-hoopai-paging/size | { "parameter": "limit", "max": 0 }"#,
    r#"pages of a fraction | /by-offset | x-hoopai-paging/size | { "parameter": "limit", "max": 0.5 }"#,
    r#"pages above the maximum | /by-offset | x-hoopai-paging/size | { "parameter": "limit", "max": 101 }"#,
    r#"a declared maximum that the schema has | /by-offset | x-hoopai-paging/size | { "parameter": "limit", "max": 100, "declared": true }"#,
    r#"a declaration that is not a boolean | /by-offset | x-hoopai-paging/size | { "parameter": "limit", "max": 50, "declared": "yes" }"#,
    r#"size without max | /by-offset | x-hoopai-paging/size | { "parameter": "limit" }"#,
    r#"page without first | /by-page | x-hoopai-paging/page | { "parameter": "page" }"#,
    r#"a first page below the minimum | /by-page | x-hoopai-paging/page | { "parameter": "page", "first": 0 }"#,
    r#"a first page below 0 | /by-page | x-hoopai-paging/page | { "parameter": "page", "first": -1 }"#,
    // Paths.
    "no items | /by-offset | x-hoopai-paging/items | null",
    r#"items that are not declared | /by-offset | x-hoopai-paging/items | "thing""#,
    r#"items that are no list | /by-offset | x-hoopai-paging/items | "one""#,
    r#"the reply, which is no list, for items | /by-offset | x-hoopai-paging/items | """#,
    r#"a name of a list's items without index | /by-offset | x-hoopai-paging/total | "totals.count""#,
    r#"a place below a number | /by-offset | x-hoopai-paging/total | "meta.total.count""#,
    r#"a place below an open object | /by-offset | x-hoopai-paging/total | "open.total""#,
    r#"a total that is an object | /by-offset | x-hoopai-paging/total | "meta""#,
    r#"more that is a list | /by-page | x-hoopai-paging/more | "things""#,
    r#"a mark that the reply lacks | /by-cursor | x-hoopai-paging/cursor | { "startAfter": "meta.after" }"#,
    r#"a mark that the items lack | /by-cursor | x-hoopai-paging/cursor-of-last | { "startAfterId": "_id" }"#,
    "no marks | /by-cursor | x-hoopai-paging/cursor | {}",
    r#"marks that are no object | /by-cursor | x-hoopai-paging/cursor | "meta.at""#,
    r#"a reply of bytes | /by-offset | responses | { "200": { "content": { "application/pdf": {} } } }"#,
];

#[test]
fn invalid_declarations_are_rejected() {
    let mut errors = String::new();
    for row in INVALID {
        let mut columns = row.split(" | ");
        let mut next = || columns.next().unwrap();
        let (what, path, pointer, value) = (next(), next(), next(), next());
        let mut sample = styles();
        let operation = sample["paths"][path]
            .as_object_mut()
            .unwrap()
            .values_mut()
            .next()
            .unwrap();
        let pointer = format!("/{pointer}");
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = operation
            .pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap();
        match value.parse().unwrap() {
            Value::Null => parent.remove(key),
            value => parent.insert(key.to_owned(), value),
        };
        match generate_sample(&sample, Some(&lifted(&sample))) {
            Ok(_) => panic!("accepted: {what}"),
            Err(error) => writeln!(errors, "{what}:\n  {error}").unwrap(),
        }
    }
    insta::assert_snapshot!(errors);
}
