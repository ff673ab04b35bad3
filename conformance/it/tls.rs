//! TLS servers: certificates for a test, HTTP/1.1, and HTTP/2 frame by frame.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hoopai::reqwest::{Certificate, Identity, tls};
use hoopai::{Client, ClientBuilder};
use hoopai_test_support::{Reply, Request};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion, version};

pub(crate) const HOST: &str = "platform.test";

/// A self-signed certificate with its key.
pub(crate) struct TestCertificate {
    pub(crate) pem: String,
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
    key_pem: String,
}

impl TestCertificate {
    /// Creates a valid certificate for a host name.
    pub(crate) fn for_host(host: &str) -> Self {
        Self::create(host, |_| {})
    }

    pub(crate) fn expired(host: &str) -> Self {
        Self::create(host, |params| {
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2020, 2, 1);
        })
    }

    fn create(host: &str, change: impl FnOnce(&mut rcgen::CertificateParams)) -> Self {
        let mut params = rcgen::CertificateParams::new([host.to_owned()]).unwrap();
        // Clients find an issuer by this name, so it differs for each host.
        let name = &mut params.distinguished_name;
        name.push(rcgen::DnType::CommonName, host);
        change(&mut params);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        TestCertificate {
            pem: certificate.pem(),
            certificate: certificate.der().clone(),
            key: key.serialize_der(),
            key_pem: key.serialize_pem(),
        }
    }

    pub(crate) fn root(&self) -> Certificate {
        Certificate::from_pem(self.pem.as_bytes()).unwrap()
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity::from_pem(format!("{}{}", self.key_pem, self.pem).as_bytes()).unwrap()
    }
}

/// The protocol of the server, and its requirements for clients.
#[derive(Default)]
pub(crate) struct TlsOptions {
    /// HTTP/2 instead of HTTP/1.1.
    pub(crate) http2: bool,
    /// TLS 1.2 only.
    pub(crate) only_tls12: bool,
    /// A client certificate signed by this one.
    pub(crate) client: Option<CertificateDer<'static>>,
}

impl TlsOptions {
    pub(crate) fn with_client_certificate(certificate: &TestCertificate) -> Self {
        TlsOptions {
            client: Some(certificate.certificate.clone()),
            ..TlsOptions::default()
        }
    }
}

/// A TLS server that counts the connections it accepts.
pub(crate) struct TlsServer {
    address: SocketAddr,
    pub(crate) connections: Arc<AtomicUsize>,
}

