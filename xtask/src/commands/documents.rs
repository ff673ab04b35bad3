//! `cargo xtask documents`: the exported documents are valid OpenAPI 3.0, in the eyes of somebody else's validator.

use std::fs;

use crate::{
    Console, Result, Workspace,
    cargo::{Metadata, output, program, tool},
    commands::{
        ci::Outcome,
        export::{Export, export},
    },
    fault::refused,
};

const VALIDATOR: &str = "openapi-spec-validator";

pub(crate) fn documents(tree: &Workspace, console: &Console) -> Result<Outcome> {
    let target = Metadata::read(tree)?.target_directory;
    let Some(validator) = tool(&target, "validator", VALIDATOR) else {
        return Ok(Outcome::Skipped(format!(
            "{VALIDATOR} is not installed; .ci/run installs it, as does pip install {VALIDATOR}"
        )));
    };
    let folder = target.join("export");
    // What an earlier run left would be counted as well.
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .map_err(|error| refused(folder.display().to_string(), "cannot be removed", &error))?;
    }
    let into = Export {
        folder: folder.clone(),
    };
    if !export(tree, &into, console)? {
        return Ok(Outcome::Failed);
    }
    let modules = tree.modules()?;
    let mut command = program(tree, validator);
    command.args(
        modules
            .iter()
            .map(|module| folder.join(&module.name).join("openapi.json")),
    );
    let (succeeded, said) = output(command)?;
    let valid = said.lines().filter(|line| line.ends_with(": OK")).count();
    let passed = succeeded && valid == modules.len();
    if !passed {
        console.line(said.trim_end());
    }
    console.line(format_args!(
        "{valid} of {} documents are valid",
        modules.len()
    ));
    Ok(passed.into())
}
