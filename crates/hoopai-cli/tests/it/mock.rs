//! `hoopai mock`: the mock server as a command.

use std::io::{BufRead, BufReader};
use std::process::Command;

use crate::program::Program;

#[cfg(unix)]
#[test]
fn mock_serves_other_commands_until_it_is_interrupted() {
    let program = Program::new();
    let mut child = program
        .command(&[
            "mock",
            "--port",
            "0",
            "--contacts",
            "3",
            "--limit",
            "25/10",
            "--location",
            "l1",
        ])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut value = |name: &str| {
        let line = lines.next().unwrap().unwrap();
        let value = line.strip_prefix(name).map(str::trim);
        value.unwrap_or_else(|| panic!("{line}")).to_owned()
    };
    let (url, token, location) = (value("listening on"), value("token"), value("location"));
    assert_eq!(location, "l1");
    let client = Program::new()
        .with("HOOPAI_BASE_URL", &url)
        .with("HOOPAI_TOKEN", &token)
        .with("HOOPAI_LOCATION_ID", &location);
    let ended = client.run(&["contacts", "list", "--jq", ".contacts[].id"]);
    assert_eq!(ended.expect(0).out.lines().count(), 3);
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn mock_has_a_help_of_its_own() {
    let program = Program::new();
    let help = program.run(&["mock", "--help"]).expect(0).out;
    assert!(help.contains("--seed") && help.contains("record"), "{help}");
    assert!(!help.contains("--json-errors"), "{help}");
    let help = program.run(&["mock", "record", "--help"]).expect(0).out;
    assert!(help.contains("hoopai mock record"), "{help}");
    program.run(&["mock", "--nonsense"]).expect(2);
    program.run(&["mock", "--limit", "0/10"]).expect(2);
    let ended = program.run(&["mock", "--bind", "127.0.0.1:8080"]).expect(2);
    let hint = "write --bind 127.0.0.1 --port 8080";
    assert!(ended.err.contains(hint), "{}", ended.err);
}
