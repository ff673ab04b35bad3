//! A server on loopback that sends scripted replies, in the runtime of the current thread.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::reqwest::Client;
use hoopai_runtime::retry::NoRetry;
use hoopai_runtime::{Handle, HandleBuilder};
use hoopai_test_support::{Reply, Server};
use tokio::runtime::{Builder, Runtime};

/// The private token of all calls.
pub(crate) const TOKEN: &str = "pit-5ecret-0f-fuzz1ng-0001";

/// The server, its runtime and its client. Each thread reuses one for all inputs.
pub(crate) struct StubServer {
    runtime: Runtime,
    client: Client,
    server: Server,
    replies: Arc<Mutex<VecDeque<Vec<u8>>>>,
}

impl StubServer {
    fn new() -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let replies = Arc::<Mutex<VecDeque<Vec<u8>>>>::default();
        let script = replies.clone();
        let context = runtime.enter();
        let server = Server::start(move |_| {
            let next = script
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop_front();
            Reply::raw(next.unwrap_or_else(|| reply(200, &[], b"{}")))
        });
        drop(context);
        StubServer {
            runtime,
            client: Client::builder().no_proxy().build().expect("a client"),
            server,
            replies,
        }
    }

    /// Returns a builder of a handle for this server, without rate limits and retries.
    pub(crate) fn builder(&self) -> HandleBuilder {
        Handle::builder()
            .base_url(self.server.url.as_str())
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
        let mut script = self.replies.lock().unwrap_or_else(PoisonError::into_inner);
        *script = replies.into();
        drop(script);
        self.server.take();
        self.runtime.block_on(work)
    }

    /// Returns the targets of the requests of the last run.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.server.targets()
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
