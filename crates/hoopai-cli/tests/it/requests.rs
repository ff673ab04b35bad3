//! Requests as the server receives them, and exit codes.

use hoopai_test_support::{Reply, Server};
use serde_json::{Value, json};

use crate::program::{LOCATION, Program, TOKEN, serving};

#[test]
fn request_is_sent_as_written() {
    let server = serving(r#"{"ok":true}"#);
    let program = Program::at(&server.url);
    let body = r#"{"a":[1,{"b":null}]}"#;
    let ended = program
        .run(&[
            "request",
            "post",
            "/contacts/?x=1&x=2",
            "--query",
            "q=a b&c",
            "--header",
            "x-trace=t1",
            "--body",
            body,
        ])
        .expect(0);
    assert_eq!(ended.json(), json!({ "ok": true }));
    let request = server.single();
    assert_eq!(request.method, "POST");
    assert_eq!(request.path(), "/contacts/");
    assert_eq!(request.target, "/contacts/?x=1&x=2&q=a%20b%26c");
    assert_eq!(
        request.header("authorization"),
        Some(&*format!("Bearer {TOKEN}"))
    );
    assert_eq!(request.header("version"), Some("2021-07-28"));
    assert_eq!(request.header("x-trace"), Some("t1"));
    assert_eq!(request.json(), serde_json::from_str::<Value>(body).unwrap());
}

#[test]
fn body_is_read_from_a_file_or_the_standard_input() {
    let server = serving("{}");
    let program = Program::at(&server.url);
    let path = program.directory().join("body.json");
    std::fs::write(&path, r#"{"from":"file"}"#).unwrap();
    let argument = format!("@{}", path.display());
    program
        .run(&["request", "POST", "/x", "--body", &argument])
        .expect(0);
    let piped = r#"{"from":"input"}"#;
    program
        .run_with_input(&["request", "POST", "/x", "--body", "-"], piped)
        .expect(0);
    assert_eq!(server.bodies(), [r#"{"from":"file"}"#, piped]);
}

#[test]
fn printed_command_of_curl_sends_the_same_request() {
    let bodies = [
        None,
        Some(json!({ "name": "O'Brien \"x\" $HOME `id` \\ \n\t %20 é 日本 \u{1b}[0m", "n": -1.5 })),
        Some(json!(["a", null, { "deep": [[]] }])),
    ];
    for body in bodies {
        let server = serving("{}");
        let program = Program::at(&server.url);
        let path = "/contacts/a'b/{x}/[1]/ü";
        let mut arguments = vec![
            "request",
            "PUT",
            path,
            "--query",
            "q=a'b {1} [2] $X",
            "--header",
            "x-note=it's",
        ];
        let text = body.as_ref().map(Value::to_string);
        if let Some(text) = &text {
            arguments.extend(["--body", text]);
        }
        // A template in braces has no value, so the path is encoded by the caller.
        arguments[2] = "/contacts/a'b/%7Bx%7D/%5B1%5D/%C3%BC";
        program.run(&arguments).expect(0);
        let printed = program
            .run(&[&arguments[..], &["--curl"]].concat())
            .expect(0)
            .out;
        let ran = std::process::Command::new("sh")
            .args(["-c", &printed])
            .env("HOOPAI_TOKEN", TOKEN)
            .env("NO_PROXY", "127.0.0.1")
            .output();
        match ran {
            Ok(output) if output.status.success() => {}
            Ok(output) if output.status.code() == Some(127) => {
                println!("SKIPPED: there is no curl");
                return;
            }
            other => panic!("{other:?}\n{printed}"),
        }
        let [own, curl] = &server.requests()[..] else {
            panic!("not two requests")
        };
        assert_eq!(own.method, curl.method);
        assert_eq!(own.target, curl.target);
        for header in [
            "authorization",
            "version",
            "accept",
            "user-agent",
            "content-type",
            "x-note",
        ] {
            assert_eq!(own.header(header), curl.header(header), "{header}");
        }
        let parsed = |body: &[u8]| serde_json::from_slice::<Value>(body).ok();
        assert_eq!(parsed(&own.body), parsed(&curl.body));
    }
}

#[test]
fn dry_run_sends_nothing_and_needs_no_login() {
    let server = serving("{}");
    let program = Program::new().with("HOOPAI_BASE_URL", &server.url);
    let ended = program
        .run(&[
            "request",
            "DELETE",
            "/contacts/c1",
            "--query",
            "access_token=s3cret",
            "--dry-run",
        ])
        .expect(0);
    assert!(
        ended
            .out
            .starts_with(&format!("DELETE {}/contacts/c1?", server.url)),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("version: 2021-07-28") && !ended.out.contains("s3cret"));
    assert_eq!(server.count(), 0);
}

#[test]
fn each_kind_of_error_has_its_exit_code() {
    let cases = [
        (401, r#"{"statusCode":401,"message":"Invalid JWT"}"#, 3),
        (
            401,
            r#"{"statusCode":401,"message":"Invalid Private Integration token"}"#,
            3,
        ),
        (
            401,
            r#"{"statusCode":401,"message":"The token is not authorized for this scope."}"#,
            4,
        ),
        (403, r#"{"statusCode":403,"message":"Forbidden"}"#, 4),
        (404, r#"{"statusCode":404,"message":"Cannot GET /x"}"#, 4),
        (
            422,
            r#"{"statusCode":422,"message":["property x should not exist"]}"#,
            4,
        ),
        (
            429,
            r#"{"statusCode":429,"message":"Too Many Requests"}"#,
            6,
        ),
        (500, r#"{"statusCode":500,"message":"Internal"}"#, 7),
        (200, "<html>", 1),
    ];
    for (status, body, code) in cases {
        let server = Server::on_thread(move |_| {
            // A day that is used up is not waited for.
            let daily: &[_] = if status == 429 {
                &[
                    ("x-ratelimit-daily-remaining", "0"),
                    ("x-ratelimit-limit-daily", "10"),
                ]
            } else {
                &[]
            };
            Reply::with_headers(status, daily, body)
        });
        let program = Program::at(&server.url);
        let ended = program
            .run(&["request", "POST", "/x", "--json-errors", "--timeout", "5"])
            .expect(code);
        let error: Value = serde_json::from_str(&ended.err).unwrap();
        assert_eq!(error["error"]["exitCode"], code, "{error}");
        assert!(error["error"]["message"].as_str().unwrap().len() > 10);
        assert_eq!(ended.out, "");
    }
}

#[test]
fn unreachable_platform_has_exit_code_7() {
    let program = Program::at(&Server::refusing_url());
    let ended = program
        .run(&["request", "POST", "/x", "--timeout", "1"])
        .expect(7);
    assert!(ended.err.starts_with("error: "), "{}", ended.err);
}

#[test]
fn invalid_arguments_have_exit_code_2() {
    let server = serving("{}");
    let program = Program::at(&server.url);
    for arguments in [
        &["request", "FETCH", "/x"][..],
        &["request", "GET"],
        &["request", "GET", "/x", "--query", "novalue"],
        &["request", "POST", "/x", "--body", "{"],
        &["request", "POST", "/x", "--body", "@/does/not/exist"],
        &["request", "GET", "/a/../b"],
        &["request", "GET", "/x", "--header", "authorization=x"],
        &["request", "GET", "/x", "--jq", ".["],
        &["request", "GET", "/x", "-o", "xml"],
        &["request", "GET", "/x", "--dry-run", "--curl"],
        &["no-such-module", "list"],
        &[],
    ] {
        let ended = program.run(arguments).expect(2);
        assert!(!ended.err.is_empty(), "{arguments:?}");
    }
    assert_eq!(server.count(), 0);
}

#[test]
fn help_and_version_are_no_errors() {
    let program = Program::new();
    assert!(
        program
            .run(&["--help"])
            .expect(0)
            .out
            .contains("hoopai --mock contacts list")
    );
    assert!(
        program
            .run(&["request", "--help"])
            .expect(0)
            .out
            .contains("--body")
    );
    assert!(
        program
            .run(&["--version"])
            .expect(0)
            .out
            .starts_with("hoopai ")
    );
    assert!(
        program
            .run(&["completions", "bash"])
            .expect(0)
            .out
            .contains("_hoopai")
    );
    assert!(program.run(&["man"]).expect(0).out.contains(".TH hoopai"));
}

#[test]
fn deletion_needs_a_confirmation() {
    let server = serving("{}");
    let program = Program::at(&server.url);
    let ended = program
        .run(&["request", "DELETE", "/contacts/c1"])
        .expect(5);
    assert!(ended.err.contains("--yes"), "{}", ended.err);
    assert_eq!(server.count(), 0);
    program
        .run(&["request", "DELETE", "/contacts/c1", "--yes"])
        .expect(0);
    assert_eq!(server.count(), 1);
}

#[test]
fn mock_needs_no_account() {
    let program = Program::new();
    let path = "/contacts/?locationId=mockLocation00000001";
    let ended = program.run(&["--mock", "request", "GET", path]).expect(0);
    let contacts = ended.json()["contacts"].as_array().unwrap().len();
    assert!(contacts > 5, "{contacts}");
}

#[test]
fn closed_output_ends_quietly() {
    let server = serving(format!("[{}1]", "1,".repeat(200_000)));
    let program = Program::at(&server.url);
    let mut child = program.command(&["request", "GET", "/x"]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stderr, b"");
}

#[cfg(unix)]
#[test]
fn interrupted_call_has_exit_code_130() {
    let server = Server::on_thread(|_| Reply::silence().hang());
    let program = Program::at(&server.url);
    let child = program.command(&["request", "POST", "/x"]).spawn().unwrap();
    while server.count() == 0 {
        std::thread::yield_now();
    }
    let id = child.id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status()
        .unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(130),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn environment_location_is_shown_by_whoami() {
    let server = serving(r#"{"location":{"id":"x","name":"Acme","companyId":"c1"}}"#);
    let ended = Program::at(&server.url).run(&["whoami"]).expect(0);
    assert_eq!(ended.json()["name"], "Acme");
    assert_eq!(server.single().target, format!("/locations/{LOCATION}"));
}
