//! The examples as their users run them: on their own mock, and in an account, which is a mock of the test's.

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use hoopai_mock::{
    AccountId, CLIENT_ID, CLIENT_SECRET, COMPANY, Fault, FaultRule, LOCATION, Mock, TOKEN,
};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

/// A program that cargo built along with this test, in an environment without an account.
fn example(name: &str) -> Command {
    let test = std::env::current_exe().expect("the path of this test");
    let mut folder: PathBuf = test;
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    let program = folder
        .join("examples")
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let written = |path: PathBuf| std::fs::metadata(path)?.modified();
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let source = PathBuf::from(source).join(format!("{name}.rs"));
    let built = written(program.clone()).ok();
    assert!(
        built.is_some_and(|built| written(source).is_ok_and(|written| written <= built)),
        "{} is not there or too old; `cargo test` builds examples unless targets are named, and `cargo build --examples` does",
        program.display()
    );
    let mut command = Command::new(program);
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("HOOPAI_") {
            command.env_remove(variable);
        }
    }
    command.kill_on_drop(true);
    command
}

async fn output(mut command: Command) -> Output {
    let limit = Duration::from_secs(60);
    let output = tokio::time::timeout(limit, command.output());
    let output = output.await.expect("it ends").expect("it runs");
    assert!(output.status.success(), "{output:?}");
    output
}

/// What an example says on its own mock.
async fn said(name: &str) -> String {
    String::from_utf8(output(example(name)).await.stdout).expect("text")
}

/// An example in an account.
fn in_account(name: &str, mock: &Mock, arguments: &[&str]) -> Command {
    let mut command = example(name);
    command
        .args(arguments)
        .env("HOOPAI_BASE_URL", mock.url())
        .env("HOOPAI_TOKEN", TOKEN)
        .env("HOOPAI_LOCATION_ID", LOCATION);
    command
}

/// Nothing was refused, and nothing was done twice.
fn all_went_well(mock: &Mock, operations: &[&str]) {
    for entry in mock.journal().entries() {
        let good = entry.status.is_some_and(|status| status < 400);
        assert!(good, "{entry:?}");
    }
    for operation in operations {
        assert!(!mock.journal().of(operation).is_empty(), "{operation}");
    }
    assert!(mock.journal().duplicates_of_writes().is_empty());
}

/// A port that nobody uses yet.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

async fn mock() -> Mock {
    Mock::builder().start().await.expect("a server")
}

#[tokio::test]
async fn quickstart() {
    let said = said("quickstart").await;
    assert!(said.contains("Read back: Ada (quickstart)"), "{said}");

    let mock = mock().await;
    mock.seed().contacts(LOCATION, 2);
    let output = output(in_account("quickstart", &mock, &[])).await;
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(said.contains("2 contacts:"), "{said}");
    all_went_well(&mock, &["contacts.get-contacts"]);
    assert_eq!(mock.journal().entries().len(), 1, "it only lists");
}

/// Every example goes to the address that is set, and none silently to another.
#[tokio::test]
async fn an_address_without_a_token_is_an_error() {
    for name in [
        "agency",
        "book_appointment",
        "move_opportunities",
        "oauth_install",
        "quickstart",
        "send_invoice",
        "send_message",
        "sync_contacts",
        "upload_media",
        "upsert_leads",
    ] {
        let mut command = example(name);
        command.env("HOOPAI_BASE_URL", "http://127.0.0.1:9");
        let output = tokio::time::timeout(Duration::from_secs(60), command.output());
        let output = output.await.expect("it ends").expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{name}: {said}");
        assert!(
            said.contains("HOOPAI_BASE_URL is set and "),
            "{name}: {said}"
        );
    }
}

