//! Gives email addresses in requests the format `email`, by their names. The platform rejects
//! malformed ones with 422, as HoopAI's guide shows; the files declare plain strings. Replies may
//! contain other text and keep their type.

use serde_json::Value;

use super::walk;
use crate::error::{FileError, SourcePointer};
use crate::json::Object;
use crate::openapi::request_schemas;

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    let sent = request_schemas(document);
    let components = document.pointer_mut("/components/schemas");
    let components = components.and_then(Value::as_object_mut).into_iter();
    let mut changed: usize = components
        .flatten()
        .filter(|(name, _)| sent.contains(*name))
        .map(|(_, schema)| walk::schema(schema, &mut addresses))
        .sum();
    changed += walk::operations(document, |_, _, operation| {
        let content = operation
            .get_mut("requestBody")
            .and_then(|body| body.get_mut("content")?.as_object_mut());
        content
            .into_iter()
            .flatten()
            .filter_map(|(_, media)| media.get_mut("schema"))
            .map(|schema| walk::schema(schema, &mut addresses))
            .sum()
    });
    Ok(changed)
}

fn addresses(schema: &mut Object) -> usize {
    let has_name = |name: &str| name == "email" || name.ends_with("Email");
    walk::set_format(schema, has_name, &["string"], "email")
}
