//! Whether the interface in the tree has the operations that a test requires.
//!
//! A test that names operations states its requests. If they do not fit the interface, it fails in a
//! settled tree. In others, as after `cargo xtask regen` from other files of the platform, it prints
//! SKIPPED and ends. Committed trees without open deviations are settled, so that CI never skips a
//! test for this reason: `cargo xtask check` rejects open deviations.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    thread,
};

use serde_json::Value;

/// The limit of nested schemas.
const DEPTH: usize = 20;

/// The variable with which `cargo xtask history` tests a tree that is not settled.
const REGENERATED: &str = "HOOPAI_REGENERATED";

/// Whether the interface files are those of the last commit, and `specs/attention.json` has no open
/// entries.
pub fn is_settled() -> bool {
    static SETTLED: OnceLock<bool> = OnceLock::new();
    *SETTLED.get_or_init(|| {
        let Some(root) = root() else { return true };
        env::var_os(REGENERATED).is_none() && !is_edited(&root) && has_no_open_entries(&root)
    })
}

/// Whether git finds a difference between `specs/` and the last commit. Without git there is none.
fn is_edited(root: &Path) -> bool {
    let mut command = Command::new("git");
    command.current_dir(root);
    command.args(["diff", "--quiet", "HEAD", "--", "specs/*/openapi.json"]);
    command
        .output()
        .is_ok_and(|output| output.status.code() == Some(1))
}

fn has_no_open_entries(root: &Path) -> bool {
    let Ok(text) = fs::read_to_string(root.join("specs/attention.json")) else {
        return true;
    };
    let list: Value = serde_json::from_str(&text).expect("specs/attention.json is JSON");
    let mut entries = list.as_object().into_iter().flatten();
    entries.all(|(_, entries)| {
        let mut entries = entries.as_array().into_iter().flatten();
        entries.all(|entry| entry.get("accepted").is_some())
    })
}

/// Whether the interface has an operation of the form `POST /contacts/`. Path parameters may have
/// values.
///
/// # Panics
/// The operation is missing, and the tree is settled.
#[track_caller]
pub fn has_operation(request: &str) -> bool {
    let (method, path) = request.split_once(' ').expect("a method and a path");
    let missing = match Interface::shared().operation(method, path) {
        Some(_) => None,
        None => Some(format!("the interface has no {request}")),
    };
    is_met(missing)
}

/// Whether an operation requires this security scheme, and accepts no other.
///
/// # Panics
/// It does not, and the tree is settled.
#[track_caller]
pub fn requires_scheme(request: &str, scheme: &str) -> bool {
    let (method, path) = request.split_once(' ').expect("a method and a path");
    let operation = Interface::shared().operation(method, path);
    let schemes = operation.and_then(|(_, operation)| operation["security"].as_array());
    let mut schemes = schemes.into_iter().flatten();
    let is_required = schemes.next().is_some_and(|one| one.get(scheme).is_some());
    let is_met = is_required && schemes.next().is_none();
    let lack = format!("{request} does not require `{scheme}` alone");
    self::is_met((!is_met).then_some(lack))
}

/// Whether the interface declares a request: its operation, its query and its body, and requires
/// nothing else. Values of the query do not count. A null body is none.
///
/// # Panics
/// It does not, and the tree is settled.
#[track_caller]
pub fn declares(method: &str, target: &str, body: &Value) -> bool {
    let misfit = Interface::shared().misfit(method, target, body);
    is_met(misfit.map(|misfit| format!("the interface does not fit {method} {target}: {misfit}")))
}

/// Prints SKIPPED if the test requires something that a tree that is not settled lacks.
#[track_caller]
fn is_met(lack: Option<String>) -> bool {
    let Some(lack) = lack else {
        return true;
    };
    assert!(
        !is_settled(),
        "{lack}; correct the test, or the overlay of the module"
    );
    println!(
        "SKIPPED {}: {lack}",
        thread::current().name().unwrap_or("test")
    );
    false
}

/// The root of the workspace. `None` in a package.
fn root() -> Option<PathBuf> {
    // Read at run time, since a binary in a shared target folder may have been compiled elsewhere.
    let package = env::var_os("CARGO_MANIFEST_DIR")?;
    let mut folders = Path::new(&package).ancestors();
    let root = folders.find(|folder| folder.join("specs/modules.toml").is_file());
    root.map(Path::to_owned)
}

/// The effective documents of all modules.
struct Interface(Vec<Value>);

