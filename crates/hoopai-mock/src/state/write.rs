//! Creates and changes items, for requests and seeds.

use serde_json::{Map, Value};

use super::collection::{Collection, FieldValue, Fields, IdFormat};
use super::store::{Item, Store};
use super::tables;
use crate::account::USER;
use crate::time;

impl FieldValue {
    /// The value in an item that is written now.
    pub(super) fn json(self, store: &mut Store, now: u64) -> Value {
        match self {
            FieldValue::Text(text) => text.into(),
            FieldValue::Number(number) => number.into(),
            FieldValue::True => true.into(),
            FieldValue::False => false.into(),
            FieldValue::List => Value::Array(Vec::new()),
            FieldValue::Object => Value::Object(Fields::new()),
            FieldValue::NewId => store.next_id(IdFormat::Alphanumeric).into(),
            FieldValue::User => USER.into(),
            FieldValue::Now => time::iso(now).into(),
        }
    }
}

/// Creates an item with a new id, or the id in its fields if requests name ids.
pub(super) fn create(
    store: &mut Store,
    collection: &'static Collection,
    scope: &str,
    now: u64,
    mut fields: Fields,
) -> Item {
    let id = collection.named_id(&fields);
    let id = id.unwrap_or_else(|| store.next_id(collection.ids));
    for field in collection.timestamps() {
        fields.remove(field);
    }
    create_with_id(store, collection, scope, (now, id), fields)
}

/// Creates an item with an id. Times of creation and change that the fields have are kept.
pub(super) fn create_with_id(
    store: &mut Store,
    collection: &'static Collection,
    scope: &str,
    (now, id): (u64, String),
    mut fields: Fields,
) -> Item {
    let position = store.free_position(collection, scope, now);
    for name in collection.discarded {
        fields.remove(*name);
    }
    fields.retain(|_, value| !value.is_null());
    fields.insert(collection.id.into(), id.as_str().into());
    if !collection.scope_field.is_empty() {
        fields.insert(collection.scope_field.into(), scope.into());
    }
    for (field, value) in collection.defaults {
        if !fields.contains_key(*field) {
            let value = value.json(store, position);
            fields.insert((*field).into(), value);
        }
    }
    if !collection.number_field.is_empty() && !fields.contains_key(collection.number_field) {
        let number = next_number(store, collection, scope);
        fields.insert(collection.number_field.into(), number.into());
    }
    for field in collection.timestamps() {
        let time = || time::iso(position).into();
        fields.entry(field).or_insert_with(time);
    }
    for (field, timestamp) in collection.change_timestamps {
        if fields.contains_key(*field) {
            fields.insert((*timestamp).into(), time::iso(position).into());
        }
    }
    (collection.on_write)(&mut fields);
    let item = Item {
        collection,
        id,
        scope: scope.into(),
        position,
        fields,
    };
    create_tags(store, &item, position);
    store.insert(&item);
    store.changed(|| item.created());
    item
}

/// Changes fields of an item. Null removes a field.
pub(super) fn update(store: &mut Store, mut item: Item, fields: Fields, now: u64) -> Item {
    let collection = item.collection;
    let before = store.remove(collection, &item.scope, &item.id);
    for (name, value) in fields {
        if collection.discarded.contains(&name.as_str()) || name == collection.id {
            continue;
        }
        if item.fields.get(&name) != Some(&value) {
            let timestamps = collection.change_timestamps.iter();
            for (_, timestamp) in timestamps.filter(|(field, _)| *field == name) {
                item.fields
                    .insert((*timestamp).into(), time::iso(now).into());
            }
        }
        if value.is_null() {
            item.fields.remove(&name);
        } else {
            item.fields.insert(name, value);
        }
    }
    if !collection.scope_field.is_empty() {
        item.fields
            .insert(collection.scope_field.into(), (*item.scope).into());
    }
    for field in collection.updated_fields {
        item.fields.insert((*field).into(), time::iso(now).into());
    }
    (collection.on_write)(&mut item.fields);
    create_tags(store, &item, now);
    store.insert(&item);
    let before = before.map(|before| before.fields).unwrap_or_default();
    store.changed(|| item.updated(before));
    item
}

/// One more than the highest number of a location's items.
pub(super) fn next_number(store: &Store, collection: &Collection, scope: &str) -> u64 {
    let items = store.iter(collection, scope);
    let numbers = items.filter_map(|item| match item.fields().get(collection.number_field)? {
        Value::String(text) => text.parse().ok(),
        value => value.as_u64(),
    });
    numbers
        .max()
        .map_or(1, |highest: u64| highest.saturating_add(1))
}

/// Adds the tags of a contact to the tags of its location.
fn create_tags(store: &mut Store, item: &Item, now: u64) {
    if item.collection.name != "contacts" {
        return;
    }
    let tags = tables::named("tags");
    let names = item.fields.get("tags").and_then(Value::as_array);
    for name in names.into_iter().flatten() {
        let fields = Map::from_iter([("name".to_owned(), name.clone())]);
        if store
            .unique_owner(tags, &item.scope, "name", &fields)
            .is_none()
        {
            create(store, tags, &item.scope, now, fields);
        }
    }
}
