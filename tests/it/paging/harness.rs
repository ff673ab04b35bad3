//! A client and a mock server with manual clocks that advance together, so that no test waits.
//!
//! Everything runs on one thread. The clocks advance to the end of the next wait when no other
//! work is left.

use std::time::Duration;

use hoopai::{Client, ClientBuilder};
use hoopai_mock::{LOCATION, Mock, MockBuilder, TOKEN, TokenSpec};
use hoopai_test_support::VirtualTime;

pub(crate) struct Harness {
    pub(crate) mock: Mock,
    server: hoopai_mock::Clock,
    time: VirtualTime,
}

impl Harness {
    pub(crate) async fn new() -> Self {
        Self::with(|mock| mock).await
    }

    pub(crate) async fn with(settings: impl FnOnce(MockBuilder) -> MockBuilder) -> Self {
        let server = hoopai_mock::Clock::frozen();
        // Some lists are those of an agency.
        let builder = Mock::builder().token_with(TOKEN, TokenSpec::everything());
        let mock = settings(builder.clock(server.clone()));
        Harness {
            mock: mock.start().await.unwrap(),
            server,
            time: VirtualTime::default(),
        }
    }

    /// A builder of a client of the mock server, with the shared clock.
    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder()
            .private_token(TOKEN)
            .location(LOCATION)
            .base_url(self.mock.url())
            .clock(self.time.clock.clone())
            .observer(self.time.clone())
            .random(|| 0.5)
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    /// Runs a future to completion and advances the clocks whenever all tasks wait. The clock of the
    /// mock counts whole milliseconds.
    pub(crate) async fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let received = || self.mock.journal().count();
        let advance = |by: Duration| {
            let by = Duration::from_millis(by.as_nanos().div_ceil(1_000_000) as u64);
            self.server.advance(by);
            self.time.clock.advance(by);
        };
        self.time.run(work, received, advance).await
    }
}
