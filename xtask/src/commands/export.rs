//! `cargo xtask export`: the effective interface of each module, for any other OpenAPI tool.

use std::{fs, path::PathBuf};

use clap::Args;

use hoopai_codegen::escape_invisible_json;

use crate::{
    Console, Result, Workspace,
    build::crates_of,
    fault::{count, fault, refused},
};

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The folder to write <module>/openapi.json to
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

pub(crate) fn export(tree: &Workspace, options: &Export, console: &Console) -> Result<bool> {
    let shown = options.folder.display().to_string();
    fs::create_dir_all(&options.folder)
        .map_err(|error| refused(&shown, "cannot be written", &error))?;
    if options.folder.canonicalize().ok() == tree.path("specs").canonicalize().ok() {
        return Err(fault(
            shown,
            "is where the specs themselves are",
            "name another folder",
        ));
    }
    let modules = tree.modules()?;
    let generated = crates_of(tree, &modules, &console.bar("generating", modules.len()));
    let mut failed = 0;
    for (module, generated) in modules.iter().zip(generated) {
        match generated {
            Ok(generated) => {
                let folder = options.folder.join(&module.name);
                let file = folder.join("openapi.json");
                // Displaying a JSON value cannot fail, unlike serialising any type.
                let text = format!("{:#}\n", generated.documented);
                let text = escape_invisible_json(&text);
                fs::create_dir_all(&folder)
                    .and_then(|()| fs::write(&file, text.as_bytes()))
                    .map_err(|error| {
                        refused(file.display().to_string(), "cannot be written", &error)
                    })?;
            }
            Err(fault) => {
                failed += 1;
                console.line(format_args!("{}: FAILED: {fault}", module.name));
            }
        }
    }
    let written = count(modules.len() - failed, "document");
    console.line(format_args!(
        "{written} written to {shown}, {failed} failed"
    ));
    Ok(failed == 0)
}
