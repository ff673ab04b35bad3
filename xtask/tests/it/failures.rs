//! Downloads that go wrong: each has its reason and remedy, and stops no other module.

use std::time::Duration;

use serde_json::json;
use xtask::Limits;

use crate::{
    server::{Answer, Clock},
    tree::{Tree, fetcher, fetcher_on, interface, server},
};

const LIST: &[(&str, &str)] = &[("get", "/items/")];

#[test]
fn each_failure_is_named_and_the_others_go_on() {
    let good = interface("any", LIST).to_string();
    let half = good.as_bytes()[..good.len() / 2].to_vec();
    let answers: [(&str, Answer, &str); 14] = [
        (
            "absent",
            Answer::Status("404 Not Found", ""),
            "the server answers 404 Not Found; check the module's name",
        ),
        (
            "broken",
            Answer::Status("503 Service Unavailable", ""),
            "the server answers 503",
        ),
        ("cut", Answer::CutOff(half.clone()), "was cut off"),
        ("empty", Answer::Body(Vec::new()), "is empty"),
        (
            "flood",
            Answer::Flood,
            "is larger than the 4096 KiB that are taken",
        ),
        (
            "forbidden",
            Answer::Status("403 Forbidden", ""),
            "the server answers 403 Forbidden; this server does not hand it out",
        ),
        ("half", Answer::Body(half), "is cut off: the JSON ends"),
        (
            "html",
            Answer::Body(b"<!doctype html><p>hello".to_vec()),
            "is HTML in place of JSON; open the address in a browser",
        ),
        (
            "late",
            Answer::Status("429 Too Many Requests", "retry-after: 3600\r\n"),
            "asks to wait 3600 s",
        ),
        (
            "newer",
            Answer::Body(good.replace("3.0.0", "3.1.0").into_bytes()),
            "is OpenAPI 3.1.0, not 3.0",
        ),
        (
            "other",
            Answer::Body(b"{\"statusCode\":200}".to_vec()),
            "no OpenAPI document",
        ),
        (
            "plain",
            Answer::Redirect("http://example.invalid/x".to_owned()),
            "redirects to http://example.invalid: no redirect to another server is followed",
        ),
        (
            "round",
            Answer::Redirect("/round/openapi.json".to_owned()),
            "redirects more than 5 times",
        ),
        (
            "world",
            Answer::Redirect("https://example.invalid/x".to_owned()),
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
    server.on(
        "/moved/openapi.json",
        [Answer::Redirect("/elsewhere/moved.json".to_owned())],
    );

    let text = tree.regen(&server, &[]).failed();
    for (name, _, reason) in &answers {
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
            line.ends_with("(its spec and crate stay as they were)"),
            "{line}"
        );
    }
    assert!(text.contains("items: updated"), "{text}");
    assert!(
        text.contains("moved: updated"),
        "redirects within the server are followed: {text}"
    );
    assert!(
        text.contains("16 modules: 2 updated, 0 unchanged, 14 failed; 4 operations"),
        "{text}"
    );
    for (path, bytes) in tree.files() {
        let theirs = ["items", "moved"].iter().any(|module| {
            path.contains(&format!("/{module}/"))
                || path.ends_with(&format!("/{module}.json"))
                || path.ends_with(&format!("/{module}.rs"))
        }) || path == "specs/lock.toml";
        assert!(theirs || before.get(&path) == Some(&bytes), "{path}");
    }
    tree.run(&["check"]).ok();
}

#[test]
fn a_new_module_that_fails_leaves_no_trace() {
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
fn what_may_pass_is_tried_again_after_a_wait() {
    let tree = Tree::new(&["items"]);
    let server = server(&[]);
    let good = interface("items", LIST).to_string();
    let bad = [
        Answer::Status("500 Internal Server Error", ""),
        Answer::Status("429 Too Many Requests", "retry-after: 7\r\n"),
        good.into(),
    ];
    server.on("/items/openapi.json", bad);
    let (fetcher, waits) = fetcher();
    let text = tree
        .regen_with(&fetcher, &tree.workspace(), &server.source(), &[])
        .ok();
    assert!(
        text.contains("the server answers 500 Internal Server Error; again in "),
        "{text}"
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
fn a_server_that_says_nothing_is_given_up() {
    let tree = Tree::new(&["items"]);
    let server = server(&[]);
    server.on("/items/openapi.json", [Answer::Silence]);
    let limits = Limits {
        attempt: Duration::from_millis(30),
        retries: 1,
        ..Limits::default()
    };
    let fetcher = fetcher_on(&Clock::new(), limits);
    let text = tree
        .regen_with(&fetcher, &tree.workspace(), &server.source(), &[])
        .failed();
    assert!(text.contains("not complete within 0.03 s"), "{text}");
    assert_eq!(server.seen("/items/openapi.json"), 2);
}

#[test]
fn a_server_that_is_not_there_is_named_and_not_waited_for_again_and_again() {
    let tree = Tree::new(&["a", "b", "c", "d", "e", "f", "g", "h"]);
    let (fetcher, waits) = fetcher();
    let nobody = "http://127.0.0.1:1/{module}";
    let text = tree
        .regen_with(&fetcher, &tree.workspace(), nobody, &[])
        .failed();
    assert!(
        text.contains("a: FAILED: http://127.0.0.1:1/a: cannot be reached: "),
        "{text}"
    );
    assert!(
        text.contains("h: FAILED: http://127.0.0.1:1/h: cannot be reached: "),
        "{text}"
    );
    let waits = waits.lock().expect("not poisoned");
    assert!(
        waits.len() <= 4 * 2,
        "only the first few are tried again: {waits:?}"
    );
}

#[test]
fn what_stands_outside_fails_those_that_refer_to_it() {
    let tree = Tree::new(&["items", "lone"]);
    let server = server(&[("items", interface("items", LIST))]);
    let mut lone = interface("lone", LIST);
    lone["paths"]["/items/"]["get"]["responses"]
        .as_object_mut()
        .expect("an object")
        .remove("400");
    server.module("lone", lone.to_string());
    server.on(
        "/common/common-schemas.json",
        [Answer::Status("404 Not Found", "")],
    );
    let text = tree.regen(&server, &[]).failed();
    let start = format!(
        "items: FAILED: {}: the server answers 404",
        server.address("/common/common-schemas.json")
    );
    assert!(text.contains(&start), "{text}");
    assert!(text.contains("lone: new from mirror"), "{text}");
}

#[test]
fn references_to_other_servers_are_refused() {
    let tree = Tree::new(&["items"]);
    let server = server(&[]);
    let away = interface("items", LIST)
        .to_string()
        .replace("../common", "https://example.invalid");
    server.module("items", away);
    let text = tree.regen(&server, &[]).failed();
    assert!(text.contains("items: FAILED"), "{text}");
    assert!(!tree.path("specs/items").exists());
}

#[test]
fn bad_files_of_ours_are_named() {
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
            .refused()
            .starts_with("specs/modules.toml")
    );
    assert!(
        tree.run(&["check"])
            .refused()
            .starts_with("specs/modules.toml")
    );
    restore();

    tree.write("specs/lock.toml", "module = 3\n");
    let text = tree.regen(&server, &[]).refused();
    assert!(
        text.starts_with("specs/lock.toml: line 1: ")
            && text.contains("restore it from version control"),
        "{text}"
    );
    restore();

    std::fs::write(tree.path("specs/items/overlay.yaml"), b"overlay: \xff").expect("written");
    let text = tree.regen(&server, &[]).failed();
    assert!(
        text.contains("items: FAILED: specs/items/overlay.yaml: is not UTF-8 at byte 9"),
        "{text}"
    );
    std::fs::remove_file(tree.path("specs/items/overlay.yaml")).expect("removed");

    std::fs::remove_file(tree.path("specs/modules.toml")).expect("removed");
    let text = tree.run(&["report"]).refused();
    assert!(
        text.contains("specs/modules.toml: is missing") && text.contains("--root"),
        "{text}"
    );
}

#[test]
fn a_document_that_never_ends_referring_is_given_up() {
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
    assert!(
        text.contains("refers to more than 64 files outside itself"),
        "{text}"
    );
}
