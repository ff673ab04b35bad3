//! OAuth tokens of a client, refreshed by the mock server. The clock is the system clock plus an
//! offset.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use hoopai::auth::{AccountId, FileStore, MemoryStore, OAuthApp, TokenKey, TokenStore};
use hoopai::contacts::types::SearchContactsRequest;
use hoopai::rate_limit::RateLimitSettings;
use hoopai::time::{BoxFuture, Clock, SystemClock};
use hoopai::{AuthErrorKind, Client, ErrorKind, SecretString};
use hoopai_mock::{
    CLIENT_ID, CLIENT_SECRET, COMPANY, Denial, Fault, FaultRule, LOCATION, Mock, REDIRECT_URI,
};

const CALLERS: usize = 50;
const DAY: Duration = Duration::from_secs(86_400);

/// The system clock plus an offset in seconds.
#[derive(Clone, Default)]
struct OffsetClock(Arc<AtomicU64>);

impl OffsetClock {
    fn offset(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

impl Clock for OffsetClock {
    fn now(&self) -> Instant {
        Instant::now() + self.offset()
    }

    fn system_time(&self) -> SystemTime {
        SystemTime::now() + self.offset()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(duration)
    }
}

async fn mock() -> Mock {
    let limits = hoopai_mock::RateLimitSettings {
        burst: 100_000,
        ..Default::default()
    };
    let mock = Mock::builder().limits(limits);
    // All callers need the token during this delay.
    let delay = Duration::from_millis(50);
    mock.token_endpoint_delay(delay).start().await.unwrap()
}

fn client(url: &str, clock: impl Clock, store: impl TokenStore) -> Client {
    Client::builder()
        .oauth_app(OAuthApp::new(CLIENT_ID, CLIENT_SECRET, REDIRECT_URI))
        .token_store(store)
        .base_url(url)
        .limits(RateLimitSettings::unlimited())
        .clock(clock)
        .build()
        .unwrap()
}

/// Installs the app in a location and returns a client for it.
async fn installed(mock: &Mock, clock: &OffsetClock, store: impl TokenStore) -> Client {
    let client = client(&mock.url(), clock.clone(), store);
    let choice = hoopai_mock::AccountId::Location(LOCATION.into());
    let code = mock.authorize(CLIENT_ID, choice);
    let installation = client.exchange_code(code).await.unwrap();
    assert_eq!(installation.account, AccountId::location(LOCATION));
    client.as_location(installation.account.id())
}

/// Makes concurrent calls with all clients and returns the number of successes.
async fn calls(clients: &[Client], id: &str) -> usize {
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..CALLERS {
        let contacts = clients[number % clients.len()].contacts();
        calls.spawn(contacts.get_contact().contact_id(id).send());
    }
    let results = calls.join_all().await;
    for error in results.iter().filter_map(|result| result.as_ref().err()) {
        eprintln!("{error}");
    }
    results.iter().filter(|result| result.is_ok()).count()
}

async fn access_token(store: &impl TokenStore) -> String {
    use secrecy::ExposeSecret;
    let key = TokenKey::new(CLIENT_ID, AccountId::location(LOCATION));
    let record = store.load(&key).await.unwrap().unwrap();
    record.tokens.access_token().expose_secret().to_owned()
}

/// The cause of a refresh.
#[derive(Clone, Copy, Debug)]
enum Cause {
    /// The lifetime of the access token is over.
    Expired,
    /// The platform rejects the access token with 401.
    Revoked,
}

impl Cause {
    async fn apply(self, mock: &Mock, clock: &OffsetClock, store: &impl TokenStore) {
        match self {
            Cause::Expired => {
                clock.0.fetch_add(DAY.as_secs() + 1, Ordering::SeqCst);
                mock.clock().advance(DAY + Duration::from_secs(1));
            }
            Cause::Revoked => assert!(mock.expire(&access_token(store).await)),
        }
    }
}

async fn assert_one_refresh<S: TokenStore + Clone>(cause: Cause, stores: &[S]) {
    let mock = mock().await;
    let clock = OffsetClock::default();
    let id = mock.seed().contacts(LOCATION, 1)[0].clone();
    let mut clients = vec![installed(&mock, &clock, stores[0].clone()).await];
    for store in &stores[1..] {
        let other = client(&mock.url(), clock.clone(), store.clone());
        clients.push(other.as_location(LOCATION));
    }
    assert_eq!(calls(&clients, &id).await, CALLERS);
    assert_eq!(mock.refreshes().total, 0);
    cause.apply(&mock, &clock, &stores[0]).await;
    assert_eq!(calls(&clients, &id).await, CALLERS, "{cause:?}");
    let refreshes = mock.refreshes();
    assert_eq!((refreshes.total, refreshes.succeeded), (1, 1), "{cause:?}");
    assert_eq!(calls(&clients, &id).await, CALLERS);
    assert_eq!(mock.refreshes().total, 1, "{cause:?}");
}

#[tokio::test]
async fn concurrent_calls_of_one_client_refresh_once() {
    for cause in [Cause::Expired, Cause::Revoked] {
        assert_one_refresh(cause, &[MemoryStore::new()]).await;
    }
}

#[tokio::test]
async fn concurrent_calls_of_two_clients_refresh_once() {
    for cause in [Cause::Expired, Cause::Revoked] {
        let directory = tempfile::tempdir().unwrap();
        let store = || FileStore::open(directory.path()).unwrap();
        assert_one_refresh(cause, &[store(), store()]).await;
    }
}

const CHILD: &str = "HOOPAI_TEST_CHILD";

/// The entry point of a child process; does nothing in other test runs.
#[tokio::test]
async fn child_process() {
    let Ok(arguments) = std::env::var(CHILD) else {
        return;
    };
    let mut arguments = arguments.splitn(4, '|');
    let mut next = || arguments.next().unwrap();
    let (url, offset, id, directory) = (next(), next(), next(), next());
    let clock = OffsetClock::default();
    clock.0.store(offset.parse().unwrap(), Ordering::SeqCst);
    let store = FileStore::open(directory).unwrap();
    let client = client(url, clock, store).as_location(LOCATION);
    println!("succeeded: {}", calls(&[client], id).await);
}

/// Starts this test binary as another process with the same store.
fn other_process(arguments: &str) -> tokio::process::Child {
    tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "token_refresh::child_process", "--nocapture"])
        .env(CHILD, arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn concurrent_calls_of_two_processes_refresh_once() {
    for cause in [Cause::Expired, Cause::Revoked] {
        let directory = tempfile::tempdir().unwrap();
        let store = FileStore::open(directory.path()).unwrap();
        let mock = mock().await;
        let id = mock.seed().contacts(LOCATION, 1)[0].clone();
        let clock = OffsetClock::default();
        installed(&mock, &clock, store.clone()).await;
        cause.apply(&mock, &clock, &store).await;
        let arguments = arguments(&mock, &clock, &id, directory.path());
        let children = [other_process(&arguments), other_process(&arguments)];
        for child in children {
            let output = child.wait_with_output().await.unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(text.contains("succeeded: 50"), "{cause:?}: {text}");
        }
        let refreshes = mock.refreshes();
        assert_eq!((refreshes.total, refreshes.succeeded), (1, 1), "{cause:?}");
    }
}

fn arguments(mock: &Mock, clock: &OffsetClock, id: &str, directory: &Path) -> String {
    let (url, offset) = (mock.url(), clock.offset().as_secs());
    format!("{url}|{offset}|{id}|{}", directory.display())
}

#[tokio::test]
async fn refresh_of_a_killed_process_is_retried_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    let slow = hoopai_mock::Mock::builder().token_endpoint_delay(Duration::from_secs(5));
    let mock = slow.start().await.unwrap();
    let id = mock.seed().contacts(LOCATION, 1)[0].clone();
    let clock = OffsetClock::default();
    installed(&mock, &clock, store.clone()).await;
    mock.expire(&access_token(&store).await);
    let mut child = other_process(&arguments(&mock, &clock, &id, directory.path()));
    while mock.refreshes().in_flight == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    child.kill().await.unwrap();
    child.wait().await.unwrap();

    // The platform may have consumed the refresh token, so the next process sends it once.
    let next = client(&mock.url(), clock, store).as_location(LOCATION);
    let read = || next.contacts().get_contact().contact_id(&*id).send();
    let first = read().await;
    let tried = mock.refreshes().total;
    assert!(tried <= 2, "{tried} refreshes");
    let second = read().await;
    match first {
        Ok(_) => assert!(second.is_ok()),
        Err(error) => {
            assert_eq!(
                error.auth_error_kind(),
                Some(AuthErrorKind::ReinstallNeeded),
                "{error}"
            );
            assert!(error.needs_reinstall());
            let again = second.unwrap_err();
            assert!(again.needs_reinstall(), "{again}");
            assert_eq!(
                mock.refreshes().total,
                tried,
                "a rejected refresh token is not sent again"
            );
        }
    }
}

#[tokio::test]
async fn call_refreshes_once_if_every_token_is_rejected() {
    let mock = mock().await;
    let clock = OffsetClock::default();
    let client = installed(&mock, &clock, MemoryStore::new()).await;
    let always = FaultRule::new(Fault::expired()).on("contacts.*");
    mock.faults().add(always);
    let read = client.contacts().get_contact().contact_id("c");
    let error = read.send().await.unwrap_err();
    assert!(error.is_auth() && error.status().is_some(), "{error}");
    assert_eq!(error.attempts(), 2);
    assert_eq!(mock.journal().of("contacts.get-contact").len(), 2);
    assert_eq!(mock.refreshes().total, 1);
}

#[tokio::test]
async fn other_401_replies_cause_no_refresh() {
    let mock = mock().await;
    let client = installed(&mock, &OffsetClock::default(), MemoryStore::new()).await;
    for denial in [
        Denial::Scope,
        Denial::UnsupportedRoute,
        Denial::AuthClass,
        Denial::PrivateToken,
        Denial::VersionMissing,
        Denial::VersionInvalid,
        Denial::Location,
    ] {
        mock.faults().clear();
        mock.faults().add(FaultRule::new(Fault::Denied(denial)));
        mock.journal().clear();
        let read = client.contacts().get_contact().contact_id("c");
        let error = read.send().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Status, 1),
            "{denial:?}"
        );
        assert_eq!(mock.journal().count(), 1, "{denial:?}");
    }
    assert_eq!(mock.refreshes().total, 0);
}

