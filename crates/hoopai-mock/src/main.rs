//! `hoopai-mock`: the server as a program.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use clap::Parser;
use hoopai_mock::{
    CLIENT_ID, CLIENT_SECRET, Entry, FaultRule, LOCATION, Mock, REDIRECT_URI, RateLimitSettings,
    TOKEN, TokenSpec,
};

/// The HoopAI platform in a box: a server for tests and demos. It listens on the loopback address alone, and stops on Ctrl-C.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The port; 0 for any that is free
    #[arg(long, default_value_t = 8080)]
    port: u16,

    /// The private token that requests are to carry
    #[arg(long, value_name = "TOKEN", default_value = TOKEN, value_parser = token)]
    token: String,

    /// Make the token valid for this location only; without it, the token is valid for the location that is printed at the
    /// start, and for its agency
    #[arg(long, value_name = "ID", conflicts_with = "everything")]
    location: Option<String>,

    /// Make the token valid for every operation, location and agency
    #[arg(long)]
    everything: bool,

    /// The client id of the OAuth app, which may have all scopes
    #[arg(long, value_name = "ID", default_value = CLIENT_ID, value_parser = token)]
    client_id: String,

    /// The client secret of the OAuth app
    #[arg(long, value_name = "SECRET", default_value = CLIENT_SECRET, value_parser = token)]
    client_secret: String,

    /// Where the OAuth app is sent its codes
    #[arg(long, value_name = "URL", default_value = REDIRECT_URI, value_parser = token)]
    redirect_uri: String,

    /// For so many seconds, answer a refresh token that was spent with the same new tokens again
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    refresh_grace: u64,

    /// What ids, replies and chances are made from: the same seed gives the same
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Requests in any so many seconds, in place of the platform's 100/10
    #[arg(long, value_name = "N/SECONDS", conflicts_with = "no_limits")]
    limit: Option<Limit>,

    /// No limits at all
    #[arg(long)]
    no_limits: bool,

    /// Send `X-RateLimit-Reset`, in Unix seconds, which the platform was never seen to send
    #[arg(long)]
    rate_limit_reset: bool,

    /// Accept and store fields of bodies that the interface does not declare, and ignore such query parameters; for a single
    /// request the header `x-hoopai-mock-undeclared: accept` does it
    #[arg(long)]
    accept_undeclared: bool,

    /// Something that goes wrong: `503,on=contacts.*,times=2`, `429,retry-after=3`, `close-after,chance=0.1`,
    /// `delay=2s`, `drift=null`; can be given again
    #[arg(long = "fault", value_name = "FAULT[,OPTION=VALUE]...")]
    faults: Vec<FaultRule>,

    /// So many made-up contacts, in the location that is printed at the start
    #[arg(long, value_name = "N", default_value_t = 0)]
    contacts: usize,

    /// So many made-up pipelines, in the same location; the platform has no call that creates one
    #[arg(long, value_name = "N", default_value_t = 1)]
    pipelines: usize,

    /// A line for each request; never tokens or bodies
    #[arg(long)]
    log: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Before anything is said, so that whoever waits for the first line can stop the program from then on.
    let stop = stop_signal();
    match start(&arguments).await {
        Ok(mock) => {
            let location = arguments.location.as_deref().unwrap_or(LOCATION);
            mock.seed().pipelines(location, arguments.pipelines);
            mock.seed().contacts(location, arguments.contacts);
            say(&format!("listening on {}", mock.url()));
            for (name, value) in [
                ("token", arguments.token.as_str()),
                ("location", location),
                ("client id", &arguments.client_id),
                ("client secret", &arguments.client_secret),
                ("redirect uri", &arguments.redirect_uri),
            ] {
                say(&format!("{name:13} {value}"));
            }
            stop.await;
            mock.stop().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {}", problem(arguments.port, &error));
            ExitCode::FAILURE
        }
    }
}

async fn start(arguments: &Arguments) -> io::Result<Mock> {
    let mut builder = Mock::builder()
        .port(arguments.port)
        .seed(arguments.seed)
        .limits(limits(arguments))
        .accept_undeclared(arguments.accept_undeclared)
        .refresh_grace(Duration::from_secs(arguments.refresh_grace))
        .app_with_all_scopes(
            &arguments.client_id,
            &arguments.client_secret,
            &arguments.redirect_uri,
        );
    builder = match &arguments.location {
        Some(location) => builder.token_with(&arguments.token, TokenSpec::location(location)),
        None if arguments.everything => {
            builder.token_with(&arguments.token, TokenSpec::everything())
        }
        None => builder.token(&arguments.token),
    };
    for rule in &arguments.faults {
        builder = builder.fault(rule.clone());
    }
    if arguments.log {
        builder = builder.on_request(|entry| say(&line(entry)));
    }
    builder.start().await
}

fn limits(arguments: &Arguments) -> RateLimitSettings {
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

/// So many requests in so much time.
#[derive(Clone)]
struct Limit {
    requests: u32,
    window: Duration,
}

impl FromStr for Limit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const RIGHT: &str = "give requests and seconds, as in 25/10";
        let (requests, seconds) = text.split_once('/').ok_or(RIGHT)?;
        let requests = requests.trim().parse().map_err(|_| RIGHT)?;
        let seconds: f64 = seconds.trim().parse().map_err(|_| RIGHT)?;
        let window = Duration::try_from_secs_f64(seconds).map_err(|_| RIGHT)?;
        if requests == 0 || window.is_zero() {
            return Err("neither may be 0; for no limits give --no-limits");
        }
        Ok(Self { requests, window })
    }
}

fn token(text: &str) -> Result<String, &'static str> {
    let visible = |byte: u8| byte.is_ascii_graphic();
    if !text.is_empty() && text.bytes().all(visible) {
        Ok(text.to_owned())
    } else {
        Err("no header can carry it; give letters, digits and the like, without spaces")
    }
}

fn problem(port: u16, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "port {port} is taken; stop what listens there, choose another with --port, or let --port 0 find one"
        ),
        ErrorKind::PermissionDenied => {
            format!(
                "port {port} needs more rights than this user has; choose one above 1023 with --port"
            )
        }
        _ => format!("port {port} cannot be had: {error}; choose another with --port"),
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

/// Prints a line; that nobody reads it is no reason to stop.
fn say(line: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// Ends with Ctrl-C, or with what a container or a service manager sends in its place.
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

/// Ends with Ctrl-C.
#[cfg(not(unix))]
async fn stop_signal() {
    let _ = tokio::signal::ctrl_c().await;
}
