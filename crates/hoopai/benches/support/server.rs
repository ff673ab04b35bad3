//! Plain reqwest and this client, with the same settings, and a server on loopback that both call.

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
    /// A server that answers one of these bodies, which `which` chooses by the head of the request.
    pub(crate) fn new(bodies: impl IntoIterator<Item = String>, which: fn(&str) -> usize) -> Self {
        let url = server(bodies.into_iter().map(reply).collect(), which);
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
            // The limiter works and never delays a call.
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

/// A server on a thread of its own.
fn server(replies: Vec<Vec<u8>>, which: fn(&str) -> usize) -> String {
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
                    let mut held = 0;
                    while let Ok(read @ 1..) = socket.read(&mut buffer[held..]).await {
                        held += read;
                        if buffer[..held].ends_with(b"\r\n\r\n") {
                            let reply = which(&String::from_utf8_lossy(&buffer[..held]));
                            held = 0;
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
