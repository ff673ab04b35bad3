//! Rules: a fault, and the requests to which it applies.

use std::time::Duration;

use super::fault::{Fault, FaultId};
use crate::interface::OperationPattern;

/// A fault, and the requests to which it applies: all requests that meet every condition.
///
/// ```
/// use hoopai_mock::{Fault, FaultRule};
///
/// // The first two requests to the contacts module get 503.
/// let rule = FaultRule::new(Fault::status(503)).on("contacts.*").times(2);
/// // The same, as text.
/// assert_eq!(Ok(rule), "503,on=contacts.*,times=2".parse());
/// ```
#[derive(Clone, Debug)]
pub struct FaultRule {
    pub(super) fault: Fault,
    pattern: OperationPattern,
    /// The operations as they were named.
    pub(super) operations: String,
    pub(super) skip: u64,
    pub(super) every: u64,
    pub(super) times: Option<u64>,
    pub(super) chance: Option<f64>,
    pub(super) between: Option<(Duration, Duration)>,
}

/// Rules are equal if they apply the same fault to the same requests, however the operations are
/// named.
impl PartialEq for FaultRule {
    fn eq(&self, other: &Self) -> bool {
        self.fault == other.fault
            && self.pattern == other.pattern
            && (self.skip, self.every, self.times) == (other.skip, other.every, other.times)
            && (self.chance, self.between) == (other.chance, other.between)
    }
}

impl FaultRule {
    /// A rule that applies a fault to every request.
    pub fn new(fault: Fault) -> Self {
        Self {
            fault,
            pattern: OperationPattern::All,
            operations: "*".to_owned(),
            skip: 0,
            every: 1,
            times: None,
            chance: None,
            between: None,
        }
    }

    /// Restricts the fault to the operations that a pattern matches:
    ///
    /// | pattern | operations |
    /// |---|---|
    /// | `contacts.get_contact` | module and client method, as in errors, spans and metrics |
    /// | `contacts.get-contact` | module and operation id of the platform |
    /// | `contacts.*`, `*.create_*` | `*` matches any characters, in both names |
    /// | `contacts` | all operations of a module |
    /// | `GET /contacts/{contactId}`, `/contacts/*/tasks` | method and path, or path alone |
    /// | `*` | all operations |
    ///
    /// In a path, a segment in braces or `*` matches any segment, and a `*` at the end matches the
    /// rest.
    ///
    /// # Panics
    /// Panics if the pattern matches no operation of the platform. The message suggests the closest
    /// names.
    #[track_caller]
    pub fn on(self, operations: &str) -> Self {
        match self.try_on(operations) {
            Ok(rule) => rule,
            Err(message) => panic!("{message}"),
        }
    }

    /// Like [`on`](Self::on), but returns an error message if the pattern matches no operation.
    pub(super) fn try_on(mut self, operations: &str) -> Result<Self, String> {
        self.pattern = OperationPattern::new(operations)?;
        operations.trim().clone_into(&mut self.operations);
        Ok(self)
    }

    /// Limits the number of requests to which the fault is applied.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Skips the first matching requests.
    pub fn skip(mut self, skip: u64) -> Self {
        self.skip = skip;
        self
    }

    /// Applies the fault to every n-th matching request; 0 means 1.
    pub fn every(mut self, every: u64) -> Self {
        self.every = every.max(1);
        self
    }

    /// Applies the fault with a probability. The decision depends only on the server's seed, the
    /// rule and the number of the matching request.
    ///
    /// # Panics
    /// Panics if the probability is not within 0.0 and 1.0.
    #[track_caller]
    pub fn chance(mut self, probability: f64) -> Self {
        assert!(
            (0.0..=1.0).contains(&probability),
            "the probability {probability} is not within 0.0 and 1.0"
        );
        self.chance = Some(probability);
        self
    }

    /// Applies the fault only in an interval of the server's clock, since its start; the end is
    /// excluded.
    ///
    /// # Panics
    /// Panics if `to` is not after `from`.
    #[track_caller]
    pub fn between(mut self, from: Duration, to: Duration) -> Self {
        assert!(from < to, "{to:?} is not after {from:?}");
        self.between = Some((from, to));
        self
    }
}

impl From<Fault> for FaultRule {
    fn from(fault: Fault) -> Self {
        Self::new(fault)
    }
}

/// The request to which rules are applied.
pub(crate) struct Target<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// The operation key.
    pub(crate) operation: Option<&'a str>,
}

/// A rule with its counts.
#[derive(Debug)]
pub(super) struct ActiveRule {
    pub(super) id: FaultId,
    pub(super) rule: FaultRule,
    pub(super) enabled: bool,
    pub(super) hits: u64,
    matched: u64,
}

impl ActiveRule {
    pub(super) fn new(id: FaultId, rule: FaultRule) -> Self {
        Self {
            id,
            rule,
            enabled: true,
            hits: 0,
            matched: 0,
        }
    }

    /// Counts a request. If the fault applies to it, returns a seed for this application.
    pub(super) fn apply(&mut self, target: &Target<'_>, now: Duration, seed: u64) -> Option<u64> {
        let rule = &self.rule;
        let in_time = rule
            .between
            .is_none_or(|(from, to)| (from..to).contains(&now));
        let matches = self.enabled
            && in_time
            && rule
                .pattern
                .matches(target.method, target.path, target.operation);
        if !matches || rule.times.is_some_and(|times| self.hits >= times) {
            return None;
        }
        self.matched += 1;
        let counted = self.matched.checked_sub(rule.skip).filter(|n| *n > 0)?;
        if !counted.is_multiple_of(rule.every) {
            return None;
        }
        let seed = mix(mix(seed, self.id.0), self.matched);
        let random = fastrand::Rng::with_seed(seed).f64();
        if rule.chance.is_some_and(|chance| random >= chance) {
            return None;
        }
        self.hits += 1;
        Some(mix(seed, 1))
    }
}

/// Derives a seed from two numbers; neighbouring numbers give unrelated seeds.
fn mix(a: u64, b: u64) -> u64 {
    let mut x = a ^ b
        .wrapping_add(0x9E37_79B9_7F4A_7C15)
        .wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 30)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
