//! `cargo xtask features`: checks that each feature by itself compiles without warnings, without
//! the features that tests and other packages enable.

use crate::{
    Console, Result, Workspace,
    cargo::{cargo, metadata},
    error::count,
};

/// The crates with hand-written code under features. The build with all features covers the one
/// feature of generated crates.
const CRATES: [&str; 7] = [
    "hoopai-runtime",
    "hoopai-webhooks",
    "hoopai-postgres",
    "hoopai-redis",
    "hoopai-mock",
    "hoopai-cli",
    "hoopai",
];

pub(crate) fn features(tree: &Workspace, console: &Console) -> Result<bool> {
    let metadata = metadata(tree)?;
    let mut builds: Vec<(&str, Vec<&str>)> = Vec::new();
    for name in CRATES {
        let packages = metadata.packages.iter();
        let package = packages.filter(|package| package.name == name);
        let features = package.flat_map(|package| package.features.keys());
        let mut single: Vec<&str> = features.map(String::as_str).collect();
        // All features first, so that all processors compile the modules.
        if !single.is_empty() {
            builds.push((name, vec!["--all-features"]));
        }
        builds.push((name, vec!["--no-default-features"]));
        single.retain(|feature| !["default", "full"].contains(feature));
        for feature in single {
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
