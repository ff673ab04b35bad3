//! Stage: reads the event files of `specs/webhooks/events` and assembles one interface document of
//! them, on which the stages of modules run.
//! Belongs here: the form of event files, and everything that differs between events and operations.
//! May depend on the leaf modules only.

mod document;
mod file;
mod fixture;
mod mock_table;

pub(crate) use document::assemble;
pub use file::strip_event;
pub(crate) use file::{EventFile, Evidence, read_all};
pub(crate) use fixture::fixture;
pub(crate) use mock_table::mock_table;
