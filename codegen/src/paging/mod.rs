//! Stage: reads `x-hoopai-paging` and `x-hoopai-unpaged`, and checks them against the operation.
//! Belongs here: declarations, the search for undeclared paging, and paths within schemas.
//! May depend on the model and the leaf modules; `read` calls it.

mod declaration;
mod schema_path;

pub(crate) use declaration::{Declaration, read};
