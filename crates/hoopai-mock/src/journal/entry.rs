//! One request, as the journal keeps it.

use std::fmt;
use std::time::Duration;

use crate::faults::FaultId;
use crate::tokens::AccountId;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Not ended yet.
    InFlight,
    /// It was processed, and its reply went out, whatever the reply's status.
    Processed,
    /// It was refused: token, version, scope, check, or something that is not there. Nothing was done.
    Refused,
    /// It was one too many. Nothing was done.
    Limited,
    /// The platform has no such path. Nothing was done.
    NotFound,
    /// A fault answered in place of the platform. Nothing was done.
    Failed,
    /// It got no whole reply, and nothing was done: the server closed the connection, or the client left.
    Dropped,
    /// It was processed, but its reply never went out whole: the server closed the connection, or the client left.
    Lost,
}

impl Outcome {
    /// Whether the platform did what the request asked.
    pub fn is_processed(self) -> bool {
        matches!(self, Self::Processed | Self::Lost)
    }
}

/// One request.
///
/// `Debug` shows neither values of headers and query nor bodies.
#[derive(Clone)]
#[non_exhaustive]
pub struct Entry {
    /// Its number, from 0; `x-request-id` of its reply is made of it.
    pub number: u64,
    /// When it had come whole, by the server's clock, since the server began.
    pub arrived: Duration,
    /// When its reply was ready; `None` as long as it is not.
    pub ended: Option<Duration>,
    /// The method.
    pub method: String,
    /// The path, as it came.
    pub path: String,
    /// The operation that it was meant for, as in `contacts.get-contact`.
    pub operation: Option<String>,
    /// The query's pairs, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// The headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body's first 64 KiB. Bodies of old entries are given up where all bodies together pass 16 MiB.
    pub body: Vec<u8>,
    /// The body's full length in bytes; what was declared, where the body was not read.
    pub body_len: u64,
    /// Digest of the whole body, for telling equal ones.
    pub(crate) body_digest: u64,
    /// Whether the operation changes nothing, whatever its method.
    pub(crate) reads_only: bool,
    /// The app that its token was given to, where the token was looked at and good.
    pub app: Option<String>,
    /// What its token is good for, where the token was looked at and good.
    pub resource: Option<AccountId>,
    /// The faults that struck it.
    pub faults: Vec<FaultId>,
    /// The reply's status; `None` where there was no reply.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
}

impl Entry {
    /// The first header of a name, which may be in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The first query pair of a name.
    pub fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `None` where it is none, or was not kept whole.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether both were on their way at the same time.
    pub fn overlaps(&self, other: &Entry) -> bool {
        let ended = |entry: &Entry| entry.ended.unwrap_or(Duration::MAX);
        self.arrived < ended(other) && other.arrived < ended(self)
    }

    /// What it takes up besides its body, roughly, in bytes.
    pub(super) fn weight(&self) -> usize {
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
            .field("resource", &self.resource)
            .field("faults", &self.faults)
            .field("status", &self.status)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

/// A write that was processed more than once: same method, path, query and body.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Duplicate {
    /// The operation, as in `contacts.create-contact`.
    pub operation: Option<String>,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The numbers of the requests, in their order; two at least.
    pub numbers: Vec<u64>,
}
