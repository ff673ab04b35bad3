//! `cargo xtask budget`: measures the time to compile and to generate the crates, and prints the
//! limits. Dependencies are built before.

use std::time::{Duration, Instant};

use hoopai_codegen::Module;

use crate::{
    Console, Result, Workspace,
    cargo::cargo,
    error::{count, file_error},
    generation::generate_crates,
};

const RUNTIME: &str = "hoopai-runtime";
const AUTH: &str = "hoopai-auth";
const SINGLE_MODULE: &str = "contacts";

pub(crate) fn budget(tree: &Workspace, console: &Console) -> Result<bool> {
    let all = tree.modules()?;
    let modules = tree.present(&all);

    let started = Instant::now();
    let generated = generate_crates(tree, &modules, &console.bar("generating", modules.len()));
    let generation = started.elapsed();
    let (mut lines, mut operations) = (0, 0);
    for generated in generated {
        let report = generated?.report;
        lines += report.lines;
        operations += report.operations;
    }

    let single: Vec<Module> = modules
        .iter()
        .filter(|module| module.name == SINGLE_MODULE)
        .cloned()
        .collect();
    let without_auth = compile(tree, &single, &[RUNTIME])?;
    let with_auth = compile(tree, &single, &[RUNTIME, AUTH])?;
    let all_modules = compile(tree, &modules, &[RUNTIME, AUTH])?;

    console.line(format_args!("{:<45} {:>8} {:>8}", "", "seconds", "limit"));
    let line = |name: &str, duration: Duration, limit: Option<u32>| {
        let seconds = duration.as_secs_f64();
        let Some(limit) = limit else {
            return console.line(format_args!("{name:<45} {seconds:>8.1}"));
        };
        let over = if seconds > f64::from(limit) {
            "  OVER"
        } else {
            ""
        };
        console.line(format_args!("{name:<45} {seconds:>8.1} {limit:>8}{over}"));
    };
    line("compiling the runtime and contacts", without_auth, Some(3));
    line("compiling the runtime, OAuth and contacts", with_auth, None);
    line(
        &format!(
            "compiling the runtime, OAuth and {}",
            count(modules.len(), "module")
        ),
        all_modules,
        Some(30),
    );
    line("generating all modules", generation, Some(15));
    console.line(format_args!(
        "{lines} lines generated for {operations} operations, {} an operation",
        lines / operations.max(1)
    ));
    Ok(true)
}

/// Measures the time to compile crates of the workspace, with their dependencies already built.
fn compile(tree: &Workspace, modules: &[Module], others: &[&str]) -> Result<Duration> {
    let crates: Vec<String> = modules
        .iter()
        .map(Module::crate_name)
        .chain(others.iter().map(|name| (*name).to_owned()))
        .collect();
    let selection: Vec<&str> = crates.iter().flat_map(|name| ["--package", name]).collect();
    let run = |arguments: &[&str]| {
        if cargo(tree, &[arguments, &selection].concat())? {
            Ok(())
        } else {
            Err(file_error(
                "cargo",
                format!("{} failed", arguments[0]),
                "see its output above",
            ))
        }
    };
    // Cargo compiles dependencies without incremental compilation.
    let build = ["build", "--quiet", "--config", "build.incremental=false"];
    run(&build)?;
    run(&["clean", "--quiet", "--profile", "dev"])?;
    let started = Instant::now();
    run(&build)?;
    Ok(started.elapsed())
}
