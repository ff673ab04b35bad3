//! A server that misbehaves on purpose, for the tests in `it/`.
//!
//! It shares no code with `hoopai-mock` and uses nothing of the interface: it reads a request from the socket, as bytes, and
//! writes the bytes that a test gives it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query, not decoded.
    pub target: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body, without chunk framing.
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(other, _)| other == name)
            .map(|(_, value)| &**value)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A field of a body that is an URL-encoded form, as it was sent.
    pub fn form(&self, name: &str) -> Option<String> {
        let text = self.text();
        let mut pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(other, _)| *other == name)
            .map(|(_, value)| value.to_owned())
    }
}

/// A step of a reply.
#[derive(Clone, Debug)]
enum Step {
    Write(Vec<u8>),
    Wait(Duration),
    /// Never goes on; the connection stays open.
    Hang,
    /// Closes the connection.
    Close,
}

/// What the server does with a request: bytes that it writes, and what happens between and after them.
#[derive(Clone, Debug, Default)]
pub struct Reply(Vec<Step>);

impl Reply {
    /// A well-formed JSON reply.
    pub fn json(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self::with(status, &[], body)
    }

    /// A well-formed JSON reply with further headers. The connection stays open.
    pub fn with(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut head = format!(
            "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        Self::default().write(head).write(body)
    }

    /// Writes these bytes as they are.
    pub fn write(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.0.push(Step::Write(bytes.as_ref().to_vec()));
        self
    }

    /// Waits before what follows.
    pub fn wait(mut self, time: Duration) -> Self {
        self.0.push(Step::Wait(time));
        self
    }

    /// Never says anything more.
    pub fn hang(mut self) -> Self {
        self.0.push(Step::Hang);
        self
    }

    /// Closes the connection.
    pub fn close(mut self) -> Self {
        self.0.push(Step::Close);
        self
    }
}

type Script = dyn Fn(&Request) -> Reply + Send + Sync;

/// A server on loopback. It ends with the runtime of the test.
pub struct Server {
    /// Where it listens, as in `http://127.0.0.1:12345`.
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Starts a server that makes its replies of the requests.
    pub async fn start(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port on loopback");
        let address = listener.local_addr().expect("a bound address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, script): (_, Arc<Script>) = (requests.clone(), Arc::new(script));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, seen.clone(), script.clone()));
            }
        });
        Server {
            url: format!("http://{address}"),
            requests,
        }
    }

    /// All requests so far, in the order in which they arrived.
    pub fn requests(&self) -> Vec<Request> {
        self.requests
            .lock()
            .expect("no test panics in here")
            .clone()
    }

    /// How many requests there were.
    pub fn count(&self) -> usize {
        self.requests.lock().expect("no test panics in here").len()
    }
}

async fn serve(mut socket: TcpStream, seen: Arc<Mutex<Vec<Request>>>, script: Arc<Script>) {
    // Head and body are written apart, and the second would wait for the first to be acknowledged.
    let _ = socket.set_nodelay(true);
    while let Some(request) = read_request(&mut socket).await {
        seen.lock()
            .expect("no test panics in here")
            .push(request.clone());
        if !write_reply(&mut socket, script(&request)).await {
            return;
        }
    }
}

/// Writes a reply. `false`: the connection is not to be used further.
pub async fn write_reply(socket: &mut (impl AsyncWrite + Unpin), reply: Reply) -> bool {
    for step in reply.0 {
        match step {
            Step::Write(bytes) => {
                if socket.write_all(&bytes).await.is_err() || socket.flush().await.is_err() {
                    return false;
                }
            }
            Step::Wait(time) => tokio::time::sleep(time).await,
            Step::Hang => std::future::pending().await,
            Step::Close => {
                let _ = socket.shutdown().await;
                return false;
            }
        }
    }
    true
}

/// Reads one request of HTTP/1.1. `None`: the connection is over.
pub async fn read_request(socket: &mut (impl AsyncRead + Unpin)) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut request = Request {
        method,
        target,
        headers,
        body: Vec::new(),
    };
    if let Some(length) = request.header("content-length") {
        request.body = vec![0; length.parse().ok()?];
        socket.read_exact(&mut request.body).await.ok()?;
    } else if request.header("transfer-encoding") == Some("chunked") {
        while let Some(chunk) = read_chunk(socket).await? {
            request.body.extend(chunk);
        }
    }
    Some(request)
}

async fn read_chunk(socket: &mut (impl AsyncRead + Unpin)) -> Option<Option<Vec<u8>>> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(socket.read_u8().await.ok()?);
    }
    let digits = String::from_utf8_lossy(&line);
    let length = usize::from_str_radix(digits.trim(), 16).ok()?;
    let mut chunk = vec![0; length + 2];
    socket.read_exact(&mut chunk).await.ok()?;
    chunk.truncate(length);
    Some((length > 0).then_some(chunk))
}
