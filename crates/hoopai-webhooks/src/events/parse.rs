//! From a body to an event.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use hoopai_runtime::{Drift, DriftKind, Timestamp, json};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::envelope::Fields;
use super::{Envelope, Event, EventKind, Payload, Tenant, UnknownEvent};

/// The error of a body that is not an event: it is not JSON, or neither an object nor a list. It
/// holds nothing of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// The body is not JSON.
    NotJson,
    /// The body is JSON, but neither an object nor a list.
    NotAnObject,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ParseError::NotJson => {
                "the body is not JSON; pass the body of the request as it was received"
            }
            ParseError::NotAnObject => {
                "the body is not a JSON object; pass the body of the request as it was received"
            }
        })
    }
}

impl std::error::Error for ParseError {}

impl Event {
    /// Decodes a body. See the [module](crate::events) for how deviations are treated.
    ///
    /// It does not check who sent the body; use [`Verifier`](crate::Verifier) for that.
    ///
    /// # Errors
    /// The body is not JSON, or neither an object nor a list.
    pub fn parse(body: &[u8]) -> Result<Event, ParseError> {
        let delivery = Delivery::read(body)?;
        let kind = delivery
            .envelope
            .event_type()
            .and_then(EventKind::from_type);
        let event = match kind {
            Some(kind) => kind.decode(delivery),
            None => delivery.unknown(None),
        };
        report(&event);
        Ok(event)
    }

    /// Returns the value of `type`, as it was sent.
    pub fn event_type(&self) -> Option<&str> {
        self.envelope().event_type()
    }

    /// Returns the id of the location (sub-account).
    pub fn location_id(&self) -> Option<&str> {
        self.envelope().location_id()
    }

    /// Returns the id of the company (agency).
    pub fn company_id(&self) -> Option<&str> {
        self.envelope().company_id()
    }

    /// Returns the id of the app that receives the event.
    pub fn app_id(&self) -> Option<&str> {
        self.envelope().app_id()
    }

    /// Returns the id of the version of the app.
    pub fn version_id(&self) -> Option<&str> {
        self.envelope().version_id()
    }

    /// Returns the moment of the first attempt to deliver the event.
    pub fn timestamp(&self) -> Option<&Timestamp> {
        self.envelope().timestamp()
    }

    /// Returns the id of the delivery. Retries have the same.
    pub fn webhook_id(&self) -> Option<&str> {
        self.envelope().webhook_id()
    }

    /// Returns the account that the event is about.
    pub fn tenant(&self) -> Option<Tenant<'_>> {
        self.envelope().tenant()
    }
}

/// Writes the JSON as it was sent.
impl serde::Serialize for Event {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.raw().serialize(to)
    }
}

/// A body whose envelope was read.
pub(super) struct Delivery {
    raw: Box<RawValue>,
    /// The text of the event within `raw`, if that is a list of one event.
    only_item: Option<Box<RawValue>>,
    pub(super) envelope: Envelope,
    drift: Vec<Drift>,
}

impl Delivery {
    pub(super) fn read(body: &[u8]) -> Result<Self, ParseError> {
        let (raw, drift) = json_text(body)?;
        let mut delivery = Delivery {
            raw,
            only_item: None,
            envelope: Envelope::default(),
            drift,
        };
        if delivery.raw.get().starts_with('[') {
            let items: Vec<&RawValue> =
                serde_json::from_str(delivery.raw.get()).map_err(|_| ParseError::NotJson)?;
            match items[..] {
                [item] if item.get().starts_with('{') => {
                    delivery.only_item = Some(item.to_owned());
                }
                _ => return Ok(delivery),
            }
        }
        delivery.envelope = envelope(delivery.event_text());
        Ok(delivery)
    }

    /// The object that has the fields of the event.
    pub(super) fn event_text(&self) -> &str {
        self.only_item.as_ref().unwrap_or(&self.raw).get()
    }

    /// Decodes the payload into a model, unless it is no object or nested too deeply.
    pub(super) fn payload<T: DeserializeOwned>(mut self) -> Result<Payload<T>, Self> {
        if !self.event_text().starts_with('{') {
            return Err(self);
        }
        match json::from_slice::<T>(self.event_text().as_bytes()) {
            Ok(decoded) => {
                self.drift.extend(decoded.drift);
                let Delivery {
                    raw,
                    envelope,
                    drift,
                    ..
                } = self;
                Ok(Payload::new(decoded.value, envelope, raw, drift))
            }
            Err(_) => Err(self),
        }
    }

    pub(super) fn decode<T: DeserializeOwned>(
        self,
        kind: EventKind,
        variant: fn(Payload<T>) -> Event,
    ) -> Event {
        match self.payload() {
            Ok(payload) => variant(payload),
            Err(delivery) => delivery.unknown(Some(kind)),
        }
    }

    fn unknown(self, kind: Option<EventKind>) -> Event {
        Event::Unknown(UnknownEvent::new(kind, self.envelope, self.raw, self.drift))
    }
}

/// The body as JSON. Stray bytes and other encodings are repaired, which is drift.
fn json_text(body: &[u8]) -> Result<(Box<RawValue>, Vec<Drift>), ParseError> {
    if body.trim_ascii().is_empty() {
        return Err(ParseError::NotJson);
    }
    let (raw, drift) = match serde_json::from_slice::<Box<RawValue>>(body) {
        Ok(raw) => (raw, Vec::new()),
        Err(_) => match json::from_slice::<Box<RawValue>>(body) {
            Ok(decoded) => (decoded.value, decoded.drift),
            Err(_) => return Err(ParseError::NotJson),
        },
    };
    match raw.get().as_bytes().first() {
        Some(b'{' | b'[') => Ok((raw, drift)),
        _ => Err(ParseError::NotAnObject),
    }
}

/// The envelope of an object, whatever its other fields hold.
fn envelope(object: &str) -> Envelope {
    if let Ok(decoded) = json::from_slice::<Fields>(object.as_bytes()) {
        return Envelope::new(decoded.value);
    }
    // A field that is nested too deeply must not hide the others.
    let fields: BTreeMap<Cow<'_, str>, &RawValue> =
        serde_json::from_str(object).unwrap_or_default();
    let shallow: BTreeMap<_, _> = fields
        .into_iter()
        .filter(|(_, value)| !value.get().starts_with(['{', '[']))
        .collect();
    let text = serde_json::to_vec(&shallow).unwrap_or_default();
    let decoded = json::from_slice::<Fields>(&text);
    decoded.map_or_else(
        |_| Envelope::default(),
        |decoded| Envelope::new(decoded.value),
    )
}

/// Logs the drift of an event.
fn report(event: &Event) {
    for drift in event.drift() {
        let kind = event.kind().map(EventKind::name);
        // A key of an object can identify a person, so only known parts of the path are logged.
        let top = drift.path.split(['.', '[']).next().unwrap_or_default();
        macro_rules! log {
            ($level:ident) => {
                tracing::$level!(
                    target: "hoopai::drift",
                    event = kind,
                    field = top,
                    expected = &*drift.expected,
                    found = drift.found,
                    kind = ?drift.kind,
                    "a value of a webhook event deviates from its declared type"
                )
            };
        }
        match drift.kind {
            DriftKind::Coerced => log!(debug),
            _ => log!(warn),
        }
    }
}
