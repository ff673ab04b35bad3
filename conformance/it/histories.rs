//! Concurrent calls of a token store are linearizable: `swap` is a compare-and-swap, and `load`
//! returns the last stored record. `HOOPAI_HISTORIES` sets the number of histories of each store.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use hoopai::auth::{FileStore, Lease, MemoryStore, Record, StoreError, Swap, TokenKey, TokenStore};
use hoopai::runtime::time::BoxFuture;
use hoopai_test_support::history::{Operation, Outcome};
use hoopai_test_support::{Direction, Fault, History, Proxy, seeds};
use secrecy::ExposeSecret;

use crate::databases::{Database, key, number, record};

const CLIENTS: u64 = 5;
const CALLS: usize = 8;

/// The calls of a history: a client for each store, with a number of calls.
struct Calls {
    key: TokenKey,
    seed: u64,
    /// Whether stores may fail.
    faults: bool,
}

/// One client of a history.
struct Caller {
    store: Arc<dyn TokenStore>,
    key: TokenKey,
    history: Arc<History>,
    revisions: Arc<AtomicU64>,
    faults: bool,
}

impl Caller {
    async fn load(&self) -> Option<u64> {
        let call = self.history.begin(Operation::Load);
        match self.store.load(&self.key).await {
            Ok(loaded) => {
                let revision = loaded.map(|record| {
                    let access = record.tokens.access_token().expose_secret().to_owned();
                    assert_eq!(access, format!("access-{}", record.revision), "torn record");
                    record.revision
                });
                self.history.end(call, Outcome::Loaded(revision));
                revision
            }
            Err(error) => {
                assert!(self.faults, "{error}");
                self.history.end(call, Outcome::Unknown);
                None
            }
        }
    }

    async fn swap(&self, expected: Option<u64>, new: Option<u64>) -> bool {
        let call = self.history.begin(Operation::Swap { expected, new });
        let outcome = match self.store.swap(&self.key, expected, new.map(record)).await {
            Ok(Swap::Done) => Outcome::Done,
            Ok(Swap::Conflict) => Outcome::Conflict,
            Err(error) => {
                assert!(self.faults, "{error}");
                Outcome::Unknown
            }
        };
        self.history.end(call, outcome);
        outcome == Outcome::Done
    }

    async fn calls(self, mut random: Rng) {
        let mut last = None;
        for _ in 0..CALLS {
            if random.u8(..10) < 4 {
                last = self.load().await;
                continue;
            }
            let expected = match random.u8(..10) {
                0 => None,
                1 => Some(random.u64(..=self.revisions.load(Ordering::SeqCst))),
                _ => last,
            };
            let new =
                (random.u8(..10) > 0).then(|| self.revisions.fetch_add(1, Ordering::SeqCst) + 1);
            if self.swap(expected, new).await {
                last = new;
            }
        }
    }
}

