//! What all clones of a limiter share, and how it changes. Nothing in here waits or wakes anybody: it says who is to be
//! told what, and until when there is nothing to do.

use std::task::Waker;
use std::time::{Duration, Instant, SystemTime};

use reqwest::header::HeaderMap;

use super::aimd::Aimd;
use super::day::{Day, DayTicket, Sent};
use super::headers::Told;
use super::latency::Latency;
use super::order::{Observation, Order};
use super::pause::Pause;
use super::queue::{Queue, WaiterId};
use super::ticket::{Ticket, Verdict};
use super::window::{Window, later};
use super::{RateLimitReason, RateLimitSettings, RateLimitSnapshot, RateLimited};

/// How a request ended.
pub(super) enum Ending<'h> {
    /// It never went out.
    Unsent,
    /// It went out at this moment, and no reply came.
    Strayed(Instant),
    Replied {
        status: u16,
        headers: &'h HeaderMap,
        system_time: Option<SystemTime>,
        /// When it was sent, if that was recorded.
        sent: Option<Instant>,
    },
}

/// How a call comes in.
pub(super) enum Entry {
    Told(Verdict),
    Queued(WaiterId),
}

/// What the one who moves the queue does next.
pub(super) enum Next {
    /// Nobody waits: it is not needed any more.
    Done,
    /// Something is to be done at a moment, or only when something happens.
    At(Option<Instant>),
}

/// The one who moves the queue when time passes: no more than one, and one timer, however many wait.
#[derive(Default)]
struct Driver {
    there: bool,
    waker: Option<Waker>,
    /// Until when it sleeps; `None` is until it is woken.
    until: Option<Instant>,
}

pub(super) struct State {
    settings: RateLimitSettings,
    pub(super) window: Window,
    pub(super) pause: Pause,
    aimd: Aimd,
    /// A reply has declared the limit, so a refusal does not show that it is lower.
    is_declared: bool,
    order: Order,
    latency: Latency,
    /// When the last request was let through.
    last: Option<Instant>,
    /// The time is never earlier than this: a sleep has ended that was to last until then.
    pub(super) reached: Option<Instant>,
    /// `None` where no day is counted.
    day: Option<Day>,
    queue: Queue,
    driver: Driver,
    /// Who is to be woken when the lock is given up.
    pub(super) outbox: Vec<Waker>,
}

impl State {
    pub(super) fn new(settings: RateLimitSettings) -> Self {
        let max = match settings.limited {
            true => usize::try_from(settings.max).unwrap_or(usize::MAX),
            false => usize::MAX,
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
            outbox: Vec::new(),
            settings,
        }
    }

    /// A call comes in: it goes at once, or is held, or waits behind those that came before it.
    pub(super) fn enter(&mut self, max_wait: Duration, now: Instant) -> Entry {
        if let Some(held) = self.day_is_spent(self.queue.len(), now) {
            return Entry::Told(Verdict::Reject(held));
        }
        if self.queue.is_empty() && self.gate(now).is_ok() {
            return Entry::Told(Verdict::Admit(self.take(now)));
        }
        let held = self.forecast(now);
        if held.wait > max_wait {
            return Entry::Told(Verdict::Reject(held));
        }
        Entry::Queued(self.queue.push(now.checked_add(max_wait)))
    }

    /// A call that waits asks what it was told. If it was told nothing yet, the waker is exchanged for the one before.
    pub(super) fn ask(&mut self, place: WaiterId, waker: &mut Option<Waker>) -> Option<Verdict> {
        self.queue.ask(place, waker)
    }

    /// Whether nobody moves the queue yet. Who asks has to do it from now on.
    pub(super) fn needs_driver(&mut self) -> bool {
        if self.driver.there {
            return false;
        }
        self.driver = Driver {
            there: true,
            waker: None,
            until: None,
        };
        true
    }

