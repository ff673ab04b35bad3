//! The options of a check.

use crate::api_error::ApiError;
use crate::exchange::Request;

/// The origin of a validated value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A request: undeclared keys are rejected.
    Request,
    /// A request that may have undeclared keys.
    OpenRequest,
    /// A reply, which may have undeclared keys.
    Reply,
    /// A seeded item: undeclared keys are rejected, and no field is required.
    Seed,
}

/// The treatment of undeclared query parameters and body fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum UndeclaredPolicy {
    /// They are rejected with 422, as on the platform.
    #[default]
    Reject,
    /// Parameters are ignored, and fields are kept.
    Accept,
}

impl UndeclaredPolicy {
    /// The header that sets the policy of one request.
    const HEADER: &str = "x-hoopai-mock-undeclared";

    /// Returns the policy of a request: that of its header, or this one.
    pub(crate) fn for_request(self, request: &Request) -> Result<Self, ApiError> {
        match request.header(Self::HEADER) {
            None => Ok(self),
            Some("accept") => Ok(Self::Accept),
            Some("refuse") => Ok(Self::Reject),
            Some(_) => Err(ApiError::bad_request(format!(
                "{} must be accept or refuse",
                Self::HEADER
            ))),
        }
    }

    pub(super) fn validation_mode(self) -> Mode {
        match self {
            Self::Reject => Mode::Request,
            Self::Accept => Mode::OpenRequest,
        }
    }
}

/// The parts of a check that the interface does not declare.
pub(crate) struct CheckOptions {
    pub(crate) undeclared: UndeclaredPolicy,
    /// Undeclared body fields that the platform accepts.
    pub(crate) allowed_extra: &'static [&'static str],
    /// The paging parameters and fields of the operation.
    pub(crate) numbers: Vec<(&'static str, NumberKind)>,
}

impl CheckOptions {
    /// Creates options for an operation without paging and extra fields.
    pub(crate) fn new(undeclared: UndeclaredPolicy) -> Self {
        Self {
            undeclared,
            allowed_extra: &[],
            numbers: Vec::new(),
        }
    }
}

/// The kind of number in a parameter or a body field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberKind {
    /// An integer with this minimum.
    AtLeast(u64),
    /// A time: milliseconds since 1970, or a date.
    Timestamp,
    /// An array that begins with a time.
    TimestampCursor,
}