#[tokio::test]
async fn contacts_are_written_and_a_run_that_failed_is_gone_on_with() {
    let said = said("sync_contacts").await;
    assert!(said.starts_with("250 contacts are in "), "{said}");
    let (_, file) = said.trim_end().split_once(" in ").expect("a file");
    let rows = std::fs::read_to_string(file).expect("rows");
    std::fs::remove_file(file).expect("to clean up");
    assert_eq!(rows.lines().count(), 251);

    let mock = mock().await;
    let ids = mock.seed().contacts(LOCATION, 250);
    let refused = FaultRule::new(Fault::status(403)).skip(1).times(1);
    mock.faults().add(refused);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("contacts.csv");
    let path = file.to_str().expect("a path");
    let mut command = in_account("sync_contacts", &mock, &[path]);
    let failed = command.output().await.expect("it runs");
    assert!(!failed.status.success());
    let rows = std::fs::read_to_string(&file).expect("rows");
    assert_eq!(rows.lines().count(), 101);

    let output = output(in_account("sync_contacts", &mock, &[path])).await;
    assert!(
        output.stdout.starts_with(b"250 contacts are in "),
        "{output:?}"
    );
    let mut rows = csv::Reader::from_path(&file).expect("rows");
    let mut written: Vec<String> = rows
        .records()
        .map(|row| row.expect("a row")[0].to_owned())
        .collect();
    written.sort();
    let mut ids = ids;
    ids.sort();
    assert_eq!(written, ids);
    assert!(!folder.path().join("contacts.csv.bookmark").exists());
}

#[tokio::test]
async fn leads_are_added_or_changed() {
    let said = said("upsert_leads").await;
    assert_eq!(said, "2 added, 1 changed, 1 left out\n");

    let file = tempfile::NamedTempFile::new().expect("a file");
    let rows =
        "first_name,last_name,email,phone,tags\nBo,,bo@example.com,,a;b\nBo,Li,BO@example.com,,\n";
    std::fs::write(file.path(), rows).expect("rows");
    let mock = mock().await;
    let path = file.path().to_str().expect("a path");
    let output = output(in_account("upsert_leads", &mock, &[path])).await;
    assert_eq!(output.stdout, b"1 added, 1 changed, 0 left out\n");
    all_went_well(&mock, &["contacts.upsert-contact"]);
    let bodies = mock.journal().of("contacts.upsert-contact");
    let body = String::from_utf8_lossy(&bodies[1].body);
    assert!(
        !body.contains("null"),
        "what is not known is not sent: {body}"
    );
}

#[tokio::test]
async fn an_appointment_is_booked() {
    let said = said("book_appointment").await;
    assert!(said.contains("\nBooked "), "{said}");

    let mock = mock().await;
    let calendar = mock.seed().calendars(LOCATION, 1).remove(0);
    let contact = mock.seed().contacts(LOCATION, 1).remove(0);
    let run = || {
        output(in_account(
            "book_appointment",
            &mock,
            &[&calendar, &contact],
        ))
    };
    let (one, other) = (run().await, run().await);
    let start = |output: &Output| {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (_, start) = text.split_once("from ").expect("a time");
        start.to_owned()
    };
    assert!(start(&one) < start(&other), "{one:?} {other:?}");
    all_went_well(&mock, &["calendars.create-appointment"]);
}

#[tokio::test]
async fn a_message_is_sent() {
    let said = said("send_message").await;
    assert!(said.contains("The last 3 messages"), "{said}");

    let mock = mock().await;
    let contact = mock.seed().contacts(LOCATION, 1).remove(0);
    let output = output(in_account("send_message", &mock, &[&contact, "Hello"])).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("Hello"), "{said}");
    all_went_well(&mock, &["conversations.send-a-new-message"]);
}

#[tokio::test]
async fn opportunities_move_on() {
    let said = said("move_opportunities").await;
    assert!(
        said.starts_with("Sales: New > Talking > Closing\n"),
        "{said}"
    );
    assert_eq!(said.matches("is in Talking now").count(), 3, "{said}");

    // Without arguments it only says what there is.
    let mock = mock().await;
    mock.seed().pipelines(LOCATION, 1);
    let mut command = in_account("move_opportunities", &mock, &[]);
    let output = command.output().await.expect("it runs");
    assert!(!output.status.success());
    assert!(
        output.stdout.starts_with(b"Pipeline 1: New > "),
        "{output:?}"
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        said,
        "Error: what to work on is missing; add after `--`: PIPELINE STAGE\n"
    );
    all_went_well(&mock, &["opportunities.get-pipelines"]);
}

