//! The exported documents of all modules, and the form of small ones. Whether the tools of other
//! languages accept them is checked by `cargo xtask export-tools`.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use hoopai_codegen::{Module, SourceText, Sources, export, generate, parse_modules};
use progenitor_impl::{GenerationSettings, Generator};
use serde_json::{Value, json};

use crate::support::{document, generate_sample, module, operation, root, spec_alone};

const METHODS: [&str; 8] = [
    "delete", "get", "head", "options", "patch", "post", "put", "trace",
];

/// Modules with multipart bodies, which progenitor does not support. It reads the other documents.
const MULTIPART: [&str; 5] = [
    "conversations",
    "forms",
    "locations",
    "medias",
    "social-media-posting",
];

/// An exported document, its stripped file, and the methods of its module.
struct Exported {
    module: Module,
    spec: Value,
    methods: BTreeMap<String, String>,
    document: Value,
}

fn all() -> Vec<Exported> {
    let folder = root().join("specs");
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).expect(file);
    let modules = parse_modules(&read("modules.toml")).expect("modules");
    let common = read("documentation.yaml");
    let exported = |module: Module| {
        let [spec, overlay, documentation] = ["openapi.json", "overlay.yaml", "documentation.yaml"]
            .map(|file| read(&format!("{}/{file}", module.name)));
        let text = |text| Some(SourceText { file: "file", text });
        let sources = Sources {
            overlay: text(&overlay),
            documentation: text(&documentation),
            common: text(&common),
            ..spec_alone("spec", spec.as_bytes())
        };
        let generated = generate(&module, &sources).expect("a crate");
        Exported {
            document: export(&module, &generated).expect("a document"),
            spec: serde_json::from_str(&spec).expect("JSON"),
            methods: generated.operation_ids,
            module,
        }
    };
    modules.into_iter().map(exported).collect()
}

fn operations(document: &Value) -> impl Iterator<Item = (&String, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        METHODS
            .into_iter()
            .filter_map(move |method| Some((path, method, item.get(method)?)))
    })
}

