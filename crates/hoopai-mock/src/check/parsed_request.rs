//! The result of a check.

use bytes::Bytes;
use serde_json::{Map, Value};

/// A request that matches the interface.
#[derive(Clone, Debug, Default)]
pub(crate) struct ParsedRequest {
    /// Path parameters by name.
    pub(crate) path: Map<String, Value>,
    /// Query parameters by name in their declared types.
    pub(crate) query: Map<String, Value>,
    /// The JSON or urlencoded body, or the text fields of a multipart body.
    pub(crate) body: Option<Value>,
    /// The files of a multipart body.
    pub(crate) files: Vec<File>,
}

/// A file of a multipart body.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) field: String,
    pub(crate) name: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) bytes: Bytes,
}

impl ParsedRequest {
    /// Returns a path parameter as text.
    pub(crate) fn path(&self, name: &str) -> Option<&str> {
        self.path.get(name).and_then(Value::as_str)
    }

    /// Returns a value of the path, the query, or the top level of the body.
    pub(crate) fn any(&self, name: &str) -> Option<&Value> {
        let body = self.body.as_ref().and_then(|body| body.get(name));
        self.path
            .get(name)
            .or_else(|| self.query.get(name))
            .or(body)
    }
}
