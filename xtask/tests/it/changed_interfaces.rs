//! Seeded changes of the platform's interface files, as the platform makes them. No change makes a
//! module fail or leaves the tree inconsistent; every deviation can be settled; today's files restore
//! the tree.
//!
//! `HOOPAI_CHANGED_SEEDS` is the number of seeds, and `HOOPAI_CHANGED_MODULES` the number of modules
//! of each. `HOOPAI_CHANGED_STATES=DIR` keeps changed files of all modules, one folder per seed, for
//! `cargo xtask history --older DIR`, which compiles the regenerated trees.

use std::{collections::BTreeSet, env, fs, io::Write, path::Path};

use fastrand::Rng;
use hoopai_test_support::seeds;
use serde_json::{Map, Value, json};
use xtask::Status;

use crate::{
    fixture::{Tree, assert_contains, files_below},
    platform_files::{committed_tree, upstream},
};

const SEEDS: u64 = 2;
const MODULES: usize = 3;
/// The number of changes of one module.
const CHANGES: usize = 8;
const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

#[test]
fn changed_interfaces_never_fail_and_are_settled() {
    let Some(upstream) = upstream() else {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED changed_interfaces_never_fail_and_are_settled: ../shared/upstream does not exist"
        );
        return;
    };
    let kept = env::var_os("HOOPAI_CHANGED_STATES");
    let committed = committed_tree();
    let all = files_below(&committed.path("specs"));
    let all: Vec<&str> = all
        .keys()
        .filter_map(|path| path.strip_suffix("/openapi.json"))
        .collect();
    for seed in seeds(number("HOOPAI_CHANGED_SEEDS").unwrap_or(SEEDS)) {
        if let Some(kept) = &kept {
            let kept = Path::new(kept).join(format!("{seed}"));
            write_source(&upstream, &kept, &all, Some(seed));
        }
        let modules = number("HOOPAI_CHANGED_MODULES").map_or(MODULES, |number| number as usize);
        let mut modules = Rng::with_seed(seed).choose_multiple(all.iter().copied(), modules);
        modules.sort_unstable();
        let (today, changed) = (tempfile::tempdir(), tempfile::tempdir());
        let (today, changed) = (today.expect("a folder"), changed.expect("a folder"));
        write_source(&upstream, today.path(), &modules, None);
        write_source(&upstream, changed.path(), &modules, Some(seed));
        settles(&committed, &modules, today.path(), changed.path());
    }
}

/// The number in a variable.
fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

/// Regenerates a tree of these modules from changed files, settles the deviations, and regenerates
/// it from today's files.
fn settles(committed: &Tree, modules: &[&str], today: &Path, changed: &Path) {
    let tree = tree_of(committed, modules);
    let regenerate_in = |tree: &Tree, source: &Path, options: &[&str]| {
        let source = source.to_str().expect("UTF-8");
        tree.regen_in(&tree.workspace(), source, options)
    };
    let regenerate = |source: &Path, options: &[&str]| regenerate_in(&tree, source, options);
    regenerate(today, &[]).ok();
    let before = tree.files();
    tree.run(&["check"]).ok();

    let output = regenerate(changed, &["--discover"]);
    let summary = output.text.lines().last().unwrap_or_default();
    assert!(summary.contains(" 0 failed"), "{}", output.text);
    let unlisted = ", 0 changes in its interface file";
    assert!(!output.text.contains(unlisted), "{}", output.text);
    assert_eq!(output.result, Ok(status(summary)), "{}", output.text);
    tree.run(&["check", "--allow-attention"]).ok();
    let again = regenerate(changed, &["--discover"]).ok();
    assert_contains(&again, " 0 updated");

    let settled = tree.copy();
    let text = settled
        .run(&["attend", "--all", "--reason", "The platform changed."])
        .ok();
    assert_contains(&text, " 0 open");
    settled.run(&["check"]).ok();
    let text = regenerate_in(&settled, today, &[]).ok();
    assert_contains(&text, " 0 failed");
    settled.run(&["check", "--allow-attention"]).ok();

    regenerate(today, &[]).ok();
    let restored = tree.files();
    let paths: BTreeSet<&String> = restored.keys().chain(before.keys()).collect();
    let differs = |path: &&&String| restored.get(**path) != before.get(**path);
    let differing: Vec<&&String> = paths.iter().filter(differs).collect();
    let list = tree.path("specs/attention.json");
    let list = fs::read_to_string(list).unwrap_or_default();
    assert!(differing.is_empty(), "not restored: {differing:#?}\n{list}");
}

