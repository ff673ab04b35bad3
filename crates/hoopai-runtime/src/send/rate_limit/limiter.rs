//! The limiter: a lock around the state, the waiting calls, and one timer for all of them.
//!
//! A waiting call is woken only when it has a verdict. One future, the [`Driver`], moves the whole
//! queue when time passes; it is a task of its own while calls wait. The first call in the queue
//! cannot do this, since a future is not always polled: one in a buffered stream is not polled
//! while its consumer waits, possibly in the same queue.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use tokio::sync::Notify;
use tracing::{debug, info, warn};

use super::queue::WaiterId;
use super::shared::{LimitKey, LimiterBackend, LimiterError, ShareReply, ShareReport};
use super::sharing::Contact;
use super::state::{Admission, DriverAction, RequestOutcome, State};
use super::ticket::{Ticket, Verdict};
use super::{RateLimitSettings, RateLimitSnapshot, RateLimited};
use crate::send::observe::{Observer, ShareEvent};
use crate::time::{BoxFuture, Clock, Elapsed, lock, millis, within};

/// Admits requests as the platform's limits allow. Clones share one window and one queue.
#[derive(Clone)]
pub(crate) struct Limiter(Arc<Shared>);

struct Shared {
    settings: Arc<RateLimitSettings>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// `None` if the limit is not shared with other processes. Boxed, since a client can have limiters
    /// of many accounts.
    backend: Option<Box<(Backend, LimitKey)>>,
}

/// The backend of shared limits, and what it needs.
#[derive(Clone)]
pub(crate) struct Backend {
    pub(crate) limiter: Arc<dyn LimiterBackend>,
    /// The id of the app.
    pub(crate) app: String,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

impl Limiter {
    pub(crate) fn new(settings: impl Into<Arc<RateLimitSettings>>, clock: Arc<dyn Clock>) -> Self {
        let settings = settings.into();
        Limiter(Arc::new(Shared {
            state: Mutex::new(State::new(settings.clone(), None)),
            settings,
            clock,
            backend: None,
        }))
    }

    /// Creates the limiter of a resource whose limit a backend divides among processes.
    pub(crate) fn shared(
        settings: impl Into<Arc<RateLimitSettings>>,
        clock: Arc<dyn Clock>,
        backend: Backend,
        resource: &str,
    ) -> Self {
        let settings = settings.into();
        let key = LimitKey::new(backend.app.clone(), resource);
        Limiter(Arc::new(Shared {
            state: Mutex::new(State::new(settings.clone(), Some(clock.clone()))),
            settings,
            clock,
            backend: Some(Box::new((backend, key))),
        }))
    }

    /// Admits a request, rejects it or adds it to the queue. It waits at most `max_wait`, or the time
    /// in the settings.
    ///
    /// If the expected wait is longer, it is rejected; with `Duration::ZERO` it never waits.
    pub(crate) fn enter(&self, max_wait: Option<Duration>) -> Entry<'_> {
        let shared = &self.0;
        if !shared.settings.limited {
            return Entry::Decided(Ok(Permit::unlimited()));
        }
        match shared.enter(max_wait.unwrap_or(shared.settings.max_wait)) {
            Admission::Decided(verdict) => Entry::Decided(shared.permit(verdict)),
            Admission::Queued(id) => Entry::Queued(Waiter {
                shared,
                id: Some(id),
                driver: None,
            }),
        }
    }

    /// Waits until a request may be sent; see [`enter`](Self::enter). Dropping the future leaves the
    /// queue.
    pub(crate) async fn acquire(&self, max_wait: Option<Duration>) -> Result<Permit, RateLimited> {
        match self.enter(max_wait) {
            Entry::Decided(result) => result,
            Entry::Queued(waiter) => waiter.await,
        }
    }

