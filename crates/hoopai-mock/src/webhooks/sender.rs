//! Sends the deliveries of one subscription, one after the other.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use http::{Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::attempt::{DeliveryAttempt, DeliveryOutcome};
use super::shared::{KEPT, Shared};
use super::subscription::{Planned, Target};

/// The real time within which a receiver must answer. The platform's is not published.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The real time that reordering waits for further deliveries.
const REORDERING: Duration = Duration::from_millis(20);
/// The bytes of an answer that are read.
const ANSWER_LIMIT: usize = 1 << 20;

/// Sends deliveries until the task is aborted.
pub(super) async fn run(shared: Arc<Shared>, index: usize, target: Target) {
    let mut rng = Rng::with_seed(shared.seed ^ index as u64);
    loop {
        let queued = shared.queued.notified();
        tokio::pin!(queued);
        // Registered before the queue is read, so that no delivery is missed.
        queued.as_mut().enable();
        if shared.state().reordering {
            tokio::time::sleep(REORDERING).await;
        }
        let (planned, next_due) = take(&shared, index, &mut rng);
        match (planned, next_due) {
            (Some(planned), _) => attempt(&shared, index, &target, planned, &mut rng).await,
            (None, Some(due)) => tokio::select! {
                () = queued => {}
                () = shared.clock.reach(due) => {}
            },
            (None, None) => queued.await,
        }
    }
}

fn take(shared: &Shared, index: usize, rng: &mut Rng) -> (Option<Planned>, Option<Duration>) {
    let now = shared.clock.now();
    let mut state = shared.state();
    let random = state.reordering.then_some(rng);
    let subscription = &mut state.subscriptions[index];
    let planned = subscription.take_due(now, random);
    let next_due = subscription.next_due();
    subscription.in_flight = planned.is_some();
    (planned, next_due)
}

async fn attempt(shared: &Shared, index: usize, target: &Target, planned: Planned, rng: &mut Rng) {
    let (mode, url) = {
        let state = shared.state();
        (state.signature, state.subscriptions[index].url.clone())
    };
    let body = planned.event.body.clone();
    let signature = shared.key.sign(&body, mode);
    let at = shared.clock.now();
    let answer = post(target, body.clone(), signature.as_deref());
    let outcome = match tokio::time::timeout(TIMEOUT, answer).await {
        Ok(Ok(status)) => DeliveryOutcome::Answered(status),
        Ok(Err(error)) => DeliveryOutcome::Failed(error.to_string()),
        Err(_) => DeliveryOutcome::TimedOut,
    };
    let attempt = DeliveryAttempt {
        url,
        event_type: planned.event.event_type.clone(),
        webhook_id: planned.event.webhook_id.clone(),
        retries: planned.retries,
        at,
        body,
        signature,
        outcome,
    };
    let mut state = shared.state();
    let subscription = &mut state.subscriptions[index];
    subscription.in_flight = false;
    if subscription.closed {
        return;
    }
    if !attempt.outcome.is_success() {
        subscription.retry(planned, shared.clock.now(), rng);
    }
    if state.attempts.len() == KEPT {
        state.attempts.pop_front();
    }
    state.attempts.push_back(attempt);
    drop(state);
    shared.ended.send_modify(|ended| *ended += 1);
}

/// Sends a body; returns the status of the answer.
async fn post(target: &Target, body: Bytes, signature: Option<&str>) -> io::Result<u16> {
    let (host, port) = &target.address;
    let stream = TcpStream::connect((host.as_str(), *port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let mut request = Request::post(&target.path)
        .header(header::HOST, &target.authority)
        .header(header::ACCEPT, "application/json, text/plain, */*")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "axios/1.13.2");
    if let Some(signature) = signature {
        request = request.header("x-ghl-signature", signature);
    }
    let request = request.body(Full::new(body)).map_err(io::Error::other)?;
    let answer = async {
        let answer = sender.send_request(request).await?;
        let status = answer.status().as_u16();
        // The answer's body is not used; a receiver may still be writing it.
        let _ = Limited::new(answer.into_body(), ANSWER_LIMIT)
            .collect()
            .await;
        Ok::<u16, hyper::Error>(status)
    };
    tokio::pin!(answer);
    let connection = async {
        // Ends when the connection is closed; an error is that of the answer too.
        let _ = connection.await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        status = &mut answer => status.map_err(io::Error::other),
        () = connection => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}
