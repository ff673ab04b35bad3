//! Items that come to be: by a request, by seeding, or because something else did.

use serde_json::Value as Json;

use super::collection::{Collection, Ids, Value};
use super::store::{Fields, Found, Store};
use super::{tags, time};
use crate::account::USER;

impl Value {
    /// The value for an item that is made now.
    pub(super) fn json(self, store: &mut Store, now: u64) -> Json {
        match self {
            Value::Text(text) => text.into(),
            Value::Number(number) => number.into(),
            Value::True => true.into(),
            Value::False => false.into(),
            Value::List => Json::Array(Vec::new()),
            Value::Object => Json::Object(Fields::new()),
            Value::NewId => store.next_id(Ids::Letters).into(),
            Value::User => USER.into(),
            Value::Now => time::iso(now).into(),
        }
    }
}

/// Makes an item of fields, and puts it on its shelf.
pub(super) fn item(
    store: &mut Store,
    number: usize,
    collection: &'static Collection,
    scope: &str,
    at: u64,
    mut fields: Fields,
) -> Found {
    let given = match collection.ids {
        Ids::Given => fields.get(collection.id).and_then(Json::as_str),
        _ => None,
    };
    let id = given.map(str::to_owned);
    let id = id.unwrap_or_else(|| store.next_id(collection.ids));
    for field in collection.created.iter().chain(collection.changed) {
        fields.remove(*field);
    }
    named(store, number, collection, scope, (at, id), fields)
}

/// The same with an id that is known, and the moments of its making where there are any.
pub(super) fn named(
    store: &mut Store,
    number: usize,
    collection: &'static Collection,
    scope: &str,
    (at, id): (u64, String),
    mut fields: Fields,
) -> Found {
    let at = store.free(number, scope, at);
    for secret in collection.secret {
        fields.remove(*secret);
    }
    fields.retain(|_, value| !value.is_null());
    fields.insert(collection.id.into(), id.as_str().into());
    if !collection.place.is_empty() {
        fields.insert(collection.place.into(), scope.into());
    }
    for (field, value) in collection.defaults {
        if !fields.contains_key(*field) {
            let value = value.json(store, at);
            fields.insert((*field).into(), value);
        }
    }
    if !collection.numbered.is_empty() && !fields.contains_key(collection.numbered) {
        let number = next_number(store, number, collection, scope);
        fields.insert(collection.numbered.into(), number.into());
    }
    for field in collection.created.iter().chain(collection.changed) {
        let moment = || time::iso(at).into();
        fields.entry(*field).or_insert_with(moment);
    }
    for (field, stamp) in collection.stamps {
        if fields.contains_key(*field) {
            fields.insert((*stamp).into(), time::iso(at).into());
        }
    }
    (collection.written)(&mut fields);
    tags::keep(store, collection, scope, at, &mut fields);
    let found = Found {
        id,
        scope: scope.into(),
        at,
        fields,
    };
    store.put(collection, number, &found);
    found
}

/// Changes fields of an item. Null takes a field away.
pub(super) fn change(
    store: &mut Store,
    number: usize,
    collection: &'static Collection,
    mut found: Found,
    fields: Fields,
    now: u64,
) -> Found {
    store.remove(collection, number, &found.scope, &found.id);
    for (name, value) in fields {
        if collection.secret.contains(&name.as_str()) || name == collection.id {
            continue;
        }
        let stamps = collection.stamps.iter().filter(|(field, _)| *field == name);
        if found.fields.get(&name) != Some(&value) {
            for (_, stamp) in stamps {
                found.fields.insert((*stamp).into(), time::iso(now).into());
            }
        }
        if value.is_null() {
            found.fields.remove(&name);
        } else {
            found.fields.insert(name, value);
        }
    }
    if !collection.place.is_empty() {
        found
            .fields
            .insert(collection.place.into(), (*found.scope).into());
    }
    for field in collection.changed {
        found.fields.insert((*field).into(), time::iso(now).into());
    }
    (collection.written)(&mut found.fields);
    tags::keep(store, collection, &found.scope, now, &mut found.fields);
    store.put(collection, number, &found);
    found
}

/// One more than the highest number of a location's items.
pub(super) fn next_number(
    store: &Store,
    number: usize,
    collection: &Collection,
    scope: &str,
) -> u64 {
    let shelf = store.shelf(number, scope).into_iter().flatten();
    let numbers = shelf.filter_map(|(_, item)| match item.fields().get(collection.numbered)? {
        Json::String(text) => text.parse().ok(),
        value => value.as_u64(),
    });
    numbers
        .max()
        .map_or(1, |highest: u64| highest.saturating_add(1))
}
