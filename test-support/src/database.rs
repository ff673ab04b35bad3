//! What the database servers of tests have in common.

use tokio::net::TcpListener;

use crate::{PostgresServer, RedisServer};

/// A database server of this machine.
pub trait DatabaseServer {
    /// Ends the server as a crash does.
    fn kill(&mut self);

    /// Starts the server again, on the same port with the same data.
    fn restart(&mut self);
}

impl DatabaseServer for PostgresServer {
    fn kill(&mut self) {
        self.kill();
    }

    fn restart(&mut self) {
        self.restart();
    }
}

impl DatabaseServer for RedisServer {
    fn kill(&mut self) {
        self.kill();
    }

    fn restart(&mut self) {
        self.restart();
    }
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
