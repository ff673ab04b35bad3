//! Runs the stages from a stripped interface file to a crate.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::attention::{Attention, operation_path};
use crate::documentation::{self, SourceText, TextSources};
use crate::emit;
use crate::error::{FileError, SourcePointer, escape_token};
use crate::events::{self, Evidence};
use crate::export as exporter;
use crate::findings::{self, Finding};
use crate::floats::floats;
use crate::json;
use crate::model::Operation;
use crate::modules::Module;
use crate::normalise;
use crate::openapi::METHODS;
use crate::overlay::{self, Action};
use crate::read;
use crate::recovery::{RECOVERY_LIMIT, recover};
use crate::report::{self, ModuleReport};
use crate::rust_types::{RustTypes, rust_types};
use crate::schema::{NAME_EXTENSION, ResolvedTypes, chosen_names, resolve_types};
use crate::sibling_texts::misplaced_texts;
use crate::text::escape_invisible_json;

/// The stack of the generating thread. Only the part in use takes memory.
const STACK_SIZE: usize = 256 * 1024 * 1024;

/// The files and figures that are generated from one module's interface.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The files of its crate: path from the crate's folder, content.
    pub files: BTreeMap<String, String>,
    /// Generated files outside of the crate: path from the workspace's root, content. The mock
    /// server reads the effective document with the names of the methods (`x-hoopai-name`), the
    /// workspace's tests include the table of operations, the catalogue contains the compressed
    /// description of the module and the list of its operations.
    pub workspace_files: BTreeMap<String, Vec<u8>>,
    /// The effective document: the stripped file with its overlay and the passes applied.
    pub effective: Value,
    /// The effective document with our documentation.
    pub documented: Value,
    /// The operation id for the name of each method.
    pub operation_ids: BTreeMap<String, String>,
    /// The types and methods by path in the crate: `types::Contact`, `Client::get_contact`. Each has
    /// the JSONPath of the schema or operation from which its name follows, or `None` if the overlay
    /// chose the name.
    pub named: BTreeMap<String, Option<String>>,
    /// Figures.
    pub report: ModuleReport,
    /// Deviations between the platform's file and our data, which people should settle.
    pub attention: Vec<Attention>,
}

/// The effective document of a module: the stripped file with its overlay and the passes applied.
#[derive(Clone, Debug)]
pub struct Effective {
    /// The document: valid OpenAPI 3.0.
    pub document: Value,
    /// The number of the overlay's actions.
    pub overlay_actions: usize,
    /// The number of changes of each pass, in the order of the passes.
    pub passes: Vec<(String, usize)>,
    /// Deviations between the platform's file and the overlay.
    pub attention: Vec<Attention>,
}

/// Makes the effective document of a module.
pub fn effective(
    spec_file: &str,
    spec: &[u8],
    overlay_file: &str,
    overlay: Option<&str>,
) -> Result<Effective, FileError> {
    let overlay = overlay.map(|text| SourceText {
        file: overlay_file,
        text,
    });
    with_large_stack(|| apply_corrections(spec_file, spec, overlay), spec_file)
}

fn apply_corrections(
    spec_file: &str,
    spec: &[u8],
    overlay: Option<SourceText<'_>>,
) -> Result<Effective, FileError> {
    let mut corrected = Corrected::read(spec_file, spec, overlay)?;
    let effective = corrected.recovering(spec_file, Corrected::effective)?;
    Ok(Effective {
        attention: corrected.attention,
        ..effective
    })
}

/// A stripped file with its overlay applied.
struct Corrected {
    document: Value,
    actions: Vec<Action>,
    attention: Vec<Attention>,
}

impl Corrected {
    fn read(
        spec_file: &str,
        spec: &[u8],
        overlay: Option<SourceText<'_>>,
    ) -> Result<Self, FileError> {
        let mut document = json::parse(spec_file, spec)?;
        json::object(&document, &SourcePointer::root(spec_file), "the document")?;
        let mut attention = Vec::new();
        let actions = match overlay {
            Some(SourceText { file, text }) => {
                overlay::apply(&mut document, file, text, &mut attention)?
            }
            None => Vec::new(),
        };
        Ok(Self {
            document,
            actions,
            attention,
        })
    }

