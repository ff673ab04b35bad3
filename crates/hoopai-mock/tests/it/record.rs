//! `record` against a stub of the platform.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use axum::Router;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::IntoResponse;
use hoopai_codegen::{Module, SourceText, Sources};
use hoopai_mock::serde_json::{Value, json};
use reqwest::Client;

use crate::support::Reply;

/// Values that must be in no file.
const PLANTED: [&str; 9] = [
    "pit-planted-token",
    "Planted-Name",
    "planted@example.com",
    "+15550107777",
    "PLANTEDve9EPM428h8vShlRW1",
    "planted-cookie",
    "planted-secret",
    "planted-query",
    "1987-06-05",
];

/// What the stub received last is echoed in these headers.
async fn stub(method: Method, uri: Uri, headers: HeaderMap, body: String) -> impl IntoResponse {
    let contact = json!({
        "id": PLANTED[4], "firstName": PLANTED[1], "email": PLANTED[2], "phone": PLANTED[3],
        "dateOfBirth": PLANTED[8], "scoreOfLead": 7, "dnd": "yes", "tags": ["a"],
        "segments": [{ "label": PLANTED[1] }], PLANTED[2]: 1,
    });
    let (status, body) = match (method, uri.path()) {
        (Method::GET, "/contacts/missing") => (
            404,
            json!({ "message": PLANTED[1], "statusCode": 404 }).to_string(),
        ),
        (Method::GET, _) => (
            200,
            json!({ "contact": contact, "traceId": null }).to_string(),
        ),
        (Method::POST, "/contacts/") if body.contains("refuse") => (422, "{}".to_owned()),
        (Method::POST, "/contacts/") => (202, json!({ "contact": contact }).to_string()),
        (Method::DELETE, _) => (200, "not JSON".to_owned()),
        _ => (200, "{}".to_owned()),
    };
    let host = headers.get("host").cloned();
    let target = uri.to_string();
    let mut reply = HeaderMap::new();
    reply.insert(
        "content-type",
        "application/json".parse().expect("a header"),
    );
    reply.insert("x-seen-host", host.expect("a host"));
    reply.insert("x-seen-target", target.parse().expect("a header"));
    reply.insert("set-cookie", PLANTED[5].parse().expect("a header"));
    (StatusCode::from_u16(status).expect("a status"), reply, body)
}

/// A running recorder, which is killed when this is dropped.
struct Recorder {
    child: Child,
    url: String,
}

impl Recorder {
    fn start(upstream: &str, output: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hoopai-mock"))
            .args(["record", "--port", "0", "--upstream", upstream, "--output"])
            .arg(output)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        out.read_line(&mut line).expect("a line");
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .expect("the address");
        let url = url.to_owned();
        // Nothing else reads the rest of the output.
        std::thread::spawn(move || out.lines().for_each(drop));
        Self { child, url }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn stub_address() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let app = Router::new().fallback(stub);
    tokio::spawn(axum::serve(listener, app).into_future());
    format!("http://{address}")
}

fn all_files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(all_files(&path));
        } else {
            let text = std::fs::read_to_string(&path).expect("text");
            files.push((path, text));
        }
    }
    files
}

