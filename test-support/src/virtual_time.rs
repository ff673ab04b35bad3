//! A manual clock that moves whenever all work waits for it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use hoopai_runtime::observe::{CallInfo, CallOutcome, Observer};
use hoopai_runtime::time::ManualClock;

/// A manual clock, and a count of the requests in flight. Give the clock and a clone of this value,
/// as the observer, to a client.
#[derive(Clone, Default)]
pub struct VirtualTime {
    /// The clock for the client.
    pub clock: ManualClock,
    in_flight: Arc<AtomicUsize>,
}

impl Observer for VirtualTime {
    fn on_send(&self, _: &CallInfo<'_>, _: u32) {
        self.in_flight.fetch_add(1, Ordering::SeqCst);
    }

    fn on_attempt(&self, _: &CallInfo<'_>, _: &CallOutcome) {
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

impl VirtualTime {
    /// Runs work to its end in a single-threaded runtime. Whenever nothing else happens, `advance`
    /// is called with the time to the end of the next wait, and must move the clock.
    ///
    /// `received` returns how many requests the server has received.
    pub async fn run<T>(
        &self,
        work: impl Future<Output = T>,
        received: impl Fn() -> usize,
        advance: impl Fn(Duration),
    ) -> T {
        let mut work = pin!(work);
        let (mut last, mut unchanged, mut since) = ((0, 0, 0), 0, Instant::now());
        loop {
            let polled = std::future::poll_fn(|context| Poll::Ready(work.as_mut().poll(context)));
            if let Poll::Ready(value) = polled.await {
                return value;
            }
            tokio::task::yield_now().await;
            let in_flight = self.in_flight.load(Ordering::SeqCst);
            let state = (received(), self.clock.sleepers(), in_flight);
            if state != last {
                (last, unchanged, since) = (state, 0, Instant::now());
                continue;
            }
            unchanged += 1;
            // Replies of this machine come within this time, which is shorter than any sleep.
            if in_flight > 0 && since.elapsed() > Duration::from_millis(2) {
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
            // A request that stays in flight waits for the server's clock or for a timeout.
            let blocked = in_flight == 0 || since.elapsed() > Duration::from_millis(300);
            if unchanged > 50 && blocked {
                match self.clock.until_next() {
                    Some(by) => advance(by),
                    None => tokio::time::sleep(Duration::from_micros(200)).await,
                }
                (unchanged, since) = (0, Instant::now());
            }
        }
    }
}
