//! `cargo xtask export`: writes the effective document of each module, for other OpenAPI tools.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;

use hoopai_codegen::{escape_invisible_json, export as exported};

use crate::{
    Console, Result, Workspace,
    error::{count, file_error, io_error},
    generation::generate_crates,
};

/// The configuration of Redocly, which is written beside the documents.
const REDOCLY: &str = include_str!("../../export-tools/redocly.yaml");

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The folder to write <module>/openapi.json to
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

pub(crate) fn export(tree: &Workspace, options: &Export, console: &Console) -> Result<bool> {
    let shown = options.folder.display().to_string();
    fs::create_dir_all(&options.folder)
        .map_err(|error| io_error(&shown, "cannot be written", &error))?;
    if options.folder.canonicalize().ok() == tree.path("specs").canonicalize().ok() {
        return Err(file_error(
            shown,
            "is the folder of the specs",
            "name another folder",
        ));
    }
    let modules = tree.modules()?;
    let generated = generate_crates(tree, &modules, &console.bar("generating", modules.len()));
    let mut failed = 0;
    for (module, generated) in modules.iter().zip(generated) {
        match generated.and_then(|generated| exported(module, &generated)) {
            Ok(document) => {
                let folder = options.folder.join(&module.name);
                let file = folder.join("openapi.json");
                let text = format!("{document:#}\n");
                let text = escape_invisible_json(&text);
                fs::create_dir_all(&folder)
                    .and_then(|()| fs::write(&file, text.as_bytes()))
                    .map_err(|error| {
                        io_error(file.display().to_string(), "cannot be written", &error)
                    })?;
            }
            Err(error) => {
                failed += 1;
                console.line(format_args!("{}: FAILED: {error}", module.name));
            }
        }
    }
    let configuration = options.folder.join("redocly.yaml");
    fs::write(&configuration, REDOCLY).map_err(|error| {
        io_error(
            configuration.display().to_string(),
            "cannot be written",
            &error,
        )
    })?;
    let written = count(modules.len() - failed, "document");
    console.line(format_args!(
        "{written} written to {shown}, {failed} failed"
    ));
    Ok(failed == 0)
}

/// Exports all documents to `export` in the target folder, without files of earlier runs. Returns
/// the folder, or nothing if a document failed.
pub(crate) fn export_to_target(
    tree: &Workspace,
    target: &Path,
    console: &Console,
) -> Result<Option<PathBuf>> {
    let folder = target.join("export");
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .map_err(|error| io_error(folder.display().to_string(), "cannot be removed", &error))?;
    }
    let options = Export {
        folder: folder.clone(),
    };
    Ok(export(tree, &options, console)?.then_some(folder))
}
