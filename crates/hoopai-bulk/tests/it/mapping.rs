//! Rows that are sent by a mapping from columns to fields.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};

use hoopai_bulk::{BulkErrorKind, Import, MappedWriter};
use hoopai_runtime::Handle;
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::retry::NoRetry;
use hoopai_test_support::{Reply, Request, Server};
use serde_json::{Value, json};

/// The stored contacts by email address, and the number of requests for each path.
#[derive(Default)]
struct Contacts {
    stored: BTreeMap<String, Value>,
    requests: BTreeMap<String, u32>,
    /// Stores the next contact and answers with an error, or only answers with it.
    fails: Option<bool>,
}

fn reply(contacts: &mut Contacts, request: &Request) -> Reply {
    *contacts
        .requests
        .entry(request.path().to_owned())
        .or_default() += 1;
    if request.path() == "/contacts/search/duplicate" {
        let email = request.query("email").unwrap();
        let found = contacts.stored.get(&email);
        return Reply::json(200, json!({ "contact": found }).to_string());
    }
    let mut contact = request.json();
    let email = contact["email"].as_str().unwrap().to_owned();
    contact["id"] = format!("id-{email}").into();
    let fails = contacts.fails.take();
    if fails != Some(false) {
        contacts.stored.insert(email, contact.clone());
    }
    match fails {
        Some(_) => Reply::json(500, "{}"),
        None => Reply::json(201, json!({ "contact": contact }).to_string()),
    }
}

fn serve() -> (Server, Arc<Mutex<Contacts>>) {
    let contacts = Arc::new(Mutex::new(Contacts::default()));
    let shared = Arc::clone(&contacts);
    let server = Server::start(move |request| reply(&mut shared.lock().unwrap(), request));
    (server, contacts)
}

fn client(server: &Server) -> Handle {
    Handle::builder()
        .private_token("pit-1")
        .location("Lq3Tz8Wn5Rk1Yb6Hd0Vx")
        .base_url(&server.url)
        .limits(RateLimitSettings::unlimited())
        .retry(NoRetry)
        .build()
        .unwrap()
}

fn mapping() -> Value {
    json!({
        "email": "E-mail",
        "firstName": "First name",
        "tags": { "column": "Tags", "optional": true },
        "customFields": { "cF7Kd2Lm9Qp4": "Plan" },
    })
}

const ROWS: &str = "E-mail,First name,Tags,Plan\n\
    ADA@example.com ,Ada,\"a,b\",gold\n\
    grace@example.com,Grace,,\n\
    ,No email,,\n";

#[tokio::test]
async fn columns_become_fields_of_the_body() {
    let (folder, (server, contacts)) = (tempfile::tempdir().unwrap(), serve());
    let path = folder.path().join("input.csv");
    fs::write(&path, ROWS).unwrap();
    let writer = MappedWriter::new(&client(&server), "contacts.upsert", &mapping()).unwrap();
    let import = Import::new(folder.path().join("job"), &path).settings(writer.settings());
    let check = import.check(&writer).unwrap();
    assert_eq!((check.rows, check.rejected), (3, 1));
    let (row, reason) = &check.first_rejections[0];
    assert_eq!(
        (*row, reason.message()),
        (3, "it has neither email nor phone")
    );
    assert_eq!(server.count(), 0);
    assert!(!folder.path().join("job").exists());

    let report = import.run(&writer).await.unwrap();
    assert_eq!((report.done, report.rejected), (2, 1));
    let contacts = contacts.lock().unwrap();
    assert_eq!(
        contacts.stored["ada@example.com"],
        json!({
            "id": "id-ada@example.com",
            "locationId": "Lq3Tz8Wn5Rk1Yb6Hd0Vx",
            "email": "ada@example.com",
            "firstName": "Ada",
            "tags": ["a", "b"],
            "customFields": [{ "id": "cF7Kd2Lm9Qp4", "field_value": "gold" }],
        })
    );
    assert_eq!(contacts.stored["grace@example.com"].get("tags"), None);
    let records = fs::read_to_string(folder.path().join("job/records.ndjson")).unwrap();
    assert!(records.contains("id-grace@example.com"), "{records}");
}

/// Sends one row whose first request fails, and continues. Returns the numbers of requests that
/// wrote and searched, and of rows that were found.
async fn continued(operation: &str, is_stored: bool, before: Option<Value>) -> (u32, u32, u64) {
    let (folder, (server, contacts)) = (tempfile::tempdir().unwrap(), serve());
    let path = folder.path().join("input.csv");
    fs::write(&path, "email,firstName\nada@example.com,Ada\n").unwrap();
    let mapping = json!({ "email": "email", "firstName": "firstName" });
    let writer = MappedWriter::new(&client(&server), operation, &mapping).unwrap();
    {
        let mut contacts = contacts.lock().unwrap();
        contacts.fails = Some(is_stored);
        contacts
            .stored
            .extend(before.map(|contact| ("ada@example.com".to_owned(), contact)));
    }
    let import = Import::new(folder.path().join("job"), &path);
    let error = import.run(&writer).await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Call);
    let report = import.run(&writer).await.unwrap();
    assert_eq!((report.complete, report.done), (true, 1));
    let contacts = contacts.lock().unwrap();
    assert_eq!(contacts.stored["ada@example.com"]["firstName"], "Ada");
    let searches = contacts.requests["/contacts/search/duplicate"];
    let all: u32 = contacts.requests.values().sum();
    (all - searches, searches, report.found)
}

#[tokio::test]
async fn row_without_an_answer_is_searched_before_it_is_sent_again() {
    for operation in ["contacts.create_contact", "contacts.upsert_contact"] {
        assert_eq!(continued(operation, true, None).await, (1, 1, 1));
        assert_eq!(continued(operation, false, None).await, (2, 1, 0));
    }
}

#[tokio::test]
async fn contact_with_older_values_is_updated() {
    let older = json!({ "id": "c1", "email": "ada@example.com", "firstName": "A." });
    let counts = continued("contacts.upsert_contact", false, Some(older)).await;
    assert_eq!(counts, (2, 1, 0));
}

#[tokio::test]
async fn mapping_that_cannot_be_used_is_an_error() {
    let (server, _) = serve();
    let client = client(&server);
    for (operation, mapping, part) in [
        ("contacts.upsert", json!({}), "entries"),
        ("contacts.upsert", json!({ "emial": "a" }), "email"),
        ("contacts.upsert", json!({ "email": 1 }), "column"),
        ("contacts.get", json!({ "email": "a" }), "no JSON body"),
        ("contacts.upsrt", json!({ "email": "a" }), "upsert"),
    ] {
        let error = MappedWriter::new(&client, operation, &mapping).unwrap_err();
        assert_eq!(error.kind(), BulkErrorKind::Invalid);
        assert!(error.to_string().contains(part), "{error}");
    }
}
