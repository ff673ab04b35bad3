//! The payload of an event.

use std::fmt;
use std::ops::Deref;

use hoopai_runtime::{Drift, Timestamp};
use serde_json::value::RawValue;

use super::{Envelope, Tenant};

/// The payload of an event: its model, to which it dereferences, with the JSON that was sent.
#[derive(Clone)]
pub struct Payload<T>(Box<Parts<T>>);

#[derive(Clone)]
struct Parts<T> {
    model: T,
    envelope: Envelope,
    raw: Box<RawValue>,
    drift: Vec<Drift>,
}

impl<T> Payload<T> {
    pub(super) fn new(model: T, envelope: Envelope, raw: Box<RawValue>, drift: Vec<Drift>) -> Self {
        Payload(Box::new(Parts {
            model,
            envelope,
            raw,
            drift,
        }))
    }

    /// Returns the values that all events have.
    pub fn envelope(&self) -> &Envelope {
        &self.0.envelope
    }

    /// Returns the account that the event is about.
    pub fn tenant(&self) -> Option<Tenant<'_>> {
        self.0.envelope.tenant()
    }

    /// Returns the moment of the first attempt to deliver the event.
    pub fn timestamp(&self) -> Option<&Timestamp> {
        self.0.envelope.timestamp()
    }

    /// Returns the JSON as it was sent.
    pub fn raw(&self) -> &RawValue {
        &self.0.raw
    }

    /// Returns the deviations of the payload from its model.
    pub fn drift(&self) -> &[Drift] {
        &self.0.drift
    }

    /// Returns the model.
    pub fn into_inner(self) -> T {
        self.0.model
    }
}

impl<T> Deref for Payload<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.model
    }
}

/// Shows the structure of the model and hides its values.
impl<T: fmt::Debug> fmt::Debug for Payload<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.model, f)
    }
}

/// Writes the JSON as it was sent.
impl<T> serde::Serialize for Payload<T> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.raw.serialize(to)
    }
}
