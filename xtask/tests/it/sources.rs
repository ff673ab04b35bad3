//! Folders, commits of git repositories, and the files in them.

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use xtask::{Limits, Source};

use crate::{
    fixture::{CommandOutput, Tree, assert_contains, common, fetcher_on, files_below, interface},
    server::Clock,
};

const LIST: &[(&str, &str)] = &[("get", "/items/")];
const COMMON: &str = "common/common-schemas.json";

/// A folder with these files, and the common file.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let common = common().to_string();
    for (path, text) in files.iter().chain(&[(COMMON, common.as_str())]) {
        write(folder.path(), path, text.as_bytes());
    }
    folder
}

fn write(folder: &Path, path: &str, bytes: &[u8]) {
    let file = folder.join(path);
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    fs::write(file, bytes).expect("written");
}

pub(crate) fn text_of(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn regen(tree: &Tree, source: &str) -> CommandOutput {
    let fetcher = fetcher_on(&Clock::new(), Limits::default());
    tree.regen_with(&fetcher, &tree.workspace(), source, &[])
}

/// Writes a list of modules in which `saas` has another name in the public repository.
pub(crate) fn public_modules(tree: &Tree) {
    tree.write(
        "specs/modules.toml",
        "[[module]]\nname = \"items\"\nproduct = \"Items\"\n\n[[module]]\nname = \"saas\"\nproduct = \"SaaS\"\ngithub = \"apps/saas-api.json\"\n",
    );
}

#[test]
fn layouts_of_the_public_repository_are_recognised() {
    let text = interface("items", LIST).to_string();
    for [items, saas] in [
        ["items/openapi.json", "saas/openapi.json"],
        ["apps/items.json", "apps/saas-api.json"],
        ["apps/items.json", "saas-api.json"],
        ["items/items.json", "saas/saas.json"],
    ] {
        // References are relative to the file, which is beside `common` in the root.
        let at_root = text.replace("../common/", "common/");
        let saas_text = if saas.contains('/') { &text } else { &at_root };
        let folder = folder(&[(items, &text), (saas, saas_text)]);
        let tree = Tree::new(&[]);
        public_modules(&tree);
        let printed = regen(&tree, text_of(folder.path())).ok();
        assert_contains(&printed, "2 modules: 2 updated, 0 unchanged, 0 failed");
    }
    let folder = folder(&[("apps/items.json", &text)]);
    let tree = Tree::new(&[]);
    public_modules(&tree);
    let printed = regen(&tree, text_of(folder.path())).failed();
    assert_contains(&printed, "apps/saas-api.json: does not exist");
    assert_contains(&printed, "items: new from mirror");
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.com"])
        .args(["-c", "commit.gpgsign=false", "-c", "core.autocrlf=false"])
        .args(arguments)
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .output()
        .expect("git");
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Commits all files of a folder, which becomes a repository.
pub(crate) fn commit_all(folder: &Path) {
    git(folder, &["init", "-q"]);
    git(folder, &["add", "."]);
    git(folder, &["commit", "-q", "-m", "All files"]);
}

#[test]
fn commit_of_a_repository_is_read_without_its_working_tree() {
    let first = interface("items", LIST).to_string();
    let folder = folder(&[("apps/items.json", &first), ("apps/saas-api.json", &first)]);
    let path = folder.path();
    commit_all(path);
    let commit = git(path, &["rev-parse", "HEAD"]);
    // A later commit, and a change that is not committed.
    fs::remove_file(path.join("apps/saas-api.json")).expect("removed");
    git(path, &["commit", "-q", "-a", "-m", "Second"]);
    write(path, "apps/items.json", b"changed");
    let before = files_below(path);

    let tree = Tree::new(&[]);
    public_modules(&tree);
    let source = format!("{}@{commit}", text_of(path));
    let printed = regen(&tree, &source).ok();
    assert_contains(&printed, "items: new from git");
    assert_contains(&printed, "2 modules: 2 updated, 0 unchanged, 0 failed");
    assert_eq!(files_below(path), before, "the repository is unchanged");
    let lock = tree.read("specs/lock.toml");
    assert_contains(&lock, "source = \"git\"");
    let address = format!("address = \"{commit}:apps/saas-api.json\"");
    assert_contains(&lock, &address);
    assert_contains(&lock, "outside = { \"../common/common-schemas.json\" = ");
    assert!(!lock.contains(text_of(path)), "{lock}");

    // The same files in a folder give the same spec.
    let other = Tree::new(&[]);
    public_modules(&other);
    git(path, &["checkout", "-q", "--force", &commit]);
    regen(&other, text_of(path)).ok();
    let spec = "specs/items/openapi.json";
    assert_eq!(tree.read(spec), other.read(spec));

    // A folder of the repository, by an abbreviated hash.
    let inner = Tree::new(&["items"]);
    let nested = path.join("nested");
    write(
        &nested,
        "items/openapi.json",
        first.replace("../common/", "").as_bytes(),
    );
    write(
        &nested,
        "items/common-schemas.json",
        common().to_string().as_bytes(),
    );
    git(path, &["add", "."]);
    git(path, &["commit", "-q", "-m", "Third"]);
    let short = git(path, &["rev-parse", "--short", "HEAD"]);
    regen(&inner, &format!("{}@{short}", text_of(&nested))).ok();
    assert_contains(&inner.read("specs/lock.toml"), ":nested/items/openapi.json");
}

#[test]
fn missing_commits_and_repositories_are_errors() {
    let folder = folder(&[]);
    let path = folder.path();
    let parse = |commit: &str| {
        let source = format!("{}@{commit}", text_of(path));
        source.parse::<Source>().expect_err("rejected")
    };
    assert_contains(&parse("main"), "not a git repository");
    git(path, &["init", "-q"]);
    for commit in ["0123abcd", "--all", "-n1", "HEAD"] {
        let expected = format!("has no commit `{commit}`");
        assert_contains(&parse(commit), &expected);
    }
    assert_contains(&parse(""), "no commit after `@`");
    git(path, &["add", "."]);
    git(path, &["commit", "-q", "-m", "First"]);
    let tree = Tree::new(&["items"]);
    let source = format!("{}@HEAD", text_of(path));
    assert_contains(&no_layout(regen(&tree, &source)), text_of(path));
    write(path, "other/openapi.json", b"{}");
    git(path, &["add", "."]);
    git(path, &["commit", "-q", "-m", "Second"]);
    let printed = regen(&tree, &source).failed();
    assert_contains(
        &printed,
        ":items/openapi.json: does not exist in the commit",
    );
}

/// The error about a folder or commit without the file of any module.
fn no_layout(output: CommandOutput) -> String {
    let error = output.error();
    assert_contains(&error, "has neither <module>/openapi.json nor apps/");
    error
}

#[test]
fn folder_without_any_module_is_one_error() {
    let tree = Tree::new(&["items", "saas"]);
    let text = interface("items", LIST).to_string();
    for files in [&[][..], &[("docs/api/items/openapi.json", text.as_str())]] {
        let folder = folder(files);
        let source = text_of(folder.path());
        assert!(no_layout(regen(&tree, source)).starts_with(source));
    }
}

#[test]
fn references_stay_in_the_commit() {
    for (reference, is_inside, problem) in [
        ("../../outside.json", false, "is outside the repository"),
        // The root is that of the repository.
        ("/etc/passwd", true, "does not exist"),
        ("../missing.json", true, "does not exist"),
    ] {
        let text = interface("items", LIST).to_string();
        let text = text.replace("../common/common-schemas.json", reference);
        let folder = folder(&[("apps/items.json", &text)]);
        let path = folder.path();
        commit_all(path);
        let tree = Tree::new(&["items"]);
        let printed = regen(&tree, &format!("{}@HEAD", text_of(path)));
        let expected = format!("refers to `{reference}`, which {problem}");
        match is_inside {
            true => assert_contains(&printed.ok(), &expected),
            false => assert_contains(&printed.failed(), &expected),
        }
    }
}

#[test]
fn newer_openapi_is_converted_with_notes() {
    let mut newer = interface("items", LIST);
    newer["openapi"] = "3.1.0".into();
    newer["webhooks"] = Value::Object(Default::default());
    newer["components"]["schemas"]["BookmarkDto"]["properties"]["id"]["type"] =
        serde_json::json!(["string", "null"]);
    let folder = folder(&[("items/openapi.json", &newer.to_string())]);
    let tree = Tree::new(&["items"]);
    let printed = regen(&tree, text_of(folder.path())).ok();
    assert_contains(
        &printed,
        "  . #/webhooks: `webhooks` cannot be expressed in OpenAPI 3.0",
    );
    assert_contains(
        &tree.read("specs/items/openapi.json"),
        "\"openapi\": \"3.0.0\"",
    );
    assert!(!tree.path("specs/attention.json").exists());
}

/// Each hostile file keeps its module as it was, with an error that says why; the others are
/// written.
#[test]
fn hostile_files_fail_alone() {
    let good = interface("items", LIST).to_string();
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(good.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let nested = format!(
        "{{\"openapi\":\"3.0.0\",\"paths\":{{}},\"x\":{}{}}}",
        "[".repeat(9_000),
        "]".repeat(9_000)
    );
    let mut files: Vec<(Vec<u8>, &str)> = vec![
        (b"".to_vec(), "is empty"),
        (b" \n\t".to_vec(), "is empty"),
        (utf16, "is UTF-16 instead of UTF-8"),
        (nested.into_bytes(), "recursion limit exceeded"),
        (
            b"<html><body>Bad gateway</body></html>".to_vec(),
            "is HTML instead of JSON",
        ),
        (b"[]".to_vec(), "it is not an object"),
        (b"null".to_vec(), "it is not an object"),
        (
            b"openapi: 3.0.0\npaths: {}\n".to_vec(),
            "is YAML instead of JSON",
        ),
        (
            b"{\"openapi\":\"3.0.0\",\"paths\":{}\0}".to_vec(),
            "is not JSON",
        ),
        (vec![0; 64], "is not JSON"),
        (
            br#"{"swagger":"2.0","paths":{}}"#.to_vec(),
            "is OpenAPI 2.0, not 3.0 or 3.1",
        ),
        (
            br#"{"openapi":"4.1.0","paths":{}}"#.to_vec(),
            "is OpenAPI 4.1.0, not 3.0 or 3.1",
        ),
        (
            br#"{"openapi":"3.0.0","paths":[]}"#.to_vec(),
            "`paths` is an array, not an object",
        ),
        (
            br#"{"openapi":"3.0.0","paths":1e999}"#.to_vec(),
            "number out of range",
        ),
        (
            br#"{"openapi":"3.0.0","openapi":"3.0.0","paths":{}}"#.to_vec(),
            "duplicate field `openapi`",
        ),
    ];
    for position in (1..good.len()).step_by(good.len() / 20) {
        files.push((good.as_bytes()[..position].to_vec(), "is cut off"));
    }
    let tree = Tree::new(&["hostile", "items"]);
    let text = interface("hostile", &[("get", "/hostile/")]).to_string();
    let folder = folder(&[
        ("hostile/openapi.json", &text),
        ("items/openapi.json", &good),
    ]);
    regen(&tree, text_of(folder.path())).ok();
    let before = tree.files();
    let hostile = |bytes: &[u8], expected: &str| {
        write(folder.path(), "hostile/openapi.json", bytes);
        let printed = regen(&tree, text_of(folder.path())).failed();
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        assert!(printed.contains("hostile: FAILED"), "{shown}: {printed}");
        assert!(printed.contains(expected), "{shown}: {printed}");
        assert!(printed.contains("items: unchanged"), "{shown}: {printed}");
        assert_eq!(tree.files(), before, "{shown}");
    };
    for (bytes, expected) in &files {
        hostile(bytes, expected);
    }
    let file = folder.path().join("hostile/openapi.json");
    fs::remove_file(&file).expect("removed");
    fs::create_dir(&file).expect("made");
    let printed = regen(&tree, text_of(folder.path())).failed();
    assert_contains(&printed, "is not a regular file");
    #[cfg(unix)]
    {
        fs::remove_dir(&file).expect("removed");
        std::os::unix::fs::symlink(&file, &file).expect("linked");
        let printed = regen(&tree, text_of(folder.path())).failed();
        assert_contains(&printed, "hostile: FAILED");
        assert_contains(&printed, "items: unchanged");
    }
}

/// Odd, but readable: the module is written.
#[test]
fn odd_files_are_read() {
    let good = interface("items", LIST);
    let with = |pointer: &str, value: Value| {
        let mut odd = good.clone();
        *odd.pointer_mut(pointer).expect("a part") = value;
        odd.to_string()
    };
    let property = "/components/schemas/BookmarkDto/properties/id";
    let dto = serde_json::json!({ "$ref": "#/components/schemas/BookmarkDto" });
    let huge = good.to_string().replace("\"id\":{\"type\":\"string\"}", "\"id\":{\"type\":\"number\",\"maximum\":1e308,\"minimum\":-123456789012345678901234567890}");
    for odd in [
        format!("\u{feff}{good}"),
        huge,
        with(property, dto.clone()),
        with("/components/schemas/BookmarkDto", dto),
        with(
            property,
            serde_json::json!({ "type": "string", "enum": ["\0", "a"] }),
        ),
        with(
            "/components/schemas/BookmarkDto/properties",
            serde_json::json!({ "n".repeat(9_000): { "type": "string" } }),
        ),
        with("/components/schemas", serde_json::json!([])),
        with("/components", serde_json::json!(7)),
        good.to_string().replacen(
            "\"info\":{",
            "\"info\":{\"title\":\"a\",\"title\":\"b\",",
            1,
        ),
    ] {
        let folder = folder(&[("items/openapi.json", &odd)]);
        let tree = Tree::new(&["items"]);
        let printed = regen(&tree, text_of(folder.path())).ok();
        assert_contains(&printed, "items: new from mirror");
    }
}
