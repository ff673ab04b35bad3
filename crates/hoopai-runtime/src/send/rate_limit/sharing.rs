//! The share of this process in a limit that a backend divides among processes.
//!
//! The limiter keeps to its share, and a task (see `limiter.rs`) exchanges reports and shares with
//! the backend. A share is whole for one and a half intervals from the begin of the exchange that
//! confirmed it, and then less an eighth. The eighths of all processes are left for those without a
//! share, which then send one request in each interval.
//!
//! A process that did not run drops its share after the time after which backends may give it away.
//! `ledger.rs` shows why all processes together keep to the limit.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Notify;

use super::shared::{DailyReport, Excess, FORGOTTEN_AFTER, ShareReply, ShareReport};
use super::window::{Window, later};
use crate::time::Clock;

/// The part of the limit that is added to the needed slots, so that not each call needs an exchange.
const HEADROOM: usize = 16;

/// The part of an interval that is at least between two exchanges because of new calls.
const SPACING: u32 = 64;

/// How often the time between two exchanges doubles while no part of the daily budget is free: up to
/// an interval.
const DOUBLINGS: u32 = 6;

/// The part of an interval after which an exchange that failed is tried again, at the latest, and the
/// longest such time.
const RETRY: u32 = 4;
const LONGEST_RETRY: Duration = Duration::from_millis(2500);

/// The part of the share that is left for other processes if the backend cannot be reached.
const LEFT_OUT: usize = 8;

/// The number of intervals for which a part of the share can be used without a confirmation. Another
/// one passes until requests are no longer counted, and one more is for slow replies.
const USABLE: u32 = FORGOTTEN_AFTER - 2;

/// The time for which the whole share can be used without a confirmation.
fn full_use(interval: Duration) -> Duration {
    interval.saturating_add(interval / 2)
}

/// The longest time between two exchanges while the backend cannot be reached.
fn retry(interval: Duration) -> Duration {
    (interval / RETRY).min(LONGEST_RETRY)
}

/// A moment on two clocks. The monotonic clock can stand still while the machine is suspended, and
/// the clock of the system can be set.
#[derive(Clone, Copy)]
struct Moment {
    monotonic: Instant,
    system: SystemTime,
}

impl Moment {
    /// The longest time until `now` that one of the clocks shows.
    fn elapsed(self, now: Moment) -> Duration {
        let system = now.system.duration_since(self.system);
        now.monotonic
            .saturating_duration_since(self.monotonic)
            .max(system.unwrap_or_default())
    }
}

/// Why the keeper of the share acts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Contact {
    /// The backend was reached, as before.
    Reached,
    /// It was reached again after this time.
    Recovered(Duration),
    /// It could not be reached for the first time.
    Lost,
    /// It could still not be reached.
    Unreachable,
}

/// What the limiter needs, apart from the share.
pub(super) struct Need {
    /// The number of waiting calls.
    pub(super) queued: usize,
    /// Whether calls wait for a part of the daily budget.
    pub(super) waits_for_budget: bool,
}

pub(super) struct Sharing {
    client: u64,
    random: fastrand::Rng,
    clock: Arc<dyn Clock>,
    /// The limit without a share and without the backend.
    without_share: usize,
    number: u64,
    /// The share that the backend granted, and what of it can still be used.
    confirmed: usize,
    share: usize,
    /// How often a share, or an eighth of it, has ended without a confirmation.
    ended: u64,
    /// The begin of the exchange that confirmed it.
    confirmed_at: Option<Moment>,
    /// Until then, an eighth of the share is left for processes that could not reach the backend.
    whole_at: Option<Instant>,
    /// Since when the backend grants nothing, because it may have lost shares and none was reported.
    recovering_since: Option<Instant>,
    /// Whether this lasts for so long that processes with a share would have reported it.
    is_sole: bool,
    /// The share in the next report, if it must be lower.
    target: usize,
    /// The share with unlimited demand. `None` before the first contact.
    prospect: Option<usize>,
    /// The number of requests that may be sent now, as of the last `update`.
    limit: usize,
    renew_at: Option<Instant>,
    /// The last exchange, and what it reported.
    exchanged_at: Option<Moment>,
    reported: usize,
    reported_admitted: u64,
    /// When the backend was first not reached. `None` while it can be reached.
    lost_at: Option<Instant>,
    /// When the backend was last not reached.
    failed_at: Option<Moment>,
    /// The part of the daily budget that may be used.
    budget: Option<u64>,
    /// The number of exchanges in a row that returned no part of it.
    without_budget: u32,
    counted: Option<usize>,
    refused: bool,
    has_keeper: bool,
    /// Until when the keeper sleeps.
    sleeps_until: Option<Instant>,
    /// Wakes the keeper.
    pub(super) changed: Arc<Notify>,
}

