//! The values of a body that are needed before its event is decoded.

use serde::Deserialize;
use serde_json::Value;

/// The envelope of a delivery. Values of another kind than text count as missing.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Envelope {
    app_id: Value,
    webhook_id: Value,
    message_id: Value,
    timestamp: Value,
}

fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

impl Envelope {
    /// Reads the envelope. A body that is no object, or has one of the keys twice, has none.
    pub(crate) fn of(body: &[u8]) -> Self {
        match body.trim_ascii_start().first() {
            Some(b'{') => serde_json::from_slice(body).unwrap_or_default(),
            _ => Envelope::default(),
        }
    }

    pub(crate) fn app_id(&self) -> Option<&str> {
        text(&self.app_id)
    }

    pub(crate) fn webhook_id(&self) -> Option<&str> {
        text(&self.webhook_id)
    }

    pub(crate) fn message_id(&self) -> Option<&str> {
        text(&self.message_id)
    }

    pub(crate) fn timestamp(&self) -> Option<&str> {
        text(&self.timestamp)
    }
}
