//! Stage: writes module crates, the facade's module list, and the test tables.
//! Belongs here: the text of generated files, which are data; macros of the runtime are the behaviour.
//! May depend on the model, `schema` and `rust_types`; decides no facts.

mod client;
mod input;
mod models;
mod module_crate;
mod operation_table;
mod test_table;
mod workspace;

pub(crate) use input::Input;
pub(crate) use module_crate::files;
pub(crate) use test_table::test_table;
pub use workspace::facade;
pub(crate) use workspace::interface_file;
