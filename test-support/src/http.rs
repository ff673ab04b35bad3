//! Requests and replies of HTTP/1.1 as bytes.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// The number of the request at its server, starting at 0.
    pub index: usize,
    /// The method, in upper case.
    pub method: String,
    /// Path and query, not decoded.
    pub target: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body, without chunk framing.
    pub body: Vec<u8>,
}

impl Request {
    /// Reads one request. Returns `None` at the end of the connection.
    pub async fn read_from(socket: &mut (impl AsyncRead + Unpin)) -> Option<Self> {
        let head = read_until(socket, b"\r\n\r\n").await?;
        let mut lines = head.lines();
        let mut words = lines.next()?.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut request = Request {
            index: 0,
            method,
            target,
            headers,
            body: Vec::new(),
        };
        if let Some(length) = request.header("content-length") {
            request.body = vec![0; length.parse().ok()?];
            socket.read_exact(&mut request.body).await.ok()?;
        } else if request.header("transfer-encoding") == Some("chunked") {
            loop {
                let digits = read_until(socket, b"\r\n").await?;
                let length = usize::from_str_radix(digits.trim(), 16).ok()?;
                let mut chunk = vec![0; length + 2];
                socket.read_exact(&mut chunk).await.ok()?;
                request.body.extend(&chunk[..length]);
                if length == 0 {
                    break;
                }
            }
        }
        Some(request)
    }

    /// Returns the first header with this lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(other, _)| other == name)
            .map(|(_, value)| &**value)
    }

    /// Returns the path, not decoded.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Returns a query parameter, decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        pair(query.as_bytes(), name)
    }

    /// Returns a query parameter that is a number.
    ///
    /// # Panics
    ///
    /// Panics if the parameter is not a number.
    pub fn number(&self, name: &str) -> Option<usize> {
        Some(self.query(name)?.parse().expect("a number"))
    }

    /// Returns a field of a URL-encoded form, decoded.
    pub fn form(&self, name: &str) -> Option<String> {
        pair(&self.body, name)
    }

    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the body as JSON.
    ///
    /// # Panics
    ///
    /// Panics if the body is not JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

fn pair(text: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(text)
        .find(|(other, _)| other == name)
        .map(|(_, value)| value.into_owned())
}

/// Reads text up to an end, which is included.
async fn read_until(socket: &mut (impl AsyncRead + Unpin), end: &[u8]) -> Option<String> {
    let mut text = Vec::new();
    while !text.ends_with(end) {
        text.push(socket.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// A step of a reply.
#[derive(Clone)]
enum Step {
    Write(Vec<u8>),
    Wait(Duration),
    Repeat(Vec<u8>, Arc<dyn Fn() + Send + Sync>),
    Hang,
    Close,
}

/// A reply as a list of steps. The connection stays open after the last step.
#[derive(Clone, Default)]
pub struct Reply(Vec<Step>);

impl Reply {
    /// Returns a well-formed JSON reply.
    pub fn json(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self::with_headers(status, &[], body)
    }

    /// Returns a well-formed reply with these headers. Its type is JSON unless they name another.
    pub fn with_headers(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut head = format!("HTTP/1.1 {status} \r\ncontent-length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            head.push_str("content-type: application/json\r\n");
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        Self::raw([head.as_bytes(), body].concat())
    }

    /// Returns a reply that consists of these bytes, head included.
    pub fn raw(bytes: impl AsRef<[u8]>) -> Self {
        Self::default().write(bytes)
    }

    /// Returns no reply: the connection stays open until the client closes it.
    pub fn silence() -> Self {
        Self::default().hang()
    }

    /// Writes these bytes as they are.
    pub fn write(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.0.push(Step::Write(bytes.as_ref().to_vec()));
        self
    }

    /// Delays the reply, in real time.
    pub fn after(mut self, delay: Duration) -> Self {
        self.0.insert(0, Step::Wait(delay));
        self
    }

    /// Writes these bytes until the client closes the connection. `then` is called after each
    /// write.
    pub fn repeat(
        mut self,
        bytes: impl AsRef<[u8]>,
        then: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let bytes = bytes.as_ref().to_vec();
        self.0.push(Step::Repeat(bytes, Arc::new(then)));
        self
    }

    /// Writes nothing more and keeps the connection open until the client closes it.
    pub fn hang(mut self) -> Self {
        self.0.push(Step::Hang);
        self
    }

    /// Closes the connection.
    pub fn close(mut self) -> Self {
        self.0.push(Step::Close);
        self
    }

    /// Writes the reply. Returns whether the connection can serve another request.
    pub async fn write_to(self, socket: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> bool {
        for step in self.0 {
            match step {
                Step::Write(bytes) => {
                    if !write(socket, &bytes).await {
                        return false;
                    }
                }
                Step::Wait(time) => tokio::time::sleep(time).await,
                Step::Repeat(bytes, then) => {
                    while write(socket, &bytes).await {
                        then();
                    }
                    return false;
                }
                Step::Hang => {
                    while socket.read_u8().await.is_ok() {}
                    return false;
                }
                Step::Close => {
                    let _ = socket.shutdown().await;
                    return false;
                }
            }
        }
        true
    }
}

/// A JSON reply with status 200.
impl From<String> for Reply {
    fn from(body: String) -> Self {
        Self::json(200, body)
    }
}

async fn write(socket: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> bool {
    socket.write_all(bytes).await.is_ok() && socket.flush().await.is_ok()
}