impl Calls {
    /// Lets concurrent clients call the stores in turn, each of which is a handle of the same data.
    async fn record(&self, stores: &[Arc<dyn TokenStore>]) -> Arc<History> {
        let history = Arc::new(History::new());
        let revisions = Arc::new(AtomicU64::new(0));
        let caller = |store: &Arc<dyn TokenStore>| Caller {
            store: Arc::clone(store),
            key: self.key.clone(),
            history: Arc::clone(&history),
            revisions: Arc::clone(&revisions),
            faults: self.faults,
        };
        let clients: Vec<_> = (0..CLIENTS)
            .zip(stores.iter().cycle())
            .map(|(client, store)| {
                let random = Rng::with_seed(self.seed.wrapping_mul(CLIENTS) + client);
                tokio::spawn(caller(store).calls(random))
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
        history
    }

    /// Reads the register at the end, so that a lost change is noticed.
    async fn read_at_the_end(&self, history: &Arc<History>, store: Arc<dyn TokenStore>) {
        let caller = Caller {
            store,
            key: self.key.clone(),
            history: Arc::clone(history),
            revisions: Arc::default(),
            faults: self.faults,
        };
        caller.load().await;
    }
}

fn histories() -> u64 {
    number("HOOPAI_HISTORIES", 20)
}

/// Counts over all histories of a store.
#[derive(Debug, Default)]
struct Counts {
    histories: usize,
    calls: usize,
    unknown: usize,
}

impl Counts {
    fn check(&mut self, history: &History, seed: u64) {
        assert!(history.is_linearizable(), "seed {seed}\n{history}");
        let (calls, unknown) = history.counts();
        self.histories += 1;
        self.calls += calls;
        self.unknown += unknown;
    }
}

async fn check_without_faults(name: &str, stores: &[Arc<dyn TokenStore>], histories: u64) {
    let mut counts = Counts::default();
    for seed in seeds(histories) {
        let calls = Calls {
            key: key(&format!("loc-{seed}")),
            seed,
            faults: false,
        };
        let history = calls.record(stores).await;
        calls
            .read_at_the_end(&history, Arc::clone(&stores[0]))
            .await;
        counts.check(&history, seed);
    }
    println!("{name}: {counts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_is_linearizable() {
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::new());
    check_without_faults("memory", &[store], histories()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn files_are_linearizable() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Arc::new(FileStore::open(directory.path()).unwrap()) as Arc<dyn TokenStore>;
    check_without_faults("files", &[open(), open()], histories()).await;
}

/// Changes the faults of proxies at random until the result is dropped.
fn change_faults(proxies: &Arc<Vec<Proxy>>, seed: u64) -> tokio::task::JoinHandle<()> {
    let (proxies, mut random) = (Arc::clone(proxies), Rng::with_seed(seed));
    tokio::spawn(async move {
        loop {
            let fault = match random.u8(..10) {
                0 => Fault::Cut,
                1 => Fault::Reset,
                2 => Fault::HalfOpen,
                3 | 4 => Fault::Latency(Duration::from_millis(random.u64(1..60))),
                _ => Fault::None,
            };
            let proxy = &proxies[random.usize(..proxies.len())];
            proxy.set(Direction::ALL[random.usize(..2)], fault);
            tokio::time::sleep(Duration::from_micros(random.u64(500..8_000))).await;
        }
    })
}

/// A third of the histories has faults of the network, and two of them a crash of the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn databases_are_linearizable() {
    for mut database in Database::start_all().await {
        let (timeout, lifetime) = (Duration::from_millis(150), Duration::from_secs(1));
        let long = Duration::from_secs(30);
        let direct = [(); 2].map(|()| database.open(database.port(), long, lifetime));
        let total = histories();
        let with_faults = total / 3;
        check_without_faults(database.name(), &direct, total - with_faults).await;
        let mut counts = Counts::default();
        for (index, seed) in seeds(with_faults).enumerate() {
            let mut proxies = Vec::new();
            for proxy in 0..2 {
                proxies.push(Proxy::start(database.port(), seed + proxy).await);
            }
            let stores: Vec<_> = proxies
                .iter()
                .map(|proxy| database.open(proxy.port(), timeout, lifetime))
                .collect();
            let calls = Calls {
                key: key(&format!("faults-{seed}")),
                seed,
                faults: true,
            };
            let proxies = Arc::new(proxies);
            let faults = change_faults(&proxies, seed);
            let history = if index < 2 {
                let (history, ()) = tokio::join!(calls.record(&stores), async {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    tokio::task::block_in_place(|| database.restart());
                });
                history
            } else {
                calls.record(&stores).await
            };
            faults.abort();
            // Loads through connections that the faults do not concern.
            let direct = database.open(database.port(), long, lifetime);
            for _ in 0..2 {
                calls.read_at_the_end(&history, Arc::clone(&direct)).await;
            }
            counts.check(&history, seed);
        }
        println!("{} with faults: {counts:?}", database.name());
        assert!(with_faults < 5 || counts.unknown > 0, "faults have effects");
    }
}

/// How a store is broken.
#[derive(Clone, Copy, Debug)]
enum Defect {
    /// Some changes are acknowledged and not stored.
    LostUpdate,
    /// A handle sometimes returns the record that it has read before.
    StaleRead,
    /// The comparison and the change are two steps.
    DoubleSuccess,
    /// Some changes are stored and reported as conflicts.
    FalseConflict,
}

/// A store with a defect.
struct BrokenStore {
    inner: MemoryStore,
    defect: Defect,
    read: Mutex<Option<Record>>,
    /// Whether the next call shows the defect, in turn.
    turn: AtomicBool,
}

impl BrokenStore {
    fn is_turn(&self) -> bool {
        self.turn.fetch_xor(true, Ordering::SeqCst)
    }
}

impl TokenStore for BrokenStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let loaded = self.inner.load(key).await?;
            let last = std::mem::replace(&mut *self.read.lock().unwrap(), loaded.clone());
            match self.defect {
                Defect::StaleRead if self.is_turn() => Ok(last),
                _ => Ok(loaded),
            }
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<Record>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let stored = || async {
                let stored = self.inner.load(key).await?;
                Ok::<_, StoreError>(stored.map(|record| record.revision))
            };
            match self.defect {
                Defect::LostUpdate if stored().await? == expected && self.is_turn() => {
                    Ok(Swap::Done)
                }
                Defect::DoubleSuccess => {
                    if stored().await? != expected {
                        return Ok(Swap::Conflict);
                    }
                    tokio::task::yield_now().await;
                    self.inner.swap(key, stored().await?, new).await
                }
                Defect::FalseConflict => {
                    let swap = self.inner.swap(key, expected, new).await?;
                    Ok(if self.is_turn() { Swap::Conflict } else { swap })
                }
                _ => self.inner.swap(key, expected, new).await,
            }
        })
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
        self.inner.lease(key, ttl)
    }
}

