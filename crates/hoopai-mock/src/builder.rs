//! Setting up a server, and holding it.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::check::Undeclared;
use crate::clock::Clock;
use crate::faults::{FaultRule, Faults};
use crate::interface::Interface;
use crate::journal::{Entry, Journal};
use crate::limits::{Limits, RateLimitSettings};
use crate::server;
use crate::state::{Seeder, State};
use crate::tokens::{Settings, Tokens};
use crate::world::World;

/// A running server; it stops when this is dropped.
pub struct Mock {
    world: Arc<World>,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

/// Settings of a server to be started.
pub struct MockBuilder {
    port: u16,
    clock: Clock,
    limits: RateLimitSettings,
    pub(crate) auth: Settings,
    seed: u64,
    body_limit: usize,
    undeclared: Undeclared,
    patience: Duration,
    faults: Faults,
    observer: Option<Observer>,
}

type Observer = Box<dyn Fn(&Entry) + Send + Sync>;

impl Mock {
    /// Settings to start from: any free port, the real clock, the platform's limits.
    pub fn builder() -> MockBuilder {
        MockBuilder {
            port: 0,
            clock: Clock::real(),
            limits: RateLimitSettings::default(),
            auth: Settings::default(),
            seed: 0,
            body_limit: 50 << 20,
            undeclared: Undeclared::Refused,
            patience: Duration::from_secs(30),
            faults: Faults::default(),
            observer: None,
        }
    }

    /// The address to call: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// Changes how much the server lets through from now on; what it let through so far stays counted.
    pub fn set_limits(&self, limits: RateLimitSettings) {
        self.world.limits.set(limits);
    }

    /// What goes wrong; it can be changed at any time.
    pub fn faults(&self) -> &Faults {
        &self.world.faults
    }

    /// All that the server received.
    pub fn journal(&self) -> &Journal {
        &self.world.journal
    }

    /// Fills collections with made-up items.
    pub fn seed(&self) -> Seeder<'_> {
        self.world.state.seeder(&self.world.clock)
    }

    /// Stops the server, and returns when its port is free and its connections are closed.
    pub async fn stop(self) {
        drop(self.stop);
        let _ = self.running.await;
    }

    /// The server's clock.
    pub fn clock(&self) -> &Clock {
        &self.world.clock
    }
}

impl MockBuilder {
    /// The port on the loopback address; 0 for any that is free.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The clock that the server goes by.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How much the server lets through.
    pub fn limits(mut self, limits: RateLimitSettings) -> Self {
        self.limits = limits;
        self
    }

    /// What made-up replies and ids are made from: the same seed gives the same.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Something that goes wrong from the start; [`Mock::faults`] takes more while the server runs.
    pub fn fault(self, rule: impl Into<FaultRule>) -> Self {
        self.faults.add(rule.into());
        self
    }

    /// The largest request body in bytes, 50 MiB unless told; what is larger is answered 413. A body that is not multipart
    /// may have 1 MiB at most.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Whether query parameters and fields of bodies are accepted that the interface does not declare, at every level of nesting:
    /// parameters are ignored, and fields are stored and returned. Unless told, both are refused with 422, as on the platform;
    /// yet it accepts some fields that no interface declares. The header `x-hoopai-mock-undeclared`, `accept` or `refuse`, decides
    /// for a single request.
    pub fn accept_undeclared(mut self, accept: bool) -> Self {
        self.undeclared = if accept {
            Undeclared::Accepted
        } else {
            Undeclared::Refused
        };
        self
    }

    /// How long a connection may make the server wait, 30 seconds of real time unless told: for the next request's head,
    /// the next piece of a body, or the client to read. A whole body may take four times as long.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Called with each request when it has ended.
    pub fn on_request(mut self, observer: impl Fn(&Entry) + Send + Sync + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    /// The port cannot be had.
    pub async fn start(self) -> std::io::Result<Mock> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await?;
        let address = listener.local_addr()?;
        let world = Arc::new(World {
            interface: Interface::shared(),
            limits: Limits::new(self.limits, self.clock.started()),
            state: State::new(self.seed, self.clock.unix()),
            clock: self.clock,
            tokens: Tokens::new(self.auth.complete(), self.seed),
            faults: self.faults,
            journal: Journal::new(self.observer),
            seed: self.seed,
            body_limit: self.body_limit,
            undeclared: self.undeclared,
            requests: AtomicU64::new(0),
        });
        let (stop, stopped) = oneshot::channel();
        let serving = server::run(listener, Arc::clone(&world), self.patience, stopped);
        let running = tokio::spawn(serving);
        Ok(Mock {
            world,
            address,
            stop,
            running,
        })
    }
}

impl fmt::Debug for Mock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mock")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for MockBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockBuilder")
            .field("port", &self.port)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