impl TlsServer {
    /// Starts a server that replies to each HTTP/1.1 request with a contact.
    pub(crate) async fn http1(certificate: &TestCertificate, options: TlsOptions) -> Self {
        Self::start(certificate, options, |mut stream| async move {
            while Request::read_from(&mut stream).await.is_some() {
                let reply = Reply::json(200, r#"{"contact":{"id":"c1"}}"#);
                reply.write_to(&mut stream).await;
            }
        })
        .await
    }

    /// Starts an HTTP/2 server. The script maps the number of a request, starting at 0, to a reply.
    pub(crate) async fn http2(
        certificate: &TestCertificate,
        script: impl Fn(usize) -> Http2Reply + Clone + Send + Sync + 'static,
    ) -> (Self, Arc<AtomicUsize>) {
        let requests = Arc::new(AtomicUsize::new(0));
        let seen = requests.clone();
        let options = TlsOptions {
            http2: true,
            ..TlsOptions::default()
        };
        let server = Self::start(certificate, options, move |stream| {
            serve_http2(stream, script.clone(), seen.clone())
        })
        .await;
        (server, requests)
    }

    async fn start<F: Future<Output = ()> + Send>(
        certificate: &TestCertificate,
        options: TlsOptions,
        serve: impl Fn(tokio_rustls::server::TlsStream<tokio::net::TcpStream>) -> F
        + Clone
        + Send
        + 'static,
    ) -> Self {
        let versions: &[&SupportedProtocolVersion] = match options.only_tls12 {
            true => &[&version::TLS12],
            false => &[&version::TLS12, &version::TLS13],
        };
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(versions)
            .unwrap();
        let config = match options.client {
            None => config.with_no_client_auth(),
            Some(root) => {
                let mut roots = RootCertStore::empty();
                roots.add(root).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                config.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let key = PrivateKeyDer::try_from(certificate.key.clone()).unwrap();
        let mut config = config
            .with_single_cert(vec![certificate.certificate.clone()], key)
            .unwrap();
        if options.http2 {
            config.alpn_protocols = vec![b"h2".to_vec()];
        }
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = connections.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::SeqCst);
                let (acceptor, serve) = (acceptor.clone(), serve.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(socket).await {
                        serve(stream).await;
                    }
                });
            }
        });
        TlsServer {
            address,
            connections,
        }
    }

    /// Returns settings that resolve the host name to the server, trust a certificate, and retry at
    /// once.
    pub(crate) fn client(&self, trusted: &TestCertificate) -> ClientBuilder {
        let builder = Client::builder().private_token("pit-1").location("loc1");
        self.complete(builder, trusted)
    }

    /// Completes settings with other credentials.
    pub(crate) fn complete(
        &self,
        builder: ClientBuilder,
        trusted: &TestCertificate,
    ) -> ClientBuilder {
        builder
            .base_url(format!("https://{HOST}:{}", self.address.port()))
            .resolve(HOST, self.address)
            .add_root_certificate(trusted.root())
            .min_tls_version(tls::Version::TLS_1_2)
            .random(|| 0.0)
            .timeout(Duration::from_secs(20))
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// The reply to an HTTP/2 request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Http2Reply {
    /// 200 with a contact.
    Ok,
    /// 200 with tokens.
    Tokens,
    /// `RST_STREAM` with `REFUSED_STREAM`.
    Refused,
    /// `RST_STREAM` with `INTERNAL_ERROR`: the request may have been processed.
    Reset,
    /// A part of a reply with 200, then `RST_STREAM` with `REFUSED_STREAM`, a contradiction.
    RefuseAfterHead,
    /// A part of a reply with 200, then `GOAWAY` with the previous stream as the last one.
    GoAwayAfterHead,
    /// As `GoAwayAfterHead`, with a `content-length`.
    Short,
    /// `GOAWAY` with the previous stream as the last one, then the end of the connection.
    GoAwayBelow,
    /// `GOAWAY` with this stream as the last one, then the end of the connection.
    GoAwayAt,
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

/// `:status: 200`, by its index in the static table of HPACK.
const STATUS_200: [u8; 1] = [0x88];

/// `content-length: 900`, the name by its index.
const LENGTH_900: [u8; 6] = [0x0f, 0x0d, 3, b'9', b'0', b'0'];

const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;

async fn write_frame(
    stream: &mut (impl AsyncWrite + Unpin),
    kind: u8,
    flags: u8,
    id: u32,
    payload: &[u8],
) -> std::io::Result<()> {
    let length = (payload.len() as u32).to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend_from_slice(&id.to_be_bytes());
    bytes.extend_from_slice(payload);
    stream.write_all(&bytes).await?;
    stream.flush().await
}

async fn serve_http2(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    script: impl Fn(usize) -> Http2Reply,
    requests: Arc<AtomicUsize>,
) {
    let result: std::io::Result<()> = async {
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await?;
        write_frame(&mut stream, SETTINGS, 0, 0, &[]).await?;
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await?;
            let [_, _, _, kind, flags, id @ ..] = head;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let id = u32::from_be_bytes(id);
            let mut payload = vec![0; length as usize];
            stream.read_exact(&mut payload).await?;
            match kind {
                SETTINGS if flags & ACK == 0 => {
                    write_frame(&mut stream, SETTINGS, ACK, 0, &[]).await?;
                }
                PING if flags & ACK == 0 => {
                    write_frame(&mut stream, PING, ACK, 0, &payload).await?;
                }
                HEADERS | DATA if flags & END_STREAM != 0 => {
                    let number = requests.fetch_add(1, Ordering::SeqCst);
                    if !write_reply(&mut stream, script(number), id).await? {
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
    }
    .await;
    // The client closed the connection.
    let _ = result;
}

/// Writes a reply. Returns whether the connection stays open.
async fn write_reply(
    stream: &mut (impl AsyncWrite + Unpin),
    reply: Http2Reply,
    id: u32,
) -> std::io::Result<bool> {
    let go_away = |last: u32| [last.to_be_bytes(), 0_u32.to_be_bytes()].concat();
    match reply {
        Http2Reply::Ok | Http2Reply::Tokens => {
            write_frame(stream, HEADERS, END_HEADERS, id, &STATUS_200).await?;
            let body: &[u8] = if let Http2Reply::Tokens = reply {
                br#"{"access_token":"a2","refresh_token":"r2","expires_in":86399,"userType":"Location","locationId":"loc1"}"#
            } else {
                br#"{"contact":{"id":"c1"}}"#
            };
            write_frame(stream, DATA, END_STREAM, id, body).await?;
            return Ok(true);
        }
        Http2Reply::Refused => {
            write_frame(stream, RST_STREAM, 0, id, &REFUSED_STREAM.to_be_bytes()).await?;
            return Ok(true);
        }
        Http2Reply::Reset => {
            write_frame(stream, RST_STREAM, 0, id, &INTERNAL_ERROR.to_be_bytes()).await?;
            return Ok(true);
        }
        Http2Reply::RefuseAfterHead | Http2Reply::GoAwayAfterHead | Http2Reply::Short => {
            let mut head = STATUS_200.to_vec();
            if let Http2Reply::Short = reply {
                head.extend(LENGTH_900);
            }
            write_frame(stream, HEADERS, END_HEADERS, id, &head).await?;
            write_frame(stream, DATA, 0, id, b"{\"contact\":").await?;
            tokio::time::sleep(Duration::from_millis(100)).await;
            if let Http2Reply::RefuseAfterHead = reply {
                write_frame(stream, RST_STREAM, 0, id, &REFUSED_STREAM.to_be_bytes()).await?;
                return Ok(true);
            }
            write_frame(stream, GOAWAY, 0, 0, &go_away(id.saturating_sub(2))).await?;
        }
        Http2Reply::GoAwayBelow => {
            write_frame(stream, GOAWAY, 0, 0, &go_away(id.saturating_sub(2))).await?
        }
        Http2Reply::GoAwayAt => write_frame(stream, GOAWAY, 0, 0, &go_away(id)).await?,
    }
    stream.shutdown().await?;
    Ok(false)
}
