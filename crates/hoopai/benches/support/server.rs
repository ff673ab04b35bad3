//! Plain reqwest and this client, with the same settings, and their server on loopback.

use std::time::Duration;

use hoopai::rate_limit::RateLimitSettings;
use hoopai::{Client, reqwest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub(crate) const TOKEN: &str = "pit-0000";
pub(crate) const LOCATION: &str = "Lq3Tz8Wn5Rk1Yb6Hd0Vx";

pub(crate) struct Bench {
    pub(crate) runtime: Runtime,
    pub(crate) url: String,
    pub(crate) plain: reqwest::Client,
    pub(crate) ours: Client,
}

impl Bench {
    /// Starts a server that replies with the body whose index `select` computes from the request.
    pub(crate) fn new(bodies: impl IntoIterator<Item = String>, select: fn(&str) -> usize) -> Self {
        let url = server(bodies.into_iter().map(reply).collect(), select);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let plain = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .user_agent("bench")
            .build()
            .unwrap();
        let ours = Client::builder()
            .private_token(TOKEN)
            .location(LOCATION)
            .base_url(&*url)
            // The limiter is active but never delays a call.
            .limits(
                RateLimitSettings::default()
                    .max(1_000)
                    .interval(Duration::from_millis(10))
                    .daily(None)
                    .fixed(true),
            )
            .build()
            .unwrap();
        Bench {
            runtime,
            url,
            plain,
            ours,
        }
    }
}

fn reply(body: String) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Starts a server on its own thread.
fn server(replies: Vec<Vec<u8>>, select: fn(&str) -> usize) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let replies: &'static [Vec<u8>] = replies.leak();
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let mut buffer = vec![0; 8192];
                    let mut length = 0;
                    while let Ok(read @ 1..) = socket.read(&mut buffer[length..]).await {
                        length += read;
                        if buffer[..length].ends_with(b"\r\n\r\n") {
                            let reply = select(&String::from_utf8_lossy(&buffer[..length]));
                            length = 0;
                            if socket.write_all(&replies[reply]).await.is_err() {
                                return;
                            }
                        }
                    }
                });
            }
        });
    });
    url
}
