//! Where users are sent, and tokens of the application's own.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::rig::app;
use crate::auth::{Credentials, OAuthApp, Resource, SourceError, TokenSource, states_match};
use crate::error::{AuthFault, ErrorKind};
use crate::time::BoxFuture;

#[test]
fn users_are_sent_to_the_chooser() {
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
fn a_plus_in_a_value_stays_one() {
    let authorize = app().authorize_url_with_state(["a+b"], "1+2").unwrap();
    let url = Url::parse(&authorize.url).unwrap();
    let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!(
        (query["scope"].as_str(), query["state"].as_str()),
        ("a+b", "1+2")
    );
}

#[test]
fn the_chooser_can_be_another() {
    let url = |app: OAuthApp| app.authorize_url(["x"]).unwrap().url;
    assert!(
        url(app().white_label())
            .starts_with("https://marketplace.leadconnectorhq.com/oauth/chooselocation?")
    );
    let local = app()
        .chooser_host("http://127.0.0.1:8080/")
        .chooser_path("/v2/oauth/chooselocation");
    assert!(url(local).starts_with("http://127.0.0.1:8080/v2/oauth/chooselocation?"));
    for unfit in [
        app().chooser_host("marketplace.example.com"),
        app().chooser_host("javascript:alert(1)"),
        OAuthApp::new(" ", "s", "https://example.com"),
        OAuthApp::new("id", "s", ""),
    ] {
        assert_eq!(
            unfit.authorize_url(["x"]).unwrap_err().kind(),
            ErrorKind::Config
        );
    }
}

#[test]
fn states_cannot_be_guessed_and_are_compared_whole() {
    let state = || app().authorize_url(["x"]).unwrap().state;
    let states: std::collections::HashSet<_> = (0..100).map(|_| state()).collect();
    assert_eq!(states.len(), 100);
    assert!(states.iter().all(|state| state.len() == 48));
    let own = app().authorize_url_with_state(["x"], "mine").unwrap();
    assert_eq!(own.state, "mine");
    assert!(app().authorize_url_with_state(["x"], "").is_err());
    assert!(states_match("abc", "abc"));
    for (sent, back) in [
        ("abc", "abd"),
        ("abc", "xbc"),
        ("abc", "ab"),
        ("abc", ""),
        ("", ""),
        ("abc", "abcd"),
    ] {
        assert!(!states_match(sent, back), "{sent} {back}");
    }
}

#[tokio::test]
async fn a_private_token_is_all_there_is() {
    let credentials = Credentials::private_token(Some(&" Bearer pit-1 ".into())).unwrap();
    let grant = credentials.authorization().await.unwrap();
    assert_eq!(grant.header, "Bearer pit-1");
    assert!(grant.header.is_sensitive());
    assert!(credentials.refused(&grant).await.unwrap().is_none());
    let other = credentials.acting_on(Resource::location("l"));
    assert_eq!(other.authorization().await.unwrap().header, grant.header);
}

struct Own {
    serial: Arc<AtomicU32>,
    refusals: Arc<AtomicU32>,
    last: u32,
}

impl TokenSource for Own {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, SourceError>> {
        let n = self.serial.load(Ordering::Relaxed);
        Box::pin(async move {
            match n {
                9 => Err("the vault is shut".into()),
                8 => Ok("a b".into()),
                n => Ok(format!("own-{n}").into()),
            }
        })
    }

    fn refused<'a>(
        &'a self,
        old: &'a SecretString,
    ) -> BoxFuture<'a, Result<Option<SecretString>, SourceError>> {
        Box::pin(async move {
            self.refusals.fetch_add(1, Ordering::Relaxed);
            let n = self.serial.load(Ordering::Relaxed);
            assert_eq!(old.expose_secret(), format!("own-{n}"));
            if n >= self.last {
                return Ok(None);
            }
            self.serial.store(n + 1, Ordering::Relaxed);
            Ok(Some(format!("own-{}", n + 1).into()))
        })
    }
}

#[tokio::test]
async fn tokens_of_the_applications_own_are_used() {
    let (serial, refusals) = (Arc::new(AtomicU32::new(1)), Arc::new(AtomicU32::new(0)));
    let credentials = Credentials::source(Box::new(Own {
        serial: serial.clone(),
        refusals: refusals.clone(),
        last: 2,
    }));
    let first = credentials.authorization().await.unwrap();
    assert_eq!(first.header, "Bearer own-1");
    // Of all who were refused with the same token, one asks.
    for _ in 0..5 {
        let new = credentials.refused(&first).await.unwrap().unwrap();
        assert_eq!(new.header, "Bearer own-2");
        assert!(new.header.is_sensitive());
    }
    assert_eq!(refusals.load(Ordering::Relaxed), 1);
    let second = credentials.authorization().await.unwrap();
    assert!(credentials.refused(&second).await.unwrap().is_none());
    assert_eq!(refusals.load(Ordering::Relaxed), 2);
    for (n, fault) in [(9, AuthFault::Unavailable), (8, AuthFault::Refused)] {
        serial.store(n, Ordering::Relaxed);
        let error = credentials.authorization().await.unwrap_err();
        assert_eq!(error.auth_fault(), Some(fault), "{error}");
    }
}
