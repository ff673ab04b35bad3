//! A server on loopback, in the runtime of the thread that asks it, which answers with the bytes it is given.

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

/// The token of every call that does not renew one.
pub(crate) const TOKEN: &str = "pit-5ecret-0f-fuzz1ng-0001";

/// The server, its runtime, and connections to it. One for each thread, kept from input to input.
pub(crate) struct Stub {
    runtime: Runtime,
    tasks: LocalSet,
    client: Client,
    address: String,
    script: Rc<RefCell<Script>>,
}

#[derive(Default)]
struct Script {
    answers: VecDeque<Vec<u8>>,
    /// The first line of each request.
    seen: Vec<String>,
}

impl Stub {
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
        let answers = script.clone();
        tasks.spawn_local(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::task::spawn_local(serve(connection, answers.clone()));
            }
        });
        let client = Client::builder().no_proxy().build().expect("a client");
        Stub {
            runtime,
            tasks,
            client,
            address,
            script,
        }
    }

    /// A builder of a handle that sends everything here, once.
    pub(crate) fn builder(&self) -> HandleBuilder {
        Handle::builder()
            .base_url(self.address.as_str())
            .http_client(self.client.clone())
            .limits(RateLimitSettings::unlimited())
            .retry(NoRetry)
    }

    /// A handle with a private token and no limits.
    pub(crate) fn handle(&self) -> Handle {
        let builder = self.builder().private_token(TOKEN);
        builder.build().expect("settings that are valid")
    }

    /// Runs a future against the answers, which are given in their order. Requests beyond them are answered with `{}`.
    pub(crate) fn run<T>(&self, answers: Vec<Vec<u8>>, work: impl Future<Output = T>) -> T {
        *self.script.borrow_mut() = Script {
            answers: answers.into(),
            seen: Vec::new(),
        };
        self.tasks.block_on(&self.runtime, work)
    }

    /// Method and target of each request of the last run.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.script.borrow().seen.clone()
    }
}

/// Hands out the stub of this thread.
pub(crate) fn with<T>(work: impl FnOnce(&Stub) -> T) -> T {
    thread_local! {
        static STUB: Stub = Stub::new();
    }
    STUB.with(work)
}

/// A whole answer. Headers that HTTP does not allow are left out, and so are those of the framing.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut answer = format!(
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
            answer.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    answer.push_str("\r\n");
    let mut answer = answer.into_bytes();
    answer.extend_from_slice(body);
    answer
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
        let answer = {
            let mut script = script.borrow_mut();
            script
                .seen
                .push(head.lines().next().unwrap_or_default().to_owned());
            script.answers.pop_front()
        };
        let answer = answer.unwrap_or_else(answer_of_nothing);
        if connection.write_all(&answer).await.is_err() {
            return;
        }
    }
}

fn answer_of_nothing() -> Vec<u8> {
    answer(200, &[], b"{}")
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len())
        .position(|window| window == wanted)
}
