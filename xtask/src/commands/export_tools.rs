//! `cargo xtask export-tools`: checks that other OpenAPI tools accept the exported documents.
//!
//! Each tool is a script in `xtask/export-tools/` that processes all documents in one process and
//! prints its findings, and on the last line how many documents passed.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Console, Result, Workspace,
    cargo::{metadata, output, program, tool},
    commands::export::export_to_target,
    outcome::Outcome,
};

/// The scripts, in the tree.
const SCRIPTS: &str = "xtask/export-tools";

/// The tools that run on Node.js.
const NODE_TOOLS: [&str; 4] = ["redocly", "openapi-typescript", "postman", "prism"];

const PYTHON_TOOL: &str = "python-client";

/// The folders below `target/` with the packages of Node.js and of Python.
const PACKAGES: &str = "tools/export-tools";
const PYTHON: &str = "tools/export-python";

pub(crate) fn export_tools(tree: &Workspace, console: &Console) -> Result<Outcome> {
    let target = metadata(tree)?.target_directory.into_std_path_buf();
    let work = target.join("tools/export-work");
    let packages = target.join(PACKAGES);
    let node = tool(&target, "node", "node").filter(|_| packages.join("node_modules").is_dir());
    let python = Some(target.join(PYTHON).join("bin/python")).filter(|path| path.is_file());
    let mut missing: Vec<&str> = Vec::new();
    if node.is_none() {
        missing.extend(NODE_TOOLS);
    }
    if python.is_none() {
        missing.push(PYTHON_TOOL);
    }
    let skipped = Outcome::Skipped(format!(
        "{} not installed; .ci/run installs them where Node.js and Python are available",
        missing.join(", ")
    ));
    if node.is_none() && python.is_none() {
        return Ok(skipped);
    }
    let Some(exported) = export_to_target(tree, &target, console)? else {
        return Ok(Outcome::Failed);
    };
    let mut passed = true;
    let mut run = |name: &str, command: Command| -> Result<()> {
        let (succeeded, stdout) = output(command)?;
        let mut lines: Vec<&str> = stdout.lines().collect();
        let summary = lines.pop().unwrap_or("no result");
        lines.iter().for_each(|line| console.line(line));
        console.line(format_args!("{name}: {summary} documents pass"));
        passed &= succeeded;
        Ok(())
    };
    for name in NODE_TOOLS {
        if let Some(node) = &node {
            let mut command = script(tree, node, &format!("{name}.mjs"));
            command.args([&exported, &packages, &work.join(name)]);
            run(name, command)?;
        }
    }
    if let Some(python) = &python {
        let mut command = script(tree, python, "python_client.py");
        command.args([&exported, &work.join(PYTHON_TOOL)]);
        run(PYTHON_TOOL, command)?;
    }
    Ok(match missing[..] {
        _ if !passed => Outcome::Failed,
        [] => Outcome::Passed,
        _ => skipped,
    })
}

fn script(tree: &Workspace, interpreter: &Path, name: &str) -> Command {
    let mut command = program(tree, PathBuf::from(interpreter));
    command.arg(tree.path(SCRIPTS).join(name));
    command
}
