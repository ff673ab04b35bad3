//! OAuth against the mock, in real time but for a clock that can be moved ahead: a token is refreshed once, whoever asks.

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

/// The machine's clock, and whatever it was moved ahead by.
#[derive(Clone, Default)]
struct Shifted(Arc<AtomicU64>);

impl Shifted {
    fn ahead(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

impl Clock for Shifted {
    fn now(&self) -> Instant {
        Instant::now() + self.ahead()
    }

    fn system_time(&self) -> SystemTime {
        SystemTime::now() + self.ahead()
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
    // Long enough for everybody to ask meanwhile.
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

/// A client that acts on a location in which the app was just installed.
async fn installed(mock: &Mock, clock: &Shifted, store: impl TokenStore) -> Client {
    let client = client(&mock.url(), clock.clone(), store);
    let choice = hoopai_mock::AccountId::Location(LOCATION.into());
    let code = mock.authorize(CLIENT_ID, choice);
    let installation = client.exchange_code(code).await.unwrap();
    assert_eq!(installation.account, AccountId::location(LOCATION));
    client.as_location(installation.account.id())
}

/// Calls at once, spread over the clients. How many went well.
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

/// What becomes of the token before everybody calls.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Both sides know that its time is over.
    Expired,
    /// The platform takes it no more, and only its 401 tells.
    Revoked,
}

async fn fifty_callers<S: TokenStore + Clone>(end: End, stores: &[S]) {
    let mock = mock().await;
    let clock = Shifted::default();
    let id = mock.seed().contacts(LOCATION, 1)[0].clone();
    let mut clients = vec![installed(&mock, &clock, stores[0].clone()).await];
    for store in &stores[1..] {
        let other = client(&mock.url(), clock.clone(), store.clone());
        clients.push(other.as_location(LOCATION));
    }
    assert_eq!(calls(&clients, &id).await, CALLERS);
    assert_eq!(mock.refreshes().total, 0);
    match end {
        End::Expired => {
            clock.0.fetch_add(DAY.as_secs() + 1, Ordering::SeqCst);
            mock.clock().advance(DAY + Duration::from_secs(1));
        }
        End::Revoked => assert!(mock.expire(&access_token(&stores[0]).await)),
    }
    assert_eq!(calls(&clients, &id).await, CALLERS, "{end:?}");
    let refreshes = mock.refreshes();
    assert_eq!((refreshes.total, refreshes.succeeded), (1, 1), "{end:?}");
    assert_eq!(calls(&clients, &id).await, CALLERS);
    assert_eq!(mock.refreshes().total, 1, "{end:?}");
}

#[tokio::test]
async fn fifty_callers_of_one_handle_refresh_once() {
    for end in [End::Expired, End::Revoked] {
        fifty_callers(end, &[MemoryStore::new()]).await;
    }
}

#[tokio::test]
async fn fifty_callers_of_two_handles_on_one_file_store_refresh_once() {
    for end in [End::Expired, End::Revoked] {
        let directory = tempfile::tempdir().unwrap();
        let store = || FileStore::open(directory.path()).unwrap();
        fifty_callers(end, &[store(), store()]).await;
    }
}

const CHILD: &str = "HOOPAI_TEST_CHILD";

/// What the second process does; in a run of all tests it has nothing to do.
#[tokio::test]
async fn child_process() {
    let Ok(orders) = std::env::var(CHILD) else {
        return;
    };
    let mut orders = orders.splitn(4, '|');
    let mut next = || orders.next().unwrap();
    let (url, ahead, id, directory) = (next(), next(), next(), next());
    let clock = Shifted::default();
    clock.0.store(ahead.parse().unwrap(), Ordering::SeqCst);
    let store = FileStore::open(directory).unwrap();
    let client = client(url, clock, store).as_location(LOCATION);
    println!("went well: {}", calls(&[client], id).await);
}

/// Starts this test binary once more, as another process on the same store.
fn other_process(orders: &str) -> tokio::process::Child {
    tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tokens::child_process", "--nocapture"])
        .env(CHILD, orders)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn fifty_callers_of_two_processes_refresh_once() {
    for end in [End::Expired, End::Revoked] {
        let directory = tempfile::tempdir().unwrap();
        let store = FileStore::open(directory.path()).unwrap();
        let mock = mock().await;
        let id = mock.seed().contacts(LOCATION, 1)[0].clone();
        let clock = Shifted::default();
        installed(&mock, &clock, store.clone()).await;
        match end {
            End::Expired => {
                clock.0.fetch_add(DAY.as_secs() + 1, Ordering::SeqCst);
                mock.clock().advance(DAY + Duration::from_secs(1));
            }
            End::Revoked => assert!(mock.expire(&access_token(&store).await)),
        }
        let orders = orders(&mock, &clock, &id, directory.path());
        let children = [other_process(&orders), other_process(&orders)];
        for child in children {
            let output = child.wait_with_output().await.unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(text.contains("went well: 50"), "{end:?}: {text}");
        }
        let refreshes = mock.refreshes();
        assert_eq!((refreshes.total, refreshes.succeeded), (1, 1), "{end:?}");
    }
}

fn orders(mock: &Mock, clock: &Shifted, id: &str, directory: &Path) -> String {
    let (url, ahead) = (mock.url(), clock.ahead().as_secs());
    format!("{url}|{ahead}|{id}|{}", directory.display())
}

/// A process that is killed in the middle of a refresh leaves a store from which the next one goes on.
#[tokio::test]
async fn a_process_that_is_killed_while_it_refreshes_is_followed_by_one_that_tries_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    let slow = hoopai_mock::Mock::builder().token_endpoint_delay(Duration::from_secs(5));
    let mock = slow.start().await.unwrap();
    let id = mock.seed().contacts(LOCATION, 1)[0].clone();
    let clock = Shifted::default();
    installed(&mock, &clock, store.clone()).await;
    mock.expire(&access_token(&store).await);
    let mut child = other_process(&orders(&mock, &clock, &id, directory.path()));
    while mock.refreshes().in_flight == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    child.kill().await.unwrap();
    child.wait().await.unwrap();

    // The refresh token may be spent; only the platform knows. It is tried once, by the next process.
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
                "what is refused is not asked for again"
            );
        }
    }
}

