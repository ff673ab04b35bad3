//! Rows that are sent by a mapping from columns to fields.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
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
    /// The address for which the next reply has another one.
    keeps: Option<String>,
    /// Stores the next contact and answers with an error, or only answers with it.
    fails: Option<bool>,
}

const LOCATION: &str = "Lq3Tz8Wn5Rk1Yb6Hd0Vx";

fn reply(contacts: &mut Contacts, request: &Request) -> Reply {
    *contacts
        .requests
        .entry(request.path().to_owned())
        .or_default() += 1;
    if request.path().ends_with("/customFields") {
        assert_eq!(request.query("model").as_deref(), Some("contact"));
        let fields = json!([
            { "id": "cF7Kd2Lm9Qp4", "name": "Plan", "fieldKey": "contact.plan", "dataType": "TEXT" },
            { "id": "cF8", "name": "Budget", "fieldKey": "contact.budget", "dataType": "MONETORY" },
            { "id": "cF9", "name": "budget", "fieldKey": "contact.budget_2", "dataType": "TEXT" },
            { "id": "cF10", "name": "Colours", "fieldKey": "contact.colours", "dataType": "CHECKBOX" },
        ]);
        return Reply::json(200, json!({ "customFields": fields }).to_string());
    }
    if request.path() == "/contacts/search/duplicate" {
        let (email, phone) = (request.query("email"), request.query("number"));
        let found = contacts.stored.values().find(|contact| {
            contact["email"].as_str() == email.as_deref()
                || phone.is_some() && contact["phone"].as_str() == phone.as_deref()
        });
        return Reply::json(200, json!({ "contact": found }).to_string());
    }
    let mut contact = request.json();
    let email = contact["email"].as_str().unwrap().to_owned();
    contact["id"] = format!("id-{email}").into();
    let fails = contacts.fails.take();
    if fails != Some(false) {
        contacts.stored.insert(email, contact.clone());
    }
    if contacts.keeps == contact["email"].as_str().map(str::to_owned) {
        contacts.keeps = None;
        contact["email"] = "other@example.com".into();
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
        .location(LOCATION)
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
        "customFields": { "plan": "Plan" },
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
    let writer = MappedWriter::open(&client(&server), "contacts.upsert", &mapping())
        .await
        .unwrap();
    let import = Import::new(folder.path().join("job"), &path).settings(writer.settings());
    let check = import.check(&writer).unwrap();
    assert_eq!((check.rows, check.rejected), (3, 1));
    let (row, reason) = &check.first_rejections[0];
    assert_eq!(
        (*row, reason.message()),
        (3, "it has neither email nor phone")
    );
    // The custom fields were read once, and nothing was sent.
    assert_eq!(
        server.take_single().path(),
        format!("/locations/{LOCATION}/customFields")
    );
    assert!(!folder.path().join("job").exists());

    let report = import.run(&writer).await.unwrap();
    assert_eq!((report.done, report.rejected), (2, 1));
    let contacts = contacts.lock().unwrap();
    assert_eq!(
        contacts.stored["ada@example.com"],
        json!({
            "id": "id-ada@example.com",
            "locationId": LOCATION,
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
    let writer = MappedWriter::open(&client(&server), operation, &mapping)
        .await
        .unwrap();
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

/// A CSV input with these lines.
fn csv(folder: &Path, lines: &[&str]) -> PathBuf {
    let path = folder.join("input.csv");
    fs::write(&path, lines.join("\n")).unwrap();
    path
}

/// The numbers and reasons of the rows that a check rejects.
fn rejections(path: &Path, writer: &MappedWriter) -> Vec<(u64, String)> {
    let check = Import::new(path.with_extension("job"), path).check(writer);
    let first = check.unwrap().first_rejections.into_iter();
    first
        .map(|(row, error)| (row, error.message().to_owned()))
        .collect()
}

#[tokio::test]
async fn values_are_normalised_before_the_first_write() {
    let (folder, (server, contacts)) = (tempfile::tempdir().unwrap(), serve());
    let path = csv(
        folder.path(),
        &[
            "mail,phone,budget,colours",
            " Ada@Example.COM ,(212) 555-0199,12.50,\"red, blue\"",
            "b@example.com,+44 20 7946 0958,,",
            "c@example.com,12 ext 5,,",
            "d@example.com;e@example.com,,,",
            "f@example.com,,much,",
            "g@example.com,+1 212 555 0199,,",
            "not an address,,,",
            "h@example.com,212-555-0100 ext. 7,,",
        ],
    );
    let mapping = json!({
        "email": "mail",
        "phone": "phone",
        "customFields": { "contact.budget": "budget", "Colours": "colours" },
    });
    let client = client(&server);
    let writer = MappedWriter::open(&client, "contacts.upsert", &mapping);
    let writer = writer.await.unwrap();
    let national = &rejections(&path, &writer)[0];
    assert_eq!(national.0, 1);
    assert!(national.1.contains("no country is set"), "{national:?}");

    let writer = writer.country("us").unwrap();
    let rejected = rejections(&path, &writer);
    let expected = [
        (3, "not a telephone number"),
        (4, "several email addresses"),
        (5, "not a number"),
        (6, "a key of row 1"),
        (7, "not an email address"),
        (8, "an extension"),
    ];
    assert_eq!(rejected.len(), expected.len(), "{rejected:?}");
    for ((row, reason), (expected_row, part)) in rejected.iter().zip(expected) {
        assert!(
            *row == expected_row && reason.contains(part),
            "{rejected:?}"
        );
    }

    let import = Import::new(folder.path().join("job"), &path);
    import.run(&writer).await.unwrap();
    let stored = &contacts.lock().unwrap().stored;
    assert_eq!(stored.len(), 2);
    let ada = &stored["ada@example.com"];
    assert_eq!(ada["phone"], "+12125550199");
    assert_eq!(
        ada["customFields"],
        json!([
            { "id": "cF10", "field_value": ["red", "blue"] },
            { "id": "cF8", "field_value": 12.5 },
        ])
    );
    assert_eq!(stored["b@example.com"]["phone"], "+442079460958");
}

#[tokio::test]
async fn custom_field_that_is_unknown_or_ambiguous_is_an_error_with_the_names() {
    let (server, contacts) = serve();
    let client = client(&server);
    for (name, parts) in [
        (
            "Plann",
            &["no custom field `Plann`", "`Budget`", "`Colours`", "`Plan`"][..],
        ),
        (
            "BUDGET",
            &["2 custom fields", "`contact.budget`", "`contact.budget_2`"],
        ),
    ] {
        let mapping = json!({ "email": "a", "customFields": { name: "b" } });
        let error = MappedWriter::open(&client, "contacts.upsert", &mapping).await;
        let error = error.unwrap_err().to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }
    let mapping = json!({ "email": "a", "customFields": { "Plan": "b", "contact.plan": "c" } });
    let error = MappedWriter::open(&client, "contacts.upsert", &mapping).await;
    assert!(error.unwrap_err().to_string().contains("named twice"));
    assert!(contacts.lock().unwrap().stored.is_empty());
}

#[tokio::test]
async fn email_address_is_not_lost_in_silence() {
    let (folder, (server, contacts)) = (tempfile::tempdir().unwrap(), serve());
    let before = json!({ "id": "c1", "email": "old@example.com", "phone": "+12125550199" });
    contacts
        .lock()
        .unwrap()
        .stored
        .insert("old@example.com".to_owned(), before);
    let path = csv(
        folder.path(),
        &[
            "email,phone",
            "new@example.com,+12125550199",
            "kept@example.com,",
        ],
    );
    let mapping = json!({ "email": "email", "phone": "phone" });
    let client = client(&server);
    let writer = MappedWriter::open(&client, "contacts.upsert", &mapping);
    let writer = writer.await.unwrap();
    // The reply to the second row has another address than was sent.
    contacts.lock().unwrap().keeps = Some("kept@example.com".to_owned());
    let report = Import::new(folder.path().join("a"), &path)
        .run(&writer)
        .await;
    assert_eq!(report.unwrap().rejected, 2);
    let rejected = fs::read_to_string(folder.path().join("a/rejected.ndjson")).unwrap();
    assert!(rejected.contains("which would be lost"), "{rejected}");
    assert!(rejected.contains("that of the row is lost"), "{rejected}");
    assert!(!rejected.contains("example.com"), "{rejected}");

    let report = Import::new(folder.path().join("b"), &path)
        .run(&writer.replace_emails())
        .await;
    assert_eq!(report.unwrap().done, 2);
}

#[tokio::test]
async fn mapping_that_cannot_be_used_is_an_error() {
    let (server, _) = serve();
    let client = client(&server);
    for (operation, mapping, part) in [
        ("contacts.upsert", json!({}), "entries"),
        ("contacts.upsert", json!({ "emial": "a" }), "email"),
        ("contacts.upsert", json!({ "email": 1 }), "column"),
        (
            "contacts.upsert",
            json!({ "additionalEmails": "a" }),
            "would be lost",
        ),
        (
            "invoices.create_invoice",
            json!({ "customFields": { "a": "b" } }),
            "customFields",
        ),
        ("contacts.get", json!({ "email": "a" }), "no JSON body"),
        ("contacts.upsrt", json!({ "email": "a" }), "upsert"),
    ] {
        let error = MappedWriter::open(&client, operation, &mapping)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), BulkErrorKind::Invalid);
        assert!(error.to_string().contains(part), "{error}");
    }
}