    /// The expected wait of a call that arrives now. Zero if it would be sent at once.
    pub(crate) fn rate_limit_delay(&self) -> Duration {
        if !self.0.settings.limited {
            return Duration::ZERO;
        }
        let (state, now) = self.0.lock_settled();
        let wait = state.rate_limit_delay(now);
        self.0.unlock_and_wake(state, now);
        wait
    }

    /// The current state.
    pub(crate) fn snapshot(&self) -> RateLimitSnapshot {
        let (state, now) = self.0.lock_settled();
        let snapshot = state.snapshot(now);
        self.0.unlock_and_wake(state, now);
        snapshot
    }

    /// The configured settings. [`snapshot`](Self::snapshot) has the values in force.
    pub(crate) fn settings(&self) -> &RateLimitSettings {
        &self.0.settings
    }

    /// Whether nothing else holds the limiter and its state can be discarded.
    pub(super) fn is_disposable(&self) -> bool {
        if Arc::strong_count(&self.0) > 1 {
            return false;
        }
        let (state, now) = self.0.lock_settled();
        let idle = state.is_idle(now);
        self.0.unlock_and_wake(state, now);
        idle
    }

    /// Adds a waiter that is dropped in the moment in which it is woken.
    #[cfg(test)]
    pub(super) fn queue_abandoned_waiter(&self) {
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
    pub(super) fn external(&self) -> usize {
        self.0.lock_settled().0.window.external()
    }
}

/// Shows numbers only.
impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.settings.limited {
            return f.write_str("Limiter(unlimited)");
        }
        f.debug_tuple("Limiter").field(&self.snapshot()).finish()
    }
}

/// The result of a call's arrival.
pub(crate) enum Entry<'l> {
    Decided(Result<Permit, RateLimited>),
    Queued(Waiter<'l>),
}

impl Shared {
    /// Admits, rejects or queues a call.
    fn enter(&self, max_wait: Duration) -> Admission {
        let (mut state, now) = self.lock_settled();
        let admission = state.enter(max_wait, now);
        self.unlock_and_wake(state, now);
        admission
    }

    /// The permit of an admitted call, or the reason why it is rejected.
    fn permit(self: &Arc<Self>, verdict: Verdict) -> Result<Permit, RateLimited> {
        self.ensure_keeper();
        match verdict {
            Verdict::Admit(ticket) => Ok(Permit::new(self.clone(), ticket)),
            Verdict::Reject(limited) => Err(limited),
        }
    }

    /// Locks the state and updates it to the current time. The caller passes it to
    /// `unlock_and_wake`.
    fn lock_settled(&self) -> (MutexGuard<'_, State>, Instant) {
        let mut state = lock(&self.state);
        // The clock is read under the lock, so that time never goes backwards between changes.
        let now = self.clock.now();
        let now = state.reached.map_or(now, |reached| reached.max(now));
        state.settle(now);
        (state, now)
    }

    /// Records that a sleep until this moment has ended, so the time is not earlier, whatever the
    /// clock returns. Otherwise a clock that stands still would keep the driver from making
    /// progress.
    fn reach(&self, moment: Instant) {
        let mut state = lock(&self.state);
        state.reached = state.reached.max(Some(moment));
    }

    /// Applies the consequences of a change, and wakes calls after the lock is released.
    fn unlock_and_wake(&self, mut state: MutexGuard<'_, State>, now: Instant) {
        state.settle(now);
        state.ensure_driver(now);
        if state.sharing.is_some() {
            let next = state.next_exchange(now);
            if let Some(sharing) = &mut state.sharing {
                sharing.wake_keeper(next);
            }
        }
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        for waker in &wakers {
            waker.wake_by_ref();
        }
    }

    /// The verdict on a waiting call, or whether the call has to start a driver.
    fn poll(&self, id: WaiterId, context: &Context<'_>) -> (Option<Verdict>, bool) {
        // The previous waker is dropped after the lock is released, since that may end another
        // waiter.
        let mut waker = Some(context.waker().clone());
        let mut state = lock(&self.state);
        let verdict = state.poll(id, &mut waker);
        let must_drive = verdict.is_none() && state.claim_driver();
        drop(state);
        (verdict, must_drive)
    }

