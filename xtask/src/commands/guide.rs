//! `cargo xtask guide`: builds the guide as a website with mdbook, which fails for chapters without
//! a file. Links and code of the guide are tests of the package `hoopai-tests`.

use crate::{
    Console, Result, Workspace,
    cargo::{metadata, program, succeeds, tool},
    outcome::Outcome,
};

pub(crate) fn guide(tree: &Workspace, _: &Console) -> Result<Outcome> {
    let target = metadata(tree)?.target_directory;
    let Some(mdbook) = tool(&target, "tools", "mdbook") else {
        return Ok(Outcome::Skipped(
            "mdbook is not installed; .ci/run installs it, as does cargo install mdbook".to_owned(),
        ));
    };
    let mut command = program(tree, mdbook);
    command.args(["build", "docs", "--dest-dir", target.join("guide").as_str()]);
    Ok(succeeds(command)?.into())
}
