//! The calls that wait, in the order in which they came, each with the moment until when it does.
//!
//! Serial numbers follow each other, so a call is found by counting from the first. One that left from the middle leaves a
//! gap until it is the first itself.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Instant;

use super::state::Mailbox;

/// Below so many deadlines none is looked for that could go.
const FEW: usize = 64;

struct Waiter {
    /// `None` once it was told to come again, until it has. Meanwhile its deadline does not count.
    mailbox: Option<Mailbox>,
    deadline: Option<Instant>,
}

#[derive(Default)]
pub(super) struct Queue {
    waiters: VecDeque<Option<Waiter>>,
    /// The serial number of the first of them, which is no gap.
    first: u64,
    /// How many are no gaps.
    waiting: usize,
    /// The soonest first. Of those who left it knows until then, or until there are many.
    deadlines: BinaryHeap<Reverse<(Instant, u64)>>,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.waiting
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Puts a call at the end and tells its serial number.
    pub(super) fn push(&mut self, mailbox: Mailbox, deadline: Option<Instant>) -> u64 {
        let serial = self.first + self.waiters.len() as u64;
        self.waiters.push_back(Some(Waiter {
            mailbox: Some(mailbox),
            deadline,
        }));
        self.waiting += 1;
        self.remember(deadline, serial);
        serial
    }

    /// A call that was told to come again has a mailbox again. False: its place is gone.
    pub(super) fn come_again(&mut self, serial: u64, mailbox: Mailbox) -> bool {
        let Some(Some(waiter)) = self.place(serial) else {
            return false;
        };
        waiter.mailbox = Some(mailbox);
        let deadline = waiter.deadline;
        self.remember(deadline, serial);
        true
    }

    /// The first call, if it can be told something.
    pub(super) fn first(&self) -> Option<u64> {
        match self.waiters.front() {
            Some(Some(Waiter {
                mailbox: Some(_), ..
            })) => Some(self.first),
            _ => None,
        }
    }

    /// Takes the mailbox of the first call, which keeps its place.
    pub(super) fn call_first(&mut self) -> Option<Mailbox> {
        match self.waiters.front_mut() {
            Some(Some(first)) => first.mailbox.take(),
            _ => None,
        }
    }

    pub(super) fn remove(&mut self, serial: u64) -> Option<Mailbox> {
        let Some(place) = self.place(serial) else {
            return None;
        };
        let Some(waiter) = place.take() else {
            return None;
        };
        self.waiting -= 1;
        while let Some(None) = self.waiters.front() {
            self.waiters.pop_front();
            self.first += 1;
        }
        if self.deadlines.len() > FEW.max(self.waiting * 2) {
            self.forget_gone();
        }
        waiter.mailbox
    }

    /// Until when the call waits that gives up first, with its serial number.
    pub(super) fn next_deadline(&mut self) -> Option<(Instant, u64)> {
        while let Some(Reverse((deadline, serial))) = self.deadlines.peek() {
            let next = (*deadline, *serial);
            if self.can_give_up(next.1) {
                return Some(next);
            }
            self.deadlines.pop();
        }
        None
    }

    fn place(&mut self, serial: u64) -> Option<&mut Option<Waiter>> {
        if serial < self.first {
            return None;
        }
        let index = usize::try_from(serial - self.first).unwrap_or(usize::MAX);
        self.waiters.get_mut(index)
    }

    fn can_give_up(&mut self, serial: u64) -> bool {
        matches!(
            self.place(serial),
            Some(Some(Waiter {
                mailbox: Some(_),
                ..
            }))
        )
    }

    fn remember(&mut self, deadline: Option<Instant>, serial: u64) {
        if let Some(deadline) = deadline {
            self.deadlines.push(Reverse((deadline, serial)));
        }
    }

    /// Makes the deadlines anew of those who can give up.
    fn forget_gone(&mut self) {
        self.deadlines.clear();
        let mut serial = self.first;
        for waiter in &self.waiters {
            if let Some(Waiter {
                mailbox: Some(_),
                deadline: Some(deadline),
            }) = waiter
            {
                self.deadlines.push(Reverse((*deadline, serial)));
            }
            serial += 1;
        }
    }
}