/// A tree of the committed texts of these modules.
fn tree_of(committed: &Tree, modules: &[&str]) -> Tree {
    let tree = Tree::new(&[]);
    for (path, bytes) in committed.files() {
        let is_of_module = |module: &&str| path.starts_with(&format!("specs/{module}/"));
        let is_text = path.ends_with(".yaml") && modules.iter().any(is_of_module);
        if is_text || path == "specs/documentation.yaml" || path.starts_with("LICENSE") {
            tree.write_bytes(&path, &bytes);
        }
    }
    let list = committed.read("specs/modules.toml");
    let mut list: toml::Table = list.parse().expect("TOML");
    let entries = list["module"].as_array_mut().expect("a list");
    entries.retain(|entry| {
        let name = entry["name"].as_str();
        name.is_some_and(|name| modules.contains(&name))
    });
    tree.write("specs/modules.toml", &list.to_string());
    tree
}

/// The exit status that belongs to the summary of a regeneration.
fn status(summary: &str) -> Status {
    if summary.contains("need attention") || summary.contains("needs attention") {
        Status::Attention
    } else if summary.contains("break users") || summary.contains("breaks users") {
        Status::Breaking
    } else if summary.contains(" 0 updated") {
        Status::Success
    } else {
        Status::Changed
    }
}

/// Writes copies of the interface files of these modules, and of the files to which they refer.
/// With a seed, the interface files are changed.
fn write_source(upstream: &Path, folder: &Path, modules: &[&str], seed: Option<u64>) {
    for (path, mut bytes) in files_below(upstream) {
        if let Some(module) = path.strip_suffix("/openapi.json") {
            if !modules.contains(&module) {
                continue;
            }
            if let Some(seed) = seed {
                bytes = changed(&path, &bytes, seed);
            }
        }
        write(&folder.join(path), &bytes);
    }
}

fn changed(path: &str, bytes: &[u8], seed: u64) -> Vec<u8> {
    let name: u64 = path
        .bytes()
        .fold(7, |hash, byte| hash * 31 % 0xffff_ffff + u64::from(byte));
    let mut change = Change {
        rng: Rng::with_seed(seed ^ name.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        document: serde_json::from_slice(bytes).expect("JSON"),
    };
    for _ in 0..change.rng.usize(1..=CHANGES) {
        change.any();
    }
    change.document.to_string().into_bytes()
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, bytes).expect("written");
}

/// Changes of one interface file.
struct Change {
    rng: Rng,
    document: Value,
}

impl Change {
    /// Makes one change at random.
    fn any(&mut self) {
        match self.rng.u8(..14) {
            0..=1 => self.paths(),
            2..=3 => self.operation(),
            4 => self.parameters(),
            5 => self.moved_parameter(),
            6 => self.body_or_reply(),
            7 => self.media_type_or_status(),
            8..=9 => self.fields(),
            10 => self.field_in_place(),
            11 => self.schemas(),
            12 => self.divided_schemas(),
            _ => self.document(),
        }
    }

    /// One of the items.
    fn one<T: Clone>(&mut self, items: &[T]) -> Option<T> {
        (!items.is_empty()).then(|| items[self.rng.usize(..items.len())].clone())
    }

    /// The path and method of an operation.
    fn some_operation(&mut self) -> Option<(String, &'static str)> {
        let paths = self.document["paths"].as_object()?;
        let all: Vec<_> = paths
            .iter()
            .flat_map(|(path, item)| {
                let methods = METHODS
                    .into_iter()
                    .filter(|method| item.get(method).is_some());
                methods.map(|method| (path.clone(), method))
            })
            .collect();
        self.one(&all)
    }

