//! Which requests a fault strikes.

use std::time::Duration;

use super::{Fault, FaultId, Pattern, Target};

/// A fault, and which requests it strikes: all, unless it is said otherwise. What is said holds together.
///
/// ```
/// use hoopai_mock::{Fault, FaultRule};
///
/// // The first two requests of contacts get 503.
/// let rule = FaultRule::new(Fault::status(503)).on("contacts.*").times(2);
/// // The same, as text.
/// assert_eq!(Ok(rule), "503,on=contacts.*,times=2".parse());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FaultRule {
    pub(super) fault: Fault,
    pattern: Pattern,
    skip: u64,
    every: u64,
    times: Option<u64>,
    chance: Option<f64>,
    between: Option<(Duration, Duration)>,
}

impl FaultRule {
    /// A fault that strikes every request.
    pub fn new(fault: Fault) -> Self {
        Self {
            fault,
            pattern: Pattern::All,
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
    /// | `contacts.get_contact` | the module and the name of the client's method, as in errors, spans and metrics |
    /// | `contacts.get-contact` | the module and the platform's operation id |
    /// | `contacts.*`, `*.create_*` | in both names, `*` matches any characters |
    /// | `contacts` | all operations of a module |
    /// | `GET /contacts/{contactId}`, `/contacts/*/tasks`, `/contacts/*` | method and path, or path alone; a segment in braces or `*` matches any segment, a `*` at the end matches the rest |
    /// | `*` | all operations |
    ///
    /// # Panics
    /// Panics if the pattern matches no operation of the platform. The message suggests the closest names.
    #[track_caller]
    pub fn on(self, operations: &str) -> Self {
        match self.only_on(operations) {
            Ok(rule) => rule,
            Err(problem) => panic!("{problem}"),
        }
    }

    /// As [`on`](Self::on), but returns an error message if the pattern matches no operation.
    pub(super) fn only_on(mut self, operations: &str) -> Result<Self, String> {
        self.pattern = Pattern::new(operations)?;
        Ok(self)
    }

    /// Strikes so often, and then no more.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Lets so many requests through first.
    pub fn skip(mut self, skip: u64) -> Self {
        self.skip = skip;
        self
    }

    /// Only each so-manieth request; 0 is as 1.
    pub fn every(mut self, every: u64) -> Self {
        self.every = every.max(1);
        self
    }

    /// By chance: 0.0 is never, 1.0 always. The server's seed decides, the same each time for the n-th request that the rule fits.
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

    /// Only requests that come between two times of the server's clock, since the server began; the second is not in it.
    ///
    /// # Panics
    /// Panics if the second time is not after the first.
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

/// A rule at work.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) id: FaultId,
    pub(super) rule: FaultRule,
    pub(super) enabled: bool,
    pub(super) strikes: u64,
    matched: u64,
}

impl Tracked {
    pub(super) fn new(id: FaultId, rule: FaultRule) -> Self {
        Self {
            id,
            rule,
            enabled: true,
            strikes: 0,
            matched: 0,
        }
    }

    /// The seed of the strike where there is one.
    pub(super) fn strike(&mut self, target: &Target<'_>, now: Duration, seed: u64) -> Option<u64> {
        let rule = &self.rule;
        let in_time = rule
            .between
            .is_none_or(|(from, to)| from <= now && now < to);
        let fits = self.enabled
            && in_time
            && rule
                .pattern
                .matches(target.method, target.path, target.operation);
        if !fits || rule.times.is_some_and(|times| self.strikes >= times) {
            return None;
        }
        self.matched += 1;
        let counted = self.matched.checked_sub(rule.skip).filter(|n| *n > 0)?;
        if !counted.is_multiple_of(rule.every) {
            return None;
        }
        let seed = mix(mix(seed, self.id.0), self.matched);
        let unlucky = |chance: f64| fastrand::Rng::with_seed(seed).f64() < chance;
        if !rule.chance.is_none_or(unlucky) {
            return None;
        }
        self.strikes += 1;
        Some(mix(seed, 1))
    }
}

/// A seed of two, as different as can be for neighbours.
fn mix(a: u64, b: u64) -> u64 {
    let mut x = a ^ b
        .wrapping_add(0x9E37_79B9_7F4A_7C15)
        .wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 30)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
