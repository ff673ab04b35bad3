//! A command that is interrupted leaves a tree that `check` rejects, and repeating the command
//! repairs it.

use std::{
    collections::BTreeMap,
    io,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use xtask::{AtomicWriter, FileWriter};

use crate::fixture::{Tree, interface, server};

/// Fails after this number of changes, and after each one that follows.
struct InterruptedWriter {
    remaining: AtomicUsize,
}

impl InterruptedWriter {
    fn after(changes: usize) -> Self {
        Self {
            remaining: AtomicUsize::new(changes),
        }
    }

    fn count(&self) -> io::Result<()> {
        let counted =
            self.remaining
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |remaining| {
                    remaining.checked_sub(1)
                });
        counted
            .map(drop)
            .map_err(|_| io::Error::other("interrupted by the test"))
    }
}

impl FileWriter for InterruptedWriter {
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.count()?;
        AtomicWriter.write(path, bytes)
    }

    fn create_folder(&self, folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> io::Result<()> {
        self.count()?;
        AtomicWriter.create_folder(folder, files)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.count()?;
        AtomicWriter.remove(path)
    }
}

/// Interrupts `regen` after each number of changes. Returns how many trees `check` rejected.
fn interrupt_at_each_change(old: &Tree, server: &crate::server::Server) -> usize {
    let new = old.copy();
    new.regen(server, &[]).ok();
    new.run(&["check", "--allow-attention"]).ok();
    // Without the file that is no longer generated, the tree has the old state.
    let regenerated = old.copy();
    regenerated.run(&["codegen"]);
    let (before, after) = ([old.files(), regenerated.files()], new.files());

    let mut rejected = 0;
    for changes in 0.. {
        let tree = old.copy();
        let interrupted = tree
            .workspace()
            .with_writer(InterruptedWriter::after(changes));
        let output = tree.regen_in(&interrupted, &server.source(), &[]);
        if output.result.is_ok() {
            assert!(tree.files() == after);
            break;
        }
        assert!(output.error().contains("interrupted by the test"));
        assert!(tree.files() != after, "interrupted after {changes} changes");
        if !before.contains(&tree.files()) {
            let text = tree.run(&["check", "--allow-attention"]).failed();
            assert!(
                text.contains("If a cargo xtask command was interrupted, repeat it"),
                "interrupted after {changes} changes: {text}"
            );
            rejected += 1;
        }
        tree.regen(server, &[]).ok();
        assert!(tree.files() == after, "interrupted after {changes} changes");
        tree.run(&["check", "--allow-attention"]).ok();
    }
    rejected
}

#[test]
fn interrupted_update_is_rejected_by_check_and_repaired_by_repeating_it() {
    let old = Tree::new(&["links", "users"]);
    let users = interface("users", &[("get", "/users/")]);
    let links = interface("links", &[("get", "/links/")]);
    old.regen(&server(&[("links", links), ("users", users.clone())]), &[])
        .ok();
    old.write("crates/api/links/src/no_longer_generated.rs", "// old");

    let changed = interface("links", &[("get", "/links/"), ("post", "/links/")]);
    let rejected = interrupt_at_each_change(&old, &server(&[("links", changed), ("users", users)]));
    // The removed file, types, client, operations, interface of the mock server, spec.
    assert!(rejected >= 5, "{rejected}");
}

#[test]
fn interrupted_new_module_is_rejected_by_check_and_repaired_by_repeating_it() {
    let old = Tree::new(&["links", "users"]);
    let links = interface("links", &[("get", "/links/")]);
    old.regen(&server(&[("links", links.clone())]), &["--module", "links"])
        .ok();

    let users = interface("users", &[("get", "/users/")]);
    let rejected = interrupt_at_each_change(&old, &server(&[("links", links), ("users", users)]));
    // The new crate, the interface of the mock server, spec, facade.
    assert!(rejected >= 4, "{rejected}");
}

/// Cargo reads all folders in `crates/api` before it starts any command. A folder without a manifest
/// or without a source file is an error.
#[test]
fn interrupted_new_module_leaves_a_workspace_that_cargo_can_read() {
    let old = Tree::new(&["links", "users"]);
    let server = server(&[
        ("links", interface("links", &[("get", "/links/")])),
        ("users", interface("users", &[("get", "/users/")])),
    ]);
    for changes in 0.. {
        let tree = old.copy();
        let interrupted = tree
            .workspace()
            .with_writer(InterruptedWriter::after(changes));
        let completed = tree
            .regen_in(&interrupted, &server.source(), &[])
            .result
            .is_ok();
        let facade = tree.read("crates/hoopai/Cargo.toml");
        for module in ["links", "users"] {
            let folder = tree.path("crates/api").join(module);
            let is_complete = ["Cargo.toml", "src/lib.rs"]
                .iter()
                .all(|file| folder.join(file).exists());
            assert!(
                is_complete || !folder.exists(),
                "{module} after {changes} changes"
            );
            assert!(is_complete || !facade.contains(&format!("hoopai-{module}")));
        }
        if completed {
            break;
        }
    }
}

/// A process that is killed while it writes leaves a temporary file.
#[test]
fn temporary_file_is_rejected_by_check() {
    let tree = Tree::new(&["links"]);
    let server = server(&[("links", interface("links", &[("get", "/links/")]))]);
    tree.regen(&server, &[]).ok();
    for path in [
        "specs/links/openapi.json.xtask-tmp",
        "crates/api/links/src/lib.rs.xtask-tmp",
        "crates/hoopai/Cargo.toml.xtask-tmp",
        "crates/api.xtask-tmp/lib.rs",
    ] {
        tree.write(path, "partial");
        let text = tree.run(&["check", "--allow-attention"]).failed();
        assert!(text.contains(path.trim_end_matches("/lib.rs")), "{text}");
        std::fs::remove_file(tree.path(path)).expect("removed");
        let _ = std::fs::remove_dir(tree.path("crates/api.xtask-tmp"));
    }
    tree.run(&["check", "--allow-attention"]).ok();
}
