//! The operation model: the operations of a module as plain data. `read` fills it; later stages
//! only read it.

use serde_json::Value;

use crate::json::Object;
use crate::openapi;

/// One operation.
pub(crate) struct Operation {
    /// The HTTP method in lower case.
    pub(crate) method: String,
    pub(crate) path: String,
    /// The platform's operation id.
    pub(crate) id: String,
    /// The name of the method, unique in the module.
    pub(crate) name: String,
    /// The platform's name of the group of operations.
    pub(crate) tag: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    /// The declared version. The runtime sends the platform's default for the others.
    pub(crate) version: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) location_token: bool,
    pub(crate) agency_token: bool,
    pub(crate) idempotency: Idempotency,
    pub(crate) effect: Effect,
    /// The reason why the effect differs from the one that the rule derives.
    pub(crate) effect_reason: Option<String>,
    pub(crate) deprecated: bool,
    /// HoopAI documents method and path; no interface file contains the operation.
    pub(crate) documented_only: bool,
    /// The reason why the reply may be any JSON, if that is a decision.
    pub(crate) untyped: Option<String>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    pub(crate) reply: Reply,
    pub(crate) location: Option<DefaultLocation>,
    pub(crate) required: Vec<RequiredValue>,
    pub(crate) paging: Option<Paging>,
    /// The reason why an operation with paging parameters does not page.
    pub(crate) unpaged: Option<String>,
    /// Extensions that no overlay declares and generation decided.
    pub(crate) decided: Object,
}

impl Operation {
    pub(crate) fn is_idempotent(&self) -> bool {
        self.idempotency == Idempotency::Idempotent
    }

    /// Whether a call without this query parameter is rejected before it is sent.
    pub(crate) fn requires_query(&self, name: &str) -> bool {
        let mut required = self.required.iter();
        required.any(|value| !value.in_body && value.path == name)
    }

    pub(crate) fn is_multipart(&self) -> bool {
        let body = self.body.as_ref();
        body.is_some_and(|body| body.kind == BodyKind::Multipart)
    }
}

/// Whether a repeated request leaves the state unchanged and has no second effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Idempotency {
    Idempotent,
    /// Not idempotent, with the reason.
    Not(String),
    /// Nothing is declared. Treated as not idempotent.
    Undeclared,
}

/// What a call does to the account and to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It changes nothing.
    Read,
    /// It creates or changes something.
    Write,
    /// It deletes, cancels or revokes something.
    Destroy,
    /// It reaches people outside of the account, or moves money.
    Outward,
}

impl Effect {
    pub(crate) const ALL: [Effect; 4] = [Self::Read, Self::Write, Self::Destroy, Self::Outward];

    /// The name in overlays and in the catalogue.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Destroy => "destroy",
            Self::Outward => "outward",
        }
    }
}

/// The part of a request in which a value is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ParamLocation {
    Path,
    Query,
    Header,
    Body,
}

impl ParamLocation {
    /// The name that OpenAPI uses in `in`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Body => "body",
        }
    }
}

/// A parameter in path, query or header.
pub(crate) struct Parameter {
    pub(crate) part: ParamLocation,
    pub(crate) wire_name: String,
    /// The name of the setter, unique in the operation.
    pub(crate) ident: String,
    pub(crate) required: bool,
    /// Whether list items are joined by commas.
    pub(crate) comma: bool,
    pub(crate) schema: Value,
    pub(crate) description: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyKind {
    Json,
    Form,
    Multipart,
}

pub(crate) struct Body {
    pub(crate) kind: BodyKind,
    pub(crate) required: bool,
    pub(crate) schema: Value,
    /// The names of the top-level fields that the interface file declares as required.
    pub(crate) declared_required: Vec<String>,
    /// Whether a call may leave the body out: it has no fields, or no declared required ones
    /// besides the location.
    pub(crate) omittable: bool,
    /// The fields of a multipart body, files first.
    pub(crate) parts: Vec<Part>,
}

impl Body {
    /// The top-level fields.
    pub(crate) fn properties<'a>(
        &'a self,
        document: &'a Value,
    ) -> impl Iterator<Item = (&'a String, &'a Value)> {
        let schema = openapi::resolve(document, &self.schema);
        let properties = schema.get("properties").and_then(Value::as_object);
        properties.into_iter().flat_map(Object::iter)
    }
}

/// A field of a multipart body, which has a setter of its own.
pub(crate) struct Part {
    pub(crate) wire_name: String,
    pub(crate) ident: String,
    pub(crate) is_file: bool,
    pub(crate) schema: Value,
    pub(crate) description: Option<String>,
}

pub(crate) enum Reply {
    /// JSON of this schema; an empty schema is free-form JSON.
    Json(Value),
    Empty,
    Bytes,
}

/// The value into which the client puts the id of its default location.
pub(crate) struct DefaultLocation {
    pub(crate) part: ParamLocation,
    pub(crate) name: String,
    /// Whether `altType: location` is sent with it.
    pub(crate) alt_type: bool,
    /// Whether a call without it is rejected before it is sent.
    pub(crate) required: bool,
    /// The rule, or the reason in the overlay.
    pub(crate) evidence: String,
}

/// A query parameter or body field without which a call is rejected before it is sent. An overlay
/// marks it with evidence.
pub(crate) struct RequiredValue {
    pub(crate) in_body: bool,
    /// The wire name; for a nested field its path, such as `items.qty`.
    pub(crate) path: String,
    pub(crate) evidence: String,
}

/// How an operation pages. Paths of values are wire names joined by dots, in which a number is the
/// index of a list.
pub(crate) struct Paging {
    /// Path of the list of items; empty if the reply is the list.
    pub(crate) items: String,
    pub(crate) total: Option<String>,
    pub(crate) more: Option<String>,
    pub(crate) size: Option<PageSize>,
    pub(crate) strategy: PageStrategy,
}

/// The parameter for the page size.
pub(crate) struct PageSize {
    pub(crate) to: PageParam,
    pub(crate) max: u32,
    /// Whether the platform declares the maximum, in the schema or in the parameter's description.
    pub(crate) declared: bool,
}

/// The values that request the next page.
pub(crate) enum PageStrategy {
    Offset(PageParam),
    Page { to: PageParam, first: u32 },
    Cursor(Vec<CursorField>),
}

/// A value of one page that is sent in the request for the next one.
pub(crate) struct CursorField {
    /// Whether the path starts at the last item instead of the reply.
    pub(crate) of_last_item: bool,
    pub(crate) path: String,
    pub(crate) to: PageParam,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PageParam {
    Query(String),
    /// A top-level field of the body; `text` if it is declared as a string or a list of strings.
    Body {
        name: String,
        text: bool,
    },
}

impl Paging {
    /// The names of the parameters that request the next page.
    pub(crate) fn param_names(&self) -> Vec<&str> {
        match &self.strategy {
            PageStrategy::Offset(to) | PageStrategy::Page { to, .. } => vec![to.name()],
            PageStrategy::Cursor(fields) => fields.iter().map(|field| field.to.name()).collect(),
        }
    }
}

impl PageParam {
    pub(crate) fn name(&self) -> &str {
        match self {
            PageParam::Query(name) | PageParam::Body { name, .. } => name,
        }
    }
}