    /// Runs `stage`. If a part of the file makes it fail, leaves that part out and runs it again.
    fn recovering<T>(
        &mut self,
        spec_file: &str,
        stage: impl Fn(&Self, &SourcePointer<'_>) -> Result<T, FileError>,
    ) -> Result<T, FileError> {
        let at = SourcePointer::root(spec_file);
        for _ in 0..RECOVERY_LIMIT {
            let error = match stage(self, &at) {
                Ok(done) => return Ok(done),
                Err(error) if error.file == spec_file => error,
                Err(error) => return Err(error),
            };
            match recover(&mut self.document, &error.pointer) {
                Some(done) => {
                    let edit = overlay::withdrawal(&self.actions, &error.pointer);
                    self.attention.push(Attention::new(error, done, edit));
                }
                None if self.leave_out_operations(spec_file, &stage) => {}
                None => return Err(error),
            }
        }
        Err(at.error(
            format!("more than {RECOVERY_LIMIT} parts of it cannot be read"),
            "fetch the file again",
        ))
    }

    /// Leaves out the operations for which `stage` fails at no part of the file that can be left
    /// out, although each is the only one. Returns whether there are any.
    fn leave_out_operations<T>(
        &mut self,
        spec_file: &str,
        stage: &impl Fn(&Self, &SourcePointer<'_>) -> Result<T, FileError>,
    ) -> bool {
        let at = SourcePointer::root(spec_file);
        let (all, mut failing) = (operations(&self.document), Vec::new());
        for (path, method) in &all {
            let mut alone = Self {
                document: with_one_operation(&self.document, path, method),
                actions: Vec::new(),
                attention: Vec::new(),
            };
            // The other parts of the file stay, so they fail for each operation.
            for _ in 0..RECOVERY_LIMIT {
                match stage(&alone, &at) {
                    Ok(_) => break,
                    Err(error) if recover(&mut alone.document, &error.pointer).is_some() => {}
                    Err(error) => {
                        failing.push((path.clone(), method.clone(), error));
                        break;
                    }
                }
            }
        }
        // An error of every operation is one of the file.
        if failing.len() == all.len() {
            return false;
        }
        let any = !failing.is_empty();
        for (path, method, error) in failing {
            let pointer = format!("/paths/{}/{method}", escape_token(&path));
            if let Some(done) = recover(&mut self.document, &pointer) {
                let error = FileError { pointer, ..error };
                self.attention.push(Attention::new(error, done, None));
            }
        }
        any
    }

    fn effective(&self, at: &SourcePointer<'_>) -> Result<Effective, FileError> {
        let mut document = self.document.clone();
        let passes = normalise::run(&mut document, at)?;
        json::sort(&mut document);
        Ok(Effective {
            document,
            overlay_actions: self.actions.len(),
            passes,
            attention: Vec::new(),
        })
    }
}

/// The paths and methods of a document's operations.
fn operations(document: &Value) -> Vec<(String, String)> {
    let paths = document.get("paths").and_then(Value::as_object);
    let paths = paths.into_iter().flatten();
    let operations = paths.flat_map(|(path, item)| {
        let methods = METHODS.iter().filter(|method| item.get(method).is_some());
        methods.map(|method| (path.clone(), (*method).to_owned()))
    });
    operations.collect()
}

/// The document with one of its operations.
fn with_one_operation(document: &Value, path: &str, method: &str) -> Value {
    let mut alone = document.clone();
    if let Some(paths) = alone.get_mut("paths").and_then(Value::as_object_mut) {
        paths.retain(|other, _| other == path);
        if let Some(item) = paths.get_mut(path).and_then(Value::as_object_mut) {
            item.retain(|key, _| key == method || !METHODS.contains(&key.as_str()));
        }
    }
    alone
}

/// The input from which a crate is generated.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The stripped file, as errors name it.
    pub spec_file: &'a str,
    /// The content of the stripped file.
    pub spec: &'a [u8],
    /// The module's overlay.
    pub overlay: Option<SourceText<'a>>,
    /// The module's documentation.
    pub documentation: Option<SourceText<'a>>,
    /// The documentation that applies to all modules.
    pub common: Option<SourceText<'a>>,
}

/// Generates a crate from a stripped file, its overlay and its documentation. Equal input gives
/// equal bytes.
pub fn generate(module: &Module, sources: &Sources<'_>) -> Result<Generated, FileError> {
    with_large_stack(|| run_stages(module, sources), sources.spec_file)
}

/// Runs `work` on a thread with a large stack, because schemas nest and refer to each other: our
/// recursion is limited, that of progenitor is not. A hostile file must not overflow the stack of
/// the process.
fn with_large_stack<T: Send>(
    work: impl FnOnce() -> Result<T, FileError> + Send,
    file: &str,
) -> Result<T, FileError> {
    let failed =
        |problem: &str| SourcePointer::root(file).error(problem, "report it with the file");
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("codegen".to_owned())
            .stack_size(STACK_SIZE)
            .spawn_scoped(scope, work);
        match thread.map(|thread| thread.join()) {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(failed("code generation panicked")),
            Err(_) => Err(failed("no thread could be started for code generation")),
        }
    })
}

