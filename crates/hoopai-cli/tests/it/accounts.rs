//! Login, profiles and logout.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use hoopai_mock::{AccountId, CLIENT_ID, CLIENT_SECRET, COMPANY, LOCATION, Mock};
use hoopai_test_support::{Reply, Server};
use serde_json::json;

use crate::program::{Program, TOKEN, serving};

#[test]
fn without_credentials_a_login_is_needed() {
    let ended = Program::new().run(&["request", "GET", "/x"]).expect(3);
    assert!(ended.err.contains("hoopai login"), "{}", ended.err);
    Program::new().run(&["whoami"]).expect(3);
}

#[test]
fn stored_private_token_is_used_and_removed() {
    let server = serving(r#"{"location":{"name":"Acme"}}"#);
    let program = Program::new().with("HOOPAI_BASE_URL", &server.url);
    program
        .run_with_input(&["login", "--location", "loc1"], &format!("  {TOKEN}\n"))
        .expect(0);
    program.run(&["request", "GET", "/x"]).expect(0);
    for request in server.requests() {
        assert_eq!(
            request.header("authorization"),
            Some(&*format!("Bearer {TOKEN}"))
        );
    }
    assert_eq!(server.targets(), ["/locations/loc1", "/x"]);
    let profiles = program.run(&["profiles", "-o", "json"]).expect(0).json();
    assert_eq!(profiles[0]["name"], "default");
    assert_eq!(profiles[0]["location"], "loc1");
    program.run(&["logout"]).expect(0);
    program.run(&["request", "GET", "/x"]).expect(3);
}

/// The location of a damaged profile would be reported as missing.
#[test]
fn damaged_profiles_are_reported_before_their_values_are_missing() {
    let program = Program::new();
    let file = program.directory().join("hoopai/profiles.json");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    for content in [&b"{\"broken"[..], b"\xff\x00", b"[]", b""] {
        std::fs::write(&file, content).unwrap();
        for arguments in [&["contacts", "list"][..], &["whoami"], &["profiles"]] {
            let ended = program.run(arguments).expect(1);
            let hint = "move the file away and log in again";
            assert!(ended.err.contains(hint), "{arguments:?}: {}", ended.err);
        }
    }
    std::fs::remove_file(&file).unwrap();
    program.run(&["contacts", "list"]).expect(2);
}

#[cfg(unix)]
#[test]
fn files_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let server = serving("{}");
    let program = Program::new().with("HOOPAI_BASE_URL", &server.url);
    program.run_with_input(&["login"], TOKEN).expect(0);
    program.run(&["request", "GET", "/x"]).expect(0);
    let mut folders = vec![program.directory().join("hoopai")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        assert_eq!(
            folder.metadata().unwrap().permissions().mode() & 0o077,
            0,
            "{folder:?}"
        );
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if entry.metadata().unwrap().len() > 0 {
                files += 1;
                let mode = entry.metadata().unwrap().permissions().mode();
                assert_eq!(mode & 0o177, 0, "{:?}", entry.path());
            }
        }
    }
    assert!(files >= 2, "{files}");
}

#[test]
fn rejected_token_is_not_stored() {
    let server = Server::on_thread(|_| {
        Reply::json(
            401,
            r#"{"statusCode":401,"message":"Invalid Private Integration token"}"#,
        )
    });
    let program = Program::new().with("HOOPAI_BASE_URL", &server.url);
    program
        .run_with_input(&["login", "--location", "l"], TOKEN)
        .expect(3);
    assert_eq!(program.run(&["profiles"]).expect(0).json(), json!([]));
    program.run_with_input(&["login"], "\n").expect(2);
}