#[tokio::test]
async fn agency_gets_one_token_for_each_location() {
    let mock = mock().await;
    let store = MemoryStore::new();
    let client = client(&mock.url(), SystemClock, store.clone());
    let none = client.locations().get_location().location_id(LOCATION);
    let error = none.send().await.unwrap_err();
    assert_eq!(
        error.auth_error_kind(),
        Some(AuthErrorKind::NoAccount),
        "{error}"
    );
    assert!(error.to_string().contains("as_location"), "{error}");

    let code = mock.authorize(CLIENT_ID, hoopai_mock::AccountId::Company(COMPANY.into()));
    let installation = client.exchange_code(code).await.unwrap();
    let agency = client.as_company(installation.account.id());
    mock.install(CLIENT_ID, LOCATION);
    let location = agency.as_location(LOCATION);
    mock.seed().contacts(LOCATION, 3);
    let same = agency.as_location(LOCATION);
    #[allow(deprecated, reason = "the shortest call with a default location")]
    let (one, two) = tokio::join!(
        location.contacts().list_contacts().send(),
        same.contacts().list_contacts().send()
    );
    assert_eq!(one.unwrap().contacts.as_ref().map(Vec::len), Some(3));
    two.unwrap();
    let asked = mock.journal().of("oauth.*").len();
    assert_eq!(
        asked, 2,
        "one code, and one location token for both clients"
    );
    let key = TokenKey::new(CLIENT_ID, AccountId::location(LOCATION));
    assert!(
        store.load(&key).await.unwrap().is_some(),
        "the token is stored"
    );
}

