//! Formats of the output.

use crate::program::{Program, serving};

const REPLY: &str =
    r#"{"contacts":[{"id":"1","name":"=1+1","n":2},{"id":"2","name":"\u001b[2J"}],"count":2}"#;

#[test]
fn formats_are_selected() {
    let server = serving(REPLY);
    let program = Program::at(&server.url);
    let out = |options: &[&str]| {
        program
            .run(&[&["request", "GET", "/x"][..], options].concat())
            .expect(0)
            .out
    };
    assert_eq!(out(&["-o", "csv"]), "id,n,name\n1,2,'=1+1\n2,,\u{1b}[2J\n");
    assert_eq!(
        out(&["-o", "ndjson", "--limit", "1"]),
        "{\"id\":\"1\",\"n\":2,\"name\":\"=1+1\"}\n"
    );
    assert_eq!(
        out(&["-o", "table", "--fields", "id,n"]),
        "id  n\n1   2\n2\n"
    );
    assert_eq!(out(&["--jq", ".contacts[0].name"]), "=1+1\n");
    assert!(out(&[]).contains("\"count\": 2"));
}

#[test]
fn fields_that_no_item_has_are_reported() {
    let server = serving(REPLY);
    let program = Program::at(&server.url);
    let arguments = [
        "request",
        "GET",
        "/x",
        "--fields",
        "id,nmae,n",
        "-o",
        "ndjson",
    ];
    let ended = program.run(&arguments).expect(0);
    assert_eq!(ended.out.lines().count(), 2);
    assert_eq!(
        ended.err,
        "no item has the field `nmae`; a similar one is `name`\n"
    );
    let server = serving(r#"{"contacts":[]}"#);
    let ended = Program::at(&server.url).run(&arguments).expect(0);
    assert_eq!(ended.err, "");
}
