//! `hoopai doctor`: checks what a call depends on.

use std::time::{Duration, SystemTime};

use hoopai_runtime::operation::Method;
use hoopai_runtime::{CallOptions, Error};
use serde_json::{Value, json};

use crate::account::{Client, Environment, Profiles};
use crate::call::interruptible;
use crate::directory::Directory;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::options::Options;
use crate::output::Printer;

/// The largest difference to the platform's clock that is not reported.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(60);

/// The result of a check.
struct Check {
    name: &'static str,
    ok: bool,
    details: String,
}

pub(crate) async fn run(options: &Options) -> Result {
    let mut checks = Vec::new();
    let mut add = |name, result: std::result::Result<String, String>| {
        let (ok, details) = match result {
            Ok(details) => (true, details),
            Err(details) => (false, details),
        };
        checks.push(Check { name, ok, details });
    };
    let mut exit = None;
    if !options.mock {
        let directory = Directory::find()?;
        let environment = Environment::read(options)?;
        add("directory", Ok(directory.path().display().to_string()));
        let exposed = [
            directory.path().to_owned(),
            directory.profiles(),
            directory.tokens(),
        ];
        let exposed: Vec<String> = exposed
            .iter()
            .filter_map(|path| Directory::exposure(path))
            .collect();
        add(
            "permissions",
            match exposed.is_empty() {
                true => Ok("only the owner can read the files".to_owned()),
                false => Err(exposed.join("; ")),
            },
        );
        add(
            "credentials",
            match environment.token {
                Some(_) => Ok("environment variable HOOPAI_TOKEN".to_owned()),
                None => Profiles::load(&directory)
                    .and_then(|profiles| {
                        let (name, profile) = profiles.get(options.profile.as_deref())?;
                        Ok(format!("profile {name}, {}", profile.credentials.kind()))
                    })
                    .map_err(|failure| failure.sentence()),
            },
        );
    }
    match Client::open(options).await {
        Err(failure) => {
            exit = Some(failure.exit());
            add("client", Err(failure.sentence()));
        }
        Ok(client) => {
            let has_location = client.handle.location().is_some();
            let id = client.handle.location().unwrap_or("unknown").to_owned();
            let call = client
                .handle
                .request(Method::GET, "/locations/{id}")
                .path("id", id)
                .options(CallOptions::new().no_retries());
            let result = interruptible(async { Ok(call.send().await) }).await?;
            client.close().await;
            let (reached, date, accepted) = match &result {
                Ok(reply) => (true, reply.header("date").map(str::to_owned), Ok(())),
                Err(error) => (
                    error.status().is_some(),
                    error.header("date").map(str::to_owned),
                    Err(error),
                ),
            };
            // Without a location, any reply shows whether the token is accepted.
            let accepted = accepted.or_else(|error: &Error| {
                let is_of_token = Exit::of(error) == Exit::LoginNeeded;
                match has_location || is_of_token || error.status().is_none() {
                    true => Err(error),
                    false => Ok(()),
                }
            });
            add(
                "platform",
                match (reached, accepted) {
                    (true, _) => Ok("reached".to_owned()),
                    (false, Ok(())) => Ok("reached".to_owned()),
                    (false, Err(error)) => Err(error.to_string()),
                },
            );
            if reached {
                add(
                    "account",
                    match accepted {
                        Ok(()) => Ok("the credentials are accepted".to_owned()),
                        Err(error) => Err(error.to_string()),
                    },
                );
                add("clock", clock(date.as_deref()));
            }
            exit = exit.or(accepted.err().map(Exit::of));
        }
    }
    let failed: Vec<&str> = checks
        .iter()
        .filter(|check| !check.ok)
        .map(|check| check.name)
        .collect();
    let list: Vec<Value> = checks
        .iter()
        .map(|check| {
            let result = if check.ok { "ok" } else { "failed" };
            json!({ "check": check.name, "result": result, "details": check.details })
        })
        .collect();
    Printer::stdout(options, false)?.reply(Value::Array(list), None)?;
    if failed.is_empty() {
        return Ok(());
    }
    let message = format!("{} failed: see the details above", failed.join(", "));
    Err(Failure::of(exit.unwrap_or(Exit::Internal), message))
}

/// Compares the clock of this machine with that of a reply.
fn clock(date: Option<&str>) -> std::result::Result<String, String> {
    let Some(date) = date.and_then(|date| httpdate::parse_http_date(date).ok()) else {
        return Ok("the reply has no date".to_owned());
    };
    let now = SystemTime::now();
    let difference = now
        .duration_since(date)
        .or(date.duration_since(now))
        .unwrap_or_default();
    if difference <= CLOCK_DIFFERENCE {
        Ok("agrees with the platform".to_owned())
    } else {
        Err(format!(
            "differs from the platform's by {} seconds: set the clock, since tokens are refreshed by it",
            difference.as_secs()
        ))
    }
}
