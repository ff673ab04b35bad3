//! Lifecycle events against a token endpoint that is written from public facts.

use std::sync::Arc;

use hoopai_auth::{AccountId, MemoryStore, OAuth, OAuthApp, TokenKey, TokenManager, TokenStore};
use hoopai_runtime::time::{Clock, SystemClock};
use hoopai_runtime::{Handle, Timestamp};
use hoopai_test_support::{Reply, Request, Server};
use hoopai_webhooks::LifecycleOutcome::{
    HasTokens, Ignored, Installed, OtherApp, Stale, Uninstalled, Waiting,
};
use hoopai_webhooks::{Lifecycle, LifecycleOutcome, parse_unverified};

const APP: &str = "f3fe1d84f59796eec0655505";
const COMPANY: &str = "company1";

struct Setup {
    server: Server,
    store: MemoryStore,
    tokens: TokenManager,
    lifecycle: Lifecycle,
    _handle: Handle,
}

impl Setup {
    fn new() -> Self {
        Self::with(Server::start(answer))
    }

    fn with(server: Server) -> Self {
        let app = OAuthApp::new(format!("{APP}-m2x8k1"), "secret", "https://example.com");
        let store = MemoryStore::new();
        let oauth = OAuth::new(app).token_store(store.clone());
        let handle = Handle::builder()
            .base_url(&server.url)
            .token_provider(oauth)
            .build()
            .unwrap();
        let tokens = TokenManager::of(&handle).unwrap();
        let lifecycle = Lifecycle::new(tokens.clone());
        Setup {
            server,
            store,
            tokens,
            lifecycle,
            _handle: handle,
        }
    }

    /// Applies an event of an app at some seconds from now.
    async fn apply_of(
        &self,
        app: &str,
        event_type: &str,
        ids: &str,
        offset: i64,
    ) -> LifecycleOutcome {
        self.lifecycle
            .apply(&event(app, event_type, ids, offset))
            .await
            .unwrap()
    }

    async fn apply(&self, event_type: &str, ids: &str, offset: i64) -> LifecycleOutcome {
        self.apply_of(APP, event_type, ids, offset).await
    }

    async fn exchange(&self, code: &str) -> Vec<AccountId> {
        let installation = self.tokens.exchange_code(code).await.unwrap();
        let mut installed = self.lifecycle.code_exchanged(&installation).await.unwrap();
        installed.sort();
        installed
    }

    async fn is_stored(&self, account: AccountId) -> bool {
        let key = TokenKey::new(format!("{APP}-m2x8k1"), account);
        self.store.load(&key).await.unwrap().is_some()
    }
}

