//! The journal: an entry for each request that the server received.
//!
//! Depends on the interface, on the ids of faults, and on accounts. The pipeline writes entries
//! through an [`EntryGuard`]; nothing else writes to the journal.

mod entry;
mod entry_guard;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

pub use entry::{Duplicate, Entry, Outcome};
pub(crate) use entry_guard::EntryGuard;

use crate::account::AccountId;
use crate::interface::OperationPattern;

/// The number of bytes of one body that are kept.
const BODY_KEPT: usize = 64 << 10;
/// The number of bytes of all bodies together.
const BODIES_KEPT: usize = 16 << 20;
/// The number of bytes of all entries together, without bodies.
const ENTRIES_KEPT: usize = 48 << 20;

type Observer = Arc<dyn Fn(&Entry) + Send + Sync>;

/// All requests that a server received, in order.
///
/// Its size is bounded: old bodies are removed first, then old entries. [`count`](Journal::count)
/// counts removed entries too.
///
/// ```
/// use std::time::Duration;
/// use hoopai_mock::Mock;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mock = Mock::builder().start().await?;
/// // … the code under test …
/// assert!(mock.journal().duplicates_of_writes().is_empty());
/// assert!(mock.journal().most_in_window(Duration::from_secs(10)) <= 100);
/// # Ok(())
/// # }
/// ```
pub struct Journal {
    log: Mutex<Log>,
    ended: watch::Sender<u64>,
    observer: Option<Observer>,
}

#[derive(Default)]
struct Log {
    entries: VecDeque<Arc<Entry>>,
    /// The index of the first entry that is kept, counted from the start of the server.
    first: u64,
    /// The index of the first entry with a body.
    first_body: u64,
    /// The index at which the count begins.
    cleared: u64,
    ended: u64,
    body_bytes: usize,
    entry_bytes: usize,
}

impl Default for Journal {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Journal {
    pub(crate) fn new(observer: Option<Observer>) -> Self {
        Self {
            log: Mutex::default(),
            ended: watch::Sender::new(0),
            observer,
        }
    }

    /// Returns all entries, those of requests in flight included.
    pub fn entries(&self) -> Vec<Arc<Entry>> {
        self.log().entries.iter().cloned().collect()
    }

    /// Returns the entries of operations, named as in [`FaultRule::on`](crate::FaultRule::on):
    /// `contacts.create_contact`, `contacts.create-contact`, `contacts.*`, `POST /contacts/`.
    /// Requests to unknown paths are in [`entries`](Self::entries) only.
    ///
    /// # Panics
    /// Panics if the pattern matches no operation of the platform. The message suggests the closest
    /// names.
    #[track_caller]
    pub fn of(&self, operations: &str) -> Vec<Arc<Entry>> {
        let pattern = match OperationPattern::new(operations) {
            Ok(pattern) => pattern,
            Err(message) => panic!("{message}"),
        };
        let matching = |entry: &&Arc<Entry>| {
            pattern.matches(&entry.method, &entry.path, entry.operation.as_deref())
        };
        self.log()
            .entries
            .iter()
            .filter(matching)
            .cloned()
            .collect()
    }

    /// Returns the number of requests since the start or the last [`clear`](Self::clear).
    pub fn count(&self) -> usize {
        let log = self.log();
        usize::try_from(log.next() - log.cleared).unwrap_or(usize::MAX)
    }

    /// Removes all entries, those of requests in flight included.
    pub fn clear(&self) {
        let mut log = self.log();
        let next = log.next();
        *log = Log {
            first: next,
            first_body: next,
            cleared: next,
            ..Log::default()
        };
        self.ended.send_replace(0);
    }

