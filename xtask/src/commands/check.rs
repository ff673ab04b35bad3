//! `cargo xtask check`: checks that generated code, lock, specs and lists agree.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use hoopai_codegen::{Attention, Module, ModuleReport, RejectedName, strip};

use crate::{
    Console, FileError, Result, Workspace,
    commands::codegen::differences,
    error::{count, file_error},
    generation::{
        crate_changes, event_changes, facade_changes, generate_crate, generate_webhooks,
        in_parallel, spec,
    },
    renames::other_entries,
    workspace::{
        ATTENTION, AttentionList, Changes, EVENTS, LOCK, MODULES, SpecLock, TEMPORARY, WEBHOOKS,
        crate_folder, documentation_file, overlay_file, spec_file,
    },
};

const INTERRUPTED: &str =
    "If a cargo xtask command was interrupted, repeat it: this repairs the tree.";

/// The options of `cargo xtask check`.
#[derive(Debug, Default, Args)]
pub(crate) struct Check {
    /// Accept the deviations in specs/attention.json, which generation works around
    #[arg(long)]
    pub(crate) allow_attention: bool,
}

pub(crate) fn check(tree: &Workspace, options: &Check, console: &Console) -> Result<bool> {
    let modules = tree.modules()?;
    let mut findings = folders(tree, &modules)?;
    findings.extend(temporary_files(tree)?);
    findings.extend(lock(tree, &modules));

    let list = AttentionList::read(tree)?;
    let progress = console.bar("checking", modules.len());
    let checked = in_parallel(&modules, |module| {
        let checked = check_module(tree, module, &list);
        progress.done(&module.name);
        checked
    });
    drop(progress);
    let mut operations = 0;
    let mut attention = list.clone();
    for (module, result) in modules.iter().zip(checked) {
        match result {
            Ok(checked) => {
                operations += checked.operations;
                findings.extend(checked.findings);
                attention.set(&module.name, checked.attention);
            }
            Err(error) => findings.push(error),
        }
    }
    let mut changes = Changes::default();
    match facade_changes(tree, &mut changes, &tree.present(&modules)) {
        Ok(()) => findings.extend(differences(tree, &changes)),
        Err(error) => findings.push(error),
    }

    let mut summary = format!(
        "{}, {operations} operations",
        count(modules.len(), "module")
    );
    match check_events(tree) {
        Ok(None) => {}
        Ok(Some(checked)) => {
            summary = format!("{summary}, {}", count(checked.operations, "event"));
            findings.extend(checked.findings);
        }
        Err(error) => findings.push(error),
    }

    attention.retain(&modules);
    if attention != list {
        findings.push(file_error(
            ATTENTION,
            "does not list the deviations between specs/ and the platform's files",
            "run cargo xtask codegen",
        ));
    }
    // Open entries are decisions that people make, and no sign of an interrupted command.
    let disagreements = findings.len();
    for entry in attention.open().filter(|_| !options.allow_attention) {
        let remedy = "run cargo xtask attend, or pass --allow-attention";
        findings.push(file_error(ATTENTION, entry.to_string(), remedy));
    }
    for finding in &findings {
        console.line(finding);
    }
    if findings.is_empty() {
        console.line(format_args!("{summary}: all agree"));
    } else {
        console.line(format_args!(
            "{summary}: {}",
            count(findings.len(), "finding")
        ));
        if disagreements > 0 {
            console.line(INTERRUPTED);
        }
    }
    Ok(findings.is_empty())
}

struct CheckedModule {
    operations: usize,
    findings: Vec<FileError>,
    /// The entries of the attention list that the module should have.
    attention: Vec<Attention>,
}

/// Checks that the spec is in canonical form and the crate in generated form.
fn check_module(tree: &Workspace, module: &Module, list: &AttentionList) -> Result<CheckedModule> {
    let spec = spec(tree, module)?;
    let file = spec_file(&module.name);
    let mut findings = Vec::new();
    if strip(&file, &spec, &BTreeMap::new())? != spec {
        findings.push(file_error(
            &file,
            "is not in canonical form: it was edited, or is older than the generator",
            format!(
                "run cargo xtask regen --module {}, and put corrections into overlay.yaml beside it",
                module.name
            ),
        ));
    }
    let generated = generate_crate(tree, module, &spec)?;
    let mut changes = Changes::default();
    crate_changes(tree, &mut changes, module, &generated)?;
    findings.extend(differences(tree, &changes));
    findings.extend(report_findings(&module.name, &file, &generated.report));
    let mut attention = other_entries(list, module, &generated);
    attention.extend(generated.attention);
    Ok(CheckedModule {
        operations: generated.report.operations,
        findings,
        attention,
    })
}

/// Checks the generated events, if the tree has event files. All of their files are ours, so every
/// deviation is a finding.
fn check_events(tree: &Workspace) -> Result<Option<CheckedModule>> {
    let Some(generated) = generate_webhooks(tree)? else {
        return Ok(None);
    };
    let mut changes = Changes::default();
    event_changes(tree, &mut changes, &generated)?;
    let mut findings = differences(tree, &changes);
    findings.extend(report_findings(WEBHOOKS, EVENTS, &generated.report));
    let deviations = generated.attention.iter();
    findings.extend(
        deviations
            .map(|entry| file_error(EVENTS, entry.to_string(), "correct the file that it names")),
    );
    let lacking = generated.report.documented.operations.lacking.iter();
    findings.extend(lacking.map(|event| {
        file_error(
            documentation_file(WEBHOOKS),
            format!("does not describe the event `{event}`"),
            "add its `summary` to `operations`, as of the other events",
        )
    }));
    Ok(Some(CheckedModule {
        operations: generated.report.operations,
        findings,
        attention: Vec::new(),
    }))
}

