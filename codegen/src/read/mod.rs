//! Stage: reads the effective document into the operation model, once.
//! Belongs here: everything that decides a fact of an operation, by rule or by extension.
//! May depend on the model, `paging` and the leaf modules.

mod effect;
mod idempotency;
mod location;
mod moments;
mod operation;
mod request;
mod required;

pub use moments::Moments;
pub(crate) use moments::moments;
pub(crate) use operation::operations;
