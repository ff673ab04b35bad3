//! The state that the next server continues.

use std::fs;
use std::path::Path;

use hoopai_mock::serde_json::{Value, json};
use hoopai_mock::{AccountId, COMPANY, LOCATION, Mock, MockBuilder, TOKEN, TokenSpec};
use reqwest::Method;

use crate::support::{Reply, call, client, get, token};

fn builder(folder: &Path) -> MockBuilder {
    let seed = json!({ "items": [{ "collection": "contacts", "count": 2 }] });
    Mock::builder()
        .control(&[])
        .state_folder(folder)
        .seed_file(seed)
}

async fn start(folder: &Path) -> Mock {
    builder(folder).start().await.expect("a server")
}

async fn contacts(mock: &Mock, token: &str) -> Value {
    let path = format!("/contacts/?locationId={LOCATION}");
    get(&client(), mock, &path, token).await.json()
}

#[tokio::test]
async fn next_server_continues() {
    let folder = tempfile::tempdir().expect("a folder");
    let mock = start(folder.path()).await;
    let body = json!({ "locationId": LOCATION, "firstName": "Kept", "email": "kept@example.com" });
    let create = call(&client(), &mock, Method::POST, "/contacts/", TOKEN).json(&body);
    assert_eq!(Reply::of(create).await.status, 201);
    let issued = mock.issue_token(TokenSpec::location(LOCATION));
    let revoked = mock.issue_token(TokenSpec::location(LOCATION));
    mock.revoke(&revoked);
    let code = mock.authorize(
        hoopai_mock::CLIENT_ID,
        AccountId::Company(COMPANY.to_owned()),
    );
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
    ];
    let pair = token(&client(), &mock, &form).await;
    let refresh = pair.field("refresh_token");
    mock.webhooks()
        .subscribe_to("http://127.0.0.1:9/hooks", &["ContactCreate"]);
    let before = contacts(&mock, TOKEN).await;
    assert_eq!(before["count"], 3);
    mock.stop().await;

    let mock = start(folder.path()).await;
    let after = contacts(&mock, TOKEN).await;
    assert_eq!(
        after["contacts"], before["contacts"],
        "the seed is not applied again"
    );
    assert_eq!(contacts(&mock, &issued).await["count"], 3);
    assert_eq!(contacts(&mock, &revoked).await["statusCode"], 401);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
    ];
    assert_eq!(token(&client(), &mock, &form).await.status, 200);
    assert_eq!(
        token(&client(), &mock, &form).await.status,
        400,
        "it was used"
    );
    let webhooks = Reply::of(client().get(format!("{}/__hoopai/webhooks", mock.url()))).await;
    assert_eq!(
        webhooks.json()["subscriptions"],
        json!([
            { "id": 0, "url": "http://127.0.0.1:9/hooks", "events": ["ContactCreate"] },
        ])
    );
    // Unique fields are indexed again.
    let again = call(&client(), &mock, Method::POST, "/contacts/", TOKEN).json(&body);
    assert_eq!(Reply::of(again).await.status, 400);
    // New ids differ from earlier ones.
    let other = json!({ "locationId": LOCATION, "firstName": "New" });
    let create = call(&client(), &mock, Method::POST, "/contacts/", TOKEN).json(&other);
    let id = Reply::of(create).await.json()["contact"]["id"].clone();
    let ids = before["contacts"].as_array().expect("contacts");
    assert!(ids.iter().all(|contact| contact["id"] != id));
    mock.stop().await;
}

/// The file is written while the server runs, so that a killed one loses nothing but its last
/// changes.
#[tokio::test]
async fn file_is_written_after_a_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let mock = start(folder.path()).await;
    let body = json!({ "locationId": LOCATION, "firstName": "Written-at-once" });
    let create = call(&client(), &mock, Method::POST, "/contacts/", TOKEN).json(&body);
    assert_eq!(Reply::of(create).await.status, 201);
    let file = folder.path().join("state.json");
    let is_written =
        || fs::read_to_string(&file).is_ok_and(|text| text.contains("Written-at-once"));
    for _ in 0..500 {
        if is_written() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(is_written());
    #[cfg(unix)]
    {
        let mode = fs::metadata(&file).expect("a file").permissions();
        let mode = std::os::unix::fs::PermissionsExt::mode(&mode);
        assert_eq!(mode & 0o777, 0o600, "tokens are for the owner only");
    }
}

#[tokio::test]
async fn unusable_folder_is_an_error_with_a_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = async || {
        let error = builder(folder.path()).start().await.expect_err("an error");
        error.to_string()
    };
    let running = start(folder.path()).await;
    assert!(error().await.contains("another server uses the folder"));
    running.stop().await;
    let file = folder.path().join("state.json");
    let whole = fs::read_to_string(&file).expect("a file");
    for (content, expected) in [
        ("{", "it is not JSON"),
        ("{}", "reads version 1"),
        (
            &whole.replace("\"version\":1", "\"version\":2"),
            "reads version 1",
        ),
        (
            &whole.replace("\"families\"", "\"other\""),
            "tokens are damaged",
        ),
        (
            &whole.replace("[\"contacts\"", "[\"nothing\""),
            "is no item",
        ),
    ] {
        fs::write(&file, content).expect("a file");
        let error = error().await;
        assert!(
            error.contains(expected) && error.contains("move the file away"),
            "{error}"
        );
        assert_eq!(
            fs::read_to_string(&file).expect("a file"),
            content,
            "it is left alone"
        );
    }
    let path = folder.path().join("file");
    fs::write(&path, "").expect("a file");
    let error = builder(&path)
        .start()
        .await
        .expect_err("an error")
        .to_string();
    assert!(
        error.contains("choose a folder that can be written"),
        "{error}"
    );
}