impl Sharing {
    pub(super) fn new(without_share: u32, clock: Arc<dyn Clock>) -> Self {
        let client = fastrand::u64(..);
        Sharing {
            client,
            random: fastrand::Rng::with_seed(client),
            clock,
            without_share: wide(without_share),
            number: 0,
            confirmed: 0,
            share: 0,
            ended: 0,
            confirmed_at: None,
            whole_at: None,
            recovering_since: None,
            is_sole: false,
            target: usize::MAX,
            prospect: None,
            limit: 0,
            renew_at: None,
            exchanged_at: None,
            reported: 0,
            reported_admitted: 0,
            lost_at: None,
            failed_at: None,
            budget: None,
            without_budget: 0,
            counted: None,
            refused: false,
            has_keeper: false,
            sleeps_until: None,
            changed: Arc::new(Notify::new()),
        }
    }

    /// The number of slots that this process may occupy.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// The number of slots to expect, for forecasts.
    pub(super) fn prospect(&self, max: usize) -> usize {
        match (self.lost_at, self.prospect) {
            (Some(_), _) => self.limit,
            (None, Some(prospect)) => self.limit.max(prospect),
            (None, None) => max,
        }
    }

    /// How often a share has ended. The backend may have given the slots to others since.
    pub(super) fn ended(&self) -> u64 {
        self.ended
    }

    /// Whether an exchange may admit one more call.
    pub(super) fn could_grow(&self, window: &Window, queued: usize) -> bool {
        self.lost_at.is_none() && window.taken() + queued < self.prospect(window.max)
    }

    pub(super) fn exchanged_at(&self) -> Option<Instant> {
        self.exchanged_at.map(|at| at.monotonic)
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost_at.is_some()
    }

    /// Whether the backend could not be reached for so long that it may have given the share to
    /// others. Then replies show what these use.
    pub(super) fn is_forgotten(&self, interval: Duration, now: Instant) -> bool {
        let kept = interval.saturating_mul(USABLE);
        self.lost_at.is_some_and(|at| later(at, kept) < now)
    }

    /// Whether the backend has nothing of this process.
    pub(super) fn is_idle(&self) -> bool {
        self.share == 0 && self.reported == 0
    }

    fn moment(&self, now: Instant) -> Moment {
        Moment {
            monotonic: now,
            system: self.clock.system_time(),
        }
    }

    /// The part of the granted share that can be used without a confirmation. A single slot is not
    /// divided, if calls without a share are admitted at all.
    fn reduced(&self) -> usize {
        let part = self.confirmed - self.confirmed.div_ceil(LEFT_OUT);
        part.max(self.confirmed.min(self.without_share).min(1))
    }

    /// What can be used of the granted share.
    fn usable(&self, interval: Duration, now: Moment) -> usize {
        let Some(confirmed) = self.confirmed_at else {
            return 0;
        };
        let full_use = full_use(interval);
        let silent = confirmed.elapsed(now);
        // A process that runs and cannot reach the backend keeps its part for any time.
        let is_running =
            self.lost_at.is_some() && self.failed_at.is_some_and(|at| at.elapsed(now) <= full_use);
        match silent {
            _ if silent <= full_use => self.confirmed,
            _ if is_running || silent <= interval.saturating_mul(USABLE) => self.reduced(),
            _ => 0,
        }
    }

