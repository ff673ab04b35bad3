//! Which account a scheduler refreshes next, and when. Does no I/O.
//!
//! The time between two refreshes is the longest one with which every account is refreshed in time:
//! the minimum of (time of the n-th account − time of the last refresh) / n. So refreshes are spread
//! evenly, whether tokens expire together or not. It is never shorter than the limit allows.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, SystemTime};

use hoopai_runtime::auth::AccountId;

use super::schedule::ahead_of;
use crate::record::TokenSet;

/// Accounts that are due this much later compete with the first one while the budget is short.
const SHORT_HORIZON: Duration = Duration::from_secs(60 * 60);

/// The pause after the first failure of an account; it doubles, up to the maximum.
const FIRST_RETRY: Duration = Duration::from_secs(60);
const MAX_RETRY: Duration = Duration::from_secs(60 * 60);

/// The accounts to refresh.
pub(super) struct Plan {
    /// The minimum time between two refreshes.
    interval: Duration,
    entries: HashMap<AccountId, Entry>,
    /// The accounts that can be refreshed now, in the order of their times.
    ready: BTreeSet<(SystemTime, AccountId)>,
    /// The accounts whose refresh failed, by the time of the next attempt.
    waiting: BTreeSet<(SystemTime, AccountId)>,
    /// Accounts without tokens to refresh, and when to read their records again.
    skipped: HashMap<AccountId, SystemTime>,
    last: SystemTime,
    /// The time between two refreshes with which each account is in time, as last computed.
    computed_pace: Duration,
    /// A part of the pace, by which the next refresh is earlier.
    jitter: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// When the tokens should be refreshed.
    pub(super) refresh_by: SystemTime,
    pub(super) expires_at: SystemTime,
    failures: u32,
    /// The time of the next attempt after a failure.
    retry_at: Option<SystemTime>,
}

impl Entry {
    pub(super) fn of(tokens: &TokenSet) -> Self {
        Entry {
            refresh_by: ahead_of(tokens),
            expires_at: tokens.expires_at,
            failures: 0,
            retry_at: None,
        }
    }
}

/// Figures of a plan.
pub(super) struct PlanStatus {
    pub(super) known: usize,
    pub(super) due: usize,
    pub(super) backlog: usize,
    pub(super) next_at: Option<SystemTime>,
}

impl Plan {
    pub(super) fn new(interval: Duration, now: SystemTime) -> Self {
        Plan {
            interval,
            entries: HashMap::new(),
            ready: BTreeSet::new(),
            waiting: BTreeSet::new(),
            skipped: HashMap::new(),
            last: now,
            computed_pace: Duration::MAX,
            jitter: 0.0,
        }
    }

    /// Removes the accounts that are not among these, and returns those whose records must be read.
    pub(super) fn retain(&mut self, accounts: Vec<AccountId>, now: SystemTime) -> Vec<AccountId> {
        self.skipped.retain(|_, until| *until > now);
        let (known, mut unread): (Vec<_>, Vec<_>) = { accounts.into_iter() }.partition(|account| {
            self.entries.contains_key(account) || self.skipped.contains_key(account)
        });
        unread.sort_unstable();
        if known.len() != self.entries.len() + self.skipped.len() {
            let known: HashSet<AccountId> = known.into_iter().collect();
            self.entries.retain(|account, _| known.contains(account));
            self.ready.retain(|(_, account)| known.contains(account));
            self.waiting.retain(|(_, account)| known.contains(account));
            self.skipped.retain(|account, _| known.contains(account));
        }
        unread
    }

    pub(super) fn entry(&self, account: &AccountId) -> Option<Entry> {
        self.entries.get(account).copied()
    }

    /// Adds an account, or replaces its times.
    pub(super) fn set(&mut self, account: AccountId, entry: Entry) {
        self.remove(&account);
        self.ready.insert((entry.refresh_by, account.clone()));
        self.entries.insert(account, entry);
    }

    /// Leaves an account out until its record is read again, at the first search after `until`.
    pub(super) fn skip(&mut self, account: AccountId, until: SystemTime) {
        self.remove(&account);
        self.skipped.insert(account, until);
    }

    fn remove(&mut self, account: &AccountId) {
        self.skipped.remove(account);
        if let Some(entry) = self.entries.remove(account) {
            self.ready.remove(&(entry.refresh_by, account.clone()));
            if let Some(retry_at) = entry.retry_at {
                self.waiting.remove(&(retry_at, account.clone()));
            }
        }
    }

