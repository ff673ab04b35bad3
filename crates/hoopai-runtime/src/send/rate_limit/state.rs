//! The state that all clones of a limiter share, and its transitions. It neither waits nor wakes;
//! it returns which calls to wake, and when the next event is due.

use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant, SystemTime};

use reqwest::header::HeaderMap;

use super::aimd::Aimd;
use super::day::{Day, DayTicket, ReplyInfo};
use super::headers::RateLimitHeaders;
use super::latency::Latency;
use super::order::{Observation, Order};
use super::pause::Pause;
use super::queue::{Queue, WaiterId};
use super::shared::{ShareReply, ShareReport};
use super::sharing::{Contact, Need, Sharing};
use super::ticket::{Ticket, Verdict};
use super::window::{Window, later};
use super::{RateLimitReason, RateLimitSettings, RateLimitSnapshot, RateLimited};
use crate::time::Clock;

/// How a request ended.
pub(super) enum RequestOutcome<'h> {
    /// It was not sent.
    NotSent,
    /// It was sent at this moment, and no reply came.
    Abandoned(Instant),
    Replied {
        status: u16,
        headers: &'h HeaderMap,
        system_time: Option<SystemTime>,
        /// When it was sent, if that was recorded.
        sent: Option<Instant>,
    },
}

/// The result of a call's arrival.
pub(super) enum Admission {
    Decided(Verdict),
    Queued(WaiterId),
}

/// The next action of the driver.
pub(super) enum DriverAction {
    /// No call waits, so the driver ends.
    Finish,
    /// The driver sleeps until a moment, or until it is woken.
    WaitUntil(Option<Instant>),
}

/// The driver, of which there is at most one, with one timer for all calls.
#[derive(Default)]
struct Driver {
    is_running: bool,
    waker: Option<Waker>,
    /// The end of its sleep. `None`: it sleeps until it is woken.
    until: Option<Instant>,
}

pub(super) struct State {
    settings: Arc<RateLimitSettings>,
    pub(super) window: Window,
    pub(super) pause: Pause,
    aimd: Aimd,
    /// A reply has declared the limit, so a refusal does not show that it is lower.
    is_declared: bool,
    order: Order,
    latency: Latency,
    /// When the last request was admitted.
    last: Option<Instant>,
    /// The end of the latest completed sleep. The time is never earlier.
    pub(super) reached: Option<Instant>,
    /// `None` if no daily budget is counted.
    day: Option<Day>,
    queue: Queue,
    driver: Driver,
    /// `None` if the limit is not shared.
    pub(super) sharing: Option<Box<Sharing>>,
    /// The wakers to call after the lock is released.
    pub(super) wakers: Vec<Waker>,
}

impl State {
    /// Creates the state. `shared_by` is the clock of a limiter whose limit is shared.
    pub(super) fn new(settings: Arc<RateLimitSettings>, shared_by: Option<Arc<dyn Clock>>) -> Self {
        let max = if settings.limited {
            usize::try_from(settings.max).unwrap_or(usize::MAX)
        } else {
            usize::MAX
        };
        State {
            window: Window::new(max, settings.interval),
            pause: Pause::default(),
            aimd: Aimd::default(),
            is_declared: false,
            order: Order::new(),
            latency: Latency::default(),
            last: None,
            reached: None,
            day: settings
                .daily
                .map(|budget| Day::new(budget, settings.daily_probe, settings.fixed)),
            queue: Queue::default(),
            driver: Driver::default(),
            sharing: shared_by
                .filter(|_| settings.limited)
                .map(|clock| Box::new(Sharing::new(settings.without_share, clock))),
            wakers: Vec::new(),
            settings,
        }
    }

    /// Admits a call, rejects it, or adds it to the queue.
    pub(super) fn enter(&mut self, max_wait: Duration, now: Instant) -> Admission {
        if let Some(limited) = self.daily_rejection(self.queue.len(), now) {
            return Admission::Decided(Verdict::Reject(limited));
        }
        if self.queue.is_empty() && self.availability(now).is_ok() {
            return Admission::Decided(Verdict::Admit(self.take(now)));
        }
        let limited = self.forecast(now);
        let max_wait = match &self.sharing {
            // An exchange that raises the share is not a wait for the limit.
            Some(sharing) if sharing.could_grow(&self.window, self.queue.len()) => {
                max_wait.max(self.settings.exchange_timeout)
            }
            _ => max_wait,
        };
        if limited.wait > max_wait {
            return Admission::Decided(Verdict::Reject(limited));
        }
        Admission::Queued(self.queue.push(now.checked_add(max_wait)))
    }

