//! The entry of a request in flight.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};

use super::entry::{Entry, Outcome};
use super::{BODY_KEPT, Journal};
use crate::account::AccountId;
use crate::clock::Clock;
use crate::exchange::{Reply, Request};
use crate::faults::FaultId;
use crate::interface::Operation;

/// The entry of a request in flight. If it is dropped before a method that ends it is called, the
/// outcome is that of a client that closed the connection.
pub(crate) struct EntryGuard<'a> {
    journal: &'a Journal,
    clock: &'a Clock,
    index: u64,
    arrived: Duration,
    processed: AtomicBool,
    ended: bool,
}

impl<'a> EntryGuard<'a> {
    /// Adds the entry of a request to the journal.
    pub(crate) fn new(
        journal: &'a Journal,
        clock: &'a Clock,
        request: &Request,
        operation: Option<&Operation>,
        number: u64,
    ) -> Self {
        let kept = request.body.get(..BODY_KEPT).unwrap_or(&request.body);
        let mut digest = DefaultHasher::new();
        request.body.hash(&mut digest);
        let headers = request.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        let arrived = clock.now();
        let entry = Entry {
            number,
            arrived,
            ended: None,
            method: request.method.to_string(),
            path: request.path.clone(),
            operation: operation.map(Operation::key),
            query: request.query.clone(),
            headers: headers.collect(),
            body: kept.to_vec(),
            body_len: request.body.len() as u64,
            body_digest: digest.finish(),
            reads_only: reads_only(&request.method, &request.path),
            app: None,
            account: None,
            faults: Vec::new(),
            status: None,
            outcome: Outcome::InFlight,
        };
        Self {
            journal,
            clock,
            index: journal.add(entry),
            arrived,
            processed: AtomicBool::new(false),
            ended: false,
        }
    }

    /// Returns the time at which the request arrived.
    pub(crate) fn arrived(&self) -> Duration {
        self.arrived
    }

    /// Sets the declared length of a body that was not read.
    pub(crate) fn set_body_len(&self, body_len: u64) {
        self.change(|entry| entry.body_len = body_len);
    }

    /// Sets app and account of a valid token.
    pub(crate) fn set_caller(&self, app: &str, account: &AccountId) {
        self.change(|entry| {
            entry.app = Some(app.to_owned());
            entry.account = Some(account.clone());
        });
    }

    /// Sets the rules of the applied faults.
    pub(crate) fn set_faults(&self, faults: Vec<FaultId>) {
        if !faults.is_empty() {
            self.change(|entry| entry.faults = faults);
        }
    }

    /// Marks the request as processed.
    pub(crate) fn set_processed(&self) {
        self.processed.store(true, Ordering::SeqCst);
    }

    /// Ends the entry of a request whose reply a fault replaced.
    pub(crate) fn end_failed(self, reply: &Reply) {
        self.end(Outcome::Failed, Some(reply.status));
    }

    /// Ends the entry of a request whose reply is sent.
    pub(crate) fn end_with_reply(self, reply: &Reply, routed: bool) {
        let outcome = match reply.status {
            _ if self.is_processed() => Outcome::Processed,
            StatusCode::TOO_MANY_REQUESTS => Outcome::Limited,
            StatusCode::NOT_FOUND if !routed => Outcome::NotFound,
            _ => Outcome::Refused,
        };
        self.end(outcome, Some(reply.status));
    }

    /// Ends the entry of a request without a whole reply. The status is that of a partial reply.
    pub(crate) fn end_without_reply(self, status: Option<StatusCode>) {
        let outcome = self.outcome_without_reply();
        self.end(outcome, status);
    }

    fn is_processed(&self) -> bool {
        self.processed.load(Ordering::SeqCst)
    }

    fn outcome_without_reply(&self) -> Outcome {
        if self.is_processed() {
            Outcome::Lost
        } else {
            Outcome::Dropped
        }
    }

    fn change(&self, change: impl FnOnce(&mut Entry)) {
        self.journal.change(self.index, change);
    }

    fn end(mut self, outcome: Outcome, status: Option<StatusCode>) {
        self.ended = true;
        self.write(outcome, status);
    }

    fn write(&self, outcome: Outcome, status: Option<StatusCode>) {
        let now = self.clock.now();
        self.journal.end(self.index, |entry| {
            entry.ended = Some(now);
            entry.outcome = outcome;
            entry.status = status.map(|status| status.as_u16());
        });
    }
}

impl Drop for EntryGuard<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.write(self.outcome_without_reply(), None);
        }
    }
}

/// Whether a request only reads: by its method, or as a search with a body.
fn reads_only(method: &Method, path: &str) -> bool {
    method.is_safe()
        || (method == Method::POST && path.split('/').any(|segment| segment == "search"))
}
