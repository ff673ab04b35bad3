//! Stage: reads the effective document into the operation model, once.
//! Belongs here: everything that decides a fact of an operation, by rule or by extension.
//! May depend on the model, `paging` and the leaf modules.

mod idempotency;
mod location;
mod operation;
mod request;
mod required;

pub(crate) use operation::operations;