/// The input from which the events of webhooks are generated.
#[derive(Clone, Copy, Debug)]
pub struct EventSources<'a> {
    /// The event files: name and content.
    pub events: &'a [(String, Vec<u8>)],
    /// The schema of the fields that all events have: name and content of the file.
    pub envelope: (&'a str, &'a [u8]),
    /// The overlay of the document of all events.
    pub overlay: Option<SourceText<'a>>,
    /// The documentation.
    pub documentation: Option<SourceText<'a>>,
}

/// The files and figures that are generated from the event files.
#[derive(Clone, Debug)]
pub struct GeneratedEvents {
    /// The generated files: path from the workspace's root, content.
    pub files: BTreeMap<String, String>,
    /// The number of events, by the evidence of their `type`: observed, in an example, assumed.
    pub evidence: [usize; 3],
    /// Figures, as of a module whose operations are the events.
    pub report: ModuleReport,
    /// Deviations between the event files and our data, which people should settle.
    pub attention: Vec<Attention>,
}

/// Generates the models and the enum of webhook events. Equal input gives equal bytes.
pub fn generate_events(sources: &EventSources<'_>) -> Result<GeneratedEvents, FileError> {
    with_large_stack(|| run_event_stages(sources), sources.envelope.0)
}

fn run_event_stages(sources: &EventSources<'_>) -> Result<GeneratedEvents, FileError> {
    /// The assembled document in errors.
    const DOCUMENT: &str = "specs/webhooks";
    const MOCK_EVENTS: &str = "crates/hoopai-mock/webhooks.json";
    let files = events::read_all(sources.events)?;
    let (envelope_file, envelope) = sources.envelope;
    let document = events::assemble(&files, &json::parse(envelope_file, envelope)?);
    let module = Module {
        name: "webhooks".to_owned(),
        product: "Webhooks".to_owned(),
        aliases: Vec::new(),
        github: None,
        default: false,
        deprecated: false,
    };
    let document = json::to_bytes(document);
    let corrected = Corrected::read(DOCUMENT, &document, sources.overlay)?;
    let at = SourcePointer::root(DOCUMENT);
    let mut stages = Stages::run(corrected.effective(&at)?, sources.documentation, None, &at)?;
    stages.attention.splice(0..0, corrected.attention);
    let input = stages.input(&module);
    let mut emitted = emit::event_files(&input, &files)?;
    emitted.insert(MOCK_EVENTS.to_owned(), events::mock_table(&files));
    let count = |evidence: Evidence| {
        let best = files.iter().filter_map(|event| event.types.values().min());
        best.filter(|best| **best == evidence).count()
    };
    let report = stages.report(&input, &emitted);
    let findings = stages.findings(&report, &at).into_iter();
    let mut attention = stages.attention.clone();
    attention.extend(findings.map(|finding| finding.entry));
    Ok(GeneratedEvents {
        evidence: [Evidence::Observed, Evidence::Example, Evidence::Assumed].map(count),
        report,
        files: emitted,
        attention,
    })
}

fn run_stages(module: &Module, sources: &Sources<'_>) -> Result<Generated, FileError> {
    let mut corrected = Corrected::read(sources.spec_file, sources.spec, sources.overlay)?;
    let (mut generated, mut findings) = corrected
        .recovering(sources.spec_file, |corrected, at| {
            generate_effective(module, sources, corrected.effective(at)?, at)
        })?;
    corrected.attention.append(&mut generated.attention);
    if !findings.is_empty() {
        findings::propose(&mut findings, &corrected.document, |document| {
            findings_of(document, module, sources)
        });
        let spec = json::parse(sources.spec_file, sources.spec)?;
        let overlay_file = sources.overlay.map(|overlay| overlay.file);
        for mut entry in findings.into_iter().map(|finding| finding.entry) {
            if entry.file == sources.spec_file {
                findings::place(&mut entry, &spec, &corrected.document, overlay_file);
            }
            corrected.attention.push(entry);
        }
    }
    corrected.attention.extend(module.attention());
    generated.attention = corrected.attention;
    Ok(generated)
}

