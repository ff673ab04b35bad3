//! The road of a request: in which order things are checked, and who answers.

use http::StatusCode;

use crate::exchange::{Incoming, Outgoing};
use crate::faults::Verdict;
use crate::journal::Note;
use crate::refusal::Refusal;
use crate::world::World;
use crate::{check, oauth, reply};

/// What becomes of a request: the reply, and what the faults do to it on its way out.
pub(crate) struct Handled {
    pub(crate) reply: Outgoing,
    pub(crate) verdict: Verdict,
}

/// Handles a request from its arrival to its reply, all but the sockets.
pub(crate) async fn handle(world: &World, incoming: &Incoming) -> Handled {
    let number = world.next_request();
    let trace_id = format!("trace-{number:08}");
    let route = world.interface.route(&incoming.method, &incoming.path);
    let operation = route.as_ref().map(|route| route.operation.as_ref());
    let note = Note::open(world, incoming, operation, number);
    let verdict = world.faults.strike(operation, number, world.seed);
    if verdict.instead_of_processing() {
        let reply = verdict
            .reply()
            .unwrap_or_else(|| Outgoing::empty(StatusCode::OK));
        note.close(world, &reply, false);
        return Handled { reply, verdict };
    }
    let (reply, processed) = match answer(world, incoming, number).await {
        Ok(reply) => (reply, true),
        Err((refusal, headers)) => {
            let mut reply = refusal.into_reply(&trace_id);
            reply.headers.extend(headers);
            (reply, false)
        }
    };
    let reply = verdict.change(reply.with("x-request-id", &trace_id), operation);
    note.close(world, &reply, processed);
    Handled { reply, verdict }
}

type Refused = (Refusal, http::HeaderMap);

async fn answer(world: &World, incoming: &Incoming, number: u64) -> Result<Outgoing, Refused> {
    let plain = |refusal: Refusal| (refusal, http::HeaderMap::new());
    let Some(route) = world.interface.route(&incoming.method, &incoming.path) else {
        return Err(plain(Refusal::no_route(&incoming.method, &incoming.path)));
    };
    let operation = route.operation;
    if let Some(outcome) = oauth::token_endpoint(world, operation, incoming) {
        return outcome.map_err(plain);
    }
    let grant = world
        .tokens
        .authorize(world, operation, incoming)
        .map_err(plain)?;
    let limits = world.limits.take(&grant, world.clock.now())?;
    let with_limits = |refusal: Refusal| (refusal, limits.clone());
    let accepted = check::request(operation, incoming, &route.path)
        .await
        .map_err(with_limits)?;
    grant.may_reach(&accepted).map_err(with_limits)?;
    let outcome = match oauth::answer(world, operation, &accepted, &grant) {
        Some(outcome) => Some(outcome),
        None => world.state.answer(world, operation, &accepted, &grant),
    };
    let mut reply = match outcome {
        Some(outcome) => outcome.map_err(with_limits)?,
        None => reply::from_schema(operation, &accepted, world.seed, number),
    };
    reply.headers.extend(limits);
    Ok(reply)
}
