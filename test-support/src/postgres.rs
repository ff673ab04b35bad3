//! A PostgreSQL server in a temporary folder.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::database::{DatabaseServer, ServerCertificate};

/// The time within which a server must start.
const START: Duration = Duration::from_secs(60);

/// A PostgreSQL server on loopback, which stops when it is dropped.
pub struct PostgresServer {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    settings: Vec<String>,
    process: Option<Child>,
}

impl PostgresServer {
    /// Starts a server with an empty database `postgres`, with the durability of a real one.
    /// Returns `None`, after a line that says so, where PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        let mut server = Self::create()?;
        server.run();
        Some(server)
    }

    /// Starts a server that rejects connections without TLS.
    pub fn start_with_tls(certificate: &ServerCertificate) -> Option<Self> {
        let mut server = Self::create()?;
        let data = server.folder.path().join("data");
        for (name, text) in [
            ("server.crt", &*certificate.certificate),
            ("server.key", &*certificate.key),
            ("pg_hba.conf", "hostssl all all 127.0.0.1/32 trust\n"),
        ] {
            let path = data.join(name);
            std::fs::write(&path, text).expect("a file");
            // The server refuses keys that others can read.
            let done = Command::new("chmod").arg("600").arg(&path).status();
            assert!(done.expect("chmod runs").success());
            give_to_postgres(&path);
        }
        server.settings = vec!["-c".to_owned(), "ssl=on".to_owned()];
        server.run();
        Some(server)
    }

    /// Creates the folder of a server.
    fn create() -> Option<Self> {
        let Some(programs) = programs() else {
            println!("SKIPPED: PostgreSQL is not installed (Debian: apt-get install postgresql)");
            return None;
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let user_folder = folder.path().join("data");
        std::fs::create_dir(&user_folder).expect("a folder");
        for path in [folder.path(), &user_folder] {
            give_to_postgres(path);
        }
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let server = Self {
            folder,
            programs,
            port,
            settings: Vec::new(),
            process: None,
        };
        let init = server
            .command("initdb")
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8"])
            .arg("--pgdata")
            .arg(&user_folder)
            .stdin(Stdio::null())
            .output()
            .expect("initdb runs");
        assert!(
            init.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&init.stderr)
        );
        Some(server)
    }

    /// The URL of the database.
    pub fn url(&self) -> String {
        format!(
            "postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable",
            self.port
        )
    }

    /// The port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends the server as a crash does: without a checkpoint, and with all of its processes.
    pub fn kill(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        // Its children outlive the main process for a while if that is killed.
        let quit = Command::new("kill")
            .arg("-QUIT")
            .arg(process.id().to_string())
            .status();
        if !quit.is_ok_and(|status| status.success()) {
            let _ = process.kill();
        }
        let _ = process.wait();
    }

    /// Starts the server again, on the same port with the same data.
    pub fn restart(&mut self) {
        self.kill();
        self.run();
    }

    fn run(&mut self) {
        let data = self.folder.path().join("data");
        // After a kill, children of the old server can hold the data for a moment.
        let started = Instant::now();
        while started.elapsed() < START {
            let port = self.port.to_string();
            let sockets = format!("unix_socket_directories={}", data.display());
            let mut process = self
                .command("postgres")
                .arg("-D")
                .arg(&data)
                .args(["-h", "127.0.0.1", "-p", &port])
                .args(["-c", &sockets, "-c", "log_min_messages=fatal"])
                .args(["-c", "shared_buffers=16MB", "-c", "max_connections=200"])
                .args(&self.settings)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("postgres runs");
            while started.elapsed() < START {
                if process.try_wait().expect("a status").is_some() {
                    break;
                }
                if self.is_ready() {
                    self.process = Some(process);
                    return;
                }
                std::thread::sleep(Duration::from_millis(30));
            }
            let _ = process.kill();
            let _ = process.wait();
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("PostgreSQL did not start within {START:?}");
    }

    fn is_ready(&self) -> bool {
        let port = self.port.to_string();
        let ready = Command::new(self.programs.join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &port])
            .status();
        ready.is_ok_and(|status| status.success())
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        if !is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
            .arg("--")
            .arg(program)
            .current_dir("/");
        command
    }
}

impl DatabaseServer for PostgresServer {
    fn kill(&mut self) {
        self.kill();
    }

    fn restart(&mut self) {
        self.restart();
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The folder of the programs: Debian keeps them out of the path.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        let versions = versions.flatten().map(|version| version.path().join("bin"));
        folders.extend(versions);
    }
    let has = |folder: &Path| {
        ["postgres", "initdb", "pg_isready"]
            .iter()
            .all(|program| folder.join(program).exists())
    };
    folders.into_iter().find(|folder| has(folder))
}

/// Lets the server read a path, as it refuses to run as root.
fn give_to_postgres(path: &Path) {
    if is_root() {
        let done = Command::new("chown").arg("postgres").arg(path).status();
        let done = done.expect("chown runs");
        assert!(done.success(), "the user postgres exists");
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}