/// The problems of a document that do not stop generation, or `None` if something else does.
fn findings_of(document: Value, module: &Module, sources: &Sources<'_>) -> Option<Vec<String>> {
    let at = SourcePointer::root(sources.spec_file);
    let corrected = Corrected {
        document,
        actions: Vec::new(),
        attention: Vec::new(),
    };
    let effective = corrected.effective(&at).ok()?;
    let (_, findings) = generate_effective(module, sources, effective, &at).ok()?;
    let problems = findings.into_iter().map(|finding| finding.entry.problem);
    Some(problems.collect())
}

fn generate_effective(
    module: &Module,
    sources: &Sources<'_>,
    effective: Effective,
    at: &SourcePointer<'_>,
) -> Result<(Generated, Vec<Finding>), FileError> {
    let stages = Stages::run(effective, sources.documentation, sources.common, at)?;
    report::check_untyped(&stages.operations, &stages.types, at)?;
    let input = stages.input(module);
    let files = emit::files(&input)?;
    let interface = with_names(&stages.effective.document, &stages.operations);
    let interface = format!("{}\n", escape_invisible_json(&interface.to_string()));
    let (table_file, table) = emit::test_table(&input);
    let mut workspace_files = emit::catalogue_files(&input);
    workspace_files.insert(emit::interface_file(&module.name), interface.into_bytes());
    workspace_files.insert(table_file, table.into_bytes());
    let report = stages.report(&input, &files);
    let findings = stages.findings(&report, at);
    let generated = Generated {
        workspace_files,
        report,
        named: stages.named(),
        files,
        effective: stages.effective.document,
        operation_ids: stages
            .operations
            .into_iter()
            .map(|operation| (operation.name, operation.id))
            .collect(),
        documented: stages.documented,
        attention: stages.attention,
    };
    Ok((generated, findings))
}

/// Makes the document of a module for other OpenAPI tools: OpenAPI 3.0, with tags, examples and
/// texts that do not refer to the Rust client. Equal input gives equal documents.
pub fn export(module: &Module, generated: &Generated) -> Result<Value, FileError> {
    let file = format!("the exported document of {}", module.name);
    let export = || {
        let (documented, ids) = (&generated.documented, &generated.operation_ids);
        Ok(exporter::document(module, documented, ids))
    };
    with_large_stack(export, &file)
}

/// The results of the stages before `emit`.
struct Stages {
    effective: Effective,
    documented: Value,
    operations: Vec<Operation>,
    resolved: ResolvedTypes,
    types: RustTypes,
    /// Where the texts of `documented` are written.
    texts: TextSources,
    attention: Vec<Attention>,
}

impl Stages {
    fn run(
        effective: Effective,
        documentation: Option<SourceText<'_>>,
        common: Option<SourceText<'_>>,
        at: &SourcePointer<'_>,
    ) -> Result<Self, FileError> {
        let mut attention = Vec::new();
        let mut documented = effective.document.clone();
        let texts = documentation::apply(&mut documented, documentation, common, &mut attention)?;
        json::sort(&mut documented);
        let operations = read::operations(&documented, at, &mut attention)?;
        let resolved = resolve_types(&documented, &operations, at, &mut attention)?;
        let types = rust_types(&resolved, at)?;
        Ok(Self {
            effective,
            documented,
            operations,
            resolved,
            types,
            texts,
            attention,
        })
    }

    /// What the report has as undecided, or as a violation of a rule of names and texts.
    fn findings(&self, report: &ModuleReport, at: &SourcePointer<'_>) -> Vec<Finding> {
        let (document, resolved) = (&self.effective.document, &self.resolved);
        let mut found = Vec::new();
        if !report.fractions_without_reason.is_empty() {
            let floats = floats(&self.operations, resolved);
            let undecided = floats.iter().filter(|float| float.reason.is_none());
            found.extend(undecided.map(|float| Finding::of_float(float, document, at)));
        }
        let moments = report.moments.untyped.iter();
        found.extend(moments.map(|pointer| Finding::of_moment(pointer, at)));
        if !report.misplaced_texts.is_empty() {
            let misplaced = misplaced_texts(resolved);
            let texts = misplaced.iter();
            let documented = &self.documented;
            found.extend(
                texts.map(|text| Finding::of_text(text, resolved, documented, &self.texts, at)),
            );
        }
        let rejected = report.rejected_names.iter();
        found.extend(rejected.map(|name| Finding::of_name(name, document, at)));
        found
    }

