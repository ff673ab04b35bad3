//! The bodies of events.

use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::definition::Definition;
use super::rules::Rule;
use crate::account::{COMPANY, LOCATION, USER};
use crate::state::{Change, ChangeKind};
use crate::time;

/// The fields of the envelope that captured deliveries have at their end.
const LAST: [&str; 2] = ["timestamp", "webhookId"];

/// An event that is delivered.
#[derive(Clone)]
pub(super) struct Event {
    /// The name on the platform's pages; empty for raw bodies.
    pub(super) name: String,
    pub(super) event_type: String,
    pub(super) webhook_id: String,
    pub(super) body: Bytes,
}

impl Event {
    pub(super) fn raw(body: Vec<u8>) -> Self {
        let value: Value = serde_json::from_slice(&body).unwrap_or_default();
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        Self {
            name: String::new(),
            event_type: text("type"),
            webhook_id: text("webhookId"),
            body: body.into(),
        }
    }
}

/// The values of the envelope.
pub(super) struct Envelope {
    location: Option<String>,
    company: Option<String>,
    app: String,
    timestamp: String,
    webhook_id: String,
}

impl Envelope {
    /// The envelope of the event of a change, or of an event of the default location.
    pub(super) fn new(
        app: &str,
        now: Duration,
        (seed, number): (u64, u64),
        change: Option<&Change>,
    ) -> Self {
        let location = match change {
            None => Some(LOCATION.to_owned()),
            Some(change) if change.collection == "locations" => Some(change.id.clone()),
            Some(change) if change.of_company => first_location(change),
            Some(change) => Some(change.scope.to_string()),
        };
        let company = match change {
            Some(change) if change.of_company => change.scope.to_string(),
            _ => COMPANY.to_owned(),
        };
        Self {
            location,
            company: Some(company),
            app: app.to_owned(),
            timestamp: time::iso(time::millis(now)),
            webhook_id: uuid(seed, number),
        }
    }

    /// The envelope of an installation in a location.
    pub(super) fn of_installation(self, location: &str, company: Option<&str>) -> Self {
        Self {
            location: Some(location.to_owned()),
            company: company.map(str::to_owned),
            ..self
        }
    }

    fn value(&self, definition: &Definition, name: &str) -> Option<Value> {
        let value = match name {
            "type" => definition.event_type.clone(),
            "locationId" => self.location.clone()?,
            "altId" => self.location.clone()?,
            "altType" => "location".to_owned(),
            "companyId" => self.company.clone()?,
            "appId" | "versionId" => self.app.clone(),
            "timestamp" => self.timestamp.clone(),
            "webhookId" => self.webhook_id.clone(),
            _ => return None,
        };
        Some(value.into())
    }
}

/// The first location of a user.
fn first_location(user: &Change) -> Option<String> {
    let locations = user.fields.get("roles")?.get("locationIds")?;
    Some(locations.get(0)?.as_str()?.to_owned())
}

/// The event of a change.
pub(super) fn of_change(
    definition: &Definition,
    rule: &Rule,
    change: &Change,
    envelope: &Envelope,
) -> Event {
    let mut item = change.fields.clone();
    for id in ["id", "_id"] {
        item.insert(id.to_owned(), change.id.as_str().into());
    }
    (rule.derive)(&mut item);
    if change.kind == ChangeKind::Deleted {
        item.insert("deleted".to_owned(), true.into());
    }
    let mut fields = Map::new();
    for name in &definition.fields {
        match name.split_once('.') {
            None => {
                if let Some(value) = item.get(name) {
                    fields.insert(name.clone(), value.clone());
                }
            }
            Some((object, name)) => {
                // The object is the item itself, unless the item has it as a field.
                if let Some(value) = item.get(name).filter(|_| !item.contains_key(object)) {
                    let object = fields.entry(object).or_insert_with(|| json!({}));
                    object[name] = value.clone();
                }
            }
        }
    }
    event(definition, fields, envelope)
}

/// An event with these fields.
pub(super) fn triggered(
    definition: &Definition,
    fields: &Map<String, Value>,
    envelope: &Envelope,
) -> Event {
    event(definition, fields.clone(), envelope)
}

/// The fields of `AppInstall`; `AppUninstall` has none.
pub(super) fn installation(event: &str) -> Map<String, Value> {
    if event != "AppInstall" {
        return Map::new();
    }
    let fields = json!({
        "installType": "Location",
        "userId": USER,
        "companyName": "Mock company",
        "isWhitelabelCompany": false,
        "whitelabelDetails": { "domain": "", "logoUrl": "" },
        "trial": {},
    });
    fields.as_object().cloned().unwrap_or_default()
}

/// Writes compact JSON in the order of captured deliveries: envelope, fields, time and id.
fn event(definition: &Definition, mut fields: Map<String, Value>, envelope: &Envelope) -> Event {
    let mut pairs: Vec<(String, Value)> = Vec::new();
    let is_last = |name: &str| LAST.contains(&name);
    let first = definition.envelope.iter().filter(|name| !is_last(name));
    for name in first {
        let own = fields
            .remove(name)
            .or_else(|| envelope.value(definition, name));
        pairs.extend(own.map(|value| (name.clone(), value)));
    }
    let last = LAST.map(|name| {
        let own = fields
            .remove(name)
            .or_else(|| envelope.value(definition, name));
        (name.to_owned(), own.unwrap_or_default())
    });
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let webhook_id = text(&last[1].1);
    let event_type = pairs.iter().find(|(name, _)| name == "type");
    let event_type = event_type.map(|(_, value)| text(value)).unwrap_or_default();
    pairs.extend(fields);
    pairs.extend(last);
    let members: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{}:{value}", Value::from(name)))
        .collect();
    Event {
        name: definition.name.clone(),
        event_type,
        webhook_id,
        body: format!("{{{}}}", members.join(",")).into(),
    }
}

fn uuid(seed: u64, number: u64) -> String {
    let mut rng = Rng::with_seed(seed.rotate_left(32) ^ number);
    let (high, low) = (rng.u64(..), rng.u64(..));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0xfff,
        low & 0xffff_ffff_ffff,
    )
}
