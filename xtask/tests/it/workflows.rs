//! The workflows, and the script that opens the pull request.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

use crate::fixture::{assert_contains, own_root};

/// The workflows by file name.
fn workflows() -> Vec<(String, String, Value)> {
    let folder = own_root().join(".github/workflows");
    let entries = fs::read_dir(&folder).expect("the folder of the workflows");
    let read = |path: &Path| {
        let text = fs::read_to_string(path).expect("readable");
        let parsed = serde_saphyr::from_str(&text);
        let parsed = parsed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        (name, text, parsed)
    };
    let mut workflows: Vec<_> = entries
        .map(|entry| read(&entry.expect("readable").path()))
        .collect();
    workflows.sort_by(|one, other| one.0.cmp(&other.0));
    workflows
}

fn steps(workflow: &Value) -> Vec<&Value> {
    let jobs = workflow["jobs"].as_object().expect("jobs").values();
    jobs.flat_map(|job| job["steps"].as_array().expect("steps"))
        .collect()
}

#[test]
fn workflows_only_call_the_entry_point_of_ci() {
    let workflows = workflows();
    let names: Vec<&str> = workflows.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["ci.yml", "regen.yml"]);
    for (name, text, workflow) in &workflows {
        let mut commands = Vec::new();
        for step in steps(workflow) {
            match (step["uses"].as_str(), step["run"].as_str()) {
                (Some(action), None) => {
                    let version = action.split_once('@').map(|(_, version)| version);
                    let is_tag = |version: &str| {
                        version
                            .strip_prefix('v')
                            .is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
                    };
                    assert!(
                        version.is_some_and(is_tag),
                        "{name}: {action} has no version tag"
                    );
                    assert_eq!(
                        step["with"]["persist-credentials"], false,
                        "{name}: {action}"
                    );
                }
                (None, Some(command)) => commands.push(command),
                _ => panic!("{name}: {step}"),
            }
        }
        assert_eq!(commands.len(), 1, "{name}: {commands:?}");
        assert!(
            commands[0] == ".ci/run" || commands[0] == ".ci/run pull-request",
            "{name}"
        );
        assert!(!text.contains("://"), "{name} contains an address");
    }
}

/// A workflow has read access, and a job adds what it needs.
#[test]
fn workflows_have_the_least_permissions() {
    let workflows = workflows();
    for (name, _, workflow) in &workflows {
        assert_eq!(
            workflow["permissions"],
            serde_json::json!({ "contents": "read" }),
            "{name}"
        );
        for job in workflow["jobs"].as_object().expect("jobs").values() {
            assert!(job["timeout-minutes"].is_u64(), "{name} has no time limit");
            let expected = match name.as_str() {
                "regen.yml" => serde_json::json!({
                    "contents": "write", "pull-requests": "write", "actions": "write",
                }),
                _ => Value::Null,
            };
            assert_eq!(job["permissions"], expected, "{name}");
        }
    }
    let regen = &workflows[1].2;
    // YAML 1.1 reads the key `on` as true.
    let triggers = [&regen["on"], &regen["true"]]
        .into_iter()
        .find(|value| value.is_object());
    let triggers = triggers.expect("triggers");
    assert!(triggers.get("workflow_dispatch").is_some());
    let schedule = triggers["schedule"][0]["cron"]
        .as_str()
        .expect("a schedule");
    let fields: Vec<&str> = schedule.split(' ').collect();
    assert!(
        matches!(fields[..], [minute, hour, "*", "*", day] if [minute, hour, day].iter().all(|field| field.parse::<u8>().is_ok())),
        "{schedule} is not once a week"
    );
}

/// A clone of a repository, with programs in place of `cargo` and `gh` that record their arguments.
struct Clone(tempfile::TempDir);

/// Writes the report, changes a file and ends with the code in `CODE`.
const CARGO: &str = r#"#!/bin/sh
echo "cargo $* token=${GH_TOKEN-none}" >> "$LOG"
rm -rf target/regen
[ "$CODE" = 0 ] || echo "$CODE" > specs.json
[ "$REPORT" != "" ] || exit "$CODE"
mkdir -p target/regen
echo "The report" > target/regen/report.md
echo "$REPORT" > target/regen/report.json
exit "$CODE"
"#;

/// Lists the pull request in `OPEN`.
const GH: &str = r#"#!/bin/sh
echo "gh $*" >> "$LOG"
[ "$1 $2" != "pr list" ] || echo "$OPEN"
"#;

const REPORT: &str = r#"{"version":{"bump":"minor","next":"0.2.0"},"labels":["breaking"]}"#;

