//! The redirect of an authorization, received on the loopback address.

use std::net::Ipv4Addr;
use std::time::Duration;

use hoopai_auth::states_match;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::failure::{Failure, Result};

/// The longest head of a request.
const MAX_HEAD: usize = 16 * 1024;

/// The time in which a browser has to send its request.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// Waits for the redirect of one authorization.
pub(super) struct Listener {
    listener: TcpListener,
    path: String,
}

/// What a request asks for.
#[derive(Debug, PartialEq)]
enum Request {
    /// Another path, such as an icon.
    Other,
    /// A redirect with another state: of another authorization, or of an attacker.
    WrongState,
    /// The platform reports an error.
    Rejected(String),
    /// The code of the authorization.
    Code(String),
}

impl Listener {
    /// Listens on the port of the redirect URI.
    pub(super) async fn bind(redirect_uri: &str) -> Result<Self> {
        let url = Url::parse(redirect_uri).ok().filter(|url| {
            url.scheme() == "http" && matches!(url.host_str(), Some("localhost" | "127.0.0.1"))
        });
        let url = url.ok_or_else(|| {
            Failure::usage(
                "the redirect URI is not on this machine: use http://localhost:PORT/PATH, and register it in the app",
            )
        })?;
        let port = url.port_or_known_default().unwrap_or(80);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| {
            Failure::usage(format_args!(
                "port {port} of the redirect URI cannot be used: {error}: register another redirect URI in the app and pass it with --redirect-uri"
            ))
        })?;
        Ok(Listener {
            listener,
            path: url.path().to_owned(),
        })
    }

    /// Returns the code of the redirect with this state. Other requests are answered and ignored.
    pub(super) async fn code(&self, state: &str) -> Result<String> {
        loop {
            let Ok((mut stream, _)) = self.listener.accept().await else {
                continue;
            };
            let head = tokio::time::timeout(READ_TIMEOUT, head(&mut stream)).await;
            let Ok(Some(head)) = head else {
                continue;
            };
            match read(&head, &self.path, state) {
                Request::Other => reply(&mut stream, "404 Not Found", "Not found.").await,
                Request::WrongState => {
                    let text = "This redirect belongs to another login. Return to the terminal.";
                    reply(&mut stream, "400 Bad Request", text).await;
                }
                Request::Rejected(reason) => {
                    reply(&mut stream, "200 OK", "The app was not installed.").await;
                    return Err(not_installed(&reason));
                }
                Request::Code(code) => {
                    let text = "Logged in. You can close this page.";
                    reply(&mut stream, "200 OK", text).await;
                    return Ok(code);
                }
            }
        }
    }
}

/// The head of a request. `None`: it is too long or incomplete.
async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let length = stream.read(&mut buffer).await.ok()?;
        if length == 0 || head.len() + length > MAX_HEAD {
            return None;
        }
        head.extend_from_slice(&buffer[..length]);
    }
    String::from_utf8(head).ok()
}

fn read(head: &str, path: &str, state: &str) -> Request {
    let mut line = head.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (line.next(), line.next().unwrap_or_default());
    if method != Some("GET") {
        return Request::Other;
    }
    read_target(target, path, state)
}

/// The redirect URL that the user copied from a browser, also from one on another machine.
pub(super) fn pasted(line: &str, redirect_uri: &str, state: &str) -> Result<String> {
    let failed = |reason: &str| Failure::usage(format_args!("this is not the redirect: {reason}"));
    let path = Url::parse(redirect_uri).map(|url| url.path().to_owned());
    let url = Url::parse(line.trim()).map_err(|_| failed("paste the whole URL"))?;
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    match read_target(target, &path.unwrap_or_default(), state) {
        Request::Code(code) => Ok(code),
        Request::Other => Err(failed("the URL begins with the redirect URI of the app")),
        Request::WrongState => Err(failed("it belongs to another login")),
        Request::Rejected(reason) => Err(not_installed(&reason)),
    }
}

fn not_installed(reason: &str) -> Failure {
    Failure::refused(format_args!("the app was not installed: {reason}"))
}

fn read_target(target: &str, path: &str, state: &str) -> Request {
    let (target_path, query) = target.split_once('?').unwrap_or((target, ""));
    if target_path != path {
        return Request::Other;
    }
    let value = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    if !states_match(state, &value("state").unwrap_or_default()) {
        return Request::WrongState;
    }
    match (
        value("code").filter(|code| !code.is_empty()),
        value("error"),
    ) {
        (Some(code), None) => Request::Code(code),
        (_, Some(error)) => {
            let reason = value("error_description").unwrap_or(error);
            Request::Rejected(reason.chars().take(200).collect())
        }
        (None, None) => Request::Rejected("the redirect has no code".to_owned()),
    }
}

/// Answers a browser, which may be gone.
async fn reply(stream: &mut TcpStream, status: &str, text: &str) {
    let reply = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\nreferrer-policy: no-referrer\r\ncache-control: no-store\r\nconnection: close\r\n\r\n{text}",
        text.len()
    );
    let _ = stream.write_all(reply.as_bytes()).await;
    let _ = stream.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str) -> Request {
        read(&format!("GET {target} HTTP/1.1\r\n\r\n"), "/callback", "s1")
    }

    #[test]
    fn code_is_accepted_with_the_right_state_only() {
        assert_eq!(
            request("/callback?code=c1&state=s1"),
            Request::Code("c1".to_owned())
        );
        for target in [
            "/callback?code=c1",
            "/callback?code=c1&state=",
            "/callback?code=c1&state=s2",
            "/callback?error=denied&state=s2",
        ] {
            assert_eq!(request(target), Request::WrongState, "{target}");
        }
        assert_eq!(request("/favicon.ico"), Request::Other);
        assert_eq!(
            request("/callback?error=access_denied&state=s1"),
            Request::Rejected("access_denied".to_owned())
        );
    }

    #[test]
    fn pasted_url_is_read_like_a_redirect() {
        let uri = "http://localhost:8484/callback";
        let code = |line: &str| pasted(line, uri, "s1").map_err(|error| error.sentence());
        assert_eq!(
            code(" http://localhost:8484/callback?code=c%2F1&state=s1\n"),
            Ok("c/1".to_owned())
        );
        for (line, reason) in [
            ("c1", "whole URL"),
            (
                "http://localhost:8484/callback?code=c1&state=s2",
                "another login",
            ),
            ("https://example.com/?code=c1&state=s1", "redirect URI"),
            (
                "http://localhost:8484/callback?error=denied&state=s1",
                "not installed",
            ),
        ] {
            let error = code(line).unwrap_err();
            assert!(error.contains(reason) && !error.contains("c1"), "{error}");
        }
    }
}
