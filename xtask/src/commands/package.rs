//! `cargo xtask package`: packages each published crate without uploading it.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use cargo_metadata::{Metadata, Package as Crate};
use clap::Args;

use crate::{
    Console, FileError, Result, Workspace,
    cargo::{cargo, metadata},
    error::{count, file_error, io_error},
    workspace::LICENCES,
};

/// The packages that are compiled: the runtime, OAuth, webhooks, and two of the generated crates,
/// one of them large. The facade would compile all modules.
const VERIFIED: [&str; 5] = [
    "hoopai-runtime",
    "hoopai-auth",
    "hoopai-webhooks",
    "hoopai-contacts",
    "hoopai-workflows",
];

#[derive(Debug, Default, Args)]
pub(crate) struct Package {
    /// Compile each package instead of five of them, which is slow
    #[arg(long)]
    verify_all: bool,
    /// Only print the crates in the order of publishing
    #[arg(long)]
    order: bool,
}

pub(crate) fn package(tree: &Workspace, options: &Package, console: &Console) -> Result<bool> {
    let metadata = metadata(tree)?;
    let published = published(&metadata);
    if options.order {
        for package in &published {
            console.line(format_args!("{} {}", package.name, package.version));
        }
        return Ok(true);
    }

    let findings: Vec<FileError> = published
        .iter()
        .flat_map(|package| missing_metadata(tree, package))
        .collect();
    for finding in &findings {
        console.line(finding);
    }
    if !findings.is_empty() {
        return Ok(false);
    }

    let all: Vec<&str> = published
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let run = |names: &[&str], more: &[&str]| {
        let names: Vec<&str> = names.iter().flat_map(|name| ["--package", name]).collect();
        cargo(
            tree,
            &[&["package", "--quiet", "--allow-dirty"], more, &names[..]].concat(),
        )
    };
    if let Some(sources) = unpacked_sources() {
        let folder = |package: &&Crate| format!("{}-{}", package.name, package.version);
        let folders: Vec<String> = published.iter().map(folder).collect();
        remove_unpacked(&sources, &folders).map_err(|error| {
            io_error(
                sources.display().to_string(),
                "cannot be cleared of our packages",
                &error,
            )
        })?;
    }
    // `--allow-dirty`, so that a change can be checked before it is committed.
    let passed = if options.verify_all {
        run(&all, &[])?
    } else {
        run(&all, &["--no-verify"])? && run(&VERIFIED, &[])?
    };
    if passed {
        let compiled = if options.verify_all {
            "each compiled".to_owned()
        } else {
            format!("{} compiled", VERIFIED.join(", "))
        };
        console.line(format_args!("{}, {compiled}", count(all.len(), "package")));
    }
    Ok(passed)
}

/// The published packages of this workspace, each after its dependencies.
fn published(metadata: &Metadata) -> Vec<&Crate> {
    let mut remaining = metadata.workspace_packages();
    remaining.retain(|package| package.publish.as_ref().is_none_or(|to| !to.is_empty()));
    remaining.sort_unstable_by_key(|package| &package.name);
    let mut ordered = Vec::with_capacity(remaining.len());
    let is_remaining =
        |name: &str, remaining: &[&Crate]| remaining.iter().any(|other| other.name == name);
    while let Some(index) = remaining.iter().position(|package| {
        let mut dependencies = package.dependencies.iter();
        !dependencies.any(|dependency| is_remaining(&dependency.name, &remaining))
    }) {
        ordered.push(remaining.remove(index));
    }
    // Cargo reports cycles.
    ordered.extend(remaining);
    ordered
}

/// The folder of the packages that cargo unpacked.
fn unpacked_sources() -> Option<PathBuf> {
    let home = match env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => env::home_dir()?.join(".cargo"),
    };
    Some(home.join("registry/src"))
}

/// Removes the packages of this workspace from the packages that cargo unpacked.
///
/// Cargo creates a local registry whose name depends on the target folder alone. It would compile
/// the files that it unpacked in an earlier run with the same version. The names of such registries
/// contain no host.
fn remove_unpacked(sources: &Path, packages: &[String]) -> io::Result<()> {
    let registries = match fs::read_dir(sources) {
        Ok(registries) => registries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for registry in registries {
        let registry = registry?;
        if !registry.file_name().as_encoded_bytes().starts_with(b"-") {
            continue;
        }
        for package in packages {
            match fs::remove_dir_all(registry.path().join(package)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// The metadata that a published crate needs and this one lacks.
fn missing_metadata(tree: &Workspace, package: &Crate) -> Vec<FileError> {
    let has_readme = package.readme().is_some_and(|readme| readme.is_file());
    let docs = package.metadata.pointer("/docs/rs/all-features");
    let needed = [
        ("no description", package.description.is_some()),
        ("no license", package.license.is_some()),
        ("no readme file", has_readme),
        ("no keywords", !package.keywords.is_empty()),
        ("no categories", !package.categories.is_empty()),
        (
            "no all-features in [package.metadata.docs.rs]",
            docs.and_then(serde_json::Value::as_bool) == Some(true),
        ),
    ];
    let manifest = package.manifest_path.as_str();
    let mut findings: Vec<FileError> = needed
        .into_iter()
        .filter(|(_, is_present)| !is_present)
        .map(|(missing, _)| file_error(manifest, format!("has {missing}"), "add it"))
        .collect();
    for licence in LICENCES {
        let copy = package.manifest_path.with_file_name(licence);
        let own = fs::read(&copy).ok();
        if own.is_none() || own != fs::read(tree.path(licence)).ok() {
            findings.push(file_error(
                copy,
                "differs from the licence of the workspace",
                "run cargo xtask codegen",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::remove_unpacked;

    #[test]
    fn remove_unpacked_keeps_other_packages_and_registries() {
        let sources = tempfile::tempdir().unwrap();
        let folders = [
            "-1f/own-0.1.0",
            "-1f/other-0.1.0",
            "index.example-2e/own-0.1.0",
        ];
        for folder in folders {
            fs::create_dir_all(sources.path().join(folder).join("src")).unwrap();
        }
        let own = ["own-0.1.0".to_owned()];
        for _ in 0..2 {
            remove_unpacked(sources.path(), &own).unwrap();
        }
        let exists = |folder: &&&str| sources.path().join(folder).exists();
        let left: Vec<_> = folders.iter().filter(exists).collect();
        assert_eq!(left, [&folders[1], &folders[2]]);
        remove_unpacked(&sources.path().join("absent"), &own).unwrap();
    }
}
