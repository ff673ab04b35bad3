//! The clock that the runtime reads and sleeps on, so that tests need no real waiting.

use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Notify;

/// A boxed future, as object-safe traits return it. Spawned tasks also have this type, since the
/// code around a task is compiled for each type of task.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Returns the time and sleeps.
pub trait Clock: Send + Sync + 'static {
    /// The monotonic time, for durations.
    fn now(&self) -> Instant;

    /// The time of day, for values that outlive the process, such as the expiry of tokens.
    fn system_time(&self) -> SystemTime;

    /// Waits for a duration. Dropping the future cancels the wait.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The clock of the system, which waits on tokio's timer.
///
/// Durations are also measured on tokio's time. It is the system's unless a test pauses it
/// (`tokio::time::pause`). In that case [`now`](Clock::now) and [`sleep`](Clock::sleep) advance
/// together.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn system_time(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A clock for tests: it stands still until it is advanced, which ends the waits that are due, in
/// order. Clones share one clock.
#[derive(Clone)]
pub struct ManualClock(Arc<Mutex<ManualState>>);

struct ManualState {
    start: Instant,
    start_system: SystemTime,
    elapsed: Duration,
    /// The waits, by their end and a serial number. Each is shared with its future while that exists.
    sleepers: BTreeMap<(Duration, u64), Arc<Notify>>,
    sleeps: u64,
}

impl ManualClock {
    /// Creates a clock that starts at the current time.
    pub fn new() -> Self {
        ManualClock(Arc::new(Mutex::new(ManualState {
            start: Instant::now(),
            start_system: SystemTime::now(),
            elapsed: Duration::ZERO,
            sleepers: BTreeMap::new(),
            sleeps: 0,
        })))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ManualState> {
        lock(&self.0)
    }

    /// How far the clock was advanced since its creation.
    pub fn elapsed(&self) -> Duration {
        self.lock().elapsed
    }

    /// Advances the clock, and ends each wait that is due, in order.
    pub fn advance(&self, by: Duration) {
        let until = self.lock().elapsed.saturating_add(by);
        while let Some(due) = self.next_due()
            && due <= until
        {
            self.wake_until(due);
        }
        self.lock().elapsed = until;
    }

    /// The time until the next wait ends. `None`: there is no wait.
    pub fn until_next(&self) -> Option<Duration> {
        let due = self.next_due()?;
        Some(due.saturating_sub(self.lock().elapsed))
    }

    /// Advances the clock to the end of the next wait, and returns by how much. `None`: there is no
    /// wait.
    pub fn advance_to_next(&self) -> Option<Duration> {
        let by = self.until_next()?;
        self.advance(by);
        Some(by)
    }

    /// The number of waits.
    pub fn sleepers(&self) -> usize {
        let state = self.lock();
        state
            .sleepers
            .values()
            .filter(|end| is_awaited(end))
            .count()
    }

    fn next_due(&self) -> Option<Duration> {
        let mut state = self.lock();
        while let Some(first) = state.sleepers.first_entry() {
            if is_awaited(first.get()) {
                return Some(first.key().0);
            }
            first.remove();
        }
        None
    }

    fn wake_until(&self, due: Duration) {
        let mut state = self.lock();
        state.elapsed = state.elapsed.max(due);
        // One at a time, since a woken task may read the clock at once.
        while let Some(first) = state.sleepers.first_entry()
            && first.key().0 <= due
        {
            let end = first.remove();
            drop(state);
            end.notify_one();
            state = self.lock();
        }
    }
}

/// Whether the future of a wait exists.
fn is_awaited(end: &Arc<Notify>) -> bool {
    Arc::strong_count(end) > 1
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ManualClock(at {:?})", self.elapsed())
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        let state = self.lock();
        state.start + state.elapsed
    }

    fn system_time(&self) -> SystemTime {
        let state = self.lock();
        state.start_system + state.elapsed
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let end = Arc::new(Notify::new());
        let mut state = self.lock();
        state.sleeps += 1;
        let key = (state.elapsed.saturating_add(duration), state.sleeps);
        state.sleepers.insert(key, end.clone());
        if duration.is_zero() {
            // A wait of zero ends at once.
            end.notify_one();
        }
        Box::pin(end.notified_owned())
    }
}

/// Locks a mutex, even if a thread panicked while it held it: the data is consistent at every
/// moment.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Polls once. `None`: the future is pending.
pub(crate) fn poll_once<F: Future>(
    mut work: Pin<&mut F>,
) -> impl Future<Output = Option<F::Output>> {
    poll_fn(move |context| match work.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Poll::Ready(None),
    })
}

/// The error of a future that did not complete in time.
pub(crate) struct Elapsed;

/// Polls a future for at most a time. The clock sleeps only once the future is pending.
///
/// Futures of calls are large, so they are borrowed and not moved.
pub(crate) fn within<F: Future>(
    clock: &dyn Clock,
    time: Duration,
    mut work: Pin<&mut F>,
) -> impl Future<Output = Result<F::Output, Elapsed>> {
    let mut sleep = None;
    poll_fn(move |context| {
        if let Poll::Ready(value) = work.as_mut().poll(context) {
            return Poll::Ready(Ok(value));
        }
        if time == Duration::MAX {
            return Poll::Pending;
        }
        let sleep = sleep.get_or_insert_with(|| clock.sleep(time));
        sleep.as_mut().poll(context).map(|()| Err(Elapsed))
    })
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Formats a wait for people: in whole seconds if it is longer than one.
pub(crate) fn format_wait(wait: Duration) -> String {
    let seconds = wait.as_secs_f64();
    match seconds {
        _ if seconds < 1.0 => format!("{} ms", millis(wait)),
        _ if seconds < 120.0 => format!("{} s", seconds.ceil()),
        _ if seconds < 7200.0 => format!("{} min", (seconds / 60.0).ceil()),
        _ => format!("{} h", (seconds / 3600.0).ceil()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::Mutex;
    use std::time::Duration;

    use super::{Clock, ManualClock};

    #[tokio::test]
    async fn advance_ends_waits_in_order() {
        let clock = ManualClock::new();
        let order = Arc::new(Mutex::new(Vec::new()));
        let tasks: Vec<_> = [30, 10, 20]
            .into_iter()
            .map(|seconds| {
                let (sleep, order) = (clock.sleep(Duration::from_secs(seconds)), order.clone());
                tokio::spawn(async move {
                    sleep.await;
                    order.lock().unwrap().push(seconds);
                })
            })
            .collect();
        drop(clock.sleep(Duration::from_secs(5)));
        assert_eq!(clock.sleepers(), 3);
        assert_eq!(clock.advance_to_next(), Some(Duration::from_secs(10)));
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(20));
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(order.lock().unwrap()[0], 10);
        assert_eq!(clock.elapsed(), Duration::from_secs(30));
        assert_eq!(clock.advance_to_next(), None);
        clock.sleep(Duration::ZERO).await;
    }
}
