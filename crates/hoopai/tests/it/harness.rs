//! A client and a mock server with manual clocks that advance together, so that no test waits.
//!
//! Everything runs on one thread. The clocks advance to the end of the next wait when no other
//! work is left.

use std::time::Duration;

use hoopai::time::ManualClock;
use hoopai::{Client, ClientBuilder};
use hoopai_mock::{LOCATION, Mock, MockBuilder, TOKEN};
use hoopai_test_support::VirtualTime;

pub(crate) struct Harness {
    pub(crate) mock: Mock,
    pub(crate) clock: ManualClock,
    server: hoopai_mock::Clock,
    time: VirtualTime,
}

impl Harness {
    pub(crate) async fn new() -> Self {
        Self::with(|mock| mock).await
    }

    pub(crate) async fn with(settings: impl FnOnce(MockBuilder) -> MockBuilder) -> Self {
        let server = hoopai_mock::Clock::frozen();
        let mock = settings(Mock::builder().clock(server.clone()));
        let time = VirtualTime::default();
        Harness {
            mock: mock.start().await.unwrap(),
            clock: time.clock.clone(),
            server,
            time,
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
            .observer(self.time.clone())
            .random(|| 0.5)
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    /// Runs a future to completion and advances the clocks whenever all tasks wait.
    pub(crate) async fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let received = || self.mock.journal().count();
        self.time.run(work, received, |by| self.advance(by)).await
    }

    /// Advances both clocks, by whole milliseconds as the mock requires.
    pub(crate) fn advance(&self, by: Duration) {
        let by = Duration::from_millis(by.as_nanos().div_ceil(1_000_000) as u64);
        self.server.advance(by);
        self.clock.advance(by);
    }
}
