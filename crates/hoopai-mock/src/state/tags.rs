//! Tags of contacts: in lower case, each once, and all of them in the location's list.

use serde_json::{Map, Value};

use super::collection::Collection;
use super::store::{Fields, Store};
use super::{make, tables};

/// The collection whose items have tags that their location lists.
const TAGGED: &str = "contacts";

/// Tags in lower case, each once.
pub(super) fn normal(tags: Vec<Value>) -> Vec<Value> {
    let mut normal: Vec<Value> = Vec::with_capacity(tags.len());
    for tag in tags {
        let tag = match tag {
            Value::String(name) => name.to_lowercase().into(),
            tag => tag,
        };
        if !normal.contains(&tag) {
            normal.push(tag);
        }
    }
    normal
}

/// Keeps an item's tags, however they came to be written.
pub(super) fn keep(
    store: &mut Store,
    collection: &Collection,
    location: &str,
    now: u64,
    fields: &mut Fields,
) {
    let tags = fields.get_mut("tags").and_then(Value::as_array_mut);
    let Some(tags) = tags.filter(|_| collection.name == TAGGED) else {
        return;
    };
    *tags = normal(std::mem::take(tags));
    let kept = tags.clone();
    let (number, collection) = tables::named("tags");
    for tag in kept {
        let fields = Map::from_iter([("name".to_owned(), tag)]);
        if store.owner(number, location, "name", &fields).is_none() {
            make::item(store, number, collection, location, now, fields);
        }
    }
}
