//! A Redis server in a temporary folder.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::database::{DatabaseServer, ServerCertificate};

/// The time within which a server must start.
const START: Duration = Duration::from_secs(30);

/// A Redis server on loopback, which stops when it is dropped.
pub struct RedisServer {
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
    has_tls: bool,
    process: Option<Child>,
}

impl RedisServer {
    /// Starts an empty server that keeps what it acknowledges. Returns `None`, after a line that
    /// says so, where Redis is not installed.
    pub fn start() -> Option<Self> {
        let durable = "--appendonly yes --appendfsync always --maxmemory-policy noeviction";
        Self::start_with(durable)
    }

    /// Starts an empty server with these arguments, separated by blanks.
    pub fn start_with(arguments: &str) -> Option<Self> {
        let mut server = Self::create()?;
        server.settings = arguments.split_whitespace().map(str::to_owned).collect();
        server.run();
        Some(server)
    }

    /// Starts an empty server that accepts TLS only.
    pub fn start_with_tls(certificate: &ServerCertificate) -> Option<Self> {
        let mut server = Self::create()?;
        server.settings = ["--port", "0", "--tls-auth-clients", "no", "--tls-port"]
            .map(str::to_owned)
            .to_vec();
        server.settings.push(server.port.to_string());
        for (setting, text) in [
            ("--tls-cert-file", &certificate.certificate),
            ("--tls-key-file", &certificate.key),
            ("--tls-ca-cert-file", &certificate.certificate),
        ] {
            let path = server.folder.path().join(setting.trim_start_matches('-'));
            std::fs::write(&path, text).expect("a file");
            server.settings.push(setting.to_owned());
            server.settings.push(path.display().to_string());
        }
        server.has_tls = true;
        server.run();
        Some(server)
    }

    /// Creates the folder of a server.
    fn create() -> Option<Self> {
        let version = Command::new("redis-server").arg("--version").output();
        if version.is_err() {
            println!("SKIPPED: Redis is not installed (Debian: apt-get install redis-server)");
            return None;
        }
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        Some(Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            port,
            settings: Vec::new(),
            has_tls: false,
            process: None,
        })
    }

    /// The URL of the server.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// The port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills the server as a crash does.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Starts the server again, on the same port with the same data.
    pub fn restart(&mut self) {
        self.kill();
        self.run();
    }

    fn run(&mut self) {
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--port"])
            .arg(self.port.to_string())
            .arg("--dir")
            .arg(self.folder.path())
            .args(&self.settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server runs");
        self.process = Some(process);
        let started = Instant::now();
        while !self.is_ready() {
            assert!(
                started.elapsed() < START,
                "Redis did not start within {START:?}"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn is_ready(&self) -> bool {
        let answer = TcpStream::connect(("127.0.0.1", self.port)).and_then(|mut stream| {
            stream.set_read_timeout(Some(Duration::from_secs(1)))?;
            stream.write_all(b"PING\r\n")?;
            let mut answer = *b"+PONG";
            if self.has_tls {
                return Ok(answer);
            }
            stream.read_exact(&mut answer)?;
            Ok(answer)
        });
        // A server with a password wants it first.
        answer.is_ok_and(|answer| [b"+PONG", b"-NOAU"].contains(&&answer))
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

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}