/// Answers codes with tokens of the company `company1`, or of the location that the code names.
fn answer(request: &Request) -> Reply {
    if request.target.starts_with("/oauth/locationToken") {
        return match request.form("locationId") {
            Some(id) if id == "refused" => {
                Reply::json(400, r#"{"message":"Location is not active"}"#)
            }
            id => Reply::json(201, tokens("Location", id.as_deref())),
        };
    }
    match request.form("code").as_deref() {
        Some("company") => Reply::json(200, tokens("Company", None)),
        location => Reply::json(200, tokens("Location", location)),
    }
}

fn event(app: &str, event_type: &str, ids: &str, offset: i64) -> hoopai_webhooks::Event {
    let now = Timestamp::from(SystemClock.system_time()).unix_millis();
    let timestamp = Timestamp::from_unix_millis(now + offset * 1000);
    let body = format!(
        r#"{{"type":"{event_type}","appId":"{app}",{ids},"timestamp":"{timestamp}","webhookId":"w"}}"#
    );
    parse_unverified(body.as_bytes()).unwrap()
}

fn tokens(user_type: &str, location: Option<&str>) -> String {
    let location = location.map_or(String::new(), |id| format!(r#","locationId":"{id}""#));
    format!(
        r#"{{"access_token":"access","refresh_token":"refresh","token_type":"Bearer","expires_in":86399,"scope":"a","userType":"{user_type}","companyId":"{COMPANY}"{location}}}"#
    )
}

fn location(id: &str) -> AccountId {
    AccountId::location(id)
}

const L1: &str = r#""locationId":"L1","companyId":"company1""#;
const L2: &str = r#""locationId":"L2","companyId":"company1""#;
/// As the recorded deliveries of an uninstallation: without `companyId`.
const L1_ONLY: &str = r#""locationId":"L1""#;
const COMPANY_ONLY: &str = r#""companyId":"company1""#;

#[tokio::test]
async fn bulk_installation_requests_the_tokens_of_each_location() {
    let setup = Setup::new();
    assert!(setup.exchange("company").await.is_empty());
    assert_eq!(setup.apply("INSTALL", COMPANY_ONLY, 0).await, HasTokens);
    assert_eq!(setup.apply("INSTALL", L1, 1).await, Installed);
    assert_eq!(setup.apply("INSTALL", L2, 1).await, Installed);
    assert_eq!(setup.apply("INSTALL", L2, 2).await, HasTokens);
    assert!(setup.is_stored(location("L1")).await && setup.is_stored(location("L2")).await);
    assert_eq!(setup.server.count(), 3);
}

#[tokio::test]
async fn installation_before_the_code_exchange_waits_for_it() {
    let setup = Setup::new();
    assert_eq!(setup.apply("INSTALL", L1, 0).await, Waiting);
    assert_eq!(setup.apply("INSTALL", L2, 0).await, Waiting);
    assert_eq!(
        setup
            .apply("INSTALL", r#""locationId":"L3","companyId":"other""#, 0)
            .await,
        Waiting
    );
    assert_eq!(setup.apply("INSTALL", COMPANY_ONLY, 0).await, Waiting);
    assert_eq!(
        setup.apply("UNINSTALL", r#""locationId":"L2""#, 1).await,
        Uninstalled
    );
    assert_eq!(setup.exchange("company").await, [location("L1")]);
    assert!(setup.is_stored(location("L1")).await);
    assert!(!setup.is_stored(location("L2")).await);
    // A code of a location itself.
    assert_eq!(setup.apply("INSTALL", L1_ONLY, 2).await, HasTokens);
    assert_eq!(
        setup.apply("INSTALL", r#""locationId":"L4""#, 2).await,
        Waiting
    );
    assert!(setup.exchange("L4").await.is_empty());
    assert_eq!(
        setup.apply("INSTALL", r#""locationId":"L4""#, 3).await,
        HasTokens
    );
}

#[tokio::test]
async fn failed_request_of_tokens_is_an_error_and_can_be_repeated() {
    let setup = Setup::new();
    let refused = r#""locationId":"refused","companyId":"company1""#;
    assert_eq!(setup.apply("INSTALL", refused, 0).await, Waiting);
    assert_eq!(setup.apply("INSTALL", L1, 0).await, Waiting);
    let installation = setup.tokens.exchange_code("company").await.unwrap();
    setup
        .lifecycle
        .code_exchanged(&installation)
        .await
        .unwrap_err();
    // The others were tried.
    assert!(setup.is_stored(location("L1")).await);
    setup
        .lifecycle
        .code_exchanged(&installation)
        .await
        .unwrap_err();
    setup
        .lifecycle
        .apply(&event(APP, "INSTALL", refused, 0))
        .await
        .unwrap_err();
    assert_eq!(setup.apply("UNINSTALL", refused, 1).await, Uninstalled);
    assert!(
        setup
            .lifecycle
            .code_exchanged(&installation)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn uninstallation_removes_tokens_that_are_older() {
    let setup = Setup::new();
    setup.exchange("L1").await;
    // A delivery of an uninstallation before the current installation.
    assert_eq!(setup.apply("UNINSTALL", L1_ONLY, -60).await, Stale);
    assert!(setup.is_stored(location("L1")).await);
    assert_eq!(setup.apply("UNINSTALL", L1_ONLY, 60).await, Uninstalled);
    assert!(!setup.is_stored(location("L1")).await);
    assert_eq!(setup.apply("UNINSTALL", L1_ONLY, 60).await, Uninstalled);
    // A company.
    setup.exchange("company").await;
    assert_eq!(
        setup.apply("UNINSTALL", COMPANY_ONLY, 60).await,
        Uninstalled
    );
    assert!(!setup.is_stored(AccountId::company(COMPANY)).await);
}

#[tokio::test]
async fn events_in_another_order_are_stale() {
    let setup = Setup::new();
    assert_eq!(setup.apply("INSTALL", L1, 120).await, Waiting);
    assert_eq!(setup.apply("UNINSTALL", L1_ONLY, 60).await, Stale);
    setup.exchange("company").await;
    assert!(setup.is_stored(location("L1")).await);
    assert_eq!(setup.apply("UNINSTALL", L1_ONLY, 180).await, Uninstalled);
    assert_eq!(setup.apply("INSTALL", L1, 120).await, Stale);
    assert!(!setup.is_stored(location("L1")).await);
    assert_eq!(setup.apply("INSTALL", L1, 240).await, Installed);
}

#[tokio::test]
async fn uninstallation_of_an_agency_ends_earlier_installations_of_its_locations() {
    let setup = Setup::new();
    let later = r#""locationId":"L3","companyId":"company1""#;
    let other = r#""locationId":"L4","companyId":"other""#;
    assert_eq!(setup.apply("INSTALL", L1, 0).await, Waiting);
    assert_eq!(setup.apply("INSTALL", later, 90).await, Waiting);
    assert_eq!(
        setup.apply("UNINSTALL", COMPANY_ONLY, 60).await,
        Uninstalled
    );
    assert_eq!(setup.apply("INSTALL", L2, 30).await, Stale);
    assert_eq!(setup.apply("INSTALL", COMPANY_ONLY, 30).await, Stale);
    assert_eq!(setup.apply("INSTALL", other, 30).await, Waiting);
    assert_eq!(setup.exchange("company").await, [location("L3")]);
    assert!(!setup.is_stored(location("L1")).await);
}

#[tokio::test]
async fn uninstallation_of_an_agency_removes_the_tokens_it_requested() {
    let setup = Setup::new();
    setup.exchange("company").await;
    assert_eq!(setup.apply("INSTALL", L1, 0).await, Installed);
    assert_eq!(setup.apply("INSTALL", L2, 0).await, Installed);
    // It authorized the app itself.
    setup.exchange("own").await;
    assert_eq!(setup.apply("UNINSTALL", COMPANY_ONLY, -60).await, Stale);
    assert!(setup.is_stored(location("L1")).await);
    assert_eq!(
        setup.apply("UNINSTALL", COMPANY_ONLY, 60).await,
        Uninstalled
    );
    for (id, expected) in [("L1", false), ("L2", false), ("own", true)] {
        assert_eq!(setup.is_stored(location(id)).await, expected, "{id}");
    }
    assert!(!setup.is_stored(AccountId::company(COMPANY)).await);
}

#[tokio::test]
async fn uninstallation_of_an_agency_while_tokens_are_requested_removes_them() {
    let setup = Setup::with(Server::paused(answer));
    setup.server.release(1);
    setup.exchange("company").await;
    let (lifecycle, install) = (setup.lifecycle.clone(), event(APP, "INSTALL", L1, 1));
    let install = tokio::spawn(async move { lifecycle.apply(&install).await.unwrap() });
    setup.server.received(2).await;
    let uninstalled = setup.apply("UNINSTALL", COMPANY_ONLY, 60).await;
    assert_eq!(uninstalled, Uninstalled);
    setup.server.release(1);
    assert_eq!(install.await.unwrap(), Stale);
    assert!(!setup.is_stored(location("L1")).await);
}

#[tokio::test]
async fn uninstallation_while_tokens_are_requested_removes_them() {
    let setup = Setup::with(Server::paused(answer));
    setup.server.release(1);
    setup.exchange("company").await;
    let (lifecycle, install) = (setup.lifecycle.clone(), event(APP, "INSTALL", L1, 1));
    let install = tokio::spawn(async move { lifecycle.apply(&install).await.unwrap() });
    setup.server.received(2).await;
    let uninstalled = setup.apply("UNINSTALL", L1_ONLY, 60).await;
    assert_eq!(uninstalled, Uninstalled);
    setup.server.release(1);
    assert_eq!(install.await.unwrap(), Stale);
    assert!(!setup.is_stored(location("L1")).await);
}

#[tokio::test]
async fn other_events_change_nothing() {
    let setup = Setup::new();
    setup.exchange("L1").await;
    for (app, expected) in [("other", OtherApp), ("", OtherApp), (APP, Uninstalled)] {
        assert_eq!(
            setup.apply_of(app, "UNINSTALL", L1_ONLY, 60).await,
            expected,
            "{app}"
        );
    }
    assert_eq!(
        setup.apply("UNINSTALL", r#""userId":"u""#, 60).await,
        Ignored
    );
    assert_eq!(setup.apply("PLAN_CHANGE", L1, 60).await, Ignored);
    assert_eq!(setup.apply("ContactCreate", L1, 60).await, Ignored);
    let without_time = format!(r#"{{"type":"UNINSTALL","appId":"{APP}",{L1_ONLY}}}"#);
    let event = parse_unverified(without_time.as_bytes()).unwrap();
    assert_eq!(setup.lifecycle.apply(&event).await.unwrap(), Ignored);
    let own = Lifecycle::with_app_id(setup.tokens.clone(), "own");
    let event = parse_unverified(without_time.replace(APP, "own").as_bytes()).unwrap();
    assert_eq!(own.apply(&event).await.unwrap(), Ignored);
    let shown = format!("{own:?} {:?}", Arc::new(setup.lifecycle.clone()));
    assert!(!shown.contains("L1") && !shown.contains(APP), "{shown}");
}