/// All objects in a document, with their pointers.
fn objects<'a>(value: &'a Value, pointer: &str, found: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(map) => {
            found.push((pointer.to_owned(), value));
            for (key, inner) in map {
                objects(inner, &format!("{pointer}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                objects(inner, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// The holders of schemas that have examples, with their places.
fn examples(document: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for (path, method, operation) in operations(document) {
        let at = format!("{method} {path}");
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        found.extend(parameters.map(|one| (format!("{at}: {}", one["name"]), one)));
        let body = operation.get("requestBody").into_iter();
        let responses = operation["responses"].as_object().into_iter().flatten();
        for holder in body.chain(responses.map(|(_, response)| response)) {
            let content = holder["content"].as_object().into_iter().flatten();
            found.extend(content.map(|(kind, media)| (format!("{at}: {kind}"), media)));
        }
    }
    found.retain(|(_, holder)| holder.get("schema").is_some());
    found
}

/// A schema of OpenAPI 3.0 in the terms of JSON Schema: null is a type.
fn with_null_type(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("nullable") == Some(&true.into()) {
                if let Some(kind) = map.get("type").filter(|kind| kind.is_string()).cloned() {
                    map.insert("type".to_owned(), json!([kind, "null"]));
                }
                if let Some(Value::Array(values)) = map.get_mut("enum") {
                    values.push(Value::Null);
                }
            }
            map.values_mut().for_each(with_null_type);
        }
        Value::Array(items) => items.iter_mut().for_each(with_null_type),
        _ => {}
    }
}

#[test]
fn exported_documents_have_the_properties_that_other_tools_require() {
    let all = all();
    assert!(all.len() > 40, "{} documents", all.len());
    let methods: BTreeSet<&String> = all.iter().flat_map(|one| one.methods.keys()).collect();
    let mut findings = Vec::new();
    let mut unread = Vec::new();
    for one in &all {
        let mut report = |text: String| findings.push(format!("{}: {text}", one.module.name));
        check_forms(&one.document, &mut report);
        check_texts(&one.document, &methods, &mut report);
        check_operations(one, &mut report);
        check_examples(&one.document, &mut report);
        match read_by_progenitor(&one.document) {
            Err(error) if error.contains("multipart/form-data") => unread.push(&one.module.name),
            Err(error) => report(format!("progenitor: {error}")),
            Ok(()) => {}
        }
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert_eq!(unread, MULTIPART);
}

fn check_forms(document: &Value, report: &mut impl FnMut(String)) {
    let mut found = Vec::new();
    objects(document, "", &mut found);
    for (pointer, object) in found {
        let reference = object.get("$ref").filter(|reference| reference.is_string());
        if reference.is_some() && object.as_object().is_some_and(|map| map.len() > 1) {
            report(format!("{pointer} has siblings of $ref"));
        }
        if object.get("nullable") == Some(&true.into()) && object.get("type").is_none() {
            report(format!("{pointer} is nullable and has no type"));
        }
    }
    let mut shapes = BTreeSet::new();
    for path in document["paths"].as_object().into_iter().flatten() {
        let parts = path.0.split('/');
        let shape = parts.map(|part| if part.starts_with('{') { "{}" } else { part });
        if !shapes.insert(shape.collect::<Vec<_>>()) {
            report(format!(
                "{} differs from another path by names only",
                path.0
            ));
        }
    }
}

fn check_texts(document: &Value, methods: &BTreeSet<&String>, report: &mut impl FnMut(String)) {
    let mut found = Vec::new();
    objects(document, "", &mut found);
    for (pointer, object) in found {
        for key in ["summary", "description"] {
            let text = object.get(key).and_then(Value::as_str).unwrap_or_default();
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let mut words = text.split(|c| !is_part(c));
            if let Some(name) = words.find(|word| methods.contains(&(*word).to_owned())) {
                report(format!("{pointer}/{key} names the method {name}"));
            }
            let mut spans = text.split('`').skip(1).step_by(2);
            let is_call = |code: &str| code.starts_with('.') && code.contains('(');
            let is_rust = |code: &str| code.contains("::") || code.contains("extra_");
            if spans.any(|code| is_call(code) || is_rust(code)) {
                report(format!("{pointer}/{key} has code in Rust: {text}"));
            }
        }
    }
}

fn check_operations(one: &Exported, report: &mut impl FnMut(String)) {
    let document = &one.document;
    let listed: Vec<&Value> = document["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|tag| &tag["name"])
        .collect();
    let by_id = |id: &Value| operations(document).find(|(_, _, other)| other["operationId"] == *id);
    for (path, method, declared) in operations(&one.spec) {
        // Ids with spaces are the only ones that change.
        let id = declared["operationId"].as_str().unwrap_or_default();
        let Some((_, _, exported)) = by_id(&id.replace(' ', "-").into()) else {
            report(format!("{method} {path} is lost"));
            continue;
        };
        if !declared["tags"].is_null() && declared["tags"] != exported["tags"] {
            report(format!("{method} {path} lost its tags"));
        }
    }
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(document) {
        let tags: Vec<&Value> = operation["tags"].as_array().into_iter().flatten().collect();
        if tags.is_empty() || !tags.iter().all(|tag| listed.contains(tag)) {
            report(format!("{method} {path} has no listed tag"));
        }
        let id = operation["operationId"].as_str().unwrap_or_default();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        if id.is_empty() || !id.chars().all(is_plain) || !ids.insert(id) {
            report(format!("{method} {path} has the operation id `{id}`"));
        }
        let requires_token = !["/oauth/token", "/oauth/billing/webhook"].contains(&path.as_str());
        let security = operation["security"].as_array().map_or(0, Vec::len);
        if requires_token != (security > 0) {
            report(format!(
                "{method} {path} has {security} security requirements"
            ));
        }
    }
    let schemes = document["components"]["securitySchemes"].as_object();
    for (name, scheme) in schemes.into_iter().flatten() {
        if scheme["description"].as_str().is_none_or(str::is_empty) {
            report(format!("the scheme {name} is not described"));
        }
    }
    let info = &document["info"];
    for key in ["title", "version", "description", "contact", "license"] {
        if info[key].is_null() {
            report(format!("info has no {key}"));
        }
    }
    if document["servers"][0]["url"] != "https://services.leadconnectorhq.com" {
        report(format!("the servers are {}", document["servers"]));
    }
}

/// Checks all examples of a document by an independent validator of JSON Schema.
fn check_examples(document: &Value, report: &mut impl FnMut(String)) {
    let all = examples(document);
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-04/schema#",
        "components": document["components"],
        "properties": {},
    });
    let mut instance = json!({});
    for (index, (at, holder)) in all.iter().enumerate() {
        let Some(example) = holder.get("example") else {
            report(format!("{at} has no example"));
            continue;
        };
        schema["properties"][index.to_string()] = holder["schema"].clone();
        instance[index.to_string()] = example.clone();
    }
    with_null_type(&mut schema);
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .expect("schemas");
    for error in validator.iter_errors(&instance) {
        let path = error.instance_path().to_string();
        let index = path
            .split('/')
            .nth(1)
            .and_then(|index| index.parse::<usize>().ok());
        let at = index.map_or("", |index| all[index].0.as_str());
        report(format!("{at}: the example does not fit at {path}"));
    }
}

/// Generates a client of the document with progenitor. It allows one type of error for each
/// operation, so the bodies of errors are removed.
fn read_by_progenitor(document: &Value) -> Result<(), String> {
    let mut document = document.clone();
    for (_, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for (_, operation) in item.as_object_mut().into_iter().flatten() {
            let responses = operation
                .get_mut("responses")
                .and_then(Value::as_object_mut);
            for (status, response) in responses.into_iter().flatten() {
                if let Some(response) = response
                    .as_object_mut()
                    .filter(|_| !status.starts_with('2'))
                {
                    response.remove("content");
                }
            }
        }
    }
    let generated = catch_unwind(AssertUnwindSafe(|| {
        let document = serde_json::from_value(document).map_err(|error| error.to_string())?;
        Generator::new(&GenerationSettings::new())
            .generate_tokens(&document)
            .map_err(|error| error.to_string())
    }));
    match generated {
        Ok(generated) => generated.map(drop),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            Err(text.unwrap_or_else(|| {
                panic
                    .downcast_ref::<&str>()
                    .copied()
                    .unwrap_or_default()
                    .to_owned()
            }))
        }
    }
}

/// The exported document of a small one.
fn exported(paths: Value, schemas: Value, overlay: Option<&str>) -> Value {
    let generated = generate_sample(&document(paths, schemas), overlay).expect("a crate");
    let once = export(&module("sample"), &generated).expect("a document");
    let again = export(&module("sample"), &generated).expect("a document");
    assert_eq!(once.to_string(), again.to_string());
    once
}

#[test]
fn paths_that_differ_by_names_are_merged() {
    let delete = operation(
        "delete",
        json!({ "parameters": [
        { "in": "path", "name": "relationId", "required": true, "schema": { "type": "string" } },
    ] }),
    );
    let document = exported(
        json!({
            "/a/{recordId}": { "get": operation("get", json!({})) },
            "/a/{relationId}": { "delete": delete },
            "/b/{id}/{name}": { "get": operation("b", json!({})) },
            "/b/{key}/{name}": { "get": operation("c", json!({})), "put": operation("d", json!({})) },
        }),
        json!({}),
        None,
    );
    let paths = &document["paths"];
    let keys: Vec<&String> = paths.as_object().expect("paths").keys().collect();
    assert_eq!(keys, ["/a/{id}", "/b/{idOrKey}/{name}"]);
    let delete = &paths["/a/{id}"]["delete"];
    assert_eq!(delete["x-hoopai-path"], "/a/{relationId}");
    assert_eq!(delete["parameters"][0]["name"], "id");
    let text = delete["description"].as_str().unwrap_or_default();
    assert!(text.contains("`/a/{relationId}`"), "{text}");
    let b = &paths["/b/{idOrKey}/{name}"];
    assert_eq!(b["get"]["operationId"], "b");
    assert_eq!(b["put"]["operationId"], "d");
    assert_eq!(
        b["x-hoopai-other-operations"]["GET /b/{key}/{name}"]["operationId"],
        "c"
    );
}

#[test]
fn schemas_keep_null_texts_and_fractions_in_allowed_forms() {
    let schemas = json!({
        "Kind": { "type": "string", "enum": ["a", "b"] },
        "Thing": { "type": "object", "properties": {
            "any": { "nullable": true },
            "kind": { "nullable": true, "allOf": [{ "$ref": "#/components/schemas/Kind" }] },
            "one": { "nullable": true, "oneOf": [{ "type": "string" }, { "type": "number" }] },
            "priority": { "type": "number", "enum": [0, 0.5, 1] },
            "rate": { "type": "number", "enum": [0.1, 5] },
        } },
    });
    let content =
        json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } });
    let get = operation(
        "get",
        json!({ "responses": { "200": { "content": content } } }),
    );
    let document = exported(json!({ "/things": { "get": get } }), schemas, None);
    let properties = &document["components"]["schemas"]["Thing"]["properties"];
    assert_eq!(properties["any"], json!({}));
    assert_eq!(properties["kind"]["type"], "string");
    assert_eq!(properties["one"]["oneOf"].as_array().map(Vec::len), Some(3));
    let bounds =
        ["minimum", "maximum", "multipleOf"].map(|key| properties["priority"][key].as_f64());
    assert_eq!(bounds, [Some(0.0), Some(1.0), Some(0.5)]);
    assert_eq!(properties["priority"].get("enum"), None);
    assert_eq!(properties["rate"]["description"], "One of 0.1, 5.");
    check_examples(&document, &mut |finding| panic!("{finding}"));
}

