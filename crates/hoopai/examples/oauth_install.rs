//! Installs an OAuth app, with a local server for the redirect URI:
//! `cargo run --example oauth_install`.
//!
//! With your OAuth app: set `HOOPAI_CLIENT_ID` and `HOOPAI_CLIENT_SECRET`, and register
//! `http://localhost:8734/callback` as its redirect URI, or set `HOOPAI_REDIRECT_URI` to another
//! local one. `HOOPAI_TOKENS` sets the folder of the tokens (default: `hoopai-tokens`).

mod common;

use std::time::Duration;

use common::{Result, credential, required_variable, variable, with_base_url};
use hoopai::auth::{AccountId, FileStore, OAuthApp, states_match};
use hoopai::reqwest::{self, Url};
use hoopai::{Client, ClientBuilder};
use hoopai_mock::{CLIENT_ID, CLIENT_SECRET, Mock};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The last two allow an agency to get the tokens of its locations.
const SCOPES: [&str; 4] = [
    "contacts.readonly",
    "locations.readonly",
    "oauth.readonly",
    "oauth.write",
];

#[tokio::main]
async fn main() -> Result {
    match credential("HOOPAI_CLIENT_ID")? {
        Some(id) => {
            let redirect = variable("HOOPAI_REDIRECT_URI")
                .unwrap_or_else(|| "http://localhost:8734/callback".to_owned());
            let port = Url::parse(&redirect)?
                .port()
                .ok_or("the redirect URI has no port")?;
            let listener = TcpListener::bind(("127.0.0.1", port)).await?;
            let app = OAuthApp::new(id, required_variable("HOOPAI_CLIENT_SECRET")?, redirect)
                .white_label();
            let folder = variable("HOOPAI_TOKENS").unwrap_or_else(|| "hoopai-tokens".to_owned());
            let builder = with_base_url(Client::builder()).token_store(FileStore::open(folder)?);
            install(builder.oauth_app(app), listener, false).await
        }
        None => {
            eprintln!(
                "Using a mock server; set HOOPAI_CLIENT_ID and HOOPAI_CLIENT_SECRET to use your OAuth app."
            );
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let redirect = format!("http://{}/callback", listener.local_addr()?);
            let mock = Mock::builder().app(CLIENT_ID, CLIENT_SECRET, &redirect, &SCOPES);
            let mock = mock.start().await?;
            let app = OAuthApp::new(CLIENT_ID, CLIENT_SECRET, redirect).chooser_host(mock.url());
            // The tokens of the mock server are deleted at the end.
            let folder = tempfile::tempdir()?;
            let builder = Client::builder().token_store(FileStore::open(folder.path())?);
            install(builder.oauth_app(app).base_url(mock.url()), listener, true).await
        }
    }
}

async fn install(builder: ClientBuilder, listener: TcpListener, simulate_user: bool) -> Result {
    let client = builder.build()?;
    let authorize = client.authorize_url(SCOPES)?;
    println!(
        "Open this URL and choose where to install the app:\n  {}",
        authorize.url
    );
    if simulate_user {
        // The page of the mock server redirects immediately.
        let browser = reqwest::Client::builder().user_agent("browser").build()?;
        tokio::spawn(browser.get(&authorize.url).send());
    }

    let code = loop {
        let (mut stream, _) = listener.accept().await?;
        // Browsers open connections in advance without sending a request.
        let read = tokio::time::timeout(Duration::from_secs(2), read(&mut stream));
        let Ok(Ok(Some(callback))) = read.await else {
            // Browsers also request an icon.
            reply(&mut stream, "404 Not Found", "Not found.").await;
            continue;
        };
        let of = |name: &str| {
            let mut pairs = callback.query_pairs();
            pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
        };
        let state = of("state").unwrap_or_default();
        match of("code") {
            // A callback with another state belongs to another request.
            Some(code) if states_match(&authorize.state, &state) => {
                reply(&mut stream, "200 OK", "Done. You can close this window.").await;
                break code;
            }
            _ => {
                reply(
                    &mut stream,
                    "400 Bad Request",
                    "The state of this callback is unknown.",
                )
                .await
            }
        }
    };

    // The tokens are stored when this returns.
    let installation = client.exchange_code(code).await?;
    match &installation.account {
        AccountId::Location(id) => {
            let locations = client.as_location(id).locations();
            let reply = locations.get_location().location_id(id).send().await?;
            let location = reply.location.as_ref();
            let name = location.and_then(|location| location.name.as_deref());
            println!("Installed in the location {}.", name.unwrap_or(id));
        }
        agency => println!("Installed in the agency {}.", agency.id()),
    }
    println!("Granted scopes: {}", installation.scopes.join(", "));
    // A token refresh must not be interrupted: the installation would be lost.
    client.handle().wait_idle(Duration::from_secs(10)).await;
    Ok(())
}

/// Reads the URL of a request; `None` if it has no query.
async fn read(stream: &mut TcpStream) -> std::io::Result<Option<Url>> {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await?;
    let path = line.split(' ').nth(1).unwrap_or_default();
    let url = Url::parse(&format!("http://localhost{path}")).ok();
    Ok(url.filter(|url| url.query().is_some()))
}

async fn reply(stream: &mut TcpStream, status: &str, text: &str) {
    let length = text.len();
    let reply = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}"
    );
    // The browser may have closed the connection.
    let _ = stream.write_all(reply.as_bytes()).await;
    let _ = stream.shutdown().await;
}
