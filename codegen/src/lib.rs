//! Generates the source of the module crates from the platform's interface files. Pure: no network,
//! no files, no clock.
//!
//! The stages, each a module:
//!
//! 1. `source`: [`strip`] converts a downloaded file to OpenAPI 3.0 ([`conversion_notes`]), reduces
//!    it to interface facts, and corrects types that contradict their own examples
//!    ([`example_mismatches`]). The result is `specs/<module>/openapi.json`.
//! 2. `overlay`: applies our corrections, OpenAPI Overlay 1.0, from `specs/<module>/overlay.yaml`.
//! 3. `normalise`: named passes, each against a kind of fault that recurs. The result is the
//!    *effective document*.
//! 4. `documentation`: adds our texts, from `specs/<module>/documentation.yaml`, to a copy of it.
//! 5. `read`, with `paging`: reads the operations into the operation `model`, once.
//! 6. `schema`: resolves schemas to named types; equal types are shared.
//! 7. `rust_types`: progenitor turns them into Rust types.
//! 8. `emit`: writes types, builders and the operation table as a crate.
//!
//! `events` assembles the files of webhook events into one document, on which [`generate_events`] runs
//! stages 2 to 8.
//!
//! [`generate`] runs stages 2 to 8; [`export`] makes a document for other OpenAPI tools from the
//! result of stage 4; [`diff`] compares two results of stage 1, and [`compare_crates`] the Rust API
//! of two results of stage 8. Every error is a
//! [`FileError`]: the file, the JSON pointer in it, the problem and the remedy.

mod attention;
mod changes;
mod diff;
mod documentation;
mod edit;
mod emit;
mod error;
mod events;
mod export;
mod findings;
mod floats;
mod formats;
mod generate;
mod json;
mod model;
mod modules;
mod names;
mod normalise;
mod openapi;
mod overlay;
mod paging;
mod read;
mod recovery;
mod report;
mod rust_types;
mod schema;
mod sibling_texts;
mod source;
mod text;

pub use attention::{Attention, Edit, Renamed};
pub use changes::{
    ApiChange, Aspect, Bump, ChangeReport, Item, ModuleChanges, ModuleStatus, compare_crates,
};
pub use diff::{Change, ChangeKind, diff};
pub use documentation::SourceText;
pub use edit::apply_edits;
pub use emit::facade;
pub use error::FileError;
pub use events::strip_event;
pub use generate::{
    Effective, EventSources, Generated, GeneratedEvents, Sources, effective, export, generate,
    generate_events,
};
pub use modules::{MODULES_FILE, Module, parse_modules};
pub use read::Moments;
pub use report::{Documented, ModuleReport, Share};
pub use schema::RejectedName;
pub use source::{
    ConversionNote, ExampleMismatch, conversion_notes, example_mismatches, external_references,
    is_supported_version, redacted_reference, strip, strip_tolerantly,
};
pub use text::{escape_invisible, escape_invisible_json, is_invisible};