#[test]
fn profiles_are_separate() {
    let server = serving("{}");
    let program = Program::new().with("HOOPAI_BASE_URL", &server.url);
    program
        .run_with_input(&["login", "--profile", "a"], "pit-a")
        .expect(0);
    program
        .run_with_input(&["login", "--profile", "b"], "pit-b")
        .expect(0);
    program.run(&["request", "GET", "/1"]).expect(0);
    program
        .run(&["request", "GET", "/2", "--profile", "b"])
        .expect(0);
    program.run(&["profiles", "--default", "b"]).expect(0);
    program.run(&["request", "GET", "/3"]).expect(0);
    let tokens: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.header("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(tokens, ["Bearer pit-a", "Bearer pit-b", "Bearer pit-b"]);
    program
        .run(&["request", "GET", "/x", "--profile", "c"])
        .expect(3);
    program.run(&["profiles", "--default", "c"]).expect(3);
}

/// Installs the app of the mock: the test takes the place of the browser.
fn install(mock: &Mock, program: &Program, redirect_uri: &str, options: &[&str]) -> i32 {
    let url = mock.url();
    let arguments = [
        &[
            "login",
            "--client-id",
            CLIENT_ID,
            "--redirect-uri",
            redirect_uri,
            "--no-browser",
            "--chooser-host",
            &url,
            "--wait",
            "60",
        ],
        options,
    ]
    .concat();
    let mut command = program.command(&arguments);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let page = loop {
        let line = lines.next().expect("no URL was printed").unwrap();
        if line.starts_with("http") {
            break line;
        }
    };
    // A redirect with another state is ignored.
    get(&format!("{redirect_uri}?code=forged&state=00"));
    let location = get(&page);
    let location = location
        .lines()
        .find_map(|line| line.strip_prefix("location: "))
        .unwrap();
    assert!(get(location.trim()).contains("Logged in"));
    child.wait().unwrap().code().unwrap()
}

/// Sends a GET request and returns the whole reply.
fn get(url: &str) -> String {
    use std::io::{Read, Write};
    let url = url::Url::parse(url).unwrap();
    let port = url.port().unwrap();
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    write!(stream, "GET {target} HTTP/1.1\r\nhost: localhost:{port}\r\nuser-agent: t\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

/// A redirect URI with a free port.
fn redirect_uri() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!(
        "http://localhost:{}/callback",
        listener.local_addr().unwrap().port()
    )
}

fn with_mock(test: impl FnOnce(&Mock, &Program, &str)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let redirect_uri = redirect_uri();
    let mock = runtime
        .block_on(
            Mock::builder()
                .app_with_all_scopes(CLIENT_ID, CLIENT_SECRET, &redirect_uri)
                .start(),
        )
        .unwrap();
    let program = Program::new()
        .with("HOOPAI_BASE_URL", &mock.url())
        .with("HOOPAI_CLIENT_SECRET", CLIENT_SECRET);
    test(&mock, &program, &redirect_uri);
}

#[test]
fn app_is_installed_in_a_location() {
    with_mock(|mock, program, redirect_uri| {
        assert_eq!(install(mock, program, redirect_uri, &[]), 0);
        let shown = program.run(&["whoami"]).expect(0).json();
        assert_eq!(shown["location"], LOCATION);
        assert_eq!(shown["credentials"], "OAuth app");
        program.run(&["logout"]).expect(0);
        program.run(&["whoami"]).expect(3);
    });
}

#[test]
fn agency_acts_on_a_location() {
    with_mock(|mock, program, redirect_uri| {
        mock.set_choice(AccountId::Company(COMPANY.to_owned()));
        assert_eq!(
            install(mock, program, redirect_uri, &["--location", LOCATION]),
            0
        );
        let shown = program.run(&["whoami"]).expect(0).json();
        assert_eq!(shown["location"], LOCATION);
        assert_eq!(shown["company"], COMPANY);
        let path = format!("/contacts/?locationId={LOCATION}");
        program.run(&["request", "GET", &path]).expect(0);
    });
}

#[test]
fn doctor_reports_each_check() {
    let server = serving(r#"{"location":{"name":"Acme"}}"#);
    let checks = Program::at(&server.url).run(&["doctor"]).expect(0).json();
    assert!(
        checks
            .as_array()
            .unwrap()
            .iter()
            .all(|check| check["result"] == "ok"),
        "{checks}"
    );
    let ended = Program::new().run(&["doctor"]).expect(3);
    assert!(
        ended.out.contains("hoopai login") && ended.err.contains("credentials"),
        "{}",
        ended.err
    );
    Program::at(&Server::refusing_url())
        .run(&["doctor"])
        .expect(7);
    Program::new().run(&["--mock", "doctor"]).expect(0);
}
