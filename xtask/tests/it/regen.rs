//! The files and the output of `regen`.

use serde_json::json;

use hoopai_test_support::Reply;

use crate::fixture::{Tree, assert_contains, common, interface, server};

const LIST: (&str, &str) = ("get", "/links/");
const CREATE: (&str, &str) = ("post", "/links/");
const GET: (&str, &str) = ("get", "/links/{linkId}");

#[test]
fn new_modules_get_spec_crate_lock_entry_and_facade() {
    let tree = Tree::new(&["links", "users"]);
    let server = server(&[
        ("links", interface("links", &[LIST, GET])),
        ("users", interface("users", &[("get", "/users/")])),
    ]);
    let text = tree.regen(&server, &[]).ok();
    assert_contains(&text, "links: new from mirror, 2 operations");
    assert_contains(&text, "users: new from mirror, 1 operation\n");
    assert_contains(
        &text,
        "2 modules: 2 updated, 0 unchanged, 0 failed; 3 operations",
    );
    assert!(
        text.contains("downloading links"),
        "progress in plain lines: {text}"
    );
    assert_eq!(
        server.count("/common/common-schemas.json"),
        1,
        "what two modules refer to is loaded once"
    );

    let spec = tree.read("specs/links/openapi.json");
    assert!(!spec.contains("rose"), "prose is kept: {spec}");
    assert!(tree.path("crates/api/users/Cargo.toml").is_file());
    assert!(tree.path("crates/api/links/src/lib.rs").is_file());
    for module in ["links", "users"] {
        assert!(
            tree.read("crates/hoopai/Cargo.toml")
                .contains(&format!("hoopai-{module}")),
            "{module}"
        );
    }
    tree.run(&["check"]).ok();
}

#[test]
fn lock_omits_the_address_of_a_mirror() {
    let tree = Tree::new(&["links"]);
    tree.regen(&server(&[("links", interface("links", &[LIST]))]), &[])
        .ok();
    let lock = tree.read("specs/lock.toml");
    assert!(
        lock.starts_with("# Written by `cargo xtask regen`"),
        "{lock}"
    );
    assert!(
        lock.contains(
            "\n[[module]]\nname = \"links\"\nsource = \"mirror\"\ndownloaded_sha256 = \""
        ),
        "{lock}"
    );
    assert!(
        lock.contains("\noutside = { \"../common/common-schemas.json\" = \""),
        "{lock}"
    );
    assert!(lock.contains("\nkept_sha256 = \""), "{lock}");
    assert!(
        !lock.contains("127.0.0.1") && !lock.contains("\naddress"),
        "{lock}"
    );
}

#[test]
fn folder_source_gives_the_same_tree() {
    let tree = Tree::new(&["links"]);
    let links = interface("links", &[LIST]);
    tree.regen(&server(&[("links", links.clone())]), &[]).ok();

    let other = Tree::new(&["links"]);
    other.write("mirror/links/openapi.json", &links.to_string());
    other.write("mirror/common/common-schemas.json", &common().to_string());
    let source = other.path("mirror");
    other
        .regen_in(&other.workspace(), source.to_str().expect("UTF-8"), &[])
        .ok();
    let mut files = other.files();
    files.retain(|path, _| !path.starts_with("mirror/"));
    assert!(files == tree.files(), "{:?}", files.keys());
}

#[test]
fn references_outside_the_folder_are_rejected() {
    let tree = Tree::new(&["links"]);
    tree.write(
        "mirror/links/openapi.json",
        &interface("links", &[LIST])
            .to_string()
            .replace("../common", "../../out"),
    );
    tree.write("out/common-schemas.json", &common().to_string());
    let source = tree.path("mirror");
    let text = tree
        .regen_in(&tree.workspace(), source.to_str().expect("UTF-8"), &[])
        .failed();
    assert_contains(
        &text,
        "refers to `../../out/common-schemas.json`, which is outside the folder",
    );
}

