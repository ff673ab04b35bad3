//! A server on this machine that answers as it is told, well or badly.

use std::{
    collections::{BTreeMap, HashMap},
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use tokio::sync::watch;

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// 200 with this body.
    Body(Vec<u8>),
    /// This status line and these header lines, with a small HTML body.
    Status(&'static str, &'static str),
    /// 200, says how much will come, sends this, and hangs up.
    CutOff(Vec<u8>),
    /// Never answers.
    Silence,
    /// 200, does not say how much will come, and sends more than anybody wants.
    Flood,
    /// 200, and then byte after byte for ever; each is told to the clock as one second.
    Drip(Clock),
    /// 302 to this address.
    Redirect(String),
}

impl From<String> for Answer {
    fn from(body: String) -> Self {
        Self::Body(body.into_bytes())
    }
}

/// A clock that stands still until it is moved.
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

    /// Waits until others have moved it that far.
    pub(crate) async fn passed(&self, time: Duration) {
        let until = self.now() + time;
        let mut now = self.0.subscribe();
        let passed = now.wait_for(|now| *now >= until).await;
        passed.expect("the clock is there");
    }
}

type Script = Arc<Mutex<HashMap<String, Vec<Answer>>>>;
type Seen = Arc<Mutex<BTreeMap<String, usize>>>;

pub(crate) struct Server {
    port: u16,
    script: Script,
    seen: Seen,
}

impl Server {
    /// A server that knows no path yet.
    pub(crate) fn start() -> Self {
        Self::serve(None)
    }

    /// A server of the files in a folder.
    pub(crate) fn of_folder(folder: PathBuf) -> Self {
        Self::serve(Some(folder))
    }

    fn serve(folder: Option<PathBuf>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (script, seen) = (Script::default(), Seen::default());
        let server = Self {
            port,
            script: script.clone(),
            seen: seen.clone(),
        };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, seen, folder) = (script.clone(), seen.clone(), folder.clone());
                thread::spawn(move || handle(stream, &script, &seen, folder));
            }
        });
        server
    }

    /// Answers `path` with these in turn, the last of them from then on.
    pub(crate) fn on(&self, path: &str, answers: impl IntoIterator<Item = Answer>) -> &Self {
        let mut answers: Vec<Answer> = answers.into_iter().collect();
        answers.reverse();
        self.script
            .lock()
            .expect("not poisoned")
            .insert(path.to_owned(), answers);
        self
    }

    /// Answers the address of a module's interface with this body.
    pub(crate) fn module(&self, name: &str, interface: String) -> &Self {
        self.on(&format!("/{name}/openapi.json"), [interface.into()])
    }

    /// How often a path was asked for.
    pub(crate) fn seen(&self, path: &str) -> usize {
        self.seen
            .lock()
            .expect("not poisoned")
            .get(path)
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What `--source` takes.
    pub(crate) fn source(&self) -> String {
        self.address("/{module}/openapi.json")
    }
}

fn handle(
    mut stream: TcpStream,
    script: &Script,
    seen: &Seen,
    folder: Option<PathBuf>,
) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut request = String::new();
    reader.read_line(&mut request).ok()?;
    let mut header = String::new();
    while reader.read_line(&mut header).ok()? > 2 {
        header.clear();
    }
    let path = request.split(' ').nth(1)?.to_owned();
    *seen.lock().ok()?.entry(path.clone()).or_default() += 1;
    let answer = match folder {
        Some(folder) => std::fs::read(folder.join(path.trim_start_matches('/')))
            .ok()
            .map(Answer::Body),
        None => {
            let mut script = script.lock().ok()?;
            script.get_mut(&path).and_then(|left| {
                if left.len() > 1 {
                    left.pop()
                } else {
                    left.last().cloned()
                }
            })
        }
    };
    let head = |status: &str, headers: &str, length: usize| {
        format!(
            "HTTP/1.1 {status}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
        )
    };
    const PAGE: &str = "<html><body>no</body></html>";
    match answer.unwrap_or(Answer::Status("404 Not Found", "")) {
        Answer::Body(body) => {
            stream
                .write_all(
                    head("200 OK", "content-type: application/json\r\n", body.len()).as_bytes(),
                )
                .ok()?;
            stream.write_all(&body).ok()
        }
        Answer::Status(status, headers) => {
            stream
                .write_all(head(status, headers, PAGE.len()).as_bytes())
                .ok()?;
            stream.write_all(PAGE.as_bytes()).ok()
        }
        Answer::CutOff(body) => {
            stream
                .write_all(head("200 OK", "", body.len() + 100).as_bytes())
                .ok()?;
            stream.write_all(&body).ok()
        }
        Answer::Silence => {
            // Until the other side gives up.
            let mut line = String::new();
            reader.read_line(&mut line).ok().map(drop)
        }
        Answer::Flood => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
                .ok()?;
            while stream.write_all(&[b' '; 8192]).is_ok() {}
            Some(())
        }
        Answer::Drip(clock) => {
            stream
                .write_all(head("200 OK", "", 1_000_000).as_bytes())
                .ok()?;
            while stream.write_all(b" ").is_ok() {
                clock.advance(Duration::from_secs(1));
            }
            Some(())
        }
        Answer::Redirect(to) => {
            let location = format!("location: {to}\r\n");
            stream
                .write_all(head("302 Found", &location, 0).as_bytes())
                .ok()
        }
    }
}
