//! `cargo xtask ci`: runs the CI steps in order, up to the first failure. This is the only list of
//! steps; `.ci/run` installs the required tools and calls it.

use std::time::{Duration, Instant};

use clap::Args;

use crate::{
    Console, Result, Workspace,
    cargo::{command, program, succeeds},
    commands::{
        api::{Api, api},
        check::{Check, check},
        deny::{advisories, deny},
        dependencies::dependencies,
        export_tools::export_tools,
        features::features,
        fuzz::fuzz,
        guide::guide,
        history::{History, history},
        package::{Package, package},
        validate::validate,
        words::words,
    },
    error::{count, file_error, io_error},
    outcome::Outcome,
};

/// The folder of checks that are not part of the project. Each is a program, run at the root.
const SHARED_CHECKS: &str = "../shared/checks";

#[derive(Debug, Args)]
pub(crate) struct Ci {
    /// The steps to run [default: all]
    #[arg(value_name = "STEP")]
    steps: Vec<String>,
    /// Only print the steps and their commands
    #[arg(long)]
    list: bool,
}

type CommandFn = fn(&Workspace, &Console) -> Result<Outcome>;

enum Action {
    /// Runs cargo with these arguments and this environment variable.
    Cargo(&'static str, Option<(&'static str, &'static str)>),
    /// Runs this command of `cargo xtask`.
    Xtask(&'static str, CommandFn),
    /// Runs the program of the step's name.
    SharedCheck,
    /// The folder does not exist.
    NoSharedChecks,
}

struct Step {
    name: String,
    action: Action,
}

impl Step {
    /// The command line of the step.
    fn command_line(&self) -> String {
        match &self.action {
            Action::Cargo(arguments, variable) => {
                let variable = variable.map_or(String::new(), |(name, value)| {
                    format!("{name}=\"{value}\" ")
                });
                format!("{variable}cargo {arguments}")
            }
            Action::Xtask(name, _) => format!("cargo xtask {name}"),
            Action::SharedCheck => format!("{SHARED_CHECKS}/{}", self.name),
            Action::NoSharedChecks => format!("{SHARED_CHECKS}/*"),
        }
    }

    fn run(&self, tree: &Workspace, console: &Console) -> Result<Outcome> {
        Ok(match &self.action {
            Action::Cargo(arguments, variable) => {
                let arguments: Vec<&str> = arguments.split(' ').collect();
                let mut command = command(tree, &arguments);
                command.envs(*variable);
                succeeds(command)?.into()
            }
            Action::Xtask(_, run) => run(tree, console)?,
            Action::SharedCheck => {
                let path = tree.path(SHARED_CHECKS).join(&self.name);
                // The system would not resolve a relative path from the working directory of the
                // new process.
                let path = path
                    .canonicalize()
                    .map_err(|error| io_error(self.command_line(), "cannot be found", &error))?;
                succeeds(program(tree, path))?.into()
            }
            Action::NoSharedChecks => Outcome::Skipped(format!("{SHARED_CHECKS} does not exist")),
        })
    }
}

/// The steps. The fast ones that fail most often come first.
fn steps(tree: &Workspace) -> Result<Vec<Step>> {
    let cargo = |name, arguments| (name, Action::Cargo(arguments, None));
    let xtask = |name, run| (name, Action::Xtask(name, run));
    let fixed = [
        cargo("formatting", "fmt --all --check"),
        xtask("check", |tree, console| {
            Ok(check(tree, &Check::default(), console)?.into())
        }),
        xtask("dependencies", |tree, console| {
            Ok(dependencies(tree, console)?.into())
        }),
        xtask("words", |tree, console| Ok(words(tree, console)?.into())),
        xtask("deny", deny),
        xtask("advisories", advisories),
        cargo(
            "lints",
            "clippy --workspace --all-targets --all-features --quiet -- -D warnings",
        ),
        cargo("quickstart", "run --quiet --example quickstart"),
        // The command of README, word for word.
        cargo("tests", "test --workspace"),
        cargo(
            "schemas",
            "test --package hoopai --features schemars --test schemas",
        ),
        xtask("features", |tree, console| {
            Ok(features(tree, console)?.into())
        }),
        (
            "documentation",
            Action::Cargo(
                "doc --workspace --no-deps --quiet",
                Some(("RUSTDOCFLAGS", "-D warnings")),
            ),
        ),
        xtask("guide", guide),
        xtask("api", |tree, console| api(tree, &Api::default(), console)),
        xtask("package", |tree, console| {
            Ok(package(tree, &Package::default(), console)?.into())
        }),
        xtask("validate", validate),
        xtask("export-tools", export_tools),
        xtask("history", |tree, console| {
            history(tree, &History::default(), console)
        }),
        xtask("fuzz", fuzz),
    ];
    let mut steps: Vec<Step> = fixed
        .into_iter()
        .map(|(name, action)| Step {
            name: name.to_owned(),
            action,
        })
        .collect();
    let shared = tree.file_names(SHARED_CHECKS)?;
    if shared.is_empty() {
        steps.push(Step {
            name: "shared".to_owned(),
            action: Action::NoSharedChecks,
        });
    }
    steps.extend(shared.into_iter().map(|name| Step {
        name,
        action: Action::SharedCheck,
    }));
    Ok(steps)
}

pub(crate) fn ci(tree: &Workspace, options: &Ci, console: &Console) -> Result<bool> {
    let all = steps(tree)?;
    for name in &options.steps {
        if !all.iter().any(|step| step.name == *name) {
            let names: Vec<&str> = all.iter().map(|step| step.name.as_str()).collect();
            return Err(file_error(
                "cargo xtask ci",
                format!("has no step `{name}`"),
                format!("use one of {}", names.join(", ")),
            ));
        }
    }
    let is_selected = |step: &&Step| options.steps.is_empty() || options.steps.contains(&step.name);
    let mut results: Vec<(&Step, Duration, Outcome)> = Vec::new();
    for step in all.iter().filter(is_selected) {
        if options.list {
            console.line(format_args!("{:<14} {}", step.name, step.command_line()));
            continue;
        }
        console.line(format_args!("\n== {}: {}", step.name, step.command_line()));
        let started = Instant::now();
        let outcome = match step.run(tree, console) {
            Ok(outcome) => outcome,
            Err(error) => {
                console.line(error);
                Outcome::Failed
            }
        };
        if outcome == Outcome::Failed {
            let (name, line) = (&step.name, step.command_line());
            console.line(format_args!(
                "\nFAILED: {name}, after {}. To repeat it: cargo xtask ci {name}, which runs {line}",
                count(results.len(), "other step"),
            ));
            return Ok(false);
        }
        if let Outcome::Skipped(reason) = &outcome {
            console.line(format_args!("skipped: {reason}"));
        }
        results.push((step, started.elapsed(), outcome));
    }
    if !options.list {
        console.line("");
        print_summary(&results, console);
    }
    Ok(true)
}

fn print_summary(results: &[(&Step, Duration, Outcome)], console: &Console) {
    let mut skipped = 0;
    for (step, took, outcome) in results {
        let end = match outcome {
            Outcome::Skipped(reason) => {
                skipped += 1;
                format!("skipped: {reason}")
            }
            _ => "passed".to_owned(),
        };
        console.line(format_args!(
            "{:<14} {:>6.1} s  {end}",
            step.name,
            took.as_secs_f64()
        ));
    }
    let passed = count(results.len() - skipped, "step");
    console.line(format_args!("{passed} passed, {skipped} skipped"));
}
