//! `cargo xtask ci`: all that CI runs, step by step, stopping at the first failure. This is the only list of steps;
//! `.ci/run` installs what they need and calls it.

use std::time::{Duration, Instant};

use clap::Args;

use crate::{
    Console, Result, Workspace,
    cargo::{command, program, succeeds},
    commands::{
        api::{Api, api},
        check::check,
        deny::{advisories, deny},
        dependencies::dependencies,
        documents::documents,
        features::features,
        fuzz::fuzz,
        package::{Package, package},
    },
    fault::{count, fault, refused},
};

/// Checks that the project is given from outside, each a program that is run at the root.
const SHARED: &str = "../shared/checks";

#[derive(Debug, Args)]
pub(crate) struct Ci {
    /// The steps to run; all of them, if none is named
    #[arg(value_name = "STEP")]
    steps: Vec<String>,
    /// Only show the steps and what they run
    #[arg(long)]
    list: bool,
}

/// How a step, or a command that may find that it cannot do its work, ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    /// Why.
    Skipped(String),
}

impl From<bool> for Outcome {
    fn from(passed: bool) -> Self {
        if passed { Self::Passed } else { Self::Failed }
    }
}

impl Outcome {
    /// The end of a command that was called by itself: to skip is no failure, but is said.
    pub(crate) fn told(self, console: &Console) -> bool {
        if let Self::Skipped(why) = &self {
            console.line(format_args!("skipped: {why}"));
        }
        self != Self::Failed
    }
}

type Own = fn(&Workspace, &Console) -> Result<Outcome>;

enum Work {
    /// cargo with these arguments and this environment.
    Cargo(
        &'static [&'static str],
        Option<(&'static str, &'static str)>,
    ),
    /// A command of ours, by what it is called.
    Own(&'static str, Own),
    /// A program of the shared folder.
    Shared,
    /// There is no shared folder.
    NoShared,
}

struct Step {
    name: String,
    work: Work,
}

impl Step {
    /// What to type for the same.
    fn line(&self) -> String {
        match &self.work {
            Work::Cargo(arguments, variable) => {
                let variable = variable.map_or(String::new(), |(name, value)| {
                    format!("{name}=\"{value}\" ")
                });
                format!("{variable}cargo {}", arguments.join(" "))
            }
            Work::Own(name, _) => format!("cargo xtask {name}"),
            Work::Shared => format!("{SHARED}/{}", self.name),
            Work::NoShared => format!("{SHARED}/*"),
        }
    }

    fn run(&self, tree: &Workspace, console: &Console) -> Result<Outcome> {
        Ok(match &self.work {
            Work::Cargo(arguments, variable) => {
                let mut command = command(tree, arguments);
                command.envs(*variable);
                succeeds(command)?.into()
            }
            Work::Own(_, run) => run(tree, console)?,
            Work::Shared => {
                let path = tree.path(SHARED).join(&self.name);
                // A relative path of a program is not sought from the folder that it is to run in.
                let path = path
                    .canonicalize()
                    .map_err(|error| refused(self.line(), "cannot be found", &error))?;
                succeeds(program(tree, path))?.into()
            }
            Work::NoShared => Outcome::Skipped(format!("{SHARED} is not there")),
        })
    }
}

/// What is cheap and fails most often stands first.
fn steps(tree: &Workspace) -> Result<Vec<Step>> {
    let cargo = |name, arguments| (name, Work::Cargo(arguments, None));
    let own = |name, run| (name, Work::Own(name, run));
    let fixed = [
        cargo("formatting", &["fmt", "--all", "--check"]),
        own("check", |tree, console| Ok(check(tree, console)?.into())),
        own("dependencies", |tree, console| {
            Ok(dependencies(tree, console)?.into())
        }),
        own("deny", deny),
        own("advisories", advisories),
        cargo(
            "lints",
            &[
                "clippy",
                "--workspace",
                "--all-targets",
                "--quiet",
                "--",
                "-D",
                "warnings",
            ],
        ),
        cargo("quickstart", &["run", "--quiet", "--example", "quickstart"]),
        // As README says it: nothing is quiet, and the runner's own lines close each binary.
        cargo("tests", &["test", "--workspace"]),
        cargo(
            "schemas",
            &[
                "test",
                "--package",
                "hoopai",
                "--features",
                "schemars",
                "--test",
                "schemas",
            ],
        ),
        own("features", |tree, console| {
            Ok(features(tree, console)?.into())
        }),
        (
            "documentation",
            Work::Cargo(
                &["doc", "--workspace", "--no-deps", "--quiet"],
                Some(("RUSTDOCFLAGS", "-D warnings")),
            ),
        ),
        own("api", |tree, console| api(tree, &Api::default(), console)),
        own("package", |tree, console| {
            Ok(package(tree, &Package::default(), console)?.into())
        }),
        own("documents", documents),
        own("fuzz", fuzz),
    ];
    let mut steps: Vec<Step> = fixed
        .into_iter()
        .map(|(name, work)| Step {
            name: name.to_owned(),
            work,
        })
        .collect();
    let shared = tree.file_names(SHARED)?;
    if shared.is_empty() {
        steps.push(Step {
            name: "shared".to_owned(),
            work: Work::NoShared,
        });
    }
    steps.extend(shared.into_iter().map(|name| Step {
        name,
        work: Work::Shared,
    }));
    Ok(steps)
}

pub(crate) fn ci(tree: &Workspace, options: &Ci, console: &Console) -> Result<bool> {
    let all = steps(tree)?;
    for name in &options.steps {
        if !all.iter().any(|step| step.name == *name) {
            let names: Vec<&str> = all.iter().map(|step| step.name.as_str()).collect();
            return Err(fault(
                "cargo xtask ci",
                format!("has no step `{name}`"),
                format!("take one of {}", names.join(", ")),
            ));
        }
    }
    let chosen = |step: &&Step| options.steps.is_empty() || options.steps.contains(&step.name);
    let mut ends: Vec<(&Step, Duration, Outcome)> = Vec::new();
    for step in all.iter().filter(chosen) {
        if options.list {
            console.line(format_args!("{:<14} {}", step.name, step.line()));
            continue;
        }
        console.line(format_args!("\n== {}: {}", step.name, step.line()));
        let started = Instant::now();
        let outcome = match step.run(tree, console) {
            Ok(outcome) => outcome,
            Err(fault) => {
                console.line(fault);
                Outcome::Failed
            }
        };
        if outcome == Outcome::Failed {
            let (name, line) = (&step.name, step.line());
            console.line(format_args!(
                "\nFAILED: {name}, after {}. By itself: cargo xtask ci {name}, which runs {line}",
                count(ends.len(), "other step"),
            ));
            return Ok(false);
        }
        if let Outcome::Skipped(why) = &outcome {
            console.line(format_args!("skipped: {why}"));
        }
        ends.push((step, started.elapsed(), outcome));
    }
    if !options.list {
        console.line("");
        summary(&ends, console);
    }
    Ok(true)
}

fn summary(ends: &[(&Step, Duration, Outcome)], console: &Console) {
    let mut skipped = 0;
    for (step, took, outcome) in ends {
        let end = match outcome {
            Outcome::Skipped(why) => {
                skipped += 1;
                format!("skipped: {why}")
            }
            _ => "passed".to_owned(),
        };
        console.line(format_args!(
            "{:<14} {:>6.1} s  {end}",
            step.name,
            took.as_secs_f64()
        ));
    }
    let passed = count(ends.len() - skipped, "step");
    console.line(format_args!("{passed} passed, {skipped} skipped"));
}
