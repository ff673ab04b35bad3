//! The journal's entry of one request.

use std::fmt;
use std::time::Duration;

use crate::account::AccountId;
use crate::faults::FaultId;

/// The outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The request is in flight.
    InFlight,
    /// The request was processed, and its reply was sent, whatever the status of the reply.
    Processed,
    /// The request was rejected because of token, version, scope, a failed check or an unknown
    /// item. It had no effect.
    Refused,
    /// The request exceeded a rate limit. It had no effect.
    Limited,
    /// The path is unknown. The request had no effect.
    NotFound,
    /// A fault replaced the reply. The request had no effect.
    Failed,
    /// The request had no effect and no whole reply: the server or the client closed the
    /// connection.
    Dropped,
    /// The request was processed, but has no whole reply: the server or the client closed the
    /// connection.
    Lost,
}

impl Outcome {
    /// Whether the request was processed.
    pub fn is_processed(self) -> bool {
        matches!(self, Self::Processed | Self::Lost)
    }
}

/// One request.
///
/// `Debug` hides the values of headers and query, and bodies.
#[derive(Clone)]
#[non_exhaustive]
pub struct Entry {
    /// The number of the request, from 0. The `x-request-id` of the reply contains it.
    pub number: u64,
    /// The time at which the whole request had arrived, by the server's clock, since its start.
    pub arrived: Duration,
    /// The time at which the reply was ready; `None` before.
    pub ended: Option<Duration>,
    /// The method.
    pub method: String,
    /// The path as received.
    pub path: String,
    /// The operation, as in `contacts.get-contact`.
    pub operation: Option<String>,
    /// The decoded query pairs in order.
    pub query: Vec<(String, String)>,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The first 64 KiB of the body. Bodies of old entries are removed when all bodies together
    /// exceed 16 MiB.
    pub body: Vec<u8>,
    /// The length of the whole body in bytes; the declared length if the body was not read.
    pub body_len: u64,
    /// The digest of the whole body, to compare bodies.
    pub(crate) body_digest: u64,
    /// Whether the operation only reads, whatever its method.
    pub(crate) reads_only: bool,
    /// The app of the token; `None` if the token was not checked or is invalid.
    pub app: Option<String>,
    /// The account of the token; `None` if the token was not checked or is invalid.
    pub account: Option<AccountId>,
    /// The rules of the faults that were applied.
    pub faults: Vec<FaultId>,
    /// The status of the reply; `None` without a reply.
    pub status: Option<u16>,
    /// The outcome.
    pub outcome: Outcome,
}

impl Entry {
    /// Returns the first value of a header; the name is case-insensitive.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the first value of a query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the body as JSON; `None` if it is not JSON or was not kept whole.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether both requests were in flight at the same time.
    pub fn overlaps(&self, other: &Entry) -> bool {
        let ended = |entry: &Entry| entry.ended.unwrap_or(Duration::MAX);
        self.arrived < ended(other) && other.arrived < ended(self)
    }

    /// Returns the approximate size in bytes without the body.
    pub(super) fn size(&self) -> usize {
        let pairs = self.headers.iter().chain(&self.query);
        let pairs: usize = pairs
            .map(|(name, value)| size_of::<(String, String)>() + name.len() + value.len())
            .sum();
        size_of::<Self>() + self.path.len() + pairs
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |pairs: &[(String, String)]| -> Vec<String> {
            pairs.iter().map(|(name, _)| name.clone()).collect()
        };
        f.debug_struct("Entry")
            .field("number", &self.number)
            .field("arrived", &self.arrived)
            .field("ended", &self.ended)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("operation", &self.operation)
            .field("query", &names(&self.query))
            .field("headers", &names(&self.headers))
            .field("body_len", &self.body_len)
            .field("app", &self.app)
            .field("account", &self.account)
            .field("faults", &self.faults)
            .field("status", &self.status)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

/// A write that was processed more than once, with the same method, path, query and body.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Duplicate {
    /// The operation, as in `contacts.create-contact`.
    pub operation: Option<String>,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The numbers of the requests in order; at least two.
    pub numbers: Vec<u64>,
}
