//! One operation of the platform, as its effective document declares it.

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value};

/// The schemas of a module, for references.
pub(crate) struct Document {
    pub(crate) schemas: Map<String, Value>,
}

/// One operation of the platform.
pub(crate) struct Operation {
    pub(crate) module: &'static str,
    /// The operation id of the platform.
    pub(crate) id: String,
    /// The name of the client's method.
    pub(crate) name: String,
    pub(crate) method: Method,
    /// The path with parameters in braces.
    pub(crate) path: String,
    /// The declared API version.
    pub(crate) version: Option<String>,
    /// Alternatives: a security scheme and the scopes that it requires.
    pub(crate) security: Vec<(String, Vec<String>)>,
    pub(crate) parameters: Vec<Parameter>,
    /// Required headers other than those of every request.
    pub(crate) headers: Vec<String>,
    pub(crate) body: Option<BodySpec>,
    pub(crate) reply: ReplySpec,
    /// The query parameters are undocumented, so all are accepted.
    pub(crate) any_query: bool,
    pub(super) document: Arc<Document>,
}

/// A parameter of a path or a query.
pub(crate) struct Parameter {
    pub(crate) in_path: bool,
    pub(crate) name: String,
    pub(crate) required: bool,
    /// Whether a list is one value, joined by commas.
    pub(crate) comma: bool,
    pub(crate) schema: Value,
}

/// The declared body of a request.
pub(crate) struct BodySpec {
    pub(crate) media_type: String,
    pub(crate) required: bool,
    pub(crate) schema: Value,
}

/// The declared reply of a successful request.
pub(crate) struct ReplySpec {
    pub(crate) status: u16,
    /// Media type and schema; `None` for a reply without a body.
    pub(crate) content: Option<(String, Value)>,
}

impl Operation {
    /// Returns the operation key, such as `contacts.get-contact`.
    pub(crate) fn key(&self) -> String {
        format!("{}.{}", self.module, self.id)
    }

    /// Returns the method key, such as `contacts.get_contact`.
    pub(crate) fn method_key(&self) -> String {
        format!("{}.{}", self.module, self.name)
    }

    /// Returns the schema after following references.
    pub(crate) fn resolve<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        for _ in 0..32 {
            let name = schema
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|r| r.rsplit('/').next());
            match name.and_then(|name| self.document.schemas.get(name)) {
                Some(next) => schema = next,
                None => break,
            }
        }
        schema
    }
}
