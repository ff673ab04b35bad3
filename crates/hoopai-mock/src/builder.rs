//! Setting up a server, and holding it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::interface::Interface;
use crate::limits::{LimitSettings, Limits};
use crate::server;
use crate::world::World;

/// A running server; it stops when this is dropped.
pub struct Mock {
    world: Arc<World>,
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

/// Settings of a server to be started.
pub struct MockBuilder {
    port: u16,
    clock: Clock,
    limits: LimitSettings,
    seed: u64,
    body_limit: usize,
}

impl Mock {
    /// Settings to start from: any free port, the real clock, the platform's limits.
    pub fn builder() -> MockBuilder {
        MockBuilder {
            port: 0,
            clock: Clock::real(),
            limits: LimitSettings::default(),
            seed: 0,
            body_limit: 50 << 20,
        }
    }

    /// The address to call: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
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
    pub fn limits(mut self, limits: LimitSettings) -> Self {
        self.limits = limits;
        self
    }

    /// What made-up replies and ids are made from: the same seed gives the same.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
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
            clock: self.clock,
            tokens: Default::default(),
            limits: Limits {
                settings: self.limits,
            },
            state: Default::default(),
            faults: Default::default(),
            journal: Default::default(),
            seed: self.seed,
            body_limit: self.body_limit,
            requests: AtomicU64::new(0),
        });
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(server::run(listener, Arc::clone(&world), stopped));
        Ok(Mock {
            world,
            address,
            _stop: stop,
        })
    }
}
