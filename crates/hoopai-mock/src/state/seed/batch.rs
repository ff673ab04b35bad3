//! Creates the items of a seed, and the items that they reference if there are none.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{effects, references};
use crate::state::collection::{Collection, Fields, IdFormat, Sample};
use crate::state::query::field_at;
use crate::state::store::{ScopeItems, Store, StoredItem};
use crate::state::{tables, write};
use crate::time;

const FIRST_NAMES: &[&str] = &[
    "Ada", "Bela", "Chidi", "Dana", "Emre", "Farah", "Goran", "Hana",
];
const LAST_NAMES: &[&str] = &[
    "Okafor",
    "Lindqvist",
    "Marsh",
    "Novak",
    "Pereira",
    "Quinn",
    "Sato",
    "Weiss",
    "Ziegler",
];

/// Items to be created for a location.
pub(super) struct Batch<'a> {
    pub(super) collection: &'static Collection,
    pub(super) location: &'a str,
    pub(super) count: usize,
    pub(super) now: u64,
}

impl Batch<'_> {
    /// Creates the items with these fields, which must be valid, and samples for the rest. Returns
    /// their ids.
    pub(super) fn create(&self, store: &mut Store, fields: &Fields) -> Vec<String> {
        let collection = self.collection;
        let scope = collection.scope_of(self.location);
        let before = store.items(collection, scope).map_or(0, ScopeItems::len);
        let requested = references::complete(store, collection, self.location, fields);
        let mut sampler = Sampler {
            location: self.location,
            now: self.now,
            ids: HashMap::new(),
        };
        let mut ids = Vec::with_capacity(self.count);
        for index in 0..self.count {
            // A second apart; the last item is created now.
            let age = (self.count - 1 - index) as u64 * 1000;
            let mut created = collection.created_fields.iter();
            let created = created.find_map(|name| requested.get(*name));
            let created = created.and_then(seeded_time);
            let created = created.unwrap_or(self.now.saturating_sub(age));
            let mut fields = requested.clone();
            for (field, sample) in collection.sample {
                if fields.contains_key(*field) {
                    continue;
                }
                let draft = Draft {
                    index: before + index,
                    created,
                    fields: &fields,
                };
                if let Some(value) = sampler.value(store, *sample, &draft) {
                    fields.insert((*field).to_owned(), value);
                }
            }
            for name in collection.timestamps() {
                if let Some(time) = fields.get(name).and_then(seeded_time) {
                    fields.insert(name.to_owned(), time::iso(time).into());
                }
            }
            if collection.name == "users" && !fields.contains_key("locationIds") {
                fields.insert("locationIds".into(), json!([self.location]));
            }
            let requested = requested.get(collection.id).and_then(Value::as_str);
            let id = collection.named_id(&fields);
            let id = id.or_else(|| requested.map(str::to_owned));
            let id = id.unwrap_or_else(|| store.next_id(collection.ids));
            store.remove(collection, scope, &id);
            let item = write::create_with_id(store, collection, scope, (created, id), fields);
            effects::apply(store, &item, self.now);
            ids.push(item.id);
        }
        if collection.name == "transactions" {
            effects::settle_orders(store, &ids, self.now);
        }
        ids
    }
}

/// The time in a seeded field, in milliseconds since 1970.
pub(super) fn seeded_time(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => time::parse(text),
        value => time::parse(&value.as_u64()?.to_string()),
    }
}

/// Makes the values of samples.
struct Sampler<'a> {
    location: &'a str,
    now: u64,
    /// Ids of items by collection, and by the field and value that they must have.
    ids: HashMap<(&'static str, String), Vec<String>>,
}

/// An item that is being created.
struct Draft<'a> {
    /// The number of items that the collection had before.
    index: usize,
    created: u64,
    /// The fields that were set so far.
    fields: &'a Fields,
}

