//! Many callers in several processes share one refresh.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use hoopai::Client;
use hoopai::auth::{AccountId, TokenSet};
use hoopai_postgres::PostgresStore;
use hoopai_test_support::{PostgresServer, RedisServer, Reply, Server};

use crate::client::{app, read};
use crate::killed_processes::open;

/// The store. It is set in the processes of the callers.
const STORE: &str = "HOOPAI_CONFORMANCE_SHARED_STORE";
const URL: &str = "HOOPAI_CONFORMANCE_SHARED_URL";

const PROCESSES: usize = 8;
const CALLERS: usize = 50;

fn client(url: &str, store: &str) -> Client {
    Client::builder()
        .oauth_app(app())
        .token_store(open(store))
        .base_url(url)
        .build()
        .unwrap()
}

/// The work of one process: concurrent calls with an expired token.
#[test]
fn callers() {
    let (Ok(store), Ok(url)) = (std::env::var(STORE), std::env::var(URL)) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let succeeded = runtime.block_on(async {
        let location = client(&url, &store).as_location("loc-1");
        let calls: Vec<_> = (0..CALLERS)
            .map(|_| {
                let location = location.clone();
                tokio::spawn(async move { read(&location).await.is_ok() })
            })
            .collect();
        let mut succeeded = 0;
        for call in calls {
            succeeded += usize::from(call.await.unwrap());
        }
        succeeded
    });
    assert_eq!(succeeded, CALLERS);
}

async fn one_refresh_for_all(store: &str) {
    let refreshes = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&refreshes);
    let server = Server::start(move |request| {
        if request.target == "/oauth/token" {
            count.fetch_add(1, Ordering::SeqCst);
            let body = r#"{"access_token":"new","refresh_token":"next","expires_in":86399,"userType":"Location","companyId":"com-1","locationId":"loc-1"}"#;
            return Reply::json(200, body).after(Duration::from_millis(200));
        }
        match request.header("authorization") {
            Some("Bearer new") => Reply::json(200, r#"{"contact":{"id":"c"}}"#),
            _ => Reply::json(401, r#"{"statusCode":401,"message":"Invalid JWT"}"#),
        }
    });
    let expired = TokenSet::new("old", Some("refresh".into()), SystemTime::UNIX_EPOCH);
    let client = client(&server.url, store);
    let tokens = client.tokens().unwrap();
    tokens
        .install(AccountId::location("loc-1"), expired)
        .await
        .unwrap();
    let start = |_| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "shared_stores::callers", "--nocapture"])
            .envs([(STORE, store), (URL, &server.url)])
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let processes: Vec<_> = (0..PROCESSES).map(start).collect();
    let results = tokio::task::spawn_blocking(|| {
        let wait = |mut process: std::process::Child| process.wait().unwrap().success();
        processes.into_iter().map(wait).collect::<Vec<_>>()
    });
    assert_eq!(results.await.unwrap(), [true; PROCESSES]);
    assert_eq!(refreshes.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_of_several_processes_share_one_refresh() {
    let directory = tempfile::tempdir().unwrap();
    one_refresh_for_all(directory.path().to_str().unwrap()).await;
    if let Some(server) = PostgresServer::start() {
        let store = PostgresStore::connect(&server.url()).unwrap();
        store.migrate().await.unwrap();
        one_refresh_for_all(&server.url()).await;
    }
    if let Some(server) = RedisServer::start() {
        one_refresh_for_all(&server.url()).await;
    }
}
