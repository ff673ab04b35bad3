//! Replies that are generated from the interface, over HTTP.

use hoopai_mock::{LOCATION, Mock, MockBuilder, TOKEN};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use crate::api::Api;
use crate::support::{Reply, call};

async fn get(builder: MockBuilder, path: &str) -> Reply {
    let api = Api::start_with(builder).await;
    api.send(Method::GET, path, &Value::Null).await
}

#[tokio::test]
async fn equal_requests_have_equal_replies() {
    let path = "/campaigns/?locationId=mockLocation00000001";
    let api = Api::start().await;
    let first = api.send(Method::GET, path, &Value::Null).await;
    let second = api.send(Method::GET, path, &Value::Null).await;
    assert_eq!(first.status, 200, "{}", first.text);
    assert_eq!(first.text, second.text);
    let same_seed = get(Mock::builder(), path).await;
    assert_eq!(first.text, same_seed.text);
    let other_seed = get(Mock::builder().seed(1), path).await;
    assert_ne!(first.text, other_seed.text);
}

#[tokio::test]
async fn replies_have_ids_of_the_request() {
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
async fn recording_is_a_wav_file() {
    let api = Api::start().await;
    api.seed().conversations(LOCATION, 1);
    let message = api.seed().items("messages", LOCATION, 1).remove(0);
    let path = format!("/conversations/messages/{message}/locations/{LOCATION}/recording");
    let response = call(&api.client, &api.mock, Method::GET, &path, TOKEN)
        .header("Version", "2021-04-15")
        .send()
        .await
        .expect("a reply");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()[CONTENT_TYPE], "audio/x-wav");
    let bytes = response.bytes().await.expect("a body");
    assert!(bytes.starts_with(b"RIFF"), "{bytes:?}");
}
