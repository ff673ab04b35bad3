//! The events that the platform delivers.

use serde_json::value::RawValue;

/// An event that the platform delivered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// An event whose type is not known.
    Unknown(UnknownEvent),
}

/// An event whose type is not known.
#[derive(Clone)]
#[non_exhaustive]
pub struct UnknownEvent {
    /// The value of `type`.
    pub event_type: Option<String>,
    /// The body.
    pub raw: Box<RawValue>,
}

/// Hides the body.
impl std::fmt::Debug for UnknownEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnknownEvent")
            .field("event_type", &self.event_type)
            .finish_non_exhaustive()
    }
}

/// The error of a body that is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseError;

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the body is not JSON")
    }
}

impl std::error::Error for ParseError {}

impl Event {
    /// Parses a body.
    ///
    /// # Errors
    /// The body is not JSON.
    pub fn parse(body: &[u8]) -> Result<Event, ParseError> {
        let raw: Box<RawValue> = serde_json::from_slice(body).map_err(|_| ParseError)?;
        let value: serde_json::Value = serde_json::from_str(raw.get()).map_err(|_| ParseError)?;
        let event_type = value["type"].as_str().map(str::to_owned);
        Ok(Event::Unknown(UnknownEvent { event_type, raw }))
    }
}
