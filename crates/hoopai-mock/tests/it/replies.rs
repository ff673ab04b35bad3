//! Replies made of the interface alone, over HTTP.

use hoopai_mock::{LOCATION, Mock, MockBuilder, TOKEN};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use crate::support::{Reply, call, client};

async fn get(builder: MockBuilder, path: &str) -> Reply {
    let mock = builder.token(TOKEN).start().await.expect("a server");
    Reply::of(call(&client(), &mock, Method::GET, path, TOKEN)).await
}

#[tokio::test]
async fn the_same_request_has_the_same_reply() {
    let path = "/campaigns/?locationId=mockLocation00000001";
    let mock = Mock::builder()
        .token(TOKEN)
        .start()
        .await
        .expect("a server");
    let client = client();
    let first = Reply::of(call(&client, &mock, Method::GET, path, TOKEN)).await;
    let second = Reply::of(call(&client, &mock, Method::GET, path, TOKEN)).await;
    assert_eq!(first.status, 200, "{}", first.text);
    assert_eq!(first.text, second.text);
    let same_seed = get(Mock::builder(), path).await;
    assert_eq!(first.text, same_seed.text);
    let other_seed = get(Mock::builder().seed(1), path).await;
    assert_ne!(first.text, other_seed.text);
}

#[tokio::test]
async fn a_reply_names_what_was_asked_for() {
    let path = "/campaigns/?locationId=mockLocation00000001";
    let reply = get(Mock::builder(), path).await.json();
    let campaigns = reply["campaigns"].as_array().expect("campaigns");
    assert!(!campaigns.is_empty());
    for campaign in campaigns {
        assert_eq!(campaign["locationId"], "mockLocation00000001");
        assert_eq!(campaign["id"].as_str().map(str::len), Some(20));
    }
}

#[tokio::test]
async fn a_recording_is_one() {
    let mock = Mock::builder()
        .token(TOKEN)
        .start()
        .await
        .expect("a server");
    mock.seed().conversations(LOCATION, 1);
    let message = mock.seed().items("messages", LOCATION, 1).remove(0);
    let path = format!("/conversations/messages/{message}/locations/{LOCATION}/recording");
    let response = call(&client(), &mock, Method::GET, &path, TOKEN)
        .header("Version", "2021-04-15")
        .send()
        .await
        .expect("a reply");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()[CONTENT_TYPE], "audio/x-wav");
    let bytes = response.bytes().await.expect("a body");
    assert!(bytes.starts_with(b"RIFF"), "{bytes:?}");
}