    /// Returns the writes that were processed more than once.
    ///
    /// Reads are not included, nor are searches by `POST`.
    pub fn duplicates_of_writes(&self) -> Vec<Duplicate> {
        let mut found: Vec<Duplicate> = Vec::new();
        let mut indexes = HashMap::new();
        for entry in self.entries() {
            if entry.reads_only || !entry.outcome.is_processed() {
                continue;
            }
            let key = (
                entry.method.clone(),
                entry.path.clone(),
                entry.query.clone(),
                entry.body_len,
                entry.body_digest,
            );
            let index = *indexes.entry(key).or_insert(found.len());
            match found.get_mut(index) {
                Some(duplicate) => duplicate.numbers.push(entry.number),
                None => found.push(Duplicate {
                    operation: entry.operation.clone(),
                    method: entry.method.clone(),
                    path: entry.path.clone(),
                    numbers: vec![entry.number],
                }),
            }
        }
        found.retain(|duplicate| duplicate.numbers.len() > 1);
        found
    }

    /// Returns the largest number of requests of one app and account in any window of this length,
    /// by the server's clock. Requests that ended before the check of their token count with the
    /// requests that carry the same token.
    pub fn most_in_window(&self, window: Duration) -> usize {
        let entries = self.entries();
        let mut owners: HashMap<&str, (&Option<String>, &Option<AccountId>)> = HashMap::new();
        for entry in entries.iter().filter(|entry| entry.account.is_some()) {
            if let Some(token) = entry.header("authorization") {
                owners.insert(token, (&entry.app, &entry.account));
            }
        }
        let mut arrivals: HashMap<_, Vec<Duration>> = HashMap::new();
        for entry in &entries {
            let token = entry.header("authorization");
            let owner = token.and_then(|token| owners.get(token));
            let unknown = if owner.is_none() { token } else { None };
            let group = (owner, unknown);
            arrivals.entry(group).or_default().push(entry.arrived);
        }
        let mut most = 0;
        for times in arrivals.values_mut() {
            times.sort_unstable();
            for (index, start) in times.iter().enumerate() {
                let is_within = |time: &Duration| time.saturating_sub(*start) < window;
                most = most.max(times[index..].partition_point(is_within));
            }
        }
        most
    }

    /// Waits until this number of requests has ended since the start or the last
    /// [`clear`](Self::clear). Returns `false` after this real time.
    pub async fn wait_for(&self, count: usize, timeout: Duration) -> bool {
        let mut ended = self.ended.subscribe();
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let reached = ended.wait_for(|ended| *ended >= count);
        matches!(tokio::time::timeout(timeout, reached).await, Ok(Ok(_)))
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry, and returns its index.
    fn add(&self, entry: Entry) -> u64 {
        let mut log = self.log();
        log.body_bytes += entry.body.len();
        log.entry_bytes += entry.size();
        let index = log.next();
        log.entries.push_back(Arc::new(entry));
        log.shrink();
        index
    }

    fn change(&self, index: u64, change: impl FnOnce(&mut Entry)) -> Option<Arc<Entry>> {
        self.log().change(index, change)
    }

    fn end(&self, index: u64, change: impl FnOnce(&mut Entry)) {
        let mut log = self.log();
        let entry = log.change(index, change);
        if index >= log.cleared {
            log.ended += 1;
            self.ended.send_replace(log.ended);
        }
        drop(log);
        if let (Some(entry), Some(observer)) = (entry, &self.observer) {
            observer(&entry);
        }
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}

impl Log {
    fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    fn change(&mut self, index: u64, change: impl FnOnce(&mut Entry)) -> Option<Arc<Entry>> {
        let offset = usize::try_from(index.checked_sub(self.first)?).ok()?;
        let entry = self.entries.get_mut(offset)?;
        change(Arc::make_mut(entry));
        Some(Arc::clone(entry))
    }

    fn shrink(&mut self) {
        while self.body_bytes > BODIES_KEPT && self.first_body < self.next() {
            let mut freed = 0;
            self.change(self.first_body, |entry| {
                freed = std::mem::take(&mut entry.body).len();
            });
            self.body_bytes -= freed;
            self.first_body += 1;
        }
        while self.entry_bytes > ENTRIES_KEPT {
            let Some(entry) = self.entries.pop_front() else {
                break;
            };
            self.first += 1;
            self.first_body = self.first_body.max(self.first);
            self.body_bytes = self.body_bytes.saturating_sub(entry.body.len());
            self.entry_bytes = self.entry_bytes.saturating_sub(entry.size());
        }
    }
}
