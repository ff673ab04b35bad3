//! The journal of all that a server received.

mod entry;
mod note;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

pub use entry::{Duplicate, Entry, Outcome};
pub(crate) use note::Note;

use crate::faults::Pattern;
use crate::tokens::AccountId;

/// How much of one body is kept, in bytes.
const BODY_KEPT: usize = 64 << 10;
/// How much of all bodies together, in bytes.
const BODIES_KEPT: usize = 16 << 20;
/// How much of all entries together, their bodies apart, in bytes.
const ENTRIES_KEPT: usize = 48 << 20;

type Observer = Box<dyn Fn(&Entry) + Send + Sync>;

/// All requests that a server received, in their order.
///
/// It does not grow without end: old bodies go first, then old entries; [`count`](Journal::count) still counts them.
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
    book: Mutex<Book>,
    ended: watch::Sender<u64>,
    observer: Option<Observer>,
}

#[derive(Default)]
struct Book {
    entries: VecDeque<Arc<Entry>>,
    /// The place in the journal of the first entry that is kept.
    first: u64,
    /// The place up to which bodies were given up.
    bodiless: u64,
    /// The place at which the count began.
    cleared: u64,
    ended: u64,
    bodies: usize,
    weight: usize,
}

impl Default for Journal {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Journal {
    pub(crate) fn new(observer: Option<Observer>) -> Self {
        Self {
            book: Mutex::default(),
            ended: watch::Sender::new(0),
            observer,
        }
    }

    /// All entries, those of requests on their way included.
    pub fn entries(&self) -> Vec<Arc<Entry>> {
        self.book().entries.iter().cloned().collect()
    }

    /// The entries of some operations, named as in [`FaultRule::on`](crate::FaultRule::on): `contacts.create_contact`,
    /// `contacts.create-contact`, `contacts.*`, `POST /contacts/`. Requests to unknown paths are in
    /// [`entries`](Self::entries) only.
    ///
    /// # Panics
    /// Panics if the pattern matches no operation of the platform. The message suggests the closest names.
    #[track_caller]
    pub fn of(&self, operations: &str) -> Vec<Arc<Entry>> {
        let pattern = match Pattern::new(operations) {
            Ok(pattern) => pattern,
            Err(problem) => panic!("{problem}"),
        };
        let matching = |entry: &&Arc<Entry>| {
            pattern.matches(&entry.method, &entry.path, entry.operation.as_deref())
        };
        self.book()
            .entries
            .iter()
            .filter(matching)
            .cloned()
            .collect()
    }

    /// How many requests came, since the start or the last [`clear`](Self::clear).
    pub fn count(&self) -> usize {
        let book = self.book();
        usize::try_from(book.next() - book.cleared).unwrap_or(usize::MAX)
    }

    /// Forgets all, requests on their way included.
    pub fn clear(&self) {
        let mut book = self.book();
        let next = book.next();
        *book = Book {
            first: next,
            bodiless: next,
            cleared: next,
            ..Book::default()
        };
        self.ended.send_replace(0);
    }

    /// The writes that were processed more than once.
    ///
    /// Operations that only read are left out, a search by `POST` too.
    pub fn duplicates_of_writes(&self) -> Vec<Duplicate> {
        let mut found: Vec<Duplicate> = Vec::new();
        let mut places = HashMap::new();
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
            let place = *places.entry(key).or_insert(found.len());
            match found.get_mut(place) {
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

    /// The largest number of requests in any window of this length, by the server's clock: of those that share an app and
    /// a resource. Requests whose token never came to be looked at count with those that carry the same token.
    pub fn most_in_window(&self, window: Duration) -> usize {
        let entries = self.entries();
        let mut owners: HashMap<&str, (&Option<String>, &Option<AccountId>)> = HashMap::new();
        for entry in entries.iter().filter(|entry| entry.resource.is_some()) {
            if let Some(token) = entry.header("authorization") {
                owners.insert(token, (&entry.app, &entry.resource));
            }
        }
        let mut arrivals: HashMap<_, Vec<Duration>> = HashMap::new();
        for entry in &entries {
            let token = entry.header("authorization");
            let owner = token.and_then(|token| owners.get(token));
            let stranger = if owner.is_none() { token } else { None };
            let group = (owner, stranger);
            arrivals.entry(group).or_default().push(entry.arrived);
        }
        let mut most = 0;
        for times in arrivals.values_mut() {
            times.sort_unstable();
            let mut from = 0;
            for (to, end) in times.iter().enumerate() {
                while times
                    .get(from)
                    .is_some_and(|start| end.saturating_sub(*start) >= window)
                {
                    from += 1;
                }
                most = most.max((to + 1).saturating_sub(from));
            }
        }
        most
    }

    /// Waits until so many requests have ended, since the start or the last [`clear`](Self::clear). `false` where they had
    /// not when this much real time had passed.
    pub async fn wait_for(&self, count: usize, timeout: Duration) -> bool {
        let mut ended = self.ended.subscribe();
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let reached = ended.wait_for(|ended| *ended >= count);
        matches!(tokio::time::timeout(timeout, reached).await, Ok(Ok(_)))
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a request; its place is what [`change`](Self::change) and [`end`](Self::end) know it by.
    fn enter(&self, entry: Entry) -> u64 {
        let mut book = self.book();
        book.bodies += entry.body.len();
        book.weight += entry.weight();
        let place = book.next();
        book.entries.push_back(Arc::new(entry));
        book.shrink();
        place
    }

    fn change(&self, place: u64, change: impl FnOnce(&mut Entry)) -> Option<Arc<Entry>> {
        self.book().change(place, change)
    }

    fn end(&self, place: u64, change: impl FnOnce(&mut Entry)) {
        let mut book = self.book();
        let entry = book.change(place, change);
        if place >= book.cleared {
            book.ended += 1;
            self.ended.send_replace(book.ended);
        }
        drop(book);
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

impl Book {
    fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    fn change(&mut self, place: u64, change: impl FnOnce(&mut Entry)) -> Option<Arc<Entry>> {
        let index = usize::try_from(place.checked_sub(self.first)?).ok()?;
        let entry = self.entries.get_mut(index)?;
        change(Arc::make_mut(entry));
        Some(Arc::clone(entry))
    }

    fn shrink(&mut self) {
        while self.bodies > BODIES_KEPT && self.bodiless < self.next() {
            let mut freed = 0;
            let place = self.bodiless;
            self.change(place, |entry| freed = std::mem::take(&mut entry.body).len());
            self.bodies -= freed;
            self.bodiless += 1;
        }
        while self.weight > ENTRIES_KEPT {
            let Some(entry) = self.entries.pop_front() else {
                break;
            };
            self.first += 1;
            self.bodiless = self.bodiless.max(self.first);
            self.bodies = self.bodies.saturating_sub(entry.body.len());
            self.weight = self.weight.saturating_sub(entry.weight());
        }
    }
}
