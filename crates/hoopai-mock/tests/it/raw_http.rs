//! Requests as bytes, and the ends of their connections.

use std::io::ErrorKind;
use std::time::Duration;

use hoopai_mock::{LOCATION, Mock, TOKEN};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The end of a connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Closed,
    Reset,
}

/// A request with token, version and `User-Agent`.
pub(crate) fn signed(request: RequestBuilder) -> RequestBuilder {
    versioned(request, "2021-07-28")
}

/// A request with this version.
pub(crate) fn versioned(request: RequestBuilder, version: &str) -> RequestBuilder {
    request
        .bearer_auth(TOKEN)
        .header("version", version)
        .header("user-agent", "tests/1")
}

/// A request that lists contacts.
pub(crate) fn get(mock: &Mock) -> RequestBuilder {
    let url = format!("{}/contacts/?locationId={LOCATION}", mock.url());
    signed(reqwest::Client::new().get(url))
}

/// A request that creates a contact.
pub(crate) fn create(mock: &Mock) -> RequestBuilder {
    let body = json!({ "locationId": LOCATION, "firstName": "Ada", "email": "ada@example.com" });
    signed(reqwest::Client::new().post(format!("{}/contacts/", mock.url()))).json(&body)
}

pub(crate) async fn status(request: RequestBuilder) -> u16 {
    request.send().await.expect("a reply").status().as_u16()
}

pub(crate) async fn json(request: RequestBuilder) -> Value {
    request
        .send()
        .await
        .expect("a reply")
        .json()
        .await
        .expect("JSON")
}

/// A `GET` of contacts as bytes.
pub(crate) fn get_bytes() -> String {
    format!(
        "GET /contacts/?locationId={LOCATION} HTTP/1.1\r\nhost: mock\r\nuser-agent: tests/1\r\n\
         authorization: Bearer {TOKEN}\r\nversion: 2021-07-28\r\n\r\n"
    )
}

pub(crate) async fn connect(mock: &Mock) -> TcpStream {
    let address = mock.url().replace("http://", "");
    TcpStream::connect(address).await.expect("a connection")
}

/// Reads until the connection ends.
pub(crate) async fn read_to_end(stream: &mut TcpStream) -> (String, End) {
    let mut all = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = timeout(Duration::from_secs(10), stream.read(&mut piece)).await;
        match read.expect("the connection ends in time") {
            Ok(0) => return (String::from_utf8_lossy(&all).into_owned(), End::Closed),
            Ok(length) => all.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                return (String::from_utf8_lossy(&all).into_owned(), End::Reset);
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Sends bytes, and reads until the connection ends.
pub(crate) async fn exchange(mock: &Mock, request: &str) -> (String, End) {
    let mut stream = connect(mock).await;
    stream
        .write_all(request.as_bytes())
        .await
        .expect("the request goes out");
    read_to_end(&mut stream).await
}
