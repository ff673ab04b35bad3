//! Untrusted sources: redirects and references to other servers, credentials, and endless
//! downloads.

use std::time::Duration;

use serde_json::json;
use xtask::{Limits, Workspace};

use crate::{
    fixture::{CommandOutput, Tree, assert_contains, common, fetcher_on, interface, server},
    server::{Clock, Server, drip, redirect, retry_after, status},
};

const LIST: &[(&str, &str)] = &[("get", "/items/")];
const COMMON: &str = "/common/common-schemas.json";

/// The interface, with another address of the common file.
fn referring_to(address: &str) -> String {
    let text = interface("items", LIST).to_string();
    text.replace("../common/common-schemas.json", address)
}

fn failed(tree: &Tree, server: &Server) -> String {
    let text = tree.regen(server, &[]).failed();
    assert_contains(&text, "items: FAILED");
    assert!(!tree.path("specs/items").exists());
    text
}

#[test]
fn redirect_to_another_origin_is_rejected_and_named() {
    let other = Server::start();
    other.module("items", interface("items", LIST).to_string());
    other.on(COMMON, [common().to_string().into()]);
    for path in ["/items/openapi.json", COMMON] {
        let tree = Tree::new(&["items"]);
        let server = server(&[("items", interface("items", LIST))]);
        // Another port of the same host is another origin.
        let to = format!("{}?key=hunter2", other.address(path));
        server.on(path, [redirect(&to)]);
        let text = failed(&tree, &server);
        let origin = other.address("");
        let expected = format!(
            "{}: error following redirect: redirects to {origin}: no redirect to another server is followed",
            server.address(path)
        );
        assert!(text.contains(&expected), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(server.count(path), 1, "not tried again");
        assert_eq!(other.count(&format!("{path}?key=hunter2")), 0);
    }
}

#[test]
fn redirect_with_credentials_is_rejected() {
    let tree = Tree::new(&["items"]);
    let server = server(&[("items", interface("items", LIST))]);
    let to = server.address("/common/moved.json");
    let to = to.replace("http://", "http://me:hunter2@");
    server.on(COMMON, [redirect(&to)]);
    server.on("/common/moved.json", [common().to_string().into()]);
    let text = failed(&tree, &server);
    assert_contains(&text, "a URL with a user name or password is rejected");
    assert!(!text.contains("hunter2"), "{text}");
    assert_eq!(server.count("/common/moved.json"), 0);
}

#[test]
fn references_to_other_servers_or_with_secrets_are_rejected() {
    let other = Server::start();
    let server = server(&[]);
    let mine = |address: &str| server.address(address);
    let references = [
        (other.address(COMMON), "which is on another server"),
        (
            "https://me:hunter2@127.0.0.1/x.json".to_owned(),
            "which is on another server",
        ),
        (
            mine(COMMON).replace("http://", "http://me:hunter2@"),
            "which contains a user name or password",
        ),
        (
            mine(COMMON).replace("http://", "http://hunter2@"),
            "which contains a user name or password",
        ),
        (
            mine(COMMON).replace("http://", "http:\\\\\\\\me:hunter2@"),
            "which contains a user name or password",
        ),
        (
            "../common/common-schemas.json?key=hunter2".to_owned(),
            "which contains a query",
        ),
        (
            "file:///etc/passwd".to_owned(),
            "which is on another server",
        ),
        (
            "file://localhost/etc/passwd".to_owned(),
            "which is on another server",
        ),
        (
            "//169.254.169.254/latest".to_owned(),
            "which is on another server",
        ),
        (
            "//127.0.0.1:1/x.json".to_owned(),
            "which is on another server",
        ),
        (
            "\\\\u202e../common/x.json".replace("\\\\", "\\"),
            "whose name contains a hidden character",
        ),
    ];
    for (reference, problem) in references {
        let tree = Tree::new(&["items"]);
        server.module("items", referring_to(&reference));
        let text = failed(&tree, &server);
        assert!(text.contains(problem), "{reference}: {text}");
        let place = format!(
            "items: FAILED: {}: refers to `",
            mine("/items/openapi.json")
        );
        assert!(text.contains(&place), "{reference}: {text}");
        assert!(
            !text.contains("hunter2") && !text.contains('\u{202e}'),
            "{text}"
        );
    }
    assert_eq!(other.count(COMMON), 0);
    assert_eq!(server.count("/common/common-schemas.json?key=hunter2"), 0);
}

/// The next step rejects references that name no file. Its errors must not contain secrets either.
#[test]
fn errors_of_invalid_references_contain_no_secret() {
    let tree = Tree::new(&["items"]);
    let server = server(&[]);
    for reference in [
        "https://me:hunter2@example.com/x.json",
        "x.json?key=hunter2",
    ] {
        let mut hostile = interface("items", LIST);
        hostile["components"]["schemas"]["BookmarkDto"]["properties"]["id"] =
            json!({ "$ref": reference });
        hostile["paths"]["/items/"]["get"]["parameters"][0] = json!({ "$ref": reference });
        server.module("items", hostile.to_string());
        let text = tree.regen(&server, &[]).text;
        assert_contains(&text, "items");
        assert!(!text.contains("hunter2"), "{text}");
        for (file, bytes) in tree.files() {
            assert!(
                !String::from_utf8_lossy(&bytes).contains("hunter2"),
                "{file}"
            );
        }
    }
}

/// The query of `--source` may contain a key, which is sent to that server only.
#[test]
fn errors_and_lock_do_not_contain_the_key_of_the_source() {
    let tree = Tree::new(&["items"]);
    let server = server(&[]);
    let source = format!("{}?key=hunter2", server.source());
    let clock = Clock::new();
    let regen = |tree: &Tree| -> CommandOutput {
        let fetcher = fetcher_on(&clock, Limits::default());
        tree.regen_with(&fetcher, &tree.workspace(), &source, &[])
    };
    let path = "/items/openapi.json?key=hunter2";
    let busy = status(503);
    let good = interface("items", LIST).to_string();
    server.on(path, [busy, good.into()]);
    let text = regen(&tree).ok();
    assert!(text.contains("503") && !text.contains("hunter2"), "{text}");
    assert_eq!(server.count(COMMON), 1, "without the key");
    for (file, bytes) in tree.files() {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text.contains("hunter2"), "{file}");
    }
    server.on(path, [status(404)]);
    let text = regen(&tree).failed();
    assert!(text.contains("404") && !text.contains("hunter2"), "{text}");
    for bad in [
        "https://me:hunter2@example.com/{module}",
        "http://example.com/{module}?key=hunter2",
        "https://example.com:hunter2/{module}",
    ] {
        let arguments = ["xtask", "regen", "--source", bad];
        let error = <xtask::Cli as clap::Parser>::try_parse_from(arguments).expect_err(bad);
        let text = error.to_string();
        assert!(
            text.starts_with("error: --source: ") && !text.contains("hunter2"),
            "{text}"
        );
    }
}

