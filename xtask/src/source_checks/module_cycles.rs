//! Checks that the modules of each crate depend on each other in one direction, except for named
//! cycles.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::module_graph::ModuleGraph;
use crate::{
    error::{FileError, Result, file_error},
    workspace::{SourcePackage, Workspace, source_packages},
};

/// The named cycles.
const NAMED_CYCLES: &str = "xtask/module-cycles.toml";

/// A cycle that is not named, or a name without a cycle.
#[derive(Debug)]
pub(crate) struct CycleFinding {
    pub(crate) error: FileError,
    /// `from:line -> to`, for each edge.
    pub(crate) edges: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedCycles {
    #[serde(default)]
    cycle: Vec<NamedCycle>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedCycle {
    #[serde(rename = "crate")]
    package: String,
    /// Files, or folders in the source folder of the crate. Files in it without a folder count as
    /// one.
    members: BTreeSet<String>,
    reason: String,
}

/// Compares the cycles of all hand-written crates with the named ones.
pub(crate) fn check_module_cycles(tree: &Workspace) -> Result<Vec<CycleFinding>> {
    let mut named = read_named(tree)?;
    let mut findings = Vec::new();
    for package in source_packages(tree)? {
        let folder = source_folder(&package);
        let relative = |path: &str| path.strip_prefix(&folder).unwrap_or(path).to_owned();
        let files = ModuleGraph::read(tree, &package.crate_roots)?.grouped(relative);
        let folders = files.grouped(|path| top_folder(path, &files).to_owned());
        let mut folder_cycles = folders.cycles();
        // A cycle without a folder is a cycle of files.
        folder_cycles.retain(|cycle| cycle.iter().any(|name| !name.ends_with(".rs")));
        for (graph, kind, cycles) in [
            (&files, "files", files.cycles()),
            (&folders, "folders", folder_cycles),
        ] {
            for cycle in cycles {
                let before = named.len();
                named.retain(|named| named.package != package.name || named.members != cycle);
                if named.len() == before {
                    findings.push(finding(&package, kind, graph, &cycle));
                }
            }
        }
    }
    findings.extend(named.iter().map(
        |NamedCycle {
             package, members, ..
         }| {
            let problem = format!(
                "names a cycle of {}, which crate {package} does not have",
                join(members)
            );
            CycleFinding {
                error: file_error(
                    NAMED_CYCLES,
                    problem,
                    "remove the entry, or correct its list",
                ),
                edges: Vec::new(),
            }
        },
    ));
    Ok(findings)
}

fn finding(
    package: &SourcePackage,
    kind: &str,
    graph: &ModuleGraph,
    cycle: &BTreeSet<String>,
) -> CycleFinding {
    CycleFinding {
        error: file_error(
            format!("crate {}", package.name),
            format!("has a cycle of {kind}: {}", join(cycle)),
            format!(
                "move the shared items to a file that uses none of them, or name the cycle in {NAMED_CYCLES}"
            ),
        ),
        edges: graph
            .edges(cycle)
            .map(|(from, to, line)| match kind {
                "files" => format!("{from}:{line} -> {to}"),
                _ => format!("{from} -> {to}"),
            })
            .collect(),
    }
}

fn join(members: &BTreeSet<String>) -> String {
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    members.join(", ")
}

fn read_named(tree: &Workspace) -> Result<Vec<NamedCycle>> {
    let text = tree.text(NAMED_CYCLES)?.unwrap_or_default();
    let named: NamedCycles = toml::from_str(&text).map_err(|error| {
        file_error(
            NAMED_CYCLES,
            error.message().to_owned(),
            "write `[[cycle]]` entries with crate, members and reason",
        )
    })?;
    match named
        .cycle
        .iter()
        .find(|cycle| cycle.reason.trim().is_empty())
    {
        Some(cycle) => Err(file_error(
            NAMED_CYCLES,
            format!("has a cycle of crate {} without a reason", cycle.package),
            "state why the cycle is inherent",
        )),
        None => Ok(named.cycle),
    }
}

/// The folder of the crate root, with a slash at the end.
fn source_folder(package: &SourcePackage) -> String {
    let root = package.crate_roots.first().map_or("", String::as_str);
    root.rsplit_once('/')
        .map_or(String::new(), |(folder, _)| format!("{folder}/"))
}

/// The first folder of a path. `b.rs` belongs to the folder `b`, if there is one.
fn top_folder<'a>(path: &'a str, files: &ModuleGraph) -> &'a str {
    if let Some((folder, _)) = path.split_once('/') {
        return folder;
    }
    let folder = path.trim_end_matches(".rs");
    let is_parent = |other: &String| {
        other
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    if files.0.keys().any(is_parent) {
        folder
    } else {
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::testing;

    const NAMED: &str = "[[cycle]]\ncrate = \"sample\"\nmembers = [\"a.rs\", \"b.rs\"]\nreason = \"Mutual recursion.\"\n";

    /// The findings for a crate of these files, each with its edges.
    fn findings(files: &[(&str, &str)], named: &str) -> Vec<String> {
        let sources = files
            .iter()
            .map(|(path, text)| (format!("sample/src/{path}"), *text));
        let sources: Vec<_> = sources.collect();
        let mut all = vec![
            ("Cargo.toml", "[workspace]\nmembers = [\"sample\"]\n"),
            ("sample/Cargo.toml", "[package]\nname = \"sample\"\n"),
            (NAMED_CYCLES, named),
        ];
        all.extend(sources.iter().map(|(path, text)| (path.as_str(), *text)));
        let (_folder, tree) = testing::tree(&all);
        let findings = check_module_cycles(&tree).expect("readable");
        let text =
            |finding: CycleFinding| format!("{} [{}]", finding.error, finding.edges.join(", "));
        findings.into_iter().map(text).collect()
    }

    /// `a` and `b` use each other.
    const CYCLE: [(&str, &str); 3] = [
        ("lib.rs", "mod a;\nmod b;"),
        ("a.rs", "use crate::b::B;\npub struct A(B);"),
        (
            "b.rs",
            "pub struct B;\nimpl B {\n    fn a(_: &super::a::A) {}\n}",
        ),
    ];

    #[test]
    fn cycle_is_reported_with_its_edges_unless_it_is_named() {
        let found = findings(&CYCLE, "");
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(
            found[0].contains("crate sample: has a cycle of files: a.rs, b.rs"),
            "{found:#?}"
        );
        assert!(
            found[0].ends_with("[a.rs:1 -> b.rs, b.rs:3 -> a.rs]"),
            "{found:#?}"
        );
        assert_eq!(findings(&CYCLE, NAMED), [] as [&str; 0]);
    }

    #[test]
    fn named_cycle_that_does_not_exist_is_reported() {
        let one_way = [CYCLE[0], CYCLE[1], ("b.rs", "pub struct B;")];
        let found = findings(&one_way, NAMED);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(
            found[0].contains("names a cycle of a.rs, b.rs, which crate sample does not have"),
            "{found:#?}"
        );
        assert_eq!(findings(&one_way, ""), [] as [&str; 0]);
    }

    #[test]
    fn re_exports_are_resolved_to_the_defining_file() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\npub use a::A;"),
            (
                "a/mod.rs",
                "pub(crate) mod inner;\npub use inner::*;\nuse crate::b::B;\npub struct A(B);",
            ),
            ("a/inner.rs", "pub struct Inner;"),
            ("b.rs", "use crate::a::Inner;\npub struct B(Inner);"),
        ];
        // `b` uses `a/inner.rs` through `a/mod.rs`: no cycle of files, but one of folders.
        let found = findings(&files, "");
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(
            found[0].contains("has a cycle of folders: a, b.rs"),
            "{found:#?}"
        );
        let named =
            "[[cycle]]\ncrate = \"sample\"\nmembers = [\"a\", \"b.rs\"]\nreason = \"A reason.\"\n";
        assert_eq!(findings(&files, named), [] as [&str; 0]);
    }