/// What is undecided or wrong in what was generated for a module. `file` has its schemas.
fn report_findings(module: &str, file: &str, report: &ModuleReport) -> Vec<FileError> {
    let mut findings = Vec::new();
    let undecided = report.fractions_without_reason.iter();
    findings.extend(undecided.map(|name| {
        file_error(
            overlay_file(module),
            format!("does not say what kind of number `{name}` is"),
            "add an action: `type: integer` for whole numbers, `format: decimal` for amounts of money, or `x-hoopai-fraction` with the reason why it may have a fractional part",
        )
    }));
    for pointer in &report.moments.untyped {
        findings.push(file_error(
            file,
            format!("{pointer} has the name of a moment or a day, and no format of one"),
            format!(
                "set its `format` in {}, or `x-hoopai-not-a-moment` with the reason",
                overlay_file(module)
            ),
        ));
    }
    findings.extend(report.misplaced_texts.iter().map(|problem| {
        file_error(
            documentation_file(module),
            problem.as_str(),
            "describe the field of this type, or move the text to the type that it describes",
        )
    }));
    findings.extend(report.undescribed_models.iter().map(|model| {
        file_error(
            documentation_file(module),
            format!("does not describe the type `{model}`"),
            "add the `description` of its schema to `schemas`; for a schema without a name, add a text for its field with `[]`, or for `.` of the `body` or `reply` of its operation",
        )
    }));
    let rejected = report.rejected_names.iter();
    findings.extend(rejected.map(|name| rejected_name(module, name)));
    findings
}

/// The finding for a type name that breaks a rule, with the overlay action that corrects it.
fn rejected_name(module: &str, rejected: &RejectedName) -> FileError {
    let RejectedName { name, path, reason } = rejected;
    file_error(
        overlay_file(module),
        format!("the type name `{name}` {reason}"),
        format!(
            "add an action with `target: \"{path}\"` and `update: {{ x-hoopai-name: … }}`, \
             whose value is the name that a user would search for; schemas of one name become one type"
        ),
    )
}

/// Checks that the lock has one correct entry for each spec and no other.
fn lock(tree: &Workspace, modules: &[Module]) -> Vec<FileError> {
    let read = || Ok((SpecLock::read(tree)?, tree.text(LOCK)?));
    let (lock, text) = match read() {
        Ok(read) => read,
        Err(error) => return vec![error],
    };
    let mut findings = Vec::new();
    for module in modules {
        // `check_module` reports a spec that is missing or cannot be read.
        let Ok(spec) = spec(tree, module) else {
            continue;
        };
        if let Some(problem) = lock.mismatch(&module.name, &spec) {
            findings.push(file_error(
                LOCK,
                problem,
                format!("run cargo xtask regen --module {}", module.name),
            ));
        }
    }
    for name in lock.0.keys() {
        if !modules.iter().any(|module| module.name == *name) {
            let problem = format!("has an entry for `{name}`, which {MODULES} does not have");
            findings.push(file_error(LOCK, problem, "run cargo xtask regen"));
        }
    }
    if text.is_some_and(|text| text != lock.write()) {
        findings.push(file_error(
            LOCK,
            "was edited, or is older than this command",
            "run cargo xtask regen",
        ));
    }
    findings
}

/// Checks that each folder belongs to a module of the list.
fn folders(tree: &Workspace, modules: &[Module]) -> Result<Vec<FileError>> {
    let listed: BTreeSet<String> = modules.iter().map(|module| module.name.clone()).collect();
    let mut findings = Vec::new();
    for (folder, path) in [
        ("specs", "specs/".to_owned()),
        ("crates/api", crate_folder("")),
    ] {
        let mut others = tree.folders(folder)?;
        others.retain(|name| !(listed.contains(name) || folder == "specs" && name == WEBHOOKS));
        for name in &others {
            findings.push(file_error(
                format!("{path}{name}"),
                format!("is not a module of {MODULES}"),
                "remove the folder, or add the module to that file and run cargo xtask regen",
            ));
        }
    }
    Ok(findings)
}

/// Finds temporary files and folders of an interrupted command.
fn temporary_files(tree: &Workspace) -> Result<Vec<FileError>> {
    let mut paths = Vec::new();
    let files = tree.files_below(".", |path| {
        let is_temporary = path.ends_with(TEMPORARY);
        if is_temporary {
            paths.push(path.to_owned());
        }
        !is_temporary && !path.contains("/.") && !path.ends_with("/target")
    })?;
    paths.extend(files.into_iter().filter(|path| path.ends_with(TEMPORARY)));
    let problem = "was left by an interrupted command";
    let finding = |path: &String| {
        let path = path.trim_start_matches("./");
        file_error(path, problem, "repeat the command, or remove it")
    };
    Ok(paths.iter().map(finding).collect())
}
