//! The operations of all modules, of which codegen writes tables (`tests/generated`).

use hoopai::runtime::Error;
use hoopai::runtime::json::from_slice;
use hoopai::runtime::operation::Operation;
use serde::de::DeserializeOwned;

pub(crate) use crate::generated::MODULES;
pub(crate) use crate::given::finish;
use crate::given::{Call, Setter};
pub(crate) use crate::readers::read;
use crate::readers::{Confirms, Read};

/// How tests call an operation, and decode its body and its reply.
pub(crate) struct TestOperation {
    pub(crate) operation: &'static Operation,
    /// `None` if the reply is not JSON.
    pub(crate) reply: Option<Read>,
    /// Calls `is_success` on a reply that has it.
    pub(crate) is_success: Option<Confirms>,
    /// `None` if the operation has no body, or a multipart body.
    pub(crate) body: Option<Read>,
    pub(crate) setters: &'static [Setter],
    /// Calls all setters for which there are values.
    pub(crate) call: Call,
}

/// All operations.
pub(crate) fn all() -> impl Iterator<Item = &'static TestOperation> {
    MODULES.iter().copied().flatten()
}

/// Decodes a reply, ignoring drift.
pub(crate) fn decode<T: DeserializeOwned>(reply: &[u8]) -> Result<T, Error> {
    from_slice(reply).map(|decoded| decoded.value)
}
