//! What all clones of a limiter share, and how it changes. Nothing in here waits or wakes anybody: it says who is to be
//! told what, and until when there is nothing to do.

use std::task::Waker;
use std::time::{Duration, Instant, SystemTime};

use reqwest::header::HeaderMap;

use super::day::Day;
use super::headers::Told;
use super::pause::Pause;
use super::queue::{Place, Queue};
use super::window::{Mark, Window};
use super::{Held, HeldReason, LimitSettings, Snapshot};

/// What a call is told.
#[derive(Clone, Copy)]
pub(super) enum Verdict {
    Go(Ticket),
    Held(Held),
}

/// What is remembered of a request that was let through.
#[derive(Clone, Copy)]
pub(super) struct Ticket {
    pub(super) mark: Mark,
    epoch: u64,
    day: u64,
}

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
    },
}

/// How a call comes in.
pub(super) enum Entry {
    Told(Verdict),
    Queued(Place),
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
    settings: LimitSettings,
    pub(super) window: Window,
    pub(super) pause: Pause,
    /// `None` where no day is counted.
    day: Option<Day>,
    queue: Queue,
    driver: Driver,
    /// Who is to be woken when the lock is given up.
    pub(super) outbox: Vec<Waker>,
}

impl State {
    pub(super) fn new(settings: LimitSettings) -> Self {
        let max = match settings.limited {
            true => usize::try_from(settings.max).unwrap_or(usize::MAX),
            false => usize::MAX,
        };
        State {
            window: Window::new(max, settings.interval),
            pause: Pause::default(),
            day: settings.daily.map(Day::new),
            queue: Queue::default(),
            driver: Driver::default(),
            outbox: Vec::new(),
            settings,
        }
    }

    /// A call comes in: it goes at once, or is held, or waits behind those that came before it.
    pub(super) fn enter(&mut self, max_wait: Duration, now: Instant) -> Entry {
        if let Some(held) = self.day_is_spent(self.queue.len(), now) {
            return Entry::Told(Verdict::Held(held));
        }
        if self.queue.is_empty() && self.gate(now).is_ok() {
            return Entry::Told(Verdict::Go(self.take(now)));
        }
        let held = self.forecast(now);
        if held.wait > max_wait {
            return Entry::Told(Verdict::Held(held));
        }
        Entry::Queued(self.queue.push(now.checked_add(max_wait)))
    }

