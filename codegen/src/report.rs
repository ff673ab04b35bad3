//! What can be said of a module in figures.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::lower::{self, Lowered};
use crate::table::{BodyKind, Operation};

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
    /// The operations into which the client fills the default location by itself, by name, each with where and the evidence.
    /// It fills in nothing else.
    pub automatic: BTreeMap<String, String>,
    /// The operations that are errors before they are sent if a value is missing, by name, each with the values and the
    /// evidence. Path parameters, without which there is no URL, are not listed.
    pub enforced: BTreeMap<String, String>,
    /// The operations that are not idempotent, by name, each with the reason.
    pub not_idempotent: BTreeMap<String, String>,
    /// The operations of which nothing says whether they are idempotent, by name: gaps. They count as not idempotent.
    pub idempotence_undeclared: Vec<String>,
    /// How many actions the overlay has.
    pub overlay_actions: usize,
    /// What each pass changed, in the order of the passes; passes that found nothing are there with 0.
    pub passes: Vec<(String, usize)>,
    /// How much of it has words.
    pub documented: Documented,
    /// How many models it has.
    pub models: usize,
    /// How many enums it has.
    pub enums: usize,
    /// Lines of generated Rust.
    pub lines: usize,
}

/// How much of what its users meet has documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Documented {
    /// Operations.
    pub operations: Share,
    /// Parameters in path, query and header.
    pub parameters: Share,
    /// Fields of what requests send, each once.
    pub request_fields: Share,
}

/// So many of so many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// How many have documentation.
    pub done: usize,
    /// How many there are.
    pub all: usize,
    /// The names of the others.
    pub lacking: Vec<String>,
}

impl Share {
    fn count(&mut self, name: impl FnOnce() -> String, words: Option<&String>) {
        self.all += 1;
        match words {
            Some(_) => self.done += 1,
            None => self.lacking.push(name()),
        }
    }
}

/// Where the default location goes, and why.
pub(crate) fn automatic(operation: &Operation) -> Option<String> {
    let location = operation.location.as_ref()?;
    let with = if location.alt_type {
        " and `altType`"
    } else {
        ""
    };
    Some(format!(
        "`{}`{with} in the {}; {}",
        location.name,
        location.place.to_lowercase(),
        location.evidence
    ))
}

/// What a call may not lack, and why.
pub(crate) fn enforced(operation: &Operation) -> Option<String> {
    let location = operation.location.as_ref();
    let location = location.filter(|location| location.required && location.place != "Path");
    let location = location.map(|location| format!("`{}`: {LOCATION_EVIDENCE}", location.name));
    let others = operation.enforced.iter();
    let others = others.map(|enforced| format!("`{}`: {}", enforced.path, enforced.evidence));
    let all: Vec<String> = location.into_iter().chain(others).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// Why a location is required that the file or an overlay declares as required.
const LOCATION_EVIDENCE: &str =
    "the platform answers 401 to a call whose location is missing (public reports)";

impl Documented {
    pub(crate) fn of(operations: &[Operation], lowered: &Lowered, document: &Value) -> Self {
        let mut of = Documented::default();
        let mut queue = Vec::new();
        for operation in operations {
            let name = &operation.name;
            of.operations
                .count(|| name.clone(), operation.summary.as_ref());
            for parameter in &operation.parameters {
                of.parameters.count(
                    || format!("{name}.{}", parameter.wire),
                    parameter.description.as_ref(),
                );
            }
            for part in lower::parts(document, operation) {
                of.request_fields.count(
                    || format!("{name}.{}", part.wire),
                    part.description.as_ref(),
                );
            }
            let multipart = |body: &crate::table::Body| body.kind == BodyKind::Multipart;
            if !operation.body.as_ref().is_some_and(multipart) {
                queue.extend(lowered.request_model(operation));
            }
        }
        for name in lowered.reached(queue) {
            for field in lowered
                .structs
                .get(&name)
                .into_iter()
                .flat_map(|shape| shape.fields.values())
            {
                of.request_fields.count(
                    || format!("{name}.{}", field.wire),
                    field.description.as_ref(),
                );
            }
        }
        of.request_fields.lacking.sort();
        of
    }
}
