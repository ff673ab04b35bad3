//! Servers over TLS: certificates that are made for a test, HTTP/1.1, and HTTP/2 frame by frame.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hoopai::reqwest::{Certificate, Identity, tls};
use hoopai::{Client, ClientBuilder};
use hoopai_conformance::{Reply, read_request, write_reply};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion, version};

pub(crate) const HOST: &str = "platform.test";

/// A certificate with its key.
pub(crate) struct Issued {
    pub(crate) pem: String,
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
    key_pem: String,
}

impl Issued {
    /// A self-signed certificate for a host name.
    pub(crate) fn of(host: &str) -> Self {
        Self::made(host, |_| {})
    }

    pub(crate) fn expired(host: &str) -> Self {
        Self::made(host, |params| {
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2020, 2, 1);
        })
    }

    fn made(host: &str, change: impl FnOnce(&mut rcgen::CertificateParams)) -> Self {
        let mut params = rcgen::CertificateParams::new([host.to_owned()]).unwrap();
        // The name by which an issuer is looked up: as different as the hosts.
        let name = &mut params.distinguished_name;
        name.push(rcgen::DnType::CommonName, host);
        change(&mut params);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Issued {
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

/// What the server demands of its clients.
#[derive(Default)]
pub(crate) struct Demands {
    /// HTTP/2 in place of HTTP/1.1.
    pub(crate) http2: bool,
    /// TLS 1.2 and nothing newer.
    pub(crate) only_tls12: bool,
    /// A certificate of the client, which this one signed.
    pub(crate) client: Option<CertificateDer<'static>>,
}

impl Demands {
    pub(crate) fn of_client(issued: &Issued) -> Self {
        Demands {
            client: Some(issued.certificate.clone()),
            ..Demands::default()
        }
    }
}

/// A server over TLS, and how many connections it accepted.
pub(crate) struct TlsServer {
    address: SocketAddr,
    pub(crate) connections: Arc<AtomicUsize>,
}

impl TlsServer {
    /// A server that answers every request of HTTP/1.1 with an empty object.
    pub(crate) async fn http1(issued: &Issued, demands: Demands) -> Self {
        Self::start(issued, demands, |mut stream| async move {
            while read_request(&mut stream).await.is_some() {
                let reply = Reply::json(200, r#"{"contact":{"id":"c1"}}"#);
                if !write_reply(&mut stream, reply).await {
                    return;
                }
            }
        })
        .await
    }

    /// A server that does with each request of HTTP/2 what the script says of its number, which begins at 0.
    pub(crate) async fn http2(
        issued: &Issued,
        script: impl Fn(usize) -> Answer + Clone + Send + Sync + 'static,
    ) -> (Self, Arc<AtomicUsize>) {
        let requests = Arc::new(AtomicUsize::new(0));
        let seen = requests.clone();
        let demands = Demands {
            http2: true,
            ..Demands::default()
        };
        let server = Self::start(issued, demands, move |stream| {
            frames(stream, script.clone(), seen.clone())
        })
        .await;
        (server, requests)
    }

    async fn start<F: Future<Output = ()> + Send>(
        issued: &Issued,
        demands: Demands,
        serve: impl Fn(tokio_rustls::server::TlsStream<tokio::net::TcpStream>) -> F
        + Clone
        + Send
        + 'static,
    ) -> Self {
        let versions: &[&SupportedProtocolVersion] = match demands.only_tls12 {
            true => &[&version::TLS12],
            false => &[&version::TLS12, &version::TLS13],
        };
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(versions)
            .unwrap();
        let config = match demands.client {
            None => config.with_no_client_auth(),
            Some(root) => {
                let mut roots = RootCertStore::empty();
                roots.add(root).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                config.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let key = PrivateKeyDer::try_from(issued.key.clone()).unwrap();
        let mut config = config
            .with_single_cert(vec![issued.certificate.clone()], key)
            .unwrap();
        if demands.http2 {
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

    /// A client that reaches the server under its host name and trusts a certificate. It waits for nothing before it retries.
    pub(crate) fn client(&self, trusted: &Issued) -> ClientBuilder {
        let builder = Client::builder().private_token("pit-1").location("loc1");
        self.reached_by(builder, trusted)
    }

    /// The same with other credentials.
    pub(crate) fn reached_by(&self, builder: ClientBuilder, trusted: &Issued) -> ClientBuilder {
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

/// What the server does with a request of HTTP/2.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// 200 with a contact.
    Ok,
    /// 200 with tokens.
    Tokens,
    /// `RST_STREAM` with `REFUSED_STREAM`.
    Refuse,
    /// `RST_STREAM` with `INTERNAL_ERROR`: it may have been processed.
    Break,
    /// The head and a part of a reply with 200, then `RST_STREAM` with `REFUSED_STREAM`, which cannot be true.
    RefuseAfterHead,
    /// The same part of a reply, then `GOAWAY` that names the stream before it as the last.
    GoAwayAfterHead,
    /// The same with a length that is announced.
    Short,
    /// `GOAWAY` that names the stream before this one as the last, and the end of the connection.
    GoAwayBelow,
    /// `GOAWAY` that names this stream as the last, and the end of the connection.
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

async fn frame(
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

async fn frames(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    script: impl Fn(usize) -> Answer,
    requests: Arc<AtomicUsize>,
) {
    let result: std::io::Result<()> = async {
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await?;
        frame(&mut stream, SETTINGS, 0, 0, &[]).await?;
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
                    frame(&mut stream, SETTINGS, ACK, 0, &[]).await?;
                }
                PING if flags & ACK == 0 => {
                    frame(&mut stream, PING, ACK, 0, &payload).await?;
                }
                HEADERS | DATA if flags & END_STREAM != 0 => {
                    let number = requests.fetch_add(1, Ordering::SeqCst);
                    if !answer(&mut stream, script(number), id).await? {
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

/// Answers a request. `false`: the connection ends.
async fn answer(
    stream: &mut (impl AsyncWrite + Unpin),
    answer: Answer,
    id: u32,
) -> std::io::Result<bool> {
    let go_away = |last: u32| [last.to_be_bytes(), 0_u32.to_be_bytes()].concat();
    match answer {
        Answer::Ok | Answer::Tokens => {
            frame(stream, HEADERS, END_HEADERS, id, &STATUS_200).await?;
            let body: &[u8] = if let Answer::Tokens = answer {
                br#"{"access_token":"a2","refresh_token":"r2","expires_in":86399,"userType":"Location","locationId":"loc1"}"#
            } else {
                br#"{"contact":{"id":"c1"}}"#
            };
            frame(stream, DATA, END_STREAM, id, body).await?;
            return Ok(true);
        }
        Answer::Refuse => {
            frame(stream, RST_STREAM, 0, id, &REFUSED_STREAM.to_be_bytes()).await?;
            return Ok(true);
        }
        Answer::Break => {
            frame(stream, RST_STREAM, 0, id, &INTERNAL_ERROR.to_be_bytes()).await?;
            return Ok(true);
        }
        Answer::RefuseAfterHead | Answer::GoAwayAfterHead | Answer::Short => {
            let mut head = STATUS_200.to_vec();
            if let Answer::Short = answer {
                head.extend(LENGTH_900);
            }
            frame(stream, HEADERS, END_HEADERS, id, &head).await?;
            frame(stream, DATA, 0, id, b"{\"contact\":").await?;
            tokio::time::sleep(Duration::from_millis(100)).await;
            if let Answer::RefuseAfterHead = answer {
                frame(stream, RST_STREAM, 0, id, &REFUSED_STREAM.to_be_bytes()).await?;
                return Ok(true);
            }
            frame(stream, GOAWAY, 0, 0, &go_away(id.saturating_sub(2))).await?;
        }
        Answer::GoAwayBelow => frame(stream, GOAWAY, 0, 0, &go_away(id.saturating_sub(2))).await?,
        Answer::GoAwayAt => frame(stream, GOAWAY, 0, 0, &go_away(id)).await?,
    }
    stream.shutdown().await?;
    Ok(false)
}
