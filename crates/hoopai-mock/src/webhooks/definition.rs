//! The events of the platform: names and fields, which `cargo xtask codegen` writes from
//! `specs/webhooks/`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::closest;

static ALL: LazyLock<BTreeMap<String, Definition>> = LazyLock::new(|| {
    // A file that cannot be read has no events; a test reads it.
    let file: Value = serde_json::from_str(include_str!("../../webhooks.json")).unwrap_or_default();
    let events = file.as_object().cloned().unwrap_or_default();
    let definition = |(name, event): (String, Value)| {
        let names = |key: &str| {
            let names = event[key].as_array().into_iter().flatten();
            names.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let definition = Definition {
            name: name.clone(),
            event_type: event["type"].as_str().unwrap_or_default().to_owned(),
            envelope: names("envelope"),
            fields: names("fields"),
        };
        (name, definition)
    };
    events.into_iter().map(definition).collect()
});

/// An event of the platform.
pub(super) struct Definition {
    /// The name on the platform's pages.
    pub(super) name: String,
    /// The value of `type`.
    pub(super) event_type: String,
    /// The fields of the envelope.
    pub(super) envelope: Vec<String>,
    /// The other fields. Those of an object that stands for the whole item follow it, as
    /// `appointment.id`.
    pub(super) fields: Vec<String>,
}

impl Definition {
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        ALL.get(name)
    }

    /// Finds an event by its name or its `type`; the error suggests the closest names.
    pub(super) fn named(name: &str) -> Result<&'static Self, String> {
        let by_type = || ALL.values().find(|event| event.event_type == name);
        Self::find(name).or_else(by_type).ok_or_else(|| {
            let names = ALL.keys().map(|own| (own.as_str(), own.as_str()));
            format!(
                "the platform has no event `{name}`{}",
                closest::suggestion(name, names)
            )
        })
    }

    #[cfg(test)]
    pub(super) fn all() -> impl Iterator<Item = &'static Self> {
        ALL.values()
    }
}