    /// A schema with fields: of a component, a parameter, a body or a reply.
    fn some_schema(&mut self) -> Option<String> {
        let mut found = Vec::new();
        pointers(&self.document, String::new(), &mut |pointer, value| {
            // The fields of a schema may include one that is named `properties`.
            let fields = value.get("properties").and_then(Value::as_object);
            if fields.is_some_and(|fields| fields.values().all(Value::is_object)) {
                found.push(pointer.to_owned());
            }
        });
        self.one(&found)
    }

    fn component_names(&self) -> Vec<String> {
        let schemas = self.document["components"]["schemas"].as_object();
        schemas.into_iter().flat_map(Map::keys).cloned().collect()
    }

    /// A schema of any kind.
    fn schema(&mut self) -> Value {
        let names = self.component_names();
        let target = self.one(&names).unwrap_or_else(|| "Missing".to_owned());
        let reference = json!({ "$ref": format!("#/components/schemas/{target}") });
        match self.rng.u8(..24) {
            0 => json!({ "type": "string" }),
            1 => json!({ "type": "number" }),
            2 => json!({ "type": "integer", "format": "int64" }),
            3 => json!({ "type": "boolean", "default": "false" }),
            4 => json!({ "type": "object" }),
            5 => json!({ "type": "array" }),
            6 => json!({ "type": "array", "items": { "type": "string" } }),
            7 => json!({ "type": "array", "items": reference }),
            8 => reference,
            9 => json!({ "$ref": "#/components/schemas/NoLongerThere" }),
            10 => json!({ "type": "string", "enum": ["one", "Two words", "3", "", "one", "self"] }),
            11 => json!({ "type": "number", "enum": [1, 2.5, 3] }),
            12 => {
                json!({ "type": "string", "format": "date-time", "example": "2026-01-01T00:00:00Z" })
            }
            13 => json!({ "oneOf": [reference, { "type": "string" }] }),
            14 => {
                json!({ "allOf": [reference, { "type": "object", "properties": { "more": { "type": "string" } } }] })
            }
            15 => json!({ "anyOf": [{ "type": "null" }, reference] }),
            16 => json!({ "type": ["string", "null"] }),
            17 => json!({ "type": ["string", "number", "boolean"] }),
            18 => json!({ "type": "object", "additionalProperties": reference }),
            19 => {
                json!({ "type": "object", "properties": { "inner": { "type": "object", "properties": { "x": reference } } } })
            }
            20 => json!({ "nullable": true }),
            21 => json!({ "type": "String" }),
            22 => json!({ "type": "array", "items": [{ "type": "string" }, { "type": "number" }] }),
            _ => json!({}),
        }
    }

    /// A name of a field or parameter.
    fn name(&mut self) -> String {
        const NAMES: [&str; 16] = [
            "type",
            "self",
            "newField",
            "new_field",
            "new-field",
            "newField ",
            "$value",
            "2nd",
            "id",
            "ID",
            "locationId",
            "meta.total",
            "größe",
            "async",
            "x[]",
            "status",
        ];
        NAMES[self.rng.usize(..NAMES.len())].to_owned()
    }

    fn paths(&mut self) {
        let Some((path, method)) = self.some_operation() else {
            return;
        };
        let kind = self.rng.u8(..7);
        let other = self.one(&METHODS).expect("a method");
        let paths = self.document["paths"].as_object_mut().expect("paths");
        let taken = |paths: &mut Map<String, Value>| {
            let item = paths.get_mut(&path).and_then(Value::as_object_mut);
            item.and_then(|item| item.remove(method))
                .expect("an operation")
        };
        match kind {
            0 => drop(taken(paths)),
            1 => drop(paths.remove(&path)),
            // Added as a copy: the operation ids are equal.
            2 => {
                let copy = paths[&path][method].clone();
                paths.insert(
                    format!("{}/copies", path.trim_end_matches('/')),
                    json!({ method: copy }),
                );
            }
            // Moved.
            3 => {
                let moved = taken(paths);
                paths.insert(format!("/v3{path}"), json!({ method: moved }));
            }
            // A parameter of the path with another name, which is declared or not.
            4 => {
                let Some(item) = paths.remove(&path) else {
                    return;
                };
                let renamed = path.replacen('{', "{the", 1);
                let mut text = item.to_string();
                let old = path
                    .split('{')
                    .nth(1)
                    .and_then(|rest| rest.split('}').next());
                if let Some(old) = old.filter(|_| path.len() % 2 == 0) {
                    text = text.replace(
                        &format!("\"name\":\"{old}\""),
                        &format!("\"name\":\"the{old}\""),
                    );
                }
                paths.insert(renamed, serde_json::from_str(&text).expect("JSON"));
            }
            5 => {
                let operation = taken(paths);
                paths[&path][other] = operation;
            }
            // With or without a slash at the end.
            _ => {
                let Some(item) = paths.remove(&path) else {
                    return;
                };
                let renamed = match path.strip_suffix('/') {
                    Some(without) => without.to_owned(),
                    None => format!("{path}/"),
                };
                paths.insert(renamed, item);
            }
        }
    }

