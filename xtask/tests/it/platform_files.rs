//! The interface files of the platform generate the committed files, byte for byte. Skipped without
//! these files.

use std::{collections::BTreeMap, env, fs, io::Write, path::PathBuf};

use crate::{
    fixture::{Tree, files_below, own_root},
    server::Server,
};

/// The variable with the folder of `<module>/openapi.json`. The default is beside the workspace.
const VARIABLE: &str = "HOOPAI_UPSTREAM";
const MODULES: usize = 41;
/// 576 in the files of the platform, and 33 in overlays.
const OPERATIONS: usize = 609;

pub(crate) fn upstream() -> Option<PathBuf> {
    let beside = || {
        own_root()
            .parent()
            .map(|parent| parent.join("shared/upstream"))
    };
    let folder = env::var_os(VARIABLE).map(PathBuf::from).or_else(beside)?;
    folder.is_dir().then_some(folder)
}

/// Folders in which regen writes all files, apart from [`is_input`] and [`EVENTS`].
const GENERATED: [&str; 6] = [
    "specs",
    "crates/api",
    "crates/hoopai-catalogue/data",
    "crates/hoopai-catalogue/src/modules",
    "crates/hoopai-mock/interface",
    "tests/generated",
];

/// The sources of webhook events, which regen neither reads nor writes.
const EVENTS: &str = "specs/webhooks/";

const FILES: [&str; 3] = ["crates/hoopai/Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT"];

/// The folders with older files of the platform. Prints that a test is skipped if there are none.
pub(crate) fn older_states(test: &str) -> Vec<PathBuf> {
    let folder = own_root()
        .parent()
        .map(|parent| parent.join("shared/upstream-history"));
    let entries = folder.and_then(|folder| fs::read_dir(folder).ok());
    let mut states: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    states.sort();
    if states.is_empty() {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED {test}: ../shared/upstream-history does not exist"
        );
    }
    states
}

/// A tree of the committed files that regen reads and writes.
pub(crate) fn committed_tree() -> Tree {
    let tree = Tree::new(&[]);
    for (path, bytes) in committed() {
        tree.write_bytes(&path, &bytes);
    }
    tree
}

fn committed() -> BTreeMap<String, Vec<u8>> {
    let root = own_root();
    let mut committed: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for folder in GENERATED {
        let files = files_below(&root.join(folder)).into_iter();
        committed.extend(files.map(|(path, bytes)| (format!("{folder}/{path}"), bytes)));
    }
    for path in FILES {
        committed.insert(
            path.to_owned(),
            fs::read(root.join(path)).expect("readable"),
        );
    }
    committed.retain(|path, _| !path.starts_with(EVENTS));
    committed
}

fn is_input(path: &str) -> bool {
    path == "specs/modules.toml"
        || path.starts_with("specs/") && path.ends_with(".yaml")
        || FILES.contains(&path)
}

#[test]
fn platform_files_generate_the_committed_files() {
    let Some(upstream) = upstream() else {
        // Not captured by the test runner, unlike `eprintln!`.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED platform_files_generate_the_committed_files: ../shared/upstream does not exist, and {VARIABLE} names no folder"
        );
        return;
    };
    let tree = Tree::new(&[]);
    let root = own_root();
    let committed = committed();
    for (path, bytes) in committed.iter().filter(|(path, _)| is_input(path)) {
        tree.write(path, std::str::from_utf8(bytes).expect("UTF-8"));
    }

    let text = tree.regen(&Server::of_folder(upstream), &[]).ok();
    let summary = format!(
        "{MODULES} modules: {MODULES} updated, 0 unchanged, 0 failed; {OPERATIONS} operations"
    );
    assert!(text.contains(&summary), "{text}");

    let generated = tree.files();
    let differs = |(path, bytes): &(&String, &Vec<u8>)| {
        fs::read(root.join(path)).ok().as_ref() != Some(*bytes)
    };
    let differing = generated.iter().filter(differs).map(|(path, _)| path);
    let missing = committed
        .keys()
        .filter(|path| !generated.contains_key(*path));
    let differing: Vec<&String> = differing.chain(missing).collect();
    let remedy = if differing.iter().any(|path| path.starts_with("specs/")) {
        "run cargo xtask regen with the folder of those files as --source"
    } else {
        "run cargo xtask codegen"
    };
    assert!(
        differing.is_empty(),
        "{} files differ from the files that regen generates; {remedy}: {:#?}",
        differing.len(),
        &differing[..differing.len().min(20)]
    );
}
