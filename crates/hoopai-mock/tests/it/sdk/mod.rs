//! The platform's official clients against the server: every method that they have, with all that it takes and with no more
//! than it must have.
//!
//! They are installed into the target folder, where later runs find them; where they cannot be had, the tests say SKIPPED. A call
//! that cannot go well for a reason that lies in the client stands in `tests/sdk/exceptions.json`, with the reason and
//! with what the server says; the list is exact.

mod interface;
pub(crate) mod packages;
mod plan;

use std::io::Write;
use std::process::{Command, Stdio};

use hoopai_mock::{AGENCY_TOKEN, CLIENT_ID, Mock, RateLimitSettings, SignatureMode, TOKEN};
use hoopai_test_support::interface::is_settled;
use serde_json::{Value, json};

use packages::Runner;
use plan::{Call, Extent, Planner};

use crate::receiver::Receiver;

/// What came of a call.
struct Outcome {
    name: String,
    status: u64,
    message: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_javascript_client_is_answered() {
    if let Some(runner) = packages::javascript() {
        run("javascript", &runner).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_python_client_is_answered() {
    if let Some(runner) = packages::python() {
        run("python", &runner).await;
    }
}

/// The clients call the stand-alone program too, with the state of a server that planned the calls.
#[cfg(feature = "cli")]
#[tokio::test(flavor = "multi_thread")]
async fn the_official_clients_are_answered_by_the_program() {
    for (client, runner) in [
        ("javascript", packages::javascript()),
        ("python", packages::python()),
    ] {
        if let Some(runner) = runner {
            with_program(client, &runner).await;
        }
    }
}

#[cfg(feature = "cli")]
async fn with_program(client: &str, runner: &Runner) {
    use crate::command_line::Running;

    let methods = finished(runner.command(&["describe"]), "");
    let methods: Vec<Value> = serde_json::from_str(&methods).expect("JSON");
    let folder = tempfile::tempdir().expect("a folder");
    let mock = Mock::builder().state_folder(folder.path()).start().await;
    let mock = mock.expect("a server");
    let calls = Planner::new(&mock).calls(&methods, Extent::Required);
    mock.stop().await;
    let state = folder.path().to_str().expect("text");
    let program = Running::start(&["--no-limits", "--state", state]);
    let (by_agency, by_location): (Vec<Call>, _) =
        calls.into_iter().partition(|call| call.by_agency);
    let mut outcomes = Vec::new();
    for (token, calls) in [(TOKEN, &by_location), (AGENCY_TOKEN, &by_agency)] {
        let lines: Vec<String> = calls.iter().map(|call| call.line.to_string()).collect();
        let command = runner.command(&["call", &program.url, token]);
        let output = finished(command, &(lines.join("\n") + "\n"));
        outcomes.extend(output.lines().map(outcome));
    }
    let calls: Vec<Call> = by_location.into_iter().chain(by_agency).collect();
    compare((client, Extent::Required, false), &calls, &outcomes);
    // The journal of the program agrees with the client.
    let url = format!("{}/__hoopai/journal?outcome=processed", program.url);
    let journal = reqwest::get(url).await.expect("a reply");
    let journal: Value = journal.json().await.expect("JSON");
    let entries = journal["entries"].as_array().expect("entries").iter();
    let operations: std::collections::BTreeSet<&str> = entries
        .filter_map(|entry| entry["operation"].as_str())
        .collect();
    println!(
        "{client}: {} operations of the program succeeded",
        operations.len()
    );
    assert!(operations.len() >= 30, "{operations:?}");
}

/// The SDK's middleware is an independent implementation of the platform's signatures.
#[tokio::test(flavor = "multi_thread")]
async fn the_official_javascript_client_verifies_signatures() {
    let Some(runner) = packages::javascript() else {
        return;
    };
    let mock = Mock::builder().start().await.expect("a server");
    let receiver = Receiver::start().await;
    let webhooks = mock.webhooks();
    webhooks.subscribe(&receiver.url());
    for mode in [
        SignatureMode::Valid,
        SignatureMode::OtherBody,
        SignatureMode::OtherKey,
        SignatureMode::Truncated,
        SignatureMode::Missing,
    ] {
        webhooks.set_signature(mode);
        let sent = receiver.count();
        // Lifecycle events would make the SDK call the platform.
        webhooks.trigger("ContactCreate", &json!({ "firstName": "Zoë \u{1f600}" }));
        assert!(receiver.wait_for(sent + 1).await);
    }
    let lines: Vec<String> = receiver
        .received()
        .iter()
        .map(|one| {
            let body = String::from_utf8(one.body.to_vec()).expect("text");
            json!({ "signature": one.signature(), "body": body }).to_string()
        })
        .collect();
    let command = runner.command(&["webhooks", CLIENT_ID, &webhooks.public_key()]);
    let output = finished(command, &(lines.join("\n") + "\n"));
    let results: Vec<&str> = output.lines().collect();
    assert_eq!(results, ["true", "false", "false", "false", "\"skipped\""]);
}

async fn run(client: &str, runner: &Runner) {
    if !is_settled() {
        println!("SKIPPED {client}: the client is of another state of the interface");
        return;
    }
    let methods: Vec<Value> = {
        let output = finished(runner.command(&["describe"]), "");
        serde_json::from_str(&output).expect("JSON")
    };
    for (extent, undeclared) in [
        (Extent::Required, false),
        (Extent::Everything, false),
        (Extent::Everything, true),
    ] {
        let limits = RateLimitSettings {
            burst: u32::MAX,
            token_endpoint: u32::MAX,
            ..RateLimitSettings::default()
        };
        let builder = Mock::builder().limits(limits).accept_undeclared(undeclared);
        let mock = builder.start().await.expect("a server");
        let calls = Planner::new(&mock).calls(&methods, extent);
        let (by_agency, by_location): (Vec<Call>, _) =
            calls.into_iter().partition(|call| call.by_agency);
        let mut outcomes = Vec::new();
        for (token, calls) in [(TOKEN, &by_location), (AGENCY_TOKEN, &by_agency)] {
            let lines: Vec<String> = calls.iter().map(|call| call.line.to_string()).collect();
            let command = runner.command(&["call", &mock.url(), token]);
            let output = finished(command, &(lines.join("\n") + "\n"));
            outcomes.extend(output.lines().map(outcome));
        }
        let calls: Vec<Call> = by_location.into_iter().chain(by_agency).collect();
        compare((client, extent, undeclared), &calls, &outcomes);
    }
}

/// What a program prints that reads this.
fn finished(mut command: Command, input: &str) -> String {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = piped.stderr(Stdio::inherit()).spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("its input");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("no panic").expect("it reads");
    assert!(output.status.success(), "{:?}", output.status);
    String::from_utf8(output.stdout).expect("text")
}

fn outcome(line: &str) -> Outcome {
    let value: Value = serde_json::from_str(line).expect("JSON");
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    Outcome {
        name: text("call"),
        status: value["status"].as_u64().unwrap_or_default(),
        message: text("message"),
    }
}

/// Holds what came against the list of exceptions: of a client and an extent, and whether undeclared fields are accepted.
fn compare(run: (&str, Extent, bool), calls: &[Call], outcomes: &[Outcome]) {
    let (client, extent, undeclared) = run;
    let exceptions = include_str!("../../sdk/exceptions.json");
    let exceptions: Value = serde_json::from_str(exceptions).expect("JSON");
    let mut expected: Vec<(&str, &str)> = Vec::new();
    for one in exceptions[client].as_array().into_iter().flatten() {
        let of = one.get("extent").and_then(Value::as_str);
        let applies = of.is_none_or(|of| of == format!("{extent:?}").to_lowercase());
        if applies && !(undeclared && one["undeclared"] == true) {
            for (name, words) in one["calls"].as_object().into_iter().flatten() {
                expected.push((name, words.as_str().unwrap_or_default()));
            }
        }
    }
    assert_eq!(outcomes.len(), calls.len(), "a reply for each call");
    let mut wrong = Vec::new();
    for (call, outcome) in calls.iter().zip(outcomes) {
        assert_eq!(call.name, outcome.name);
        let excepted = expected.iter().find(|(name, _)| *name == call.name);
        let said = format!("{} {}", outcome.status, outcome.message);
        match (outcome.status, excepted) {
            (200, None) => {}
            (200, Some(_)) => wrong.push(format!("{}: went well, and is listed", call.name)),
            (_, Some((_, words))) if said.starts_with(words) => {}
            _ => wrong.push(format!("{}: {said}\n    {}", call.name, call.line)),
        }
    }
    let unknown = |(name, _): &&(&str, &str)| !calls.iter().any(|call| call.name == *name);
    for (name, _) in expected.iter().filter(unknown) {
        wrong.push(format!(
            "{name}: is listed, and the client has no such method"
        ));
    }
    println!(
        "{client}, {extent:?}{}: {} of {} calls went well",
        if undeclared {
            ", undeclared fields accepted"
        } else {
            ""
        },
        outcomes.iter().filter(|one| one.status == 200).count(),
        calls.len()
    );
    assert!(
        wrong.is_empty(),
        "{} of {client}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
