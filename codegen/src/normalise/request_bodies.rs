//! Gives each media type of a request body a schema, and removes bodies without media types.
//! Multipart without a schema is a form whose field names are only known at run time.

use serde_json::{Value, json};

use super::{references, walk};
use crate::error::{FileError, SourcePointer};

pub(super) fn run(document: &mut Value, at: &SourcePointer<'_>) -> Result<usize, FileError> {
    let components = document.get("components").cloned().unwrap_or_default();
    let mut failed = None;
    let changed = walk::operations(document, |method, path, operation| {
        let Some(body) = operation.get_mut("requestBody") else {
            return 0;
        };
        let mut changed = 0;
        if body.get("$ref").is_some() {
            let (paths_at, reference) = (at.key("paths"), body.clone());
            let path_at = paths_at.key(path);
            let operation_at = path_at.key(method);
            let body_at = operation_at.key("requestBody");
            match references::follow(&components, "requestBodies", &reference, &body_at) {
                Ok((resolved, _)) => *body = resolved.clone(),
                Err(error) => failed = Some(error),
            }
            changed += 1;
        }
        let Some(content) = body
            .get_mut("content")
            .and_then(Value::as_object_mut)
            .filter(|content| !content.is_empty())
        else {
            operation.remove("requestBody");
            return 1;
        };
        for (media_type, media) in content {
            let Some(media) = media.as_object_mut() else {
                continue;
            };
            if !media.contains_key("schema") {
                let form = media_type.starts_with("multipart/")
                    || media_type == "application/x-www-form-urlencoded";
                media.insert(
                    "schema".into(),
                    if form {
                        json!({ "type": "object" })
                    } else {
                        json!({})
                    },
                );
                changed += 1;
            }
        }
        changed
    });
    failed.map_or(Ok(changed), Err)
}
