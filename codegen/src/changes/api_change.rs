//! A change of the Rust API.

use std::fmt;

use crate::diff::ChangeKind;
use crate::text::code;

/// The part of an interface that a change concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// An operation: a method of the client, its builder and its row of the operation table.
    Operation,
    /// A parameter in path, query or header, or a part of a multipart body.
    Parameter,
    /// The body of a request.
    Body,
    /// The reply of an operation.
    Reply,
    /// A struct or an enum.
    Type,
    /// A field of a struct, or of a body.
    Field,
    /// A value of an enum.
    Value,
    /// A method of a type that follows from its fields.
    Method,
}

impl Item {
    /// The name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Operation => "operation",
            Self::Parameter => "parameter",
            Self::Body => "body",
            Self::Reply => "reply",
            Self::Type => "type",
            Self::Field => "field",
            Self::Value => "value",
            Self::Method => "method",
        }
    }
}

/// The property that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// The name in Rust.
    Name,
    /// The name on the wire.
    WireName,
    /// The Rust type.
    Type,
    /// Struct or enum.
    Kind,
    /// The form in which setters write a value.
    WireForm,
    /// Whether calls without the value are rejected before they are sent.
    Required,
    /// Whether the platform's file declares the value as required. The client does not check it.
    DeclaredRequired,
    /// Path, query, header or part of a body.
    Location,
    /// Method and path.
    Request,
    /// The platform's operation id.
    OperationId,
    /// Whether the platform advises against the operation.
    Deprecated,
    /// The version of the API that is sent.
    Version,
    /// The scopes that a token needs.
    Scopes,
    /// The kinds of tokens.
    Tokens,
    /// Whether failed calls are retried.
    Idempotent,
    /// The value into which the client puts the default location.
    DefaultLocation,
    /// The type of the items that `stream` returns.
    Items,
    /// The rule that requests the next page.
    Paging,
    /// Whether the builder adds parts under names that are known only at run time.
    Parts,
}

impl Aspect {
    /// The name in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::WireName => "wire_name",
            Self::Type => "type",
            Self::Kind => "kind",
            Self::WireForm => "wire_form",
            Self::Required => "required",
            Self::DeclaredRequired => "declared_required",
            Self::Location => "location",
            Self::Request => "request",
            Self::OperationId => "operation_id",
            Self::Deprecated => "deprecated",
            Self::Version => "version",
            Self::Scopes => "scopes",
            Self::Tokens => "tokens",
            Self::Idempotent => "idempotent",
            Self::DefaultLocation => "default_location",
            Self::Items => "items",
            Self::Paging => "paging",
            Self::Parts => "parts",
        }
    }

    /// The name in text.
    fn words(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::WireName => "name on the wire",
            Self::Type => "type",
            Self::Kind => "kind",
            Self::WireForm => "form on the wire",
            Self::Required => "required",
            Self::DeclaredRequired => "declared as required",
            Self::Location => "location",
            Self::Request => "request",
            Self::OperationId => "operation id",
            Self::Deprecated => "deprecated",
            Self::Version => "version",
            Self::Scopes => "scopes",
            Self::Tokens => "tokens",
            Self::Idempotent => "idempotent",
            Self::DefaultLocation => "default location",
            Self::Items => "items",
            Self::Paging => "paging",
            Self::Parts => "method `part`",
        }
    }
}

/// A change of the Rust API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiChange {
    /// The part of the interface.
    pub item: Item,
    /// The operation (`GET /contacts/`) or type (`Contact`) to which the item belongs. Empty for
    /// operations and types.
    pub of: String,
    /// The platform's name of the item; the Rust name of a type.
    pub name: String,
    /// Added, removed, changed or renamed.
    pub kind: ChangeKind,
    /// The property that differs; `None` for added and removed items.
    pub aspect: Option<Aspect>,
    /// The path of the item in the crate, before the change if it existed.
    pub rust: String,
    /// The old state; empty if there was none.
    pub from: String,
    /// The new state; empty if there is none.
    pub to: String,
    /// Whether a program that uses the item may no longer compile, or whether its calls are rejected
    /// before they are sent.
    pub breaking: bool,
}

impl fmt::Display for ApiChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.item.name())?;
        if !self.name.is_empty() {
            write!(f, " {}", code(&self.name))?;
        }
        if !self.of.is_empty() {
            write!(f, " of {}", code(&self.of))?;
        }
        let state = |text: &str| match text {
            "" => "nothing".to_owned(),
            _ => code(text),
        };
        match (self.kind, self.aspect) {
            (ChangeKind::Added | ChangeKind::Removed, _) | (_, None) => {
                write!(f, ": {}", code(&self.rust))?;
                match [&self.from, &self.to].map(String::as_str) {
                    ["", ""] => Ok(()),
                    [from, ""] => write!(f, ", {from}"),
                    [_, to] => write!(f, ", {to}"),
                }
            }
            (ChangeKind::Renamed, _) => {
                write!(f, ": {} is now {}", code(&self.from), code(&self.to))
            }
            (ChangeKind::Changed, Some(aspect)) if self.from == self.to => {
                write!(f, ": {} differs", aspect.words())
            }
            (ChangeKind::Changed, Some(aspect)) => {
                let (from, to) = (state(&self.from), state(&self.to));
                write!(f, ": {} {from} is now {to}", aspect.words())
            }
        }
    }
}
