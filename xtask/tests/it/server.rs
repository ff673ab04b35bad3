//! A server of interface files, and a manual clock.

use std::{
    collections::{HashMap, VecDeque},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use hoopai_test_support::Reply;
use tokio::sync::watch;

const HTML: &str = "<html><body>no</body></html>";

/// An HTML page with this status.
pub(crate) fn status(status: u16) -> Reply {
    Reply::with_headers(status, &[], HTML)
}

/// The same, with a `retry-after` header.
pub(crate) fn retry_after(status: u16, seconds: &str) -> Reply {
    Reply::with_headers(status, &[("retry-after", seconds)], HTML)
}

/// A body that ends before its announced length.
pub(crate) fn cut_off(body: &[u8]) -> Reply {
    let length = body.len() + 100;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
    Reply::raw(head).write(body).close()
}

/// An endless body.
pub(crate) fn flood() -> Reply {
    Reply::raw("HTTP/1.1 200 OK\r\n\r\n").repeat([b' '; 8192], || ())
}

/// An endless body of one byte per second of the clock.
pub(crate) fn drip(clock: &Clock) -> Reply {
    let clock = clock.clone();
    Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
        .repeat(" ", move || clock.advance(Duration::from_secs(1)))
}

pub(crate) fn redirect(to: &str) -> Reply {
    Reply::with_headers(302, &[("location", to)], "")
}

/// A clock that moves only by [`Clock::advance`].
#[derive(Clone, Debug)]
pub(crate) struct Clock(Arc<watch::Sender<Duration>>);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::channel(Duration::ZERO).0))
    }

    pub(crate) fn now(&self) -> Duration {
        *self.0.borrow()
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now += by);
    }

    /// Waits until other tasks have moved the clock by this time.
    pub(crate) async fn passed(&self, time: Duration) {
        let until = self.now() + time;
        let mut now = self.0.subscribe();
        let passed = now.wait_for(|now| *now >= until).await;
        passed.expect("the clock exists");
    }
}

/// The replies of each path, in order. The last one is repeated.
type Replies = Arc<Mutex<HashMap<String, VecDeque<Reply>>>>;

pub(crate) struct Server {
    server: hoopai_test_support::Server,
    replies: Replies,
}

impl Server {
    /// Starts a server that replies with 404 to all paths.
    pub(crate) fn start() -> Self {
        let replies = Replies::default();
        let scripted = replies.clone();
        let server = hoopai_test_support::Server::on_thread(move |request| {
            let mut scripted = scripted.lock().expect("a lock without panics");
            match scripted.get_mut(&request.target) {
                Some(replies) if replies.len() > 1 => replies.pop_front(),
                Some(replies) => replies.front().cloned(),
                None => None,
            }
            .unwrap_or_else(|| status(404))
        });
        Self { server, replies }
    }

    /// Starts a server of the files in a folder.
    pub(crate) fn of_folder(folder: PathBuf) -> Self {
        let server = hoopai_test_support::Server::on_thread(move |request| {
            let file = std::fs::read(folder.join(request.target.trim_start_matches('/')));
            file.map_or_else(|_| status(404), |body| Reply::json(200, body))
        });
        let replies = Replies::default();
        Self { server, replies }
    }

    /// Sets the replies of `path`. The last one is repeated.
    pub(crate) fn on(&self, path: &str, replies: impl IntoIterator<Item = Reply>) -> &Self {
        let replies = replies.into_iter().collect();
        let mut scripted = self.replies.lock().expect("a lock without panics");
        scripted.insert(path.to_owned(), replies);
        self
    }

    /// Sets the interface file of a module.
    pub(crate) fn module(&self, name: &str, interface: String) -> &Self {
        self.on(&format!("/{name}/openapi.json"), [interface.into()])
    }

    /// Returns the number of requests for a path.
    pub(crate) fn count(&self, path: &str) -> usize {
        let targets = self.server.targets();
        targets.iter().filter(|target| *target == path).count()
    }

    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.server.url)
    }

    /// Returns the value for `--source`.
    pub(crate) fn source(&self) -> String {
        self.address("/{module}/openapi.json")
    }
}
