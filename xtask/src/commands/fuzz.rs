//! `cargo xtask fuzz`: each fuzz target for a while, from copies of the committed corpora.

use std::{
    fs,
    process::{Command, Stdio},
};

use crate::{
    Console, Result, Workspace,
    cargo::{Metadata, program, succeeds, tool},
    commands::ci::Outcome,
    fault::refused,
};

const TARGETS: &str = "fuzz/fuzz_targets";
/// For how long each target runs.
const SECONDS: u32 = 60;
/// An input that takes longer is a failure, as is one that takes more memory, in MB.
const LONGEST: u32 = 20;
const MEMORY: u32 = 2_048;
/// How many targets run at a time.
const AT_ONCE: usize = 2;

pub(crate) fn fuzz(tree: &Workspace, console: &Console) -> Result<Outcome> {
    let target = Metadata::read(tree)?.target_directory;
    let Some(cargo_fuzz) = tool(&target, "tools", "cargo-fuzz") else {
        return Ok(Outcome::Skipped(
            "cargo-fuzz is not installed; .ci/run installs it, as does cargo install cargo-fuzz"
                .to_owned(),
        ));
    };
    if !works(program(tree, "rustup").args(["run", "nightly", "rustc", "--version"])) {
        return Ok(Outcome::Skipped(
            "there is no nightly toolchain; rustup toolchain install nightly --profile minimal"
                .to_owned(),
        ));
    }
    if !works(program(tree, "c++").arg("--version")) {
        return Ok(Outcome::Skipped(
            "there is no C++ compiler, which libFuzzer is built with".to_owned(),
        ));
    }
    // The code has no `unsafe`, for which alone a sanitizer would look.
    let command = |verb: &str| {
        let mut command = program(tree, &cargo_fuzz);
        // The toolchain of this run is not to be passed on.
        command
            .env_remove("CARGO")
            .env("RUSTUP_TOOLCHAIN", "nightly");
        command.args(["fuzz", verb, "--sanitizer", "none"]);
        command
    };
    if !succeeds(command("build"))? {
        return Ok(Outcome::Failed);
    }
    let names = tree.file_names(TARGETS)?;
    let names: Vec<&str> = names
        .iter()
        .filter_map(|name| name.strip_suffix(".rs"))
        .collect();
    let mut failed = Vec::new();
    for pair in names.chunks(AT_ONCE) {
        let mut running = Vec::new();
        for name in pair {
            // New inputs go into the first folder, so that the committed ones stay as they are.
            let found = target.join("fuzz/corpus").join(name);
            fs::create_dir_all(&found)
                .map_err(|error| refused(found.display().to_string(), "cannot be made", &error))?;
            let mut command = command("run");
            command
                .arg(name)
                .arg(&found)
                .arg(format!("fuzz/corpus/{name}"));
            command.args([
                "--".to_owned(),
                format!("-max_total_time={SECONDS}"),
                // Always the same inputs in the same order, so that CI does not fail by chance. `cargo fuzz run` searches further.
                "-seed=1".to_owned(),
                format!("-timeout={LONGEST}"),
                format!("-rss_limit_mb={MEMORY}"),
                "-verbosity=0".to_owned(),
                "-print_final_stats=1".to_owned(),
            ]);
            let child = command.spawn();
            let child =
                child.map_err(|error| refused("cargo fuzz", "cannot be started", &error))?;
            running.push((*name, child));
        }
        for (name, mut child) in running {
            let status = child.wait();
            let status = status.map_err(|error| refused("cargo fuzz", "was lost", &error))?;
            if !status.success() {
                failed.push(name);
            }
        }
    }
    for name in &failed {
        console.line(format_args!(
            "{name} failed: the input is in fuzz/artifacts/{name}; again: cargo +nightly fuzz run --sanitizer none {name} fuzz/artifacts/{name}/INPUT"
        ));
    }
    Ok(failed.is_empty().into())
}

/// Whether a program is there and ends well. What it says is of no interest.
fn works(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