#[tokio::test]
async fn a_server_that_always_says_expired_is_asked_twice() {
    let mock = mock().await;
    let clock = Shifted::default();
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
async fn a_401_that_is_not_about_expiry_spends_no_refresh_token() {
    let mock = mock().await;
    let client = installed(&mock, &Shifted::default(), MemoryStore::new()).await;
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
async fn an_agency_acts_on_its_locations() {
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
    #[allow(
        deprecated,
        reason = "the shortest call that takes the location by default"
    )]
    let (one, two) = tokio::join!(
        location.contacts().list_contacts().send(),
        same.contacts().list_contacts().send()
    );
    assert_eq!(one.unwrap().contacts.as_ref().map(Vec::len), Some(3));
    two.unwrap();
    let asked = mock.journal().of("oauth.*").len();
    assert_eq!(
        asked, 2,
        "one code, and one token of the location for both handles"
    );
    let key = TokenKey::new(CLIENT_ID, AccountId::location(LOCATION));
    assert!(
        store.load(&key).await.unwrap().is_some(),
        "it is kept for the next process"
    );
}

/// Five requests a minute are for codes and refresh tokens; a location gets its token by that of its agency.
#[tokio::test]
async fn an_agency_acts_on_many_locations_at_once() {
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
async fn a_location_without_installation_is_told_what_to_do() {
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
async fn a_source_of_ones_own_is_asked_again_when_its_token_is_refused() {
    use hoopai::auth::{SourceError, TokenSource};

    struct Own {
        tokens: Vec<String>,
        at: AtomicU64,
    }
    impl Own {
        fn current(&self) -> SecretString {
            let at = self.at.load(Ordering::SeqCst) as usize;
            self.tokens[at.min(self.tokens.len() - 1)].clone().into()
        }
    }
    impl TokenSource for Own {
        fn token(&self) -> BoxFuture<'_, Result<SecretString, SourceError>> {
            Box::pin(async { Ok(self.current()) })
        }
        fn token_rejected<'a>(
            &'a self,
            _: &'a SecretString,
        ) -> BoxFuture<'a, Result<Option<SecretString>, SourceError>> {
            self.at.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Ok(Some(self.current())) })
        }
    }

    let mock = mock().await;
    let id = mock.seed().contacts(LOCATION, 1)[0].clone();
    let tokens: Vec<String> = (0..2)
        .map(|_| mock.issue_token(hoopai_mock::TokenSpec::location(LOCATION)))
        .collect();
    mock.expire(&tokens[0]);
    let own = Own {
        tokens,
        at: AtomicU64::new(0),
    };
    let client = Client::builder()
        .token_source(own)
        .location(LOCATION)
        .base_url(mock.url());
    let client = client
        .limits(RateLimitSettings::unlimited())
        .build()
        .unwrap();
    assert_eq!(calls(&[client], &id).await, CALLERS);
}