    /// A waiter gave up, maybe in the very moment in which its turn came: then it is the next one's.
    pub(super) fn leave(&mut self, place: WaiterId, waker: &mut Option<Waker>, now: Instant) {
        if let Some(Verdict::Admit(ticket)) = self.queue.leave(place, waker) {
            self.end(&ticket, Ending::Unsent, now);
        }
    }

    /// A request that was let through is over.
    pub(super) fn end(&mut self, ticket: &Ticket, ending: Ending<'_>, now: Instant) {
        self.pause.over(ticket.epoch);
        self.latency.end(ticket.granted);
        match ending {
            Ending::Unsent => {
                self.window.give_back();
                self.order.disturb(now);
                if let Some(day) = &mut self.day {
                    day.give_back(ticket.day, now);
                }
            }
            Ending::Strayed(sent) => {
                self.window.strayed(sent, now);
                self.order.disturb(now);
                if let Some(day) = &mut self.day {
                    day.lost(ticket.day);
                }
            }
            Ending::Replied {
                status,
                headers,
                system_time,
                sent,
            } => {
                let told = Told::read(headers, system_time);
                let sent = sent.map_or(ticket.granted, |sent| sent.max(ticket.granted));
                if status == 429 {
                    self.refused(ticket, &told, now);
                } else {
                    self.passed(ticket, &told, sent, now);
                }
                self.correct_day(ticket, &told, status, now);
            }
        }
    }

    fn passed(&mut self, ticket: &Ticket, told: &Told, sent: Instant, now: Instant) {
        let took = now.saturating_duration_since(sent);
        self.latency.replied(took);
        self.correct_limits(told);
        let is_in_order = self.observe(ticket, told, sent, now);
        let interval = self.window.interval;
        // A reply that takes far longer than others says little of when its request was counted.
        let is_usual = took <= self.latency.mean().saturating_mul(4);
        let counted = match self.order.is_steady() && is_in_order && is_usual {
            true => now.min(later(sent, Order::margin(interval))),
            false => now,
        };
        self.window.replied(counted);
        if !is_in_order {
            self.count_foreign(ticket, told, now);
        }
        self.aimd.passed(self.window.max, interval, now);
        self.pause.passed(ticket.epoch);
    }

    fn refused(&mut self, ticket: &Ticket, told: &Told, now: Instant) {
        let used = self.window.taken();
        self.correct_limits(told);
        self.order.refused(now);
        let interval = self.window.interval;
        let is_full = told.remaining == Some(0);
        // The server may count what it refuses.
        self.window.replied(now);
        if is_full {
            self.count_foreign(ticket, told, now);
            self.window.fill_up(now);
        }
        let was_recovering = self.pause.is_recovering();
        let is_new = self
            .pause
            .refused(ticket.epoch, told.retry_after, interval, now);
        if is_new && !is_full && !self.is_declared && told.daily_remaining != Some(0) {
            self.aimd
                .refused(self.window.max, used, interval, was_recovering, now);
        }
    }

    fn correct_limits(&mut self, told: &Told) {
        self.is_declared |= told.max.is_some();
        if !self.settings.fixed {
            self.window.max = told.max.unwrap_or(self.window.max);
            self.window.interval = told.interval.unwrap_or(self.window.interval);
        }
    }

    /// Whether the count in a reply shows that the server counts in order.
    fn observe(&mut self, ticket: &Ticket, told: &Told, sent: Instant, now: Instant) -> bool {
        let Some(remaining) = told.remaining else {
            return false;
        };
        let interval = self.window.interval;
        // Sendings are recorded when they are let through.
        if self.settings.fixed || sent > later(ticket.granted, interval / 1024) {
            return false;
        }
        let max = told.max.unwrap_or(self.window.max);
        let since = self.window.granted().saturating_sub(ticket.mark.granted);
        let observation = Observation {
            sent: ticket.granted,
            used: u64::try_from(max.saturating_sub(remaining)).unwrap_or(u64::MAX),
            concurrent: since
                .saturating_add(u64::try_from(ticket.mark.in_flight).unwrap_or(u64::MAX) - 1),
        };
        self.order
            .observe(&observation, self.latency.mean(), interval, now)
    }

