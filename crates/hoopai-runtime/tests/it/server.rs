//! A server on loopback that notes what it is asked and answers what it is told to.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use hoopai_runtime::reqwest::Url;
use hoopai_runtime::retry::NoRetry;
use hoopai_runtime::{Handle, HandleBuilder};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::api::Client;

pub(crate) const TOKEN: &str = "pit-5ecret-t0ken-0001";
pub(crate) const LOCATION: &str = "Lq3Tz8Wn5Rk1Yb6Hd0Vx";

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query, not decoded.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// A query parameter, decoded.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let url = Url::parse(&format!("http://localhost{}", self.target)).unwrap();
        let mut pairs = url.query_pairs();
        pairs
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.into_owned())
    }

    /// A query parameter that is a number.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        Some(self.query(name)?.parse().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// What the server answers, to every request.
#[derive(Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Answer {
            status,
            headers: vec![("content-type", "application/json".into())],
            body: body.into(),
        }
    }

    pub(crate) fn json(body: &str) -> Self {
        Answer::new(200, body)
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.into()));
        self
    }
}

type Shared = Arc<Mutex<Vec<Seen>>>;

/// What makes the answer to a request.
type Script = Arc<dyn Fn(&Seen) -> Answer + Send + Sync>;

pub(crate) struct Server {
    pub(crate) url: String,
    seen: Shared,
    gate: Arc<Semaphore>,
}

impl Server {
    pub(crate) async fn start(answer: Answer) -> Self {
        Self::scripted(move |_| answer.clone()).await
    }

    /// A server that makes its answers of the requests.
    pub(crate) async fn scripted(script: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let server = Self::held(script).await;
        server.let_through(Semaphore::MAX_PERMITS / 2);
        server
    }

    /// The same, and it answers no more requests than it is told to.
    pub(crate) async fn held(script: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let (seen, gate) = (Shared::default(), Arc::new(Semaphore::new(0)));
        let script: Script = Arc::new(script);
        let app = Router::new()
            .fallback(note)
            .with_state((seen.clone(), gate.clone(), script));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Server { url, seen, gate }
    }

    /// Lets so many more requests be answered.
    pub(crate) fn let_through(&self, requests: usize) {
        self.gate.add_permits(requests);
    }

    /// Waits until so many requests came.
    pub(crate) async fn has_seen(&self, requests: usize) {
        for _ in 0..1_000_000 {
            if self.count() >= requests {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("{} requests in place of {requests}", self.count());
    }

    /// Paths and queries of all requests.
    pub(crate) fn targets(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|seen| seen.target.clone()).collect()
    }

    /// Bodies of all requests.
    pub(crate) fn texts(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|seen| seen.text().to_owned()).collect()
    }

    /// A server that answers an empty object.
    pub(crate) async fn plain() -> Self {
        Self::start(Answer::json("{}")).await
    }

    /// Settings for a call that is sent once.
    pub(crate) fn builder(&self) -> HandleBuilder {
        Handle::builder()
            .private_token(TOKEN)
            .base_url(&*self.url)
            .retry(NoRetry)
    }

    /// A client without default location.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.builder().build().unwrap())
    }

    /// A client with default location.
    pub(crate) fn located(&self) -> Client {
        Client::new(self.builder().location(LOCATION).build().unwrap())
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// The only request.
    pub(crate) fn seen(&self) -> Seen {
        let seen = self.seen.lock().unwrap();
        assert_eq!(seen.len(), 1, "there must be one request");
        seen[0].clone()
    }

    /// The last request.
    pub(crate) fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().expect("a request").clone()
    }
}

async fn note(
    State((seen, gate, script)): State<(Shared, Arc<Semaphore>, Script)>,
    request: Request,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    let request = Seen {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: head.headers,
        body,
    };
    seen.lock().unwrap().push(request.clone());
    gate.acquire().await.unwrap().forget();
    let answer = script(&request);
    let mut reply = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        reply = reply.header(name, value);
    }
    reply.body(Body::from(answer.body)).unwrap()
}

/// A server that answers these bytes to the first request and closes the connection.
pub(crate) async fn raw(answer: &'static [u8]) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = socket.read(&mut request).await;
        let _ = socket.write_all(answer).await;
        let _ = socket.shutdown().await;
    });
    url
}

/// A server that takes connections and never answers.
pub(crate) async fn silent() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((socket, _)) = listener.accept().await {
            open.push(socket);
        }
    });
    url
}

/// A client of a server that is only an address.
pub(crate) fn client_at(url: &str) -> Client {
    Client::new(
        Handle::builder()
            .private_token(TOKEN)
            .location(LOCATION)
            .base_url(url)
            .retry(NoRetry)
            .build()
            .unwrap(),
    )
}
