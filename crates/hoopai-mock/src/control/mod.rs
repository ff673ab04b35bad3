//! The control interface: HTTP under `/__hoopai/` for everything that the library does, and a page
//! at `/`.
//!
//! `endpoints` lists the operations with their parameters, as data; `openapi` makes their document.
//! `access` refuses requests of other origins, `mask` hides secrets, and the other files execute
//! operations. Requests to the interface are in no journal.

mod access;
mod call;
mod clock;
mod endpoint;
mod endpoints;
mod faults;
mod field;
mod journal;
mod limits;
mod mask;
mod openapi;
mod page;
mod seed;
mod sessions;
mod state;
mod tokens;
mod webhooks;

use http::StatusCode;

pub(crate) use access::HostRules;
use call::{Answer, Call};
#[cfg(feature = "cli")]
pub(crate) use endpoint::PREFIX;
use endpoint::{Action, Endpoint};
use endpoints::ENDPOINTS;
#[cfg(feature = "cli")]
pub(crate) use mask::is_secret;

use crate::exchange::{Reply, Request};
use crate::server_state::ServerState;
use crate::sessions::Sessions;

/// Handles a request to the control interface or the page; `None` for all other requests.
pub(crate) async fn handle(
    rules: &HostRules,
    sessions: &Sessions,
    server: &ServerState,
    request: &Request,
) -> Option<Reply> {
    let path = request.path.strip_prefix(endpoint::PREFIX);
    let path = path.filter(|path| path.is_empty() || path.starts_with('/'));
    if path.is_none() && request.path != "/" {
        return None;
    }
    if let Err(problem) = rules.check(request) {
        return Some(problem.into_reply());
    }
    if let Some(reply) = page::find(request) {
        return Some(reply);
    }
    let answer = operation(sessions, server, request, path.unwrap_or_default()).await;
    let reply = match answer {
        Ok(value) => Reply::json(StatusCode::OK, &value),
        Err(problem) => problem.into_reply(),
    };
    Some(reply.with_header("cache-control", "no-store"))
}

async fn operation(
    sessions: &Sessions,
    server: &ServerState,
    request: &Request,
    path: &str,
) -> Answer {
    let (endpoint, parameters) = Endpoint::find(ENDPOINTS, &request.method, path)?;
    let call = Call::new(sessions, server, request, &endpoint.input, parameters)?;
    match endpoint.action {
        Action::Now(run) => run(&call),
        Action::Document => Ok(openapi::document()),
        Action::WaitForRequests => journal::wait(&call).await,
        Action::WaitForDeliveries => webhooks::wait(&call).await,
    }
}
