//! The limiter: a lock around the state, those who wait, and the one timer for all of them.
//!
//! A call that has to wait is woken only when its turn comes, and asks then what it was told. Time passes for the whole
//! queue in one future, the [`Driver`], which is a task of its own while anybody waits. It is not left to the first in the
//! queue, since a future is not always polled: one that stands in a buffered stream is not while its consumer is busy, and
//! that may be with a call that waits in the same queue.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;

use super::queue::WaiterId;
use super::state::{Ending, Entry, Next, State};
use super::ticket::{Ticket, Verdict};
use super::{RateLimitSettings, RateLimitSnapshot, RateLimited};
use crate::time::{BoxFuture, Clock, lock};

/// Lets requests through as the platform's limits allow. Clones share one window and one queue.
#[derive(Clone)]
pub(crate) struct Limiter(Arc<Shared>);

struct Shared {
    settings: RateLimitSettings,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl Limiter {
    pub(crate) fn new(settings: RateLimitSettings, clock: Arc<dyn Clock>) -> Self {
        Limiter(Arc::new(Shared {
            state: Mutex::new(State::new(settings.clone())),
            settings,
            clock,
        }))
    }

    /// Waits until a request may go out, no longer than `max_wait`, or than the settings say.
    ///
    /// If the wait is seen to be longer, the answer comes at once, and with `Duration::ZERO` there is none. Dropping the
    /// future leaves the queue.
    pub(crate) async fn acquire(&self, max_wait: Option<Duration>) -> Result<Permit, RateLimited> {
        let shared = &self.0;
        if !shared.settings.limited {
            return Ok(Permit::free());
        }
        let max_wait = max_wait.unwrap_or(shared.settings.max_wait);
        let verdict = match shared.enter(max_wait) {
            Entry::Told(verdict) => verdict,
            Entry::Queued(place) => {
                let waiter = Waiter {
                    shared,
                    place: Some(place),
                    driver: None,
                };
                waiter.await
            }
        };
        match verdict {
            Verdict::Admit(ticket) => Ok(Permit::new(shared.clone(), ticket)),
            Verdict::Reject(held) => Err(held),
        }
    }

    /// How long a call would wait that came now. Zero if it would go at once.
    pub(crate) fn rate_limit_delay(&self) -> Duration {
        if !self.0.settings.limited {
            return Duration::ZERO;
        }
        let (state, now) = self.0.settled();
        let wait = state.rate_limit_delay(now);
        self.0.follow_up(state, now);
        wait
    }

    /// How things stand.
    pub(crate) fn snapshot(&self) -> RateLimitSnapshot {
        let (state, now) = self.0.settled();
        let snapshot = state.snapshot(now);
        self.0.follow_up(state, now);
        snapshot
    }

    /// The settings as they were given. What is in force now tells [`snapshot`](Self::snapshot).
    pub(crate) fn settings(&self) -> &RateLimitSettings {
        &self.0.settings
    }

    /// Nobody else holds it, and nothing would be lost with it.
    pub(super) fn is_disposable(&self) -> bool {
        if Arc::strong_count(&self.0) > 1 {
            return false;
        }
        let (state, now) = self.0.settled();
        let idle = state.is_idle(now);
        self.0.follow_up(state, now);
        idle
    }

    /// A place in the queue whose holder goes in the very moment in which its turn comes.
    #[cfg(test)]
    pub(super) fn abandoned_place(&self) {
        struct Holder(Mutex<Option<BoxFuture<'static, ()>>>);

        impl std::task::Wake for Holder {
            fn wake(self: Arc<Self>) {
                let call = lock(&self.0).take();
                drop(call);
            }
        }

        let limiter = self.clone();
        let mut call: BoxFuture<'static, ()> = Box::pin(async move {
            let _ = limiter.acquire(None).await;
        });
        let holder = Arc::new(Holder(Mutex::new(None)));
        let waker = holder.clone().into();
        let polled = call.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        *lock(&holder.0) = Some(call);
    }

    #[cfg(test)]
    pub(super) fn foreign(&self) -> usize {
        self.0.settled().0.window.foreign()
    }
}