    /// Takes in how much others use of the limit.
    fn count_foreign(&mut self, ticket: &Ticket, told: &Told, now: Instant) {
        if let Some(remaining) = told.remaining {
            let limit = told.max.unwrap_or(self.window.max);
            let used = limit.saturating_sub(remaining);
            self.window.count_foreign(&ticket.mark, used, limit, now);
        }
    }

    fn correct_day(&mut self, ticket: &Ticket, told: &Told, status: u16, now: Instant) {
        let Some(day) = &mut self.day else {
            return;
        };
        let granted = self.window.granted();
        let in_flight = u64::try_from(ticket.mark.in_flight).unwrap_or(u64::MAX);
        let context = Sent {
            status,
            request: ticket.mark.granted,
            granted,
            uncounted: granted
                .saturating_sub(ticket.mark.granted)
                .saturating_add(in_flight),
            max: u64::try_from(self.window.max).unwrap_or(u64::MAX),
            interval: self.window.interval,
        };
        day.correct(told, ticket.day, &context, now);
    }

    /// Lets through who can go and turns away who waited too long.
    pub(super) fn settle(&mut self, now: Instant) {
        self.window.expire(now);
        if let Some(day) = &mut self.day {
            day.roll(now);
        }
        while let Some(serial) = self.queue.first() {
            let verdict = match self.day_is_spent(0, now) {
                Some(held) => Verdict::Reject(held),
                None if self.queue_gate(now).is_ok() => Verdict::Admit(self.take(now)),
                None => break,
            };
            self.tell(serial, verdict);
        }
        while let Some((deadline, serial)) = self.queue.next_deadline()
            && deadline <= now
        {
            let held = self.forecast(now);
            self.tell(serial, Verdict::Reject(held));
        }
    }

    fn tell(&mut self, serial: u64, verdict: Verdict) {
        if let Some(waker) = self.queue.tell(serial, verdict) {
            self.outbox.push(waker);
        }
    }

    fn take(&mut self, now: Instant) -> Ticket {
        self.pause.take(now);
        self.aimd.take(now);
        self.latency.begin(now);
        self.last = Some(now);
        let mark = self.window.take();
        self.order.sent(mark.granted, self.window.interval, now);
        Ticket {
            mark,
            epoch: self.pause.epoch(),
            day: match &mut self.day {
                Some(day) => day.take(now),
                None => DayTicket::default(),
            },
            granted: now,
        }
    }

    fn max(&self) -> usize {
        self.aimd.max(self.window.max)
    }

    /// Whether a request may go out now, or from when on, or that this depends on replies.
    fn gate(&self, now: Instant) -> Result<(), Option<Instant>> {
        let interval = self.window.interval;
        let opens = self.pause.closed(0, interval, now);
        let opens = opens.max(self.aimd.opens(0, interval).filter(|opens| *opens > now));
        later_of(self.window.room(self.max()), opens)
    }

    /// The same for a call that waits in the queue. They are spread out if that helps to learn how the server counts.
    fn queue_gate(&self, now: Instant) -> Result<(), Option<Instant>> {
        later_of(self.gate(now), self.spread(0).filter(|opens| *opens > now))
    }

    /// The moment from which a call may leave the queue that has so many before it.
    fn spread(&self, ahead: usize) -> Option<Instant> {
        if !self.order.needs_evidence() {
            return None;
        }
        let max = u32::try_from(self.window.max).unwrap_or(u32::MAX).max(1);
        let turns = u32::try_from(ahead).unwrap_or(u32::MAX).saturating_add(1);
        let spacing = self.latency.mean() / max;
        Some(later(self.last?, spacing.saturating_mul(turns)))
    }

    /// The budget is spent, or will be by those who wait already.
    fn day_is_spent(&self, ahead: usize, now: Instant) -> Option<RateLimited> {
        let ahead = u64::try_from(ahead).unwrap_or(u64::MAX);
        let wait = self.day.as_ref()?.room(ahead, now).err()?;
        Some(RateLimited {
            wait,
            reason: RateLimitReason::Daily,
        })
    }