    /// Returns the verdict on a waiting call. If there is none yet, the waker is exchanged for the
    /// previous one.
    pub(super) fn poll(&mut self, id: WaiterId, waker: &mut Option<Waker>) -> Option<Verdict> {
        self.queue.poll(id, waker)
    }

    /// Returns whether there is no driver yet. The caller then has to start one.
    pub(super) fn claim_driver(&mut self) -> bool {
        if self.driver.is_running {
            return false;
        }
        self.driver = Driver {
            is_running: true,
            waker: None,
            until: None,
        };
        true
    }

    /// Removes a cancelled waiter. If it was admitted in the same moment, its slot is released.
    /// Returns its waker.
    pub(super) fn remove(&mut self, id: WaiterId, now: Instant) -> Option<Waker> {
        let (verdict, waker) = self.queue.remove(id);
        if let Some(Verdict::Admit(ticket)) = verdict {
            self.end(&ticket, RequestOutcome::NotSent, now);
        }
        waker
    }

    /// Whether an admitted request may be sent now: the share that admitted it has not ended.
    pub(super) fn may_send(&self, ticket: &Ticket) -> bool {
        ticket.ended_shares == self.ended_shares()
    }

    fn ended_shares(&self) -> u64 {
        self.sharing.as_ref().map_or(0, |sharing| sharing.ended())
    }

    /// Handles the end of an admitted request.
    pub(super) fn end(&mut self, ticket: &Ticket, outcome: RequestOutcome<'_>, now: Instant) {
        self.pause.ended(ticket.epoch);
        self.latency.end(ticket.admitted_at);
        match outcome {
            RequestOutcome::NotSent => {
                self.window.release();
                self.order.disturb(now);
                if let Some(day) = &mut self.day {
                    day.release(ticket.day, now);
                }
                if let Some(sharing) = &mut self.sharing {
                    sharing.release();
                }
            }
            RequestOutcome::Abandoned(sent) => {
                self.window.abandoned(sent, now);
                self.order.disturb(now);
                if let Some(day) = &mut self.day {
                    day.no_reply(ticket.day);
                }
            }
            RequestOutcome::Replied {
                status,
                headers,
                system_time,
                sent,
            } => {
                let headers = RateLimitHeaders::parse(headers, system_time);
                let sent = sent.map_or(ticket.admitted_at, |sent| sent.max(ticket.admitted_at));
                if status == 429 {
                    self.refused(ticket, &headers, now);
                } else {
                    self.succeeded(ticket, &headers, sent, now);
                }
                self.correct_day(ticket, &headers, status, now);
            }
        }
    }

    fn succeeded(
        &mut self,
        ticket: &Ticket,
        headers: &RateLimitHeaders,
        sent: Instant,
        now: Instant,
    ) {
        let took = now.saturating_duration_since(sent);
        self.latency.replied(took);
        self.correct_limits(headers);
        let is_in_order = self.observe(ticket, headers, sent, now);
        let interval = self.window.interval;
        // A reply that takes far longer than others is no evidence of when its request was counted.
        let is_usual = took <= self.latency.mean().saturating_mul(4);
        let counted = if self.order.is_steady() && is_in_order && is_usual {
            now.min(later(sent, Order::margin(interval)))
        } else {
            now
        };
        self.window.replied(counted);
        if !is_in_order {
            self.count_external(ticket, headers, now);
        }
        self.aimd.succeeded(self.window.max, interval, now);
        self.pause.succeeded(ticket.epoch);
    }

    fn refused(&mut self, ticket: &Ticket, headers: &RateLimitHeaders, now: Instant) {
        let used = self.window.taken();
        self.correct_limits(headers);
        self.order.refused(now);
        let interval = self.window.interval;
        let is_full = headers.remaining == Some(0);
        // The server may count requests that it refuses.
        self.window.replied(now);
        if is_full {
            self.count_external(ticket, headers, now);
        }
        match &mut self.sharing {
            Some(sharing) => sharing.replied(None, true),
            None if is_full => self.window.fill_up(now),
            None => {}
        }
        let was_recovering = self.pause.is_recovering();
        let is_new = self
            .pause
            .refused(ticket.epoch, headers.retry_after, interval, now);
        if is_new && !is_full && !self.is_declared && headers.daily_remaining != Some(0) {
            self.aimd
                .refused(self.window.max, used, interval, was_recovering, now);
        }
    }

