//! Commands of operations, from the catalogue.

use hoopai_mock::{LOCATION, Mock};
use hoopai_test_support::{Reply, Server};
use serde_json::{Value, json};

use crate::program::{LOCATION as OWN_LOCATION, Program, serving};

#[test]
fn first_command_of_a_newcomer() {
    let program = Program::new();
    let ended = program.run(&["--mock", "contacts", "list"]).expect(0);
    assert!(!ended.json()["contacts"].as_array().unwrap().is_empty());
    let table = program
        .run(&[
            "contacts", "list", "--mock", "-o", "table", "--fields", "id",
        ])
        .expect(0);
    assert!(table.out.lines().count() > 10, "{}", table.out);
}

#[test]
fn flags_become_path_query_and_body() {
    let server = serving("{}");
    let program = Program::at(&server.url);
    program
        .run(&[
            "contacts",
            "update",
            "--contact-id",
            "c/1",
            "--first-name",
            "Jane",
            "--tags",
            "a,b",
            "--tags",
            "c",
            "--custom-fields.0.id",
            "f1",
            "--dnd",
            "--address1",
            "--x=y",
        ])
        .expect(2);
    program
        .run(&[
            "contacts",
            "update",
            "--contact-id",
            "c/1",
            "--first-name",
            "Jane",
            "--tags",
            "a,b",
            "--tags",
            "c",
            "--custom-fields.0.id",
            "f1",
            "--dnd",
            "--address1=--x",
        ])
        .expect(0);
    let request = server.take_single();
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("PUT", "/contacts/c%2F1")
    );
    assert_eq!(
        request.json(),
        json!({
            "firstName": "Jane", "tags": ["a", "b", "c"], "customFields": [{ "id": "f1" }],
            "dnd": true, "address1": "--x",
        })
    );
    program
        .run(&[
            "contacts",
            "list",
            "--query",
            "a b",
            "--limit",
            "5",
            "--extra-query",
            "new=1",
        ])
        .expect(0);
    let request = server.take_single();
    assert_eq!(request.query("locationId").as_deref(), Some(OWN_LOCATION));
    assert_eq!(request.query("query").as_deref(), Some("a b"));
    assert_eq!(request.query("limit").as_deref(), Some("5"));
    assert_eq!(request.query("new").as_deref(), Some("1"));
    program
        .run(&[
            "contacts",
            "create",
            "--body",
            r#"{"email":"a@b.co"}"#,
            "--name",
            "N",
            "--extra-field",
            "newField=[1]",
        ])
        .expect(0);
    assert_eq!(
        server.take_single().json(),
        json!({ "email": "a@b.co", "name": "N", "newField": [1], "locationId": OWN_LOCATION })
    );
    program
        .run(&["contacts", "list", "--param", "limit=7"])
        .expect(0);
    assert_eq!(server.take_single().query("limit").as_deref(), Some("7"));
}

