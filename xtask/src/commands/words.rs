//! `cargo xtask words`: checks names in hand-written Rust against the list of retired words.

use std::collections::BTreeMap;

use crate::{Console, Result, Workspace, error::count, source_checks::check_words};

pub(crate) fn words(tree: &Workspace, console: &Console) -> Result<bool> {
    let findings = check_words(tree)?;
    let mut packages: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &findings {
        console.line(&finding.error);
        *packages.entry(&finding.package).or_default() += 1;
    }
    for (package, number) in packages {
        console.line(format_args!("{package}: {}", count(number, "finding")));
    }
    if findings.is_empty() {
        console.line("no retired words");
    }
    Ok(findings.is_empty())
}