    /// How long an exchange may take: not so long that the share would end meanwhile.
    fn exchange_timeout(&self) -> Duration {
        let interval = lock(&self.state).window.interval;
        self.settings.exchange_timeout.min(interval)
    }

    /// Starts a driver as a task. Without a runtime, it is returned to the waiting call, which
    /// polls it.
    fn start_driver(self: &Arc<Self>) -> Option<Driver> {
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

/// A waiting call. Dropping it leaves the queue.
pub(crate) struct Waiter<'l> {
    shared: &'l Arc<Shared>,
    /// `None` once the call has its verdict.
    id: Option<WaiterId>,
    driver: Option<Driver>,
}

impl Future for Waiter<'_> {
    type Output = Result<Permit, RateLimited>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        while let Some(id) = this.id {
            // Driving the queue may resolve this call.
            if let Some(driver) = &mut this.driver
                && !driver.done
            {
                let _ = Pin::new(driver).poll(context);
            }
            let (verdict, must_drive) = this.shared.poll(id, context);
            if let Some(verdict) = verdict {
                this.id = None;
                return Poll::Ready(this.shared.permit(verdict));
            }
            if must_drive {
                this.driver = this.shared.start_driver();
            }
            this.shared.ensure_keeper();
            if !must_drive || this.driver.is_none() {
                break;
            }
        }
        Poll::Pending
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let (mut state, now) = self.shared.lock_settled();
            // The waker is dropped after the lock is released, since that may end another waiter.
            let _waker = state.remove(id, now);
            self.shared.unlock_and_wake(state, now);
        }
    }
}

/// Moves the queue when time passes. It ends when no call waits.
struct Driver {
    shared: Weak<Shared>,
    sleep: Option<(Instant, BoxFuture<'static, ()>)>,
    /// The end of the last sleep, if it has ended.
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
            let (mut state, now) = shared.lock_settled();
            let next = state.drive(context.waker(), now);
            shared.unlock_and_wake(state, now);
            let until = match next {
                DriverAction::Finish => {
                    this.done = true;
                    return Poll::Ready(());
                }
                DriverAction::WaitUntil(None) => {
                    this.sleep = None;
                    return Poll::Pending;
                }
                DriverAction::WaitUntil(Some(until)) => until,
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
            let (mut state, now) = shared.lock_settled();
            state.driver_dropped();
            shared.unlock_and_wake(state, now);
        }
    }
}

impl Shared {
    /// Starts the task that exchanges the share, unless there is one or the limit is not shared.
    fn ensure_keeper(self: &Arc<Self>) {
        let Some((backend, key)) = self.backend.as_deref() else {
            return;
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let is_claimed = match &mut lock(&self.state).sharing {
            Some(sharing) => sharing.claim_keeper(),
            None => false,
        };
        if is_claimed {
            let keeper = Keeper {
                shared: Arc::downgrade(self),
                backend: backend.clone(),
                key: key.clone(),
                done: false,
            };
            let work: BoxFuture<'static, ()> = Box::pin(keeper.run());
            runtime.spawn(work);
        }
    }
}

/// Exchanges the share of this process with the backend. It ends when there is nothing to report.
struct Keeper {
    shared: Weak<Shared>,
    backend: Backend,
    key: LimitKey,
    done: bool,
}

/// The next action of the keeper.
enum KeeperAction {
    Sleep(BoxFuture<'static, ()>, Arc<Notify>),
    Exchange(Arc<Shared>, ShareReport),
}

impl Keeper {
    async fn run(mut self) {
        while let Some(action) = self.next() {
            match action {
                KeeperAction::Sleep(sleep, changed) => {
                    let changed = pin!(changed.notified());
                    let mut both = (sleep, changed);
                    poll_fn(|context| {
                        let slept = both.0.as_mut().poll(context).is_ready();
                        match slept || both.1.as_mut().poll(context).is_ready() {
                            true => Poll::Ready(()),
                            false => Poll::Pending,
                        }
                    })
                    .await;
                }
                KeeperAction::Exchange(shared, report) => {
                    let started = shared.clock.now();
                    let timeout = shared.exchange_timeout();
                    let exchange = self.backend.limiter.exchange(&self.key, &report);
                    let result = within(&*shared.clock, timeout, pin!(exchange)).await;
                    let result = result.unwrap_or_else(|Elapsed| {
                        let text = format!("there was no reply within {} ms", millis(timeout));
                        Err(LimiterError::new(text))
                    });
                    self.finish(&shared, result, started);
                }
            }
        }
        self.done = true;
    }