    #[test]
    fn circular_globs_are_resolved() {
        let files = [
            ("lib.rs", "mod a;\nmod b;"),
            ("a.rs", "pub use super::b::*;\npub struct A;"),
            ("b.rs", "pub use super::a::*;\npub struct B(A, Missing);"),
        ];
        // `b` uses `a`, and `a` only re-exports `b`.
        assert_eq!(findings(&files, ""), [] as [&str; 0]);
    }

    #[test]
    fn uses_in_macros_functions_globs_and_inline_modules_count() {
        for using in [
            "fn f() { assert!(crate::a::A::new().is_some(), \"{}\", 1); }",
            "fn f() { use crate::a::A; let _: Option<A> = None; }",
            "use super::a::*;\nfn f(_: A) {}",
            "use crate::a;\nfn f() { vec![a::A::new()]; }",
            "mod inner { fn f(_: crate::a::A) {} }",
            "macro_rules! m { () => { crate::a::A::new() } }",
        ] {
            let text = format!("pub struct B;\n{using}");
            let found = findings(&[CYCLE[0], CYCLE[1], ("b.rs", &text)], "");
            assert_eq!(found.len(), 1, "{using}: {found:#?}");
        }
    }

    #[test]
    fn tests_and_other_crates_do_not_count() {
        for unused in [
            "#[cfg(test)]\nmod tests { use crate::a::A; fn f(_: A) {} }",
            "#[cfg(test)]\nuse crate::a::A;",
            "struct S;\nimpl S { #[cfg(test)] fn f(_: crate::a::A) {} }",
            "fn f(_: ::a::A) {}",
            "fn f(s: &str) { println!(\"crate::a::A\", s.a::<u8>()); }",
            "/// [`crate::a::A`]\npub(in crate) fn f() {}",
            "macro_rules! m { () => { $crate::a::A::new() } }",
        ] {
            let text = format!("pub struct B;\n{unused}");
            let found = findings(&[CYCLE[0], CYCLE[1], ("b.rs", &text)], "");
            assert_eq!(found, [] as [&str; 0], "{unused}");
        }
    }

    #[test]
    fn entry_without_a_reason_is_rejected() {
        let named = NAMED.replace("Mutual recursion.", " ");
        let (_folder, tree) = testing::tree(&[(NAMED_CYCLES, &named)]);
        let error = check_module_cycles(&tree).expect_err("rejected");
        assert!(error.problem.contains("without a reason"), "{error}");
    }
}
