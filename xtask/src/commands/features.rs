//! `cargo xtask features`: each feature by itself compiles without a warning, as its users build it: without what tests
//! and the rest of the workspace switch on.

use crate::{
    Console, Result, Workspace,
    cargo::{Metadata, cargo},
    fault::count,
};

/// The crates with hand-written code under features. A generated crate has one feature, which `full` with all features covers.
const CRATES: [&str; 3] = ["hoopai-runtime", "hoopai-mock", "hoopai"];

pub(crate) fn features(tree: &Workspace, console: &Console) -> Result<bool> {
    let metadata = Metadata::read(tree)?;
    let mut builds: Vec<(&str, Vec<&str>)> = Vec::new();
    for name in CRATES {
        let package = metadata.own().find(|package| package.name == name);
        let features = package.iter().flat_map(|package| package.features.keys());
        let mut alone: Vec<&str> = features.map(String::as_str).collect();
        // All of them first: what each module takes to compile is paid once, on all processors.
        if !alone.is_empty() {
            builds.push((name, vec!["--all-features"]));
        }
        builds.push((name, vec!["--no-default-features"]));
        alone.retain(|feature| !["default", "full"].contains(feature));
        for feature in alone {
            builds.push((name, vec!["--no-default-features", "--features", feature]));
        }
    }
    let progress = console.bar("checking", builds.len());
    let mut failed = Vec::new();
    for (name, features) in &builds {
        let head = ["clippy", "--quiet", "--package", name];
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
