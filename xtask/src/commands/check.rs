//! `cargo xtask check`: what CI runs to know that generated code, lock, specs and lists agree.

use std::collections::{BTreeMap, BTreeSet};

use hoopai_codegen::{Module, strip};

use crate::{
    Console, FileError, Result, Workspace,
    build::{crate_of, in_parallel, place_crate, place_facade, spec},
    commands::codegen::differences,
    fault::{count, fault},
    lock::{Lock, disagreement},
    swap::Update,
    workspace::{LOCK, MODULES, crate_folder, spec_file},
};

pub(crate) fn check(tree: &Workspace, console: &Console) -> Result<bool> {
    let modules = tree.modules()?;
    let mut findings = folders(tree, &modules)?;
    findings.extend(lock(tree, &modules));

    let progress = console.bar("checking", modules.len());
    let checked = in_parallel(&modules, |module| {
        let checked = check_module(tree, module);
        progress.done(&module.name);
        checked
    });
    drop(progress);
    let mut operations = 0;
    for result in checked {
        match result {
            Ok((more, found)) => {
                operations += more;
                findings.extend(found);
            }
            Err(fault) => findings.push(fault),
        }
    }
    let mut update = Update::default();
    match place_facade(tree, &mut update, &tree.present(&modules)) {
        Ok(()) => findings.extend(differences(tree, &update)),
        Err(fault) => findings.push(fault),
    }

    for finding in &findings {
        console.line(finding);
    }
    let what = format!(
        "{}, {operations} operations",
        count(modules.len(), "module")
    );
    console.line(if findings.is_empty() {
        format!("{what}: all agree")
    } else {
        format!("{what}: {}", count(findings.len(), "finding"))
    });
    Ok(findings.is_empty())
}

/// The spec is as distilling leaves it, and the crate as generating leaves it.
fn check_module(tree: &Workspace, module: &Module) -> Result<(usize, Vec<FileError>)> {
    let spec = spec(tree, module)?;
    let file = spec_file(&module.name);
    let mut findings = Vec::new();
    if strip(&file, &spec, &BTreeMap::new())? != spec {
        findings.push(fault(
            file,
            "is not in canonical form: it was edited, or is older than the generator",
            format!(
                "run cargo xtask regen --module {}, and put corrections into overlay.yaml beside it",
                module.name
            ),
        ));
    }
    let generated = crate_of(tree, module, &spec)?;
    let mut update = Update::default();
    place_crate(tree, &mut update, module, &generated)?;
    findings.extend(differences(tree, &update));
    Ok((generated.report.operations, findings))
}

/// The lock has one true row for each spec and no other.
fn lock(tree: &Workspace, modules: &[Module]) -> Vec<FileError> {
    let read = || Ok((Lock::read(tree)?, tree.text(LOCK)?));
    let (lock, text) = match read() {
        Ok(read) => read,
        Err(fault) => return vec![fault],
    };
    let mut findings = Vec::new();
    for module in modules {
        // An unreadable or missing spec is the module's own finding.
        let Ok(spec) = spec(tree, module) else {
            continue;
        };
        if let Some(problem) = disagreement(lock.0.get(&module.name), &module.name, &spec) {
            findings.push(fault(
                LOCK,
                problem,
                format!("run cargo xtask regen --module {}", module.name),
            ));
        }
    }
    for name in lock.0.keys() {
        if !modules.iter().any(|module| module.name == *name) {
            let problem = format!("has a row for `{name}`, which {MODULES} does not have");
            findings.push(fault(LOCK, problem, "run cargo xtask regen"));
        }
    }
    if text.is_some_and(|text| text != lock.write()) {
        findings.push(fault(
            LOCK,
            "is not as it was written",
            "run cargo xtask regen",
        ));
    }
    findings
}

/// No folder stands for a module that the list does not have.
fn folders(tree: &Workspace, modules: &[Module]) -> Result<Vec<FileError>> {
    let listed: BTreeSet<String> = modules.iter().map(|module| module.name.clone()).collect();
    let mut findings = Vec::new();
    for (folder, path) in [
        ("specs", "specs/".to_owned()),
        ("crates/api", crate_folder("")),
    ] {
        for name in tree.folders(folder)?.difference(&listed) {
            findings.push(fault(
                format!("{path}{name}"),
                format!("is no module of {MODULES}"),
                "remove the folder, or add the module to that file and run cargo xtask regen",
            ));
        }
    }
    Ok(findings)
}