impl Sampler<'_> {
    fn value(&mut self, store: &mut Store, sample: Sample, draft: &Draft<'_>) -> Option<Value> {
        let pick =
            |words: &[&'static str], index: usize| words.get(index % words.len().max(1)).copied();
        let (index, number) = (draft.index, draft.index + 1);
        Some(match sample {
            Sample::FirstName => pick(FIRST_NAMES, index)?.into(),
            Sample::LastName => pick(LAST_NAMES, index / 3)?.into(),
            Sample::Email => {
                let name = pick(FIRST_NAMES, index)?.to_lowercase();
                format!("{name}.{number}@example.com").into()
            }
            Sample::Phone => format!("+1555{number:07}").into(),
            Sample::Numbered(text) => format!("{text} {number}").into(),
            Sample::Key(text) => format!("{text}_{number}").into(),
            Sample::OneOf(words) => pick(words, index)?.into(),
            Sample::Number(from, to) => {
                let span = (to - from).max(0) + 1;
                (from + (index as i64).wrapping_mul(7919).rem_euclid(span)).into()
            }
            Sample::Reference(name) => self
                .reference(store, name, ("", Value::Null), index)?
                .into(),
            Sample::MatchingReference(name, there, here) => {
                let same = draft.fields.get(here)?.clone();
                self.reference(store, name, (there, same), index)?.into()
            }
            Sample::ReferencedField(by, field) => {
                let other = referenced(store, draft.fields, by)?;
                field_at(&other, field)?.clone()
            }
            Sample::ListMember(by, list) => {
                let other = referenced(store, draft.fields, by)?;
                let members = field_at(&other, list)?.as_array()?;
                let member = members.get(index % members.len().max(1))?;
                member.get("id").or_else(|| member.get("_id"))?.clone()
            }
            Sample::When(field, value, sample)
                if draft.fields.get(field)?.as_str() == Some(value) =>
            {
                return self.value(store, *sample, draft);
            }
            Sample::When(..) => return None,
            Sample::Or(first, second) => {
                let first = self.value(store, *first, draft);
                return first.or_else(|| self.value(store, *second, draft));
            }
            Sample::ContactDetails => {
                let id = self.reference(store, "contacts", ("", Value::Null), index)?;
                contact_details(store, &id)?
            }
            Sample::Text(text) => text.into(),
            Sample::Fixed(value) => value.json(store, draft.created),
            Sample::NewId => store.next_id(IdFormat::Alphanumeric).into(),
            Sample::HoursLater(hours) => time::iso(draft.created + hours * 3_600_000).into(),
            Sample::NamedObjects(names) => {
                let item = |(position, name): (usize, &&str)| {
                    json!({ "id": store.next_id(IdFormat::Uuid), "name": name, "position": position,
                            "showInFunnel": true, "showInPieChart": true })
                };
                names.iter().enumerate().map(item).collect()
            }
            Sample::FromNumber(make) => make(number),
        })
    }

    /// The id of an item of a collection, in turn: of one that has this value in a field, if a
    /// field is named.
    fn reference(
        &mut self,
        store: &mut Store,
        name: &'static str,
        (field, value): (&'static str, Value),
        index: usize,
    ) -> Option<String> {
        let collection = tables::find(name)?;
        let scope = collection.scope_of(self.location);
        let key = (name, format!("{field} {value}"));
        let ids = self.ids.entry(key).or_insert_with(|| {
            let matches =
                |item: &&StoredItem| field.is_empty() || item.fields().get(field) == Some(&value);
            let matching = store.iter(collection, scope).filter(matches);
            matching.map(|item| item.id().to_owned()).collect()
        });
        if ids.is_empty() {
            let mut fields = Fields::new();
            if !field.is_empty() {
                fields.insert(field.to_owned(), value);
            }
            let batch = Batch {
                collection,
                location: self.location,
                count: 1,
                now: self.now.saturating_sub(1000),
            };
            ids.extend(batch.create(store, &fields));
        }
        ids.get(index % ids.len().max(1)).cloned()
    }
}

/// The fields of the item that a field references, as replies show them.
fn referenced(store: &Store, fields: &Fields, (field, name): (&str, &str)) -> Option<Fields> {
    item_fields(store, name, fields.get(field)?.as_str()?)
}

fn item_fields(store: &Store, name: &str, id: &str) -> Option<Fields> {
    let collection = tables::find(name)?;
    let mut item = store.find(collection, id)?;
    (collection.on_read)(&mut item.fields);
    Some(item.fields)
}

/// The details of a contact, as in an invoice.
fn contact_details(store: &Store, id: &str) -> Option<Value> {
    let contact = item_fields(store, "contacts", id)?;
    let mut details = json!({ "id": id });
    for (name, source) in [
        ("name", "contactName"),
        ("email", "email"),
        ("phoneNo", "phone"),
    ] {
        if let Some(value) = contact.get(source) {
            details[name] = value.clone();
        }
    }
    Some(details)
}