    /// How long a call would wait that came now, and for what.
    fn forecast(&self, now: Instant) -> RateLimited {
        let ahead = self.queue.len();
        let interval = self.window.interval;
        let replies = self.latency.expected_end(now);
        let hold = match self.order.is_steady() {
            true => Order::margin(interval),
            false => self.latency.mean(),
        };
        let predict = |from| self.window.predict(self.max(), ahead, from, replies, hold);
        let spaced = self.aimd.opens(ahead, interval).max(self.spread(ahead));
        let from = spaced.map_or(now, |spaced| spaced.max(now));
        let unpaused = predict(now).max(from);
        let at = match self.pause.closed(ahead, interval, now) {
            Some(opens) => predict(opens).max(from),
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
        match self.day_is_spent(self.queue.len(), now) {
            Some(held) => held.wait,
            None if self.queue.is_empty() && self.gate(now).is_ok() => Duration::ZERO,
            None => self.forecast(now).wait,
        }
    }

    /// What the one who moves the queue does next. It is woken by this waker if that changes.
    pub(super) fn drive(&mut self, waker: &Waker, now: Instant) -> Next {
        if self.queue.is_empty() {
            self.driver = Driver::default();
            return Next::Done;
        }
        self.driver.until = self.next_event(now);
        self.driver.waker = Some(waker.clone());
        Next::At(self.driver.until)
    }

    /// The one who moved the queue is gone, with the runtime that it ran on.
    pub(super) fn driver_is_gone(&mut self) {
        self.driver = Driver::default();
    }

    fn next_event(&mut self, now: Instant) -> Option<Instant> {
        let deadline = self.queue.next_deadline();
        let free = match self.queue_gate(now) {
            Ok(()) => None,
            Err(free) => free,
        };
        match (deadline, free) {
            (Some((deadline, _)), Some(free)) => Some(deadline.min(free)),
            (Some((deadline, _)), None) => Some(deadline),
            (None, free) => free,
        }
    }

    /// Sees to it that somebody moves the queue, and knows when.
    pub(super) fn keep_moving(&mut self, now: Instant) {
        let waker = if !self.driver.there {
            // The first in the queue asks again and finds that it has to.
            self.queue.call_first()
        } else if self.queue.is_empty() {
            self.driver.waker.take()
        } else {
            self.driver_if_late(now)
        };
        if let Some(waker) = waker {
            self.outbox.push(waker);
        }
    }

    /// The driver, if it sleeps longer than until the next event.
    fn driver_if_late(&mut self, now: Instant) -> Option<Waker> {
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

    pub(super) fn snapshot(&self, now: Instant) -> RateLimitSnapshot {
        RateLimitSnapshot {
            max: self.max(),
            interval: self.window.interval,
            in_window: self.window.taken(),
            queued: self.queue.len(),
            daily_left: self.day.as_ref().map(Day::left),
            paused: match self.pause.until(now) {
                Some(until) => until.saturating_duration_since(now),
                None => Duration::ZERO,
            },
        }
    }

    /// Whether a limiter made anew would do the same, all but for what replies soon tell it again.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        let day_is_telling = match &self.day {
            Some(day) => day.is_telling(),
            None => false,
        };
        self.window.taken() == 0
            && self.queue.is_empty()
            && self.pause.is_over(now)
            && self.aimd.is_at_rest()
            && !day_is_telling
    }
}

/// What opens at a moment, and not before another.
fn later_of(
    gate: Result<(), Option<Instant>>,
    opens: Option<Instant>,
) -> Result<(), Option<Instant>> {
    match (gate, opens) {
        (Ok(()), None) => Ok(()),
        (Ok(()), Some(opens)) => Err(Some(opens)),
        (Err(Some(free)), Some(opens)) => Err(Some(free.max(opens))),
        (Err(free), _) => Err(free),
    }
}
