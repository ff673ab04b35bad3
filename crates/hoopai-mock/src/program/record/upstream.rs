//! Sends requests to the platform, or to another address.

use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The largest body of a request or a reply.
pub(super) const BODY_LIMIT: usize = 50 << 20;

/// The longest wait for a reply.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Headers of one connection, which are not forwarded.
const CONNECTION_HEADERS: [HeaderName; 8] = [
    header::CONNECTION,
    header::HOST,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// The address to which requests are forwarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Upstream {
    is_tls: bool,
    host: String,
    port: u16,
    /// `host` or `host:port`, as it was named.
    authority: String,
}

impl FromStr for Upstream {
    type Err = &'static str;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        const FORMAT: &str =
            "expected an http or https URL without a path, as in https://services.example.com";
        let uri: Uri = url.parse().map_err(|_| FORMAT)?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(FORMAT),
        };
        let authority = uri.authority().ok_or(FORMAT)?;
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() || url.contains('@') {
            return Err(FORMAT);
        }
        Ok(Self {
            is_tls,
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority
                .port_u16()
                .unwrap_or(if is_tls { 443 } else { 80 }),
            authority: authority.to_string(),
        })
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority)
    }
}

impl Upstream {
    /// Sends a request, and reads the whole reply.
    pub(super) async fn send(&self, request: &Request<Bytes>) -> io::Result<Response<Bytes>> {
        let exchange = async {
            let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
            if !self.is_tls {
                return self.exchange(TokioIo::new(stream), request).await;
            }
            let config = ClientConfig::with_platform_verifier().map_err(io::Error::other)?;
            let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
            let connector = TlsConnector::from(Arc::new(config));
            let stream = connector.connect(name, stream).await?;
            self.exchange(TokioIo::new(stream), request).await
        };
        match tokio::time::timeout(TIMEOUT, exchange).await {
            Ok(reply) => reply,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    async fn exchange<S: Read + Write + Unpin>(
        &self,
        stream: S,
        request: &Request<Bytes>,
    ) -> io::Result<Response<Bytes>> {
        let target = request.uri().path_and_query();
        let target = target.map_or("/", |target| target.as_str());
        let mut forwarded = Request::builder()
            .method(request.method())
            .uri(target)
            .body(Full::new(request.body().clone()))
            .map_err(io::Error::other)?;
        let mut headers = without_connection(request.headers());
        let host = HeaderValue::from_str(&self.authority).map_err(io::Error::other)?;
        headers.insert(header::HOST, host);
        // The reply is compared with the interface, so it must not be compressed.
        let identity = HeaderValue::from_static("identity");
        headers.insert(header::ACCEPT_ENCODING, identity);
        *forwarded.headers_mut() = headers;
        let (mut sender, connection) = http1::handshake(stream).await.map_err(io::Error::other)?;
        let reply = async {
            let reply = sender.send_request(forwarded).await;
            let (mut head, body) = reply.map_err(io::Error::other)?.into_parts();
            let body = Limited::new(body, BODY_LIMIT).collect().await;
            let body = body.map_err(io::Error::other)?.to_bytes();
            head.headers = without_connection(&head.headers);
            head.headers.remove(header::CONTENT_LENGTH);
            Ok(Response::from_parts(head, body))
        };
        tokio::pin!(reply);
        let connection = async {
            // Ends when the connection is closed; an error is that of the reply too.
            let _ = connection.await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            reply = &mut reply => reply,
            () = connection => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }
}

fn without_connection(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    for name in CONNECTION_HEADERS {
        kept.remove(name);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::Upstream;

    #[test]
    fn upstream_is_an_address_without_a_path() {
        for url in [
            "http://127.0.0.1:3000",
            "https://services.example.com/",
            "http://[::1]:80",
        ] {
            let upstream: Result<Upstream, _> = url.parse();
            assert_eq!(
                upstream.map(|one| one.to_string()),
                Ok(url.trim_end_matches('/').into())
            );
        }
        for url in [
            "",
            "services.example.com",
            "ftp://a",
            "http://a/b",
            "http://a?b",
            "http://u:p@a",
        ] {
            assert!(url.parse::<Upstream>().is_err(), "{url}");
        }
    }
}
