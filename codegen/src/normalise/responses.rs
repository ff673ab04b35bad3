//! Gives every operation a response, every response the description that OpenAPI requires (the
//! reason phrase of its status), and every header a schema. Resolves references to response
//! components.

use serde_json::{Value, json};

use super::{references, walk};
use crate::error::{FileError, SourcePointer};
use crate::json;

pub(super) fn run(document: &mut Value, at: &SourcePointer<'_>) -> Result<usize, FileError> {
    let components = document.get("components").cloned().unwrap_or_default();
    let mut failed = None;
    let changed = walk::operations(document, |method, path, operation| {
        let mut changed = 0;
        let responses = operation.entry("responses").or_insert_with(|| json!({}));
        let Some(responses) = responses.as_object_mut() else {
            return 0;
        };
        if responses.is_empty() {
            responses.insert("200".into(), json!({}));
            changed += 1;
        }
        for (status, response) in responses {
            if response.get("$ref").is_some() {
                let (paths_at, reference) = (at.key("paths"), response.clone());
                let path_at = paths_at.key(path);
                let operation_at = path_at.key(method);
                let responses_at = operation_at.key("responses");
                let response_at = responses_at.key(status);
                match references::follow(&components, "responses", &reference, &response_at) {
                    Ok((resolved, _)) => *response = resolved.clone(),
                    Err(error) => failed = Some(error),
                }
                changed += 1;
            }
            let Some(response) = response.as_object_mut() else {
                continue;
            };
            if !response.get("description").is_some_and(Value::is_string) {
                response.insert("description".into(), phrase(status).into());
                changed += 1;
            }
            let headers = json::entries_mut(response, "headers");
            let headers = headers.filter_map(|(_, header)| header.as_object_mut());
            for header in headers.filter(|header| !header.contains_key("schema")) {
                header.insert("schema".into(), json!({ "type": "string" }));
                changed += 1;
            }
        }
        changed
    });
    if let Some(components) = document
        .pointer_mut("/components/responses")
        .and_then(Value::as_object_mut)
    {
        for (_, response) in components {
            if let Some(response) = response
                .as_object_mut()
                .filter(|response| !response.contains_key("$ref"))
            {
                response.entry("description").or_insert_with(|| "".into());
            }
        }
    }
    failed.map_or(Ok(changed), Err)
}

fn phrase(status: &str) -> &'static str {
    match status {
        "200" => "OK",
        "201" => "Created",
        "202" => "Accepted",
        "204" => "No Content",
        "400" => "Bad Request",
        "401" => "Unauthorized",
        "403" => "Forbidden",
        "404" => "Not Found",
        "409" => "Conflict",
        "413" => "Content Too Large",
        "415" => "Unsupported Media Type",
        "422" => "Unprocessable Content",
        "429" => "Too Many Requests",
        "500" => "Internal Server Error",
        other if other.starts_with('2') => "Success",
        _ => "Error",
    }
}