    fn operation(&mut self) {
        let (Some((path, method)), Some((other_path, other))) =
            (self.some_operation(), self.some_operation())
        else {
            return;
        };
        let kind = self.rng.u8(..9);
        let id = self.document["paths"][other_path][other]["operationId"].clone();
        let operation = &mut self.document["paths"][path][method];
        match kind {
            0 => operation["operationId"] = json!("renamed-operation"),
            1 => operation["operationId"] = id,
            2 => {
                remove(operation, "operationId");
            }
            3 => operation["deprecated"] = json!(true),
            4 => operation["security"] = json!([{ "bearer": ["new.readonly"] }, {}]),
            5 => {
                remove(operation, "security");
            }
            6 => operation["tags"] = json!(["New tag", 7]),
            7 => operation["servers"] = json!([{ "url": "https://example.com/v3" }]),
            _ => operation["operationId"] = json!("fn"),
        }
    }

    fn parameters(&mut self) {
        let Some((path, method)) = self.some_operation() else {
            return;
        };
        let (kind, name, schema) = (self.rng.u8(..13), self.name(), self.schema());
        let position = self.rng.usize(..64);
        let paging = [
            "limit",
            "offset",
            "skip",
            "page",
            "cursor",
            "startAfter",
            "pageSize",
        ];
        let paging = self.one(&paging).expect("a name");
        let operation = &mut self.document["paths"][path][method];
        if operation["parameters"].is_null() {
            operation["parameters"] = json!([]);
        }
        let Some(parameters) = operation["parameters"].as_array_mut() else {
            return;
        };
        let query = |name: &str, required: bool, schema: &Value| json!({ "in": "query", "name": name, "required": required, "schema": schema });
        let position = position % parameters.len().max(1);
        match kind {
            0 => parameters.push(query(&name, false, &schema)),
            1 => parameters.push(query(&name, true, &schema)),
            2 => parameters.push(json!({ "in": "header", "name": name, "schema": schema })),
            3 => parameters.push(json!({ "in": "cookie", "name": name, "schema": schema })),
            4 => parameters.push(json!({ "$ref": "#/components/parameters/NoLongerThere" })),
            5 => parameters.push(query(paging, false, &json!({ "type": "number" }))),
            6 => parameters.push(json!({ "in": "query", "name": name, "content": { "application/json": { "schema": schema } } })),
            _ if parameters.is_empty() => {}
            7 => drop(parameters.remove(position)),
            8 => parameters[position]["name"] = json!(name),
            9 => parameters[position]["schema"] = schema,
            11 => {
                // A parameter of Swagger 2.0.
                let mut old = parameters[position]["schema"].take();
                old["in"] = parameters[position]["in"].clone();
                old["name"] = parameters[position]["name"].clone();
                parameters[position] = old;
            }
            10 => {
                let is_required = parameters[position]["required"] == true;
                parameters[position]["required"] = json!(!is_required);
            }
            _ => {
                let again = parameters[position].clone();
                parameters.push(again);
            }
        }
    }