    fn correct_limits(&mut self, headers: &RateLimitHeaders) {
        self.is_declared |= headers.max.is_some();
        if !self.settings.fixed {
            self.window.max = headers.max.unwrap_or(self.window.max);
            self.window.interval = headers.interval.unwrap_or(self.window.interval);
        }
    }

    /// Whether the count in a reply shows that the server counts in order.
    fn observe(
        &mut self,
        ticket: &Ticket,
        headers: &RateLimitHeaders,
        sent: Instant,
        now: Instant,
    ) -> bool {
        let Some(remaining) = headers.remaining else {
            return false;
        };
        // The requests of other processes would count as deviations.
        if self.sharing.is_some() {
            return false;
        }
        let interval = self.window.interval;
        // Sendings are recorded at admission.
        if self.settings.fixed || sent > later(ticket.admitted_at, interval / 1024) {
            return false;
        }
        let max = headers.max.unwrap_or(self.window.max);
        let since = self
            .window
            .admitted()
            .saturating_sub(ticket.window.admitted);
        let observation = Observation {
            sent: ticket.admitted_at,
            used: u64::try_from(max.saturating_sub(remaining)).unwrap_or(u64::MAX),
            concurrent: since
                .saturating_add(u64::try_from(ticket.window.in_flight).unwrap_or(u64::MAX) - 1),
        };
        self.order
            .observe(&observation, self.latency.mean(), interval, now)
    }

    /// Updates the number of slots that other processes use.
    fn count_external(&mut self, ticket: &Ticket, headers: &RateLimitHeaders, now: Instant) {
        if let Some(remaining) = headers.remaining {
            let limit = headers.max.unwrap_or(self.window.max);
            let used = limit.saturating_sub(remaining);
            let share = match &mut self.sharing {
                Some(sharing) if !sharing.is_forgotten(self.window.interval, now) => {
                    sharing.replied(Some(used), false);
                    return;
                }
                Some(sharing) => sharing.limit(),
                None => self.window.max,
            };
            self.window
                .count_external(&ticket.window, used, limit, share, now);
        }
    }

    fn correct_day(
        &mut self,
        ticket: &Ticket,
        headers: &RateLimitHeaders,
        status: u16,
        now: Instant,
    ) {
        let Some(day) = &mut self.day else {
            return;
        };
        let admitted = self.window.admitted();
        let in_flight = u64::try_from(ticket.window.in_flight).unwrap_or(u64::MAX);
        let reply = ReplyInfo {
            status,
            request: ticket.window.admitted,
            admitted,
            uncounted: admitted
                .saturating_sub(ticket.window.admitted)
                .saturating_add(in_flight),
            max: u64::try_from(self.window.max).unwrap_or(u64::MAX),
            interval: self.window.interval,
        };
        day.replied(headers, ticket.day, &reply, now);
    }

    /// Admits the calls that can be sent, and rejects those whose deadline has passed.
    pub(super) fn settle(&mut self, now: Instant) {
        self.window.expire(now);
        if let Some(day) = &mut self.day {
            day.reset_if_expired(now);
        }
        if let Some(sharing) = &mut self.sharing {
            sharing.update(self.window.interval, now);
        }
        while let Some(id) = self.queue.first() {
            let verdict = match self.daily_rejection(0, now) {
                Some(limited) => Verdict::Reject(limited),
                None if self.queue_availability(now).is_ok() => Verdict::Admit(self.take(now)),
                None => break,
            };
            self.resolve(id, verdict);
        }
        while let Some((deadline, id)) = self.queue.next_deadline()
            && deadline <= now
        {
            let limited = self.forecast(now);
            self.resolve(id, Verdict::Reject(limited));
        }
    }

    fn resolve(&mut self, id: WaiterId, verdict: Verdict) {
        self.wakers.extend(self.queue.resolve(id, verdict));
    }

    fn take(&mut self, now: Instant) -> Ticket {
        self.pause.take(now);
        self.aimd.take(now);
        self.latency.begin(now);
        if let Some(sharing) = &mut self.sharing {
            sharing.take();
        }
        self.last = Some(now);
        let window = self.window.take();
        self.order.sent(window.admitted, self.window.interval, now);
        Ticket {
            window,
            epoch: self.pause.epoch(),
            day: match &mut self.day {
                Some(day) => day.take(now),
                None => DayTicket::default(),
            },
            admitted_at: now,
            ended_shares: self.ended_shares(),
        }
    }

    /// The number of slots that may be taken now.
    fn max(&self) -> usize {
        let max = self.aimd.max(self.window.max);
        match &self.sharing {
            Some(sharing) => max.min(sharing.limit()),
            None => max,
        }
    }

