//! What holds for the whole workspace and needs no build to know.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::tree::{Tree, files_below, own_root};

/// Files above this are to be split. Generated ones are as long as their module is large.
const LINES: usize = 600;

#[test]
fn no_file_that_is_written_by_hand_is_too_long() {
    let root = own_root();
    let mut long = Vec::new();
    let mut seen = 0;
    for folder in [
        "codegen",
        "crates/hoopai",
        "crates/hoopai-mock",
        "crates/hoopai-auth",
        "crates/hoopai-runtime",
        "conformance",
        "tests",
        "xtask",
    ] {
        for (path, bytes) in files_below(&root.join(folder)) {
            if path.ends_with(".rs") && !path.starts_with("generated/") {
                seen += 1;
                let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
                if lines > LINES {
                    long.push(format!("{folder}/{path}: {lines}"));
                }
            }
        }
    }
    assert!(seen > 200, "{seen} files only");
    assert!(long.is_empty(), "more than {LINES} lines: {long:#?}");
}

/// CI runs what README tells people to run, word for word.
#[test]
fn the_commands_of_the_readme_are_steps_of_ci() {
    let readme = fs::read_to_string(own_root().join("README.md")).expect("README.md");
    let steps = Tree::new(&[]).run(&["ci", "--list"]).ok();
    for (step, shown) in [
        ("quickstart", "cargo run --example quickstart"),
        ("tests", "cargo test --workspace"),
    ] {
        let told = readme.lines().any(|line| {
            line.split('#')
                .next()
                .is_some_and(|told| told.trim_end() == shown)
        });
        assert!(told, "README.md does not say `{shown}`");
        let runs = steps.lines().find_map(|line| line.strip_prefix(step));
        let runs = runs.map(|line| line.trim().replace(" --quiet", ""));
        assert_eq!(runs.as_deref(), Some(shown), "{steps}");
    }
}

#[test]
fn a_step_that_there_is_not_is_refused_with_those_that_there_are() {
    let text = Tree::new(&[]).run(&["ci", "tests", "test"]).refused();
    assert!(
        text.contains("has no step `test`") && text.contains("formatting, check,"),
        "{text}"
    );
}

#[test]
fn checks_of_a_folder_that_is_not_there_are_skipped_aloud() {
    let text = Tree::new(&[]).run(&["ci", "shared"]).ok();
    assert!(
        text.contains("skipped: ../shared/checks is not there"),
        "{text}"
    );
    assert!(text.contains("0 steps passed, 1 skipped"), "{text}");
}

#[test]
fn after_a_step_that_fails_no_other_is_begun() {
    let tree = Tree::new(&[]);
    tree.write("specs/older/openapi.json", "{}");
    let text = tree.run(&["ci", "shared", "check"]).failed();
    assert!(
        text.contains("FAILED: check, after 0 other steps. By itself: cargo xtask ci check, which runs cargo xtask check"),
        "{text}"
    );
    assert!(!text.contains("== shared"), "{text}");
}

/// A new operation of the platform needs our words before it is merged; how many of the fields that requests send may do
/// without for a while is a matter of degree.
#[test]
fn what_users_meet_is_documented() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["report", "--json", "--root"])
        .arg(own_root())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let start = text.find('{').unwrap_or_default();
    let report: Value = serde_json::from_str(&text[start..]).expect("JSON");
    let share = |part: &str| {
        let share = &report["totals"]["documented"][part];
        let figure = |name: &str| share[name].as_f64().unwrap();
        assert!(figure("all") > 500.0, "{part}: {share}");
        figure("done") / figure("all")
    };
    for (part, least) in [
        ("operations", 1.0),
        ("parameters", 1.0),
        ("request_fields", 0.8),
    ] {
        assert!(
            share(part) >= least,
            "{part}: cargo xtask report lists what lacks words in specs/<module>/documentation.yaml"
        );
    }
}
