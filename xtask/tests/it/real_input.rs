//! The platform's own interface files, where this machine has them: all of them become what is committed, byte for byte.

use std::{collections::BTreeMap, env, io::Write, path::PathBuf};

use crate::{
    server::Server,
    tree::{Tree, files_below, own_root},
};

/// Names the folder with `<module>/openapi.json`, where it does not lie beside the workspace.
const VARIABLE: &str = "HOOPAI_UPSTREAM";
const MODULES: usize = 41;
/// 576 of those files, and 33 that overlays add.
const OPERATIONS: usize = 609;

fn upstream() -> Option<PathBuf> {
    let beside = || {
        own_root()
            .parent()
            .map(|parent| parent.join("shared/upstream"))
    };
    let folder = env::var_os(VARIABLE).map(PathBuf::from).or_else(beside)?;
    folder.is_dir().then_some(folder)
}

/// What regen writes in a tree: specs, lock, crates and the mock server's interfaces.
fn written(files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    let own = |path: &str| {
        [
            "specs/",
            "crates/api/",
            "crates/hoopai-mock/interface/",
            "tests/generated/",
        ]
        .iter()
        .any(|folder| path.starts_with(folder))
    };
    files.into_iter().filter(|(path, _)| own(path)).collect()
}

#[test]
fn all_of_the_platform_becomes_what_is_committed() {
    let Some(upstream) = upstream() else {
        // Past the capture of output, so that it is seen.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED all_of_the_platform_becomes_what_is_committed: there is no ../shared/upstream, and {VARIABLE} names no folder"
        );
        return;
    };
    let tree = Tree::new(&[]);
    let root = own_root();
    let folders = [
        "specs",
        "crates/api",
        "crates/hoopai",
        "crates/hoopai-mock",
        "crates/hoopai-auth",
        "crates/hoopai-runtime",
        "tests/generated",
    ];
    let mut committed: BTreeMap<_, _> = folders
        .into_iter()
        .flat_map(|folder| {
            files_below(&root.join(folder))
                .into_iter()
                .map(move |(path, bytes)| (format!("{folder}/{path}"), bytes))
        })
        .collect();
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        let text = std::fs::read_to_string(root.join(licence)).expect("a licence");
        tree.write(licence, &text);
        committed.insert(licence.to_owned(), text.into_bytes());
    }
    for (path, bytes) in &committed {
        if path.ends_with("/overlay.yaml")
            || path.starts_with("specs/") && path.ends_with("documentation.yaml")
            || path == "specs/modules.toml"
            || path == "crates/hoopai/Cargo.toml"
        {
            tree.write(path, std::str::from_utf8(bytes).expect("UTF-8"));
        }
    }

    let text = tree.regen(&Server::of_folder(upstream), &[]).ok();
    let summary = format!(
        "{MODULES} modules: {MODULES} updated, 0 unchanged, 0 failed; {OPERATIONS} operations"
    );
    assert!(text.contains(&summary), "{text}");

    let made = tree.files();
    let mut differing: Vec<&str> = Vec::new();
    for (path, bytes) in &made {
        if committed.get(path) != Some(bytes) {
            differing.push(path);
        }
    }
    for path in written(committed.clone()).keys() {
        if !made.contains_key(path) {
            differing.push(committed.get_key_value(path).expect("committed").0);
        }
    }
    let mends = if differing.iter().any(|path| path.starts_with("specs/")) {
        "run cargo xtask regen with the folder of those files as --source"
    } else {
        "run cargo xtask codegen"
    };
    assert!(
        differing.is_empty(),
        "{} files are not what regen makes of the platform's files; {mends}: {:#?}",
        differing.len(),
        &differing[..differing.len().min(20)]
    );
}
