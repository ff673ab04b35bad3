//! The page at `/`, in a browser where one is installed.

use std::path::Path;
use std::process::Command;

use hoopai_mock::serde_json::json;
use hoopai_mock::{LOCATION, Mock, TOKEN};
use reqwest::Method;

use crate::support::{Reply, call, client};

/// Markup that must be shown, and not interpreted.
const MARKUP: &str = "<img src=x onerror=document.title='executed'>";

#[tokio::test]
async fn page_loads_nothing_from_elsewhere() {
    let mock = Mock::builder()
        .control(&[])
        .start()
        .await
        .expect("a server");
    for path in ["/", "/__hoopai/page.js", "/__hoopai/page.css"] {
        let reply = Reply::of(client().get(format!("{}{path}", mock.url()))).await;
        assert_eq!(reply.status, 200, "{path}");
        let policy = reply.header("content-security-policy").expect("a policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        for word in [
            "http://",
            "https://",
            "innerHTML",
            "onclick=",
            "<style",
            "eval(",
        ] {
            assert!(!reply.text.contains(word), "{path}: {word}");
        }
        let post = Reply::of(client().post(format!("{}{path}", mock.url()))).await;
        assert_eq!(post.status, 405);
    }
}

/// The program of a browser; `None`, after a line that says so, where there is none.
fn browser() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let is_installed = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    let found = names.into_iter().find(is_installed);
    if found.is_none() {
        println!(
            "SKIPPED: no Chromium is installed; tried {}",
            names.join(", ")
        );
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn page_shows_journal_state_and_faults_as_text() {
    let Some(browser) = browser() else {
        return;
    };
    let mock = Mock::builder()
        .control(&[])
        .start()
        .await
        .expect("a server");
    let fields = json!({ "firstName": MARKUP });
    mock.seed().item("contacts", LOCATION, &fields);
    mock.seed().item("contacts", "<b>scope</b>", &json!({}));
    mock.faults().add(
        format!("503,on=users.*,text={MARKUP}")
            .parse()
            .expect("a rule"),
    );
    let path = format!("/contacts/?locationId={LOCATION}");
    let _ = Reply::of(call(&client(), &mock, Method::GET, &path, TOKEN)).await;
    let path = "/nothing/%3Cb%3E'\"&amp;";
    let _ = Reply::of(call(&client(), &mock, Method::GET, path, TOKEN)).await;
    let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join("chromium");
    let mut command = Command::new(browser);
    command
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ])
        .args([
            "--disable-background-networking",
            "--no-first-run",
            "--enable-logging=stderr",
        ])
        .args(["--virtual-time-budget=10000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("{}/", mock.url()));
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let output = output.expect("no panic").expect("the browser runs");
    let (page, log) = (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    for expected in [
        "2 requests",
        "contacts.get-contacts",
        "GET /contacts/",
        "notFound",
        "<td>&lt;b&gt;scope&lt;/b&gt;</td>",
        "&lt;img src=x onerror=document.title='executed'&gt;",
        "<title>hoopai-mock</title>",
    ] {
        assert!(
            page.contains(expected),
            "{expected} is missing:\n{page}\n{log}"
        );
    }
    assert!(
        !page.contains("<img") && !page.contains("<b>scope"),
        "{page}"
    );
    assert!(!log.contains("Content Security Policy"), "{log}");
    assert!(!page.contains(TOKEN));
}
