//! Secrets appear in no output.

use hoopai_test_support::{Reply, Server};

use crate::program::{Program, TOKEN, serving};

const PASSWORD: &str = "pl4nted-pa55word-9";

#[test]
fn no_output_contains_a_planted_secret() {
    let repeated = format!(r#"{{"statusCode":422,"message":["bad {TOKEN}"],"error":"{TOKEN}"}}"#);
    let server = Server::on_thread(move |_| Reply::json(422, repeated.clone()));
    let program = Program::at(&server.url);
    let body =
        format!(r#"{{"name":"x","password":"{PASSWORD}","nested":[{{"apiKey":"{PASSWORD}"}}]}}"#);
    let query = format!("access_token={PASSWORD}");
    let header = format!("x-ghl-client-secret={PASSWORD}");
    let base = [
        "request",
        "POST",
        "/x",
        "--body",
        &body,
        "--query",
        &query,
        "--header",
        &header,
        "--verbose",
    ];
    for options in [&["--dry-run"][..], &["--curl"], &[], &["--json-errors"]] {
        let ended = program.run(&[&base[..], options].concat());
        for secret in [TOKEN, PASSWORD] {
            assert!(!ended.out.contains(secret), "{options:?}: {}", ended.out);
            assert!(!ended.err.contains(secret), "{options:?}: {}", ended.err);
        }
    }
    let invalid = format!("{{\"password\":\"{PASSWORD}\",}}");
    let ended = program
        .run(&["request", "POST", "/x", "--body", &invalid])
        .expect(2);
    assert!(!ended.err.contains(PASSWORD), "{}", ended.err);
}

#[test]
fn stored_token_appears_in_no_output() {
    let server = serving(r#"{"location":{"name":"Acme"}}"#);
    let program = Program::new().with("HOOPAI_BASE_URL", &server.url);
    program
        .run_with_input(&["login", "--location", "loc1"], &format!("{TOKEN}\n"))
        .expect(0);
    for arguments in [
        &["whoami", "-v"][..],
        &["profiles"],
        &["doctor", "-v"],
        &["request", "GET", "/x", "-v"],
        &["request", "GET", "/x", "--curl"],
        &["logout"],
        &["whoami", "--json-errors"],
    ] {
        let ended = program.run(arguments);
        assert!(
            !ended.out.contains(TOKEN) && !ended.err.contains(TOKEN),
            "{arguments:?}"
        );
    }
}