    /// A parameter in another place: of the request, of the document, or in the body.
    fn moved_parameter(&mut self) {
        let Some((path, method)) = self.some_operation() else {
            return;
        };
        let (kind, position) = (self.rng.u8(..6), self.rng.usize(..64));
        let item = &mut self.document["paths"][&path];
        let Some(parameters) = item[method]
            .get_mut("parameters")
            .and_then(Value::as_array_mut)
            .filter(|parameters| !parameters.is_empty())
        else {
            return;
        };
        let position = position % parameters.len();
        match kind {
            0 => parameters[position]["in"] = json!("query"),
            1 => parameters[position]["in"] = json!("header"),
            2 => parameters[position]["in"] = json!("path"),
            // Of all operations of the path.
            3 => {
                let moved = parameters.remove(position);
                item["parameters"] = json!([moved]);
            }
            // A component.
            4 => {
                let reference = json!({ "$ref": "#/components/parameters/Shared" });
                let moved = std::mem::replace(&mut parameters[position], reference);
                self.document["components"]["parameters"]["Shared"] = moved;
            }
            // A field of the body.
            _ => {
                let moved = parameters.remove(position);
                let name = moved["name"].as_str().unwrap_or("moved").to_owned();
                let mut schema = json!({ "type": "object" });
                schema["properties"][name] = moved["schema"].clone();
                item[method]["requestBody"] =
                    json!({ "content": { "application/json": { "schema": schema } } });
            }
        }
    }

    /// The same body or reply under another media type or status.
    fn media_type_or_status(&mut self) {
        let Some((path, method)) = self.some_operation() else {
            return;
        };
        let kind = self.rng.u8(..7);
        let operation = &mut self.document["paths"][path][method];
        match kind {
            0 => {
                if let Some(body) = operation.get_mut("requestBody") {
                    let is_required = body["required"] == true;
                    body["required"] = json!(!is_required);
                }
            }
            1..=2 => {
                let content = &mut operation["requestBody"]["content"];
                let first = content.as_object().and_then(|all| all.values().next());
                let Some(media_type) = first.cloned() else {
                    remove(operation, "requestBody");
                    return;
                };
                *content = match kind {
                    1 => json!({ "multipart/form-data": media_type }),
                    _ => json!({ "application/json": media_type }),
                };
            }
            3 => {
                let ok = operation["responses"].get("200").cloned();
                operation["responses"]["202"] = ok.unwrap_or_else(|| json!({ "description": "" }));
            }
            4 => {
                operation["responses"]["4XX"] = json!({ "description": "", "content": { "application/json": { "schema": { "type": "object", "properties": { "problem": { "type": "string" } } } } } })
            }
            5 => operation["responses"]["600"] = json!({ "description": "" }),
            _ => {
                let ok = operation["responses"].get("200").cloned();
                operation["responses"] = json!({ "2XX": ok.unwrap_or_default() });
            }
        }
    }

    fn body_or_reply(&mut self) {
        let Some((path, method)) = self.some_operation() else {
            return;
        };
        let (kind, schema) = (self.rng.u8(..10), self.schema());
        let operation = &mut self.document["paths"][path][method];
        let json_content = json!({ "application/json": { "schema": schema } });
        match kind {
            0 => operation["requestBody"] = json!({ "required": true, "content": json_content }),
            1 => {
                operation["requestBody"] =
                    json!({ "content": { "multipart/form-data": { "schema": schema } } })
            }
            2 => {
                operation["requestBody"] = json!({ "content": { "application/x-www-form-urlencoded": { "schema": schema } } })
            }
            3 => {
                remove(operation, "requestBody");
            }
            4 => {
                operation["responses"] =
                    json!({ "200": { "description": "", "content": json_content } })
            }
            5 => operation["responses"] = json!({ "204": { "description": "" } }),
            6 => {
                operation["responses"] = json!({ "200": { "description": "", "content": { "text/csv": { "schema": schema } } } })
            }
            7 => {
                remove(operation, "responses");
            }
            8 => {
                if let Some(ok) = remove(&mut operation["responses"], "200") {
                    operation["responses"]["201"] = ok;
                }
            }
            _ => {
                operation["responses"]["default"] =
                    json!({ "$ref": "#/components/responses/NoLongerThere" })
            }
        }
    }

    /// The name of a field of the schema.
    fn some_field(&mut self, schema: &str) -> Option<String> {
        let properties = &self.document.pointer(schema).expect("a schema")["properties"];
        let fields = properties.as_object().into_iter().flat_map(Map::keys);
        let names: Vec<String> = fields.cloned().collect();
        self.one(&names)
    }

