//! The sockets.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::exchange::Incoming;
use crate::pipeline;
use crate::refusal::Refusal;
use crate::world::World;

/// Serves until told to stop.
pub(crate) async fn run(listener: TcpListener, world: Arc<World>, stopped: oneshot::Receiver<()>) {
    let app = Router::new().fallback(respond).with_state(world);
    let stop = async {
        let _ = stopped.await;
    };
    let _ = axum::serve(listener, app)
        .with_graceful_shutdown(stop)
        .await;
}

async fn respond(State(world): State<Arc<World>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let reply = match to_bytes(body, world.body_limit).await {
        Err(_) => Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large")
            .into_reply("trace-none"),
        Ok(body) => {
            let query = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect();
            let path = head.uri.path().to_owned();
            let incoming = Incoming {
                method: head.method,
                path,
                query,
                headers: head.headers,
                body,
            };
            pipeline::handle(&world, &incoming).await.reply
        }
    };
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}