/// The limit of five token requests a minute does not apply to tokens of locations.
#[tokio::test]
async fn agency_gets_tokens_of_many_locations_concurrently() {
    let mock = mock().await;
    let client = client(&mock.url(), SystemClock, MemoryStore::new());
    let code = mock.authorize(CLIENT_ID, hoopai_mock::AccountId::Company(COMPANY.into()));
    let installation = client.exchange_code(code).await.unwrap();
    let agency = client.as_company(installation.account.id());
    let calls = (0..30).map(|number| {
        let location = format!("location{number}");
        mock.install(CLIENT_ID, location.as_str());
        let search = agency.as_location(&location).contacts().search_contacts();
        search
            .body(SearchContactsRequest::new().page_limit(1))
            .send()
    });
    for reply in futures_util::future::join_all(calls.collect::<Vec<_>>()).await {
        assert_eq!(reply.unwrap().contacts.as_deref(), Some(&[][..]));
    }
    assert_eq!(
        mock.journal().of("oauth.get-location-access-token").len(),
        30
    );
}

#[tokio::test]
async fn location_without_installation_is_an_error() {
    let mock = mock().await;
    let client = client(&mock.url(), SystemClock, MemoryStore::new()).as_location(LOCATION);
    let read = client.contacts().get_contact().contact_id("c");
    let error = read.send().await.unwrap_err();
    assert_eq!(
        error.auth_error_kind(),
        Some(AuthErrorKind::NotInstalled),
        "{error}"
    );
    assert_eq!(error.attempts(), 0);
    assert!(
        error.to_string().contains("contacts.get_contact"),
        "{error}"
    );
    assert_eq!(mock.journal().count(), 0);
}

#[tokio::test]
async fn token_source_replaces_a_rejected_token() {
    use hoopai::auth::{SourceError, TokenSource};

    struct Rotating {
        tokens: Vec<String>,
        index: AtomicU64,
    }
    impl Rotating {
        fn current(&self) -> SecretString {
            let index = self.index.load(Ordering::SeqCst) as usize;
            self.tokens[index.min(self.tokens.len() - 1)].clone().into()
        }
    }
    impl TokenSource for Rotating {
        fn token(&self) -> BoxFuture<'_, Result<SecretString, SourceError>> {
            Box::pin(async { Ok(self.current()) })
        }
        fn token_rejected<'a>(
            &'a self,
            _: &'a SecretString,
        ) -> BoxFuture<'a, Result<Option<SecretString>, SourceError>> {
            self.index.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Ok(Some(self.current())) })
        }
    }

    let mock = mock().await;
    let id = mock.seed().contacts(LOCATION, 1)[0].clone();
    let tokens: Vec<String> = (0..2)
        .map(|_| mock.issue_token(hoopai_mock::TokenSpec::location(LOCATION)))
        .collect();
    mock.expire(&tokens[0]);
    let source = Rotating {
        tokens,
        index: AtomicU64::new(0),
    };
    let client = Client::builder()
        .token_source(source)
        .location(LOCATION)
        .base_url(mock.url());
    let client = client
        .limits(RateLimitSettings::unlimited())
        .build()
        .unwrap();
    assert_eq!(calls(&[client], &id).await, CALLERS);
}
