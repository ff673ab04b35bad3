//! The road of a request: in which order things are checked, and who answers.

use http::StatusCode;

use crate::exchange::{Incoming, Outgoing};
use crate::faults::{Target, Wire};
use crate::interface::{Operation, Route};
use crate::journal::Note;
use crate::refusal::Refusal;
use crate::world::World;
use crate::{check, oauth, reply, tokens};

/// What becomes of a request: the reply, and how it goes out.
pub(crate) struct Handled {
    pub(crate) reply: Outgoing,
    pub(crate) wire: Wire,
}

/// Handles a request from its arrival to its reply, all but the sockets.
pub(crate) async fn handle(world: &World, incoming: &Incoming) -> Handled {
    let number = world.next_request();
    let trace_id = format!("trace-{number:08}");
    let route = world.interface.route(&incoming.method, &incoming.path);
    let operation = route.as_ref().map(|route| route.operation.as_ref());
    let note = Note::open(world, incoming, operation, number);
    if let Some(reply) = tokens::edge(incoming) {
        note.answered(&reply, operation.is_some());
        let wire = Wire::Whole;
        return Handled { reply, wire };
    }
    let key = operation.map(Operation::key);
    let target = Target {
        method: incoming.method.as_str(),
        path: &incoming.path,
        operation: key.as_deref(),
    };
    let verdict = world.faults.strike(&target, note.arrived(), world.seed);
    note.struck(verdict.ids());
    let failed = verdict.instead_of_processing();
    let reply = if failed {
        let reply = verdict.reply(&trace_id, world.clock.unix());
        reply.unwrap_or_else(|| Outgoing::empty(StatusCode::OK))
    } else {
        match answer(world, incoming, route.as_ref(), &note).await {
            Ok(reply) => {
                note.processed();
                verdict.change(reply, operation, &trace_id, world.clock.unix())
            }
            Err((refusal, headers)) => {
                let mut reply = refusal.into_reply(&trace_id);
                reply.headers.extend(headers);
                reply
            }
        }
    };
    if !verdict.delay().is_zero() {
        tokio::time::sleep(verdict.delay()).await;
    }
    let reply = reply.with("x-request-id", &trace_id);
    let wire = verdict.wire(reply.body.len());
    match wire {
        Wire::Close | Wire::Reset => note.unanswered(None),
        Wire::Cut => note.unanswered(Some(reply.status)),
        Wire::Whole | Wire::Drip { .. } if failed => note.failed(&reply),
        Wire::Whole | Wire::Drip { .. } => note.answered(&reply, operation.is_some()),
    }
    Handled { reply, wire }
}

/// Refuses a request whose body was not read to its end; `None` where the client is past hearing it.
pub(crate) fn refuse_unread(
    world: &World,
    incoming: &Incoming,
    declared: u64,
    refusal: Option<Refusal>,
) -> Option<Outgoing> {
    let number = world.next_request();
    let trace_id = format!("trace-{number:08}");
    let route = world.interface.route(&incoming.method, &incoming.path);
    let operation = route.as_ref().map(|route| route.operation.as_ref());
    let note = Note::open(world, incoming, operation, number);
    note.declared(declared);
    let Some(refusal) = refusal else {
        note.unanswered(None);
        return None;
    };
    let reply = refusal
        .into_reply(&trace_id)
        .with("x-request-id", &trace_id);
    note.answered(&reply, operation.is_some());
    Some(reply)
}

type Refused = (Refusal, http::HeaderMap);

async fn answer(
    world: &World,
    incoming: &Incoming,
    route: Option<&Route<'_>>,
    note: &Note<'_>,
) -> Result<Outgoing, Refused> {
    let plain = |refusal: Refusal| (refusal, http::HeaderMap::new());
    if let Some(outcome) = oauth::chooser(world, incoming) {
        return outcome.map_err(plain);
    }
    let Some(route) = route else {
        return Err(plain(Refusal::no_route(&incoming.method, &incoming.path)));
    };
    let operation = route.operation;
    if let Some(outcome) = oauth::token_endpoint(world, operation, incoming, note).await {
        return outcome;
    }
    let grant = world
        .tokens
        .authorize(world, operation, incoming)
        .map_err(plain)?;
    note.granted(&grant);
    let limits = world
        .limits
        .take(&grant, world.clock.now())
        .map_err(|refused| *refused)?;
    let with_limits = |refusal: Refusal| (refusal, limits.clone());
    let undeclared = world
        .undeclared
        .or_as_asked(incoming)
        .map_err(with_limits)?;
    let accepted = check::request(operation, incoming, &route.path, undeclared)
        .await
        .map_err(with_limits)?;
    grant.may_reach(operation, &accepted).map_err(with_limits)?;
    let outcome = match oauth::answer(world, operation, &accepted, &grant) {
        Some(outcome) => Some(outcome),
        None => world
            .state
            .answer(operation, &accepted, &grant, world.clock.unix()),
    };
    let mut reply = match outcome {
        Some(outcome) => outcome.map_err(with_limits)?,
        None => reply::from_schema(operation, &accepted, world.seed),
    };
    reply.headers.extend(limits);
    Ok(reply)
}
