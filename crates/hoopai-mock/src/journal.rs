//! The journal of all that a server received.

use std::sync::Mutex;

use crate::exchange::{Incoming, Outgoing};
use crate::interface::Operation;
use crate::world::World;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was processed.
    Processed,
    /// It was refused.
    Refused,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number, from 0.
    pub number: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// All requests of a server.
#[derive(Default)]
pub struct Journal {
    entries: Mutex<Vec<Entry>>,
}

/// A request that is on its way.
pub(crate) struct Note {
    number: u64,
}

impl Note {
    pub(crate) fn open(
        world: &World,
        incoming: &Incoming,
        operation: Option<&Operation>,
        number: u64,
    ) -> Self {
        let _ = (world, incoming, operation);
        Self { number }
    }

    pub(crate) fn close(self, world: &World, reply: &Outgoing, processed: bool) {
        let _ = reply;
        let outcome = if processed {
            Outcome::Processed
        } else {
            Outcome::Refused
        };
        if let Ok(mut entries) = world.journal.entries.lock() {
            entries.push(Entry {
                number: self.number,
                outcome,
            });
        }
    }
}
