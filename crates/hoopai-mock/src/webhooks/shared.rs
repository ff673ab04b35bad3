//! The state that the tasks of subscriptions share.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use super::attempt::DeliveryAttempt;
use super::payload::{Envelope, Event};
use super::signature::{SignatureMode, SigningKey};
use super::subscription::Subscription;
use crate::clock::Clock;
use crate::state::Change;

/// The numbers of attempts and of events that are kept; older ones are removed.
pub(super) const KEPT: usize = 100_000;

/// What the tasks of subscriptions share.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) seed: u64,
    pub(super) key: SigningKey,
    pub(super) app: String,
    pub(super) state: Mutex<State>,
    /// Notifies the tasks of new deliveries.
    pub(super) queued: Notify,
    /// The number of attempts that ended.
    pub(super) ended: watch::Sender<u64>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) attempts: VecDeque<DeliveryAttempt>,
    /// Events in the order of their creation, to resend them.
    pub(super) events: VecDeque<Event>,
    pub(super) events_made: u64,
    pub(super) signature: SignatureMode,
    pub(super) duplicates: u32,
    pub(super) reordering: bool,
}

impl Shared {
    pub(super) fn new(clock: Clock, seed: u64, app: &str) -> Self {
        Self {
            clock,
            seed,
            key: SigningKey::new(),
            app: app.to_owned(),
            state: Mutex::default(),
            queued: Notify::new(),
            ended: watch::Sender::new(0),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn envelope(&self, change: Option<&Change>) -> Envelope {
        let number = self.next_event();
        Envelope::new(&self.app, self.clock.unix(), (self.seed, number), change)
    }

    pub(super) fn installation_envelope(&self, location: &str, company: Option<&str>) -> Envelope {
        let envelope = self.envelope(None);
        envelope.of_installation(location, company)
    }

    fn next_event(&self) -> u64 {
        let mut state = self.state();
        state.events_made += 1;
        state.events_made
    }

    /// Sends a new event.
    pub(super) fn send(&self, event: Event) {
        let copies = {
            let mut state = self.state();
            if state.events.len() == KEPT {
                state.events.pop_front();
            }
            state.events.push_back(event.clone());
            state.duplicates.saturating_add(1)
        };
        for _ in 0..copies {
            self.plan(&event);
        }
    }

    /// Queues the first attempt to deliver an event to each subscriber.
    pub(super) fn plan(&self, event: &Event) {
        let mut state = self.state();
        for subscription in &mut state.subscriptions {
            if subscription.wants(event) {
                subscription.plan(event.clone());
            }
        }
        drop(state);
        self.queued.notify_waiters();
    }
}