#[test]
fn unchanged_modules_are_reported_and_not_written() {
    let tree = Tree::new(&["links", "users"]);
    let links = interface("links", &[LIST]);
    let server = server(&[
        ("links", links.clone()),
        ("users", interface("users", &[("get", "/users/")])),
    ]);
    tree.regen(&server, &[]).ok();
    let before = tree.files();
    let text = tree.regen(&server, &[]).ok();
    assert_contains(&text, "links: unchanged\n");
    assert_contains(
        &text,
        "2 modules: 0 updated, 2 unchanged, 0 failed; 2 operations",
    );
    assert!(tree.files() == before);

    let mut reworded = links;
    reworded["info"]["description"] = json!("Other words");
    server.module("links", reworded.to_string());
    let text = tree.regen(&server, &[]).ok();
    assert_contains(
        &text,
        "links: unchanged (the download differs, its interface does not)",
    );
    let changed: Vec<_> = tree
        .files()
        .into_iter()
        .filter(|(path, bytes)| before.get(path) != Some(bytes))
        .collect();
    assert!(
        matches!(&changed[..], [(path, _)] if path == "specs/lock.toml"),
        "{changed:?}"
    );
}

#[test]
fn interface_changes_are_listed_and_breaking_ones_are_marked() {
    let tree = Tree::new(&["links"]);
    let server = server(&[("links", interface("links", &[LIST, GET]))]);
    tree.regen(&server, &[]).ok();

    let mut changed = interface("links", &[LIST, CREATE]);
    changed["paths"]["/links/"]["get"]["parameters"] = json!([
        {"name": "sort", "in": "query", "required": false, "schema": {"type": "integer"}}
    ]);
    let item = &mut changed["components"]["schemas"]["BookmarkDto"];
    item["properties"]["name"] = json!({"type": "string"});
    item["properties"]["state"]["enum"] = json!(["open", "closed"]);
    server.module("links", changed.to_string());
    let text = tree.regen(&server, &[]).ok();
    assert_contains(&text, "links: updated from mirror");
    let line = |sign: &str, what: &str| {
        text.lines()
            .find(|line| line.trim_start().starts_with(sign) && line.contains(what))
            .unwrap_or_else(|| {
                panic!("no `{sign} … {what}` in:\n{text}");
            })
    };
    assert!(!line("+", "POST /links/").contains("[breaking]"));
    assert!(line("-", "GET /links/{linkId}").contains("[breaking]"));
    for (sign, what) in [
        ("+", "sort"),
        ("-", "fields"),
        ("+", "name"),
        ("+", "closed"),
        ("-", "done"),
    ] {
        line(sign, what);
    }
    assert_contains(&text, "1 updated, 0 unchanged, 0 failed; 2 operations; ");
    tree.run(&["check"]).ok();
}

#[test]
fn dry_run_prints_the_changes_and_writes_nothing() {
    let tree = Tree::new(&["links", "users"]);
    let server = server(&[
        ("links", interface("links", &[LIST])),
        ("users", interface("users", &[("get", "/users/")])),
    ]);
    tree.regen(&server, &["--module", "links"]).ok();
    server.module("links", interface("links", &[LIST, CREATE]).to_string());
    let before = tree.files();
    let text = tree.regen(&server, &["--dry-run"]).ok();
    assert!(tree.files() == before, "{text}");
    assert!(
        text.contains("POST /links/") && text.contains("users: new from mirror"),
        "{text}"
    );
    assert_contains(&text, "dry run, nothing written");
}

#[test]
fn module_option_selects_modules_and_rejects_unknown_names() {
    let tree = Tree::new(&["links", "users"]);
    let server = server(&[
        ("links", interface("links", &[LIST])),
        ("users", interface("users", &[("get", "/users/")])),
    ]);
    let text = tree.regen(&server, &["--module", "users"]).ok();
    assert_contains(&text, "1 module: 1 updated");
    assert_eq!(server.count("/links/openapi.json"), 0);
    assert!(!tree.path("specs/links").exists());
    assert!(
        !tree
            .read("crates/hoopai/Cargo.toml")
            .contains("hoopai-links"),
        "the facade names what there is"
    );

    let text = tree.regen(&server, &["--module", "user"]).error();
    assert_contains(
        &text,
        "specs/modules.toml: has no module `user`; did you mean `users`?",
    );
}

