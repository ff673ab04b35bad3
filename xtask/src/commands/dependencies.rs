//! `cargo xtask dependencies`: checks dependencies between crates, their Rust versions, and
//! dependencies between modules. The rules of cargo-deny (licences, sources, advisories, banned
//! crates) are in `deny.toml`.

use cargo_metadata::{DependencyKind, Metadata, Package, semver::Version};

use crate::{
    Console, FileError, Result, Workspace,
    cargo::metadata,
    error::{count, file_error},
    source_checks::{CycleFinding, check_module_cycles},
};

/// The HTTP client, and the crates that may depend on it: the transport, the downloads of interface
/// files, and the tests of the mock server.
const HTTP_CLIENT: &str = "reqwest";
const HTTP_CLIENT_USERS: [&str; 2] = ["hoopai-runtime", "xtask"];
const HTTP_CLIENT_TEST_USERS: [&str; 1] = ["hoopai-mock"];

pub(crate) fn dependencies(tree: &Workspace, console: &Console) -> Result<bool> {
    let metadata = metadata(tree)?;
    let own = metadata.workspace_packages();
    let mut findings = Vec::new();
    for package in &own {
        findings.extend(disallowed_dependencies(&metadata, package));
    }
    let stated = own
        .iter()
        .filter_map(|package| package.rust_version.as_ref())
        .min()
        .ok_or_else(|| {
            file_error(
                "Cargo.toml",
                "has no rust-version",
                "add it to [workspace.package]",
            )
        })?;
    for package in &metadata.packages {
        findings.extend(newer_rust(package, stated));
    }
    for finding in &findings {
        console.line(finding);
    }
    let cycles = check_module_cycles(tree)?;
    for CycleFinding { error, edges } in &cycles {
        console.line(error);
        for edge in edges {
            console.line(format_args!("  {edge}"));
        }
    }
    let number = findings.len() + cycles.len();
    let (all, own) = (metadata.packages.len(), own.len());
    console.line(format_args!(
        "{}, {own} of them of this workspace, Rust {stated}: {}",
        count(all, "package"),
        count(number, "finding"),
    ));
    Ok(number == 0)
}

/// Whether a crate may depend on another one, apart from tests. Generated crates may depend on the
/// runtime alone.
fn may_depend_on(metadata: &Metadata, package: &Package, other: &str) -> bool {
    let mut own = metadata.workspace_packages().into_iter();
    let own = own.find(|own| own.name == other);
    let is_own = own.is_some();
    match package.name.as_str() {
        "hoopai-runtime" | "hoopai-mock" | "hoopai-codegen" => !is_own,
        "hoopai-auth" | "hoopai-catalogue" => !is_own || other == "hoopai-runtime",
        "hoopai-bulk" => !is_own || ["hoopai-catalogue", "hoopai-runtime"].contains(&other),
        "hoopai-cli" => {
            !is_own
                || [
                    "hoopai-auth",
                    "hoopai-bulk",
                    "hoopai-catalogue",
                    "hoopai-mock",
                    "hoopai-redis",
                    "hoopai-runtime",
                ]
                .contains(&other)
        }
        "hoopai-webhooks" => !is_own || ["hoopai-runtime", "hoopai-auth"].contains(&other),
        "hoopai-postgres" | "hoopai-redis" => {
            !is_own || ["hoopai-runtime", "hoopai-auth", "hoopai-webhooks"].contains(&other)
        }
        "hoopai" => {
            [
                "hoopai-runtime",
                "hoopai-auth",
                "hoopai-postgres",
                "hoopai-redis",
                "hoopai-webhooks",
            ]
            .contains(&other)
                || own.is_some_and(is_module)
        }
        "xtask" => !is_own || other == "hoopai-codegen",
        _ if is_module(package) => other == "hoopai-runtime",
        // Tests of the whole workspace.
        _ => true,
    }
}

fn is_module(package: &Package) -> bool {
    let mut folders = package.manifest_path.ancestors();
    folders
        .nth(2)
        .is_some_and(|folder| folder.ends_with("crates/api"))
}

fn disallowed_dependencies(metadata: &Metadata, package: &Package) -> Vec<FileError> {
    let mut findings = Vec::new();
    for dependency in &package.dependencies {
        let name = dependency.name.as_str();
        let dev = dependency.kind == DependencyKind::Development;
        let mut finding = |problem: String, remedy: &str| {
            findings.push(file_error(
                format!("the crate {}", package.name),
                problem,
                remedy,
            ));
        };
        let may_use_client = HTTP_CLIENT_USERS.contains(&package.name.as_str())
            || dev && HTTP_CLIENT_TEST_USERS.contains(&package.name.as_str());
        if name == HTTP_CLIENT && !may_use_client {
            finding(
                format!(
                    "depends on {HTTP_CLIENT}, which only {} may use",
                    HTTP_CLIENT_USERS.join(" and ")
                ),
                "send through hoopai-runtime",
            );
        } else if !dev && !may_depend_on(metadata, package, name) {
            finding(
                format!("depends on {name}, which is not allowed"),
                "see the allowed dependencies in ARCHITECTURE.md",
            );
        }
    }
    findings
}

/// An error if a package requires a later Rust than this workspace.
fn newer_rust(package: &Package, stated: &Version) -> Option<FileError> {
    let needed = package.rust_version.as_ref()?;
    (needed > stated).then(|| {
        file_error(
            format!("{} {}", package.name, package.version),
            format!("requires Rust {needed}, and Cargo.toml states {stated}"),
            format!("use an older version with cargo update {} --precise, or raise rust-version in Cargo.toml and README.md", package.name),
        )
    })
}
