//! The order in which a request is handled:
//!
//! 1. The router finds the operation, and the journal gets an entry.
//! 2. The edge rejects requests without a `User-Agent`.
//! 3. Faults that replace processing return their reply.
//! 4. The OAuth endpoints that require no token reply.
//! 5. Version, token, class and scopes are checked, then the rate limits, then the interface, then
//!    the accounts that the request names.
//! 6. OAuth, the stored items, or the schema of the reply produce the reply.
//! 7. Webhooks send the events of the changes.
//! 8. Faults change, delay or cut off the reply.

use http::{HeaderMap, StatusCode};

use crate::api_error::ApiError;
use crate::check::CheckOptions;
use crate::exchange::{Reply, Request};
use crate::faults::{Delivery, Target};
use crate::interface::{Interface, Operation, Route};
use crate::journal::EntryGuard;
use crate::oauth::TokenEndpoint;
use crate::server_state::ServerState;
use crate::state::Change;
use crate::{check, edge, oauth, reply, state, tokens};

/// A reply and its delivery.
pub(crate) struct HandledRequest {
    pub(crate) reply: Reply,
    pub(crate) delivery: Delivery,
}

impl HandledRequest {
    /// A reply that is sent whole.
    pub(crate) fn whole(reply: Reply) -> Self {
        Self {
            reply,
            delivery: Delivery::Whole,
        }
    }
}

/// Handles a request.
pub(crate) async fn handle(server: &ServerState, request: &Request) -> HandledRequest {
    let Received {
        trace_id,
        route,
        entry,
    } = Received::new(server, request);
    let operation = route.as_ref().map(|route| route.operation.as_ref());
    if let Some(reply) = edge::reject(request) {
        entry.end_with_reply(&reply, operation.is_some());
        return HandledRequest::whole(reply);
    }
    let key = operation.map(Operation::key);
    let target = Target {
        method: request.method.as_str(),
        path: &request.path,
        operation: key.as_deref(),
    };
    let faults = server.faults.apply(&target, entry.arrived(), server.seed);
    entry.set_faults(faults.ids());
    let failed = faults.replaces_processing();
    let reply = if failed {
        let reply = faults.reply(&trace_id, server.clock.unix());
        reply.unwrap_or_else(|| Reply::empty(StatusCode::OK))
    } else {
        match answer(server, request, route.as_ref(), &entry).await {
            Ok(reply) => {
                entry.set_processed();
                faults.change(reply, operation, &trace_id, server.clock.unix())
            }
            Err((error, headers)) => {
                let mut reply = error.into_reply(&trace_id);
                reply.headers.extend(headers);
                reply
            }
        }
    };
    if !faults.delay().is_zero() {
        tokio::time::sleep(faults.delay()).await;
    }
    let reply = reply.with_header("x-request-id", &trace_id);
    let delivery = faults.delivery(reply.body.len());
    match delivery {
        Delivery::Close | Delivery::Reset => entry.end_without_reply(None),
        Delivery::Cut => entry.end_without_reply(Some(reply.status)),
        Delivery::Whole | Delivery::Drip { .. } if failed => entry.end_failed(&reply),
        Delivery::Whole | Delivery::Drip { .. } => {
            entry.end_with_reply(&reply, operation.is_some());
        }
    }
    HandledRequest { reply, delivery }
}

/// Rejects a request without a whole body. `error` is `None` if the client closed the connection,
/// so there is no reply.
pub(crate) fn reject_unread(
    server: &ServerState,
    request: &Request,
    declared_len: u64,
    error: Option<ApiError>,
) -> Option<Reply> {
    let received = Received::new(server, request);
    received.entry.set_body_len(declared_len);
    let Some(error) = error else {
        received.entry.end_without_reply(None);
        return None;
    };
    let trace_id = &received.trace_id;
    let reply = error
        .into_reply(trace_id)
        .with_header("x-request-id", trace_id);
    received
        .entry
        .end_with_reply(&reply, received.route.is_some());
    Some(reply)
}

/// A request with its trace id, its route and its entry in the journal.
struct Received<'a> {
    trace_id: String,
    route: Option<Route<'static>>,
    entry: EntryGuard<'a>,
}

impl<'a> Received<'a> {
    fn new(server: &'a ServerState, request: &Request) -> Self {
        let number = server.next_request();
        let route = Interface::shared().route(&request.method, &request.path);
        let operation = route.as_ref().map(|route| route.operation.as_ref());
        Self {
            trace_id: format!("trace-{number:08}"),
            entry: EntryGuard::new(&server.journal, &server.clock, request, operation, number),
            route,
        }
    }
}

async fn answer(
    server: &ServerState,
    request: &Request,
    route: Option<&Route<'_>>,
    entry: &EntryGuard<'_>,
) -> Result<Reply, (ApiError, HeaderMap)> {
    let without_headers = |error: ApiError| (error, HeaderMap::new());
    let (tokens, state, clock) = (&server.tokens, &server.state, &server.clock);
    if let Some(outcome) = oauth::authorization_page(tokens, state, clock, request) {
        return outcome.map_err(without_headers);
    }
    let Route { operation, path } =
        route.ok_or_else(|| without_headers(ApiError::no_route(&request.method, &request.path)))?;
    if TokenEndpoint::handles(operation) {
        let endpoint = TokenEndpoint {
            tokens,
            limiter: &server.limiter,
            now: clock.now(),
            undeclared: server.undeclared,
        };
        return endpoint.answer(operation, request, entry).await;
    }
    let claims =
        tokens::authorize(tokens, clock.now(), operation, request).map_err(without_headers)?;
    entry.set_caller(&claims.app, &claims.account);
    let limits = server
        .limiter
        .take(&claims.app, &claims.account, clock.now())
        .map_err(|error| *error)?;
    let with_limits = |error: ApiError| (error, limits.clone());
    let options = CheckOptions {
        undeclared: server
            .undeclared
            .for_request(request)
            .map_err(with_limits)?,
        allowed_extra: state::undeclared(operation),
        numbers: state::numbers(operation),
    };
    let parsed = check::request(operation, request, path, &options)
        .await
        .map_err(with_limits)?;
    claims
        .check_accounts(operation, &parsed)
        .map_err(with_limits)?;
    let report = |changes: Vec<Change>| server.webhooks.report(&changes);
    let report: Option<&dyn Fn(Vec<Change>)> = match server.webhooks.is_subscribed() {
        true => Some(&report),
        false => None,
    };
    let outcome = oauth::answer(tokens, clock.now(), operation, &parsed, &claims)
        .or_else(|| state.answer(clock.unix(), operation, &parsed, &claims, report));
    let mut reply = match outcome {
        Some(outcome) => outcome.map_err(with_limits)?,
        None => reply::from_schema(operation, &parsed, server.seed),
    };
    reply.headers.extend(limits);
    Ok(reply)
}
