//! The change report, and the exit codes of the commands that print it.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use xtask::Status;

use crate::fixture::{Tree, assert_contains, common, interface, own_root, server};

const LIST: (&str, &str) = ("get", "/links/");
const CREATE: (&str, &str) = ("post", "/links/");
const GET: (&str, &str) = ("get", "/links/{linkId}");

/// A workspace of these modules, with a version.
fn workspace(modules: &[&str]) -> Tree {
    let tree = Tree::new(modules);
    tree.write("Cargo.toml", "[workspace.package]\nversion = \"0.1.0\"\n");
    tree
}

/// A folder of interface files.
struct Folder(Tree);

impl Folder {
    fn new(modules: &[(&str, Value)]) -> Self {
        let folder = Self(Tree::new(&[]));
        folder
            .0
            .write("common/common-schemas.json", &common().to_string());
        for (name, interface) in modules {
            folder.set(name, interface);
        }
        folder
    }

    fn set(&self, module: &str, interface: &Value) {
        self.0
            .write(&format!("{module}/openapi.json"), &interface.to_string());
    }

    fn path(&self) -> String {
        self.0.path("").to_str().expect("UTF-8").to_owned()
    }
}

/// The exit code, standard output and standard error of the program.
struct Output {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn run(tree: &Tree, arguments: &[&str], source: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("--root").arg(tree.path("")).args(arguments);
    command.env_remove("HOOPAI_SPEC_SOURCE");
    command.envs(source.map(|source| ("HOOPAI_SPEC_SOURCE", source)));
    let output = command.output().expect("started");
    Output {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

#[test]
fn exit_code_of_regen_shows_what_changed() {
    let tree = workspace(&["links", "users"]);
    let users = interface("users", &[("get", "/users/")]);
    let folder = Folder::new(&[
        ("links", interface("links", &[LIST, GET])),
        ("users", users),
    ]);
    let source = folder.path();
    let regen = |arguments: &[&str]| {
        let output = run(
            &tree,
            &[&["regen", "--source", &source], arguments].concat(),
            None,
        );
        (output.code, output.stdout + &output.stderr)
    };
    assert_eq!(regen(&["--dry-run"]).0, Some(2), "all modules are new");
    assert_eq!(regen(&[]).0, Some(2));
    assert_eq!(regen(&[]).0, Some(0), "nothing changed");

    folder.set("links", &interface("links", &[LIST, GET, CREATE]));
    assert_eq!(regen(&["--dry-run"]).0, Some(2), "an operation is new");
    let mut changed = interface("links", &[LIST, GET]);
    changed["paths"]["/links/"]["get"]["parameters"][0]["schema"]["type"] = "string".into();
    folder.set("links", &changed);
    let (code, text) = regen(&["--dry-run"]);
    assert_eq!(code, Some(3), "a parameter has another type: {text}");
    folder.set("links", &interface("links", &[LIST]));
    let (code, text) = regen(&["--dry-run"]);
    assert_eq!(code, Some(4), "types have other names: {text}");
    assert_eq!(regen(&["--dry-run", "--module", "users"]).0, Some(0));

    let mut broken = interface("links", &[LIST]);
    broken["components"]["schemas"]["BookmarkDto"]["properties"]["broken"] =
        json!({ "$ref": "#/components/schemas/Gone" });
    folder.set("links", &broken);
    let (code, text) = regen(&[]);
    assert_eq!(code, Some(4), "attention comes before breaking: {text}");
    let (code, text) = regen(&[]);
    assert_eq!(code, Some(4), "the deviation is still open: {text}");

    folder.0.write("links/openapi.json", "<html>");
    let (code, text) = regen(&[]);
    assert_eq!(code, Some(1), "failure comes first: {text}");
    assert_contains(&text, "links: FAILED");
    assert_eq!(run(&tree, &["regen", "--offline"], None).code, Some(0));
}

/// Clap's exit code for wrong usage would mean that something changed.
#[test]
fn exit_code_of_wrong_usage_is_that_of_failures() {
    let tree = workspace(&[]);
    for arguments in [
        &[][..],
        &["regenerate"],
        &["regen", "--no-such-option"],
        &["regen", "--report", "xml"],
        &["regen", "--source", "http://example.invalid/{module}"],
        &["regen", "--report", "json", "--offline"],
        &["compare", "one"],
        &["update", "--source", "no-such-folder"],
    ] {
        let output = run(&tree, arguments, None);
        assert_eq!(output.code, Some(1), "{arguments:?}: {}", output.stderr);
        assert_eq!(output.stdout, "", "{arguments:?}");
    }
    let wrong = run(&tree, &["compare", "no-such-folder", "platform"], None);
    assert_contains(&wrong.stderr, "error: OLD: no such folder");
    let help = run(&tree, &["regen", "--help"], None);
    assert_eq!(help.code, Some(0));
    for code in [
        "1  failure",
        "4  attention",
        "3  breaking",
        "2  changed",
        "0  unchanged",
    ] {
        assert_contains(&help.stdout, code);
    }
}

#[test]
fn report_is_the_only_text_on_standard_output() {
    let tree = workspace(&["links"]);
    let folder = Folder::new(&[("links", interface("links", &[LIST, GET]))]);
    run(&tree, &["regen", "--source", &folder.path()], None);
    folder.set("links", &interface("links", &[LIST, CREATE]));
    let report = |format: &str| {
        run(
            &tree,
            &[
                "regen",
                "--dry-run",
                "--source",
                &folder.path(),
                "--report",
                format,
            ],
            None,
        )
    };
    let output = report("json");
    let value: Value = serde_json::from_str(&output.stdout).expect("JSON");
    assert_contains(&output.stderr, "1 updated");
    assert_eq!(
        value["version"],
        json!({ "current": "0.1.0", "next": "0.2.0", "bump": "minor" })
    );
    assert_eq!(value["labels"], json!(["breaking"]));
    let changes = value["modules"][0]["api"]
        .as_array()
        .expect("changes")
        .iter();
    let changes: Vec<String> = changes
        .map(|change| {
            format!(
                "{} {} {}",
                change["kind"], change["name"], change["breaking"]
            )
            .replace('"', "")
        })
        .collect();
    assert_eq!(
        changes,
        [
            "removed GET /links/{linkId} true",
            "added POST /links/ false"
        ]
    );
    let again = report("json");
    assert_eq!(again.stdout, output.stdout, "equal input gives equal text");

    let output = report("markdown");
    assert_eq!(output.code, Some(3));
    assert!(
        output
            .stdout
            .starts_with("# Changes of the platform's interface\n"),
        "{}",
        output.stdout
    );
    assert_contains(
        &output.stdout,
        "- `-` operation `GET /links/{linkId}`: `Client::get_links_link_id`",
    );
}

#[test]
fn unchanged_modules_give_an_empty_report() {
    let tree = workspace(&["links"]);
    let folder = Folder::new(&[("links", interface("links", &[LIST]))]);
    run(&tree, &["regen", "--source", &folder.path()], None);
    let output = run(
        &tree,
        &["regen", "--source", &folder.path(), "--report", "json"],
        None,
    );
    assert_eq!(output.code, Some(0));
    let value: Value = serde_json::from_str(&output.stdout).expect("JSON");
    assert_eq!(
        (&value["modules"], &value["labels"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(value["version"]["bump"], "none");
}

#[test]
fn changes_that_an_overlay_causes_are_reported() {
    let tree = workspace(&["links"]);
    let server = server(&[("links", interface("links", &[LIST]))]);
    tree.regen(&server, &[]).ends_with(Status::Changed);
    tree.write(
        "specs/links/overlay.yaml",
        "overlay: 1.0.0\ninfo: { title: links, version: 1.0.0 }\nactions:\n  - target: $.paths['/links/'].get\n    description: It finds bookmarks.\n    update: { x-hoopai-name: find_bookmarks }\n",
    );
    let text = tree
        .regen(&server, &["--report", "markdown"])
        .ends_with(Status::Breaking);
    assert_contains(&text, "is now `Client::find_bookmarks`");
    let text = tree.regen(&server, &[]).ends_with(Status::Success);
    assert_contains(&text, "links: unchanged");
}

/// A crate that cannot be read may have contained anything.
#[test]
fn crate_that_cannot_be_compared_counts_as_breaking() {
    let tree = workspace(&["links"]);
    let server = server(&[("links", interface("links", &[LIST]))]);
    tree.regen(&server, &[]).ends_with(Status::Changed);
    tree.write("crates/api/links/src/types.rs", "pub struct {");
    let text = tree.regen(&server, &[]).ends_with(Status::Breaking);
    assert_contains(
        &text,
        "no comparison with the old crate: crates/api/links/src/types.rs: ",
    );
    tree.regen(&server, &[]).ends_with(Status::Success);
}

#[test]
fn report_without_a_version_is_an_error() {
    let tree = Tree::new(&["links"]);
    let server = server(&[("links", interface("links", &[LIST]))]);
    let error = tree.regen(&server, &["--report", "json"]).error();
    assert_contains(&error, "Cargo.toml: has no `version`");
}

#[test]
fn two_folders_are_compared_without_writing() {
    let tree = workspace(&["links", "notes", "tags", "users"]);
    let users = interface("users", &[("get", "/users/")]);
    let old = Folder::new(&[
        ("links", interface("links", &[LIST, GET, CREATE])),
        ("users", users.clone()),
        ("notes", interface("notes", &[("get", "/notes/")])),
    ]);
    let new = Folder::new(&[
        ("links", interface("links", &[LIST, GET])),
        ("users", users),
        ("tags", interface("tags", &[("get", "/tags/")])),
        ("wallets", interface("wallets", &[("get", "/wallets/")])),
        ("empty", interface("empty", &[])),
    ]);
    let before = tree.files();
    let compare = |old: &Folder, new: &Folder, format: &str| {
        run(
            &tree,
            &["compare", &old.path(), &new.path(), "--report", format],
            None,
        )
    };
    let output = compare(&old, &new, "json");
    assert_eq!(output.code, Some(3), "{}", output.stderr);
    let value: Value = serde_json::from_str(&output.stdout).expect("JSON");
    let modules = value["modules"].as_array().expect("modules").iter();
    let modules: Vec<_> = modules
        .map(|module| {
            (
                module["module"].as_str().unwrap(),
                module["status"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        modules,
        [
            ("links", "changed"),
            ("notes", "missing"),
            ("tags", "added"),
            ("wallets", "added")
        ],
        "`wallets` and `empty` are not in the list of modules"
    );
    assert_eq!(value["version"]["next"], "0.2.0");
    assert_eq!(
        compare(&new, &old, "markdown").code,
        Some(2),
        "an operation is added"
    );
    let same = compare(&old, &old, "markdown");
    assert_eq!(same.code, Some(0));
    assert_contains(&same.stdout, "0 of 4 modules changed");
    assert!(tree.files() == before, "compare writes nothing");

    new.0.write("links/openapi.json", "<html>");
    let output = compare(&old, &new, "markdown");
    assert_eq!(output.code, Some(1));
    assert_contains(&output.stdout, "| `links` (failed) |");
}

#[test]
fn update_writes_the_reports_and_checks_the_tree() {
    let tree = workspace(&["links"]);
    let folder = Folder::new(&[("links", interface("links", &[LIST, GET]))]);
    let output = run(&tree, &["update", "--source", &folder.path()], None);
    assert_eq!(output.code, Some(2), "{}{}", output.stdout, output.stderr);
    assert_contains(&output.stdout, "all agree");
    let report: Value = serde_json::from_str(&tree.read("target/regen/report.json")).expect("JSON");
    assert_eq!(report["modules"][0]["status"], "added");
    assert_contains(
        &tree.read("target/regen/report.md"),
        "New module with 2 operations",
    );

    folder.set("links", &interface("links", &[LIST]));
    let output = run(&tree, &["update"], Some(&folder.path()));
    assert_eq!(
        output.code,
        Some(4),
        "the variable names the source: {}",
        output.stderr
    );
    let output = run(
        &tree,
        &["update", "--source", &folder.path()],
        Some("ignored"),
    );
    assert_eq!(
        output.code,
        Some(4),
        "the option comes before the variable: {}",
        output.stderr
    );

    tree.write("crates/api/unlisted/Cargo.toml", "");
    let output = run(&tree, &["update"], Some(&folder.path()));
    assert_eq!(output.code, Some(1), "the check fails");
    assert_contains(&output.stdout, "crates/api/unlisted");
    assert!(
        !tree.path("target/regen/report.json").exists(),
        "no report of a tree that is not to be proposed"
    );
}

#[test]
fn update_reports_a_failed_module_and_writes_the_others() {
    let tree = workspace(&["links", "users"]);
    let folder = Folder::new(&[
        ("links", interface("links", &[LIST])),
        ("users", interface("users", &[LIST])),
    ]);
    run(&tree, &["update", "--source", &folder.path()], None);
    folder.set("links", &interface("links", &[LIST, GET]));
    folder.set("users", &json!({ "openapi": "4.0.0" }));
    let output = run(&tree, &["update", "--source", &folder.path()], None);
    assert_eq!(output.code, Some(1), "{}{}", output.stdout, output.stderr);
    assert_contains(&output.stdout, "all agree");
    assert_contains(&tree.read("specs/links/openapi.json"), "/links/{linkId}");
    let report: Value = serde_json::from_str(&tree.read("target/regen/report.json")).expect("JSON");
    assert_eq!(report["labels"], json!(["breaking", "attention", "failed"]));
    assert_eq!(
        (
            &report["modules"][0]["status"],
            &report["modules"][1]["status"]
        ),
        (&json!("changed"), &json!("failed"))
    );
    let text = tree.read("target/regen/report.md");
    assert_contains(&text, "**1 module failed.**");
    assert_contains(&text, "is OpenAPI 4.0.0");
}

#[test]
fn error_about_the_variable_does_not_show_its_value() {
    let tree = workspace(&["links"]);
    let secret = "https://user:5ecret@example.com/{module}?key=5ecret";
    let output = run(&tree, &["update"], Some(secret));
    assert_eq!(output.code, Some(1));
    assert_contains(&output.stderr, "HOOPAI_SPEC_SOURCE");
    assert!(!(output.stdout + &output.stderr).contains("5ecret"));
}

fn shared(name: &str) -> Option<PathBuf> {
    let folder = own_root().parent()?.join("shared").join(name);
    folder.is_dir().then_some(folder)
}

/// The operations in a file, as `GET /path`. Read without codegen.
fn operations(folder: &Path, module: &str) -> Option<BTreeSet<String>> {
    let bytes = fs::read(folder.join(module).join("openapi.json")).ok()?;
    let document: Value = serde_json::from_slice(&bytes).expect("JSON");
    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in ["get", "put", "post", "delete", "patch"] {
            if item.get(method).is_some() {
                operations.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    Some(operations)
}

/// Reports on the older states of the platform's files. The operations in them are counted from the
/// files.
#[test]
fn older_states_of_the_platform_are_compared() {
    let (Some(today), Some(history)) = (shared("upstream"), shared("upstream-history")) else {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED older_states_of_the_platform_are_compared: ../shared/upstream-history does not exist"
        );
        return;
    };
    let states = fs::read_dir(history).expect("readable");
    let states: BTreeSet<PathBuf> = states
        .map(|entry| entry.expect("readable").path())
        .collect();
    assert!(states.len() >= 2, "{states:?}");
    let mut directions: Vec<(&Path, &Path)> = states
        .iter()
        .map(|state| (state.as_path(), today.as_path()))
        .collect();
    directions.extend(
        states
            .first()
            .map(|state| (today.as_path(), state.as_path())),
    );
    for (old, new) in directions {
        let between = format!("{} to {}", old.display(), new.display());
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("--root")
            .arg(own_root())
            .arg("compare")
            .args([old, new])
            .args(["--report", "json"])
            .output()
            .expect("started");
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(report["summary"]["failed"], 0, "{between}");
        let attention = report["summary"]["attention"].as_u64().expect("a number");
        let breaking = report["summary"]["breaking"].as_u64().expect("a number");
        let expected = match (attention, breaking) {
            (0, 0) => 2,
            (0, _) => 3,
            _ => 4,
        };
        assert_eq!(output.status.code(), Some(expected), "{between}");
        let mut counted = 0;
        for module in report["modules"].as_array().expect("modules") {
            let name = module["module"].as_str().expect("a name");
            let (Some(before), Some(after)) = (operations(old, name), operations(new, name)) else {
                continue;
            };
            let changes = module["api"].as_array().expect("changes");
            for (request, kind) in before
                .difference(&after)
                .map(|request| (request, "removed"))
                .chain(after.difference(&before).map(|request| (request, "added")))
            {
                let is_reported = |change: &&Value| {
                    change["item"] == "operation"
                        && (change["name"] == request.as_str() && change["kind"] == kind
                            || change["aspect"] == "request"
                                && (change["from"] == request.as_str()
                                    || change["to"] == request.as_str()))
                };
                assert!(
                    changes.iter().any(|change| is_reported(&change)),
                    "{between}: {name}: {kind} {request}"
                );
                counted += 1;
            }
        }
        assert!(counted > 0, "{between}: no operation differs");
    }
}
