//! `cargo xtask validate`: checks the exported documents with an independent validator of OpenAPI
//! 3.0.

use crate::{
    Console, Result, Workspace,
    cargo::{metadata, output, program, tool},
    commands::export::export_to_target,
    outcome::Outcome,
};

const VALIDATOR: &str = "openapi-spec-validator";

pub(crate) fn validate(tree: &Workspace, console: &Console) -> Result<Outcome> {
    let target = metadata(tree)?.target_directory;
    let Some(validator) = tool(&target, "validator", VALIDATOR) else {
        return Ok(Outcome::Skipped(format!(
            "{VALIDATOR} is not installed; .ci/run installs it, as does pip install {VALIDATOR}"
        )));
    };
    let Some(folder) = export_to_target(tree, target.as_std_path(), console)? else {
        return Ok(Outcome::Failed);
    };
    let modules = tree.modules()?;
    let mut command = program(tree, validator);
    command.args(
        modules
            .iter()
            .map(|module| folder.join(&module.name).join("openapi.json")),
    );
    let (succeeded, stdout) = output(command)?;
    let valid = stdout.lines().filter(|line| line.ends_with(": OK")).count();
    let passed = succeeded && valid == modules.len();
    if !passed {
        console.line(stdout.trim_end());
    }
    console.line(format_args!(
        "{valid} of {} documents are valid",
        modules.len()
    ));
    Ok(passed.into())
}