    fn input<'a>(&'a self, module: &'a Module) -> emit::Input<'a> {
        emit::Input {
            module,
            document: &self.documented,
            operations: &self.operations,
            resolved: &self.resolved,
            types: &self.types,
        }
    }

    /// The named items of the crate and from where their names follow.
    fn named(&self) -> BTreeMap<String, Option<String>> {
        let document = &self.effective.document;
        let chosen = chosen_names(document);
        let structs = self.resolved.structs.iter();
        let structs = structs.map(|(name, item)| (name, &item.origin));
        let enums = self.resolved.enums.iter();
        let types = structs.chain(enums.map(|(name, item)| (name, &item.origin)));
        let types = types.map(|(name, origin)| {
            let path = (!chosen.contains(name.as_str())).then(|| origin.path().to_owned());
            (format!("types::{name}"), path)
        });
        let methods = self.operations.iter().map(|operation| {
            let Operation { path, method, .. } = operation;
            let is_chosen = document["paths"][path][method]
                .get(NAME_EXTENSION)
                .is_some();
            let path = (!is_chosen).then(|| operation_path(path, method));
            (format!("Client::{}", operation.name), path)
        });
        types.chain(methods).collect()
    }

    fn report(&self, input: &emit::Input<'_>, files: &BTreeMap<String, String>) -> ModuleReport {
        let report = report::of_module(input.module, &self.operations, &self.resolved, &self.types);
        let mut passes = self.effective.passes.clone();
        let counts = self.resolved.counts.iter();
        passes.extend(counts.map(|(name, count)| ((*name).to_owned(), *count)));
        let sources = files.iter().filter(|(path, _)| path.ends_with(".rs"));
        ModuleReport {
            moments: read::moments(&self.documented),
            overlay_actions: self.effective.overlay_actions,
            passes,
            lines: sources.map(|(_, text)| text.lines().count()).sum(),
            ..report
        }
    }
}

/// A copy of the document in which every operation has the name of its method and the extensions
/// that generation decided.
fn with_names(document: &Value, operations: &[Operation]) -> Value {
    let mut named = document.clone();
    for operation in operations {
        let fields = named
            .get_mut("paths")
            .and_then(|paths| paths.get_mut(&operation.path)?.get_mut(&operation.method))
            .and_then(Value::as_object_mut);
        if let Some(fields) = fields {
            fields.insert("x-hoopai-name".to_owned(), operation.name.as_str().into());
            fields.extend(operation.decided.clone());
        }
    }
    json::sort(&mut named);
    named
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Errors that name no part, as those of libraries. Each operation of `failing` causes one.
    fn recovered(failing: &[&str]) -> Result<(Value, Vec<String>), FileError> {
        let responses = json!({ "responses": {} });
        let mut corrected = Corrected {
            document: json!({ "paths": {
                "/a": { "get": responses, "post": responses },
                "/b~{id}": { "get": responses },
            } }),
            actions: Vec::new(),
            attention: Vec::new(),
        };
        corrected.recovering("spec", |corrected, at| {
            let all = operations(&corrected.document);
            let names = all.iter().map(|(path, method)| format!("{method} {path}"));
            let mut fails = names.filter(|name| failing.contains(&name.as_str()));
            match fails.next() {
                Some(name) => Err(at.error(format!("{name} is not supported"), "report it")),
                None => Ok(()),
            }
        })?;
        let entries = corrected.attention.iter().map(Attention::to_string);
        let entries = entries.collect();
        Ok((corrected.document, entries))
    }

    #[test]
    fn error_without_a_part_costs_the_operations_that_cause_it() {
        let (document, entries) = recovered(&["post /a", "get /b~{id}"]).expect("recovered");
        assert_eq!(
            document["paths"],
            json!({ "/a": { "get": { "responses": {} } }, "/b~{id}": {} })
        );
        assert_eq!(
            entries,
            [
                "spec#/paths/~1a/post: post /a is not supported; the operation was left out; report it",
                "spec#/paths/~1b~0{id}/get: get /b~{id} is not supported; the operation was left out; report it",
            ]
        );
    }

    #[test]
    fn error_of_every_operation_is_one_of_the_file() {
        let error = recovered(&["get /a", "post /a", "get /b~{id}"]).expect_err("an error");
        assert_eq!(error.pointer, "");
    }
}