    /// Lowers a share that was not confirmed in time, and updates the limit.
    pub(super) fn update(&mut self, interval: Duration, now: Instant) {
        let moment = self.moment(now);
        let usable = self.usable(interval, moment);
        if self.share > usable {
            self.share = usable;
            self.ended += 1;
            if usable == 0 {
                self.renew_at = Some(now);
            }
        }
        self.limit = match self.lost_at {
            Some(_) if self.share > 0 => self.share.min(self.reduced()),
            None if self.share > 0 => match self.whole_at {
                Some(at) if now < at => self.share.min(self.reduced()),
                _ => self.share,
            },
            Some(since) => {
                let is_recent = self
                    .failed_at
                    .is_some_and(|at| at.elapsed(moment) < interval / 2);
                match is_recent && later(since, interval) <= now {
                    true => self.without_share,
                    false => 0,
                }
            }
            None => {
                let is_recent = self
                    .confirmed_at
                    .is_some_and(|at| at.elapsed(moment) <= full_use(interval));
                match is_recent && self.is_sole {
                    true => self.without_share,
                    false => 0,
                }
            }
        };
    }

    /// Whether the part of the daily budget is used up.
    pub(super) fn is_out_of_budget(&self) -> bool {
        self.budget == Some(0)
    }

    /// Counts an admitted request.
    pub(super) fn take(&mut self) {
        self.budget = self.budget.map(|budget| budget.saturating_sub(1));
    }

    /// Handles an admitted request that was not sent.
    pub(super) fn release(&mut self) {
        self.budget = self.budget.map(|budget| budget.saturating_add(1));
    }

    /// Records what a reply declares.
    pub(super) fn replied(&mut self, counted: Option<usize>, refused: bool) {
        self.counted = self.counted.max(counted);
        self.refused |= refused;
    }

    fn is_unused(&self, window: &Window, need: &Need) -> bool {
        need.queued == 0 && window.in_flight() == 0 && window.admitted() == self.reported_admitted
    }

    /// When the next exchange is due. `None`: there is nothing to report.
    pub(super) fn next(&self, window: &Window, need: &Need, now: Instant) -> Option<Instant> {
        let unused = self.is_unused(window, need);
        if unused && self.share == 0 && (self.reported == 0 || self.lost_at.is_some()) {
            return None;
        }
        let (Some(renew_at), Some(exchanged_at)) = (self.renew_at, self.exchanged_at()) else {
            return Some(now);
        };
        let needed = window.taken().saturating_add(need.queued).min(window.max);
        let could_grow = self.prospect.is_none_or(|prospect| self.share < prospect);
        let spacing = window.interval / SPACING;
        let early = match self.lost_at {
            Some(_) => None,
            None if needed > self.reported && could_grow => Some(spacing),
            None if need.waits_for_budget => Some(spacing * (1 << self.without_budget)),
            None => None,
        };
        Some(early.map_or(renew_at, |wait| renew_at.min(later(exchanged_at, wait))))
    }

    /// Begins an exchange.
    pub(super) fn report(
        &mut self,
        window: &Window,
        need: &Need,
        now: Instant,
        declared: bool,
        daily: Option<DailyReport>,
    ) -> ShareReport {
        let needed = match need.queued {
            0 => window.taken(),
            queued => window.recently_taken(now).saturating_add(queued),
        };
        let (demand, needed) = match self.is_unused(window, need) {
            true => (0, 0),
            false => {
                let headroom = window.max.div_ceil(HEADROOM);
                let occupied = window.taken().saturating_add(need.queued);
                (
                    occupied.saturating_add(headroom).min(window.max),
                    needed.min(window.max),
                )
            }
        };
        self.sleeps_until = None;
        self.number += 1;
        self.confirmed = self.confirmed.min(self.target);
        if self.lost_at.is_none() {
            self.confirmed = self.confirmed.min(demand);
        }
        self.share = self.share.min(self.confirmed);
        self.target = usize::MAX;
        self.reported = demand;
        self.reported_admitted = window.admitted();
        self.exchanged_at = Some(self.moment(now));
        self.update(window.interval, now);
        let mut report = ShareReport::new(self.client, narrow(window.max), window.interval);
        report.number = self.number;
        report.share = narrow(self.share);
        report.demand = narrow(demand);
        report.need = narrow(needed);
        report.declared = declared;
        report.counted = self.counted.take().map(narrow);
        report.refused = std::mem::take(&mut self.refused);
        report.daily = daily.map(|daily| DailyReport {
            reserved: self.budget.unwrap_or(0),
            admitted: window.admitted(),
            ..daily
        });
        report.excess = window
            .excess(self.share)
            .into_iter()
            .map(|(end, slots)| {
                let free_in = end.map(|end| end.saturating_duration_since(now));
                Excess::new(free_in, narrow(slots))
            })
            .collect();
        report
    }