#[tokio::test]
async fn an_invoice_is_made_and_sent() {
    let said = said("send_invoice").await;
    assert_eq!(said, "Made invoice 1 of 300 EUR.\nIt is sent now.\n");

    let mock = mock().await;
    let contact = mock.seed().contacts(LOCATION, 1).remove(0);
    let user = mock.seed().users(LOCATION, 1).remove(0);
    output(in_account("send_invoice", &mock, &[&contact, &user])).await;
    all_went_well(&mock, &["invoices.create-invoice", "invoices.send-invoice"]);
}

#[tokio::test]
async fn a_file_is_uploaded() {
    let said = said("upload_media").await;
    assert!(said.starts_with("logo.svg lies at https://"), "{said}");
    assert!(said.ends_with("in the library:\n  logo.svg\n"), "{said}");

    let mock = mock().await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    output(in_account("upload_media", &mock, &[file])).await;
    all_went_well(&mock, &["medias.upload-media-content"]);
}

/// The example waits for a browser; the test is the browser, and then uses what the installation left.
#[tokio::test]
async fn an_app_is_installed_and_looks_into_all_locations() {
    let said = said("oauth_install").await;
    assert!(
        said.contains("It may use: contacts.readonly, locations.readonly, oauth"),
        "{said}"
    );
    let said = self::said("agency").await;
    assert!(said.contains("234 contacts in all, 0 failures"), "{said}");

    let port = free_port();
    let redirect = format!("http://localhost:{port}/callback");
    let scopes = [
        "contacts.readonly",
        "locations.readonly",
        "oauth.readonly",
        "oauth.write",
    ];
    let mock = Mock::builder()
        .app(CLIENT_ID, CLIENT_SECRET, &redirect, &scopes)
        .choice(AccountId::Company(COMPANY.to_owned()));
    let mock = mock.start().await.expect("a server");
    mock.seed().contacts(LOCATION, 7);
    mock.install(CLIENT_ID, LOCATION);
    let tokens = tempfile::tempdir().expect("a folder");
    let of_app = |name: &str| {
        let mut command = example(name);
        command
            .env("HOOPAI_BASE_URL", mock.url())
            .env("HOOPAI_CLIENT_ID", CLIENT_ID)
            .env("HOOPAI_CLIENT_SECRET", CLIENT_SECRET)
            .env("HOOPAI_REDIRECT_URI", &redirect)
            .env("HOOPAI_TOKENS", tokens.path())
            .env("HOOPAI_COMPANY_ID", COMPANY);
        command
    };

    let mut running = of_app("oauth_install")
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut lines = BufReader::new(running.stdout.take().expect("its output")).lines();
    let browser = hoopai::reqwest::Client::builder()
        .user_agent("browser")
        .build()
        .expect("a browser");
    let mut said = Vec::new();
    while let Some(line) = lines.next_line().await.expect("its output") {
        if let Some(query) = line
            .trim()
            .strip_prefix("https://")
            .and_then(|url| url.split_once('?'))
        {
            // Somebody who does not know the state does not get in.
            let forged = browser
                .get(format!("{redirect}?code=x&state=y"))
                .send()
                .await
                .expect("an answer");
            assert_eq!(forged.status(), 400);
            let icon = browser
                .get(format!("http://localhost:{port}/favicon.ico"))
                .send()
                .await
                .expect("an answer");
            assert_eq!(icon.status(), 404);
            let page = format!("{}/oauth/chooselocation?{}", mock.url(), query.1);
            let back = browser.get(page).send().await.expect("an answer");
            assert_eq!(back.status(), 200, "{back:?}");
        }
        said.push(line);
    }
    assert!(running.wait().await.expect("an end").success(), "{said:?}");
    assert!(
        said.contains(&format!("Installed in the agency {COMPANY}.")),
        "{said:?}"
    );

    let output = output(of_app("agency")).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("7 contacts in all, 0 failures"), "{said}");
    all_went_well(
        &mock,
        &[
            "contacts.search-contacts-advanced",
            "oauth.get-installed-location",
        ],
    );
}
