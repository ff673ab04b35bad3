//! Plain reqwest and this client, with the same settings, and their server on loopback.

use std::time::Duration;

use hoopai::rate_limit::RateLimitSettings;
use hoopai::{Client, reqwest};
use hoopai_test_support::{Reply, Server};
use serde::Deserialize;
use tokio::runtime::Runtime;

pub(crate) const TOKEN: &str = "pit-0000";
pub(crate) const LOCATION: &str = "Lq3Tz8Wn5Rk1Yb6Hd0Vx";

pub(crate) struct Bench {
    pub(crate) runtime: Runtime,
    server: Server,
    pub(crate) plain: reqwest::Client,
    pub(crate) ours: Client,
}

impl Bench {
    /// Starts a server that replies with the body whose index `select` computes from path and
    /// query.
    pub(crate) fn new(bodies: impl IntoIterator<Item = String>, select: fn(&str) -> usize) -> Self {
        let replies: Vec<Reply> = bodies.into_iter().map(Reply::from).collect();
        let server = Server::on_thread(move |request| replies[select(&request.target)].clone());
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
            .base_url(&*server.url)
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
            server,
            plain,
            ours,
        }
    }

    /// Frees the requests that the server has recorded. Otherwise its memory grows, and later
    /// measurements are slower.
    pub(crate) fn free_requests(&self) {
        drop(self.server.take());
    }

    /// Sends a request with plain reqwest, and returns the body of the reply.
    pub(crate) async fn get_plain(&self, path_and_query: &str) -> impl AsRef<[u8]> {
        let url = format!("{}{path_and_query}", self.server.url);
        let request = self.plain.get(url);
        let request = request
            .bearer_auth(TOKEN)
            .header("Version", "2021-07-28")
            .header("Accept", "application/json");
        let reply = request.send().await.unwrap();
        reply.error_for_status().unwrap().bytes().await.unwrap()
    }
}

/// A custom field of a plain client.
#[derive(Deserialize)]
pub(crate) struct PlainField {
    id: String,
    value: serde_json::Value,
}
