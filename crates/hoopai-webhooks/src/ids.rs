//! The ids and the time in a body, before its event is decoded.

use hoopai_runtime::json;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The ids and the time in a body. Values of another kind than text count as missing.
///
/// An [`Event`](crate::Event) decodes tolerantly. Here a body is read strictly, as signatures and
/// repetitions depend on it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DeliveryIds {
    app_id: Value,
    webhook_id: Value,
    message_id: Value,
    timestamp: Value,
}

fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

impl DeliveryIds {
    /// Reads a body: an object, or a list of one object. Stray bytes are repaired as in an event.
    /// A body of another shape, or that has one of the keys twice, has no ids.
    pub(crate) fn of(body: &[u8]) -> Self {
        let ids = Self::of_json(body).or_else(|| {
            let repaired = json::from_slice::<Box<RawValue>>(body).ok()?.value;
            Self::of_json(repaired.get().as_bytes())
        });
        ids.unwrap_or_default()
    }

    fn of_json(text: &[u8]) -> Option<Self> {
        match text.trim_ascii_start().first() {
            Some(b'{') => serde_json::from_slice(text).ok(),
            Some(b'[') => {
                let [item]: [&RawValue; 1] = serde_json::from_slice(text).ok()?;
                let object = item.get().starts_with('{').then(|| item.get())?;
                serde_json::from_str(object).ok()
            }
            _ => None,
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
