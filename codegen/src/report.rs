//! What can be said of a module in figures.

use std::collections::BTreeMap;

use serde::Serialize;

/// One module's figures, as `cargo xtask report` prints them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModuleReport {
    /// The module's name.
    pub module: String,
    /// How many operations it has.
    pub operations: usize,
    /// How many of them have a typed reply (or none, or a file).
    pub typed: usize,
    /// The operations whose reply may be any JSON although nobody decided so, by name: gaps.
    pub untyped: Vec<String>,
    /// The operations whose reply is left open on purpose, by name, each with the reason.
    pub untyped_by_decision: BTreeMap<String, String>,
    /// The operations that no interface file has, by name: HoopAI documents them.
    pub documented_only: Vec<String>,
    /// The operations that upload, by name.
    pub multipart: Vec<String>,
    /// The operations that page, by name, each with what moves from page to page.
    pub paged: BTreeMap<String, String>,
    /// The operations that look as if they paged and do not, by name, each with the reason.
    pub unpaged: BTreeMap<String, String>,
    /// How many actions the overlay has.
    pub overlay_actions: usize,
    /// What each pass changed, in the order of the passes; passes that found nothing are there with 0.
    pub passes: Vec<(String, usize)>,
    /// How many models it has.
    pub models: usize,
    /// How many enums it has.
    pub enums: usize,
    /// Lines of generated Rust.
    pub lines: usize,
}
