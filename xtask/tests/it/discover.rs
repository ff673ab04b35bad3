//! Modules that a source has and the list lacks, and the other way round.

use crate::{
    fixture::{CommandOutput, Tree, assert_contains, common, interface},
    platform_files::{committed_tree, older_states, upstream},
    sources::{commit_all, public_modules, text_of},
};

/// A folder that has these modules.
fn source(modules: &[&str]) -> Tree {
    let source = Tree::new(&[]);
    source.write("common/common-schemas.json", &common().to_string());
    for name in modules {
        let path = format!("/{name}/");
        let file = interface(name, &[("get", &path)]).to_string();
        source.write(&format!("{name}/openapi.json"), &file);
    }
    source
}

#[track_caller]
fn regen(tree: &Tree, source: &Tree, arguments: &[&str]) -> String {
    let folder = source.path("");
    let folder = folder.to_str().expect("UTF-8");
    tree.regen_in(&tree.workspace(), folder, arguments).ok()
}

#[test]
fn new_modules_are_listed_and_added_with_discover() {
    let tree = Tree::new(&["links", "users"]);
    regen(&tree, &source(&["links", "users"]), &[]);
    let source = source(&["links", "social-ai", "users"]);
    source.write("not a module/openapi.json", "{}");
    source.write(
        "empty/openapi.json",
        r#"{"openapi": "3.0.0", "info": {"title": "e", "version": "1"}, "paths": {}}"#,
    );
    let files = tree.files();
    let text = regen(&tree, &source, &[]);
    assert_contains(
        &text,
        "the source has the module `social-ai`, which specs/modules.toml lacks; --discover adds it",
    );
    assert!(files == tree.files(), "nothing is written");

    let text = regen(&tree, &source, &["--discover"]);
    assert_contains(&text, "social-ai: new from mirror, 1 operation");
    assert_contains(&text, "empty: not added, because it has no operations");
    assert_contains(&text, "`not a module`, whose name is not that of a module");
    let list = tree.read("specs/modules.toml");
    assert_contains(
        &list,
        "\n[[module]]\nname = \"social-ai\"\nproduct = \"Social AI\"\n\n[[module]]\nname = \"users\"",
    );
    assert!(!list.contains("empty"), "{list}");
    for path in [
        "crates/api/social-ai/src/lib.rs",
        "crates/hoopai-mock/interface/social-ai.json",
        "tests/generated/social_ai.rs",
    ] {
        assert!(tree.path(path).is_file(), "{path}");
    }
    assert_contains(
        &tree.read("crates/hoopai/Cargo.toml"),
        "social-ai = [\"dep:hoopai-social-ai\"]",
    );
    tree.run(&["check"]).ok();
}

/// A folder in the layout of the public repository, and other files that such a repository has.
fn public_source(modules: &[&str]) -> Tree {
    let source = Tree::new(&[]);
    source.write("common/common-schemas.json", &common().to_string());
    source.write("common/common.json", "{}");
    source.write("toc.json", "{}");
    source.write("docs/links.json", "{}");
    source.write("apps/README.md", "The modules.");
    for path in modules {
        let name = path.trim_start_matches("apps/").trim_end_matches(".json");
        let file = interface(name, &[("get", &format!("/{name}/"))]).to_string();
        let file = match path.starts_with("apps/") {
            true => file,
            false => file.replace("../common/", "common/"),
        };
        source.write(path, &file);
    }
    source
}

/// Regenerates from the folder, or from a commit of its files.
fn discover(tree: &Tree, source: &Tree, is_git: bool) -> CommandOutput {
    let folder = source.path("");
    let folder = text_of(&folder);
    if !is_git {
        return tree.regen_in(&tree.workspace(), folder, &["--discover"]);
    }
    commit_all(&source.path(""));
    tree.regen_in(
        &tree.workspace(),
        &format!("{folder}@HEAD"),
        &["--discover"],
    )
}

#[test]
fn modules_of_the_public_layout_and_of_commits_are_discovered_by_their_listed_names() {
    for is_git in [false, true] {
        for saas in ["apps/saas-api.json", "saas-api.json"] {
            let tree = Tree::new(&[]);
            public_modules(&tree);
            let source = public_source(&["apps/items.json", saas]);
            let text = discover(&tree, &source, is_git).ok();
            assert_contains(&text, "2 modules: 2 updated, 0 unchanged, 0 failed");
            let files = tree.files();

            let source = public_source(&["apps/items.json", saas, "apps/social-ai.json"]);
            let text = discover(&tree, &source, is_git).ok();
            assert_contains(&text, "3 modules: 1 updated, 2 unchanged, 0 failed");
            assert_contains(&tree.read("specs/modules.toml"), "name = \"social-ai\"");
            tree.run(&["check"]).ok();

            let source = public_source(&["apps/items.json", "apps/social-ai.json"]);
            let text = discover(&tree, &source, is_git).ok();
            // The public repository lacks modules that the platform has.
            assert_contains(&text, "saas: not in this source, which may lack modules");
            assert_contains(&text, "0 failed, 1 vanished");
            assert!(!tree.read("specs/modules.toml").contains("deprecated"));
            tree.run(&["check"]).ok();
            assert!(files.len() < tree.files().len(), "the module is kept");
        }
    }
}