impl Interface {
    fn shared() -> &'static Self {
        static SHARED: OnceLock<Interface> = OnceLock::new();
        SHARED.get_or_init(|| {
            let root = root().expect("the workspace");
            let folder = root.join("crates/hoopai-mock/interface");
            let document = |entry: fs::DirEntry| -> Value {
                let text = fs::read(entry.path()).expect("a document");
                serde_json::from_slice(&text).expect("JSON")
            };
            let entries = fs::read_dir(folder).expect("the interface");
            Self(
                entries
                    .map(|entry| document(entry.expect("a file")))
                    .collect(),
            )
        })
    }

    /// The operation of a path with the most literal segments, and its document.
    fn operation(&self, method: &str, path: &str) -> Option<(&Value, &Value)> {
        let method = method.to_lowercase();
        let candidates = self.0.iter().flat_map(|document| {
            let paths = document["paths"].as_object().into_iter().flatten();
            paths.map(move |(template, item)| (document, template, item))
        });
        let found = candidates.filter_map(|(document, template, item)| {
            let literals = literal_segments(template, path)?;
            Some((literals, document, item.get(&method)?))
        });
        let (_, document, operation) = found.max_by_key(|(literals, ..)| *literals)?;
        Some((document, operation))
    }

    fn misfit(&self, method: &str, target: &str, body: &Value) -> Option<String> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let Some((document, operation)) = self.operation(method, path) else {
            return Some("it has no such operation".to_owned());
        };
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let names: Vec<&str> = pairs
            .map(|pair| pair.split('=').next().unwrap_or_default())
            .map(|name| name.trim_end_matches("[]"))
            .collect();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let declared: Vec<(&str, bool)> = parameters
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| {
                let name = parameter["name"].as_str().unwrap_or_default();
                (name.trim_end_matches("[]"), parameter["required"] == true)
            })
            .collect();
        let is_declared = |name: &&str| declared.iter().any(|(other, _)| other == name);
        if let Some(name) = names.iter().find(|name| !is_declared(name)) {
            return Some(format!("no `{name}` in its query"));
        }
        let mut required = declared.iter().filter(|(_, required)| *required);
        if let Some((name, _)) = required.find(|(name, _)| !names.contains(name)) {
            return Some(format!("`{name}` is required in its query"));
        }
        let content = operation["requestBody"]["content"].as_object();
        match content.and_then(|content| content.values().next()) {
            _ if body.is_null() => None,
            None => Some("it has no body".to_owned()),
            Some(media) => schema_misfit(document, &media["schema"], body, "its body", 0),
        }
    }
}

/// The number of literal segments of a template that matches a path.
fn literal_segments(template: &str, path: &str) -> Option<usize> {
    let (template, path): (Vec<&str>, Vec<&str>) =
        (template.split('/').collect(), path.split('/').collect());
    if template.len() != path.len() {
        return None;
    }
    let mut literals = 0;
    for (expected, segment) in template.iter().zip(path) {
        match *expected == segment {
            true => literals += 1,
            false if expected.starts_with('{') => {}
            false => return None,
        }
    }
    Some(literals)
}

/// How a value differs from a schema in names, required names or kinds. Composites fit any value.
fn schema_misfit(
    document: &Value,
    schema: &Value,
    value: &Value,
    at: &str,
    depth: usize,
) -> Option<String> {
    let reference = schema["$ref"].as_str();
    let target = reference.and_then(|reference| document.pointer(reference.strip_prefix('#')?));
    if let Some(target) = target.filter(|_| depth < DEPTH) {
        return schema_misfit(document, target, value, at, depth + 1);
    }
    let is_of_type = match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("number" | "integer") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => true,
    };
    if !is_of_type && schema["nullable"] != true && schema.get("format").is_none() {
        return Some(format!("{at} is of type {}", schema["type"]));
    }
    if let Some(items) = value.as_array() {
        let mut items = items.iter();
        let item_at = format!("an item of {at}");
        return items
            .find_map(|item| schema_misfit(document, &schema["items"], item, &item_at, depth + 1));
    }
    let (Some(fields), Some(declared)) = (value.as_object(), schema["properties"].as_object())
    else {
        return None;
    };
    let required = schema["required"].as_array().into_iter().flatten();
    let mut missing =
        required.filter(|name| name.as_str().is_some_and(|name| !fields.contains_key(name)));
    if let Some(name) = missing.next() {
        return Some(format!("{name} is required in {at}"));
    }
    fields
        .iter()
        .find_map(|(name, field)| match declared.get(name) {
            Some(property) => schema_misfit(
                document,
                property,
                field,
                &format!("`{name}` of {at}"),
                depth + 1,
            ),
            None if schema.get("additionalProperties").is_some() => None,
            None => Some(format!("no `{name}` in {at}")),
        })
}
