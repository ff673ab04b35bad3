//! All operations of the HoopAI Platform as data: method, path, parameters, bodies and replies as
//! schemas, paging, effects, tokens and documentation. The data is generated from the same sources
//! as the client, so both agree.
//!
//! The list of operations is part of the program and costs nothing. The description of a module is
//! compressed, and read when an operation of the module is first looked up.
//!
//! ```
//! use hoopai_catalogue::{Effect, Values, find};
//! use serde_json::json;
//!
//! let operation = find("contacts.upsert")?;
//! assert_eq!(operation.key(), "contacts.upsert_contact");
//! assert_eq!(operation.entry.effect, Effect::Write);
//!
//! let values = Values {
//!     body: Some(json!({ "fristName": "Jane", "tags": "vip" })),
//!     has_location: true,
//!     ..Values::default()
//! };
//! let problems: Vec<String> = operation
//!     .validate(&values)
//!     .iter()
//!     .map(ToString::to_string)
//!     .collect();
//! assert_eq!(
//!     problems,
//!     [
//!         "`fristName` is not declared by the operation; did you mean `firstName`?",
//!         "`tags` must be a list of text, not text",
//!     ],
//! );
//! # Ok::<(), hoopai_catalogue::UnknownOperation>(())
//! ```
//!
//! | to | use |
//! |---|---|
//! | list modules and operations | [`modules`], [`Module::entries`] |
//! | find an operation | [`find`], [`route`], [`by_id`], [`search`] |
//! | validate a request | [`Operation::validate`] |
//! | convert the text of a flag | [`FieldPath`], [`Schema::at`], [`Schema::parse`] |
//! | describe an operation | [`Operation::explain`] |
//! | call an operation with the client | `Operation::call` (feature `runtime`) |

#[cfg(feature = "runtime")]
mod client;
mod closest;
mod entry;
mod explain;
mod field_path;
mod formats;
mod load;
mod lookup;
mod module;
mod modules;
mod operation;
mod parse;
mod problem;
mod schema;
mod search;
mod validate;

pub use closest::closest;
pub use entry::{Effect, Entry, Method};
pub use explain::{Explanation, Row};
pub use field_path::{FieldPath, ParsePathError, Step};
pub use lookup::{UnknownOperation, by_id, find, methods, module, modules, route};
pub use module::Module;
pub use operation::{
    Body, BodyKind, Cursor, Location, Operation, PageParameter, PageSize, PageStrategy, Paging,
    Parameter, Part, Place, Reply,
};
pub use problem::{Problem, ProblemKind};
pub use schema::{Field, Kind, Schema};
pub use search::{Hit, search};
pub use validate::Values;
