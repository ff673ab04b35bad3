//! Undo of imports, against the mock server.

use std::fs;
use std::path::PathBuf;

use hoopai_bulk::{BulkErrorKind, Import, MappedWriter, OperationRemover, Undo};
use hoopai_mock::{LOCATION, Mock, TOKEN};
use hoopai_runtime::Handle;
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::retry::NoRetry;
use serde_json::{Value, json};
use tempfile::TempDir;

struct Imported {
    mock: Mock,
    client: Handle,
    folder: TempDir,
    existing: String,
}

impl Imported {
    /// An import of 20 contacts, one of which existed before.
    async fn new() -> Self {
        let mock = Mock::builder().start().await.unwrap();
        let existing = json!({ "email": "p7@example.com", "firstName": "Before" });
        let existing = mock.seed().item("contacts", LOCATION, &existing);
        let client = client(&mock, LOCATION);
        let folder = tempfile::tempdir().unwrap();
        let this = Imported {
            mock,
            client,
            folder,
            existing,
        };
        let report = this.import().await.unwrap();
        assert_eq!((report.done, report.created), (20, 19));
        this
    }

    fn job(&self) -> PathBuf {
        self.folder.path().join("job")
    }

    async fn import(&self) -> Result<hoopai_bulk::ImportReport, hoopai_bulk::BulkError> {
        let path = self.folder.path().join("input.csv");
        let rows: Vec<String> = (0..20).map(|n| format!("p{n}@example.com,P{n}")).collect();
        fs::write(&path, format!("email,name\n{}\n", rows.join("\n"))).unwrap();
        let mapping = json!({ "email": "email", "firstName": "name" });
        let writer = MappedWriter::open(&self.client, "contacts.upsert_contact", &mapping);
        let writer = writer.await.unwrap();
        let import = Import::new(self.job(), &path).settings(writer.settings());
        import.run(&writer).await
    }

    fn deletions(&self) -> usize {
        self.mock.journal().of("contacts.delete_contact").len()
    }

    /// The ids of all contacts.
    async fn contacts(&self) -> Vec<String> {
        let search = hoopai_catalogue::find("contacts.search_contacts").unwrap();
        let mut call = search.call(&self.client, &[]);
        call.json(&json!({ "locationId": LOCATION, "page": 1, "pageLimit": 100 }));
        let reply = call.send_json::<Value>().await.unwrap().into_inner();
        let contacts = reply["contacts"].as_array().unwrap().iter();
        contacts
            .map(|contact| contact["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn client(mock: &Mock, location: &str) -> Handle {
    Handle::builder()
        .private_token(TOKEN)
        .location(location)
        .base_url(mock.url())
        .limits(RateLimitSettings::unlimited())
        .retry(NoRetry)
        .build()
        .unwrap()
}

#[tokio::test]
async fn undo_removes_what_the_import_created_and_nothing_else() {
    let imported = Imported::new().await;
    let undo = Undo::new(imported.job());
    let plan = undo.plan().unwrap();
    assert_eq!((plan.left, plan.removed, plan.updated), (19, 0, 1));
    assert_eq!(imported.deletions(), 0);
    let remover = OperationRemover::of_import(&imported.client, imported.job()).unwrap();
    assert_eq!(remover.operation(), "contacts.delete_contact");
    tokio::select! {
        _ = undo.run(&remover) => panic!("the undo ended before the interruption"),
        () = async { while imported.deletions() < 7 { tokio::task::yield_now().await; } } => {}
    }
    // What was removed by others counts as removed.
    let report = undo.run(&remover).await.unwrap();
    assert_eq!((report.left, report.removed, report.updated), (0, 19, 1));
    assert_eq!(report.first_failures, []);
    assert_eq!(imported.contacts().await, [&*imported.existing]);
    assert_eq!(undo.plan().unwrap(), report);
    let deletions = imported.deletions();
    undo.run(&remover).await.unwrap();
    assert_eq!(imported.deletions(), deletions);

    let error = imported.import().await.unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::OtherPlan);
    assert!(error.to_string().contains("new job"), "{error}");
}

#[tokio::test]
async fn undo_of_another_location_or_without_deletion_is_an_error() {
    let imported = Imported::new().await;
    let other = client(&imported.mock, "Zz3Tz8Wn5Rk1Yb6Hd0Vx");
    let error = OperationRemover::of_import(&other, imported.job()).unwrap_err();
    assert!(error.to_string().contains("another location"), "{error}");
    let error = Undo::new(imported.folder.path()).plan().unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::NoJob);
}
