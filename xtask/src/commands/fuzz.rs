//! `cargo xtask fuzz`: runs each fuzz target for a fixed time, from copies of the committed
//! corpora.

use std::{
    fs,
    process::{Command, Stdio},
};

use crate::{
    Console, Result, Workspace,
    cargo::{metadata, program, succeeds, tool},
    error::io_error,
    outcome::Outcome,
};

const TARGETS: &str = "fuzz/fuzz_targets";
/// The time that each target runs.
const SECONDS: u32 = 60;
/// The limits of one input: seconds, and megabytes of memory.
const INPUT_SECONDS: u32 = 20;
const MEMORY_MB: u32 = 2_048;
/// The number of targets that run at once.
const CONCURRENT_TARGETS: usize = 2;

pub(crate) fn fuzz(tree: &Workspace, console: &Console) -> Result<Outcome> {
    let target = metadata(tree)?.target_directory;
    let Some(cargo_fuzz) = tool(&target, "tools", "cargo-fuzz") else {
        return Ok(Outcome::Skipped(
            "cargo-fuzz is not installed; .ci/run installs it, as does cargo install cargo-fuzz"
                .to_owned(),
        ));
    };
    if !runs_successfully(program(tree, "rustup").args(["run", "nightly", "rustc", "--version"])) {
        return Ok(Outcome::Skipped(
            "there is no nightly toolchain; rustup toolchain install nightly --profile minimal"
                .to_owned(),
        ));
    }
    if !runs_successfully(program(tree, "c++").arg("--version")) {
        return Ok(Outcome::Skipped(
            "there is no C++ compiler, which libFuzzer needs".to_owned(),
        ));
    }
    // Sanitizers find errors of `unsafe` code, and there is none.
    let command = |verb: &str| {
        let mut command = program(tree, &cargo_fuzz);
        // cargo-fuzz must not use the toolchain of this process.
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
    for pair in names.chunks(CONCURRENT_TARGETS) {
        let mut running = Vec::new();
        for name in pair {
            // libFuzzer writes new inputs to the first folder.
            let corpus = target.join("fuzz/corpus").join(name);
            fs::create_dir_all(&corpus)
                .map_err(|error| io_error(corpus.as_str(), "cannot be created", &error))?;
            let mut command = command("run");
            command
                .arg(name)
                .arg(&corpus)
                .arg(format!("fuzz/corpus/{name}"));
            command.args([
                "--".to_owned(),
                format!("-max_total_time={SECONDS}"),
                // A fixed seed, so that CI does not fail by chance. `cargo fuzz run` uses other
                // seeds.
                "-seed=1".to_owned(),
                format!("-timeout={INPUT_SECONDS}"),
                format!("-rss_limit_mb={MEMORY_MB}"),
                "-verbosity=0".to_owned(),
                "-print_final_stats=1".to_owned(),
            ]);
            let child = command.spawn();
            let child =
                child.map_err(|error| io_error("cargo fuzz", "cannot be started", &error))?;
            running.push((*name, child));
        }
        for (name, mut child) in running {
            let status = child.wait();
            let status =
                status.map_err(|error| io_error("cargo fuzz", "cannot be waited for", &error))?;
            if !status.success() {
                failed.push(name);
            }
        }
    }
    for name in &failed {
        console.line(format_args!(
            "{name} failed: the input is in fuzz/artifacts/{name}; repeat it with cargo +nightly fuzz run --sanitizer none {name} fuzz/artifacts/{name}/INPUT"
        ));
    }
    Ok(failed.is_empty().into())
}

/// Whether a program exists and succeeds. Its output is discarded.
fn runs_successfully(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
