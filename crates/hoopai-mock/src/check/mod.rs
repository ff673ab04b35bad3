//! The check of a request against the interface.

mod body;
pub(crate) mod counts;
mod json;
mod multipart;
mod parameters;
pub(crate) mod place;
pub(crate) mod schema;
#[cfg(test)]
mod tests;
pub(crate) mod text;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::exchange::Incoming;
use crate::interface::Operation;
use crate::refusal::Refusal;

/// What HoopAI's guide shows of an email address that is none.
pub(crate) const INVALID_EMAIL: &str = "Invalid email format";

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

/// Whose value is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// A caller's: keys that are not declared are refused.
    Request,
    /// A caller's that may have keys that are not declared.
    OpenRequest,
    /// The server's: more than is declared may be there.
    Reply,
    /// A seed of a test: closed like a request, but no field is required.
    Seed,
}

/// What becomes of query parameters and fields of a body that the interface does not declare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Undeclared {
    /// 422, as on the platform, which has some fields that no interface declares.
    #[default]
    Refused,
    /// Parameters are ignored, and fields are kept.
    Accepted,
}

impl Undeclared {
    /// The header that decides for a single request.
    const HEADER: &str = "x-hoopai-mock-undeclared";

    /// What is done with a request: what its header says, and otherwise this.
    pub(crate) fn or_as_asked(self, incoming: &Incoming) -> Result<Self, Refusal> {
        match incoming.header(Self::HEADER) {
            None => Ok(self),
            Some("accept") => Ok(Self::Accepted),
            Some("refuse") => Ok(Self::Refused),
            Some(_) => Err(Refusal::bad_request(format!(
                "{} must be accept or refuse",
                Self::HEADER
            ))),
        }
    }

    fn side(self) -> Side {
        match self {
            Self::Refused => Side::Request,
            Self::Accepted => Side::OpenRequest,
        }
    }
}

/// Checks a request against its operation. What cannot be read is refused first, then all faults of path, query, headers and body are
/// told of at once.
pub(crate) async fn request(
    operation: &Operation,
    incoming: &Incoming,
    path: &[(String, String)],
    undeclared: Undeclared,
) -> Result<Accepted, Refusal> {
    let mut accepted = Accepted::default();
    let mut faults = Vec::new();
    parameters::path(operation, path, &mut accepted, &mut faults);
    parameters::query(
        operation,
        &incoming.query,
        undeclared,
        &mut accepted,
        &mut faults,
    );
    parameters::headers(operation, incoming, &mut faults);
    body::read(operation, incoming, undeclared, &mut accepted, &mut faults).await?;
    counts::check(operation, &accepted, &mut faults);
    match faults.is_empty() {
        true => Ok(accepted),
        false => Err(Refusal::invalid(&faults)),
    }
}
