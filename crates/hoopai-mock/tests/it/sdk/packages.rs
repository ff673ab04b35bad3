//! The official clients, installed from their registries into the target folder, where later runs find them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// The versions that the expectations are written for.
const JAVASCRIPT: [&str; 2] = ["@gohighlevel/api-client@3.1.0", "typescript@5.9.3"];
#[cfg(feature = "cli")]
const REQUESTS: &str = "requests==2.32.5";
const PYTHON: &str = "gohighlevel-api-client==3.0.0";

/// A program that describes and calls a client, and the folder that it runs in.
pub(crate) struct Runner {
    program: PathBuf,
    script: PathBuf,
    folder: PathBuf,
}

impl Runner {
    /// `None`, after a line that says so, where the program is not there.
    fn new(program: PathBuf, name: &str, folder: PathBuf) -> Option<Self> {
        if let Err(error) = Command::new(&program).arg("--version").output() {
            println!("SKIPPED: {} cannot be run: {error}", program.display());
            return None;
        }
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk");
        Some(Self {
            program,
            script: scripts.join(name),
            folder,
        })
    }

    /// The interpreter.
    #[cfg(feature = "cli")]
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// The folder with the client.
    #[cfg(feature = "cli")]
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg(&self.script)
            .args(arguments)
            .current_dir(&self.folder);
        command
    }
}

/// The JavaScript client; `None`, after a line that says so, where it cannot be had.
pub(crate) fn javascript() -> Option<Runner> {
    let folder = installed("sdk-javascript", &JAVASCRIPT.join(" "), |folder| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund"])
            .args(["--fetch-timeout=20000", "--fetch-retries=1", "--prefix"])
            .arg(folder)
            .args(JAVASCRIPT);
        vec![npm]
    })?;
    Runner::new("node".into(), "sdk.cjs", folder)
}

/// The Python client; `None`, after a line that says so, where it cannot be had.
pub(crate) fn python() -> Option<Runner> {
    let folder = installed("sdk-python", PYTHON, |folder| venv(folder, PYTHON))?;
    Runner::new(interpreter(&folder), "sdk.py", folder)
}

/// A Python interpreter with `requests`; `None`, after a line that says so, where it cannot be had.
#[cfg(feature = "cli")]
pub(crate) fn requests() -> Option<PathBuf> {
    let folder = installed("requests-python", REQUESTS, |folder| venv(folder, REQUESTS))?;
    Some(interpreter(&folder))
}

fn interpreter(folder: &Path) -> PathBuf {
    folder.join("bin").join("python")
}

/// The commands that create a virtual environment with a package.
fn venv(folder: &Path, package: &str) -> Vec<Command> {
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(folder);
    let mut pip = Command::new(interpreter(folder));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ])
    .args(["--timeout", "20", "--retries", "1", package]);
    vec![venv, pip]
}

/// Runs the commands that install something, unless the same was installed before.
fn installed(
    name: &str,
    what: &str,
    commands: impl FnOnce(&Path) -> Vec<Command>,
) -> Option<PathBuf> {
    // Tests that need the same client run at the same time.
    static INSTALLATION: Mutex<()> = Mutex::new(());
    let _one_at_a_time = INSTALLATION.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let done = folder.join("installed.txt");
    if std::fs::read_to_string(&done).is_ok_and(|text| text == what) {
        return Some(folder);
    }
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder within the target folder");
    for mut command in commands(&folder) {
        let problem = match command.output() {
            Ok(output) if output.status.success() => continue,
            Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(error) => error.to_string(),
        };
        println!("SKIPPED: {what} cannot be installed: {problem}");
        return None;
    }
    std::fs::write(done, what).expect("a file within the target folder");
    Some(folder)
}