    /// The report that returns everything.
    pub(super) fn last_report(&mut self, window: &Window, now: Instant) -> ShareReport {
        let need = Need {
            queued: 0,
            waits_for_budget: false,
        };
        self.target = 0;
        let mut report = self.report(window, &need, now, false, None);
        (report.demand, report.need) = (0, 0);
        report
    }

    /// Ends an exchange with its reply.
    pub(super) fn exchanged(
        &mut self,
        reply: &ShareReply,
        window: &Window,
        now: Instant,
    ) -> Contact {
        let contact = match self.lost_at.take() {
            Some(since) => {
                if later(since, window.interval) <= now {
                    // Processes without a share may have sent requests, which count for an interval.
                    self.whole_at = Some(later(now, full_use(window.interval)));
                }
                Contact::Recovered(now.saturating_duration_since(since))
            }
            None => Contact::Reached,
        };
        self.renew_at = Some(later(now, reply.renew_after));
        self.confirmed_at = self.exchanged_at;
        self.share = wide(reply.share).max(self.share);
        self.confirmed = self.share;
        if reply.target < reply.share {
            self.target = wide(reply.target);
            self.renew_at = Some(now);
        }
        let patience = retry(window.interval) * 2;
        let since = self.recovering_since.unwrap_or(now);
        self.recovering_since = reply.is_recovering.then_some(since);
        self.is_sole = reply.is_recovering && later(since, patience) <= now;
        if reply.is_recovering {
            self.renew_at = Some(later(now, reply.renew_after.min(patience)));
        }
        self.prospect = Some(wide(reply.prospect));
        let sent = window.admitted().saturating_sub(self.reported_admitted);
        self.budget = reply.daily.map(|daily| daily.reserved.saturating_sub(sent));
        self.without_budget = match self.budget {
            Some(0) => (self.without_budget + 1).min(DOUBLINGS),
            _ => 0,
        };
        self.update(window.interval, now);
        contact
    }

    /// Ends an exchange without a reply.
    pub(super) fn failed(&mut self, interval: Duration, now: Instant) -> Contact {
        let contact = match self.lost_at {
            Some(_) => Contact::Unreachable,
            None => Contact::Lost,
        };
        self.lost_at = self.lost_at.or(Some(now));
        self.failed_at = Some(self.moment(now));
        let wait = retry(interval).mul_f64(0.5 + self.random.f64() / 2.0);
        self.renew_at = Some(later(now, wait));
        self.update(interval, now);
        contact
    }

    /// Returns whether there is no keeper. The caller then has to start one.
    pub(super) fn claim_keeper(&mut self) -> bool {
        !std::mem::replace(&mut self.has_keeper, true)
    }

    pub(super) fn keeper_ended(&mut self) {
        self.has_keeper = false;
        self.sleeps_until = None;
    }

    pub(super) fn keeper_sleeps(&mut self, until: Instant) {
        self.sleeps_until = Some(until);
    }

    /// Wakes the keeper if it sleeps beyond this moment.
    pub(super) fn wake_keeper(&mut self, next: Option<Instant>) {
        if let (Some(until), Some(next)) = (self.sleeps_until, next)
            && next < until
        {
            self.sleeps_until = None;
            self.changed.notify_one();
        }
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn wide(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
