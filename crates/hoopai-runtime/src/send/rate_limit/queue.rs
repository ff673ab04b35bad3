//! The calls that wait, in the order in which they came, each with the moment until when it does.
//!
//! Each has a seat, where it finds what it was told, and a place in the line until then. Serial numbers follow each other,
//! so a place is found by counting from the first. One that left from the middle leaves a gap until it is the first itself.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::task::Waker;
use std::time::Instant;

use super::ticket::Verdict;

/// Below so many deadlines none is looked for that could go.
const FEW: usize = 64;

/// Where a call waits.
#[derive(Clone, Copy)]
pub(super) struct WaiterId {
    serial: u64,
    seat: usize,
}

#[derive(Default)]
struct Seat {
    /// `None` until the call has asked, and once it was woken.
    waker: Option<Waker>,
    /// What the call was told, until it has heard it.
    verdict: Option<Verdict>,
}

#[derive(Default)]
pub(super) struct Queue {
    /// The seats of those who wait.
    line: VecDeque<Option<usize>>,
    /// The serial number of the first of them, which is no gap.
    first: u64,
    /// How many are no gaps.
    waiting: usize,
    /// The soonest first. Of those who left it knows until then, or until there are many.
    deadlines: BinaryHeap<Reverse<(Instant, u64)>>,
    seats: Vec<Seat>,
    /// The seats that nobody has.
    free: Vec<usize>,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.waiting
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Puts a call at the end.
    pub(super) fn push(&mut self, deadline: Option<Instant>) -> WaiterId {
        // Who leaves a seat leaves nothing on it.
        let seat = match self.free.pop() {
            Some(seat) => seat,
            None => {
                self.seats.push(Seat::default());
                self.seats.len() - 1
            }
        };
        let serial = self.first + self.line.len() as u64;
        self.line.push_back(Some(seat));
        self.waiting += 1;
        if let Some(deadline) = deadline {
            self.deadlines.push(Reverse((deadline, serial)));
        }
        WaiterId { serial, seat }
    }

    /// The serial number of the first call.
    pub(super) fn first(&self) -> Option<u64> {
        if self.is_empty() {
            return None;
        }
        Some(self.first)
    }

    /// Who is to be woken so that the first call asks again. It keeps its place.
    pub(super) fn call_first(&mut self) -> Option<Waker> {
        match self.line.front() {
            Some(Some(seat)) => self.seats[*seat].waker.take(),
            _ => None,
        }
    }

    /// Tells a call what became of it, which ends its wait. What it returns is to be woken.
    pub(super) fn tell(&mut self, serial: u64, verdict: Verdict) -> Option<Waker> {
        let seat = self.leave_line(serial)?;
        let seat = &mut self.seats[seat];
        seat.verdict = Some(verdict);
        seat.waker.take()
    }

    /// What a call was told. After that it has no place any more. If it was told nothing yet, the waker changes places with
    /// the one that it left before.
    pub(super) fn ask(&mut self, place: WaiterId, waker: &mut Option<Waker>) -> Option<Verdict> {
        let seat = &mut self.seats[place.seat];
        match seat.verdict.take() {
            Some(verdict) => {
                self.stand_up(place.seat);
                Some(verdict)
            }
            None => {
                std::mem::swap(&mut seat.waker, waker);
                None
            }
        }
    }

    /// A call gives its place up. Returned is what it was told and has not heard.
    pub(super) fn leave(&mut self, place: WaiterId, waker: &mut Option<Waker>) -> Option<Verdict> {
        let verdict = self.ask(place, waker);
        if verdict.is_none() {
            self.leave_line(place.serial);
            self.stand_up(place.seat);
        }
        verdict
    }

    /// Until when the call waits that gives up first, with its serial number.
    pub(super) fn next_deadline(&mut self) -> Option<(Instant, u64)> {
        while let Some(Reverse(next)) = self.deadlines.peek() {
            let next = *next;
            if let Some(Some(_)) = self.place(next.1) {
                return Some(next);
            }
            self.deadlines.pop();
        }
        None
    }

    fn place(&mut self, serial: u64) -> Option<&mut Option<usize>> {
        if serial < self.first {
            return None;
        }
        let index = usize::try_from(serial - self.first).unwrap_or(usize::MAX);
        self.line.get_mut(index)
    }

    /// Takes a call out of the line and tells where it sits.
    fn leave_line(&mut self, serial: u64) -> Option<usize> {
        let seat = match self.place(serial) {
            Some(place) => place.take()?,
            None => return None,
        };
        self.waiting -= 1;
        while let Some(None) = self.line.front() {
            self.line.pop_front();
            self.first += 1;
        }
        if self.deadlines.len() > FEW.max(self.waiting * 2) {
            self.forget_gone();
        }
        Some(seat)
    }

    fn stand_up(&mut self, seat: usize) {
        self.free.push(seat);
        if self.free.len() == self.seats.len() {
            // After a rush its memory is given back.
            self.seats = Vec::new();
            self.free = Vec::new();
        }
    }

    /// Keeps the deadlines of those who wait.
    fn forget_gone(&mut self) {
        let known = std::mem::take(&mut self.deadlines);
        for Reverse(next) in known.as_slice() {
            if let Some(Some(_)) = self.place(next.1) {
                self.deadlines.push(Reverse(*next));
            }
        }
    }
}
