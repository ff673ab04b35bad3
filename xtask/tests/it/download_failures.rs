//! Failed downloads: each is reported with problem and remedy, and other modules are updated.

use std::time::Duration;

use serde_json::json;
use xtask::Limits;

use hoopai_test_support::Reply;

use crate::{
    fixture::{Tree, assert_contains, fetcher, fetcher_on, interface, server},
    server::{Clock, cut_off, flood, redirect, retry_after, status},
};

const LIST: &[(&str, &str)] = &[("get", "/items/")];

#[test]
fn failed_downloads_are_reported_and_other_modules_are_updated() {
    let good = interface("any", LIST).to_string();
    let half = good.as_bytes()[..good.len() / 2].to_vec();
    let answers: [(&str, Reply, &str); 14] = [
        (
            "absent",
            status(404),
            "the server returns 404 Not Found; check the module's name",
        ),
        ("broken", status(503), "the server returns 503"),
        ("cut", cut_off(&half), "was cut off"),
        ("empty", Reply::json(200, Vec::new()), "is empty"),
        ("flood", flood(), "exceeds the limit of 4096 KiB"),
        (
            "forbidden",
            status(403),
            "the server returns 403 Forbidden; this server does not provide it",
        ),
        ("half", Reply::json(200, half), "is cut off: the JSON ends"),
        (
            "html",
            Reply::json(200, b"<!doctype html><p>hello"),
            "is HTML instead of JSON; open the address in a browser",
        ),
        (
            "late",
            retry_after(429, "3600"),
            "requests a delay of 3600 s",
        ),
        (
            "newer",
            Reply::json(200, good.replace("3.0.0", "4.0.0").into_bytes()),
            "is OpenAPI 4.0.0, not 3.0 or 3.1",
        ),
        (
            "other",
            Reply::json(200, b"{\"statusCode\":200}"),
            "not an OpenAPI document",
        ),
        (
            "plain",
            redirect("http://example.invalid/x"),
            "redirects to http://example.invalid: no redirect to another server is followed",
        ),
        (
            "round",
            redirect("/round/openapi.json"),
            "redirects more than 5 times",
        ),
        (
            "world",
            redirect("https://example.invalid/x"),
            "redirects to https://example.invalid: no redirect to another server is followed",
        ),
    ];
    let mut names: Vec<&str> = answers
        .iter()
        .map(|(name, ..)| *name)
        .chain(["items", "moved"])
        .collect();
    names.sort_unstable();
    let tree = Tree::new(&names);
    let server = server(&[("items", interface("items", LIST))]);
    for name in &names {
        server.module(name, interface(name, LIST).to_string());
    }
    tree.regen(&server, &[]).ok();
    let before = tree.files();

    for (name, answer, _) in &answers {
        server.on(&format!("/{name}/openapi.json"), [answer.clone()]);
    }
    let more = [("get", "/items/"), ("post", "/items/")];
    server.module("items", interface("items", &more).to_string());
    let moved = interface("moved", &more).to_string();
    server.on("/elsewhere/moved.json", [moved.into()]);
    server.on("/moved/openapi.json", [redirect("/elsewhere/moved.json")]);

    let text = tree.regen(&server, &[]).failed();
    assert_contains(
        &text,
        "absent: not in this source, which may lack modules that others have; its last interface is kept",
    );
    for (name, _, reason) in answers.iter().filter(|(name, ..)| *name != "absent") {
        let start = format!(
            "{name}: FAILED: {}: ",
            server.address(&format!("/{name}/openapi.json"))
        );
        let line = text
            .lines()
            .find(|line| line.starts_with(&start))
            .unwrap_or_else(|| panic!("no `{start}` in {text}"));
        assert!(line.contains(reason), "`{reason}` is not in: {line}");
        assert!(
            line.ends_with("(its spec and crate are unchanged)"),
            "{line}"
        );
    }
    assert_contains(&text, "items: updated");
    assert!(
        text.contains("moved: updated"),
        "redirects within the server are followed: {text}"
    );
    assert_contains(
        &text,
        "16 modules: 2 updated, 0 unchanged, 13 failed, 1 vanished; 5 operations",
    );
    for (path, bytes) in tree.files() {
        let theirs = ["items", "moved"].iter().any(|module| {
            path.contains(&format!("/{module}/"))
                || path.ends_with(&format!("/{module}.json"))
                || path.ends_with(&format!("/{module}.rs"))
                || path.ends_with(&format!("/{module}.json.deflate"))
        }) || path == "specs/lock.toml"
            || path == "specs/attention.json";
        assert!(theirs || before.get(&path) == Some(&bytes), "{path}");
    }
    tree.run(&["check", "--allow-attention"]).ok();
}

#[test]
fn failed_new_module_writes_nothing() {
    let tree = Tree::new(&["absent", "items"]);
    let text = tree
        .regen(&server(&[("items", interface("items", LIST))]), &[])
        .failed();
    assert!(
        text.contains("absent: FAILED") && text.contains("(it has no crate)"),
        "{text}"
    );
    assert!(tree.files().keys().all(|path| !path.contains("absent")));
    assert!(
        !tree
            .read("crates/hoopai/Cargo.toml")
            .contains("hoopai-absent")
    );
}

#[test]
fn transient_errors_are_retried_after_a_delay() {
    let tree = Tree::new(&["items"]);
    let server = server(&[]);
    let good = interface("items", LIST).to_string();
    let bad = [status(500), retry_after(429, "7"), good.into()];
    server.on("/items/openapi.json", bad);
    let (fetcher, waits) = fetcher();
    let text = tree
        .regen_with(&fetcher, &tree.workspace(), &server.source(), &[])
        .ok();
    assert_contains(
        &text,
        "the server returns 500 Internal Server Error; again in ",
    );
    let waits = waits.lock().expect("not poisoned");
    assert_eq!(waits.len(), 2, "{waits:?}");
    assert!(
        waits[0] >= Duration::from_millis(250) && waits[0] <= Duration::from_secs(1),
        "{waits:?}"
    );
    assert_eq!(
        waits[1],
        Duration::from_secs(7),
        "the server's wait is honoured"
    );
}

