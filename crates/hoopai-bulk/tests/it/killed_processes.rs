//! Processes that are killed at random moments, or whose disk is full.

use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use fastrand::Rng;

/// Kills processes that run a test of this binary, as many as `HOOPAI_KILLS`, by default a few.
pub(crate) struct KilledProcesses {
    test: &'static str,
    kills: u32,
    killed: u32,
    random: Rng,
}

impl KilledProcesses {
    pub(crate) fn new(test: &'static str) -> Self {
        KilledProcesses {
            test,
            kills: std::env::var("HOOPAI_KILLS").map_or(10, |kills| kills.parse().unwrap()),
            killed: 0,
            random: Rng::with_seed(hoopai_test_support::seed()),
        }
    }

    /// Whether not all kills were made.
    pub(crate) fn are_left(&self) -> bool {
        self.killed < self.kills
    }

    pub(crate) fn killed(&self) -> u32 {
        self.killed
    }

    /// Runs the test with these variables in one process after the other, until one of them ends by
    /// itself. Each is killed within its first 80 ms.
    pub(crate) fn run_to_the_end(&mut self, variables: &[(&str, &str)]) {
        self.run(u32::MAX, variables, |random, _| {
            std::thread::sleep(Duration::from_micros(random.u64(1_000..80_000)));
        });
    }

    /// The same with at most so many kills, each after a wait. Returns the number of kills.
    pub(crate) fn run(
        &mut self,
        most: u32,
        variables: &[(&str, &str)],
        wait: impl Fn(&mut Rng, &mut Child),
    ) -> u32 {
        let before = self.killed;
        loop {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", self.test])
                .envs(variables.iter().copied())
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            if self.are_left() && self.killed - before < most {
                wait(&mut self.random, &mut child);
                let _ = child.kill();
            }
            let status = child.wait().unwrap();
            if status.success() {
                return self.killed - before;
            }
            assert_eq!(status.code(), None, "the child failed by itself");
            self.killed += 1;
        }
    }
}

/// Runs a test of this binary in a process whose files have at most so many blocks, of 512 or 1024
/// bytes. The limit stands for a full disk: a write beyond it fails.
#[cfg(unix)]
pub(crate) fn run_on_small_disk(test: &str, blocks: u32, variables: &[(&str, &str)]) -> Output {
    let script =
        format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" --exact {test} --nocapture");
    Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}
