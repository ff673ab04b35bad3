//! A server on loopback that sends scripted replies, in the runtime of the current thread.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::reqwest::Client;
use hoopai_runtime::retry::NoRetry;
use hoopai_runtime::{Handle, HandleBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

/// The private token of all calls.
pub(crate) const TOKEN: &str = "pit-5ecret-0f-fuzz1ng-0001";

/// The server, its runtime and its client. Each thread reuses one for all inputs.
pub(crate) struct StubServer {
    runtime: Runtime,
    tasks: LocalSet,
    client: Client,
    address: String,
    script: Rc<RefCell<Script>>,
}

#[derive(Default)]
struct Script {
    replies: VecDeque<Vec<u8>>,
    /// The first line of each request.
    seen: Vec<String>,
}

impl StubServer {
    fn new() -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let tasks = LocalSet::new();
        let script = Rc::<RefCell<Script>>::default();
        let listener = tasks
            .block_on(&runtime, TcpListener::bind("127.0.0.1:0"))
            .expect("a port on loopback");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = script.clone();
        tasks.spawn_local(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::task::spawn_local(serve(connection, shared.clone()));
            }
        });
        let client = Client::builder().no_proxy().build().expect("a client");
        StubServer {
            runtime,
            tasks,
            client,
            address,
            script,
        }
    }

    /// Returns a builder of a handle for this server, without rate limits and retries.
    pub(crate) fn builder(&self) -> HandleBuilder {
        Handle::builder()
            .base_url(self.address.as_str())
            .http_client(self.client.clone())
            .limits(RateLimitSettings::unlimited())
            .retry(NoRetry)
    }

    /// Returns a handle with a private token, without rate limits and retries.
    pub(crate) fn handle(&self) -> Handle {
        let builder = self.builder().private_token(TOKEN);
        builder.build().expect("settings that are valid")
    }

    /// Runs a future while the server sends these replies in order, and `{}` after them.
    pub(crate) fn run<T>(&self, replies: Vec<Vec<u8>>, work: impl Future<Output = T>) -> T {
        *self.script.borrow_mut() = Script {
            replies: replies.into(),
            seen: Vec::new(),
        };
        self.tasks.block_on(&self.runtime, work)
    }

    /// Returns the request lines of the last run.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.script.borrow().seen.clone()
    }
}

/// Calls a function with the server of this thread.
pub(crate) fn with<T>(work: impl FnOnce(&StubServer) -> T) -> T {
    thread_local! {
        static SERVER: StubServer = StubServer::new();
    }
    SERVER.with(work)
}

/// Encodes a reply. Invalid headers and those of the message framing are omitted.
pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut reply = format!(
        "HTTP/1.1 {status} Status\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        let framing = [
            "content-length",
            "transfer-encoding",
            "connection",
            "content-encoding",
        ];
        let plain =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let named = plain(name)
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !framing.contains(&name.to_ascii_lowercase().as_str());
        if named && !value.bytes().any(|byte| byte.is_ascii_control()) {
            reply.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    reply.push_str("\r\n");
    let mut reply = reply.into_bytes();
    reply.extend_from_slice(body);
    reply
}

async fn serve(mut connection: TcpStream, script: Rc<RefCell<Script>>) {
    let mut pending = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = find(&pending, b"\r\n\r\n") {
                let body = pending.split_off(end + 4);
                break std::mem::replace(&mut pending, body);
            }
            if connection.read_buf(&mut pending).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let head = String::from_utf8_lossy(&head).into_owned();
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.trim().parse().ok())
            .unwrap_or(0);
        while pending.len() < length {
            if connection.read_buf(&mut pending).await.unwrap_or(0) == 0 {
                return;
            }
        }
        pending.drain(..length);
        let reply = {
            let mut script = script.borrow_mut();
            script
                .seen
                .push(head.lines().next().unwrap_or_default().to_owned());
            script.replies.pop_front()
        };
        let reply = reply.unwrap_or_else(|| self::reply(200, &[], b"{}"));
        if connection.write_all(&reply).await.is_err() {
            return;
        }
    }
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    text.windows(pattern.len())
        .position(|window| window == pattern)
}
