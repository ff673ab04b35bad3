//! Runs the examples as programs: with their own mock server, and with an account, which is a mock
//! server of the test.

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use hoopai_mock::{
    AccountId, CLIENT_ID, CLIENT_SECRET, COMPANY, Fault, FaultRule, LOCATION, Mock, TOKEN,
};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

/// An example that cargo built with this test, in an environment without an account.
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
    let modified = |path: PathBuf| std::fs::metadata(path)?.modified();
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let source = PathBuf::from(source).join(format!("{name}.rs"));
    let built = modified(program.clone()).ok();
    assert!(
        built.is_some_and(|built| modified(source).is_ok_and(|modified| modified <= built)),
        "{} is missing or older than its source: run `cargo build --examples`",
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
    let output = output.await.expect("an end").expect("an output");
    assert!(output.status.success(), "{output:?}");
    output
}

/// The output of an example with its own mock server.
async fn stdout(name: &str) -> String {
    String::from_utf8(output(example(name)).await.stdout).expect("text")
}

/// An example with an account.
fn in_account(name: &str, mock: &Mock, arguments: &[&str]) -> Command {
    let mut command = example(name);
    command
        .args(arguments)
        .env("HOOPAI_BASE_URL", mock.url())
        .env("HOOPAI_TOKEN", TOKEN)
        .env("HOOPAI_LOCATION_ID", LOCATION);
    command
}

/// Asserts that all requests succeeded, without duplicates, and include these operations.
fn assert_succeeded(mock: &Mock, operations: &[&str]) {
    for entry in mock.journal().entries() {
        let succeeded = entry.status.is_some_and(|status| status < 400);
        assert!(succeeded, "{entry:?}");
    }
    for operation in operations {
        assert!(!mock.journal().of(operation).is_empty(), "{operation}");
    }
    assert!(mock.journal().duplicates_of_writes().is_empty());
}

/// A port that is not in use.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

async fn mock() -> Mock {
    Mock::builder().start().await.expect("a server")
}

#[tokio::test]
async fn quickstart_creates_and_reads_a_contact() {
    let stdout = stdout("quickstart").await;
    assert!(stdout.contains("Read back: Ada (quickstart)"), "{stdout}");

    let mock = mock().await;
    mock.seed().contacts(LOCATION, 2);
    let output = output(in_account("quickstart", &mock, &[])).await;
    let stdout = String::from_utf8(output.stdout).expect("text");
    assert!(stdout.contains("2 contacts:"), "{stdout}");
    assert_succeeded(&mock, &["contacts.get-contacts"]);
    assert_eq!(mock.journal().entries().len(), 1, "it sends one request");
}

#[tokio::test]
async fn base_url_without_token_is_an_error() {
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
        let output = output.await.expect("an end").expect("an output");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{name}: {stderr}");
        let names_variable = stderr.contains("HOOPAI_BASE_URL is set and ");
        assert!(names_variable, "{name}: {stderr}");
    }
}

#[tokio::test]
async fn sync_contacts_resumes_after_an_error() {
    let stdout = stdout("sync_contacts").await;
    assert!(stdout.starts_with("250 contacts are in "), "{stdout}");
    let (_, file) = stdout.trim_end().split_once(" in ").expect("a file");
    let rows = std::fs::read_to_string(file).expect("rows");
    std::fs::remove_file(file).expect("to clean up");
    assert_eq!(rows.lines().count(), 251);

    let mock = mock().await;
    let ids = mock.seed().contacts(LOCATION, 250);
    let rule = FaultRule::new(Fault::status(403)).skip(1).times(1);
    mock.faults().add(rule);
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
    assert!(!folder.path().join("contacts.csv.position").exists());
}

