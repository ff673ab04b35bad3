//! The recipes of the guide's chapter about the server, executed against the program.

use std::path::Path;
use std::process::Command;

use hoopai_mock::serde_json::{self, Value};
use reqwest::{Client, Method};

use crate::command_line::Running;
use crate::sdk::packages;
use crate::support::Reply;

const CHAPTER: &str = include_str!("../../../../docs/src/mock-server.md");
/// The address in the recipes.
const ADDRESS: &str = "http://127.0.0.1:8080";

/// The recipes of a language, with the address of the program. A recipe with a word is selected.
fn recipes(language: &str, word: &str, program: &Running) -> Vec<String> {
    let start = format!("```{language},recipe\n");
    let blocks = CHAPTER.split(&start).skip(1);
    let blocks = blocks.map(|block| block.split("\n```").next().expect("an end"));
    let found: Vec<String> = blocks
        .filter(|block| block.contains(word))
        .map(|block| block.replace(ADDRESS, &program.url))
        .collect();
    assert!(!found.is_empty(), "no recipe in {language} with {word}");
    found
}

/// Runs a command, and returns its output; `None`, after a line that says so, without the program.
fn output(command: &mut Command) -> Option<String> {
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            println!(
                "SKIPPED: {:?} cannot be run: {error}",
                command.get_program()
            );
            return None;
        }
    };
    let (out, errors) = (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    assert!(output.status.success(), "{command:?}\n{out}\n{errors}");
    Some(out)
}

fn program() -> Running {
    Running::start(&[])
}

#[test]
fn curl() {
    let version = Command::new("curl").arg("--version").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    // `--json` exists since 7.82.
    let number = version
        .as_deref()
        .unwrap_or_default()
        .split(' ')
        .nth(1)
        .unwrap_or_default();
    let mut parts = number.split('.').map(|part| part.parse().unwrap_or(0));
    let number: (u32, u32) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if number < (7, 82) {
        println!("SKIPPED: curl 7.82 or later is not installed");
        return;
    }
    let program = program();
    let all = recipes("sh", "curl", &program);
    assert_eq!(all.len(), 2);
    for (recipe, expected) in all.iter().zip([
        &[
            r#""firstName":"Jane""#,
            "\n503\n\n503\n\n200\n",
            r#""status":503"#,
            "contacts.create-contact",
        ][..],
        &[
            r#""webhookId":"#,
            r#""signature":"other-key""#,
            r#""attempts":["#,
        ],
    ]) {
        let printed = output(Command::new("sh").args(["-e", "-c", recipe]));
        let printed = printed.expect("a shell");
        for expected in expected {
            assert!(
                printed.contains(expected),
                "{expected} is missing: {printed}"
            );
        }
    }
}

#[test]
fn python_with_requests() {
    let Some(python) = packages::requests() else {
        return;
    };
    let program = program();
    for recipe in recipes("python", "import requests", &program) {
        output(Command::new(&python).args(["-c", &recipe]));
    }
}

#[test]
fn official_python_sdk() {
    let Some(runner) = packages::python() else {
        return;
    };
    let program = program();
    for recipe in recipes("python", "from highlevel", &program) {
        output(Command::new(runner.program()).args(["-c", &recipe]));
    }
}

#[test]
fn javascript_with_fetch() {
    let program = program();
    for recipe in recipes("js", "await fetch", &program) {
        output(Command::new("node").args(["--input-type=module", "--eval", &recipe]));
    }
}

#[test]
fn official_javascript_sdk() {
    let Some(runner) = packages::javascript() else {
        return;
    };
    let program = program();
    for recipe in recipes("js", "@gohighlevel/api-client", &program) {
        let mut node = Command::new("node");
        node.args(["--input-type=module", "--eval", &recipe]);
        output(node.current_dir(runner.folder()));
    }
}

/// n8n itself is not installed; the node's parameters are sent as n8n sends them.
#[tokio::test]
async fn n8n() {
    let program = program();
    for recipe in recipes("json", "n8n-nodes-base", &program) {
        let workflow: Value = serde_json::from_str(&recipe).expect("JSON");
        let parameters = &workflow["nodes"][0]["parameters"];
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let method = Method::from_bytes(text(&parameters["method"]).as_bytes());
        let url = text(&parameters["url"]);
        let mut request = Client::new().request(method.expect("a method"), url);
        for header in parameters["headerParameters"]["parameters"]
            .as_array()
            .expect("headers")
        {
            request = request.header(text(&header["name"]), text(&header["value"]));
        }
        let body: Value = serde_json::from_str(&text(&parameters["jsonBody"])).expect("JSON");
        let reply = Reply::of(request.header("user-agent", "n8n").json(&body)).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
    }
}

#[tokio::test]
async fn seed_file_of_the_chapter_is_valid() {
    let start = CHAPTER.split("```yaml\n").nth(1).expect("a seed file");
    let yaml = start.split("```").next().expect("an end");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("chapter.yaml");
    std::fs::write(&path, yaml).expect("a file");
    let program = Running::start(&["--seed", path.to_str().expect("text")]);
    let state = Reply::of(Client::new().get(format!("{}/__hoopai/state", program.url))).await;
    let counts = state.json();
    let counts = counts["collections"].as_array().expect("counts");
    let contacts = counts.iter().filter(|one| one["collection"] == "contacts");
    let contacts: Vec<u64> = contacts.filter_map(|one| one["count"].as_u64()).collect();
    assert_eq!(contacts, [251, 5]);
}
