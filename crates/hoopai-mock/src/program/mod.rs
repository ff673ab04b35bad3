//! The mock server as a program: its options, and [`run`], which other programs can call too.
//!
//! `record` is the command that forwards to the platform.

mod record;
mod seed_file;
mod terminal;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::account::{
    AGENCY_TOKEN, CLIENT_ID, CLIENT_SECRET, COMPANY, LOCATION, REDIRECT_URI, TOKEN,
};
use crate::control;
use crate::faults::FaultRule;
use crate::journal::Entry;
use crate::limits::RateLimitSettings;
use crate::mock::Mock;
use crate::tokens::TokenSpec;
use seed_file::SeedFile;
use terminal::{print, start_error};

/// The options of the program.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    serve: Serve,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Forward requests to the platform, and record where they deviate from the interface
    Record(record::Options),
}

#[derive(Args)]
struct Serve {
    /// Address to listen on. With others than loopback addresses, other machines can use the server
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST),
        value_parser = address
    )]
    bind: IpAddr,

    /// Further host name of the control interface and the page, such as the name of a container.
    /// Can be repeated
    #[arg(long = "allow-host", value_name = "NAME")]
    allow_hosts: Vec<String>,

    /// JSON or YAML file with items, tokens, faults, limits and subscriptions of webhooks. Can be
    /// repeated
    #[arg(long = "seed", value_name = "FILE")]
    seeds: Vec<SeedFile>,

    /// Folder that keeps items, tokens and installations. A folder with content is continued, and
    /// not seeded
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,

    /// Port; 0 for any free port
    #[arg(long, default_value_t = 8080)]
    port: u16,

    /// Private token of the location
    #[arg(long, value_name = "TOKEN", default_value = TOKEN, value_parser = token)]
    token: String,

    /// Private token of the agency of the location
    #[arg(long, value_name = "TOKEN", default_value = AGENCY_TOKEN, value_parser = token)]
    agency_token: String,

    /// Location of the token
    #[arg(long, value_name = "ID", conflicts_with = "everything")]
    location: Option<String>,

    /// Make the token of the location valid for every operation, location and agency
    #[arg(long)]
    everything: bool,

    /// Client id of the OAuth app, which has all scopes
    #[arg(long, value_name = "ID", default_value = CLIENT_ID, value_parser = token)]
    client_id: String,

    /// Client secret of the OAuth app
    #[arg(long, value_name = "SECRET", default_value = CLIENT_SECRET, value_parser = token)]
    client_secret: String,

    /// Redirect URI of the OAuth app
    #[arg(long, value_name = "URL", default_value = REDIRECT_URI, value_parser = token)]
    redirect_uri: String,

    /// Seconds for which a used refresh token returns the same new tokens again
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    refresh_grace: u64,

    /// Seed of ids, made-up replies and random faults
    #[arg(long, value_name = "N", default_value_t = 0)]
    random_seed: u64,

    /// Rate limit: requests in any window of this length; the platform's limit is 100/10
    #[arg(long, value_name = "N/SECONDS", conflicts_with = "no_limits")]
    limit: Option<Limit>,

    /// Disable all rate limits
    #[arg(long)]
    no_limits: bool,

    /// Send `X-RateLimit-Reset` in Unix seconds; the platform has not been observed to send it
    #[arg(long)]
    rate_limit_reset: bool,

    /// Accept and store undeclared body fields, and ignore undeclared query parameters. The header
    /// `x-hoopai-mock-undeclared: accept` does the same for one request
    #[arg(long)]
    accept_undeclared: bool,

    /// Inject a fault, such as `503,on=contacts.*,times=2`, `429,retry-after=3`,
    /// `close-after,chance=0.1`, `delay=2s` or `drift=null`. Can be repeated
    #[arg(long = "fault", value_name = "FAULT[,OPTION=VALUE]...")]
    faults: Vec<FaultRule>,

    /// Number of made-up contacts in the printed location
    #[arg(long, value_name = "N", default_value_t = 0)]
    contacts: usize,

    /// Number of made-up pipelines in the printed location; no API call creates pipelines
    #[arg(long, value_name = "N", default_value_t = 1)]
    pipelines: usize,

    /// Print a line for each request, without tokens and bodies
    #[arg(long)]
    log: bool,
}

/// Hides tokens and secrets.
impl std::fmt::Debug for Serve {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Serve")
            .field("bind", &self.bind)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// Runs the program until Ctrl-C, or until the signal of a container or a service manager.
///
/// Must be called in a Tokio runtime. Prints to standard output, and errors to standard error.
pub async fn run(arguments: Arguments) -> ExitCode {
    // Signals are handled before the first output, so a caller can stop the program after that
    // line.
    let stop = stop_signal();
    match arguments.command {
        Some(Command::Record(options)) => record::run(options, stop).await,
        None => serve(&arguments.serve, stop).await,
    }
}

async fn serve(arguments: &Serve, stop: impl Future<Output = ()>) -> ExitCode {
    warn_about(arguments.bind);
    let mock = match start(arguments).await {
        Ok(mock) => mock,
        Err(error) => {
            eprintln!("error: {}", start_error(arguments.port, &error));
            return ExitCode::FAILURE;
        }
    };
    let location = arguments.location.as_deref().unwrap_or(LOCATION);
    print(&format!("listening on {}", mock.url()));
    for (name, value) in [
        ("token", arguments.token.as_str()),
        ("location", location),
        ("agency token", &arguments.agency_token),
        ("client id", &arguments.client_id),
        ("client secret", &arguments.client_secret),
        ("redirect uri", &arguments.redirect_uri),
    ] {
        print(&format!("{name:13} {value}"));
    }
    stop.await;
    mock.stop().await;
    ExitCode::SUCCESS
}

/// Parses the value of `--bind`.
fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| match text.parse::<SocketAddr>() {
        Ok(address) => format!(
            "expected an address without a port; write --bind {} --port {}",
            address.ip(),
            address.port()
        ),
        Err(_) => "expected an IP address, such as 127.0.0.1 or 0.0.0.0".to_owned(),
    })
}

