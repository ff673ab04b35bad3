//! Operations: everything that a call needs, as data.

use crate::entry::Entry;
use crate::module::Module;
use crate::schema::Schema;

/// One operation of the platform.
#[derive(Debug)]
#[non_exhaustive]
pub struct Operation {
    /// The module.
    pub module: &'static Module,
    /// Name, method, path and effect.
    pub entry: &'static Entry,
    /// One sentence that says what the operation does.
    pub summary: Option<&'static str>,
    /// Further documentation, Markdown.
    pub description: Option<&'static str>,
    /// The declared value of the header `Version`. `None`: the platform's default.
    pub version: Option<&'static str>,
    /// Whether a token of a location may call it. If both kinds are `false`, it is not known.
    pub location_token: bool,
    /// Whether a token of an agency may call it.
    pub agency_token: bool,
    /// The scopes that the token needs.
    pub scopes: Vec<&'static str>,
    /// Whether repeating the operation has the same effect as executing it once.
    pub idempotent: bool,
    /// What a repeated request does, if it is not idempotent and this is known.
    pub not_idempotent: Option<&'static str>,
    /// Why its effect is not the one that follows from method and name.
    pub effect_reason: Option<&'static str>,
    /// Whether the platform discourages its use.
    pub deprecated: bool,
    /// Whether HoopAI documents only method and path. Parameters and bodies are then not known, and
    /// query parameters of any name are accepted.
    pub documented_only: bool,
    /// The parameters: those of the path in its order, then query and headers, required ones first.
    pub parameters: Vec<Parameter>,
    /// The request body.
    pub body: Option<Body>,
    /// The reply.
    pub reply: Reply,
    /// The value that names the location (sub-account).
    pub location: Option<Location>,
    /// How the list is read page by page.
    pub paging: Option<Paging>,
    /// Why an operation with paging parameters is not paged.
    pub unpaged: Option<&'static str>,
    /// The operation of the client, made when it is first called.
    #[cfg(feature = "runtime")]
    pub(crate) client: std::sync::OnceLock<hoopai_runtime::operation::Operation>,
}

impl Operation {
    /// The name with the module: `contacts.get_contact`.
    pub fn key(&self) -> String {
        format!("{}.{}", self.module.name(), self.entry.name)
    }

    /// Whether the body is a form with files.
    pub fn is_upload(&self) -> bool {
        let body = self.body.as_ref();
        body.is_some_and(|body| body.kind == BodyKind::Multipart)
    }
}

/// A part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Place {
    /// The path.
    Path,
    /// The query.
    Query,
    /// A header.
    Header,
    /// A top-level field of the body.
    Body,
}

impl Place {
    /// The name in OpenAPI: `path`, `query`, `header`, `body`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Body => "body",
        }
    }
}

/// A parameter in path, query or header.
#[derive(Debug)]
#[non_exhaustive]
pub struct Parameter {
    /// The part of the request.
    pub place: Place,
    /// The name in the request: `startAfterId`.
    pub name: &'static str,
    /// The name of the client's setter: `start_after_id`.
    pub rust_name: &'static str,
    /// Whether a call without it is rejected before sending.
    pub required: bool,
    /// Whether the interface file declares it as required. The files declare more than the platform
    /// requires, so a call without it is sent.
    pub declared_required: bool,
    /// Whether the items of a list are joined by commas. Otherwise there is one pair for each item.
    pub comma: bool,
    /// The documentation.
    pub description: Option<&'static str>,
    /// The accepted values.
    pub schema: Schema,
}

/// A request body.
#[derive(Debug)]
#[non_exhaustive]
pub struct Body {
    /// The encoding.
    pub kind: BodyKind,
    /// The content type.
    pub media_type: &'static str,
    /// Whether the interface file requires a body.
    pub required: bool,
    /// Whether a call may leave it out although it is required, because it has no fields, or none
    /// but the location; an empty object is then sent.
    pub omittable: bool,
    /// Paths of fields without which a call is rejected before sending: `items.qty`. A list on the
    /// path stands for each of its items.
    pub required_fields: Vec<&'static str>,
    /// The fields of a multipart body, files first.
    pub parts: Vec<Part>,
    /// The accepted values.
    pub schema: Schema,
}

/// The encoding of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum BodyKind {
    /// JSON.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`.
    Multipart,
}

/// A field of a multipart body.
#[derive(Debug)]
#[non_exhaustive]
pub struct Part {
    /// The name in the request.
    pub name: &'static str,
    /// The name of the client's setter.
    pub rust_name: &'static str,
    /// Whether the value is a file.
    pub is_file: bool,
    /// The documentation.
    pub description: Option<&'static str>,
    /// The accepted values.
    pub schema: Schema,
}

/// The content of a successful reply.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Reply {
    /// JSON.
    Json(Schema),
    /// No body.
    Empty,
    /// A file.
    Bytes,
}

/// The value that names the location (sub-account). A client with a default location fills it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    /// The part of the request.
    pub place: Place,
    /// The name in the request.
    pub name: &'static str,
    /// Whether `altType` = `location` is sent with it.
    pub alt_type: bool,
    /// Whether a call without a location is rejected before sending.
    pub required: bool,
}

/// How a list is read page by page. Paths are names joined by dots; a number is an index of a list.
#[derive(Debug)]
#[non_exhaustive]
pub struct Paging {
    /// The list of items in the reply; empty if the reply is the list.
    pub items: &'static str,
    /// The total number of items.
    pub total: Option<&'static str>,
    /// Whether there are more pages.
    pub more: Option<&'static str>,
    /// The parameter of the page size.
    pub size: Option<PageSize>,
    /// The values that request the next page.
    pub strategy: PageStrategy,
}

/// The parameter of the page size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageSize {
    /// The parameter.
    pub parameter: PageParameter,
    /// The largest page size.
    pub max: u32,
    /// Whether the platform states the maximum; larger sizes are rejected before sending.
    pub declared: bool,
}

/// A parameter that selects a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageParameter {
    /// The query or the body.
    pub place: Place,
    /// The name in the request.
    pub name: &'static str,
    /// Whether a field of the body is a string, or a list of strings.
    pub text: bool,
}

/// The values that request the next page.
#[derive(Debug)]
#[non_exhaustive]
pub enum PageStrategy {
    /// The number of items to skip.
    Offset(PageParameter),
    /// The number of the page.
    Page {
        /// The parameter.
        parameter: PageParameter,
        /// The number of the first page.
        first: u32,
    },
    /// Values of the previous page.
    Cursor(Vec<Cursor>),
}

/// A value of a page that is sent in the request for the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cursor {
    /// Whether the path starts at the last item instead of the reply.
    pub of_last_item: bool,
    /// The path of the value.
    pub path: &'static str,
    /// The parameter.
    pub parameter: PageParameter,
}
