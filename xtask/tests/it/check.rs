//! `codegen --check`, `check`, `report` and `export`.

use std::process::Command;

use serde_json::Value;

use crate::tree::{Tree, interface, server};

fn generated() -> Tree {
    let tree = Tree::new(&["links", "users"]);
    let links = interface("links", &[("get", "/links/"), ("get", "/links/{linkId}")]);
    tree.regen(
        &server(&[
            ("links", links),
            ("users", interface("users", &[("get", "/users/")])),
        ]),
        &[],
    )
    .ok();
    tree.run(&["check"]).ok();
    tree
}

/// Exactly these findings, each by what it begins with and the command that mends it.
#[track_caller]
fn finds(text: &str, findings: &[(&str, &str)]) {
    for (start, remedy) in findings {
        let found = text
            .lines()
            .any(|line| line.starts_with(start) && line.contains(remedy));
        assert!(found, "no `{start} … {remedy}` in:\n{text}");
    }
    let count = format!("{} finding", findings.len());
    assert!(text.contains(&count), "not {count}:\n{text}");
}

#[test]
fn an_edited_missing_or_superfluous_generated_file_is_found_and_mended() {
    let tree = generated();
    let before = tree.files();
    tree.write("crates/api/links/src/lib.rs", "// edited");
    tree.write("crates/api/links/src/extra.rs", "// extra");
    std::fs::remove_file(tree.path("crates/api/users/Cargo.toml")).expect("removed");
    let text = tree.run(&["check"]).failed();
    finds(
        &text,
        &[
            (
                "crates/api/links/src/lib.rs: is not what codegen makes of specs/",
                "run cargo xtask codegen",
            ),
            (
                "crates/api/links/src/extra.rs: is not made by codegen",
                "run cargo xtask codegen",
            ),
            (
                "crates/api/users/Cargo.toml: is missing",
                "run cargo xtask codegen",
            ),
        ],
    );
    let text = tree.run(&["codegen", "--check"]).failed();
    assert!(text.contains("3 files not what codegen makes"), "{text}");
    let text = tree
        .run(&["codegen", "--check", "--module", "users"])
        .failed();
    assert!(text.contains("1 file not what codegen makes"), "{text}");

    let text = tree.run(&["codegen"]).ok();
    assert!(
        text.contains("2 modules, 3 operations: 2 written, 0 unchanged, 0 failed"),
        "{text}"
    );
    assert!(tree.files() == before);
    let text = tree.run(&["codegen"]).ok();
    assert!(text.contains("0 written, 2 unchanged, 0 failed"), "{text}");
}

#[test]
fn an_edited_facade_is_found() {
    let tree = generated();
    let manifest = tree.read("crates/hoopai/Cargo.toml");
    tree.list(&["links"]);
    std::fs::remove_dir_all(tree.path("specs/users")).expect("removed");
    std::fs::remove_dir_all(tree.path("crates/api/users")).expect("removed");
    let text = tree.run(&["check"]).failed();
    assert!(
        text.contains(
            "crates/hoopai/Cargo.toml: is not what codegen makes of specs/; run cargo xtask codegen"
        ),
        "{text}"
    );
    tree.run(&["codegen"]).ok();
    assert!(tree.read("crates/hoopai/Cargo.toml") != manifest);
}

#[test]
fn an_edited_spec_is_found() {
    let tree = generated();
    let spec = tree.read("specs/users/openapi.json");
    // Reformatted: the same interface, so the crate still agrees.
    let value: Value = serde_json::from_str(&spec).expect("JSON");
    tree.write("specs/users/openapi.json", &value.to_string());
    let text = tree.run(&["check"]).failed();
    finds(
        &text,
        &[
            (
                "specs/users/openapi.json: is not in canonical form",
                "run cargo xtask regen --module users",
            ),
            (
                "specs/lock.toml: kept_sha256 of module `users`",
                "run cargo xtask regen --module users",
            ),
        ],
    );

    // Another interface: the crate differs too.
    tree.write(
        "specs/users/openapi.json",
        &spec.replace("\"fields\"", "\"words\""),
    );
    let text = tree.run(&["check"]).failed();
    assert!(
        text.contains("specs/lock.toml: kept_sha256 of module `users`"),
        "{text}"
    );
    assert!(
        text.lines()
            .any(|line| line.starts_with("crates/api/users/")
                && line.contains("run cargo xtask codegen")),
        "{text}"
    );

    tree.write("specs/users/openapi.json", "{");
    let text = tree.run(&["check"]).failed();
    assert!(
        text.lines()
            .any(|line| line.starts_with("specs/users/openapi.json")),
        "{text}"
    );
    let text = tree.run(&["codegen"]).failed();
    assert!(
        text.contains("users: FAILED: specs/users/openapi.json")
            && text.contains("1 unchanged, 1 failed"),
        "{text}"
    );
}