/// Shows numbers only.
impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.settings.limited {
            return f.write_str("Limiter(unlimited)");
        }
        let RateLimitSnapshot {
            max,
            interval,
            in_window,
            queued,
            daily_left,
            paused,
        } = self.snapshot();
        f.debug_struct("Limiter")
            .field("max", &max)
            .field("interval", &interval)
            .field("in_window", &in_window)
            .field("queued", &queued)
            .field("daily_left", &daily_left)
            .field("paused", &paused)
            .finish()
    }
}

impl Shared {
    /// A call comes in.
    fn enter(&self, max_wait: Duration) -> Entry {
        let (mut state, now) = self.settled();
        let entry = state.enter(max_wait, now);
        self.follow_up(state, now);
        entry
    }

    /// The state as it is by now. Whoever looked at it or changed it sees to what follows.
    fn settled(&self) -> (MutexGuard<'_, State>, Instant) {
        let (mut state, now) = self.lock();
        state.settle(now);
        (state, now)
    }

    fn lock(&self) -> (MutexGuard<'_, State>, Instant) {
        let state = lock(&self.state);
        // Asked under the lock, so that time goes forward from one change to the next.
        let now = self.clock.now();
        let now = state.reached.map_or(now, |reached| reached.max(now));
        (state, now)
    }

    /// A sleep has ended that was to last until this moment, so the time is not earlier, whatever the clock reads. A clock
    /// that stands still while sleeps end would keep the driver from ever getting ahead.
    fn reach(&self, moment: Instant) {
        let mut state = lock(&self.state);
        state.reached = state.reached.max(Some(moment));
    }

    /// What follows from a change: waiters are told, and woken after the lock is given up.
    fn follow_up(&self, mut state: MutexGuard<'_, State>, now: Instant) {
        state.settle(now);
        state.keep_moving(now);
        let wakers = std::mem::take(&mut state.outbox);
        drop(state);
        for waker in &wakers {
            waker.wake_by_ref();
        }
    }

    /// What a call that waits was told, or whether it has to bring a driver.
    fn ask(&self, place: WaiterId, context: &Context<'_>) -> (Option<Verdict>, bool) {
        // The one before is dropped after the lock is given up, for that may end another waiter.
        let mut waker = Some(context.waker().clone());
        let mut state = lock(&self.state);
        let verdict = state.ask(place, &mut waker);
        let drives = verdict.is_none() && state.needs_driver();
        drop(state);
        (verdict, drives)
    }

    /// Brings a driver. Without a runtime who waits moves the queue itself, and is given it.
    fn driver(self: &Arc<Self>) -> Option<Driver> {
        let driver = Driver {
            shared: Arc::downgrade(self),
            sleep: None,
            reached: None,
            done: false,
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return Some(driver);
        };
        let work: BoxFuture<'static, ()> = Box::pin(driver);
        runtime.spawn(work);
        None
    }
}

/// A call that waits. Dropping it leaves the queue.
struct Waiter<'l> {
    shared: &'l Arc<Shared>,
    /// `None` once it has heard what it was told.
    place: Option<WaiterId>,
    driver: Option<Driver>,
}

impl Future for Waiter<'_> {
    type Output = Verdict;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Verdict> {
        let this = self.get_mut();
        while let Some(place) = this.place {
            // Moving the queue may show that it is the mover's own turn.
            if let Some(driver) = &mut this.driver
                && !driver.done
            {
                let _ = Pin::new(driver).poll(context);
            }
            let (verdict, drives) = this.shared.ask(place, context);
            if let Some(verdict) = verdict {
                this.place = None;
                return Poll::Ready(verdict);
            }
            if drives {
                this.driver = this.shared.driver();
            }
            if !drives || this.driver.is_none() {
                break;
            }
        }
        Poll::Pending
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let mut waker = None;
            let (mut state, now) = self.shared.settled();
            state.leave(place, &mut waker, now);
            self.shared.follow_up(state, now);
        }
    }
}