#[test]
fn vanished_modules_are_kept_and_marked_with_discover() {
    let tree = Tree::new(&["links", "users"]);
    let both = source(&["links", "users"]);
    regen(&tree, &both, &[]);
    let files = tree.files();

    let one = source(&["links"]);
    let text = regen(&tree, &one, &[]);
    assert_contains(
        &text,
        "users: vanished from the source; its last interface is kept; --discover marks it",
    );
    assert_contains(
        &text,
        "2 modules: 0 updated, 1 unchanged, 0 failed, 1 vanished; 2 operations",
    );
    assert!(
        files == tree.files(),
        "nothing is written without --discover"
    );

    let text = regen(&tree, &one, &["--discover"]);
    assert_contains(
        &text,
        "! specs/modules.toml: the platform's files no longer list the module `users`",
    );
    assert_contains(
        &tree.read("specs/modules.toml"),
        "name = \"users\"\nproduct = \"The users\"\ndeprecated = true\n",
    );
    for path in [
        "crates/api/users/src/lib.rs",
        "crates/api/users/src/client.rs",
        "crates/hoopai/src/modules.rs",
    ] {
        assert_contains(
            &tree.read(path),
            "**Deprecated**: the platform's files no longer list this module.",
        );
    }
    tree.run(&["check"]).failed();
    let text = tree
        .run(&["attend", "--all", "--reason", "Calls still succeed."])
        .ok();
    assert_contains(&text, "0 entries edited, 1 accepted, 0 open");
    tree.run(&["check"]).ok();
    let accepted = tree.files();
    regen(&tree, &one, &["--discover"]);
    assert!(accepted == tree.files(), "a second run changes nothing");

    let text = regen(&tree, &both, &[]);
    assert_contains(&text, "no longer accepted, because it has ended");
    assert!(
        files == tree.files(),
        "a module that comes back loses its mark"
    );
}

#[test]
fn source_without_any_module_is_a_failure() {
    let tree = Tree::new(&["links"]);
    regen(&tree, &source(&["links"]), &[]);
    let files = tree.files();
    let empty = source(&[]);
    let folder = empty.path("");
    let folder = folder.to_str().expect("UTF-8");
    let error = tree
        .regen_in(&tree.workspace(), folder, &["--discover"])
        .error();
    assert_contains(&error, "has neither <module>/openapi.json nor apps/");
    assert!(files == tree.files(), "nothing is written");
}

#[test]
fn files_of_a_removed_module_are_removed() {
    let tree = Tree::new(&["links"]);
    let both = source(&["links", "users"]);
    regen(&tree, &both, &[]);
    let files = tree.files();
    regen(&tree, &both, &["--discover"]);
    tree.list(&["links"]);
    for folder in ["specs/users", "crates/api/users"] {
        std::fs::remove_dir_all(tree.path(folder)).expect("removed");
    }
    regen(&tree, &source(&["links"]), &[]);
    assert!(files == tree.files());
}

#[test]
fn older_files_and_then_todays_restore_the_committed_tree() {
    let name = "older_files_and_then_todays_restore_the_committed_tree";
    let (states, Some(today)) = (older_states(name), upstream()) else {
        return;
    };
    let tree = committed_tree();
    // The generated files that a tree without them gets.
    let today = today.to_str().expect("UTF-8");
    tree.regen_in(&tree.workspace(), today, &[]).ok();
    let files = tree.files();
    for state in states {
        let state = state.to_str().expect("UTF-8");
        let text = tree
            .regen_in(&tree.workspace(), state, &["--discover"])
            .ok();
        assert_contains(&text, " 0 failed");
        tree.run(&["check", "--allow-attention"]).ok();
        tree.regen_in(&tree.workspace(), today, &["--discover"])
            .ok();
        let restored = tree.files();
        let paths = files.keys().chain(restored.keys());
        let differing: Vec<_> = paths
            .filter(|path| files.get(*path) != restored.get(*path))
            .collect();
        assert!(differing.is_empty(), "{differing:?}");
    }
}
