//! The ids and the time in a body, and the events of a list, before they are decoded.
//!
//! An [`Event`](crate::Event) decodes tolerantly. Here the structure of a body is read strictly, as
//! signatures and repetitions depend on it. Values have the meaning that they have in an event.

use std::borrow::Cow;

use hoopai_runtime::{Timestamp, json};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// The ids and the time of an event. A number counts as its text. Values of another kind count as
/// missing.
#[derive(Default)]
pub(crate) struct DeliveryIds {
    pub(crate) app_id: Option<String>,
    pub(crate) webhook_id: Option<String>,
    pub(crate) message_id: Option<String>,
    pub(crate) timestamp: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Fields<'a> {
    #[serde(borrow)]
    app_id: Option<&'a RawValue>,
    #[serde(borrow)]
    webhook_id: Option<&'a RawValue>,
    #[serde(borrow)]
    message_id: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
}

impl DeliveryIds {
    /// Reads a body: an object, or a list of one object. Stray bytes are repaired as in an event.
    /// A body of another shape, or that has one of the keys twice, has no ids.
    pub(crate) fn of(body: &[u8]) -> Self {
        let ids = Self::of_json(body).or_else(|| Self::of_json(repaired(body)?.get().as_bytes()));
        ids.unwrap_or_default()
    }

    fn of_json(text: &[u8]) -> Option<Self> {
        let fields: Fields<'_> = match text.trim_ascii_start().first() {
            Some(b'{') => serde_json::from_slice(text).ok()?,
            Some(b'[') => {
                let [item]: [&RawValue; 1] = serde_json::from_slice(text).ok()?;
                let object = is_object(item).then(|| item.get())?;
                serde_json::from_str(object).ok()?
            }
            _ => return None,
        };
        let id = |field| value::<String>(field).filter(|text| !text.is_empty());
        Some(DeliveryIds {
            app_id: id(fields.app_id),
            webhook_id: id(fields.webhook_id),
            message_id: id(fields.message_id),
            timestamp: value(fields.timestamp),
        })
    }
}

/// Returns the text of each event of a list of several. `None`: the body is no such list, and is
/// decoded as one event.
pub(crate) fn events_of_list(body: &[u8]) -> Option<Vec<Cow<'_, [u8]>>> {
    if body.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    if let Some(items) = objects(body) {
        let items = items.into_iter();
        return Some(items.map(|item| item.get().as_bytes().into()).collect());
    }
    let repaired = repaired(body)?;
    let items = objects(repaired.get().as_bytes())?.into_iter();
    Some(
        items
            .map(|item| item.get().as_bytes().to_vec().into())
            .collect(),
    )
}

/// The items of a list of several objects.
fn objects(text: &[u8]) -> Option<Vec<&RawValue>> {
    let items: Vec<&RawValue> = serde_json::from_slice(text).ok()?;
    let is_several = items.len() > 1 && items.iter().copied().all(is_object);
    is_several.then_some(items)
}

fn is_object(value: &RawValue) -> bool {
    value.get().starts_with('{')
}

/// The JSON of a body with stray bytes, or in another encoding.
fn repaired(body: &[u8]) -> Option<Box<RawValue>> {
    Some(json::from_slice::<Box<RawValue>>(body).ok()?.value)
}

/// A value as an event has it.
fn value<T: DeserializeOwned>(field: Option<&RawValue>) -> Option<T> {
    json::from_slice::<Option<T>>(field?.get().as_bytes())
        .ok()?
        .value
}
