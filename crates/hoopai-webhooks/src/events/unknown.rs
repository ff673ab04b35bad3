//! Events without a model.

use std::fmt;

use hoopai_runtime::Drift;
use serde_json::value::RawValue;

use super::{Envelope, EventKind};

/// An event whose `type` is missing or not known, or whose payload cannot be decoded.
#[derive(Clone)]
pub struct UnknownEvent(Box<Parts>);

#[derive(Clone)]
struct Parts {
    kind: Option<EventKind>,
    envelope: Envelope,
    raw: Box<RawValue>,
    drift: Vec<Drift>,
}

impl UnknownEvent {
    pub(super) fn new(
        kind: Option<EventKind>,
        envelope: Envelope,
        raw: Box<RawValue>,
        drift: Vec<Drift>,
    ) -> Self {
        UnknownEvent(Box::new(Parts {
            kind,
            envelope,
            raw,
            drift,
        }))
    }

    /// Returns the kind of the event if its `type` is known and its payload cannot be decoded.
    pub fn kind(&self) -> Option<EventKind> {
        self.0.kind
    }

    /// Returns the value of `type`, as it was sent.
    pub fn event_type(&self) -> Option<&str> {
        self.0.envelope.event_type()
    }

    /// Returns the values that all events have.
    pub fn envelope(&self) -> &Envelope {
        &self.0.envelope
    }

    /// Returns the JSON as it was sent.
    pub fn raw(&self) -> &RawValue {
        &self.0.raw
    }

    /// Returns the deviations that were found.
    pub fn drift(&self) -> &[Drift] {
        &self.0.drift
    }
}

/// Hides the values.
impl fmt::Debug for UnknownEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnknownEvent")
            .field("kind", &self.0.kind)
            .field("length", &self.0.raw.get().len())
            .finish_non_exhaustive()
    }
}

/// Writes the JSON as it was sent.
impl serde::Serialize for UnknownEvent {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.raw.serialize(to)
    }
}