#[tokio::test]
async fn broken_stores_are_detected() {
    for defect in [
        Defect::LostUpdate,
        Defect::StaleRead,
        Defect::DoubleSuccess,
        Defect::FalseConflict,
    ] {
        let mut detected = 0;
        for seed in seeds(40) {
            let store = Arc::new(BrokenStore {
                inner: MemoryStore::new(),
                defect,
                read: Mutex::default(),
                turn: AtomicBool::new(false),
            });
            let calls = Calls {
                key: key("loc"),
                seed,
                faults: false,
            };
            let history = calls.record(&[store as Arc<dyn TokenStore>]).await;
            detected += u32::from(!history.is_linearizable());
        }
        println!("{defect:?}: detected in {detected} of 40 histories");
        assert!(detected >= 8, "{defect:?}: {detected}");
    }
}

/// A history in which each call has a beginning, an end and a reply.
fn history(calls: &[(u32, u32, Operation, Outcome)]) -> History {
    let history = History::new();
    let mut events: Vec<_> = (0..calls.len())
        .flat_map(|call| [(calls[call].0, call, true), (calls[call].1, call, false)])
        .collect();
    events.sort_unstable();
    let mut numbers = vec![0; calls.len()];
    for (_, call, is_begin) in events {
        let (_, _, operation, outcome) = calls[call];
        if is_begin {
            numbers[call] = history.begin(operation);
        } else {
            history.end(numbers[call], outcome);
        }
    }
    history
}

#[test]
fn known_histories_are_decided() {
    use Operation::Load;
    use Outcome::{Conflict, Done, Loaded, Unknown};
    let swap = |expected, new| Operation::Swap { expected, new };
    let first = (1, 2, swap(None, Some(1)), Done);
    for (name, calls, is_linearizable) in [
        ("empty", vec![], true),
        (
            "sequence",
            vec![
                first,
                (3, 4, Load, Loaded(Some(1))),
                (5, 6, swap(Some(2), Some(3)), Conflict),
                (7, 8, swap(Some(1), None), Done),
                (9, 10, Load, Loaded(None)),
            ],
            true,
        ),
        (
            "lost update",
            vec![first, (3, 4, Load, Loaded(None))],
            false,
        ),
        (
            "stale read",
            vec![
                first,
                (3, 4, swap(Some(1), Some(2)), Done),
                (5, 6, Load, Loaded(Some(1))),
            ],
            false,
        ),
        (
            "a concurrent read may return either",
            vec![
                first,
                (3, 6, swap(Some(1), Some(2)), Done),
                (4, 5, Load, Loaded(Some(1))),
            ],
            true,
        ),
        (
            "a read may not go back",
            vec![
                first,
                (3, 10, swap(Some(1), Some(2)), Done),
                (4, 5, Load, Loaded(Some(2))),
                (6, 7, Load, Loaded(Some(1))),
            ],
            false,
        ),
        (
            "double success",
            vec![
                first,
                (3, 6, swap(Some(1), Some(2)), Done),
                (4, 5, swap(Some(1), Some(3)), Done),
            ],
            false,
        ),
        (
            "one of two concurrent swaps conflicts",
            vec![
                first,
                (3, 6, swap(Some(1), Some(2)), Done),
                (4, 5, swap(Some(1), Some(3)), Conflict),
            ],
            true,
        ),
        (
            "false conflict",
            vec![first, (3, 4, swap(Some(1), Some(2)), Conflict)],
            false,
        ),
        (
            "an unknown swap takes effect late",
            vec![
                first,
                (3, 4, swap(Some(1), Some(2)), Unknown),
                (5, 6, Load, Loaded(Some(1))),
                (7, 8, Load, Loaded(Some(2))),
            ],
            true,
        ),
        (
            "an unknown swap takes effect once",
            vec![
                first,
                (3, 4, swap(Some(1), Some(2)), Unknown),
                (5, 6, Load, Loaded(Some(2))),
                (7, 8, swap(Some(2), Some(1)), Done),
                (9, 10, Load, Loaded(Some(2))),
            ],
            false,
        ),
        (
            "an unknown swap never takes effect",
            vec![
                first,
                (3, 4, swap(Some(1), Some(2)), Unknown),
                (5, 6, swap(Some(1), Some(3)), Done),
                (7, 8, Load, Loaded(Some(3))),
            ],
            true,
        ),
        (
            "an unknown swap takes no effect before it begins",
            vec![
                first,
                (3, 4, Load, Loaded(Some(2))),
                (5, 6, swap(Some(1), Some(2)), Unknown),
            ],
            false,
        ),
        (
            "a value that no swap wrote",
            vec![first, (3, 4, Load, Loaded(Some(9)))],
            false,
        ),
    ] {
        let history = history(&calls);
        assert_eq!(
            history.is_linearizable(),
            is_linearizable,
            "{name}\n{history}"
        );
    }
}
