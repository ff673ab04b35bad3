//! The loopback server.

use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::{Reply, Request};

type Script = dyn Fn(&Request) -> Reply + Send + Sync;

/// An HTTP/1.1 server on loopback that records all requests.
///
/// It ends with the Tokio runtime of the test. All methods panic where an assertion of a test
/// would: if the server cannot listen, or if requests that the test names did not arrive.
pub struct Server {
    /// The base URL, as in `http://127.0.0.1:12345`.
    pub url: String,
    state: Arc<State>,
}

struct State {
    script: Box<Script>,
    requests: Mutex<Requests>,
    /// The permits to reply, for a guard server.
    gate: Option<Semaphore>,
}

#[derive(Default)]
struct Requests {
    count: usize,
    kept: Vec<Request>,
}

impl Server {
    /// Starts a server in the current Tokio runtime. The script makes the reply to each request.
    pub fn start(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let (server, listener) = Self::bind(script, None);
        tokio::spawn(server.state.clone().accept(listener));
        server
    }

    /// Starts a server that sends the same reply to all requests.
    pub fn with_reply(reply: Reply) -> Self {
        Self::start(move |_| reply.clone())
    }

    /// Starts a server that replies to all requests with 200 and this JSON.
    pub fn with_body(body: impl AsRef<[u8]>) -> Self {
        Self::with_reply(Reply::json(200, body))
    }

    /// Starts a server that serves one connection. Later connections are refused.
    pub fn for_one_connection(reply: Reply) -> Self {
        let (server, listener) = Self::bind(move |_| reply.clone(), None);
        let state = server.state.clone();
        tokio::spawn(async move {
            let accepted = listener.accept().await;
            drop(listener);
            if let Ok((socket, _)) = accepted {
                state.serve(socket).await;
            }
        });
        server
    }

    /// Starts a server that records requests at once, and replies only as [`Server::release`]
    /// allows.
    pub fn paused(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let (server, listener) = Self::bind(script, Some(Semaphore::new(0)));
        tokio::spawn(server.state.clone().accept(listener));
        server
    }

    /// Starts a server on a thread of its own, for tests without a Tokio runtime. It ends with the
    /// process.
    pub fn on_thread(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a Tokio runtime");
        let context = runtime.enter();
        let (server, listener) = Self::bind(script, None);
        drop(context);
        let accept = server.state.clone().accept(listener);
        thread::spawn(move || runtime.block_on(accept));
        server
    }

    /// Returns a URL at which connections are refused.
    pub fn refusing_url() -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        format!("http://{}", listener.local_addr().expect("a bound address"))
    }

    fn bind(
        script: impl Fn(&Request) -> Reply + Send + Sync + 'static,
        gate: Option<Semaphore>,
    ) -> (Self, TcpListener) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let address = listener.local_addr().expect("a bound address");
        listener
            .set_nonblocking(true)
            .expect("a non-blocking socket");
        let server = Server {
            url: format!("http://{address}"),
            state: Arc::new(State {
                script: Box::new(script),
                requests: Mutex::default(),
                gate,
            }),
        };
        let listener = TcpListener::from_std(listener).expect("a Tokio runtime");
        (server, listener)
    }

    /// Allows a guard server to reply to this many more requests.
    pub fn release(&self, requests: usize) {
        let gate = self.state.gate.as_ref();
        gate.expect("a guard server").add_permits(requests);
    }

    /// Waits until this many requests have arrived.
    pub async fn received(&self, requests: usize) {
        for _ in 0..10_000_000 {
            if self.count() >= requests {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("{} requests in place of {requests}", self.count());
    }

    /// Returns the number of requests so far.
    pub fn count(&self) -> usize {
        self.state.requests().count
    }

    /// Returns all requests that were not taken, in the order in which they arrived.
    pub fn requests(&self) -> Vec<Request> {
        self.state.requests().kept.clone()
    }

    /// Returns path and query of all requests that were not taken.
    pub fn targets(&self) -> Vec<String> {
        let requests = self.state.requests();
        requests.kept.iter().map(|r| r.target.clone()).collect()
    }

    /// Returns the bodies of all requests that were not taken.
    pub fn bodies(&self) -> Vec<String> {
        self.state
            .requests()
            .kept
            .iter()
            .map(Request::text)
            .collect()
    }

    /// Returns the last request.
    pub fn last(&self) -> Request {
        self.requests().pop().expect("a request")
    }

    /// Returns the only request that was not taken.
    pub fn single(&self) -> Request {
        let requests = self.requests();
        let [request] = &*requests else {
            panic!("{} requests in place of 1", requests.len());
        };
        request.clone()
    }

    /// Removes all requests from the record and returns them.
    pub fn take(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.requests().kept)
    }

    /// Removes the only request from the record and returns it.
    pub fn take_single(&self) -> Request {
        let request = self.single();
        self.take();
        request
    }
}

impl State {
    fn requests(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().expect("a lock without panics")
    }

    async fn accept(self: Arc<Self>, listener: TcpListener) {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(self.clone().serve(socket));
        }
    }

    async fn serve(self: Arc<Self>, socket: TcpStream) {
        // Without it, the second write of a reply waits for the acknowledgement of the first.
        let _ = socket.set_nodelay(true);
        let mut socket = BufReader::new(socket);
        while let Some(mut request) = Request::read_from(&mut socket).await {
            {
                let mut requests = self.requests();
                request.index = requests.count;
                requests.count += 1;
                requests.kept.push(request.clone());
            }
            if let Some(gate) = &self.gate {
                tokio::select! {
                    permit = gate.acquire() => permit.expect("an open gate").forget(),
                    // The client closed the connection.
                    _ = socket.fill_buf() => return,
                }
            }
            let reply = (self.script)(&request);
            if !reply.write_to(&mut socket).await {
                return;
            }
        }
    }
}