#[tokio::test]
async fn exchanges_are_forwarded_masked_and_compared() {
    let upstream = stub_address().await;
    let folder = tempfile::tempdir().expect("a folder");
    let recorder = Recorder::start(&upstream, folder.path());
    let client = Client::new();
    let call = |method: Method, path: &str| {
        let request = client.request(method, format!("{}{path}", recorder.url));
        let request = request.bearer_auth(PLANTED[0]).header("cookie", PLANTED[5]);
        request
            .header("version", "2021-07-28")
            .header("user-agent", PLANTED[1])
    };
    let reply = Reply::of(call(Method::GET, &format!("/contacts/{}", PLANTED[4]))).await;
    // The client receives what the platform sent.
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["contact"]["email"], PLANTED[2]);
    assert_eq!(
        reply.header("x-seen-host"),
        upstream.strip_prefix("http://")
    );
    let lead = json!({
        "locationId": PLANTED[4], "firstName": PLANTED[1], "leadOwner": PLANTED[1],
        "secretNote": PLANTED[6],
    });
    let made = call(Method::POST, &format!("/contacts/?trace={}", PLANTED[7])).json(&lead);
    let made = Reply::of(made).await;
    assert_eq!(made.status, 202);
    let target = format!("/contacts/?trace={}", PLANTED[7]);
    assert_eq!(made.header("x-seen-target"), Some(target.as_str()));
    let valid = json!({ "locationId": PLANTED[4], "firstName": "refuse" });
    assert_eq!(
        Reply::of(call(Method::POST, "/contacts/").json(&valid))
            .await
            .status,
        422
    );
    assert_eq!(
        Reply::of(call(Method::GET, "/contacts/missing"))
            .await
            .status,
        404
    );
    assert_eq!(
        Reply::of(call(Method::GET, &format!("/unknown/{}", PLANTED[4])))
            .await
            .status,
        200
    );
    assert_eq!(
        Reply::of(call(Method::DELETE, "/contacts/abc")).await.text,
        "not JSON"
    );

    for (path, text) in all_files(folder.path()) {
        for secret in PLANTED {
            assert!(
                !text.contains(secret),
                "{} has {secret}:\n{text}",
                path.display()
            );
        }
    }
    let exchanges = std::fs::read_to_string(folder.path().join("exchanges.ndjson"));
    let exchanges: Vec<Value> = exchanges
        .expect("a file")
        .lines()
        .map(|line| hoopai_mock::serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(exchanges.len(), 6);
    let first = &exchanges[0];
    assert_eq!(first["operation"], "contacts.get-contact");
    assert_eq!(first["request"]["path"], "/contacts/{contactId}");
    assert_eq!(first["reply"]["body"]["contact"]["email"], "[email]");
    let sentences = |index: usize| -> Vec<&str> {
        let all = exchanges[index]["deviations"].as_array().expect("a list");
        all.iter().filter_map(Value::as_str).collect()
    };
    let found = sentences(0);
    for expected in [
        "field `contact.scoreOfLead` is undeclared",
        "field `contact.dnd` is string, and not boolean",
        "field `contact.segments` is undeclared",
        "field `contact.[name]` is undeclared and looks like data",
    ] {
        let is_found = found.iter().any(|sentence| sentence.ends_with(expected));
        assert!(is_found, "{expected}: {found:#?}");
    }
    let found = sentences(1).join("\n");
    for expected in [
        "an accepted request to POST /contacts/: field `leadOwner` is undeclared",
        "query parameter `trace` is undeclared",
        "the status is 202, and not 201",
    ] {
        assert!(found.contains(expected), "{expected}: {found}");
    }
    assert!(sentences(2)[0].contains("was refused with 422"));
    assert!(sentences(3).is_empty(), "an error reply is no deviation");
    assert!(sentences(4)[0].contains("GET /unknown/[value] is no operation"));
    assert!(sentences(5)[0].contains("the body is not JSON"));

    proposals_correct_the_interface(folder.path());
}

/// Code generation reads the proposals, and each action has an effect.
fn proposals_correct_the_interface(folder: &Path) {
    let proposals = std::fs::read_to_string(folder.join("proposals/contacts.yaml"));
    let proposals = proposals.expect("a file");
    let (_, actions) = proposals.split_once("\nactions:\n").expect("actions");
    assert!(actions.matches("- target:").count() >= 6, "{proposals}");
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs/contacts");
    let read = |name: &str| std::fs::read_to_string(specs.join(name)).expect(name);
    let (spec, own) = (read("openapi.json"), read("overlay.yaml"));
    let attention = |overlay: &str| {
        let sources = Sources {
            spec_file: "openapi.json",
            spec: spec.as_bytes(),
            overlay: Some(SourceText {
                file: "overlay.yaml",
                text: overlay,
            }),
            documentation: None,
            common: None,
        };
        let generated = hoopai_codegen::generate(&module(), &sources).expect("a crate");
        // Deviations between types of the stub and those of other operations are expected.
        let all = generated.attention.iter().map(ToString::to_string);
        let of_actions = all.filter(|one| one.contains("overlay.yaml"));
        let of_actions: Vec<String> = of_actions.collect();
        let types = generated.files.values().map(String::as_str);
        (of_actions, types.collect::<Vec<_>>().join("\n"))
    };
    let (before, types) = attention(&own);
    assert!(!types.contains("score_of_lead"));
    let corrected = format!("{}\n{actions}", own.trim_end());
    let (after, types) = attention(&corrected);
    assert_eq!(after, before, "each action has an effect");
    assert!(types.contains("score_of_lead"), "the field is generated");
    assert!(
        types.contains("lead_owner"),
        "the field of the request is generated"
    );
}

fn module() -> Module {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs/modules.toml");
    let text = std::fs::read_to_string(file).expect("the list of modules");
    let modules = hoopai_codegen::parse_modules(&text).expect("modules");
    let mut modules = modules.into_iter();
    modules
        .find(|module| module.name == "contacts")
        .expect("contacts")
}

#[tokio::test]
async fn unreachable_platform_is_a_502_with_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let recorder = Recorder::start("http://127.0.0.1:9", folder.path());
    let reply = Reply::of(Client::new().get(format!("{}/contacts/", recorder.url))).await;
    assert_eq!(reply.status, 502);
    assert!(
        reply.field("error").contains("cannot be reached"),
        "{}",
        reply.text
    );
}
