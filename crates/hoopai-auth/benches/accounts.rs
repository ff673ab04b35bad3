//! Time to add and find many accounts, in a store in memory and in a token manager.

use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime};

use hoopai_auth::{
    AccountId, MemoryStore, OAuth, OAuthApp, Record, TokenKey, TokenManager, TokenSet, TokenStore,
};
use hoopai_runtime::Handle;
use hoopai_runtime::auth::TokenProvider;

/// Prints how long work on so many accounts took.
fn timed(what: &str, accounts: usize, work: impl FnOnce()) {
    let start = Instant::now();
    work();
    let took: Duration = start.elapsed();
    println!("{what}: {accounts} accounts in {took:.1?}");
}

fn location(number: usize) -> AccountId {
    // Not in the order of their ids.
    let id = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    AccountId::location(format!("{id:016x}"))
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime");
    let store = MemoryStore::new();
    let end = SystemTime::now() + Duration::from_secs(86_400);
    let key = |number| TokenKey::new("app", location(number));
    let accounts = 100_000;
    timed("MemoryStore::swap", accounts, || {
        runtime.block_on(async {
            for number in 0..accounts {
                let record = Record::new(TokenSet::new("access", None, end), 1);
                let swapped = store.swap(&key(number), None, Some(record)).await;
                black_box(swapped.expect("a store in memory works"));
            }
        });
    });
    timed("MemoryStore::load", accounts, || {
        runtime.block_on(async {
            for number in 0..accounts {
                let loaded = store.load(&key(number)).await;
                black_box(loaded.expect("a store in memory works"));
            }
        });
    });
    let app = OAuthApp::new("app", "secret", "https://example.com");
    let handle = Handle::builder().token_provider(OAuth::new(app).token_store(store));
    let handle = handle.build().expect("a handle");
    let manager = TokenManager::of(&handle).expect("an OAuth app");
    for accounts in [100_000, 1_000_000] {
        timed("TokenManager, in use", accounts, || {
            let accounts: Vec<_> = (0..accounts)
                .map(|number| manager.account(location(number)))
                .collect();
            black_box(accounts.len());
        });
        timed("TokenManager, unused", accounts, || {
            for number in 0..accounts {
                black_box(manager.account(location(number)));
            }
        });
        println!("{manager:?}");
    }
}