#[test]
fn texts_name_operation_ids_and_omit_code() {
    let overlay = r#"
overlay: 1.0.0
info: { title: sample, version: 1.0.0 }
actions:
  - target: "$.paths['/things'].get"
    description: "It lists."
    update:
      x-hoopai-name: list_things
      x-hoopai-no-token: "The key is in the query."
      description: "Call `list_things` again. A model omits `null`; set it by `.null(\"a.b\")`, once. Add others with `extra_query`. See `list_things()`."
"#;
    let get = operation("get things", json!({}));
    let document = exported(
        json!({ "/things": { "get": get } }),
        json!({}),
        Some(overlay),
    );
    let get = &document["paths"]["/things"]["get"];
    assert_eq!(get["operationId"], "get-things");
    assert_eq!(
        get["description"],
        "Call `get-things` again. A model omits `null`. See `get-things`."
    );
    assert_eq!(get["security"], json!([]));
    assert_eq!(get["tags"], json!(["Sample"]));
}

#[test]
fn schemas_without_a_fitting_value_have_no_example_and_cycles_end() {
    let schemas = json!({
        "Either": { "oneOf": [{ "type": "object" }, { "type": "object" }] },
        "Node": { "type": "object", "required": ["next"], "properties": {
            "next": { "$ref": "#/components/schemas/Node" },
        } },
        "List": { "type": "object", "properties": {
            "rest": { "$ref": "#/components/schemas/List" },
            "text": { "type": "string", "pattern": "^[A-Z]{2}$" },
        } },
    });
    let replies = ["Either", "Node", "List"].map(|name| {
        let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
        let content = json!({ "application/json": { "schema": schema } });
        let get = operation(
            name,
            json!({ "responses": { "200": { "content": content } } }),
        );
        (format!("/{name}"), json!({ "get": get }))
    });
    let document = exported(replies.into_iter().collect(), schemas, None);
    let example = |name: &str| {
        let responses = &document["paths"][format!("/{name}")]["get"]["responses"];
        responses["200"]["content"]["application/json"]["example"].clone()
    };
    assert_eq!(example("Either"), Value::Null);
    assert_eq!(example("Node"), Value::Null);
    assert_eq!(example("List"), json!({ "text": "US" }));
}
