//! What the tests share.

use std::path::{Path, PathBuf};

use hoopai_codegen::{Fault, Generated, Module, Sources, Text, distil, generate};
use serde_json::{Value, json};

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
    }
}

/// A document around paths and components, with nothing in it for any pass to mend.
pub(crate) fn document(paths: Value, schemas: Value) -> Value {
    json!({
        "openapi": "3.0.0",
        "info": { "title": "sample", "version": "1.0" },
        "paths": paths,
        "components": { "schemas": schemas, "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } } },
    })
}

/// An operation around parts, with nothing in it for any pass to mend.
pub(crate) fn operation(id: &str, parts: Value) -> Value {
    let mut operation = json!({
        "operationId": id,
        "security": [{ "bearer": [] }],
        "responses": { "200": { "description": "OK" } },
    });
    for (key, value) in parts.as_object().into_iter().flatten() {
        operation[key] = value.clone();
    }
    operation
}

pub(crate) fn generate_sample(document: &Value, overlay: Option<&str>) -> Result<Generated, Fault> {
    let bytes = distil(
        "sample.json",
        document.to_string().as_bytes(),
        &Default::default(),
    )?;
    generate(
        &module("sample"),
        &Sources {
            overlay: overlay.map(|text| Text {
                file: "overlay.yaml",
                text,
            }),
            ..spec_alone("sample.json", &bytes)
        },
    )
}

/// A distilled file alone.
pub(crate) fn spec_alone<'a>(spec_file: &'a str, spec: &'a [u8]) -> Sources<'a> {
    Sources {
        spec_file,
        spec,
        overlay: None,
        documentation: None,
        common: None,
    }
}