/// Prints a warning if other machines can reach the server.
fn warn_about(bind: IpAddr) {
    if !bind.is_loopback() {
        eprintln!(
            "warning: {bind} is no loopback address; each machine that can reach this one can use \
             the server and read its data, because {} requires no credentials",
            control::PREFIX
        );
    }
}

async fn start(arguments: &Serve) -> io::Result<Mock> {
    let host_names: Vec<&str> = arguments.allow_hosts.iter().map(String::as_str).collect();
    let mut builder = Mock::builder()
        .bind(arguments.bind)
        .port(arguments.port)
        .control(&host_names)
        .seed_file(arguments.items())
        .seed(arguments.random_seed)
        .limits(limits(arguments))
        .accept_undeclared(arguments.accept_undeclared)
        .refresh_grace(Duration::from_secs(arguments.refresh_grace))
        .app_with_all_scopes(
            &arguments.client_id,
            &arguments.client_secret,
            &arguments.redirect_uri,
        );
    let spec = match &arguments.location {
        Some(location) => TokenSpec::location(location),
        None if arguments.everything => TokenSpec::everything(),
        None => TokenSpec::location(LOCATION),
    };
    builder = builder
        .token_with(&arguments.token, spec)
        .token_with(&arguments.agency_token, TokenSpec::company(COMPANY));
    for rule in &arguments.faults {
        builder = builder.fault(rule.clone());
    }
    for seed in &arguments.seeds {
        builder = builder.seed_file(seed.content.clone());
    }
    if let Some(folder) = &arguments.state {
        builder = builder.state_folder(folder);
    }
    if arguments.log {
        builder = builder.on_request(|entry| print(&line(entry)));
    }
    builder.start().await
}

impl Serve {
    /// The seed of the options `--pipelines` and `--contacts`.
    fn items(&self) -> Value {
        let location = self.location.as_deref().unwrap_or(LOCATION);
        let items = [("pipelines", self.pipelines), ("contacts", self.contacts)];
        let items = items.map(|(collection, count)| {
            json!({ "collection": collection, "location": location, "count": count })
        });
        json!({ "items": items })
    }
}

fn limits(arguments: &Serve) -> RateLimitSettings {
    let mut limits = RateLimitSettings {
        reset: arguments.rate_limit_reset,
        ..RateLimitSettings::default()
    };
    if arguments.no_limits {
        limits.burst = u32::MAX;
        limits.daily = u32::MAX;
        limits.token_endpoint = u32::MAX;
    }
    if let Some(limit) = &arguments.limit {
        limits.burst = limit.requests;
        limits.window = limit.window;
    }
    limits
}

/// A number of requests in a window.
#[derive(Clone)]
struct Limit {
    requests: u32,
    window: Duration,
}

impl FromStr for Limit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORMAT: &str = "expected requests and seconds, as in 25/10";
        let (requests, seconds) = text.split_once('/').ok_or(FORMAT)?;
        let requests = requests.trim().parse().map_err(|_| FORMAT)?;
        let seconds: f64 = seconds.trim().parse().map_err(|_| FORMAT)?;
        let window = Duration::try_from_secs_f64(seconds).map_err(|_| FORMAT)?;
        if requests == 0 || window.is_zero() {
            return Err(
                "requests and seconds must not be 0; use --no-limits to disable the limits",
            );
        }
        Ok(Self { requests, window })
    }
}

fn token(text: &str) -> Result<String, &'static str> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err("not valid in a header; use letters, digits and punctuation without spaces")
    }
}

fn line(entry: &Entry) -> String {
    let operation = entry.operation.as_deref().unwrap_or("-");
    let status = entry
        .status
        .map_or("---".to_owned(), |status| status.to_string());
    let took = entry
        .ended
        .unwrap_or(entry.arrived)
        .saturating_sub(entry.arrived);
    let fault = if entry.faults.is_empty() {
        ""
    } else {
        " fault"
    };
    format!(
        "{:>5} {} {} {operation} {status} {:?} {} ms{fault}",
        entry.number,
        entry.method,
        entry.path,
        entry.outcome,
        took.as_millis(),
    )
}

/// Waits for Ctrl-C, or for the signal of a container or a service manager.
#[cfg(unix)]
fn stop_signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    );
    async {
        match signals {
            (Ok(mut interrupt), Ok(mut terminate)) => {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            }
            _ => {
                let _ = tokio::signal::ctrl_c().await;
            }
        }
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
async fn stop_signal() {
    let _ = tokio::signal::ctrl_c().await;
}