#[test]
fn offline_runs_codegen_only() {
    let tree = Tree::new(&["links"]);
    let server = server(&[("links", interface("links", &[LIST]))]);
    tree.regen(&server, &[]).ok();
    let before = tree.files();
    tree.write("crates/api/links/src/lib.rs", "edited");
    let text = tree.regen(&server, &["--offline", "--dry-run"]).failed();
    assert_contains(
        &text,
        "crates/api/links/src/lib.rs: differs from the file that codegen generates",
    );
    tree.regen(&server, &["--offline"]).ok();
    assert!(tree.files() == before);
    assert_eq!(server.count("/links/openapi.json"), 1);
}

#[test]
fn files_and_lock_entries_that_are_not_generated_are_removed() {
    let tree = Tree::new(&["links", "users"]);
    let server = server(&[
        ("links", interface("links", &[LIST])),
        ("users", interface("users", &[("get", "/users/")])),
    ]);
    tree.regen(&server, &[]).ok();
    tree.write("crates/api/links/src/old/room.rs", "// from before");
    tree.list(&["links"]);
    tree.regen(&server, &[]).ok();
    assert!(!tree.path("crates/api/links/src/old").exists());
    assert!(!tree.read("specs/lock.toml").contains("users"));
}

#[test]
fn external_files_may_refer_to_other_files() {
    let tree = Tree::new(&["links"]);
    let server = server(&[("links", interface("links", &[LIST]))]);
    let mut shared = common();
    shared["components"]["schemas"]["RefusalDTO"]["properties"]["more"] =
        json!({"$ref": "../more/more.json#/components/schemas/More"});
    server.on("/common/common-schemas.json", [shared.to_string().into()]);
    let more = json!({"components": {"schemas": {"More": {"type": "string"}}}});
    server.on("/more/more.json", [Reply::from(more.to_string())]);
    tree.regen(&server, &[]).ok();
    let lock = tree.read("specs/lock.toml");
    assert!(
        lock.contains("../common/common-schemas.json") && lock.contains("../more/more.json"),
        "{lock}"
    );
}

/// An overlay action and a text without target, a new list without a paging rule, and a broken
/// reference are listed, and the module is generated without them.
#[test]
fn drift_of_the_platform_is_listed_and_does_not_stop_generation() {
    let tree = Tree::new(&["links"]);
    let server = server(&[]);
    let mut changed = interface("links", &[LIST]);
    let properties = &mut changed["components"]["schemas"]["BookmarkDto"]["properties"];
    properties["broken"] = json!({ "$ref": "#/components/schemas/Gone" });
    server.module("links", changed.to_string());
    tree.write(
        "specs/links/overlay.yaml",
        "overlay: 1.0.0\ninfo: { title: links, version: 1.0.0 }\nactions:\n  - target: $.paths['/gone'].get\n    description: It was there.\n    remove: true\n",
    );
    tree.write(
        "specs/links/documentation.yaml",
        "schemas: { Gone: { description: A bookmark that is gone. } }\n",
    );
    let text = tree.regen(&server, &[]).ok();
    for part in [
        "specs/links/overlay.yaml#/actions/0: `$.paths['/gone'].get` matches nothing; the action was skipped",
        "specs/links/documentation.yaml#/schemas/Gone: the interface has no such schema; the text was skipped",
        "/components/schemas/BookmarkDto/properties/broken/$ref: ",
        "the schema was read as any JSON",
        "3 deviations need attention",
    ] {
        assert_contains(&text, part);
    }
    let list = String::from_utf8(tree.files()["specs/attention.json"].clone()).unwrap();
    assert_contains(&list, "\"remove_action\": 0");
    let text = tree.run(&["check"]).failed();
    assert_contains(&text, "specs/attention.json: ");
    tree.run(&["check", "--allow-attention"]).ok();
}
