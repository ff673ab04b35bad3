//! Injected faults: rules that match requests, and the faults that they apply.
//!
//! Depends on `interface`, on the messages of `exchange` and on `api_error`. The pipeline applies
//! faults, and the server delivers replies according to [`Delivery`].

mod applied;
mod delivery;
mod display;
mod drift;
mod error_reply;
mod fault;
mod parse;
mod rule;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(crate) use applied::AppliedFaults;
pub(crate) use delivery::Delivery;
pub use drift::Drift;
pub(crate) use error_reply::http_date;
pub use error_reply::{Denial, ErrorBody, Failure, RetryAfter};
pub use fault::{Fault, FaultId};
pub use parse::ParseFaultRuleError;
use rule::ActiveRule;
pub use rule::FaultRule;
pub(crate) use rule::Target;

/// The fault rules of a server, which can change while it runs.
///
/// ```
/// use hoopai_mock::{Fault, FaultRule, Mock};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mock = Mock::builder().start().await?;
/// // The reply of the first create is lost. A tenth of the other requests exceeds a rate limit.
/// let lost = FaultRule::new(Fault::CloseAfter).on("contacts.create-contact").times(1);
/// let id = mock.faults().add(lost);
/// mock.faults().add(FaultRule::new(Fault::status(429)).chance(0.1));
/// assert_eq!(mock.faults().hits(id), 0);
/// mock.faults().clear();
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Faults {
    rules: Mutex<Rules>,
}

#[derive(Debug, Default)]
struct Rules {
    active: Vec<ActiveRule>,
    next: u64,
}

/// A rule of a server, as lists show it.
pub(crate) struct ListedRule {
    pub(crate) id: u64,
    /// The rule as text, as it is parsed.
    pub(crate) rule: String,
    pub(crate) enabled: bool,
    pub(crate) hits: u64,
}

impl Faults {
    /// Creates the rules of a server.
    pub(crate) fn new(rules: Vec<FaultRule>) -> Self {
        let faults = Self::default();
        faults.reset(rules);
        faults
    }

    /// Replaces all rules.
    pub(crate) fn reset(&self, rules: Vec<FaultRule>) {
        self.clear();
        for rule in rules {
            self.add(rule);
        }
    }

    /// Returns all rules in the order in which they apply.
    pub(crate) fn list(&self) -> Vec<ListedRule> {
        let rules = self.rules();
        let listed = |rule: &ActiveRule| ListedRule {
            id: rule.id.0,
            rule: rule.rule.to_string(),
            enabled: rule.enabled,
            hits: rule.hits,
        };
        rules.active.iter().map(listed).collect()
    }

    /// Returns the id of a rule by its number; `None` if there is none.
    pub(crate) fn id(&self, number: u64) -> Option<FaultId> {
        let rules = self.rules();
        let rule = rules.active.iter().find(|rule| rule.id.0 == number);
        rule.map(|rule| rule.id)
    }

    /// Adds a rule. Rules apply in the order of their addition.
    pub fn add(&self, rule: FaultRule) -> FaultId {
        let mut rules = self.rules();
        let id = FaultId(rules.next);
        rules.next += 1;
        rules.active.push(ActiveRule::new(id, rule));
        id
    }

    /// Removes a rule.
    pub fn remove(&self, id: FaultId) {
        self.rules().active.retain(|rule| rule.id != id);
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.rules().active.clear();
    }

    /// Disables or enables a rule. It keeps its counts.
    pub fn enable(&self, id: FaultId, enabled: bool) {
        for rule in &mut self.rules().active {
            if rule.id == id {
                rule.enabled = enabled;
            }
        }
    }

    /// Returns the number of requests to which a rule was applied; 0 for a removed rule.
    pub fn hits(&self, id: FaultId) -> u64 {
        let rules = self.rules();
        let rule = rules.active.iter().find(|rule| rule.id == id);
        rule.map_or(0, |rule| rule.hits)
    }

    /// Returns the faults that apply to a request.
    pub(crate) fn apply(&self, target: &Target<'_>, now: Duration, seed: u64) -> AppliedFaults {
        let mut applied = AppliedFaults::default();
        for rule in &mut self.rules().active {
            if rule.rule.fault.is_final() && applied.is_final() {
                continue;
            }
            if let Some(seed) = rule.apply(target, now, seed) {
                applied.push(rule.id, rule.rule.fault.clone(), seed);
            }
        }
        applied
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
