//! Faults: what goes wrong, scripted or by chance.

mod drift;
mod failure;
mod pattern;
mod rule;
mod spec;
mod verdict;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use drift::Drift;
pub(crate) use failure::http_date;
pub use failure::{Denial, ErrorBody, Failure, RetryAfter};
pub(crate) use pattern::Pattern;
pub use rule::FaultRule;
pub use spec::FaultSpecError;
pub(crate) use verdict::{Verdict, Wire};

/// Something that goes wrong with a request.
///
/// Of those that decide how a request ends (all but [`Delay`](Self::Delay), [`Drip`](Self::Drip), [`Drift`](Self::Drift) and
/// [`Success`](Self::Success)) one strikes a request at most: that of the first rule that fits. So rules follow one another as a script.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// An error in place of the platform's reply; nothing is processed.
    Status(Failure),
    /// The request is processed, and an error is answered all the same: the create that answers 422 although it created.
    StatusAfter(Failure),
    /// A 401, or the 403 of a foreign location; nothing is processed.
    Denied(Denial),
    /// The connection is closed before the request is processed.
    CloseBefore,
    /// The connection is reset before the request is processed.
    ResetBefore,
    /// The request is processed, and the connection closed without a reply.
    CloseAfter,
    /// The request is processed, and the connection reset without a reply.
    ResetAfter,
    /// The request is processed, and the connection closed in the middle of the reply's body.
    Cut,
    /// So much real time passes before the reply, a minute at most. The request was processed by then.
    Delay(Duration),
    /// The reply's body comes in pieces with real time in between; five minutes for all of it at most.
    Drip {
        /// Bytes in a piece.
        bytes: usize,
        /// The time before each piece.
        pause: Duration,
    },
    /// A good reply strays from its schema.
    Drift(Drift),
    /// A good reply strays from its schema in one place, given by its JSON pointer; nothing where it has no such place.
    DriftAt(Drift, String),
    /// A good reply has this status, as where a documented 200 arrives as 201.
    Success(u16),
}

impl Fault {
    /// An error with JSON, in place of the platform's reply; nothing is processed.
    pub fn status(status: u16) -> Self {
        Self::Status(Failure::new(status))
    }

    /// 429 with a time to wait; nothing is processed.
    pub fn too_many_requests(retry_after: RetryAfter) -> Self {
        Self::Status(Failure::new(429).retry_after(retry_after))
    }

    /// The 401 of a token that has run out; nothing is processed.
    pub fn expired() -> Self {
        Self::Denied(Denial::Expired)
    }

    /// Whether it decides how a request ends, so that there can be no other such.
    fn is_final(&self) -> bool {
        !matches!(
            self,
            Self::Delay(_)
                | Self::Drip { .. }
                | Self::Drift(_)
                | Self::DriftAt(..)
                | Self::Success(_)
        )
    }

    fn is_before(&self) -> bool {
        matches!(
            self,
            Self::Status(_) | Self::Denied(_) | Self::CloseBefore | Self::ResetBefore
        )
    }
}

/// A rule among a server's faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FaultId(u64);

/// A server's faults. They can be changed while it runs.
///
/// ```
/// use hoopai_mock::{Fault, FaultRule, Mock};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mock = Mock::builder().start().await?;
/// // The first create is done, but its reply is lost; a tenth of all else is one request too many.
/// let lost = FaultRule::new(Fault::CloseAfter).on("contacts.create-contact").times(1);
/// let id = mock.faults().add(lost);
/// mock.faults().add(FaultRule::new(Fault::status(429)).chance(0.1));
/// assert_eq!(mock.faults().strikes(id), 0);
/// mock.faults().clear();
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Faults {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    rules: Vec<rule::Tracked>,
    next: u64,
}

/// What is known of a request when faults strike.
pub(crate) struct Target<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// The operation's key.
    pub(crate) operation: Option<&'a str>,
}

impl Faults {
    /// Adds a rule. Rules are asked in the order in which they were added.
    pub fn add(&self, rule: FaultRule) -> FaultId {
        let mut table = self.table();
        let id = FaultId(table.next);
        table.next += 1;
        table.rules.push(rule::Tracked::new(id, rule));
        id
    }

    /// Takes a rule away.
    pub fn remove(&self, id: FaultId) {
        self.table().rules.retain(|tracked| tracked.id != id);
    }

    /// Takes all rules away.
    pub fn clear(&self) {
        self.table().rules.clear();
    }

    /// Turns a rule off or on again. What it has counted stays.
    pub fn enable(&self, id: FaultId, enabled: bool) {
        let mut table = self.table();
        for tracked in table.rules.iter_mut().filter(|tracked| tracked.id == id) {
            tracked.enabled = enabled;
        }
    }

    /// How many requests a rule has struck; 0 where it is gone.
    pub fn strikes(&self, id: FaultId) -> u64 {
        let table = self.table();
        let tracked = table.rules.iter().find(|tracked| tracked.id == id);
        tracked.map_or(0, |tracked| tracked.strikes)
    }

    /// Decides what befalls a request.
    pub(crate) fn strike(&self, target: &Target<'_>, now: Duration, seed: u64) -> Verdict {
        let mut verdict = Verdict::default();
        let mut table = self.table();
        for tracked in &mut table.rules {
            if tracked.rule.fault.is_final() && verdict.is_final() {
                continue;
            }
            if let Some(seed) = tracked.strike(target, now, seed) {
                verdict.push(tracked.id, tracked.rule.fault.clone(), seed);
            }
        }
        verdict
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
