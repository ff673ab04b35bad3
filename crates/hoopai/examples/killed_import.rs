//! An import whose process ends in the middle, and continues: `cargo run --example killed_import`.
//!
//! A process imports contacts into a mock server and aborts after half of the requests. The same
//! import in a second process looks up the rows that had no answer, and sends the rest.

mod common;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use common::Result;
use hoopai::Client;
use hoopai::contacts::types::SearchContactsRequest;
use hoopai::serde_json::json;
use hoopai_bulk::{Import, MappedWriter};
use hoopai_mock::{LOCATION, Mock, TOKEN};
use tokio::process::Command;

const ROWS: u64 = 60;

#[tokio::main]
async fn main() -> Result {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [] => start().await,
        [folder, mock_url] => import(Path::new(folder), mock_url, None).await,
        [folder, mock_url, rows] => import(Path::new(folder), mock_url, Some(rows.parse()?)).await,
        _ => Err("expected no arguments".into()),
    }
}

/// Runs the import in two processes, the first of which aborts.
async fn start() -> Result {
    let folder = tempfile::tempdir()?;
    let rows: String = (0..ROWS)
        .map(|number| format!("person-{number}@example.com,Person {number}\n"))
        .collect();
    fs::write(input(folder.path()), format!("E-mail,Name\n{rows}"))?;

    let mock = Mock::builder().start().await?;
    let program = env::current_exe()?;
    let half = (ROWS / 2).to_string();
    let mut first = Command::new(&program);
    first.arg(folder.path()).args([&mock.url(), &half]);
    if first.status().await?.success() {
        return Err("the first process was to abort".into());
    }
    let mut second = Command::new(&program);
    second.arg(folder.path()).arg(mock.url());
    if !second.status().await?.success() {
        return Err("the second process failed".into());
    }

    let contacts = contacts(&client(&mock.url())?).await?;
    let journal = mock.journal();
    println!(
        "{ROWS} rows, {} look-ups, {contacts} contacts, {} rows sent twice",
        journal.of("contacts.get_duplicate_contact").len(),
        journal.duplicates_of_writes().len()
    );
    Ok(())
}

/// Runs the import, or continues it. The process aborts after this number of rows, as if it was
/// killed.
async fn import(folder: &Path, mock_url: &str, abort_after: Option<u64>) -> Result {
    let client = client(mock_url)?;
    let mapping = json!({ "email": "E-mail", "name": "Name" });
    let writer = MappedWriter::open(client.handle(), "contacts.create_contact", &mapping).await?;
    let report = Import::new(folder.join("job"), input(folder))
        .settings(writer.settings())
        .on_progress(move |progress| {
            if abort_after.is_some_and(|rows| progress.done >= rows) {
                println!("The process aborts after {} rows.", progress.done);
                std::process::abort();
            }
        })
        .run(&writer)
        .await?;
    println!(
        "The import has {} of {} rows, {} of them found by a look-up.",
        report.done, report.rows, report.found
    );
    Ok(())
}

fn input(folder: &Path) -> PathBuf {
    folder.join("contacts.csv")
}

fn client(mock_url: &str) -> Result<Client> {
    let builder = Client::builder().private_token(TOKEN).location(LOCATION);
    Ok(builder.base_url(mock_url).build()?)
}

/// The number of contacts of the mock server.
async fn contacts(client: &Client) -> Result<i64> {
    let search = SearchContactsRequest::new().page_limit(1);
    let reply = client.contacts().search_contacts().body(search).send();
    Ok(reply.await?.total.unwrap_or_default())
}