    /// The number of slots that a forecast expects.
    fn expected_max(&self) -> usize {
        let max = self.aimd.max(self.window.max);
        match &self.sharing {
            Some(sharing) => max.min(sharing.prospect(self.window.max)),
            None => max,
        }
    }

    /// Whether calls wait for a part of the daily budget. A probe of a day that is used up does not.
    fn waits_for_budget(&self) -> bool {
        let sharing = self.sharing.as_ref();
        sharing.is_some_and(|sharing| sharing.is_out_of_budget())
            && self.day.as_ref().is_some_and(|day| day.left() > 0)
    }

    /// Whether a request may be sent now. The error is the moment from which it may, or `None` if
    /// that depends on replies.
    fn availability(&self, now: Instant) -> Result<(), Option<Instant>> {
        let interval = self.window.interval;
        let pause_end = self.pause.opens_at(0, interval, now);
        let next_slot = self.aimd.next_slot(0, interval).filter(|slot| *slot > now);
        if self.waits_for_budget() {
            return Err(None);
        }
        delayed(self.window.room(self.max()), pause_end.max(next_slot))
    }

    /// The same for a queued call. Those are spread out if this shows how the server counts.
    fn queue_availability(&self, now: Instant) -> Result<(), Option<Instant>> {
        let spaced = self.spaced_start(0).filter(|start| *start > now);
        delayed(self.availability(now), spaced)
    }

    /// When a call with `ahead` calls before it may leave the queue.
    fn spaced_start(&self, ahead: usize) -> Option<Instant> {
        if !self.order.needs_evidence() {
            return None;
        }
        let max = u32::try_from(self.window.max).unwrap_or(u32::MAX).max(1);
        let turns = u32::try_from(ahead).unwrap_or(u32::MAX).saturating_add(1);
        let spacing = self.latency.mean() / max;
        Some(later(self.last?, spacing.saturating_mul(turns)))
    }

    /// The rejection, if the budget is used up by sent and waiting calls.
    fn daily_rejection(&self, ahead: usize, now: Instant) -> Option<RateLimited> {
        let ahead = u64::try_from(ahead).unwrap_or(u64::MAX);
        let wait = self.day.as_ref()?.room(ahead, now).err()?;
        Some(RateLimited {
            wait,
            reason: RateLimitReason::Daily,
        })
    }

    /// The expected wait of a call that arrives now, and its reason.
    fn forecast(&self, now: Instant) -> RateLimited {
        let ahead = self.queue.len();
        let interval = self.window.interval;
        let replies = self.latency.expected_end(now);
        let hold = if self.order.is_steady() {
            Order::margin(interval)
        } else {
            self.latency.mean()
        };
        let max = self.expected_max();
        let predict = |from| self.window.predict(max, ahead, from, replies, hold);
        let spaced = self
            .aimd
            .next_slot(ahead, interval)
            .max(self.spaced_start(ahead));
        let from = spaced.map_or(now, |spaced| spaced.max(now));
        let unpaused = predict(now).max(from);
        let at = match self.pause.opens_at(ahead, interval, now) {
            Some(opens_at) => predict(opens_at).max(from),
            None => unpaused,
        };
        RateLimited {
            wait: at.saturating_duration_since(now),
            reason: if at > unpaused {
                RateLimitReason::Paused
            } else {
                RateLimitReason::Window
            },
        }
    }

    pub(super) fn rate_limit_delay(&self, now: Instant) -> Duration {
        match self.daily_rejection(self.queue.len(), now) {
            Some(limited) => limited.wait,
            None if self.queue.is_empty() && self.availability(now).is_ok() => Duration::ZERO,
            None => self.forecast(now).wait,
        }
    }

    /// Returns the next action of the driver, and stores the waker that is woken on changes.
    pub(super) fn drive(&mut self, waker: &Waker, now: Instant) -> DriverAction {
        if self.queue.is_empty() {
            self.driver = Driver::default();
            return DriverAction::Finish;
        }
        self.driver.until = self.next_event(now);
        self.driver.waker = Some(waker.clone());
        DriverAction::WaitUntil(self.driver.until)
    }

    /// Handles a driver that was dropped with its runtime.
    pub(super) fn driver_dropped(&mut self) {
        self.driver = Driver::default();
    }

    fn next_event(&self, now: Instant) -> Option<Instant> {
        let deadline = self.queue.next_deadline().map(|(deadline, _)| deadline);
        let free = self.queue_availability(now).err().flatten();
        deadline.into_iter().chain(free).min()
    }

