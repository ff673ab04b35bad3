//! A client and a mock server with manual clocks that advance together, so that no test waits.
//!
//! Everything runs on one thread. The clocks advance to the end of the next wait when no other
//! work is left.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use hoopai::observe::{CallInfo, CallOutcome, Observer};
use hoopai::time::ManualClock;
use hoopai::{Client, ClientBuilder};
use hoopai_mock::{LOCATION, Mock, MockBuilder, TOKEN};

pub(crate) struct Harness {
    pub(crate) mock: Mock,
    pub(crate) clock: ManualClock,
    server: hoopai_mock::Clock,
    pending: PendingRequests,
}

/// Counts the pending requests.
#[derive(Clone, Default)]
struct PendingRequests(Arc<AtomicUsize>);

impl Observer for PendingRequests {
    fn on_send(&self, _: &CallInfo<'_>, _: u32) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn on_attempt(&self, _: &CallInfo<'_>, _: &CallOutcome) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Harness {
    pub(crate) async fn new() -> Self {
        Self::with(|mock| mock).await
    }

    pub(crate) async fn with(settings: impl FnOnce(MockBuilder) -> MockBuilder) -> Self {
        let server = hoopai_mock::Clock::frozen();
        let mock = settings(Mock::builder().clock(server.clone()))
            .start()
            .await
            .unwrap();
        Harness {
            mock,
            clock: ManualClock::new(),
            server,
            pending: PendingRequests::default(),
        }
    }

    /// A builder of a client of the mock server, with the shared clock.
    pub(crate) fn builder(&self) -> ClientBuilder {
        self.builder_without_token().private_token(TOKEN)
    }

    pub(crate) fn builder_without_token(&self) -> ClientBuilder {
        Client::builder()
            .location(LOCATION)
            .base_url(self.mock.url())
            .clock(self.clock.clone())
            .observer(self.pending.clone())
            .random(|| 0.5)
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    /// Runs a future to completion and advances the clocks whenever all tasks wait.
    pub(crate) async fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut seen = (0, 0, 0);
        let mut quiet = 0;
        let mut since = Instant::now();
        loop {
            let polled = std::future::poll_fn(|context| Poll::Ready(work.as_mut().poll(context)));
            if let Poll::Ready(value) = polled.await {
                return value;
            }
            tokio::task::yield_now().await;
            let pending = self.pending.0.load(Ordering::SeqCst);
            let now = (self.mock.journal().count(), self.clock.sleepers(), pending);
            if now != seen {
                (seen, quiet, since) = (now, 0, Instant::now());
                continue;
            }
            quiet += 1;
            // A request that stays pending waits for a delay of the mock or for its timeout.
            let waiting = if pending == 0 {
                quiet > 50
            } else {
                since.elapsed() > Duration::from_millis(300)
            };
            if pending > 0 {
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
            if waiting {
                match self.clock.until_next() {
                    Some(by) => self.advance(by),
                    None => tokio::time::sleep(Duration::from_micros(200)).await,
                }
                (quiet, since) = (0, Instant::now());
            }
        }
    }

    /// Advances both clocks, by whole milliseconds as the mock requires.
    pub(crate) fn advance(&self, by: Duration) {
        let by = Duration::from_millis(by.as_nanos().div_ceil(1_000_000) as u64);
        self.server.advance(by);
        self.clock.advance(by);
    }
}

/// Pseudo-random numbers from 0 to 1 (splitmix64).
pub(crate) fn seeded_random(seed: u64) -> impl Fn() -> f64 + Send + Sync + 'static {
    let state = std::sync::Mutex::new(seed.wrapping_add(0x9e37_79b9_7f4a_7c15));
    move || {
        let mut state = state.lock().unwrap();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
