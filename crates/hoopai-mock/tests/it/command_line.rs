//! The program: start, requests, stop, and error messages.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use hoopai_mock::{AGENCY_TOKEN, CLIENT_ID, CLIENT_SECRET, LOCATION, REDIRECT_URI, TOKEN};
use reqwest::Method;
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_hoopai-mock");

/// A running program, which is killed when this is dropped.
pub(crate) struct Running {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    pub(crate) url: String,
    head: String,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["--port", "0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        let mut head = String::new();
        for _ in 0..7 {
            out.read_line(&mut head).expect("a line");
        }
        let url = head
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("listening on "));
        let url = url.expect("the address").to_owned();
        Self {
            child,
            out,
            url,
            head,
        }
    }

    /// Sends Ctrl-C. Returns the exit code and the output after the first lines.
    fn interrupt(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status();
        assert!(sent.expect("kill").success());
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                break status;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(10),
                "it does not stop"
            );
            std::thread::sleep(Duration::from_millis(20));
        };
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("its output");
        (status.code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(arguments: &[&str]) -> Output {
    let output = Command::new(PROGRAM).args(arguments).output();
    output.expect("the program starts")
}

async fn get(url: &str, token: &str, location: &str) -> reqwest::Response {
    reqwest::Client::new()
        .get(format!("{url}/contacts/?locationId={location}"))
        .bearer_auth(token)
        .header("version", "2021-07-28")
        .header("user-agent", "tests/1")
        .send()
        .await
        .expect("a reply")
}

#[cfg(unix)]
#[tokio::test]
async fn program_starts_replies_and_stops() {
    let program = Running::start(&["--log"]);
    assert!(
        program.head.contains(TOKEN) && program.head.contains(LOCATION),
        "{}",
        program.head
    );
    assert_eq!(get(&program.url, TOKEN, LOCATION).await.status(), 200);
    let body = json!({ "locationId": LOCATION, "firstName": "hidden-name" });
    let create = reqwest::Client::new()
        .post(format!("{}/contacts/?secret=hidden-query", program.url))
        .bearer_auth(TOKEN)
        .json(&body);
    let _ = create.send().await.expect("a reply");
    let (code, log) = program.interrupt();
    assert_eq!(code, Some(0));
    assert_eq!(log.lines().count(), 2, "{log}");
    assert!(
        log.contains("GET /contacts/ contacts.get-contacts 200 Processed"),
        "{log}"
    );
    assert!(!log.contains(TOKEN) && !log.contains("hidden"), "{log}");
}

#[cfg(unix)]
#[tokio::test]
async fn options_set_token_location_limit_and_fault() {
    let program = Running::start(&[
        "--token",
        "pit-mine",
        "--location",
        "here",
        "--random-seed",
        "7",
        "--limit",
        "2/60",
        "--fault",
        "503,on=contacts.*,times=1",
        "--fault",
        "delay=1ms",
    ]);
    assert!(program.head.contains("pit-mine") && program.head.contains("here"));
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(
            get(&program.url, "pit-mine", "here")
                .await
                .status()
                .as_u16(),
        );
    }
    assert_eq!(seen, [503, 200, 200, 429]);
    assert_eq!(get(&program.url, "pit-other", "here").await.status(), 401);
    let program = Running::start(&["--no-limits"]);
    for _ in 0..120 {
        assert_eq!(get(&program.url, TOKEN, LOCATION).await.status(), 200);
    }
    assert_eq!(get(&program.url, TOKEN, "elsewhere").await.status(), 403);
    let program = Running::start(&["--everything"]);
    for location in [LOCATION, "elsewhere"] {
        assert_eq!(get(&program.url, TOKEN, location).await.status(), 200);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn contacts_option_seeds_contacts() {
    for (arguments, location, count) in [
        (&["--contacts", "3"][..], LOCATION, 3),
        (&["--location", "here", "--contacts", "2"][..], "here", 2),
        (&[][..], LOCATION, 0),
    ] {
        let program = Running::start(arguments);
        let listed = get(&program.url, TOKEN, location).await.text().await;
        let listed: serde_json::Value = listed.expect("a body").parse().expect("JSON");
        assert_eq!(listed["count"], count, "{arguments:?}");
    }
    // A pipeline exists by default, since no call creates one.
    for (arguments, count) in [(&[][..], 1), (&["--pipelines", "3"][..], 3)] {
        let program = Running::start(arguments);
        let path = format!("/opportunities/pipelines?locationId={LOCATION}");
        let listed = send(&program, Method::GET, &path, json!({})).await;
        let listed = listed["pipelines"].as_array().map(Vec::len);
        assert_eq!(listed, Some(count), "{arguments:?}");
    }
    let help = String::from_utf8_lossy(&run(&["--help"]).stdout).into_owned();
    assert!(help.contains("--contacts <N>"), "{help}");
}

/// Sends JSON with the default token, and returns the JSON of the reply.
async fn send(program: &Running, method: Method, path: &str, body: Value) -> Value {
    let request = reqwest::Client::new().request(method, format!("{}{path}", program.url));
    let request = request.bearer_auth(TOKEN).header("version", "2021-07-28");
    let reply = request.header("user-agent", "tests/1").json(&body).send();
    reply.await.expect("a reply").json().await.expect("JSON")
}

#[cfg(unix)]
#[tokio::test]
async fn credentials_of_app_are_printed_and_configurable() {
    let own = [
        ("agency token", "pit-agency"),
        ("client id", "my-app"),
        ("client secret", "my-secret"),
        ("redirect uri", "http://localhost:9/callback"),
    ];
    let usual = [
        ("agency token", AGENCY_TOKEN),
        ("client id", CLIENT_ID),
        ("client secret", CLIENT_SECRET),
        ("redirect uri", REDIRECT_URI),
    ];
    let arguments =
        own.map(|(name, value)| [format!("--{}", name.replace(' ', "-")), value.into()]);
    let arguments: Vec<&str> = arguments
        .as_flattened()
        .iter()
        .map(String::as_str)
        .collect();
    for (arguments, expected) in [(&[][..], usual), (&arguments, own)] {
        let program = Running::start(arguments);
        let printed = |name: &str| {
            let mut lines = program
                .head
                .lines()
                .filter_map(|line| line.strip_prefix(name));
            lines.next().expect(name).trim().to_owned()
        };
        for (name, value) in expected {
            assert_eq!(printed(name), value);
        }
        // The printed values suffice for an installation.
        let query = format!(
            "response_type=code&client_id={}&redirect_uri={}",
            printed("client id"),
            printed("redirect uri")
        );
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let client = client.user_agent("tests/1").build().expect("a client");
        let url = format!("{}/oauth/chooselocation?{query}", program.url);
        let reply = client.get(url).send().await.expect("a reply");
        let target = reply.headers()["location"]
            .to_str()
            .expect("a URL")
            .to_owned();
        let code = target.rsplit("code=").next().expect("a code");
        let body = format!(
            "client_id={}&client_secret={}&grant_type=authorization_code&code={code}",
            printed("client id"),
            printed("client secret")
        );
        let request = client
            .post(format!("{}/oauth/token", program.url))
            .body(body);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let reply = request.send().await.expect("a reply");
        assert_eq!(reply.status(), 200);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn options_accept_undeclared_fields_and_send_reset() {
    let body = json!({ "locationId": LOCATION, "favourite": { "colour": "green" } });
    for arguments in [&[][..], &["--accept-undeclared", "--rate-limit-reset"]] {
        let program = Running::start(arguments);
        let made = send(&program, Method::POST, "/contacts/", body.clone()).await;
        let is_enabled = !arguments.is_empty();
        assert_eq!(
            made["contact"]["favourite"]["colour"] == "green",
            is_enabled,
            "{made}"
        );
        let reply = get(&program.url, TOKEN, LOCATION).await;
        assert_eq!(
            reply.headers().contains_key("x-ratelimit-reset"),
            is_enabled
        );
    }
}

#[test]
fn invalid_option_names_error_and_remedy() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let output = run(&["--port", &port]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        error.contains("is in use") && error.contains("--port 0"),
        "{error}"
    );
    let wrong = [
        (["--limit", "many"], "25/10"),
        (["--limit", "0/10"], "--no-limits"),
        (["--fault", "explode"], "close-after"),
        (["--fault", "503,when=now"], "on=OPERATIONS"),
        (
            ["--fault", "503,on=contacts.craete_contact"],
            "closest: `contacts.create_contact`",
        ),
        (["--fault", "503,on=GET /contacts"], "`GET /contacts/`"),
        (["--fault", "503,on="], "no operation is called"),
        (["--token", "two words"], "without spaces"),
        (["--port", "70000"], "65535"),
        (["--contacts", "some"], "--contacts <N>"),
        (["--bind", "localhost"], "expected an IP address"),
        (["--seed", "missing.yaml"], "name an existing file"),
        (["--seed", seed("wrong.yaml", "items: [")], "is not YAML"),
        (["--seed", seed("wrong.json", "items: []")], "is not JSON"),
    ];
    for (arguments, remedy) in wrong {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(remedy), "{arguments:?}: {error}");
    }
    let output = run(&["record", "--upstream", "services.example.com"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("expected an http or https URL"), "{error}");
    let file = seed("unknown.yaml", "items: [{ collection: contcats }]");
    let output = run(&["--port", "0", "--seed", file]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        error.contains("error: items[0]: no collection is called `contcats`; closest: `contacts`"),
        "{error}"
    );
}

/// Writes a seed file, and returns its path.
fn seed(name: &str, content: &str) -> &'static str {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).expect("a file");
    path.into_os_string().into_string().expect("text").leak()
}

#[cfg(unix)]
#[tokio::test]
async fn seed_files_and_state_folder_are_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().to_str().expect("text");
    let yaml = "items:\n  - collection: contacts\n    count: 2\ntokens:\n  - token: pit-yaml\n    \
                location: mockLocation00000001\n";
    let json = r#"{"items":[{"collection":"contacts","fields":{"firstName":"Json"}}]}"#;
    let (yaml, json) = (seed("right.yaml", yaml), seed("right.json", json));
    for created in 0..2 {
        let program = Running::start(&["--seed", yaml, "--seed", json, "--state", state]);
        let listed = get(&program.url, "pit-yaml", LOCATION).await.text().await;
        let listed: Value = listed.expect("a body").parse().expect("JSON");
        assert_eq!(listed["count"], 3 + created);
        let body = json!({ "locationId": LOCATION, "firstName": "Kept" });
        send(&program, Method::POST, "/contacts/", body).await;
        let (code, _) = program.interrupt();
        assert_eq!(code, Some(0));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn control_interface_is_served_and_other_addresses_are_warned_about() {
    let program = Running::start(&["--allow-host", "mock.internal"]);
    let get = |host: &'static str| {
        let url = format!("{}/__hoopai/status", program.url);
        async move {
            let request = reqwest::Client::new().get(url).header("host", host);
            request.send().await.expect("a reply").status().as_u16()
        }
    };
    assert_eq!(get("mock.internal").await, 200);
    assert_eq!(get("other.internal").await, 403);
    let mut child = Command::new(PROGRAM)
        .args(["--bind", "0.0.0.0", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut warning = String::new();
    let mut stderr = BufReader::new(child.stderr.take().expect("its errors"));
    stderr.read_line(&mut warning).expect("a line");
    child.kill().expect("it is stopped");
    child.wait().expect("it ends");
    assert!(
        warning.contains("warning: 0.0.0.0 is no loopback address"),
        "{warning}"
    );
}

/// Returns the largest size of the process in MiB.
#[cfg(target_os = "linux")]
fn largest(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.expect("a number") / 1024
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_stays_bounded() {
    let program = Running::start(&["--no-limits"]);
    let client = reqwest::Client::builder().user_agent("tests/1").build();
    let client = client.expect("a client");
    let note = "x".repeat(20_000);
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..20 {
        let (client, url, note) = (client.clone(), program.url.clone(), note.clone());
        workers.spawn(async move {
            for number in 0..500 {
                let request = if number % 2 == 0 {
                    client.get(format!("{url}/contacts/?locationId={LOCATION}&limit=20"))
                } else {
                    // Rejected for its undeclared key after it was read and recorded.
                    let body = json!({ "locationId": LOCATION, "note": note, "number": worker });
                    client.post(format!("{url}/contacts/")).json(&body)
                };
                let request = request.bearer_auth(TOKEN).header("version", "2021-07-28");
                let reply = request.send().await.expect("a reply");
                let _ = reply.bytes().await.expect("a body");
            }
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker.expect("no panic");
    }
    // Many large bodies at the same time, of kinds that need much memory after parsing.
    let bodies = [
        (format!("[{}0]", "{\"\":0},".repeat(20_000)), 422),
        (format!("[{}0]", "0,".repeat(450_000)), 422),
        (format!("[{}0]", "{\"\":0},".repeat(130_000)), 413),
        (format!("[{}0]", "[],".repeat(340_000)), 413),
    ];
    for number in 0..60 {
        let (client, url) = (client.clone(), program.url.clone());
        let (body, status) = bodies[number % bodies.len()].clone();
        workers.spawn(async move {
            let request = client.post(format!("{url}/contacts/")).bearer_auth(TOKEN);
            let request = request.header("content-type", "application/json");
            let reply = request
                .header("version", "2021-07-28")
                .body(body)
                .send()
                .await;
            assert_eq!(reply.expect("a reply").status(), status);
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker.expect("no panic");
    }
    let largest = largest(program.child.id());
    assert!(largest < 200, "{largest} MiB");
}
