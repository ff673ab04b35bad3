//! All operations: rows of tables, and how tests call and decode them, of which codegen writes tables
//! (`tests/generated`).

use hoopai::runtime::Error;
use hoopai::runtime::json::from_slice;
use hoopai::runtime::operation::Operation;
use serde::de::DeserializeOwned;

pub(crate) use crate::call_table::discard_reply;
use crate::call_table::{CallFn, Setter};
pub(crate) use crate::decode_table::decode;
use crate::decode_table::{DecodeFn, IsSuccessFn};
pub(crate) use crate::generated::MODULES;

/// How tests call an operation, and decode its body and its reply.
pub(crate) struct TestOperation {
    pub(crate) operation: &'static Operation,
    /// `None` if the reply is not JSON.
    pub(crate) reply: Option<DecodeFn>,
    /// Calls `is_success` on a reply that has it.
    pub(crate) is_success: Option<IsSuccessFn>,
    /// `None` if the operation has no body, or a multipart body.
    pub(crate) body: Option<DecodeFn>,
    pub(crate) setters: &'static [Setter],
    /// Calls all setters for which there are values.
    pub(crate) call: CallFn,
}

/// The test rows of all operations.
pub(crate) fn test_operations() -> impl Iterator<Item = &'static TestOperation> {
    MODULES.iter().copied().flatten()
}

/// Decodes a reply, ignoring drift.
pub(crate) fn value<T: DeserializeOwned>(reply: &[u8]) -> Result<T, Error> {
    from_slice(reply).map(|decoded| decoded.value)
}

/// All operations of all modules.
pub(crate) fn all_operations() -> impl Iterator<Item = &'static Operation> {
    hoopai::OPERATIONS.iter().copied().flatten().copied()
}

/// The name of an operation with its module.
pub(crate) fn qualified_name(operation: &Operation) -> String {
    format!("{}.{}", operation.module, operation.name)
}

/// The row of an operation in a table.
pub(crate) fn row<T: Copy>(table: &[(&Operation, T)], operation: &Operation) -> T {
    let row = table.iter().find(|(other, _)| *other == operation);
    row.unwrap_or_else(|| panic!("no row of {}", qualified_name(operation)))
        .1
}
