//! The calls that wait, in order of arrival, each with its deadline.
//!
//! A call waits until it is resolved with a verdict. The verdict is kept until the call polls for
//! it. All operations take logarithmic time in the number of waiting calls, including the removal
//! of cancelled calls.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::task::Waker;
use std::time::Instant;

use super::ticket::Verdict;

/// Identifies a waiting call. Ids ascend in order of arrival.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct WaiterId(u64);

struct Waiter {
    /// `None` until the call has polled, and after it was woken.
    waker: Option<Waker>,
    deadline: Option<Instant>,
}

#[derive(Default)]
pub(super) struct Queue {
    waiting: BTreeMap<WaiterId, Waiter>,
    deadlines: BTreeSet<(Instant, WaiterId)>,
    /// Verdicts that their calls have not polled yet.
    resolved: HashMap<WaiterId, Verdict>,
    pushed: u64,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Adds a call at the end.
    pub(super) fn push(&mut self, deadline: Option<Instant>) -> WaiterId {
        let id = WaiterId(self.pushed);
        self.pushed += 1;
        let waiter = Waiter {
            waker: None,
            deadline,
        };
        self.waiting.insert(id, waiter);
        self.deadlines
            .extend(deadline.map(|deadline| (deadline, id)));
        id
    }

    pub(super) fn first(&self) -> Option<WaiterId> {
        self.waiting.keys().next().copied()
    }

    /// The waker of the first call, which stays in the queue.
    pub(super) fn take_first_waker(&mut self) -> Option<Waker> {
        self.waiting.first_entry()?.get_mut().waker.take()
    }

    /// Ends the wait of a call with a verdict. The caller wakes the returned waker.
    pub(super) fn resolve(&mut self, id: WaiterId, verdict: Verdict) -> Option<Waker> {
        let waiter = self.remove_waiter(id)?;
        self.resolved.insert(id, verdict);
        waiter.waker
    }

    /// Returns the verdict on a call and forgets the call. If there is none yet, `waker` is stored
    /// and replaced by the one that was stored before.
    pub(super) fn poll(&mut self, id: WaiterId, waker: &mut Option<Waker>) -> Option<Verdict> {
        if let Some(waiter) = self.waiting.get_mut(&id) {
            std::mem::swap(&mut waiter.waker, waker);
            return None;
        }
        self.take_verdict(id)
    }

    /// Removes a cancelled call. Returns its verdict, if it has not polled it, and its waker, which
    /// is to be dropped outside of the lock.
    pub(super) fn remove(&mut self, id: WaiterId) -> (Option<Verdict>, Option<Waker>) {
        match self.remove_waiter(id) {
            Some(waiter) => (None, waiter.waker),
            None => (self.take_verdict(id), None),
        }
    }

    /// The earliest deadline, and the call that has it.
    pub(super) fn next_deadline(&self) -> Option<(Instant, WaiterId)> {
        self.deadlines.first().copied()
    }

    fn remove_waiter(&mut self, id: WaiterId) -> Option<Waiter> {
        let waiter = self.waiting.remove(&id)?;
        if let Some(deadline) = waiter.deadline {
            self.deadlines.remove(&(deadline, id));
        }
        Some(waiter)
    }

    fn take_verdict(&mut self, id: WaiterId) -> Option<Verdict> {
        let verdict = self.resolved.remove(&id);
        if self.resolved.is_empty() {
            // Releases the memory after a burst.
            self.resolved = HashMap::new();
        }
        verdict
    }
}