    /// Delays the next attempt for an account. Others are refreshed meanwhile.
    pub(super) fn failed(&mut self, account: &AccountId, now: SystemTime) {
        let Some(mut entry) = self.entry(account) else {
            return;
        };
        self.remove(account);
        let pause = FIRST_RETRY.saturating_mul(1 << entry.failures.min(8));
        let retry_at = now + pause.min(MAX_RETRY);
        entry.failures += 1;
        entry.retry_at = Some(retry_at);
        self.waiting.insert((retry_at, account.clone()));
        self.entries.insert(account.clone(), entry);
    }

    /// Makes accounts ready whose pause after a failure has ended.
    fn end_waits(&mut self, now: SystemTime) {
        while let Some((retry_at, account)) = self.waiting.pop_first() {
            if retry_at > now {
                self.waiting.insert((retry_at, account));
                return;
            }
            if let Some(entry) = self.entries.get_mut(&account) {
                entry.retry_at = None;
                self.ready.insert((entry.refresh_by, account));
            }
        }
    }

    /// Computes the pace from the times of all accounts.
    pub(super) fn update_pace(&mut self, now: SystemTime) {
        self.end_waits(now);
        // The clock may have been set back.
        self.last = self.last.min(now);
        let times = self.ready.iter().map(|(refresh_by, _)| *refresh_by);
        self.computed_pace = (1_u32..)
            .zip(times)
            .map(|(n, time)| time.duration_since(self.last).unwrap_or_default() / n)
            .min()
            .unwrap_or(Duration::MAX);
    }

    /// Returns the pace. The computed one can be outdated: it need not be faster than if all accounts
    /// had the time of the first one.
    fn pace(&self) -> Duration {
        let Some((first_time, _)) = self.ready.first() else {
            return Duration::MAX;
        };
        let left = first_time.duration_since(self.last).unwrap_or_default();
        let count = u32::try_from(self.ready.len()).unwrap_or(u32::MAX);
        self.computed_pace.max(left / count)
    }

    /// Whether some accounts cannot be refreshed in time.
    fn is_short(&self) -> bool {
        self.pace() < self.interval
    }

    /// Returns when the next refresh starts. `None`: there is no account to refresh.
    pub(super) fn next_at(&self) -> Option<SystemTime> {
        if let Some((retry_at, _)) = self.waiting.first()
            && self.ready.is_empty()
        {
            return Some((*retry_at).max(self.last + self.interval));
        }
        self.ready.first()?;
        let pace = self.pace().min(MAX_PACE).mul_f64(1.0 - self.jitter);
        Some(self.last + pace.max(self.interval))
    }

    /// Returns the account to refresh next: the first one by time. While the budget is short, the
    /// most recently used one of those that are due within an hour after it.
    pub(super) fn choose(
        &mut self,
        now: SystemTime,
        last_use: impl Fn(&AccountId) -> u64,
    ) -> Option<AccountId> {
        self.end_waits(now);
        let (first_time, first) = self.ready.first()?;
        if !self.is_short() {
            return Some(first.clone());
        }
        let horizon = now.max(*first_time) + SHORT_HORIZON;
        let candidates = self.ready.iter().take_while(|(time, _)| *time <= horizon);
        // Of equals, the last one is the maximum: so the order is reversed.
        let candidates = candidates.map(|(_, account)| account).collect::<Vec<_>>();
        let chosen = candidates.into_iter().rev().max_by_key(|id| last_use(id));
        chosen.cloned()
    }

    /// Records that a refresh starts. `random` is between 0 and 1.
    pub(super) fn started(&mut self, now: SystemTime, random: f64) {
        self.last = now;
        self.jitter = 0.25 * random;
    }

    pub(super) fn status(&self, now: SystemTime) -> PlanStatus {
        let start = self.last.max(now);
        let late = (0_u32..).zip(&self.ready).filter(|(n, (_, account))| {
            let turn = start + self.interval.saturating_mul(*n);
            let entry = self.entries.get(account);
            entry.is_some_and(|entry| entry.expires_at < turn)
        });
        let failing = self.waiting.iter().filter(|(_, account)| {
            let entry = self.entries.get(account);
            entry.is_some_and(|entry| entry.expires_at < now)
        });
        PlanStatus {
            known: self.entries.len(),
            due: self
                .entries
                .values()
                .filter(|entry| entry.refresh_by <= now)
                .count(),
            backlog: late.count() + failing.count(),
            next_at: self.next_at(),
        }
    }
}