    /// A call that waits asks what it was told. If it was told nothing yet, the waker is exchanged for the one before.
    pub(super) fn ask(&mut self, place: Place, waker: &mut Option<Waker>) -> Option<Verdict> {
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
    pub(super) fn leave(&mut self, place: Place, waker: &mut Option<Waker>, now: Instant) {
        if let Some(Verdict::Go(ticket)) = self.queue.leave(place, waker) {
            self.end(&ticket, Ending::Unsent, now);
        }
    }

    /// A request that was let through is over.
    pub(super) fn end(&mut self, ticket: &Ticket, ending: Ending<'_>, now: Instant) {
        self.pause.over(ticket.epoch);
        match ending {
            Ending::Unsent => {
                self.window.give_back();
                if let Some(day) = &mut self.day {
                    day.give_back(ticket.day);
                }
            }
            Ending::Strayed(sent) => self.window.strayed(sent, now),
            Ending::Replied {
                status,
                headers,
                system_time,
            } => {
                self.window.replied(now);
                let told = Told::read(headers, system_time);
                self.correct(ticket, &told, now);
                if status != 429 {
                    self.pause.passed(ticket.epoch);
                    return;
                }
                if told.remaining == Some(0) {
                    self.window.fill_up(now);
                }
                let interval = self.window.interval;
                self.pause
                    .refused(ticket.epoch, told.retry_after, interval, now);
            }
        }
    }

    /// Takes in what a reply says of the limits and of what is left of them.
    fn correct(&mut self, ticket: &Ticket, told: &Told, now: Instant) {
        let fixed = self.settings.fixed;
        if !fixed {
            self.window.max = told.max.unwrap_or(self.window.max);
            self.window.interval = told.interval.unwrap_or(self.window.interval);
        }
        if let Some(remaining) = told.remaining {
            let limit = told.max.unwrap_or(self.window.max);
            let used = limit.saturating_sub(remaining);
            self.window.count_foreign(&ticket.mark, used, limit, now);
        }
        if let Some(day) = &mut self.day {
            let others_in_flight = u64::try_from(ticket.mark.in_flight).unwrap_or(u64::MAX);
            let uncounted = self
                .window
                .granted()
                .saturating_sub(ticket.mark.granted)
                .saturating_add(others_in_flight);
            let slack = u64::try_from(self.window.max).unwrap_or(u64::MAX);
            day.correct(told, ticket.day, uncounted, slack, fixed, now);
        }
    }

    /// Lets through who can go and turns away who waited too long.
    pub(super) fn settle(&mut self, now: Instant) {
        self.window.expire(now);
        if let Some(day) = &mut self.day {
            day.roll(now);
        }
        while let Some(serial) = self.queue.first() {
            let verdict = match self.day_is_spent(0, now) {
                Some(held) => Verdict::Held(held),
                None if self.gate(now).is_ok() => Verdict::Go(self.take(now)),
                None => break,
            };
            self.tell(serial, verdict);
        }
        while let Some((deadline, serial)) = self.queue.next_deadline()
            && deadline <= now
        {
            let held = self.forecast(now);
            self.tell(serial, Verdict::Held(held));
        }
    }

    fn tell(&mut self, serial: u64, verdict: Verdict) {
        if let Some(waker) = self.queue.tell(serial, verdict) {
            self.outbox.push(waker);
        }
    }

    fn take(&mut self, now: Instant) -> Ticket {
        self.pause.take(now);
        if let Some(day) = &mut self.day {
            day.take(now);
        }
        Ticket {
            mark: self.window.take(),
            epoch: self.pause.epoch(),
            day: match &self.day {
                Some(day) => day.serial(),
                None => 0,
            },
        }
    }

    /// Whether a request may go out now, or from when on, or that this depends on replies.
    fn gate(&self, now: Instant) -> Result<(), Option<Instant>> {
        let opens = self.pause.closed(0, self.window.interval, now);
        match (self.window.room(), opens) {
            (Ok(()), None) => Ok(()),
            (Ok(()), Some(opens)) => Err(Some(opens)),
            (Err(Some(free)), Some(opens)) => Err(Some(free.max(opens))),
            (Err(free), _) => Err(free),
        }
    }

    /// The budget is spent, or will be by those who wait already.
    fn day_is_spent(&self, ahead: usize, now: Instant) -> Option<Held> {
        let ahead = u64::try_from(ahead).unwrap_or(u64::MAX);
        match &self.day {
            Some(day) if day.left() <= ahead => Some(Held {
                wait: day.renews_in(now),
                reason: HeldReason::Daily,
            }),
            _ => None,
        }
    }

    /// How long a call would wait that came now, and for what.
    fn forecast(&self, now: Instant) -> Held {
        let ahead = self.queue.len();
        let opens = self.pause.closed(ahead, self.window.interval, now);
        let unpaused = self.window.predict(ahead, now, now);
        let at = match opens {
            Some(opens) => self.window.predict(ahead, opens, now),
            None => unpaused,
        };
        Held {
            wait: at.saturating_duration_since(now),
            reason: if at > unpaused {
                HeldReason::Paused
            } else {
                HeldReason::Window
            },
        }
    }

    pub(super) fn would_wait(&self, now: Instant) -> Duration {
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
        let free = match self.gate(now) {
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

    pub(super) fn snapshot(&self, now: Instant) -> Snapshot {
        Snapshot {
            max: self.window.max,
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
            && !day_is_telling
    }
}
