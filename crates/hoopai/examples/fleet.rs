//! Several processes with one token store and one rate limit: an expired token is refreshed once in
//! total.
//! `cargo run --example fleet`.
//!
//! Each process stands for a machine. All of them call a mock server in the first process, with an
//! OAuth app that is installed in one location. By default the store is a temporary folder; with
//! the features `postgres` and `redis`, `HOOPAI_STORE` and `HOOPAI_TOKEN_KEY` set a database, as
//! for `ConfiguredStore::from_env`. With the feature `redis`, `HOOPAI_LIMITS` sets a Redis server that
//! divides the rate limits, as for `ConfiguredLimiter::from_env`. Without it each process has limits
//! of its own.

mod common;

use std::env;
use std::time::Duration;

use common::{Result, variable};
use hoopai::Client;
use hoopai::auth::{ConfiguredStore, OAuthApp};
use hoopai::contacts::types::SearchContactsRequest;
use hoopai::rate_limit::ConfiguredLimiter;
use hoopai_mock::{AccountId, CLIENT_ID, CLIENT_SECRET, LOCATION, Mock, REDIRECT_URI};
use tokio::process::{Child, Command};

const STORE: &str = "HOOPAI_STORE";
const PROCESSES: u32 = 4;
const CALLS: u32 = 5;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::main]
async fn main() -> Result {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [] => start().await,
        [number, mock_url] => work(number, mock_url).await,
        _ => Err("expected no arguments".into()),
    }
}

/// Installs the app, lets its token expire, and starts the processes.
async fn start() -> Result {
    let folder = tempfile::tempdir()?;
    let files = format!("file:{}", folder.path().join("tokens").display());
    let url = variable(STORE).unwrap_or(files);
    let store = ConfiguredStore::from_variables(|name| match name {
        STORE => Some(url.clone().into()),
        _ => env::var_os(name),
    })?;
    // Creates tables, or checks that the server keeps what it has acknowledged.
    store.prepare().await?;

    let mock = Mock::builder().start().await?;
    let client = client(store, &mock.url())?;
    let code = mock.authorize(CLIENT_ID, AccountId::Location(LOCATION.into()));
    client.exchange_code(code).await?;
    mock.clock().advance(DAY + Duration::from_secs(1));

    let start = |number: u32| -> Result<Child> {
        let mut process = Command::new(env::current_exe()?);
        process.args([number.to_string(), mock.url()]);
        Ok(process.env(STORE, &url).spawn()?)
    };
    let processes: Vec<Child> = (1..=PROCESSES).map(start).collect::<Result<_>>()?;
    for mut process in processes {
        if !process.wait().await?.success() {
            return Err("a process failed".into());
        }
    }
    println!("Refreshes in total: {}", mock.refreshes().total);
    Ok(())
}

/// The work of one process.
async fn work(number: &str, mock_url: &str) -> Result {
    let client = client(ConfiguredStore::from_env()?, mock_url)?;
    let location = client.as_location(LOCATION);
    for _ in 0..CALLS {
        let search = SearchContactsRequest::new().page_limit(1);
        let contacts = location.contacts();
        contacts.search_contacts().body(search).send().await?;
    }
    let metrics = client.tokens()?.metrics();
    println!(
        "Process {number}: {CALLS} calls, refreshes: {}, tokens from the store: {}",
        metrics.refreshes - metrics.adopted,
        metrics.adopted
    );
    // A token refresh must not be interrupted.
    client.handle().wait_idle(Duration::from_secs(10)).await;
    Ok(())
}

fn client(store: ConfiguredStore, mock_url: &str) -> Result<Client> {
    let app = OAuthApp::new(CLIENT_ID, CLIENT_SECRET, REDIRECT_URI);
    let mut builder = Client::builder().oauth_app(app).token_store(store);
    if let Some(limiter) = ConfiguredLimiter::from_env()? {
        builder = builder.limiter_backend(limiter);
    }
    Ok(builder.base_url(mock_url).build()?)
}
