//! `cargo xtask features`: checks that each feature by itself compiles without warnings, without
//! the features that tests and other packages enable. Of the features that only add a generated
//! crate, it checks one, since they are generated alike. The lints cover all features together.

use cargo_metadata::Package;

use crate::{
    Console, Result, Workspace,
    cargo::{cargo, metadata},
    error::count,
};

pub(crate) fn features(tree: &Workspace, console: &Console) -> Result<bool> {
    let metadata = metadata(tree)?;
    // Crates with hand-written code. The lints cover the one feature of generated crates.
    let folder = tree.root().join("crates");
    let packages = metadata.workspace_packages();
    let packages = packages.into_iter().filter(|package| {
        let manifest = package.manifest_path.as_std_path();
        !package.features.is_empty() && manifest.ancestors().nth(2) == Some(&*folder)
    });
    let mut builds: Vec<(&str, Vec<&str>)> = Vec::new();
    for package in packages {
        let name = package.name.as_str();
        let mut single: Vec<&str> = package.features.keys().map(String::as_str).collect();
        builds.push((name, vec!["--no-default-features"]));
        single.retain(|feature| !["default", "full"].contains(feature));
        let is_module = |feature: &str| is_module(tree, package, feature);
        let first_module = single.iter().copied().find(|feature| is_module(feature));
        single.retain(|feature| Some(*feature) == first_module || !is_module(feature));
        for feature in single {
            builds.push((name, vec!["--no-default-features", "--features", feature]));
        }
    }
    let progress = console.bar("checking", builds.len());
    let mut failed = Vec::new();
    for (name, features) in &builds {
        // Dependencies in the workspace have builds of their own, and the step `lints`.
        let head = ["clippy", "--quiet", "--no-deps", "--package", name];
        let tail = ["--", "-D", "warnings"];
        let build = format!("{name} {}", features.join(" "));
        if !cargo(tree, &[&head[..], features, &tail].concat())? {
            failed.push(build.clone());
        }
        progress.done(&build);
    }
    drop(progress);
    for build in &failed {
        console.line(format_args!("FAILED: cargo clippy --package {build}"));
    }
    console.line(format_args!(
        "{}, {} failed",
        count(builds.len(), "build"),
        failed.len()
    ));
    Ok(failed.is_empty())
}

/// Whether a feature does nothing but add a generated crate.
fn is_module(tree: &Workspace, package: &Package, feature: &str) -> bool {
    let [enabled] = &package.features[feature][..] else {
        return false;
    };
    let generated = tree.root().join("crates/api");
    let mut dependencies = package.dependencies.iter();
    dependencies.any(|dependency| {
        let path = dependency.path.as_ref();
        enabled.strip_prefix("dep:") == Some(&dependency.name)
            && path.is_some_and(|path| path.starts_with(&generated))
    })
}