#[test]
fn invalid_requests_are_rejected_before_sending_with_the_name_of_the_field() {
    let server = serving("{}");
    let program = Program::at(&server.url);
    for (arguments, field) in [
        (&["contacts", "get"][..], "contactId"),
        (&["contacts", "get", "--contact-id", ".."], "contactId"),
        (&["contacts", "create", "--frist-name", "x"], "frist-name"),
        (
            &["contacts", "create", "--body", r#"{"fristName":"x"}"#],
            "fristName",
        ),
        (&["contacts", "create", "--dnd", "perhaps"], "dnd"),
        (&["contacts", "create", "--body", r#"{"tags":"x"}"#], "tags"),
        (&["contacts", "list", "--param", "limit=1000"], "limit"),
        (&["contacts", "list", "--nonsense", "1"], "nonsense"),
        (&["contacts", "create", "--email"], "email"),
    ] {
        let ended = program
            .run(&[arguments, &["--json-errors"]].concat())
            .expect(2);
        let error: Value = serde_json::from_str(&ended.err).unwrap();
        let names = error["error"]["parameters"].to_string();
        assert!(names.contains(field), "{arguments:?}: {error}");
    }
    assert_eq!(server.count(), 0);
    program
        .run(&[
            "contacts",
            "create",
            "--frist-name",
            "x",
            "--dnd",
            "perhaps",
            "--unchecked",
        ])
        .expect(0);
    let sent = server.take_single().json();
    assert_eq!(sent["dnd"], "perhaps");
}

#[test]
fn unknown_names_are_usage_errors_with_a_suggestion() {
    let program = Program::new();
    let ended = program.run(&["contact", "list"]).expect(2);
    assert!(ended.err.contains("contacts"), "{}", ended.err);
    let ended = program.run(&["contacts", "lsit"]).expect(2);
    assert!(ended.err.contains("list"), "{}", ended.err);
    for (arguments, hint) in [
        (
            &["conversations", "send"][..],
            "`conversations send-message`",
        ),
        (&["list", "contacts"], "did you mean `contacts list`?"),
        (&["contacts", "get", "c1"], "write --contact-id VALUE"),
        (&["contacts", "list"], "--location ID"),
        (
            &["contacts", "create", "--name", "x"],
            "hoopai login --location",
        ),
    ] {
        let ended = program.run(arguments).expect(2);
        assert!(ended.err.contains(hint), "{}", ended.err);
    }
    program.run(&["contacts", "--all"]).expect(2);
    program.run(&["contacts", "get", "value"]).expect(2);
}

#[test]
fn candidates_of_completions_are_what_can_follow() {
    let program = Program::new();
    for (words, expected) in [
        (&[""][..], &["contacts", "login"][..]),
        (&["--mo"], &["--mock"]),
        (&["--profile", "contacts", ""], &["calendars"]),
        (&["contacts", "up"], &["update", "upsert"]),
        (&["-o", ""], &["ndjson"]),
        (&["contacts", "list", "--output", "c"], &["csv"]),
        (
            &["--mock", "contacts", "create", "--"],
            &["--first-name", "--jq"],
        ),
        (&["contacts", "get", "--"], &["--contact-id", "--all"]),
        (&["mock", ""], &["record"]),
        (&["mock", "--s"], &["--seed", "--state"]),
        (&["completions", ""], &["fish"]),
        (&["contacts", "list", "--output=c"], &["--output=csv"]),
        (&["contacts", "list", "--output", "=", "c"], &["csv"]),
        (&["contacts", "list", "--output", "="], &["csv"]),
        (&["contacts", "create", "--dnd", ""], &["false", "true"]),
        (&["contacts", "create", "--dnd", "--"], &["--first-name"]),
        (&["opportunities", "create", "--status", "w"], &["won"]),
        (
            &["opportunities", "create", "--status=w"],
            &["--status=won"],
        ),
        (&["export", "--format", ""], &["ndjson"]),
        (&["explain", "contacts.up"], &["contacts.upsert_contact"]),
    ] {
        let arguments = [&["complete", "--"], words].concat();
        let out = program.run(&arguments).expect(0).out;
        for name in expected {
            assert!(out.lines().any(|line| line == *name), "{words:?}: {out}");
        }
    }
    let out = program.run(&["complete", "--", "c"]).expect(0).out;
    assert!(!out.lines().any(|line| line == "complete"), "{out}");
}

#[test]
fn operations_are_found_and_described_offline() {
    let program = Program::new();
    let hits = program
        .run(&["search", "upsert", "contact"])
        .expect(0)
        .json();
    assert_eq!(hits[0]["command"], "contacts upsert");
    let text = program.run(&["explain", "contacts.upsert"]).expect(0).out;
    assert!(
        text.contains("POST /contacts/upsert") && text.contains("firstName"),
        "{text}"
    );
    let help = program.run(&["contacts", "upsert", "--help"]).expect(0).out;
    assert_eq!(help, text);
    let value = program
        .run(&["explain", "contacts", "upsert", "-o", "json"])
        .expect(0)
        .json();
    assert_eq!(value["request"], "POST /contacts/upsert");
    let list = program.run(&["contacts", "--help"]).expect(0).out;
    assert!(list.contains("contacts upsert"), "{list}");
    assert_eq!(program.run(&["explain", "contacts.nothing"]).code, 2);
}

#[test]
fn operations_that_delete_or_reach_people_need_a_confirmation() {
    let server = serving("{}");
    let program = Program::at(&server.url);
    for arguments in [
        &["contacts", "delete", "--contact-id", "c1"][..],
        &[
            "conversations",
            "send-message",
            "--type",
            "SMS",
            "--field",
            "contactId=c1",
            "--message",
            "hi",
        ],
        &["request", "POST", "/conversations/messages", "--body", "{}"],
    ] {
        let ended = program.run(arguments).expect(5);
        assert!(ended.err.contains("--yes"), "{}", ended.err);
        assert!(server.requests().is_empty());
        program.run(&[arguments, &["-y"]].concat()).expect(0);
        assert_eq!(server.take().len(), 1);
    }
}

#[test]
fn file_is_uploaded_and_shown_for_curl() {
    let server = serving("{}");
    let program = Program::at(&server.url);
    let path = program.directory().join("a b.csv");
    std::fs::write(&path, "x,y\n").unwrap();
    let path = path.to_str().unwrap();
    // The name of the only part may be left out.
    program
        .run(&["medias", "upload-file", "--file", path])
        .expect(0);
    assert!(server.take_single().text().contains("name=\"file\""));
    let arguments = [
        "medias",
        "upload-file",
        "--file",
        &format!("file={path}"),
        "--name",
        "it's",
    ];
    program.run(&arguments).expect(0);
    let printed = program
        .run(&[&arguments[..], &["--curl"]].concat())
        .expect(0)
        .out;
    let ran = std::process::Command::new("sh")
        .args(["-c", &printed])
        .env("HOOPAI_TOKEN", crate::program::TOKEN)
        .env("NO_PROXY", "127.0.0.1")
        .output();
    match ran {
        Ok(output) if output.status.success() => {}
        Ok(output) if output.status.code() == Some(127) => {
            return println!("SKIPPED: there is no curl");
        }
        other => panic!("{other:?}\n{printed}"),
    }
    let [own, curl] = &server.requests()[..] else {
        panic!("not two requests")
    };
    assert_eq!(own.target, curl.target);
    for request in [own, curl] {
        let body = request.text();
        assert!(
            body.contains("filename=\"a b.csv\"") && body.contains("x,y\n"),
            "{body}"
        );
        assert!(body.contains("name=\"name\"\r\n\r\nit's\r\n"), "{body}");
    }
}

fn with_contacts(count: usize, test: impl FnOnce(&Mock, &Program)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let mock = runtime.block_on(Mock::builder().start()).unwrap();
    mock.seed().contacts(LOCATION, count);
    let program = Program::new()
        .with("HOOPAI_BASE_URL", &mock.url())
        .with("HOOPAI_TOKEN", hoopai_mock::TOKEN)
        .with("HOOPAI_LOCATION_ID", LOCATION);
    test(&mock, &program);
}

fn ids(lines: &str) -> Vec<String> {
    lines
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

#[test]
fn all_pages_are_read() {
    with_contacts(250, |_, program| {
        for operation in ["list", "search"] {
            let ended = program.run(&["contacts", operation, "--all"]).expect(0);
            let mut ids = ids(&ended.out);
            assert_eq!(ids.len(), 250, "{operation}");
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), 250, "{operation}");
        }
        let csv = program
            .run(&["contacts", "list", "--all", "-o", "csv", "--fields", "id"])
            .expect(0);
        assert_eq!(csv.out.lines().count(), 251);
        let json = program
            .run(&["contacts", "list", "--all", "-o", "json", "--limit", "130"])
            .expect(0);
        assert_eq!(json.json().as_array().unwrap().len(), 130);
        let jq = program
            .run(&["contacts", "list", "--all", "--jq", ".id"])
            .expect(0);
        assert_eq!(jq.out.lines().count(), 250);
        program
            .run(&["contacts", "get", "--contact-id", "x", "--all"])
            .expect(2);
    });
}

#[test]
fn failed_list_continues_at_its_printed_position() {
    with_contacts(250, |mock, program| {
        // The third page fails, and the list is written up to it.
        mock.faults().add(
            "403,on=contacts.get-contacts,skip=2,times=1"
                .parse::<hoopai_mock::FaultRule>()
                .unwrap(),
        );
        let ended = program
            .run(&["contacts", "list", "--all", "--json-errors"])
            .expect(8);
        let error: Value = serde_json::from_str(ended.err.lines().last().unwrap()).unwrap();
        let position = error["error"]["position"].to_string();
        let rest = program
            .run(&["contacts", "list", "--all", "--from", &position])
            .expect(0);
        let mut all = [ids(&ended.out), ids(&rest.out)].concat();
        assert_eq!(all.len(), 250);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 250);
        program
            .run(&["contacts", "search", "--all", "--from", &position])
            .expect(2);
        program
            .run(&["contacts", "list", "--all", "--from", "{"])
            .expect(2);
    });
}

#[cfg(unix)]
#[test]
fn interrupted_list_continues_at_its_printed_position() {
    let page = |from: usize| {
        let contacts: Vec<Value> = (from..from + 100)
            .map(|id| json!({ "id": id.to_string() }))
            .collect();
        let next = from + 100;
        json!({ "contacts": contacts, "meta": { "startAfter": next, "startAfterId": next.to_string() } })
    };
    let server = Server::on_thread(move |request| match request.query("startAfter") {
        None => Reply::json(200, page(0).to_string()),
        Some(after) if after == "100" && request.index < 3 => match request.index {
            1 => Reply::silence().hang(),
            _ => Reply::json(200, page(100).to_string()),
        },
        Some(_) => Reply::json(200, r#"{"contacts":[],"meta":{}}"#),
    });
    let program = Program::at(&server.url);
    let child = program
        .command(&["contacts", "list", "--all"])
        .spawn()
        .unwrap();
    while server.count() < 2 {
        std::thread::yield_now();
    }
    let killed = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let ended = crate::program::Ended::of(child.wait_with_output().unwrap()).expect(130);
    let line = ended
        .err
        .lines()
        .find(|line| line.contains("--from"))
        .unwrap();
    let position = line.split('\'').nth(1).unwrap();
    let rest = program
        .run(&["contacts", "list", "--all", "--from", position])
        .expect(0);
    let all = [ids(&ended.out), ids(&rest.out)].concat();
    let expected: Vec<String> = (0..200).map(|id| id.to_string()).collect();
    assert_eq!(all, expected);
}

#[test]
fn slips_are_explained() {
    let program = Program::new();
    let folder = program.directory();
    std::fs::write(folder.join("empty.json"), " \n").unwrap();
    std::fs::write(folder.join("utf-16.json"), b"\xff\xfe{\0}\0").unwrap();
    let file = |name: &str| format!("@{}", folder.join(name).display());
    let (empty, utf_16) = (file("empty.json"), file("utf-16.json"));
    for (arguments, hint) in [
        (&["contacts", "list", "--outptu", "json"][..], "--output"),
        (&["contacts", "list", "--from", "x"], "add --all"),
        (&["contacts", "list", "--limit", "-1"], "--limit"),
        (&["contacts", "create", "--body", "@"], "path is empty"),
        (&["contacts", "create", "--body", &empty], "is empty"),
        (&["contacts", "create", "--body", &utf_16], "UTF-8"),
        (
            &["contacts", "create", "--custom-fields.10000.id", "x"],
            "0 to 9999",
        ),
        (
            &["medias", "upload-file", "--file", "missing.png"],
            "missing.png` of `file`",
        ),
    ] {
        let ended = program.run(&[&["--mock"], arguments].concat()).expect(2);
        assert!(ended.err.contains(hint), "{arguments:?}: {}", ended.err);
    }
    let marked = folder.join("marked.json");
    std::fs::write(&marked, "\u{feff}{\"firstName\": \"Jane\"}\r\n").unwrap();
    let body = file("marked.json");
    let arguments = [
        "--mock",
        "contacts",
        "create",
        "--body",
        &body,
        "--jq",
        ".contact.firstName",
    ];
    assert_eq!(program.run(&arguments).expect(0).out, "Jane\n");
    let arguments = ["--mock", "contacts", "search", "--page-limit", "5000"];
    let ended = program.run(&arguments).expect(4);
    assert!(
        ended.err.contains("--all") && !ended.err.contains("stream"),
        "{}",
        ended.err
    );
}
