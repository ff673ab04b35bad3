//! `cargo xtask budget`: what the generated code costs to compile, with dependencies built beforehand, next to its limits.

use std::time::{Duration, Instant};

use hoopai_codegen::Module;

use crate::{
    Console, Result, Workspace,
    build::crates_of,
    cargo::cargo,
    fault::{count, fault},
};

const RUNTIME: &str = "hoopai-runtime";
const OAUTH: &str = "hoopai-auth";
const FIRST: &str = "contacts";

pub(crate) fn budget(tree: &Workspace, console: &Console) -> Result<bool> {
    let all = tree.modules()?;
    let modules = tree.present(&all);

    let started = Instant::now();
    let generated = crates_of(tree, &modules, &console.bar("generating", modules.len()));
    let generation = started.elapsed();
    let (mut lines, mut operations) = (0, 0);
    for generated in generated {
        let report = generated?.report;
        lines += report.lines;
        operations += report.operations;
    }

    let first = || modules.iter().filter(|module| module.name == FIRST);
    let small = match first().next() {
        Some(_) => Some((
            compile(tree, first(), &[RUNTIME])?,
            compile(tree, first(), &[RUNTIME, OAUTH])?,
        )),
        None => None,
    };
    let whole = compile(tree, modules.iter(), &[RUNTIME, OAUTH])?;

    console.line(format_args!("{:<45} {:>8} {:>8}", "", "seconds", "limit"));
    let line = |what: &str, took: Duration, limit: Option<u32>| {
        let seconds = took.as_secs_f64();
        let Some(limit) = limit else {
            return console.line(format_args!("{what:<45} {seconds:>8.1}"));
        };
        let over = if seconds > f64::from(limit) {
            "  OVER"
        } else {
            ""
        };
        console.line(format_args!("{what:<45} {seconds:>8.1} {limit:>8}{over}"));
    };
    if let Some((alone, with_oauth)) = small {
        line("compiling the runtime and contacts", alone, Some(3));
        line(
            "compiling the runtime, OAuth and contacts",
            with_oauth,
            None,
        );
    }
    line(
        &format!(
            "compiling the runtime, OAuth and {}",
            count(modules.len(), "module")
        ),
        whole,
        Some(30),
    );
    line("generating them", generation, Some(15));
    console.line(format_args!(
        "{lines} lines generated for {operations} operations, {} an operation",
        lines / operations.max(1)
    ));
    Ok(true)
}

/// The time to compile crates of ours, everything that they depend on being built.
fn compile<'a>(
    tree: &Workspace,
    modules: impl Iterator<Item = &'a Module>,
    others: &[&str],
) -> Result<Duration> {
    let crates: Vec<String> = modules
        .map(Module::crate_name)
        .chain(others.iter().map(|name| (*name).to_owned()))
        .collect();
    let selection: Vec<&str> = crates.iter().flat_map(|name| ["--package", name]).collect();
    let run = |arguments: &[&str]| {
        if cargo(tree, &[arguments, &selection].concat())? {
            Ok(())
        } else {
            Err(fault(
                "cargo",
                format!("{} failed", arguments[0]),
                "see what it says above",
            ))
        }
    };
    // As for those who depend on the crates: cargo compiles dependencies whole.
    let build = ["build", "--quiet", "--config", "build.incremental=false"];
    run(&build)?;
    run(&["clean", "--quiet", "--profile", "dev"])?;
    let started = Instant::now();
    run(&build)?;
    Ok(started.elapsed())
}
