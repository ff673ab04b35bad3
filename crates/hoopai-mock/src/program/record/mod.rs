//! `record`: forwards requests to the platform, compares requests and replies with the interface,
//! and writes what it found.
//!
//! `upstream` sends requests; `exchange` compares one request and its reply; `deviations` finds
//! where a value deviates from a schema; `masked` replaces the values of recorded bodies; `output`
//! writes recordings and proposals.
//!
//! Nothing but kinds of values, names, and values that the interface lists is written: no secret
//! and no personal data.

mod deviations;
mod exchange;
mod masked;
mod output;
mod upstream;

use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use exchange::Exchange;
use output::Output;
use upstream::{BODY_LIMIT, Upstream};

use super::terminal::{print, start_error};

/// The platform.
const PLATFORM: &str = "https://services.leadconnectorhq.com";
/// The longest wait for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// The options of the command.
#[derive(Args, Debug)]
pub(super) struct Options {
    /// Port on the loopback address; 0 for any free port
    #[arg(long, default_value_t = 8081)]
    port: u16,

    /// Address to which requests are forwarded
    #[arg(long, value_name = "URL", default_value = PLATFORM)]
    upstream: Upstream,

    /// Folder of recordings and proposals
    #[arg(long, value_name = "DIR", default_value = "hoopai-recordings")]
    output: PathBuf,
}

/// A running recorder.
struct Recorder {
    upstream: Upstream,
    output: Output,
}

/// Runs the command until it is stopped.
pub(super) async fn run(options: Options, stop: impl Future<Output = ()>) -> ExitCode {
    let port = options.port;
    let started = async {
        let output = Output::open(&options.output)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        Ok::<_, io::Error>((output, listener))
    };
    let (output, listener) = match started.await {
        Ok(started) => started,
        Err(error) => {
            eprintln!("error: {}", start_error(port, &error));
            return ExitCode::FAILURE;
        }
    };
    let address = listener.local_addr();
    let address = address.map_or_else(|error| error.to_string(), |address| address.to_string());
    print(&format!("listening on http://{address}"));
    print(&format!("forwarding to {}", options.upstream));
    print(&format!("recording to {}", options.output.display()));
    let recorder = Arc::new(Recorder {
        upstream: options.upstream,
        output,
    });
    tokio::select! {
        () = serve(listener, Arc::clone(&recorder)) => {}
        () = stop => {}
    }
    let (exchanges, deviations) = recorder.output.counts();
    print(&format!(
        "{exchanges} exchanges, {deviations} kinds of deviations"
    ));
    ExitCode::SUCCESS
}

async fn serve(listener: TcpListener, recorder: Arc<Recorder>) {
    // Dropping the set closes its connections.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // Most likely there are no file descriptors left; connections that end release some.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let recorder = Arc::clone(&recorder);
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let recorder = Arc::clone(&recorder);
                async move { Ok::<_, io::Error>(recorder.forward(request).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service);
            // Errors of a connection concern only its client.
            let _ = connection.await;
        });
    }
}

impl Recorder {
    async fn forward(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = match Limited::new(body, BODY_LIMIT).collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => {
                let message = "the body cannot be read, or is larger than 50 MiB";
                return error(StatusCode::PAYLOAD_TOO_LARGE, message);
            }
        };
        let request = Request::from_parts(head, body);
        let reply = match self.upstream.send(&request).await {
            Ok(reply) => reply,
            Err(problem) => {
                let message = format!("{} cannot be reached: {problem}", self.upstream);
                return error(StatusCode::BAD_GATEWAY, &message);
            }
        };
        let exchange = Exchange::compare(&request, &reply).await;
        if let Err(problem) = self.output.add(exchange) {
            eprintln!("warning: the exchange cannot be written: {problem}");
        }
        let (head, body) = reply.into_parts();
        Response::from_parts(head, Full::new(body))
    }
}

/// An error of the recorder itself.
fn error(status: StatusCode, message: &str) -> Response<Full<Bytes>> {
    let body = json!({ "error": message }).to_string();
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response
}