    /// Ensures that a driver exists and sleeps no longer than until the next event.
    pub(super) fn ensure_driver(&mut self, now: Instant) {
        let waker = if !self.driver.is_running {
            // The first call polls again and starts a driver.
            self.queue.take_first_waker()
        } else if self.queue.is_empty() {
            self.driver.waker.take()
        } else {
            self.late_driver_waker(now)
        };
        self.wakers.extend(waker);
    }

    /// The driver's waker, if the driver sleeps beyond the next event.
    fn late_driver_waker(&mut self, now: Instant) -> Option<Waker> {
        let next = self.next_event(now)?;
        if let Some(until) = self.driver.until
            && until <= next
        {
            return None;
        }
        let waker = self.driver.waker.take()?;
        self.driver.until = Some(next);
        Some(waker)
    }

    /// Wakes the first waiting call, which polls again.
    pub(super) fn wake_first(&mut self) {
        self.wakers.extend(self.queue.take_first_waker());
    }

    fn need(&self) -> Need {
        Need {
            queued: self.queue.len(),
            waits_for_budget: !self.queue.is_empty() && self.waits_for_budget(),
        }
    }

    /// When the share is to be exchanged next. `None`: there is nothing to report.
    pub(super) fn next_exchange(&self, now: Instant) -> Option<Instant> {
        let sharing = self.sharing.as_ref()?;
        sharing.next(&self.window, &self.need(), now)
    }

    /// Begins an exchange of the share.
    pub(super) fn begin_exchange(&mut self, now: Instant) -> Option<ShareReport> {
        let need = self.need();
        let sharing = self.sharing.as_mut()?;
        let is_declared = self.is_declared && !self.settings.fixed;
        let daily = self
            .day
            .as_ref()
            .map(|day| day.report(sharing.exchanged_at(), now));
        Some(sharing.report(&self.window, &need, now, is_declared, daily))
    }

    /// The report of a limiter that ends, if it holds anything.
    pub(super) fn last_report(&mut self, now: Instant) -> Option<ShareReport> {
        let sharing = self.sharing.as_mut()?;
        (!sharing.is_idle()).then(|| sharing.last_report(&self.window, now))
    }

    /// Ends an exchange. Without a reply, the backend was not reached.
    pub(super) fn end_exchange(&mut self, reply: Option<&ShareReply>, now: Instant) -> Contact {
        let Some(sharing) = &mut self.sharing else {
            return Contact::Reached;
        };
        let Some(reply) = reply else {
            return sharing.failed(self.window.interval, now);
        };
        if !self.is_declared && !self.settings.fixed {
            self.window.max = usize::try_from(reply.max).unwrap_or(usize::MAX).max(1);
            self.window.interval = reply.interval.max(Duration::from_millis(1));
        }
        if let (Some(day), Some(daily)) = (&mut self.day, &reply.daily) {
            day.adopt(daily, now);
        }
        sharing.exchanged(reply, &self.window, now)
    }

    pub(super) fn snapshot(&self, now: Instant) -> RateLimitSnapshot {
        RateLimitSnapshot {
            max: self.max(),
            share: self.sharing.as_ref().map(|sharing| sharing.limit()),
            is_cut_off: self
                .sharing
                .as_ref()
                .is_some_and(|sharing| sharing.is_lost()),
            interval: self.window.interval,
            in_window: self.window.taken(),
            queued: self.queue.len(),
            daily_left: self.day.as_ref().map(Day::left),
            daily_max: self.day.as_ref().map(Day::budget),
            daily_resets_in: self.day.as_ref().map(|day| day.resets_in(now)),
            paused: self
                .pause
                .until(now)
                .map_or(Duration::ZERO, |until| until.saturating_duration_since(now)),
        }
    }

    /// Whether a new limiter would behave the same, except for what replies soon report again.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        self.window.taken() == 0
            && self.queue.is_empty()
            && self
                .sharing
                .as_ref()
                .is_none_or(|sharing| sharing.is_idle())
            && self.pause.is_over(now)
            && self.aimd.is_inactive()
            && !self.day.as_ref().is_some_and(Day::is_mostly_used)
    }
}

/// Availability that also waits until `opens_at`.
fn delayed(
    availability: Result<(), Option<Instant>>,
    opens_at: Option<Instant>,
) -> Result<(), Option<Instant>> {
    match (availability, opens_at) {
        (Ok(()), None) => Ok(()),
        (Ok(()), Some(opens_at)) => Err(Some(opens_at)),
        (Err(Some(free)), Some(opens_at)) => Err(Some(free.max(opens_at))),
        (Err(free), _) => Err(free),
    }
}
