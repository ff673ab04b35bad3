//! Installs an OAuth app, with a server on this machine to which users come back: `cargo run --example oauth_install`.
//!
//! For an app of your own set `HOOPAI_CLIENT_ID` and `HOOPAI_CLIENT_SECRET`, and register `http://localhost:8734/callback` as its redirect
//! address, or set another one on this machine as `HOOPAI_REDIRECT_URI`. Tokens are kept in the folder that `HOOPAI_TOKENS` names,
//! `hoopai-tokens` unless set.

mod common;

use std::time::Duration;

use common::{Result, credential, elsewhere, needed, variable};
use hoopai::auth::{AccountId, FileStore, OAuthApp, states_match};
use hoopai::reqwest::{self, Url};
use hoopai::{Client, ClientBuilder};
use hoopai_mock::{CLIENT_ID, CLIENT_SECRET, Mock};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The last two are what an agency's token needs to get those of its locations.
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
                .ok_or("the redirect address has no port")?;
            let listener = TcpListener::bind(("127.0.0.1", port)).await?;
            let app = OAuthApp::new(id, needed("HOOPAI_CLIENT_SECRET")?, redirect).white_label();
            let folder = variable("HOOPAI_TOKENS").unwrap_or_else(|| "hoopai-tokens".to_owned());
            let builder = elsewhere(Client::builder()).token_store(FileStore::open(folder)?);
            install(builder.oauth_app(app), listener, false).await
        }
        None => {
            eprintln!(
                "Working in a mock; set HOOPAI_CLIENT_ID and HOOPAI_CLIENT_SECRET for an app of your own."
            );
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let redirect = format!("http://{}/callback", listener.local_addr()?);
            let mock = Mock::builder().app(CLIENT_ID, CLIENT_SECRET, &redirect, &SCOPES);
            let mock = mock.start().await?;
            let app = OAuthApp::new(CLIENT_ID, CLIENT_SECRET, redirect).chooser_host(mock.url());
            // Nothing is left on the disk of an installation that never was.
            let folder = tempfile::tempdir()?;
            let builder = Client::builder().token_store(FileStore::open(folder.path())?);
            install(builder.oauth_app(app).base_url(mock.url()), listener, true).await
        }
    }
}

async fn install(builder: ClientBuilder, listener: TcpListener, play_user: bool) -> Result {
    let client = builder.build()?;
    let to = client.authorize_url(SCOPES)?;
    println!(
        "Open this address, and choose where to install the app:\n  {}",
        to.url
    );
    if play_user {
        // The user of a mock has chosen already: its page leads straight back.
        let browser = reqwest::Client::builder().user_agent("browser").build()?;
        tokio::spawn(browser.get(&to.url).send());
    }

    let code = loop {
        let (mut stream, _) = listener.accept().await?;
        // Browsers open connections in advance, and some stay silent.
        let read = tokio::time::timeout(Duration::from_secs(2), read(&mut stream));
        let Ok(Ok(Some(callback))) = read.await else {
            // They ask for other things as well, such as an icon.
            answer(&mut stream, "404 Not Found", "Nothing is here.").await;
            continue;
        };
        let of = |name: &str| {
            let mut pairs = callback.query_pairs();
            pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
        };
        let state = of("state").unwrap_or_default();
        match of("code") {
            // Who does not know the state was not sent by us.
            Some(code) if states_match(&to.state, &state) => {
                answer(&mut stream, "200 OK", "Done. You can close this window.").await;
                break code;
            }
            _ => {
                answer(
                    &mut stream,
                    "400 Bad Request",
                    "This is not the answer to our question.",
                )
                .await
            }
        }
    };

    // The tokens are on the disk when this returns.
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
    println!("It may use: {}", installation.scopes.join(", "));
    // A renewal that is under way must not be cut off: its token would be lost, and with it the installation.
    client.handle().wait_idle(Duration::from_secs(10)).await;
    Ok(())
}

/// What a browser asks for, if it comes back with an answer.
async fn read(stream: &mut TcpStream) -> std::io::Result<Option<Url>> {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await?;
    let path = line.split(' ').nth(1).unwrap_or_default();
    let url = Url::parse("http://localhost")
        .and_then(|base| base.join(path))
        .ok();
    Ok(url.filter(|url| url.query().is_some()))
}

async fn answer(stream: &mut TcpStream, status: &str, text: &str) {
    let length = text.len();
    let reply = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}"
    );
    // Whether the browser still listens changes nothing.
    let _ = stream.write_all(reply.as_bytes()).await;
    let _ = stream.shutdown().await;
}