#[tokio::test]
async fn upsert_leads_creates_and_updates_contacts() {
    let stdout = stdout("upsert_leads").await;
    assert_eq!(stdout, "2 created, 1 updated, 1 skipped\n");

    let file = tempfile::NamedTempFile::new().expect("a file");
    let rows =
        "first_name,last_name,email,phone,tags\nBo,,bo@example.com,,a;b\nBo,Li,BO@example.com,,\n";
    std::fs::write(file.path(), rows).expect("rows");
    let mock = mock().await;
    let path = file.path().to_str().expect("a path");
    let output = output(in_account("upsert_leads", &mock, &[path])).await;
    assert_eq!(output.stdout, b"1 created, 1 updated, 0 skipped\n");
    assert_succeeded(&mock, &["contacts.upsert-contact"]);
    let bodies = mock.journal().of("contacts.upsert-contact");
    let body = String::from_utf8_lossy(&bodies[1].body);
    assert!(!body.contains("null"), "absent values are not sent: {body}");
}

#[tokio::test]
async fn book_appointment_books_a_free_slot() {
    let stdout = stdout("book_appointment").await;
    assert!(stdout.contains("\nBooked "), "{stdout}");

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
    let (first, second) = (run().await, run().await);
    let start = |output: &Output| {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (_, start) = text.split_once("from ").expect("a time");
        start.to_owned()
    };
    assert!(start(&first) < start(&second), "{first:?} {second:?}");
    assert_succeeded(&mock, &["calendars.create-appointment"]);
}

#[tokio::test]
async fn send_message_sends_one_message() {
    let stdout = stdout("send_message").await;
    assert!(stdout.contains("The last 3 messages"), "{stdout}");

    let mock = mock().await;
    let contact = mock.seed().contacts(LOCATION, 1).remove(0);
    let output = output(in_account("send_message", &mock, &[&contact, "Hello"])).await;
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("Hello"), "{stdout}");
    assert_succeeded(&mock, &["conversations.send-a-new-message"]);
}

#[tokio::test]
async fn move_opportunities_moves_open_ones() {
    let stdout = stdout("move_opportunities").await;
    assert!(
        stdout.starts_with("Sales: New > Talking > Closing\n"),
        "{stdout}"
    );
    assert_eq!(stdout.matches("moved to Talking").count(), 3, "{stdout}");

    // Without arguments it lists the pipelines.
    let mock = mock().await;
    mock.seed().pipelines(LOCATION, 1);
    let mut command = in_account("move_opportunities", &mock, &[]);
    let output = command.output().await.expect("it runs");
    assert!(!output.status.success());
    assert!(
        output.stdout.starts_with(b"Pipeline 1: New > "),
        "{output:?}"
    );
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        stderr,
        "Error: expected these arguments after `--`: PIPELINE STAGE\n"
    );
    assert_succeeded(&mock, &["opportunities.get-pipelines"]);
}

#[tokio::test]
async fn send_invoice_creates_and_sends_an_invoice() {
    let stdout = stdout("send_invoice").await;
    assert_eq!(
        stdout,
        "Created invoice 1: 300.00 EUR.\nIts status is sent.\n"
    );

    let mock = mock().await;
    let contact = mock.seed().contacts(LOCATION, 1).remove(0);
    let user = mock.seed().users(LOCATION, 1).remove(0);
    output(in_account("send_invoice", &mock, &[&contact, &user])).await;
    assert_succeeded(&mock, &["invoices.create-invoice", "invoices.send-invoice"]);
}

#[tokio::test]
async fn upload_media_uploads_a_file() {
    let stdout = stdout("upload_media").await;
    assert!(
        stdout.starts_with("Uploaded logo.svg to https://"),
        "{stdout}"
    );
    assert!(
        stdout.ends_with("in the library:\n  logo.svg\n"),
        "{stdout}"
    );

    let mock = mock().await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    output(in_account("upload_media", &mock, &[file])).await;
    assert_succeeded(&mock, &["medias.upload-media-content"]);
}

#[cfg(feature = "webhooks-axum")]
#[tokio::test]
async fn webhook_server_handles_each_event_once() {
    let stdout = stdout("webhook_server").await;
    assert_eq!(
        stdout,
        "Receiving events.\nAppInstall: Installed\nContactCreate: Ada\n\
         4 deliveries were answered with 200.\n"
    );
}