/// What moves the queue when time passes. It ends when nobody waits any more.
struct Driver {
    shared: Weak<Shared>,
    sleep: Option<(Instant, BoxFuture<'static, ()>)>,
    /// Until when a sleep lasted that has ended.
    reached: Option<Instant>,
    done: bool,
}

impl Future for Driver {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        loop {
            let Some(shared) = this.shared.upgrade() else {
                return Poll::Ready(());
            };
            if let Some(until) = this.reached.take() {
                shared.reach(until);
            }
            let (mut state, now) = shared.settled();
            let next = state.drive(context.waker(), now);
            shared.follow_up(state, now);
            let until = match next {
                Next::Done => {
                    this.done = true;
                    return Poll::Ready(());
                }
                Next::At(None) => {
                    this.sleep = None;
                    return Poll::Pending;
                }
                Next::At(Some(until)) => until,
            };
            let mut sleep = match this.sleep.take() {
                Some((known, sleep)) if known == until => sleep,
                _ => shared.clock.sleep(until.saturating_duration_since(now)),
            };
            if sleep.as_mut().poll(context).is_pending() {
                this.sleep = Some((until, sleep));
                return Poll::Pending;
            }
            this.reached = Some(until);
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if !self.done
            && let Some(shared) = self.shared.upgrade()
        {
            let (mut state, now) = shared.settled();
            state.driver_is_gone();
            shared.follow_up(state, now);
        }
    }
}

/// Leave for one request.
///
/// Dropped before [`sent`](Self::sent) it counts as if it had never been given. Dropped later without a word on how it
/// went, the request counts as one that may have arrived.
#[must_use = "dropping a permit gives it back"]
pub(crate) struct Permit(Option<Open>);

struct Open {
    shared: Arc<Shared>,
    ticket: Ticket,
    sent: Option<Instant>,
}

impl Permit {
    fn new(shared: Arc<Shared>, ticket: Ticket) -> Self {
        Permit(Some(Open {
            shared,
            ticket,
            sent: None,
        }))
    }

    /// Where nothing is limited nothing is counted.
    fn free() -> Self {
        Permit(None)
    }

    fn take(&mut self) -> Option<Open> {
        self.0.take()
    }

    /// The request goes out now.
    pub(crate) fn sent(&mut self) {
        if let Some(open) = &mut self.0 {
            open.sent = Some(open.shared.clock.now());
        }
    }

    /// The head of a reply came.
    pub(crate) fn complete(mut self, status: u16, headers: &HeaderMap) {
        if let Some(open) = self.take() {
            let sent = open.sent;
            // Only a refusal is read by the time of the day, and asking for it costs.
            let system_time = match status {
                429 => Some(open.shared.clock.system_time()),
                _ => None,
            };
            open.end(Ending::Replied {
                status,
                headers,
                system_time,
                sent,
            });
        }
    }

    /// No reply came. `reached`: the server may have got the request; only where no connection was made it surely has not.
    pub(crate) fn failed(mut self, reached: bool) {
        if let Some(open) = self.take() {
            let ending = match open.sent {
                _ if !reached => Ending::Unsent,
                Some(sent) => Ending::Strayed(sent),
                None => Ending::Strayed(open.shared.clock.now()),
            };
            open.end(ending);
        }
    }

    /// The how many-eth this is of all that were ever let through.
    #[cfg(test)]
    pub(super) fn number(&self) -> u64 {
        self.0.as_ref().map_or(0, |open| open.ticket.mark.granted)
    }
}

impl Open {
    fn end(self, ending: Ending<'_>) {
        let (mut state, now) = self.shared.settled();
        state.end(&self.ticket, ending, now);
        self.shared.follow_up(state, now);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(open) = self.take() {
            let ending = match open.sent {
                Some(sent) => Ending::Strayed(sent),
                None => Ending::Unsent,
            };
            open.end(ending);
        }
    }
}

#[cfg(test)]
impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent = self.0.as_ref().map(|open| open.sent.is_some());
        f.debug_struct("Permit").field("sent", &sent).finish()
    }
}