    fn fields(&mut self) {
        let Some(pointer) = self.some_schema() else {
            return;
        };
        let (kind, name, schema) = (self.rng.u8(..14), self.name(), self.schema());
        let Some(field) = self.some_field(&pointer) else {
            return;
        };
        let target = self.document.pointer_mut(&pointer).expect("a schema");
        let properties = &mut target["properties"];
        match kind {
            0 | 1 => properties[name] = schema,
            2 => {
                remove(properties, &field);
            }
            3 => {
                let moved = remove(properties, &field);
                properties[format!("{field}Renamed")] = moved.unwrap_or_default();
            }
            4 | 5 => properties[field] = schema,
            6 => target["required"] = json!([field]),
            7 => target["required"] = json!(["noSuchField"]),
            8 => {
                remove(target, "required");
            }
            9 => properties[field]["nullable"] = json!(true),
            10 => {
                let ty = properties[&field]["type"].clone();
                properties[field]["type"] = json!([ty, "null"]);
            }
            11 => properties[field]["enum"] = json!(["first", "second", null]),
            12 => {
                if let Some(values) = properties[&field]
                    .get_mut("enum")
                    .and_then(Value::as_array_mut)
                {
                    values.reverse();
                    values.pop();
                    values.push(json!("value that is new"));
                } else {
                    properties[field] = json!({ "type": "string", "enum": ["a", "A", "a-"] });
                }
            }
            _ => properties[field]["deprecated"] = json!(true),
        }
    }

    /// A field whose schema is kept, in another form.
    fn field_in_place(&mut self) {
        let Some(pointer) = self.some_schema() else {
            return;
        };
        let kind = self.rng.u8(..12);
        let Some(field) = self.some_field(&pointer) else {
            return;
        };
        let target = self.document.pointer_mut(&pointer).expect("a schema");
        let schema = &mut target["properties"][field];
        let old = schema.clone();
        match kind {
            0 => *schema = json!({ "type": "array", "items": old }),
            1 => *schema = old.get("items").cloned().unwrap_or(old),
            2 => *schema = json!({ "allOf": [old] }),
            3 => *schema = json!({ "oneOf": [old, { "type": "object" }] }),
            4 => {
                *schema =
                    json!({ "anyOf": [old, { "type": "array", "items": { "type": "string" } }] })
            }
            5 => *schema = json!({ "allOf": [old], "nullable": true, "description": "Wrapped" }),
            // An enum that becomes free text, and text that becomes one.
            6 => {
                remove(schema, "enum");
            }
            // Numbers as strings, and strings as numbers.
            7 => match old["type"].as_str() {
                Some("number" | "integer") => {
                    *schema = json!({ "type": "string", "example": "12.5" })
                }
                _ => *schema = json!({ "type": "number", "example": 12.5 }),
            },
            8 => *schema = json!({ "type": "string", "format": "binary" }),
            9 => *schema = json!({ "type": "object", "additionalProperties": old }),
            10 => *schema = json!({ "type": "integer", "const": 7 }),
            _ => *schema = nested(12, old),
        }
    }

