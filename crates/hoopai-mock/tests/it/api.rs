//! A mock server, and a client that sends its private token.

use hoopai_mock::{Mock, MockBuilder, Seeder, TOKEN};
use reqwest::{Client, Method};
use serde_json::Value;

use crate::support::{Reply, call, client};

pub(crate) struct Api {
    pub(crate) mock: Mock,
    pub(crate) client: Client,
}

impl Api {
    pub(crate) async fn start() -> Self {
        Self::start_with(Mock::builder()).await
    }

    pub(crate) async fn start_with(builder: MockBuilder) -> Self {
        Self {
            mock: builder.start().await.expect("a server"),
            client: client(),
        }
    }

    pub(crate) fn seed(&self) -> Seeder<'_> {
        self.mock.seed()
    }

    /// Sends a request, with a body unless it is null.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Reply {
        self.send_as(TOKEN, method, path, body).await
    }

    /// Sends a request with a token.
    pub(crate) async fn send_as(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Reply {
        let request = call(&self.client, &self.mock, method, path, token);
        let has_body = !body.is_null();
        Reply::of(if has_body {
            request.json(body)
        } else {
            request
        })
        .await
    }

    /// Returns the body of a successful reply.
    async fn body(&self, method: Method, path: &str, body: &Value) -> Value {
        let reply = self.send(method, path, body).await;
        assert!(
            reply.status < 300,
            "{path}: {} {}",
            reply.status,
            reply.text
        );
        reply.json()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.body(Method::GET, path, &Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.body(Method::POST, path, &body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Value {
        self.body(Method::PUT, path, &body).await
    }

    pub(crate) async fn delete(&self, path: &str, body: Value) -> Value {
        self.body(Method::DELETE, path, &body).await
    }
}
