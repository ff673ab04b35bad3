//! What the database servers of tests have in common.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The certificate of a TLS server and its key, as PEM.
pub struct ServerCertificate {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

/// A database server of this machine.
pub trait DatabaseServer {
    /// Ends the server as a crash does.
    fn kill(&mut self);

    /// Starts the server again, on the same port with the same data.
    fn restart(&mut self);
}

/// Starts a server that accepts connections and never answers, and returns its port. It runs until
/// the runtime ends.
pub async fn silent_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            open.push(connection);
        }
    });
    port
}

/// Starts a server that has no TLS: it answers the first bytes of each client with `refusal`.
/// Returns its port, and the bytes that the first client has sent until it closed the connection.
pub async fn server_without_tls(refusal: &'static [u8]) -> (u16, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let received = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.expect("a client");
        let mut received = vec![0; 1024];
        let length = client.read(&mut received).await.expect("the first bytes");
        received.truncate(length);
        // The client can close the connection at any time.
        let _ = client.write_all(refusal).await;
        let _ = client.read_to_end(&mut received).await;
        received
    });
    (port, received)
}
