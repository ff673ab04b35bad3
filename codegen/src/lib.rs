//! From the platform's interface files to the source of the module crates. Pure: no network, no clock, no files.
//!
//! The road of a file:
//!
//! 1. [`distil`]: a downloaded file becomes the interface facts in it, and where a type contradicts its own example the
//!    example is believed ([`contradictions`]). That is what `specs/<module>/openapi.json` holds.
//! 2. overlay: our corrections, OpenAPI Overlay 1.0, from `specs/<module>/overlay.yaml`.
//! 3. normalise: named passes, each against a kind of fault that recurs. What comes out is the effective document.
//! 4. documentation: our words, from `specs/<module>/documentation.yaml`, are laid over a copy of it.
//! 5. table: the operations are read, once.
//! 6. lower: schemas become plain, what recurs becomes one type.
//! 7. generator: progenitor turns the plain document into Rust types.
//! 8. emit: types, builders and the operation table are written as a crate.
//!
//! [`generate`] does 2 to 8. Every error is a [`Fault`]: the file, the JSON pointer in it, and what to do.

mod boxing;
mod diff;
mod distil;
mod documentation;
mod emit;
mod enforced;
mod examples;
mod fault;
mod generator;
mod hidden;
mod idempotence;
mod json;
mod location;
mod lower;
mod modules;
mod names;
mod normalise;
mod outside;
mod overlay;
mod paging;
mod places;
mod report;
mod table;

use std::collections::BTreeMap;

use serde_json::Value;

pub use diff::{Change, ChangeKind, diff};
pub use distil::distil;
pub use documentation::Text;
pub use emit::facade::facade;
pub use examples::{Contradiction, contradictions};
pub use fault::Fault;
pub use hidden::{escaped_json, is_hidden, visible};
pub use modules::{MODULES_FILE, Module, parse_modules};
pub use outside::{outside_references, shown_reference};
pub use report::{Documented, ModuleReport, Share};

use fault::At;
use generator::Type;
use idempotence::Idempotence;

/// What one module's interface makes.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The files of its crate: path from the crate's folder, content.
    pub files: BTreeMap<String, String>,
    /// The effective document: the distilled file, its overlay applied, its recurrent faults repaired.
    pub effective: Value,
    /// The same, with our documentation in it.
    pub documented: Value,
    /// Figures.
    pub report: ModuleReport,
    /// The effective document in which every operation has the name of its method (`x-hoopai-name`).
    named: Value,
}

impl Generated {
    /// The file from which the mock server reads the module's interface: path from the workspace's root, and the effective
    /// document on one line. Every operation has `x-hoopai-name`, the name of its method.
    pub fn interface(&self) -> (String, String) {
        let path = format!("{}/{}.json", emit::facade::INTERFACES, self.report.module);
        (path, format!("{}\n", escaped_json(&self.named.to_string())))
    }
}

/// The effective document of a module: its distilled file, the overlay applied, recurrent faults repaired.
#[derive(Clone, Debug)]
pub struct Effective {
    /// The document: valid OpenAPI 3.0.
    pub document: Value,
    /// How many actions the overlay has.
    pub overlay_actions: usize,
    /// What each pass changed, in the order of the passes.
    pub passes: Vec<(String, usize)>,
}

/// Makes the effective document of a module.
pub fn effective(
    spec_file: &str,
    spec: &[u8],
    overlay_file: &str,
    overlay: Option<&str>,
) -> Result<Effective, Fault> {
    on_deep_stack(|| repair(spec_file, spec, overlay_file, overlay), spec_file)
}

fn repair(
    spec_file: &str,
    spec: &[u8],
    overlay_file: &str,
    overlay: Option<&str>,
) -> Result<Effective, Fault> {
    let mut document = overlay::read(spec_file, spec)?;
    let overlay_actions = match overlay {
        Some(text) => overlay::apply(&mut document, overlay_file, text)?,
        None => 0,
    };
    let passes = normalise::run(&mut document, &At::root(spec_file))?;
    json::sort(&mut document);
    Ok(Effective {
        document,
        overlay_actions,
        passes,
    })
}

/// What a crate is made of.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The distilled file, as errors name it.
    pub spec_file: &'a str,
    /// What it holds.
    pub spec: &'a [u8],
    /// The module's overlay.
    pub overlay: Option<Text<'a>>,
    /// The module's documentation.
    pub documentation: Option<Text<'a>>,
    /// What means the same in all modules.
    pub common: Option<Text<'a>>,
}

/// Turns a distilled file, its overlay and its documentation into a crate. The same input gives the same bytes; no input
/// makes it panic.
pub fn generate(module: &Module, sources: &Sources<'_>) -> Result<Generated, Fault> {
    on_deep_stack(|| build(module, sources), sources.spec_file)
}

