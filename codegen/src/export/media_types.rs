//! Bytes of any media type are also declared as `application/octet-stream`: generators leave out
//! replies whose media types they do not support.

use serde_json::Value;

use super::walk;
use crate::json;

const GENERIC: &str = "application/octet-stream";

pub(super) fn add_generic(document: &mut Value) {
    walk::operations(document, |_, operation| {
        for (_, response) in json::entries_mut(operation, "responses") {
            let content = response.get_mut("content").and_then(Value::as_object_mut);
            let Some(content) = content else { continue };
            let is_bytes = |media: &&Value| {
                media.pointer("/schema/format").and_then(Value::as_str) == Some("binary")
            };
            if let Some(media) = content.values().find(is_bytes).cloned() {
                content.entry(GENERIC).or_insert(media);
            }
        }
    });
}
