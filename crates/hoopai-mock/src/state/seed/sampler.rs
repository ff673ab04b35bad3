//! The values of seeded fields. References are to items of the same location; if there is none, one is seeded first.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::super::choose::at;
use super::super::collection::{Collection, Ids, Sample};
use super::super::store::{Fields, Store};
use super::super::{tables, time};
use super::Fill;

const FIRST: &[&str] = &[
    "Ada", "Bela", "Chidi", "Dana", "Emre", "Farah", "Goran", "Hana",
];
const LAST: &[&str] = &[
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

/// Makes the values of samples.
pub(super) struct Sampler<'a> {
    location: &'a str,
    now: u64,
    /// Cache of the ids of items by collection and by the field and value that they must have.
    known: HashMap<(&'static str, String), Vec<String>>,
}

/// An item that is being made.
pub(super) struct Draft<'a> {
    /// Its number among those of its collection, from 0.
    pub(super) index: usize,
    pub(super) at: u64,
    /// The fields that it has so far.
    pub(super) fields: &'a Fields,
}

impl<'a> Sampler<'a> {
    pub(super) fn new(location: &'a str, now: u64) -> Self {
        Self {
            location,
            now,
            known: HashMap::new(),
        }
    }

    pub(super) fn value(
        &mut self,
        store: &mut Store,
        sample: Sample,
        draft: &Draft<'_>,
    ) -> Option<Value> {
        let pick =
            |words: &[&'static str], index: usize| words.get(index % words.len().max(1)).copied();
        let (index, number) = (draft.index, draft.index + 1);
        Some(match sample {
            Sample::FirstName => pick(FIRST, index)?.into(),
            Sample::LastName => pick(LAST, index / 3)?.into(),
            Sample::Email => {
                let name = pick(FIRST, index)?.to_lowercase();
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
            Sample::Of(name) => self.one_of(store, name, ("", Value::Null), index)?.into(),
            Sample::OfSame(name, there, here) => {
                let same = draft.fields.get(here)?.clone();
                self.one_of(store, name, (there, same), index)?.into()
            }
            Sample::Via(by, field) => {
                let other = other(store, draft.fields, by)?;
                at(&other, field)?.clone()
            }
            Sample::Member(by, list) => {
                let other = other(store, draft.fields, by)?;
                let members = at(&other, list)?.as_array()?;
                let member = members.get(index % members.len().max(1))?;
                member.get("id").or_else(|| member.get("_id"))?.clone()
            }
            Sample::When(field, value, sample)
                if draft.fields.get(field)?.as_str() == Some(value) =>
            {
                return self.value(store, *sample, draft);
            }
            Sample::When(..) => return None,
            Sample::Else(first, second) => {
                let first = self.value(store, *first, draft);
                return first.or_else(|| self.value(store, *second, draft));
            }
            Sample::Payer => {
                let id = self.one_of(store, "contacts", ("", Value::Null), index)?;
                payer(store, &id)?
            }
            Sample::Fixed(value) => value.json(store, draft.at),
            Sample::AnyId => store.next_id(Ids::Letters).into(),
            Sample::HoursLater(hours) => time::iso(draft.at + hours * 3_600_000).into(),
            Sample::Listed(names) => {
                let item = |(position, name): (usize, &&str)| {
                    json!({ "id": store.next_id(Ids::Uuid), "name": name, "position": position,
                            "showInFunnel": true, "showInPieChart": true })
                };
                names.iter().enumerate().map(item).collect()
            }
            Sample::Made(make) => make(number),
        })
    }

    /// The id of an item of a collection, in turn: of one that has this value in a field, if a field is named.
    fn one_of(
        &mut self,
        store: &mut Store,
        name: &'static str,
        (field, value): (&'static str, Value),
        index: usize,
    ) -> Option<String> {
        let (number, collection) = tables::find(name)?;
        let scope = super::scope(collection, self.location);
        let key = (name, format!("{field} {value}"));
        let ids = match self.known.get_mut(&key) {
            Some(ids) => ids,
            None => {
                let shelf = store.shelf(number, scope).into_iter().flatten();
                let fits = |fields: &Fields| field.is_empty() || fields.get(field) == Some(&value);
                let fitting = shelf.filter(|(_, item)| field.is_empty() || fits(&item.fields()));
                let ids: Vec<String> = fitting.map(|(_, item)| item.id().to_owned()).collect();
                self.known.entry(key).or_insert(ids)
            }
        };
        if ids.is_empty() {
            let mut given = Fields::new();
            if !field.is_empty() {
                given.insert(field.to_owned(), value);
            }
            let fill = Fill {
                number,
                collection,
                location: self.location,
                count: 1,
                now: self.now.saturating_sub(1000),
            };
            ids.extend(fill.run(store, &given));
        }
        ids.get(index % ids.len().max(1)).cloned()
    }
}

/// The fields of the item that a field references, as replies show them.
fn other(store: &Store, fields: &Fields, by: (&str, &str)) -> Option<Fields> {
    let (field, name) = by;
    let (number, collection) = tables::find(name)?;
    let mut found = store.find(number, fields.get(field)?.as_str()?)?;
    (collection.read)(&mut found.fields);
    Some(found.fields)
}

/// The details of a contact, as in an invoice.
fn payer(store: &Store, id: &str) -> Option<Value> {
    let (number, collection): (usize, &Collection) = tables::find("contacts")?;
    let mut found = store.find(number, id)?;
    (collection.read)(&mut found.fields);
    let mut details = json!({ "id": id });
    for (here, there) in [
        ("name", "contactName"),
        ("email", "email"),
        ("phoneNo", "phone"),
    ] {
        if let Some(value) = found.fields.get(there) {
            details[here] = value.clone();
        }
    }
    Some(details)
}
