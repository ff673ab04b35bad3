//! A TCP proxy with faults.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// A direction of the bytes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

impl Direction {
    /// Both directions.
    pub const ALL: [Direction; 2] = [Direction::ToServer, Direction::ToClient];
}

/// A fault of a direction. It takes effect when bytes arrive that must be forwarded there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Bytes are forwarded at once.
    None,
    /// Bytes are forwarded after this time, half of it at least.
    Latency(Duration),
    /// The connection is closed in place of forwarding.
    Cut,
    /// The connection is reset in place of forwarding.
    Reset,
    /// The bytes are lost, and all later bytes of this connection in this direction, whatever the
    /// fault is then. The connection stays open.
    HalfOpen,
}

/// A proxy on loopback for a server on loopback. Its faults can be changed at any time.
///
/// It ends with the Tokio runtime of the test, or when it is dropped.
pub struct Proxy {
    port: u16,
    state: Arc<State>,
    accept: AbortHandle,
}

struct State {
    server: SocketAddr,
    faults: Mutex<[Fault; 2]>,
    random: Mutex<Rng>,
    connections: AtomicUsize,
}

/// How a connection ends.
enum End {
    Close,
    Reset,
}

impl Proxy {
    /// Starts a proxy for the server on this port, in the current Tokio runtime, without faults.
    /// The seed decides latencies.
    pub async fn start(server: u16, seed: u64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a port on loopback");
        let port = listener.local_addr().expect("a bound address").port();
        let state = Arc::new(State {
            server: SocketAddr::from(([127, 0, 0, 1], server)),
            faults: Mutex::new([Fault::None; 2]),
            random: Mutex::new(Rng::with_seed(seed)),
            connections: AtomicUsize::new(0),
        });
        let accept = tokio::spawn(Arc::clone(&state).accept(listener));
        Proxy {
            port,
            state,
            accept: accept.abort_handle(),
        }
    }

    /// The port of the proxy.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sets the fault of one direction, for all connections.
    pub fn set(&self, direction: Direction, fault: Fault) {
        self.state.faults.lock().expect("a lock without panics")[direction as usize] = fault;
    }

    /// Removes all faults. Connections that were half-open stay so.
    pub fn heal(&self) {
        for direction in Direction::ALL {
            self.set(direction, Fault::None);
        }
    }

    /// Returns the number of connections so far.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

/// Closes all connections.
impl Drop for Proxy {
    fn drop(&mut self) {
        self.accept.abort();
    }
}

impl State {
    async fn accept(self: Arc<Self>, listener: TcpListener) {
        let mut connections = JoinSet::new();
        while let Ok((client, _)) = listener.accept().await {
            self.connections.fetch_add(1, Ordering::SeqCst);
            connections.spawn(Arc::clone(&self).serve(client));
            while connections.try_join_next().is_some() {}
        }
    }

    async fn serve(self: Arc<Self>, mut client: TcpStream) {
        // A client whose server is down sees its connection closed.
        let Ok(mut server) = TcpStream::connect(self.server).await else {
            return;
        };
        for socket in [&client, &server] {
            let _ = socket.set_nodelay(true);
        }
        let end = {
            let (from_client, to_client) = client.split();
            let (from_server, to_server) = server.split();
            tokio::select! {
                end = self.forward(Direction::ToServer, from_client, to_server) => end,
                end = self.forward(Direction::ToClient, from_server, to_client) => end,
            }
        };
        if matches!(end, End::Reset) {
            for socket in [&client, &server] {
                let _ = socket.set_zero_linger();
            }
        }
    }

    /// Forwards bytes until the connection ends.
    async fn forward(
        &self,
        direction: Direction,
        mut from: ReadHalf<'_>,
        mut to: WriteHalf<'_>,
    ) -> End {
        let mut buffer = vec![0; 16 * 1024];
        let mut is_lost = false;
        loop {
            let length = match from.read(&mut buffer).await {
                Ok(0) | Err(_) => return End::Close,
                Ok(length) => length,
            };
            match self.fault(direction) {
                _ if is_lost => continue,
                Fault::None => {}
                Fault::Latency(time) => tokio::time::sleep(self.latency(time)).await,
                Fault::Cut => return End::Close,
                Fault::Reset => return End::Reset,
                Fault::HalfOpen => {
                    is_lost = true;
                    continue;
                }
            }
            if to.write_all(&buffer[..length]).await.is_err() {
                return End::Close;
            }
        }
    }

    fn fault(&self, direction: Direction) -> Fault {
        self.faults.lock().expect("a lock without panics")[direction as usize]
    }

    fn latency(&self, time: Duration) -> Duration {
        let mut random = self.random.lock().expect("a lock without panics");
        time.mul_f64(0.5 + 0.5 * random.f64())
    }
}
