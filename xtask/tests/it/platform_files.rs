//! The interface files of the platform generate the committed files, byte for byte. Skipped without
//! these files.

use std::{collections::BTreeMap, env, io::Write, path::PathBuf};

use crate::{
    fixture::{Tree, files_below, own_root},
    server::Server,
};

/// The variable with the folder of `<module>/openapi.json`. The default is beside the workspace.
const VARIABLE: &str = "HOOPAI_UPSTREAM";
const MODULES: usize = 41;
/// 576 in the files of the platform, and 33 in overlays.
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

/// The files that regen writes: specs, lock, crates and the interfaces of the mock server.
fn written(files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    let own = |path: &str| {
        ["specs/", "crates/api/", "crates/hoopai-mock/interface/"]
            .iter()
            .any(|folder| path.starts_with(folder))
    };
    files.into_iter().filter(|(path, _)| own(path)).collect()
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
    let folders = [
        "specs",
        "crates/api",
        "crates/hoopai",
        "crates/hoopai-mock",
        "crates/hoopai-auth",
        "crates/hoopai-runtime",
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
