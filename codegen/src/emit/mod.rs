//! Stage: writes module crates, the facade's module list, the catalogue, and the test tables.
//! Belongs here: the text of generated files. They are data for macros of the runtime.
//! May depend on the model, `schema` and `rust_types`; decides no facts.

mod catalogue;
mod client;
mod events;
mod example;
mod input;
mod models;
mod module_crate;
mod operation_table;
mod test_table;
mod workspace;

pub(crate) use catalogue::catalogue_files;
pub(crate) use events::event_files;
pub(crate) use input::Input;
pub(crate) use module_crate::files;
pub(crate) use test_table::test_table;
pub use workspace::facade;
pub(crate) use workspace::interface_file;