#[test]
fn silent_server_times_out() {
    let tree = Tree::new(&["items"]);
    let server = server(&[]);
    server.on("/items/openapi.json", [Reply::silence()]);
    let limits = Limits {
        attempt: Duration::from_millis(100),
        retries: 1,
        ..Limits::default()
    };
    let fetcher = fetcher_on(&Clock::new(), limits);
    let text = tree
        .regen_with(&fetcher, &tree.workspace(), &server.source(), &[])
        .failed();
    assert_contains(&text, "not complete within 0.1 s; again in");
}

#[test]
fn unreachable_server_is_named_and_retried_once() {
    let tree = Tree::new(&["a", "b", "c", "d", "e", "f", "g", "h"]);
    let (fetcher, waits) = fetcher();
    let address = "http://127.0.0.1:1/{module}";
    let text = tree
        .regen_with(&fetcher, &tree.workspace(), address, &[])
        .failed();
    assert_contains(
        &text,
        "a: FAILED: http://127.0.0.1:1/a: cannot be reached: ",
    );
    assert_contains(
        &text,
        "h: FAILED: http://127.0.0.1:1/h: cannot be reached: ",
    );
    let waits = waits.lock().expect("not poisoned");
    assert!(
        waits.len() <= 4 * 2,
        "only the first few are tried again: {waits:?}"
    );
}

#[test]
fn references_to_a_missing_file_are_deviations() {
    let address = "/common/common-schemas.json";
    let tree = Tree::new(&["items"]);
    let server = server(&[("items", interface("items", LIST))]);
    server.on(address, [status(404)]);
    let text = tree.regen(&server, &[]).ok();
    assert_contains(
        &text,
        "refers to `../common/common-schemas.json`, which does not exist",
    );
    assert_contains(
        &text,
        "which was not fetched; the schema was read as any JSON",
    );
    tree.run(&["check", "--allow-attention"]).ok();

    // The same in a folder.
    let tree = Tree::new(&["items"]);
    let folder = Tree::new(&[]);
    folder.write("items/openapi.json", &interface("items", LIST).to_string());
    let path = folder.path("");
    let path = path.to_str().expect("UTF-8");
    let text = tree.regen_in(&tree.workspace(), path, &[]).ok();
    assert_contains(
        &text,
        "refers to `../common/common-schemas.json`, which does not exist",
    );

    // An error of the server says nothing about the file.
    let tree = Tree::new(&["items"]);
    server.on(
        address,
        [status(500), status(500), status(500), status(500)],
    );
    let text = tree.regen(&server, &[]).failed();
    assert_contains(&text, "items: FAILED: ");
}

#[test]
fn references_to_other_servers_are_rejected() {
    let tree = Tree::new(&["items"]);
    let server = server(&[]);
    let away = interface("items", LIST)
        .to_string()
        .replace("../common", "https://example.invalid");
    server.module("items", away);
    let text = tree.regen(&server, &[]).failed();
    assert_contains(&text, "items: FAILED");
    assert!(!tree.path("specs/items").exists());
}

#[test]
fn invalid_files_of_the_workspace_are_named() {
    let tree = Tree::new(&["items"]);
    let server = server(&[("items", interface("items", LIST))]);
    tree.regen(&server, &[]).ok();
    let before = tree.files();
    let restore = || {
        before
            .iter()
            .for_each(|(path, bytes)| std::fs::write(tree.path(path), bytes).expect("written"))
    };

    tree.write("specs/modules.toml", "[[module]]\nname = 3\n");
    assert!(
        tree.regen(&server, &[])
            .error()
            .starts_with("specs/modules.toml")
    );
    assert!(
        tree.run(&["check"])
            .error()
            .starts_with("specs/modules.toml")
    );
    restore();

    tree.write("specs/lock.toml", "module = 3\n");
    let text = tree.regen(&server, &[]).error();
    assert!(
        text.starts_with("specs/lock.toml: line 1: ")
            && text.contains("restore it from version control"),
        "{text}"
    );
    restore();

    std::fs::write(tree.path("specs/items/overlay.yaml"), b"overlay: \xff").expect("written");
    let text = tree.regen(&server, &[]).failed();
    assert_contains(
        &text,
        "items: FAILED: specs/items/overlay.yaml: is not UTF-8 at byte 9",
    );
    std::fs::remove_file(tree.path("specs/items/overlay.yaml")).expect("removed");

    std::fs::remove_file(tree.path("specs/modules.toml")).expect("removed");
    let text = tree.run(&["report"]).error();
    assert!(
        text.contains("specs/modules.toml: is missing") && text.contains("--root"),
        "{text}"
    );
}

#[test]
fn endless_references_are_rejected() {
    let tree = Tree::new(&["items"]);
    let server = server(&[]);
    server.module(
        "items",
        interface("items", LIST)
            .to_string()
            .replace("../common/common-schemas", "0"),
    );
    for number in 0..100 {
        let next = format!("{}.json#/components/schemas/RefusalDTO", number + 1);
        let part = json!({"components": {"schemas": {"RefusalDTO": {"$ref": next}}}});
        server.on(&format!("/items/{number}.json"), [part.to_string().into()]);
    }
    let text = tree.regen(&server, &[]).failed();
    assert_contains(&text, "refers to more than 64 files outside itself");
}
