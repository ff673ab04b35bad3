//! The HTTP server: accepts connections, reads requests within limits, and sends replies.
//!
//! Depends on the pipeline, which handles each request, and on [`Delivery`].

mod body;
mod read;
mod socket;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{HeaderValue, Request, Response};
use hyper::body::Incoming as RequestBody;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

use body::ReplyBody;
use read::{Read, RequestReader};
use socket::Socket;

use crate::control::{self, HostRules};
use crate::exchange::Reply;
use crate::faults::{Delivery, http_date};
use crate::pipeline::{self, HandledRequest};
use crate::server_state::ServerState;
use crate::sessions::Sessions;

/// The largest number of open connections; further connections wait.
const MAX_CONNECTIONS: usize = 512;
/// The largest number of headers of a request.
const MAX_HEADERS: usize = 100;
/// The largest size of a request's head in bytes.
const MAX_HEAD_SIZE: usize = 32 << 10;

/// The sessions, and the rules of the control interface if it is served.
type Served = (Arc<Sessions>, Option<HostRules>);

/// Serves until a message to stop arrives, or its sender is dropped. Then it closes all
/// connections.
///
/// With rules for hosts, it serves the control interface and named sessions.
pub(crate) async fn run(
    listener: TcpListener,
    (sessions, control): (Arc<Sessions>, Option<HostRules>),
    body_limit: usize,
    idle_timeout: Duration,
    mut stopped: oneshot::Receiver<()>,
) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let reader = Arc::new(RequestReader::new(body_limit, idle_timeout));
    let served = Arc::new((sessions, control));
    // Dropping the set closes its connections.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            _ = &mut stopped => return,
            accepted = accept(&listener, &permits) => accepted,
        };
        match accepted {
            Ok((stream, permit)) => {
                let served = Arc::clone(&served);
                let reader = Arc::clone(&reader);
                connections.spawn(async move {
                    serve(stream, served, reader, idle_timeout).await;
                    drop(permit);
                });
            }
            // Most likely there are no file descriptors left; connections that end release some.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await;
    let permit = permit.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, permit))
}

async fn serve(
    stream: TcpStream,
    served: Arc<Served>,
    reader: Arc<RequestReader>,
    idle_timeout: Duration,
) {
    // Small chunks are sent without delay.
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let socket = Socket::new(stream, Arc::clone(&reset), idle_timeout);
    let service = service_fn(move |request| {
        let (served, reader) = (Arc::clone(&served), Arc::clone(&reader));
        let reset = Arc::clone(&reset);
        async move {
            let response = respond(&served, &reader, request, &reset).await;
            // An error in place of a response makes hyper close the connection without a reply.
            response.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionAborted))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_SIZE)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(socket), service);
    // Hyper replies to malformed requests. Errors of a connection concern only its client.
    let _ = connection.await;
}

async fn respond(
    (sessions, control): &Served,
    reader: &RequestReader,
    request: Request<RequestBody>,
    reset: &AtomicBool,
) -> Option<Response<ReplyBody>> {
    let read = reader.read(request).await;
    let (Read::Whole(request, _) | Read::Unread(request, ..)) = &read;
    let session = match control {
        Some(_) => sessions.of(request),
        None => Ok(Arc::clone(sessions.own())),
    };
    let state = match session {
        Ok(state) => state,
        Err(problem) => {
            let reply = problem.into_reply();
            let last = matches!(read, Read::Unread(..));
            return Some(response(sessions.own(), reply, Delivery::Whole, last));
        }
    };
    let (reply, delivery, last) = match read {
        Read::Whole(request, permit) => {
            let controlled = match control {
                Some(rules) => control::handle(rules, sessions, &state, &request).await,
                None => None,
            };
            let handled = match controlled {
                Some(reply) => HandledRequest::whole(reply),
                None => pipeline::handle(&state, &request).await,
            };
            drop(permit);
            sessions.handled(&state, &request);
            (handled.reply, handled.delivery, false)
        }
        Read::Unread(request, declared_len, error) => {
            let reply = pipeline::reject_unread(&state, &request, declared_len, error)?;
            (reply, Delivery::Whole, true)
        }
    };
    match delivery {
        Delivery::Close => return None,
        Delivery::Reset => {
            reset.store(true, Ordering::SeqCst);
            return None;
        }
        Delivery::Whole | Delivery::Drip { .. } | Delivery::Cut => {}
    }
    Some(response(&state, reply, delivery, last))
}

fn response(
    state: &ServerState,
    reply: Reply,
    delivery: Delivery,
    last: bool,
) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::new(reply.body, delivery));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    if let Ok(date) = HeaderValue::from_str(&http_date(state.clock.unix())) {
        response.headers_mut().insert(http::header::DATE, date);
    }
    if last {
        let close = HeaderValue::from_static("close");
        response
            .headers_mut()
            .insert(http::header::CONNECTION, close);
    }
    response
}