    /// Schemas that are divided, included, wrapped or refer to themselves.
    fn divided_schemas(&mut self) {
        const NAMES: [&str; 10] = [
            "Self", "Option", "String", "Box", "type", "Größe", "2nd", "Vec<T>", "Error", "a.b-c",
        ];
        let names = self.component_names();
        let Some(name) = self.one(&names) else {
            return;
        };
        let (kind, other) = (self.rng.u8(..7), self.one(&NAMES).expect("a name"));
        let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
        let schemas = &mut self.document["components"]["schemas"];
        let old = schemas[&name].clone();
        match kind {
            // Half of its fields become another schema.
            0 => {
                let Some(properties) = old["properties"].as_object() else {
                    return;
                };
                let half = properties.len() / 2;
                let (first, second) = (properties.iter().take(half), properties.iter().skip(half));
                let object =
                    |fields: Map<String, Value>| json!({ "type": "object", "properties": fields });
                let first = object(
                    first
                        .map(|(name, field)| (name.clone(), field.clone()))
                        .collect(),
                );
                let second = object(
                    second
                        .map(|(name, field)| (name.clone(), field.clone()))
                        .collect(),
                );
                let part = format!("{name}Base");
                schemas[&name] = json!({ "allOf": [reference(&part), first] });
                schemas[part] = second;
            }
            // Included where it is used.
            1 => {
                let used = reference(&name).to_string();
                let text = self.document.to_string().replace(&used, &old.to_string());
                self.document = serde_json::from_str(&text).expect("JSON");
            }
            2 => {
                schemas[&name] = json!({ "allOf": [old, { "type": "object", "properties": { "added": { "type": "string" } } }] })
            }
            3 => schemas[&name] = json!({ "oneOf": [old, reference(&name)] }),
            4 => schemas[&name] = reference(&name),
            // A cycle of two without a field.
            5 => {
                let twin = format!("{name}Twin");
                schemas[&name] = json!({ "allOf": [reference(&twin)] });
                schemas[&twin] = json!({ "allOf": [reference(&name)] });
            }
            // Another name, with its references.
            _ => {
                let (from, to) = (reference(&name).to_string(), reference(other).to_string());
                let text = self.document.to_string().replace(&from, &to);
                self.document = serde_json::from_str(&text).expect("JSON");
                let schemas = &mut self.document["components"]["schemas"];
                schemas[other] = remove(schemas, &name).unwrap_or_default();
            }
        }
    }

    fn schemas(&mut self) {
        let names = self.component_names();
        let Some(name) = self.one(&names) else {
            return;
        };
        let (kind, schema) = (self.rng.u8(..7), self.schema());
        let schemas = &mut self.document["components"]["schemas"];
        match kind {
            0 => {
                remove(schemas, &name);
            }
            // A rename, with its references.
            1 | 2 => {
                let text = self.document.to_string();
                let text = text.replace(
                    &format!("\"#/components/schemas/{name}\""),
                    &format!("\"#/components/schemas/{name}V3\""),
                );
                self.document = serde_json::from_str(&text).expect("JSON");
                let schemas = &mut self.document["components"]["schemas"];
                schemas[format!("{name}V3")] = remove(schemas, &name).unwrap_or_default();
            }
            3 => schemas[name] = schema,
            4 => {
                schemas[&name]["properties"]["parent"] =
                    json!({ "$ref": format!("#/components/schemas/{name}") })
            }
            5 => schemas[name] = json!({ "$ref": "#/components/schemas/NoLongerThere" }),
            _ => schemas["Content"] = schema,
        }
    }

    fn document(&mut self) {
        match self.rng.u8(..9) {
            6 => {
                self.document["components"]["securitySchemes"]["bearer"] =
                    json!({ "type": "apiKey", "in": "header", "name": "X-Key" })
            }
            7 => {
                self.document["components"]["securitySchemes"]["Größe 2"] =
                    json!({ "type": "oauth2", "flows": {} })
            }
            8 => self.document["servers"] = json!([{ "url": "{base}/v3", "variables": {} }]),
            0 => self.document["openapi"] = json!("3.1.0"),
            1 => self.document["openapi"] = json!("3.0.3"),
            2 => {
                remove(&mut self.document, "info");
            }
            3 => self.document["servers"] = json!([]),
            4 => {
                remove(&mut self.document["components"], "securitySchemes");
            }
            _ => self.document["webhooks"] = json!({ "created": { "post": {} } }),
        }
    }
}

fn remove(object: &mut Value, key: &str) -> Option<Value> {
    object.as_object_mut()?.remove(key)
}

/// A schema below this number of objects.
fn nested(depth: usize, schema: Value) -> Value {
    (0..depth).fold(
        schema,
        |inner, _| json!({ "type": "object", "properties": { "inner": inner } }),
    )
}

/// Calls `visit` with each value and its JSON pointer.
fn pointers(value: &Value, pointer: String, visit: &mut impl FnMut(&str, &Value)) {
    visit(&pointer, value);
    let entries: Vec<(String, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (key, inner) in entries {
        let key = key.replace('~', "~0").replace('/', "~1");
        pointers(inner, format!("{pointer}/{key}"), visit);
    }
}
