//! The list of operations, which is read without decompression.

use std::fmt;

/// One operation in the list of its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Entry {
    /// The name of the client's method: `get_contact`.
    pub name: &'static str,
    /// The name without that of the module, if it is unique in the module: `get`.
    pub short_name: Option<&'static str>,
    /// The platform's operation id: `get-contact`.
    pub id: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path with its parameters in braces. A trailing slash is part of it.
    pub path: &'static str,
    /// What a call does.
    pub effect: Effect,
}

/// What a call does to the account and to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// It changes nothing.
    Read,
    /// It creates or changes something.
    Write,
    /// It deletes, cancels or revokes something.
    Destroy,
    /// It reaches people outside of the account, or moves money: messages, invoices, bookings,
    /// publications, charges.
    Outward,
}

impl Effect {
    /// All effects.
    pub const ALL: [Effect; 4] = [Self::Read, Self::Write, Self::Destroy, Self::Outward];

    /// The name in overlays and texts: `read`, `write`, `destroy`, `outward`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Destroy => "destroy",
            Self::Outward => "outward",
        }
    }

    /// Whether a program should ask before such a call.
    pub fn needs_confirmation(self) -> bool {
        matches!(self, Self::Destroy | Self::Outward)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The HTTP method of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the variants are the names of HTTP methods")]
pub enum Method {
    Delete,
    Get,
    Patch,
    Post,
    Put,
}

impl Method {
    /// The name in upper case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