/// The server sends one byte a second.
#[test]
fn slow_source_exceeds_the_time_limit_of_the_module() {
    for path in ["/items/openapi.json", COMMON] {
        let tree = Tree::new(&["items", "lone"]);
        let clock = Clock::new();
        let mut lone = interface("lone", LIST);
        let answers = lone["paths"]["/items/"]["get"]["responses"].as_object_mut();
        answers.expect("an object").remove("400");
        let server = server(&[("items", interface("items", LIST)), ("lone", lone)]);
        server.on(path, [drip(&clock)]);
        let limits = Limits {
            module: Duration::from_secs(120),
            ..Limits::default()
        };
        let fetcher = fetcher_on(&clock, limits);
        let workspace: Workspace = tree.workspace();
        let text = tree
            .regen_with(
                &fetcher,
                &workspace,
                &server.source(),
                &["--module", "items"],
            )
            .failed();
        let expected = format!(
            "items: FAILED: {}: module `items` is not complete within 120 s, retries and the files that it refers to included; ",
            server.address(path)
        );
        assert!(text.contains(&expected), "{text}");
        assert!(clock.now() >= Duration::from_secs(120));
        let text = tree.regen(&server, &["--module", "lone"]).ok();
        assert_contains(&text, "lone: new from mirror");
    }
}

#[test]
fn retries_and_delays_count_towards_the_time_limit_of_the_module() {
    let tree = Tree::new(&["items"]);
    let server = server(&[]);
    // Each file alone stays below the limit.
    server.module("items", referring_to("0.json"));
    for number in 0..20 {
        let next = format!("{}.json#/components/schemas/RefusalDTO", number + 1);
        let part = json!({"components": {"schemas": {"RefusalDTO": {"$ref": next}}}});
        let busy = retry_after(503, "29");
        server.on(
            &format!("/items/{number}.json"),
            [busy, part.to_string().into()],
        );
    }
    let limits = Limits {
        module: Duration::from_secs(290),
        ..Limits::default()
    };
    let fetcher = fetcher_on(&Clock::new(), limits);
    let text = tree
        .regen_with(&fetcher, &tree.workspace(), &server.source(), &[])
        .failed();
    assert_contains(&text, "module `items` is not complete within 290 s");
    let asked = (0..20).filter(|number| server.count(&format!("/items/{number}.json")) > 0);
    assert!((9..=11).contains(&asked.count()), "{text}");
}

#[test]
fn size_limit_applies_to_all_files_of_a_module() {
    let tree = Tree::new(&["items"]);
    let server = server(&[]);
    server.module("items", referring_to("0.json"));
    for number in 0..10 {
        let next = format!("{}.json#/components/schemas/RefusalDTO", number + 1);
        let part = json!({"components": {"schemas": {"RefusalDTO": {"$ref": next}}}, "x": " ".repeat(900_000)});
        server.on(&format!("/items/{number}.json"), [part.to_string().into()]);
    }
    // The limit of the fetcher is 4 MiB.
    let text = failed(&tree, &server);
    assert_contains(
        &text,
        "exceeds the limit of 4096 KiB, together with the files that it refers to",
    );
    assert_eq!(server.count("/items/4.json"), 1);
    assert_eq!(server.count("/items/5.json"), 0);
}

/// Reading a pipe would wait for its writer.
#[cfg(unix)]
#[test]
fn pipe_in_a_source_folder_is_rejected() {
    let tree = Tree::new(&["items"]);
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("items")).expect("made");
    let pipe = folder.path().join("items/openapi.json");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    let fetcher = fetcher_on(&Clock::new(), Limits::default());
    let source = folder.path().to_str().expect("UTF-8");
    let text = tree
        .regen_with(&fetcher, &tree.workspace(), source, &[])
        .failed();
    assert_contains(&text, "is not a regular file");
}
