//! `cargo xtask dependencies`: who may know whom, and which Rust everything can be built with. What cargo-deny holds
//! (licences, sources, advisories, banned crates) is in `deny.toml`.

use crate::{
    Console, FileError, Result, Workspace,
    cargo::{Metadata, Package},
    fault::{count, fault},
};

/// The HTTP client, and who may have it: the one road to the wire, and the downloads of interface files. Tests of the
/// mock server speak to it as any program would.
const HTTP_CLIENT: &str = "reqwest";
const SENDS: [&str; 2] = ["hoopai-runtime", "xtask"];
const SENDS_IN_TESTS: [&str; 1] = ["hoopai-mock"];

pub(crate) fn dependencies(tree: &Workspace, console: &Console) -> Result<bool> {
    let metadata = Metadata::read(tree)?;
    let mut findings = Vec::new();
    for package in metadata.own() {
        findings.extend(strangers(&metadata, package));
    }
    let stated = metadata
        .own()
        .filter_map(|package| package.rust_version.as_deref())
        .min_by_key(|text| version(text))
        .ok_or_else(|| {
            fault(
                "Cargo.toml",
                "states no rust-version",
                "state it in [workspace.package]",
            )
        })?;
    for package in &metadata.packages {
        findings.extend(too_new(package, stated));
    }
    for finding in &findings {
        console.line(finding);
    }
    let (all, own) = (metadata.packages.len(), metadata.own().count());
    console.line(format_args!(
        "{}, {own} of them ours, by Rust {stated}: {}",
        count(all, "package"),
        if findings.is_empty() {
            "all as it should be".to_owned()
        } else {
            count(findings.len(), "finding").to_string()
        },
    ));
    Ok(findings.is_empty())
}

/// The crates of ours that a crate may depend on, tests aside. Generated crates may have nothing else either.
fn may_know(metadata: &Metadata, package: &Package, other: &str) -> bool {
    let ours = metadata.own().any(|own| own.name == other);
    match package.name.as_str() {
        "hoopai-runtime" | "hoopai-mock" | "hoopai-codegen" => !ours,
        "hoopai-auth" => !ours || other == "hoopai-runtime",
        "hoopai" => {
            ["hoopai-runtime", "hoopai-auth"].contains(&other)
                || metadata
                    .own()
                    .any(|own| own.name == other && is_module(own))
        }
        "xtask" => !ours || other == "hoopai-codegen",
        _ if is_module(package) => other == "hoopai-runtime",
        // The tests over the whole know everyone.
        _ => true,
    }
}

fn is_module(package: &Package) -> bool {
    let above = package.folder().parent();
    above.is_some_and(|folder| folder.ends_with("crates/api"))
}

fn strangers(metadata: &Metadata, package: &Package) -> Vec<FileError> {
    let mut findings = Vec::new();
    for dependency in &package.dependencies {
        let (name, dev) = (dependency.name.as_str(), dependency.is_dev());
        let mut finding = |problem: String, remedy: &str| {
            findings.push(fault(
                format!("the crate {}", package.name),
                problem,
                remedy,
            ));
        };
        let sends = SENDS.contains(&package.name.as_str())
            || dev && SENDS_IN_TESTS.contains(&package.name.as_str());
        if name == HTTP_CLIENT && !sends {
            finding(
                format!(
                    "depends on {HTTP_CLIENT}, which only {} use",
                    SENDS.join(" and ")
                ),
                "send through hoopai-runtime",
            );
        } else if !dev && !may_know(metadata, package, name) {
            finding(
                format!("depends on {name}, which it must not know"),
                "see in ARCHITECTURE.md who knows whom",
            );
        }
    }
    findings
}

/// A package that says that it needs a later Rust than we say that we do.
fn too_new(package: &Package, stated: &str) -> Option<FileError> {
    let needed = package.rust_version.as_deref()?;
    (version(needed) > version(stated)).then(|| {
        fault(
            format!("{} {}", package.name, package.version),
            format!("needs Rust {needed}, and Cargo.toml says {stated}"),
            format!("take an older version of it with cargo update {} --precise, or raise rust-version in Cargo.toml and README.md", package.name),
        )
    })
}

/// `1.88` and `1.88.0` are the same.
fn version(text: &str) -> [u64; 3] {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(version("1.9") < version("1.88"));
        assert!(version("1.88") == version("1.88.0"));
        assert!(version("1.89") > version("1.88.4"));
    }
}