    /// `None`: the keeper ends.
    fn next(&self) -> Option<KeeperAction> {
        let shared = self.shared.upgrade()?;
        let (mut state, now) = shared.lock_settled();
        let next = state.next_exchange(now);
        let action = match next {
            None => {
                if let Some(sharing) = &mut state.sharing {
                    sharing.keeper_ended();
                }
                None
            }
            Some(at) if at <= now => {
                let report = state.begin_exchange(now);
                report.map(|report| KeeperAction::Exchange(shared.clone(), report))
            }
            Some(at) => state.sharing.as_mut().map(|sharing| {
                sharing.keeper_sleeps(at);
                let sleep = shared.clock.sleep(at.saturating_duration_since(now));
                KeeperAction::Sleep(sleep, sharing.changed.clone())
            }),
        };
        shared.unlock_and_wake(state, now);
        action
    }

    fn finish(
        &self,
        shared: &Arc<Shared>,
        result: Result<ShareReply, LimiterError>,
        started: Instant,
    ) {
        let (mut state, now) = shared.lock_settled();
        let contact = state.end_exchange(result.as_ref().ok(), now);
        state.settle(now);
        let share = state.snapshot(now).share.unwrap_or(0);
        shared.unlock_and_wake(state, now);
        let took = now.saturating_duration_since(started);
        match (&result, contact) {
            (Err(error), Contact::Lost) => {
                warn!(target: "hoopai", share, "the limiter backend cannot be reached, calls keep to the share of this process: {error}");
            }
            (Err(error), _) => {
                debug!(target: "hoopai", share, "the limiter backend still cannot be reached: {error}");
            }
            (Ok(_), Contact::Recovered(after)) => {
                info!(target: "hoopai", share, after_ms = millis(after), "the limiter backend is reached again");
            }
            (Ok(reply), _) => {
                debug!(target: "hoopai", share, members = reply.members, took_ms = millis(took), "exchanged the share of the rate limit");
            }
        }
        let Some(observer) = &self.backend.observer else {
            return;
        };
        match contact {
            Contact::Lost => observer.on_share(&ShareEvent::Lost { share }),
            Contact::Recovered(after) => observer.on_share(&ShareEvent::Recovered { after }),
            Contact::Reached | Contact::Unreachable => {}
        }
        match &result {
            Ok(reply) => observer.on_share(&ShareEvent::Exchanged {
                share,
                members: reply.members,
                took,
            }),
            Err(_) => observer.on_share(&ShareEvent::Failed { took }),
        }
    }
}

/// A keeper that is dropped with its runtime is started again by the next call that waits.
impl Drop for Keeper {
    fn drop(&mut self) {
        if !self.done
            && let Some(shared) = self.shared.upgrade()
        {
            let (mut state, now) = shared.lock_settled();
            if let Some(sharing) = &mut state.sharing {
                sharing.keeper_ended();
            }
            state.wake_first();
            shared.unlock_and_wake(state, now);
        }
    }
}

/// Returns the share of a limiter that is no longer used.
impl Drop for Shared {
    fn drop(&mut self) {
        let Some(backend) = self.backend.take() else {
            return;
        };
        let (backend, key) = *backend;
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let now = self.clock.now();
        let (clock, timeout) = (self.clock.clone(), self.exchange_timeout());
        if let Some(report) = lock(&self.state).last_report(now) {
            let work: BoxFuture<'static, ()> = Box::pin(async move {
                let exchange = backend.limiter.exchange(&key, &report);
                // Without a reply, the share is forgotten after some intervals.
                let _ = within(&*clock, timeout, pin!(exchange)).await;
            });
            runtime.spawn(work);
        }
    }
}