impl Clone {
    fn new() -> Self {
        let clone = Self(tempfile::tempdir().expect("a folder"));
        for (path, text) in [("bin/cargo", CARGO), ("bin/gh", GH)] {
            clone.program(path, text);
        }
        clone.git(
            ".",
            &[
                "init",
                "--quiet",
                "--bare",
                "--initial-branch=main",
                "origin",
            ],
        );
        clone.git(".", &["clone", "--quiet", "origin", "work"]);
        clone.git("work", &["switch", "--quiet", "--create", "main"]);
        let script = fs::read_to_string(own_root().join(".ci/pull-request")).expect("the script");
        clone.program("work/.ci/pull-request", &script);
        fs::write(clone.path("work/.gitignore"), "/target\n").expect("written");
        clone.commit("person@example.com");
        clone.git("work", &["push", "--quiet", "origin", "main"]);
        clone
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.0.path().join(path)
    }

    fn program(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    }

    fn git(&self, folder: &str, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.current_dir(self.path(folder)).args(arguments);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null");
        let output = command.output().expect("git");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout)
            .expect("UTF-8")
            .trim()
            .to_owned()
    }

    fn commit(&self, author: &str) {
        self.git("work", &["add", "--all"]);
        let email = format!("user.email={author}");
        let message = ["commit", "--quiet", "--message", "A change"];
        self.git(
            "work",
            &[&["-c", "user.name=person", "-c", &email][..], &message].concat(),
        );
    }

    /// Runs the script. Returns its output and the recorded commands.
    fn run(&self, code: u8, open: &str) -> (Output, String) {
        self.run_with(code, open, REPORT)
    }

    /// The same, with this report or an empty one.
    fn run_with(&self, code: u8, open: &str, report: &str) -> (Output, String) {
        self.git("work", &["switch", "--quiet", "main"]);
        let log = self.path("log");
        fs::write(&log, "").expect("written");
        let path = std::env::var("PATH").expect("a path");
        let output = Command::new("bash")
            .arg(self.path("work/.ci/pull-request"))
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("LOG", &log)
            .env("CODE", code.to_string())
            .env("OPEN", open)
            .env("REPORT", report)
            .env("GH_TOKEN", "5ecret")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .expect("bash");
        let log = fs::read_to_string(log).expect("readable");
        let printed = [&output.stdout[..], &output.stderr].concat();
        assert!(!String::from_utf8_lossy(&printed).contains("5ecret"));
        (output, log)
    }
}

#[test]
fn pull_request_has_the_report_and_the_labels() {
    if Command::new("jq").arg("--version").output().is_err() {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED pull_request_has_the_report_and_the_labels: jq is not installed"
        );
        return;
    }
    let clone = Clone::new();
    let main = clone.git("work", &["rev-parse", "main"]);
    let title = "Regenerate from the platform's interface files (minor, next version 0.2.0)";

    let (output, log) = clone.run(0, "");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(log, "cargo xtask update token=none\n", "nothing changed");
    let (output, log) = clone.run_with(1, "", "");
    assert_eq!(output.status.code(), Some(1), "the update failed");
    assert_eq!(log, "cargo xtask update token=none\n");
    clone.git("work", &["clean", "--quiet", "--force"]);

    let (output, log) = clone.run(3, "");
    assert!(output.status.success(), "{output:?}");
    assert_contains(
        &log,
        &format!(
            "gh pr create --head regen --base main --title {title} --body-file target/regen/report.md --label breaking\n"
        ),
    );
    assert_contains(&log, "gh workflow run ci.yml --ref regen\n");
    let message = clone.git("origin", &["log", "-1", "--format=%s %P", "regen"]);
    assert_eq!(message, format!("{title} {main}"));
    let files = clone.git("origin", &["ls-tree", "--name-only", "regen"]);
    assert_eq!(
        files, ".ci\n.gitignore\nspecs.json",
        "the report is no part of the commit"
    );

    // The next run replaces the commit, and updates the pull request.
    let (output, log) = clone.run(2, "7");
    assert!(output.status.success(), "{output:?}");
    assert_contains(
        &log,
        "--body-file target/regen/report.md --add-label breaking --remove-label attention --remove-label failed\n",
    );
    assert!(
        log.contains("gh pr edit 7 ") && !log.contains("gh pr create"),
        "{log}"
    );
    assert_eq!(clone.git("origin", &["rev-parse", "regen^"]), main);

    // The changes of other modules are proposed if one fails.
    let report = REPORT.replace("\"breaking\"", "\"failed\"");
    let (output, log) = clone.run_with(1, "7", &report);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_contains(&log, "--add-label failed");
    assert_contains(&log, "gh workflow run ci.yml --ref regen\n");

    // A person's commit on the branch is kept.
    clone.git("work", &["switch", "--quiet", "regen"]);
    fs::write(clone.path("work/overlay.yaml"), "").expect("written");
    clone.commit("person@example.com");
    clone.git("work", &["push", "--quiet", "origin", "regen"]);
    let pushed = clone.git("origin", &["rev-parse", "regen"]);
    let (output, log) = clone.run(4, "7");
    assert_eq!(output.status.code(), Some(1), "{log}");
    assert_contains(
        &String::from_utf8_lossy(&output.stderr),
        "merge or close it first",
    );
    assert_eq!(clone.git("origin", &["rev-parse", "regen"]), pushed);
}
