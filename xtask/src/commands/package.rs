//! `cargo xtask package`: every published crate makes a package that stands alone. Nothing is sent anywhere.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use clap::Args;

use crate::{
    Console, FileError, Result, Workspace,
    cargo::{Metadata, Package as Crate, cargo},
    fault::{count, fault, refused},
    workspace::LICENCES,
};

/// Compiled out of their packages: the runtime, which all others need, OAuth above it, and the smallest and a large one of the
/// crates that codegen makes all alike. The facade would need all 41 modules.
const VERIFIED: [&str; 4] = [
    "hoopai-runtime",
    "hoopai-auth",
    "hoopai-contacts",
    "hoopai-workflows",
];

#[derive(Debug, Default, Args)]
pub(crate) struct Package {
    /// Compile each package, which takes its time, instead of four of them
    #[arg(long)]
    verify_all: bool,
    /// Only show the order in which the crates are to be published
    #[arg(long)]
    order: bool,
}

pub(crate) fn package(tree: &Workspace, options: &Package, console: &Console) -> Result<bool> {
    let metadata = Metadata::read(tree)?;
    let published = metadata.published();
    if options.order {
        for package in &published {
            console.line(format_args!("{} {}", package.name, package.version));
        }
        return Ok(true);
    }

    let findings: Vec<FileError> = published
        .iter()
        .flat_map(|package| lacking(tree, package))
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
    if let Some(sources) = unpacked() {
        let folder = |package: &&Crate| format!("{}-{}", package.name, package.version);
        let folders: Vec<String> = published.iter().map(folder).collect();
        forget(&sources, &folders).map_err(|error| {
            refused(
                sources.display().to_string(),
                "cannot be cleared of our packages",
                &error,
            )
        })?;
    }
    // Packages are made of the folder as it is, so that a change can be tried before it is committed.
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

/// Where cargo keeps the sources that it unpacked.
fn unpacked() -> Option<PathBuf> {
    let home = match env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => env::home_dir()?.join(".cargo"),
    };
    Some(home.join("registry/src"))
}

/// Removes our packages from the sources that cargo unpacked. It makes a registry of the packages, in a folder whose name
/// depends on the target folder alone, and compiles against what it unpacked from it once: with the version of today, but of
/// whenever that was. Folders of such registries have no host in their name.
fn forget(sources: &Path, packages: &[String]) -> io::Result<()> {
    let registries = match fs::read_dir(sources) {
        Ok(registries) => registries,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(fault) => return Err(fault),
    };
    for registry in registries {
        let registry = registry?;
        if !registry.file_name().as_encoded_bytes().starts_with(b"-") {
            continue;
        }
        for package in packages {
            match fs::remove_dir_all(registry.path().join(package)) {
                Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(fault),
                _ => {}
            }
        }
    }
    Ok(())
}

/// What the page of a published crate needs and this one has not.
fn lacking(tree: &Workspace, package: &Crate) -> Vec<FileError> {
    let has_readme = package
        .readme
        .as_ref()
        .is_some_and(|readme| package.folder().join(readme).is_file());
    let docs = package.metadata.pointer("/docs/rs/all-features");
    let needed = [
        ("no description", package.description.is_some()),
        ("no license", package.license.is_some()),
        ("no repository", package.repository.is_some()),
        ("no readme, or one that is not there", has_readme),
        ("no keywords", !package.keywords.is_empty()),
        ("no categories", !package.categories.is_empty()),
        (
            "no all-features in [package.metadata.docs.rs]",
            docs.and_then(serde_json::Value::as_bool) == Some(true),
        ),
    ];
    let manifest = package.manifest_path.display().to_string();
    let mut findings: Vec<FileError> = needed
        .into_iter()
        .filter(|(_, there)| !there)
        .map(|(what, _)| fault(&manifest, format!("has {what}"), "say it there"))
        .collect();
    for licence in LICENCES {
        let own = std::fs::read(package.folder().join(licence)).ok();
        if own.is_none() || own != std::fs::read(tree.path(licence)).ok() {
            findings.push(fault(
                package.folder().join(licence).display().to_string(),
                "is not the licence of the workspace",
                "run cargo xtask codegen",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::forget;

    #[test]
    fn only_our_packages_of_registries_without_a_host_are_forgotten() {
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
            forget(sources.path(), &own).unwrap();
        }
        let there = |folder: &&&str| sources.path().join(folder).exists();
        let left: Vec<_> = folders.iter().filter(there).collect();
        assert_eq!(left, [&folders[1], &folders[2]]);
        forget(&sources.path().join("nowhere"), &own).unwrap();
    }
}