/// The test acts as the browser of a user, and then runs `agency` with the stored tokens.
#[tokio::test]
async fn oauth_install_stores_tokens_that_agency_uses() {
    let stdout = stdout("oauth_install").await;
    assert!(
        stdout.contains("Granted scopes: contacts.readonly, locations.readonly, oauth"),
        "{stdout}"
    );
    let stdout = self::stdout("agency").await;
    assert!(
        stdout.contains("234 contacts in total, 0 failures"),
        "{stdout}"
    );

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
    let mut stdout = Vec::new();
    while let Some(line) = lines.next_line().await.expect("its output") {
        if let Some(url) = line.trim().strip_prefix("https://")
            && let Some((_, query)) = url.split_once('?')
        {
            // A callback with a wrong state is rejected.
            let forged = browser.get(format!("{redirect}?code=x&state=y")).send();
            assert_eq!(forged.await.expect("a reply").status(), 400);
            let icon = browser.get(format!("http://localhost:{port}/favicon.ico"));
            assert_eq!(icon.send().await.expect("a reply").status(), 404);
            let page = format!("{}/oauth/chooselocation?{query}", mock.url());
            let callback = browser.get(page).send().await.expect("a reply");
            assert_eq!(callback.status(), 200, "{callback:?}");
        }
        stdout.push(line);
    }
    assert!(
        running.wait().await.expect("an end").success(),
        "{stdout:?}"
    );
    assert!(
        stdout.contains(&format!("Installed in the agency {COMPANY}.")),
        "{stdout:?}"
    );

    let output = output(of_app("agency")).await;
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        stdout.contains("7 contacts in total, 0 failures"),
        "{stdout}"
    );
    assert_succeeded(
        &mock,
        &[
            "contacts.search-contacts-advanced",
            "oauth.get-installed-location",
        ],
    );
}

#[tokio::test]
async fn killed_import_continues_and_creates_each_contact_once() {
    let stdout = stdout("killed_import").await;
    assert!(stdout.contains("The process aborts after"), "{stdout}");
    assert!(stdout.contains("The import has 60 of 60 rows"), "{stdout}");
    assert!(
        stdout.contains(" 60 contacts, 0 rows sent twice"),
        "{stdout}"
    );
}

/// Asserts that the processes of the example made one refresh in total.
async fn assert_one_refresh_of_the_fleet(command: Command) {
    let stdout = String::from_utf8(output(command).await.stdout).expect("text");
    assert!(stdout.contains("Refreshes in total: 1\n"), "{stdout}");
    assert_eq!(stdout.matches(": 5 calls, ").count(), 4, "{stdout}");
    assert_eq!(stdout.matches(", refreshes: 1, ").count(), 1, "{stdout}");
    assert_eq!(stdout.matches(", refreshes: 0, ").count(), 3, "{stdout}");
}

#[tokio::test]
async fn fleet_refreshes_once_with_files() {
    assert_one_refresh_of_the_fleet(example("fleet")).await;
}

#[cfg(all(feature = "postgres", feature = "redis"))]
#[tokio::test]
async fn fleet_refreshes_once_with_databases() {
    use hoopai_test_support::{PostgresServer, RedisServer};

    let postgres = PostgresServer::start();
    let redis = RedisServer::start();
    let urls = [
        postgres.as_ref().map(PostgresServer::url),
        redis.as_ref().map(RedisServer::url),
    ];
    for url in urls.into_iter().flatten() {
        let mut command = example("fleet");
        let key = "5a".repeat(32);
        command
            .env("HOOPAI_STORE", url)
            .env("HOOPAI_TOKEN_KEY", key);
        assert_one_refresh_of_the_fleet(command).await;
    }
}

#[cfg(feature = "redis")]
#[tokio::test]
async fn fleet_shares_its_limits() {
    use hoopai_test_support::RedisServer;
    use std::io::{Read, Write};

    let Some(redis) = RedisServer::start_with("--appendonly no") else {
        return;
    };
    // Otherwise the processes wait until a server that is new can be relied on.
    let request = |text: &str| {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", redis.port())).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply
    };
    assert_eq!(request("SET hoopai:limits-since 0\r\n"), "+OK\r\n");
    let mut command = example("fleet");
    command.env("HOOPAI_LIMITS", redis.url());
    assert_one_refresh_of_the_fleet(command).await;
    let keys = request("KEYS hoopai:limit:*\r\n");
    assert!(keys.contains("location:"), "{keys}");
}