/// Longer times between refreshes are cut, so that they cannot overflow the calendar.
const MAX_PACE: Duration = crate::record::MAX_LIFETIME;

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use hoopai_runtime::auth::AccountId;

    use super::{Entry, Plan};

    const INTERVAL: Duration = Duration::from_secs(15);
    const MINUTE: Duration = Duration::from_secs(60);
    const START: SystemTime = SystemTime::UNIX_EPOCH;

    fn account(n: u64) -> AccountId {
        AccountId::location(format!("{n:05}"))
    }

    fn entry(minutes: u64) -> Entry {
        let refresh_by = START + MINUTE * u32::try_from(minutes).unwrap();
        Entry {
            refresh_by,
            expires_at: refresh_by + MINUTE * 90,
            failures: 0,
            retry_at: None,
        }
    }

    fn plan(minutes: &[u64]) -> Plan {
        let mut plan = Plan::new(INTERVAL, START);
        for (n, minutes) in (0..).zip(minutes) {
            plan.set(account(n), entry(*minutes));
        }
        plan.update_pace(START);
        plan
    }

    fn next_minutes(plan: &Plan) -> f64 {
        let wait = plan.next_at().unwrap().duration_since(START).unwrap();
        wait.as_secs_f64() / 60.0
    }

    #[test]
    fn pace_is_the_slowest_that_is_in_time() {
        assert_eq!(next_minutes(&plan(&[100])), 100.0);
        assert_eq!(next_minutes(&plan(&[100, 100, 100, 100])), 25.0);
        assert_eq!(next_minutes(&plan(&[100, 110, 120])), 40.0);
        assert_eq!(next_minutes(&plan(&[10, 10_000])), 10.0);
        // Never faster than the limit.
        assert_eq!(next_minutes(&plan(&[0, 0])), 0.25);
        assert!(plan(&[]).next_at().is_none());
    }

    #[test]
    fn first_account_is_chosen_unless_the_budget_is_short() {
        let last_use = |id: &AccountId| u64::from(*id == account(2));
        let mut enough = plan(&[30, 20, 40]);
        assert_eq!(enough.choose(START, last_use), Some(account(1)));
        let mut short = plan(&[0, 0, 30, 400]);
        assert_eq!(short.choose(START, last_use), Some(account(2)));
        assert_eq!(short.choose(START, |_| 0), Some(account(0)));
        // An account that is not due soon does not compete.
        let is_last = |id: &AccountId| u64::from(*id == account(3));
        assert_eq!(short.choose(START, is_last), Some(account(0)));
    }

    #[test]
    fn failed_account_waits_while_others_are_refreshed() {
        let mut plan = plan(&[1, 50]);
        plan.failed(&account(0), START);
        assert_eq!(plan.choose(START, |_| 0), Some(account(1)));
        plan.skip(account(1), START + MINUTE);
        assert_eq!(next_minutes(&plan), 1.0);
        assert_eq!(plan.choose(START, |_| 0), None);
        assert_eq!(plan.choose(START + MINUTE, |_| 0), Some(account(0)));
        plan.failed(&account(0), START + MINUTE);
        assert_eq!(next_minutes(&plan), 3.0);
    }

    #[test]
    fn unlisted_accounts_are_removed_and_new_ones_are_read() {
        let mut plan = plan(&[1, 2]);
        plan.skip(account(2), START + MINUTE);
        let listed = || vec![account(0), account(2), account(3)];
        assert_eq!(plan.retain(listed(), START), [account(3)]);
        assert_eq!(
            plan.retain(listed(), START + MINUTE),
            [account(2), account(3)]
        );
        assert_eq!(plan.status(START).known, 1);
    }

    #[test]
    fn outdated_pace_causes_no_needless_refreshes() {
        let mut plan = plan(&[0, 0]);
        for n in 0..2 {
            assert_eq!(next_minutes(&plan), 0.25 + 0.25 * n as f64);
            plan.set(account(n), entry(1_000));
            plan.started(START + INTERVAL * u32::try_from(n + 1).unwrap(), 0.0);
        }
        assert!(next_minutes(&plan) > 499.0, "{}", next_minutes(&plan));
    }

    #[test]
    fn backlog_counts_accounts_whose_turn_is_too_late() {
        let plan = plan(&[0; 500]);
        // At 15 s each, 361 have their turn within the 90 minutes until they expire.
        let status = plan.status(START);
        assert_eq!((status.known, status.due, status.backlog), (500, 500, 139));
    }

    #[test]
    fn accounts_that_are_no_longer_listed_are_forgotten() {
        // The first two have tokens, the third one waits after a failure, the last one has none.
        let all = || (0..4).map(account).collect::<Vec<_>>();
        for listed in 0..16_u32 {
            let mut plan = plan(&[10, 20, 5]);
            plan.failed(&account(2), START);
            plan.skip(account(3), START + MINUTE * 60);
            let (kept, gone): (Vec<_>, Vec<_>) = all()
                .into_iter()
                .zip(0..)
                .partition(|(_, n)| listed & (1 << n) != 0);
            let ids = |accounts: Vec<(AccountId, i32)>| {
                accounts.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
            };
            assert!(plan.retain(ids(kept), START).is_empty(), "{listed:b}");
            let known = (listed & 0b111).count_ones() as usize;
            assert_eq!(plan.status(START).known, known, "{listed:b}");
            let first = (0..2).find(|n| listed & (1 << n) != 0).map(account);
            assert_eq!(plan.choose(START, |_| 0), first, "{listed:b}");
            assert_eq!(plan.next_at().is_some(), known > 0, "{listed:b}");
            // If they are listed again, their records are read again.
            assert_eq!(plan.retain(all(), START), ids(gone), "{listed:b}");
        }
    }

    #[test]
    fn budget_that_is_just_enough_is_not_short() {
        let mut plan = Plan::new(INTERVAL, START);
        for n in 0..3 {
            let entry = Entry {
                refresh_by: START + INTERVAL * u32::try_from(n + 1).unwrap(),
                ..entry(0)
            };
            plan.set(account(n), entry);
        }
        plan.update_pace(START);
        let is_last = |id: &AccountId| u64::from(*id == account(2));
        assert_eq!(plan.choose(START, is_last), Some(account(0)));
    }

    #[test]
    fn accounts_due_within_an_hour_compete_while_the_budget_is_short() {
        let is_last = |id: &AccountId| u64::from(*id == account(2));
        for (minutes, chosen) in [(60, 2), (61, 0)] {
            let mut plan = plan(&[0, 0, minutes]);
            assert_eq!(plan.choose(START, is_last), Some(account(chosen)));
        }
        // If the first one is late, the hour starts now.
        let mut late = plan(&[0, 0, 61]);
        assert_eq!(late.choose(START + MINUTE, is_last), Some(account(2)));
    }

    #[test]
    fn refresh_starts_up_to_a_quarter_of_the_pace_early() {
        for (random, minutes) in [(0.0, 100.0), (0.5, 87.5), (1.0, 75.0)] {
            let mut plan = plan(&[100]);
            plan.started(START, random);
            assert_eq!(next_minutes(&plan), minutes);
        }
    }

    #[test]
    fn refresh_after_a_failure_keeps_the_interval() {
        let mut plan = plan(&[0]);
        plan.failed(&account(0), START);
        plan.started(START + MINUTE - INTERVAL / 3, 0.0);
        let expected = START + MINUTE + INTERVAL - INTERVAL / 3;
        assert_eq!(plan.next_at(), Some(expected));
    }

    #[test]
    fn pause_after_failures_doubles_up_to_an_hour() {
        let mut plan = plan(&[0]);
        let mut now = START;
        for minutes in [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60] {
            plan.failed(&account(0), now);
            let end = now + MINUTE * minutes;
            assert_eq!(plan.choose(end - INTERVAL, |_| 0), None);
            now = end;
            assert_eq!(plan.choose(now, |_| 0), Some(account(0)));
        }
        // New tokens end the row of failures.
        plan.set(account(0), entry(0));
        plan.failed(&account(0), now);
        assert_eq!(plan.choose(now + MINUTE, |_| 0), Some(account(0)));
    }

    #[test]
    fn clock_that_is_set_back_delays_no_refresh() {
        let mut plan = plan(&[100]);
        plan.started(START + MINUTE * 10_000, 0.0);
        plan.update_pace(START);
        assert_eq!(next_minutes(&plan), 100.0);
    }

    #[test]
    fn status_counts_due_and_expired_accounts() {
        // The second one waits after a failure. Each expires 90 minutes after it is due.
        let mut plan = plan(&[1_000, 10]);
        plan.failed(&account(1), START + MINUTE * 99);
        let second = Duration::from_secs(1);
        for (now, due, backlog) in [
            (START + MINUTE * 10 - second, 0, 0),
            (START + MINUTE * 10, 1, 0),
            (START + MINUTE * 100, 1, 0),
            (START + MINUTE * 100 + second, 1, 1),
            (START + MINUTE * 1_000, 2, 1),
        ] {
            let status = plan.status(now);
            assert_eq!((status.due, status.backlog), (due, backlog), "{now:?}");
        }
    }
}
