//! Helpers of the tests: a client with a `User-Agent`, and replies.

use hoopai_mock::{CLIENT_ID, CLIENT_SECRET, Mock};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

/// A client with a User-Agent; it does not follow redirects.
pub(crate) fn client() -> Client {
    Client::builder()
        .user_agent("hoopai-mock-tests")
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client")
}

/// A reply with its whole body.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("a reply");
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.expect("a body"),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    /// Returns a text field of the body; empty if it is missing.
    pub(crate) fn field(&self, name: &str) -> String {
        let value = self.json();
        value[name].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Returns a header as a number.
    pub(crate) fn number(&self, name: &str) -> u64 {
        let value = self.header(name).expect(name);
        value.parse().expect("a number")
    }

    /// Asserts the status of an error, and the beginning of its message.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, message: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        let own = self.field("message");
        assert!(own.starts_with(message), "{own} is not {message}");
    }
}

/// Creates a request with token and version.
pub(crate) fn call(
    client: &Client,
    mock: &Mock,
    method: Method,
    path: &str,
    token: &str,
) -> RequestBuilder {
    client
        .request(method, format!("{}{path}", mock.url()))
        .bearer_auth(token)
        .header("Version", "2021-07-28")
}

/// Sends a `GET` with token and version.
pub(crate) async fn get(client: &Client, mock: &Mock, path: &str, token: &str) -> Reply {
    Reply::of(call(client, mock, Method::GET, path, token)).await
}

/// Sends a form to the token endpoint with the credentials of the server's default app.
pub(crate) async fn token(client: &Client, mock: &Mock, pairs: &[(&str, &str)]) -> Reply {
    let app = [("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)];
    token_as(client, mock, &[&app, pairs].concat()).await
}

/// Sends a form to the token endpoint.
pub(crate) async fn token_as(client: &Client, mock: &Mock, pairs: &[(&str, &str)]) -> Reply {
    let url = format!("{}/oauth/token", mock.url());
    Reply::of(form(client.post(url), pairs)).await
}

/// Sets a urlencoded body.
pub(crate) fn form(request: RequestBuilder, pairs: &[(&str, &str)]) -> RequestBuilder {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(pairs);
    request
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(body.finish())
}
