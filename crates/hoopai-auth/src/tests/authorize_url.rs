//! The URL where users install an app.

use std::collections::HashMap;

use hoopai_runtime::error::{AuthErrorKind, ErrorKind};
use hoopai_runtime::{Handle, Method};
use url::Url;

use super::harness::{app, assert_contains, assert_kind};
use crate::{OAuth, OAuthApp, TokenManager, states_match};

#[test]
fn authorize_url_has_all_parameters() {
    let app =
        OAuthApp::new("id-1", "secret", "https://example.com/cb?a=b&c=d").login_in_same_window();
    let authorize = app
        .authorize_url(["contacts.readonly", "locations/x.write"])
        .unwrap();
    let url = Url::parse(&authorize.url).unwrap();
    assert!(
        authorize
            .url
            .starts_with("https://marketplace.gohighlevel.com/oauth/chooselocation?")
    );
    assert!(!authorize.url.contains('+'), "{}", authorize.url);
    let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
    let expected = [
        ("response_type", "code"),
        ("client_id", "id-1"),
        ("redirect_uri", "https://example.com/cb?a=b&c=d"),
        ("scope", "contacts.readonly locations/x.write"),
        ("state", &authorize.state),
        ("loginWindowOpenMode", "self"),
    ];
    assert_eq!(query.len(), expected.len());
    for (name, value) in expected {
        assert_eq!(query[name], value);
    }
}

#[test]
fn plus_in_a_value_is_preserved() {
    let authorize = app().authorize_url_with_state(["a+b"], "1+2").unwrap();
    let url = Url::parse(&authorize.url).unwrap();
    let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!(query["scope"], "a+b");
    assert_eq!(query["state"], "1+2");
}

#[test]
fn chooser_is_configurable() {
    let url = |app: OAuthApp| app.authorize_url(["x"]).unwrap().url;
    assert!(
        url(app().white_label())
            .starts_with("https://marketplace.leadconnectorhq.com/oauth/chooselocation?")
    );
    let local = app()
        .chooser_host("http://127.0.0.1:8080/")
        .chooser_path("/v2/oauth/chooselocation");
    assert!(url(local).starts_with("http://127.0.0.1:8080/v2/oauth/chooselocation?"));
    for invalid in [
        app().chooser_host("marketplace.example.com"),
        app().chooser_host("javascript:alert(1)"),
        OAuthApp::new(" ", "s", "https://example.com"),
        OAuthApp::new("id", "s", ""),
    ] {
        let error = invalid.authorize_url(["x"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}

#[test]
fn states_are_random_and_compared_completely() {
    let state = || app().authorize_url(["x"]).unwrap().state;
    let states: std::collections::HashSet<_> = (0..100).map(|_| state()).collect();
    assert_eq!(states.len(), 100);
    assert!(states.iter().all(|state| state.len() == 48));
    let own = app().authorize_url_with_state(["x"], "mine").unwrap();
    assert_eq!(own.state, "mine");
    assert!(app().authorize_url_with_state(["x"], "").is_err());
    assert!(states_match("abc", "abc"));
    for (sent, returned) in [
        ("abc", "abd"),
        ("abc", "xbc"),
        ("abc", "ab"),
        ("abc", ""),
        ("", ""),
        ("abc", "abcd"),
    ] {
        assert!(!states_match(sent, returned), "{sent} {returned}");
    }
}

#[tokio::test]
async fn request_without_account_is_rejected() {
    let handle = Handle::builder()
        .token_provider(OAuth::new(app()))
        .build()
        .unwrap();
    let sent = handle.request(Method::GET, "/contacts/").send().await;
    let error = sent.unwrap_err();
    assert_kind(&error, AuthErrorKind::NoAccount);
    assert_contains(&error, "`as_location`");

    let tokens = TokenManager::of(&handle.as_location("l")).unwrap();
    assert_eq!(tokens.app().client_id(), app().client_id());
    let other = Handle::builder().private_token("pit-1").build().unwrap();
    let error = TokenManager::of(&other).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}