/// The permission to send one request.
///
/// A permit that is dropped before [`sent`](Self::sent) releases its slot. One that is dropped
/// later without a result counts as a request that may have arrived. The first result counts.
#[must_use = "dropping a permit releases its slot"]
pub(crate) struct Permit(Option<Admitted>);

struct Admitted {
    shared: Arc<Shared>,
    ticket: Ticket,
    sent: Option<Instant>,
}

impl Permit {
    fn new(shared: Arc<Shared>, ticket: Ticket) -> Self {
        Permit(Some(Admitted {
            shared,
            ticket,
            sent: None,
        }))
    }

    /// A permit of an unlimited limiter, which counts nothing.
    fn unlimited() -> Self {
        Permit(None)
    }

    /// Whether the request may still be sent. The share that admitted it may have ended since, while
    /// this process was suspended or the call waited for its token. Then the caller drops the permit
    /// and acquires another.
    #[must_use]
    pub(crate) fn may_send(&self) -> bool {
        let Some(Admitted { shared, ticket, .. }) = &self.0 else {
            return true;
        };
        if shared.backend.is_none() {
            return true;
        }
        let (state, now) = shared.lock_settled();
        let may_send = state.may_send(ticket);
        shared.unlock_and_wake(state, now);
        may_send
    }

    /// Records that the request is sent now.
    pub(crate) fn sent(&mut self) {
        if let Some(admitted) = &mut self.0 {
            admitted.sent = Some(admitted.shared.clock.now());
        }
    }

    /// Records the head of a reply.
    pub(crate) fn complete(&mut self, status: u16, headers: &HeaderMap) {
        if let Some(admitted) = self.0.take() {
            let sent = admitted.sent;
            // Only refusals need the time of day, and reading it has a cost.
            let system_time = match status {
                429 => Some(admitted.shared.clock.system_time()),
                _ => None,
            };
            admitted.end(RequestOutcome::Replied {
                status,
                headers,
                system_time,
                sent,
            });
        }
    }

    /// Records that no reply came. `reached`: the server may have received the request, that is, a
    /// connection was made.
    pub(crate) fn failed(&mut self, reached: bool) {
        if let Some(admitted) = self.0.take() {
            let outcome = match admitted.sent {
                _ if !reached => RequestOutcome::NotSent,
                Some(sent) => RequestOutcome::Abandoned(sent),
                None => RequestOutcome::Abandoned(admitted.shared.clock.now()),
            };
            admitted.end(outcome);
        }
    }

    /// The number of this request among all admitted requests.
    #[cfg(test)]
    pub(super) fn number(&self) -> u64 {
        self.0
            .as_ref()
            .map_or(0, |admitted| admitted.ticket.window.admitted)
    }
}

impl Admitted {
    fn end(self, outcome: RequestOutcome<'_>) {
        let (mut state, now) = self.shared.lock_settled();
        state.end(&self.ticket, outcome, now);
        self.shared.unlock_and_wake(state, now);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(admitted) = self.0.take() {
            let outcome = match admitted.sent {
                Some(sent) => RequestOutcome::Abandoned(sent),
                None => RequestOutcome::NotSent,
            };
            admitted.end(outcome);
        }
    }
}

#[cfg(test)]
impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent = self.0.as_ref().map(|admitted| admitted.sent.is_some());
        f.debug_struct("Permit").field("sent", &sent).finish()
    }
}
