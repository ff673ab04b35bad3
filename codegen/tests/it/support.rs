//! Helpers of the tests.

use std::path::{Path, PathBuf};

use hoopai_codegen::{
    Attention, FileError, Generated, Module, SourceText, Sources, generate, strip,
};
use serde_json::{Map, Value, json};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(crate) fn module(name: &str) -> Module {
    Module {
        name: name.to_owned(),
        product: "Sample".to_owned(),
        aliases: vec!["Example".to_owned()],
        github: None,
        default: false,
        deprecated: false,
    }
}

/// A document with these paths and components, in which no pass changes anything.
pub(crate) fn document(paths: Value, schemas: Value) -> Value {
    json!({
        "openapi": "3.0.0",
        "info": { "title": "sample", "version": "1.0" },
        "paths": paths,
        "components": { "schemas": schemas, "securitySchemes": {
            "Agency-Access": { "type": "http", "scheme": "bearer" },
            "Location-Access": { "type": "http", "scheme": "bearer" },
        } },
    })
}

/// An operation with these parts, in which no pass changes anything.
pub(crate) fn operation(id: &str, parts: Value) -> Value {
    let mut operation = json!({
        "operationId": id,
        "security": [{ "Location-Access": [] }, { "Agency-Access": [] }],
        "responses": { "200": { "description": "OK" } },
    });
    for (key, value) in parts.as_object().into_iter().flatten() {
        operation[key] = value.clone();
    }
    operation
}

pub(crate) fn generate_sample(
    document: &Value,
    overlay: Option<&str>,
) -> Result<Generated, FileError> {
    strict(generate_with(document, overlay))
}

/// Generates with deviations, which are in `attention`.
#[track_caller]
pub(crate) fn generate_tolerantly(document: &Value, overlay: &str) -> Generated {
    generate_with(document, Some(overlay)).expect("generated")
}

fn generate_with(document: &Value, overlay: Option<&str>) -> Result<Generated, FileError> {
    let bytes = strip(
        "sample.json",
        document.to_string().as_bytes(),
        &Default::default(),
    )?;
    generate(
        &module("sample"),
        &Sources {
            overlay: overlay.map(|text| SourceText {
                file: "overlay.yaml",
                text,
            }),
            ..spec_alone("sample.json", &bytes)
        },
    )
}

/// Whether an entry is about an undecided number or moment, or a rule of names and texts. The reports
/// of modules have these as well.
fn is_of_report(entry: &Attention) -> bool {
    [
        "it is a float, which holds any number",
        "its type is the declared one",
        "the type has this name",
        "the text is kept",
    ]
    .contains(&entry.done.as_str())
}

/// The first other deviation that generation worked around, as an error.
pub(crate) fn strict(generated: Result<Generated, FileError>) -> Result<Generated, FileError> {
    let generated = generated?;
    let mut deviations = generated.attention.iter();
    match deviations.find(|entry| !is_of_report(entry)).cloned() {
        None => Ok(generated),
        Some(entry) => Err(FileError {
            file: entry.file,
            pointer: entry.pointer,
            problem: entry.problem,
            remedy: format!("{}; {}", entry.done, entry.remedy),
        }),
    }
}

/// A stripped file without overlay and documentation.
pub(crate) fn spec_alone<'a>(spec_file: &'a str, spec: &'a [u8]) -> Sources<'a> {
    Sources {
        spec_file,
        spec,
        overlay: None,
        documentation: None,
        common: None,
    }
}

/// The extensions of a document's operations as an overlay, because stripping removes them.
pub(crate) fn lifted(document: &Value) -> String {
    let mut actions = Vec::new();
    let entries = |value: &Value| value.as_object().cloned().into_iter().flatten();
    for (path, item) in entries(&document["paths"]) {
        for (method, operation) in entries(&item) {
            let update: Map<String, Value> = entries(&operation)
                .filter(|(key, _)| key.starts_with("x-hoopai-"))
                .collect();
            if !update.is_empty() {
                let [path, method] =
                    [&path, &method].map(|name| name.replace('\\', "\\\\").replace('\'', "\\'"));
                let target = format!("$.paths['{path}']['{method}']");
                actions
                    .push(json!({ "target": target, "description": "Lifted.", "update": update }));
            }
        }
    }
    json!({ "overlay": "1.0.0", "info": { "title": "sample", "version": "1" }, "actions": actions })
        .to_string()
}
