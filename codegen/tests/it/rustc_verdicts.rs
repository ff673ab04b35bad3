//! rustc as a witness of the classification: a program that uses a planted change's item compiles
//! before the change, and after it exactly if the report says so.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::changes::{edited, generated};
use crate::planted_changes::{ALL, Planted, Program, base};
use crate::support::root;

const SAMPLE: &str = "hoopai_sample";
const THREADS: usize = 2;

/// Compiles crates that use the runtime.
struct Rustc {
    /// The library of the runtime.
    runtime: PathBuf,
    folder: PathBuf,
}

impl Rustc {
    /// Builds the runtime with cargo.
    fn new() -> Self {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args([
                "build",
                "--quiet",
                "--offline",
                "--package",
                "hoopai-runtime",
            ])
            .arg("--message-format=json")
            .current_dir(root())
            .output()
            .expect("cargo starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let messages = String::from_utf8(output.stdout).expect("UTF-8");
        let library = messages.lines().find_map(|line| {
            let message: Value = serde_json::from_str(line).ok()?;
            let is_runtime = message["target"]["name"] == "hoopai_runtime";
            let files = message["filenames"].as_array().filter(|_| is_runtime)?;
            let mut files = files.iter().filter_map(Value::as_str);
            files
                .find(|file| file.ends_with(".rlib"))
                .map(PathBuf::from)
        });
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rustc-verdicts");
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("removed");
        }
        Self {
            runtime: library.expect("cargo names the library of the runtime"),
            folder,
        }
    }

    /// Checks a crate. The result is what rustc prints if it does not compile.
    fn check(
        &self,
        folder: &Path,
        file: &str,
        kind: &str,
        with: Option<&Path>,
    ) -> Result<(), String> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        // Cargo puts libraries into `deps`, and a link to them above it.
        let beside = self.runtime.parent().expect("a folder");
        let extern_path = |name: &str, path: &Path| format!("{name}={}", path.display());
        let mut command = Command::new(rustc);
        command
            .args([
                "--edition",
                "2024",
                "--emit=metadata",
                "--cap-lints=allow",
                "--crate-type",
                kind,
            ])
            .args([
                "--crate-name",
                if kind == "lib" { SAMPLE } else { "program" },
            ])
            .arg("--out-dir")
            .arg(folder)
            .arg("--extern")
            .arg(extern_path("hoopai_runtime", &self.runtime))
            .arg("-L")
            .arg(format!("dependency={}", beside.join("deps").display()))
            .arg("-L")
            .arg(format!("dependency={}", beside.display()))
            .arg(folder.join(file));
        if let Some(sample) = with {
            command.arg("--extern").arg(extern_path(SAMPLE, sample));
        }
        let output = command.output().expect("rustc starts");
        if output.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Checks a generated crate. Returns the path of its metadata.
    fn library(&self, name: &str, files: &BTreeMap<String, String>) -> PathBuf {
        let folder = self.folder.join(name);
        for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".rs")) {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("created");
            fs::write(path, text).expect("written");
        }
        let checked = self.check(&folder, "src/lib.rs", "lib", None);
        assert_eq!(checked, Ok(()), "the generated crate of {name}");
        folder.join(format!("lib{SAMPLE}.rmeta"))
    }

    fn program(&self, name: &str, planted: &Planted, library: &Path) -> Result<(), String> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).expect("created");
        let text = format!(
            "use {SAMPLE}::{{Client, types}};\npub fn uses(client: Client) {{ {} }}\nfn main() {{}}\n",
            planted.program
        );
        fs::write(folder.join("program.rs"), text).expect("written");
        self.check(&folder, "program.rs", "bin", Some(library))
    }
}

#[test]
fn rustc_agrees_with_the_classification() {
    let rustc = Rustc::new();
    let before = rustc.library("before", &generated(&base()).files);
    let disagreements = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    let judge = |index: usize, planted: &Planted| {
        let library = rustc.library(
            &format!("after-{index}"),
            &generated(&edited(planted)).files,
        );
        let old = rustc.program(&format!("before-{index}"), planted, &before);
        let new = rustc.program(&format!("after-{index}"), planted, &library);
        let expected = planted.verdict != Program::Breaks;
        if old.is_err() || new.is_ok() != expected {
            let text = format!("{}: before {old:?}, after {new:?}", planted.name);
            disagreements.lock().expect("no panic").push(text);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some((index, planted)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    ALL.get(index).map(|planted| (index, planted))
                } {
                    judge(index, planted);
                }
            });
        }
    });
    let disagreements = disagreements.into_inner().expect("no panic");
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n\n"));
}
