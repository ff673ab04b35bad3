//! Tests on a clock that advances only when every task waits.

mod aimd;
mod bounds;
mod day;
mod headers;
mod latency;
mod ledger;
mod losses;
mod pause;
mod queue;
mod refusals;
mod registry;
mod replies;
mod runtimes;
mod share;
mod sharing;
mod simulation;
mod state;
mod throughput;
mod window;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::task::JoinHandle;

use super::{Limiter, Permit, RateLimitSettings};
use crate::time::ManualClock;

const NONE: &[(&str, &str)] = &[];

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        })
        .collect()
}

/// A limiter, its clock, and the number of polls of the test's tasks.
#[derive(Clone)]
struct Fixture {
    clock: ManualClock,
    limiter: Limiter,
    polls: Arc<AtomicU64>,
}

impl Fixture {
    fn new(settings: RateLimitSettings) -> Self {
        let clock = ManualClock::new();
        Fixture {
            limiter: Limiter::new(settings, Arc::new(clock.clone())),
            clock,
            polls: Arc::default(),
        }
    }

    /// Allows `max` requests in any 10 seconds, and waits without a bound.
    fn of(max: u32) -> Self {
        Self::new(
            RateLimitSettings::default()
                .max(max)
                .daily(None)
                .max_wait(Duration::MAX),
        )
    }

    fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        tokio::spawn(CountedPolls {
            task: Box::pin(task),
            polls: self.polls.clone(),
        })
    }

    fn polls(&self) -> u64 {
        self.polls.load(Ordering::Relaxed)
    }

    /// Waits until every task waits for the clock or for another task.
    async fn settle(&self) {
        let (mut seen, mut idle) = (self.polls(), 0);
        while idle < 10 {
            tokio::task::yield_now().await;
            idle = if self.polls() == seen { idle + 1 } else { 0 };
            seen = self.polls();
        }
    }

    async fn advance(&self, by: Duration) {
        self.settle().await;
        self.clock.advance(by);
        self.settle().await;
    }

    /// Advances the clock until all tasks are done.
    async fn run<T>(&self, tasks: Vec<JoinHandle<T>>) -> Vec<T> {
        loop {
            self.settle().await;
            if tasks.iter().all(JoinHandle::is_finished) {
                break;
            }
            let stuck = tasks.iter().filter(|task| !task.is_finished()).count();
            assert!(
                self.clock.advance_to_next().is_some(),
                "{stuck} tasks wait and nothing will happen: {:?}",
                self.limiter
            );
        }
        let mut results = Vec::new();
        for task in tasks {
            results.push(task.await.unwrap());
        }
        results
    }

    /// Acquires a permit that is available at once.
    async fn now(&self) -> Permit {
        self.limiter.acquire(Some(Duration::ZERO)).await.unwrap()
    }

    /// Makes a call with an immediate reply.
    async fn call(&self, status: u16, pairs: &[(&str, &str)]) {
        self.answer(self.now().await, status, pairs);
    }

    fn answer(&self, mut permit: Permit, status: u16, pairs: &[(&str, &str)]) {
        permit.sent();
        permit.complete(status, &headers(pairs));
    }

    /// The number of calls that would be admitted at once. They are not sent.
    async fn room(&self) -> usize {
        let mut permits = Vec::new();
        while let Ok(permit) = self.limiter.acquire(Some(Duration::ZERO)).await {
            permits.push(permit);
        }
        permits.len()
    }
}

/// A task whose polls are counted.
struct CountedPolls<T> {
    task: Pin<Box<dyn Future<Output = T> + Send>>,
    polls: Arc<AtomicU64>,
}

impl<T> Future for CountedPolls<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.polls.fetch_add(1, Ordering::Relaxed);
        self.task.as_mut().poll(context)
    }
}
