//! An interrupted `regen` leaves each module old or new, never half.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::tree::{Tree, interface, server};

type Files = BTreeMap<String, Vec<u8>>;

/// All that belongs to a module: its spec, its crate and its row in the lock.
fn module(files: &Files, name: &str) -> (Files, Option<String>) {
    let (spec, crate_) = (format!("specs/{name}/"), format!("crates/api/{name}/"));
    let own =
        |(path, _): &(&String, &Vec<u8>)| path.starts_with(&spec) || path.starts_with(&crate_);
    let lock = files
        .get("specs/lock.toml")
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let lock = lock.unwrap_or_default();
    let row = lock
        .split("[[module]]")
        .find(|row| row.contains(&format!("name = \"{name}\"")));
    let files = files
        .iter()
        .filter(own)
        .map(|(path, bytes)| (path.clone(), bytes.clone()))
        .collect();
    (files, row.map(|row| row.trim().to_owned()))
}

fn facade(files: &Files) -> Files {
    files
        .iter()
        .filter(|(path, _)| path.starts_with("crates/hoopai/"))
        .map(|(path, bytes)| (path.clone(), bytes.clone()))
        .collect()
}

#[test]
fn killed_at_any_step_each_module_is_old_or_new() {
    let old = Tree::new(&["links", "users"]);
    let links = interface("links", &[("get", "/links/")]);
    old.regen(&server(&[("links", links)]), &["--module", "links"])
        .ok();
    old.write("crates/api/links/src/no_longer_made.rs", "// goes");

    let changed = interface("links", &[("get", "/links/"), ("post", "/links/")]);
    let server = server(&[
        ("links", changed),
        ("users", interface("users", &[("get", "/users/")])),
    ]);
    let new = old.copy();
    new.regen(&server, &[]).ok();
    let (before, after) = (old.files(), new.files());

    let mut mixed = 0;
    for at in 0.. {
        let tree = old.copy();
        let steps = Arc::new(AtomicUsize::new(0));
        let dying = tree.workspace().with_hook(move |_| {
            if steps.fetch_add(1, Ordering::Relaxed) == at {
                Err(io::Error::other("killed"))
            } else {
                Ok(())
            }
        });
        let outcome = tree.regen_in(&dying, &server.source(), &[]);
        let completed = outcome.result.is_ok();
        assert!(
            completed
                || outcome
                    .result
                    .is_err_and(|fault| fault.problem.contains("killed")),
            "{}",
            outcome.text
        );

        xtask::recover(&tree.workspace()).expect("recovered");
        let now = tree.files();
        assert!(
            now.keys().all(|path| !path.contains(".staging")),
            "{:?}",
            now.keys()
        );
        for name in ["links", "users"] {
            let state = module(&now, name);
            assert!(
                state == module(&before, name) || state == module(&after, name),
                "killed at step {at}, {name} is half: {:?}",
                state.0.keys()
            );
        }
        let has_users = now.contains_key("specs/users/openapi.json");
        let expected = if has_users { &after } else { &before };
        assert!(
            facade(&now) == facade(expected),
            "killed at step {at}: the facade does not have the modules there are"
        );
        mixed += usize::from(now != before && now != after);

        if completed {
            assert!(at > 20, "only {at} steps");
            assert!(now == after);
            break;
        }
        if at % 8 == 0 {
            tree.regen(&server, &[]).ok();
            assert!(
                tree.files() == after,
                "killed at step {at}: running again does not complete it"
            );
        }
    }
    assert!(mixed > 0, "one module after the other becomes new");
}

#[test]
fn every_command_first_finishes_what_was_interrupted() {
    let old = Tree::new(&["links"]);
    let server = server(&[("links", interface("links", &[("get", "/links/")]))]);
    let out = tempfile::tempdir().expect("a folder");
    let out = out.path().to_str().expect("UTF-8");
    for command in [
        &["check"][..],
        &["report", "--json"],
        &["export", out],
        &["codegen"],
        &["codegen", "--check"],
        &["regen", "--offline"],
    ] {
        let tree = old.copy();
        let dying = tree.workspace().with_hook(|step| match step {
            xtask::Step::Move(path) if path.starts_with("specs") => Err(io::Error::other("killed")),
            _ => Ok(()),
        });
        tree.regen_in(&dying, &server.source(), &[]).refused();
        assert!(!tree.path("specs/links/openapi.json").exists());
        let text = tree.run(command).ok();
        assert!(
            text.contains("finished the interrupted update of module links"),
            "{command:?}: {text}"
        );
        assert!(tree.path("specs/links/openapi.json").exists());
        tree.run(&["check"]).ok();
    }
}
