//! Runs the program with a configuration directory of its own.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use hoopai_test_support::{Reply, Server};
use serde_json::Value;
use tempfile::TempDir;

/// The token that no output may contain.
pub(crate) const TOKEN: &str = "pit-5ecre7-0123456789abcdef";

/// The location of the tests.
pub(crate) const LOCATION: &str = "Lq3Tz8Wn5Rk1Yb6Hd0Vx";

/// A configuration directory and an environment.
pub(crate) struct Program {
    directory: TempDir,
    environment: Vec<(String, String)>,
}

/// The end of a run.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A server that sends the same JSON for each request.
pub(crate) fn serving(body: impl Into<String>) -> Server {
    let body = body.into();
    Server::on_thread(move |_| Reply::json(200, &body))
}

impl Program {
    /// Without credentials.
    pub(crate) fn new() -> Self {
        Program {
            directory: TempDir::new().unwrap(),
            environment: Vec::new(),
        }
    }

    /// With the token and the location of the tests, for the server at this URL.
    pub(crate) fn at(url: &str) -> Self {
        Self::new()
            .with("HOOPAI_TOKEN", TOKEN)
            .with("HOOPAI_LOCATION_ID", LOCATION)
            .with("HOOPAI_BASE_URL", url)
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The command with these arguments, separated by spaces.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hoopai"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("HOOPAI_") {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .env("HOOPAI_CONFIG_DIR", self.directory.path().join("hoopai"))
            .env("NO_PROXY", "127.0.0.1,localhost")
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).output().unwrap())
    }

    /// Runs with a text on the standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ended {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that fails early does not read its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Ended::of(child.wait_with_output().unwrap())
    }
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        Ended {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}
