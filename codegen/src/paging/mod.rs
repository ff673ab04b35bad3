//! Stage: reads how operations page (`x-hoopai-paging`, `x-hoopai-unpaged`) and checks it against
//! the operation. Belongs here: the declarations of overlays, the search for undeclared ones, and
//! paths within schemas. May depend on the model and the leaf modules; `read` calls it.

mod declaration;
mod schema_path;

pub(crate) use declaration::{Declaration, read};
