//! The entry of a request that is on its way.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};

use super::{BODY_KEPT, Entry, Outcome};
use crate::exchange::{Incoming, Outgoing};
use crate::faults::FaultId;
use crate::interface::Operation;
use crate::tokens::Grant;
use crate::world::World;

/// A request that is on its way. Dropped before it was closed, it is entered as one whose client left.
pub(crate) struct Note<'a> {
    world: &'a World,
    place: u64,
    arrived: Duration,
    processed: AtomicBool,
    closed: bool,
}

impl<'a> Note<'a> {
    pub(crate) fn open(
        world: &'a World,
        incoming: &Incoming,
        operation: Option<&Operation>,
        number: u64,
    ) -> Self {
        let kept = incoming.body.get(..BODY_KEPT).unwrap_or(&incoming.body);
        let mut digest = DefaultHasher::new();
        incoming.body.hash(&mut digest);
        let headers = incoming.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        let arrived = world.clock.now();
        let entry = Entry {
            number,
            arrived,
            ended: None,
            method: incoming.method.to_string(),
            path: incoming.path.clone(),
            operation: operation.map(Operation::key),
            query: incoming.query.clone(),
            headers: headers.collect(),
            body: kept.to_vec(),
            body_len: incoming.body.len() as u64,
            body_digest: digest.finish(),
            reads_only: reads_only(&incoming.method, &incoming.path),
            app: None,
            resource: None,
            faults: Vec::new(),
            status: None,
            outcome: Outcome::InFlight,
        };
        Self {
            world,
            place: world.journal.enter(entry),
            arrived,
            processed: AtomicBool::new(false),
            closed: false,
        }
    }

    /// When the request came.
    pub(crate) fn arrived(&self) -> Duration {
        self.arrived
    }

    /// A body that was not read to its end was at least declared to be this long.
    pub(crate) fn declared(&self, body_len: u64) {
        self.change(|entry| entry.body_len = body_len);
    }

    /// The token was good.
    pub(crate) fn granted(&self, grant: &Grant) {
        self.change(|entry| {
            entry.app = Some(grant.app.clone());
            entry.resource = Some(grant.resource.clone());
        });
    }

    /// Faults struck.
    pub(crate) fn struck(&self, faults: Vec<FaultId>) {
        if !faults.is_empty() {
            self.change(|entry| entry.faults = faults);
        }
    }

    /// From here on, what the request asked for is done.
    pub(crate) fn processed(&self) {
        self.processed.store(true, Ordering::SeqCst);
    }

    /// A fault answered in the platform's place.
    pub(crate) fn failed(self, reply: &Outgoing) {
        self.end(Outcome::Failed, Some(reply.status));
    }

    /// The reply goes out.
    pub(crate) fn answered(self, reply: &Outgoing, routed: bool) {
        let outcome = match reply.status {
            _ if self.is_processed() => Outcome::Processed,
            StatusCode::TOO_MANY_REQUESTS => Outcome::Limited,
            StatusCode::NOT_FOUND if !routed => Outcome::NotFound,
            _ => Outcome::Refused,
        };
        self.end(outcome, Some(reply.status));
    }

    /// No whole reply goes out; the status is that of the part that does.
    pub(crate) fn unanswered(self, status: Option<StatusCode>) {
        let outcome = self.without_reply();
        self.end(outcome, status);
    }

    fn is_processed(&self) -> bool {
        self.processed.load(Ordering::SeqCst)
    }

    fn without_reply(&self) -> Outcome {
        if self.is_processed() {
            Outcome::Lost
        } else {
            Outcome::Dropped
        }
    }

    fn change(&self, change: impl FnOnce(&mut Entry)) {
        self.world.journal.change(self.place, change);
    }

    fn end(mut self, outcome: Outcome, status: Option<StatusCode>) {
        self.closed = true;
        self.write(outcome, status);
    }

    fn write(&self, outcome: Outcome, status: Option<StatusCode>) {
        let now = self.world.clock.now();
        self.world.journal.end(self.place, |entry| {
            entry.ended = Some(now);
            entry.outcome = outcome;
            entry.status = status.map(|status| status.as_u16());
        });
    }
}

impl Drop for Note<'_> {
    fn drop(&mut self) {
        if !self.closed {
            self.write(self.without_reply(), None);
        }
    }
}

/// Whether a request changes nothing: by its method, or because it is a search that has its terms in the body.
fn reads_only(method: &Method, path: &str) -> bool {
    method.is_safe()
        || (method == Method::POST && path.split('/').any(|segment| segment == "search"))
}