/// Schemas refer to schemas, and following them recurses: ours to a limit, the generator's without one. A stack of its own,
/// of which only what is used is ever taken, keeps a hostile file from ending the process.
fn on_deep_stack<T: Send>(
    work: impl FnOnce() -> Result<T, Fault> + Send,
    file: &str,
) -> Result<T, Fault> {
    const STACK: usize = 256 * 1024 * 1024;
    let fault = |problem: &str| At::root(file).fault(problem, "report it with the file");
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("codegen".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, work);
        match thread.map(|thread| thread.join()) {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(fault("generating gave up")),
            Err(_) => Err(fault("there was no thread to be had for generating")),
        }
    })
}

fn build(module: &Module, sources: &Sources<'_>) -> Result<Generated, Fault> {
    let at = At::root(sources.spec_file);
    let Effective {
        document: effective,
        overlay_actions,
        mut passes,
    } = repair(
        sources.spec_file,
        sources.spec,
        sources.overlay.map_or("", |overlay| overlay.file),
        sources.overlay.map(|overlay| overlay.text),
    )?;
    let mut documented = effective.clone();
    documentation::apply(&mut documented, sources.documentation, sources.common)?;
    json::sort(&mut documented);
    let operations = table::read(&documented, &at)?;
    let lowered = lower::lower(&documented, &operations);
    let mut types = generator::run(&lowered, &at)?;
    boxing::large_fields(&mut types);
    passes.extend(
        lowered
            .counts
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count)),
    );
    let input = emit::Input {
        module,
        document: &documented,
        operations: &operations,
        lowered: &lowered,
        types: &types,
    };
    let files = emit::files(&input, &at)?;

    let names = |wanted: &dyn Fn(&table::Operation) -> bool| -> Vec<String> {
        operations
            .iter()
            .filter(|operation| wanted(operation))
            .map(|operation| operation.name.clone())
            .collect()
    };
    let open = |operation: &table::Operation| {
        let reply = types
            .operations
            .get(&names::builder(&operation.name))
            .and_then(|types| types.reply.as_ref());
        matches!(operation.reply, table::Reply::Json(_)) && !reply.is_some_and(Type::is_typed)
    };
    if let Some(operation) = operations
        .iter()
        .find(|operation| operation.untyped.is_some() && !open(operation))
    {
        let paths_at = at.key("paths");
        return Err(paths_at.key(&operation.path).key(&operation.method).fault(
            "`x-hoopai-untyped` says that nothing is known of its reply, which has a type by now",
            "delete that action of the module's overlay",
        ));
    }
    let untyped = names(&|operation| open(operation) && operation.untyped.is_none());
    let reasons = |of: &dyn Fn(&table::Operation) -> Option<String>| -> BTreeMap<String, String> {
        operations
            .iter()
            .filter_map(|operation| Some((operation.name.clone(), of(operation)?)))
            .collect()
    };
    let typed = operations
        .iter()
        .filter(|operation| !open(operation))
        .count();
    let report = ModuleReport {
        module: module.name.clone(),
        operations: operations.len(),
        typed,
        untyped,
        untyped_by_decision: reasons(&|operation| operation.untyped.clone()),
        documented_only: names(&|operation| operation.documented_only),
        multipart: names(&|operation| {
            operation
                .body
                .as_ref()
                .is_some_and(|body| body.kind == table::BodyKind::Multipart)
        }),
        paged: reasons(&|operation| operation.paging.as_ref().map(paging::Paging::style)),
        unpaged: reasons(&|operation| operation.unpaged.clone()),
        automatic: reasons(&report::automatic),
        enforced: reasons(&report::enforced),
        not_idempotent: reasons(&|operation| match &operation.idempotence {
            Idempotence::Not(reason) => Some(reason.clone()),
            _ => None,
        }),
        idempotence_undeclared: names(&|operation| {
            operation.idempotence == Idempotence::Undeclared
        }),
        overlay_actions,
        passes,
        documented: report::Documented::of(&operations, &lowered, &documented),
        models: lowered.structs.len(),
        enums: lowered.enums.len(),
        lines: files
            .iter()
            .filter(|(path, _)| path.ends_with(".rs"))
            .map(|(_, text)| text.lines().count())
            .sum(),
    };
    Ok(Generated {
        files,
        named: with_names(&effective, &operations),
        effective,
        documented,
        report,
    })
}

/// A copy of the document in which every operation has the name of its method.
fn with_names(document: &Value, operations: &[table::Operation]) -> Value {
    let mut named = document.clone();
    for operation in operations {
        let fields = named
            .get_mut("paths")
            .and_then(|paths| paths.get_mut(&operation.path)?.get_mut(&operation.method))
            .and_then(Value::as_object_mut);
        if let Some(fields) = fields {
            fields.insert("x-hoopai-name".to_owned(), operation.name.as_str().into());
        }
    }
    json::sort(&mut named);
    named
}
