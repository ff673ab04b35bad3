//! Time, handed in: the runtime asks a [`Clock`] what time it is and lets it do the waiting, so that tests wait for nothing.

use std::collections::BinaryHeap;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Notify;

/// A future on the heap, as traits that are used as objects return them. Tasks are of this type too: what surrounds a task is
/// compiled anew for each type of one.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What tells the time and waits.
pub trait Clock: Send + Sync + 'static {
    /// A time that only goes forward, for durations.
    fn now(&self) -> Instant;

    /// The time of the day, for what outlives the process: the expiry of tokens.
    fn system_time(&self) -> SystemTime;

    /// Waits. Dropping the future gives the wait up.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The clock of the machine, which waits on tokio's timer.
///
/// Durations are measured by tokio's time too. It is the machine's unless a test has paused it (`tokio::time::pause`), and
/// then [`now`](Clock::now) and [`sleep`](Clock::sleep) go on together.
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

/// A clock for tests: it stands still until it is moved, and moving it ends the waits that fall due, in their order.
/// Clones are the same clock.
#[derive(Clone)]
pub struct ManualClock(Arc<Mutex<ManualState>>);

struct ManualState {
    start: Instant,
    start_system: SystemTime,
    elapsed: Duration,
    sleepers: BinaryHeap<Sleeper>,
    sleeps: u64,
}

/// A wait, ordered so that the one that ends first is the greatest.
struct Sleeper {
    until: Duration,
    serial: u64,
    /// Shared with the future that waits, for as long as there is one.
    end: Arc<Notify>,
}

impl Sleeper {
    fn is_dropped(&self) -> bool {
        Arc::strong_count(&self.end) == 1
    }
}

impl PartialEq for Sleeper {
    fn eq(&self, other: &Self) -> bool {
        self.serial == other.serial
    }
}

impl Eq for Sleeper {}

impl PartialOrd for Sleeper {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sleeper {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.until, other.serial).cmp(&(self.until, self.serial))
    }
}

impl ManualClock {
    /// A clock that starts at this moment, at this time of the day.
    pub fn new() -> Self {
        ManualClock(Arc::new(Mutex::new(ManualState {
            start: Instant::now(),
            start_system: SystemTime::now(),
            elapsed: Duration::ZERO,
            sleepers: BinaryHeap::new(),
            sleeps: 0,
        })))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ManualState> {
        lock(&self.0)
    }

    /// How far the clock was moved since it was made.
    pub fn elapsed(&self) -> Duration {
        self.lock().elapsed
    }

    /// Moves the clock, past each wait that falls due in its order.
    pub fn advance(&self, by: Duration) {
        let until = self.lock().elapsed.saturating_add(by);
        while let Some(due) = self.next_due()
            && due <= until
        {
            self.wake_until(due);
        }
        self.lock().elapsed = until;
    }

    /// How far it is to where the next wait ends. `None`: nobody waits.
    pub fn until_next(&self) -> Option<Duration> {
        let due = self.next_due()?;
        Some(due.saturating_sub(self.lock().elapsed))
    }

    /// Moves the clock to where the next wait ends, and says how far that was. `None`: nobody waits.
    pub fn advance_to_next(&self) -> Option<Duration> {
        let by = self.until_next()?;
        self.advance(by);
        Some(by)
    }

    /// How many wait.
    pub fn sleepers(&self) -> usize {
        let state = self.lock();
        state
            .sleepers
            .iter()
            .filter(|sleeper| !sleeper.is_dropped())
            .count()
    }

    fn next_due(&self) -> Option<Duration> {
        let mut manual = self.lock();
        while let Some(first) = manual.sleepers.peek() {
            if !first.is_dropped() {
                return Some(first.until);
            }
            manual.sleepers.pop();
        }
        None
    }

    fn wake_until(&self, due: Duration) {
        let mut manual = self.lock();
        manual.elapsed = manual.elapsed.max(due);
        // One at a time, since who is woken may ask the clock at once.
        while let Some(first) = manual.sleepers.peek()
            && first.until <= due
        {
            let end = first.end.clone();
            manual.sleepers.pop();
            drop(manual);
            end.notify_one();
            manual = self.lock();
        }
    }
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
        let manual = self.lock();
        manual.start + manual.elapsed
    }

    fn system_time(&self) -> SystemTime {
        let manual = self.lock();
        manual.start_system + manual.elapsed
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let end = Arc::new(Notify::new());
        let mut manual = self.lock();
        manual.sleeps += 1;
        let sleeper = Sleeper {
            until: manual.elapsed.saturating_add(duration),
            serial: manual.sleeps,
            end: end.clone(),
        };
        manual.sleepers.push(sleeper);
        if duration.is_zero() {
            // Notified before anybody waits for it: the wait is over when it begins.
            end.notify_one();
        }
        Box::pin(end.notified_owned())
    }
}

/// A lock that a panic elsewhere cannot take away: what it guards is whole at every moment.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Polls once. `None`: the work has to wait.
pub(crate) async fn poll_once<F: Future>(mut work: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Time ran out.
pub(crate) struct Elapsed;

/// Does work within a time. The clock is asked to wait only once the work itself does.
///
/// Futures of calls are large, so they are lent and not moved.
pub(crate) async fn within<F: Future>(
    clock: &dyn Clock,
    time: Duration,
    mut work: Pin<&mut F>,
) -> Result<F::Output, Elapsed> {
    let mut sleep = None;
    poll_fn(|context| {
        if let Poll::Ready(value) = work.as_mut().poll(context) {
            return Poll::Ready(Ok(value));
        }
        if time == Duration::MAX {
            return Poll::Pending;
        }
        let sleep = sleep.get_or_insert_with(|| clock.sleep(time));
        sleep.as_mut().poll(context).map(|()| Err(Elapsed))
    })
    .await
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A wait for people: whole seconds once it is longer than one.
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