#[test]
fn a_stale_lock_is_found_and_mended() {
    let tree = generated();
    let lock = tree.read("specs/lock.toml");
    let (head, users) = lock
        .split_once("\n[[module]]\nname = \"users\"")
        .expect("a row");

    tree.write("specs/lock.toml", head);
    finds(
        &tree.run(&["check"]).failed(),
        &[(
            "specs/lock.toml: has no row for module `users`",
            "run cargo xtask regen --module users",
        )],
    );

    let row = format!("\n[[module]]\nname = \"users\"{users}");
    tree.write(
        "specs/lock.toml",
        &format!("{lock}{}", row.replace("\"users\"", "\"voice\"")),
    );
    finds(
        &tree.run(&["check"]).failed(),
        &[(
            "specs/lock.toml: has a row for `voice`",
            "run cargo xtask regen",
        )],
    );

    tree.write("specs/lock.toml", &lock.replace("# ", "# Edited "));
    finds(
        &tree.run(&["check"]).failed(),
        &[(
            "specs/lock.toml: is not as it was written",
            "run cargo xtask regen",
        )],
    );

    std::fs::remove_file(tree.path("specs/lock.toml")).expect("removed");
    let text = tree.run(&["check"]).failed();
    finds(
        &text,
        &[
            ("specs/lock.toml: has no row for module `links`", "regen"),
            ("specs/lock.toml: has no row for module `users`", "regen"),
        ],
    );
}

#[test]
fn folders_and_the_list_of_modules_agree() {
    let tree = generated();
    tree.list(&["links", "users", "voice"]);
    tree.write("specs/old/openapi.json", "{}");
    tree.write("crates/api/older/Cargo.toml", "");
    finds(
        &tree.run(&["check"]).failed(),
        &[
            (
                "specs/old: is no module of specs/modules.toml",
                "remove the folder, or add the module",
            ),
            (
                "crates/api/older: is no module of specs/modules.toml",
                "remove the folder, or add the module",
            ),
            (
                "specs/voice/openapi.json: is missing",
                "run cargo xtask regen --module voice",
            ),
        ],
    );
}

#[test]
fn report_says_what_the_generator_makes() {
    let tree = generated();
    let text = tree.run(&["report"]).ok();
    let row = |start: &str| {
        let line = text
            .lines()
            .find(|line| line.starts_with(start))
            .unwrap_or_else(|| panic!("no {start}: {text}"));
        line.trim_start_matches(start)
            .split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(row("links ")[..2], ["2", "2"]);
    assert_eq!(row("2 modules ")[..2], ["3", "3"]);

    let text = tree.run(&["report", "--json"]).ok();
    let start = text.find("{\n").expect("JSON");
    let report: Value = serde_json::from_str(&text[start..]).expect("JSON");
    assert_eq!(report["totals"]["operations"], 3);
    assert_eq!(report["modules"][0]["module"], "links");
    assert_eq!(report["failed"], Value::Array(Vec::new()));
}

#[test]
fn export_writes_the_effective_documents() {
    let tree = generated();
    let out = tempfile::tempdir().expect("a folder");
    let folder = out.path().join("a/b");
    let text = tree.run(&["export", folder.to_str().expect("UTF-8")]).ok();
    assert!(text.contains("2 documents written"), "{text}");
    let document = std::fs::read_to_string(folder.join("links/openapi.json")).expect("written");
    let document: Value = serde_json::from_str(&document).expect("JSON");
    assert!(document["paths"]["/links/"]["get"].is_object());

    let specs = tree.path("specs");
    let text = tree
        .run(&["export", specs.to_str().expect("UTF-8")])
        .refused();
    assert!(text.contains("is where the specs themselves are"), "{text}");
}

#[test]
fn ci_names_the_stage_that_fails_and_stops_there() {
    let tree = generated();
    tree.write("Cargo.toml", "[workspace");
    let text = tree.run(&["ci"]).failed();
    assert!(
        text.ends_with("== formatting\nFAILED: formatting\n"),
        "{text}"
    );
}

#[test]
fn the_exit_status_tells() {
    let tree = generated();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let output = command
            .arg("--root")
            .arg(tree.path(""))
            .args(arguments)
            .output()
            .expect("started");
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.code(), text)
    };
    assert_eq!(run(&["check"]).0, Some(0));
    let (code, text) = run(&["regen", "--source", "http://example.invalid/{module}"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("plain http is refused"), "{text}");
    tree.write("crates/api/links/src/lib.rs", "// edited");
    assert_eq!(run(&["check"]).0, Some(1));
    tree.write("specs/modules.toml", "?");
    let (code, text) = run(&["check"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("error: specs/modules.toml"), "{text}");
}
