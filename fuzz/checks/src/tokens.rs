//! Token records and replies of the token endpoint.

use hoopai_auth::{AccountId, MemoryStore, OAuth, OAuthApp, Record, TokenKey, TokenManager};
use serde_json::Value;

use crate::stub_server;

const APP: &str = "6f1c0ffee0fuzz-app1";

/// The first byte of the input selects a stored record or a reply of the token endpoint.
pub fn tokens(input: &[u8]) {
    match input.split_first() {
        Some((choice, rest)) if choice % 2 == 0 => record(rest),
        Some((_, rest)) => reply(rest),
        None => {}
    }
}

/// Asserts that a record round-trips and shows no token.
fn record(json: &[u8]) {
    let key = TokenKey::new(APP, AccountId::location("fuzzed-l0cation"));
    let shown = match Record::from_json(json, &key) {
        Ok(record) => {
            let written = record.to_json(&key);
            let again =
                Record::from_json(&written, &key).expect("an encoded record can be decoded");
            assert_eq!(
                *written,
                *again.to_json(&key),
                "encoding the record again changes it"
            );
            let (tree, written): (Value, Value) = (
                serde_json::from_slice(json).expect("a record is JSON"),
                serde_json::from_slice(&written).expect("a record is JSON"),
            );
            for name in [
                "access_token",
                "refresh_token",
                "revision",
                "company_id",
                "user_id",
            ] {
                // Any value of a duplicate key is valid.
                let key = format!("\"{name}\"");
                if String::from_utf8_lossy(json).matches(&key).count() > 1 {
                    continue;
                }
                let came = tree.get(name).filter(|value| !value.is_null());
                let here = written.get(name).filter(|value| !value.is_null());
                assert_eq!(came, here, "`{name}` changed");
            }
            format!("{record:?}")
        }
        Err(error) => format!("{error} {error:?}"),
    };
    assert_redacted(json, &shown);
}

/// Asserts that the result of a token reply shows no token.
fn reply(json: &[u8]) {
    let shown = stub_server::with(|server| {
        let app = OAuthApp::new(
            APP,
            "client-5ecret-0f-fuzz1ng".to_owned(),
            "https://example.com/callback",
        );
        let oauth = OAuth::new(app).token_store(MemoryStore::new());
        let handle = server
            .builder()
            .token_provider(oauth)
            .build()
            .expect("settings that are valid");
        let manager = TokenManager::of(&handle).expect("an app");
        let replies = vec![stub_server::reply(200, &[], json)];
        let outcome = server.run(replies, async {
            manager.exchange_code("c0de-0f-fuzz1ng".to_owned()).await
        });
        match outcome {
            Ok(installation) => format!("{installation:?}"),
            Err(error) => format!("{error} {error:?}"),
        }
    });
    assert_redacted(json, &shown);
}

/// Asserts that a text shows no token of plausible length.
fn assert_redacted(json: &[u8], shown: &str) {
    let Ok(tree) = serde_json::from_slice::<Value>(json) else {
        return;
    };
    for name in ["access_token", "refresh_token"] {
        if let Some(token) = tree.get(name).and_then(Value::as_str)
            && token.starts_with("s3cret-")
            && token.len() >= 16
        {
            assert!(!shown.contains(token), "`{name}` is shown: {shown}");
        }
    }
}
