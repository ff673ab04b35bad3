//! The sockets.

mod body;
mod intake;
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
use intake::{Intake, Read};
use socket::Socket;

use crate::exchange::Outgoing;
use crate::faults::{Wire, http_date};
use crate::pipeline;
use crate::world::World;

/// So many connections are served at once; more wait to be accepted.
const CONNECTIONS: usize = 512;
/// The most headers of a request.
const HEADERS: usize = 100;
/// The most bytes of a request's head.
const HEAD: usize = 32 << 10;

/// Serves until told to stop, or until whoever could tell is gone. Open connections end with it.
pub(crate) async fn run(
    listener: TcpListener,
    world: Arc<World>,
    patience: Duration,
    mut stopped: oneshot::Receiver<()>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let intake = Arc::new(Intake::new(world.body_limit, patience));
    // Dropping the set ends the connections in it.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            _ = &mut stopped => return,
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, place)) => {
                let world = Arc::clone(&world);
                let intake = Arc::clone(&intake);
                connections.spawn(async move {
                    serve(stream, world, intake, patience).await;
                    drop(place);
                });
            }
            // Out of file descriptors, most likely: some come back as connections end.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await;
    let place = place.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}

async fn serve(stream: TcpStream, world: Arc<World>, intake: Arc<Intake>, patience: Duration) {
    // Small pieces are to go out as they come.
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let socket = Socket::new(stream, Arc::clone(&reset), patience);
    let service = service_fn(move |request| {
        let (world, intake, reset) = (Arc::clone(&world), Arc::clone(&intake), Arc::clone(&reset));
        async move {
            let response = respond(&world, &intake, request, &reset).await;
            // An error in place of a response makes hyper close the connection without a word.
            response.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionAborted))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_headers(HEADERS)
        .max_buf_size(HEAD)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(socket), service);
    // What was malformed was answered by hyper; that a connection ended concerns none but its client.
    let _ = connection.await;
}

async fn respond(
    world: &World,
    intake: &Intake,
    request: Request<RequestBody>,
    reset: &AtomicBool,
) -> Option<Response<ReplyBody>> {
    let (reply, wire, last) = match intake.read(request).await {
        Read::Whole(incoming, place) => {
            let handled = pipeline::handle(world, &incoming).await;
            drop(place);
            (handled.reply, handled.wire, false)
        }
        Read::Unread(incoming, declared, refusal) => {
            let reply = pipeline::refuse_unread(world, &incoming, declared, refusal)?;
            (reply, Wire::Whole, true)
        }
    };
    match wire {
        Wire::Close => return None,
        Wire::Reset => {
            reset.store(true, Ordering::SeqCst);
            return None;
        }
        Wire::Whole | Wire::Drip { .. } | Wire::Cut => {}
    }
    Some(response(world, reply, wire, last))
}

fn response(world: &World, reply: Outgoing, wire: Wire, last: bool) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::new(reply.body, wire));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    if let Ok(date) = HeaderValue::from_str(&http_date(world.clock.unix())) {
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
