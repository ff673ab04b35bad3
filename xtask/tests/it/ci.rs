//! The steps of CI, and the documentation of the generated code.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::fixture::{Tree, assert_contains, own_root};

/// CI runs the commands of README, word for word.
#[test]
fn commands_of_the_readme_are_ci_steps() {
    let readme = fs::read_to_string(own_root().join("README.md")).expect("README.md");
    let steps = Tree::new(&[]).run(&["ci", "--list"]).ok();
    for (step, shown) in [
        ("quickstart", "cargo run --example quickstart"),
        ("tests", "cargo test --workspace"),
    ] {
        let mut commands = readme.lines().filter_map(|line| line.split('#').next());
        let is_in_readme = commands.any(|command| command.trim_end() == shown);
        assert!(is_in_readme, "README.md does not contain `{shown}`");
        let runs = steps.lines().find_map(|line| line.strip_prefix(step));
        let runs = runs.map(|line| line.trim().replace(" --quiet", ""));
        assert_eq!(runs.as_deref(), Some(shown), "{steps}");
    }
}

#[test]
fn unknown_step_is_rejected_with_the_list_of_steps() {
    let text = Tree::new(&[]).run(&["ci", "tests", "test"]).error();
    assert!(
        text.contains("has no step `test`") && text.contains("formatting, check,"),
        "{text}"
    );
}

#[test]
fn checks_of_a_missing_folder_are_reported_as_skipped() {
    let text = Tree::new(&[]).run(&["ci", "shared"]).ok();
    assert_contains(&text, "skipped: ../shared/checks does not exist");
    assert_contains(&text, "0 steps passed, 1 skipped");
}

#[test]
fn failed_step_ends_the_run() {
    let tree = Tree::new(&[]);
    tree.write("specs/older/openapi.json", "{}");
    let text = tree.run(&["ci", "shared", "check"]).failed();
    assert_contains(
        &text,
        "FAILED: check, after 0 other steps. To repeat it: cargo xtask ci check, which runs cargo xtask check",
    );
    assert!(!text.contains("== shared"), "{text}");
}

/// A new operation must be documented before it is merged. Some fields of requests may lack
/// documentation for a while.
#[test]
fn operations_and_parameters_are_documented() {
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
            "{part}: cargo xtask report lists the items without documentation in specs/<module>/documentation.yaml"
        );
    }
}
