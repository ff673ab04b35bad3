//! Stores the items of all collections, in the order of their creation for each location or
//! company.
//!
//! An item is stored as JSON text, which takes a third of the memory of a tree of values. A page
//! parses its own items only.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use fastrand::Rng;
use serde_json::{Value, json};

use super::change::{Change, ChangeKind};
use super::collection::{Collection, Fields, IdFormat, Scope};
use super::tables;

/// The items of all collections.
#[derive(Default)]
pub(super) struct Store {
    seed: u64,
    /// The number of ids that were made.
    ids: u64,
    /// Locations and users that were created by default.
    seen_ids: HashSet<Box<str>>,
    collections: HashMap<&'static str, CollectionStore>,
    /// The changes of the current request; `None` if they are not recorded.
    changes: Option<Vec<Change>>,
}

/// The items of one location or company, by position.
pub(super) type ScopeItems = BTreeMap<u64, StoredItem>;

/// The items of one collection.
#[derive(Default)]
struct CollectionStore {
    scopes: HashMap<Arc<str>, ScopeItems>,
    /// By [`index_key`].
    index: HashMap<Box<str>, IndexEntry>,
    /// The ids of the items that have a unique value, by [`unique_key`].
    unique_values: HashMap<Box<str>, Box<str>>,
}

#[derive(Clone)]
struct IndexEntry {
    scope: Arc<str>,
    position: u64,
}

/// An item as it is stored.
pub(super) struct StoredItem {
    id: Box<str>,
    /// The id of the parent; empty if there is none.
    parent: Box<str>,
    json: Box<str>,
}

/// An item as it is read.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) collection: &'static Collection,
    pub(super) id: String,
    pub(super) scope: Arc<str>,
    /// The time of creation in milliseconds, made unique in its scope; the order of items.
    pub(super) position: u64,
    pub(super) fields: Fields,
}

impl Item {
    /// The change that created the item.
    pub(super) fn created(&self) -> Change {
        self.change(ChangeKind::Created, Fields::new())
    }

    /// The change from these fields.
    pub(super) fn updated(&self, mut before: Fields) -> Change {
        (self.collection.on_read)(&mut before);
        self.change(ChangeKind::Updated, before)
    }

    /// The change that deleted the item.
    pub(super) fn deleted(&self) -> Change {
        self.change(ChangeKind::Deleted, Fields::new())
    }

    fn change(&self, kind: ChangeKind, before: Fields) -> Change {
        let mut fields = self.fields.clone();
        (self.collection.on_read)(&mut fields);
        Change {
            kind,
            collection: self.collection.name,
            scope: Arc::clone(&self.scope),
            of_company: self.collection.scope == Scope::Company,
            id: self.id.clone(),
            before,
            fields,
        }
    }
}

impl StoredItem {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn parent(&self) -> &str {
        &self.parent
    }

    /// Whether the text could be in the item. Items that cannot have it need not be parsed.
    pub(super) fn may_contain(&self, text: &str) -> bool {
        text.contains(['"', '\\']) || self.json.contains(text)
    }

    pub(super) fn fields(&self) -> Fields {
        serde_json::from_str(&self.json).unwrap_or_default()
    }
}

impl Store {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// The number of items of each collection and scope, sorted by both.
    pub(super) fn counts(&self) -> Vec<(&'static str, String, usize)> {
        let collections = self.collections.iter();
        let mut counts: Vec<_> = collections
            .flat_map(|(name, own)| {
                let scopes = own.scopes.iter();
                scopes.map(|(scope, items)| (*name, scope.to_string(), items.len()))
            })
            .filter(|(_, _, count)| *count > 0)
            .collect();
        counts.sort();
        counts
    }

    /// All items as JSON.
    pub(super) fn snapshot(&self) -> Value {
        let mut items = Vec::new();
        for (name, scope, _) in self.counts() {
            let own = self.collections.get(name);
            let own = own.and_then(|own| own.scopes.get(scope.as_str()));
            for (position, item) in own.into_iter().flatten() {
                items.push(json!([name, scope, position, item.id, item.fields()]));
            }
        }
        let mut seen: Vec<&str> = self.seen_ids.iter().map(|id| &**id).collect();
        seen.sort_unstable();
        json!({ "ids": self.ids, "seen": seen, "items": items })
    }

    /// The items of a snapshot.
    pub(super) fn restored(seed: u64, snapshot: &Value) -> Result<Self, String> {
        let mut store = Self::new(seed);
        store.ids = snapshot["ids"].as_u64().ok_or("`ids` is no number")?;
        let seen = snapshot["seen"].as_array().ok_or("`seen` is no list")?;
        store.seen_ids = seen
            .iter()
            .filter_map(Value::as_str)
            .map(Box::from)
            .collect();
        let items = snapshot["items"].as_array().ok_or("`items` is no list")?;
        for (index, item) in items.iter().enumerate() {
            let parts = (|| {
                let name = item[0].as_str()?;
                let (scope, position) = (item[1].as_str()?, item[2].as_u64()?);
                let (id, fields) = (item[3].as_str()?, item[4].as_object()?);
                Some((tables::find(name)?, scope, position, id, fields))
            })();
            let (collection, scope, position, id, fields) =
                parts.ok_or_else(|| format!("`items[{index}]` is no item"))?;
            store.insert(&Item {
                collection,
                id: id.to_owned(),
                scope: scope.into(),
                position,
                fields: fields.clone(),
            });
        }
        Ok(store)
    }

    /// Records changes from now on.
    pub(super) fn record_changes(&mut self) {
        self.changes = Some(Vec::new());
    }

    /// Returns the changes since [`record_changes`](Self::record_changes), and records no more.
    pub(super) fn take_changes(&mut self) -> Vec<Change> {
        self.changes.take().unwrap_or_default()
    }

    /// Records a change if changes are recorded.
    pub(super) fn changed(&mut self, change: impl FnOnce() -> Change) {
        if let Some(changes) = &mut self.changes {
            changes.push(change());
        }
    }

    /// Makes a new id; the same seed makes the same sequence of ids.
    pub(super) fn next_id(&mut self, format: IdFormat) -> String {
        self.ids += 1;
        let mut rng = Rng::with_seed(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.ids);
        let mut hex = |length: usize| -> String {
            let digit = |_| char::from_digit(rng.u32(0..16), 16).unwrap_or('0');
            (0..length).map(digit).collect()
        };
        match format {
            IdFormat::Hex => hex(24),
            IdFormat::Uuid => {
                let parts = [hex(8), hex(4), hex(3), hex(3), hex(12)];
                let [a, b, c, d, e] = parts;
                format!("{a}-{b}-4{c}-8{d}-{e}")
            }
            IdFormat::Alphanumeric | IdFormat::FromRequest { .. } => {
                (0..20).map(|_| rng.alphanumeric()).collect()
            }
        }
    }

    /// The position of an item that is created at a time: that time, or the next free position.
    pub(super) fn free_position(&self, collection: &Collection, scope: &str, time: u64) -> u64 {
        let Some(items) = self.items(collection, scope) else {
            return time;
        };
        if !items.contains_key(&time) {
            return time;
        }
        let last = items.last_key_value().map_or(time, |(last, _)| *last);
        // All later positions are taken by items of the same time: the search for a gap would be
        // quadratic.
        if (last - time) as usize <= items.len() {
            return last + 1;
        }
        let mut positions = time + 1..;
        let free = positions.find(|position| !items.contains_key(position));
        free.unwrap_or(last + 1)
    }

    /// Inserts an item; its position must be free.
    pub(super) fn insert(&mut self, item: &Item) {
        let collection = item.collection;
        let own = self.collections.entry(collection.name).or_default();
        for field in collection.unique.fields() {
            if let Some(key) = unique_key(&item.scope, field, &item.fields) {
                let owner = own.unique_values.entry(key);
                owner.or_insert_with(|| item.id.as_str().into());
            }
        }
        let parent = collection.parent.as_ref();
        let parent = parent.and_then(|parent| item.fields.get(parent.field)?.as_str());
        let stored = StoredItem {
            id: item.id.as_str().into(),
            parent: parent.unwrap_or_default().into(),
            json: Value::Object(item.fields.clone()).to_string().into(),
        };
        let shared = own.scopes.get_key_value(&item.scope);
        let scope = Arc::clone(shared.map_or(&item.scope, |(scope, _)| scope));
        let entry = IndexEntry {
            scope: Arc::clone(&scope),
            position: item.position,
        };
        let key = index_key(collection, &item.scope, &item.id);
        own.index.insert(key.into(), entry);
        own.scopes
            .entry(scope)
            .or_default()
            .insert(item.position, stored);
    }

    /// Removes an item.
    pub(super) fn remove(
        &mut self,
        collection: &'static Collection,
        scope: &str,
        id: &str,
    ) -> Option<Item> {
        let item = self.find_in(collection, scope, id)?;
        let own = self.collections.get_mut(collection.name)?;
        for field in collection.unique.fields() {
            if let Some(key) = unique_key(&item.scope, field, &item.fields)
                && own
                    .unique_values
                    .get(&key)
                    .is_some_and(|owner| **owner == *id)
            {
                own.unique_values.remove(&key);
            }
        }
        own.index.remove(&*index_key(collection, scope, id));
        own.scopes.get_mut(&item.scope)?.remove(&item.position);
        Some(item)
    }

    /// Removes the items that belong to `parent`; returns their ids.
    pub(super) fn remove_children(
        &mut self,
        collection: &Collection,
        scope: &str,
        parent: &str,
    ) -> Vec<Box<str>> {
        let mut removed = Vec::new();
        let Some(own) = self.collections.get_mut(collection.name) else {
            return removed;
        };
        if let Some(items) = own.scopes.get_mut(scope) {
            let index = &mut own.index;
            items.retain(|_, item| {
                let stays = *item.parent != *parent;
                if !stays {
                    index.remove(&item.id);
                    removed.push(item.id.clone());
                }
                stays
            });
        }
        removed
    }

    /// Finds an item by its id in any scope. Items with [`IdFormat::FromRequest`] are found by
    /// [`Store::find_in`] only.
    pub(super) fn find(&self, collection: &'static Collection, id: &str) -> Option<Item> {
        self.indexed(collection, id, id)
    }

    /// Finds an item by its id, in this scope if ids are unique in their scope only.
    pub(super) fn find_in(
        &self,
        collection: &'static Collection,
        scope: &str,
        id: &str,
    ) -> Option<Item> {
        self.indexed(collection, &index_key(collection, scope, id), id)
    }

    fn indexed(&self, collection: &'static Collection, key: &str, id: &str) -> Option<Item> {
        let own = self.collections.get(collection.name)?;
        let entry = own.index.get(key)?;
        let stored = own.scopes.get(&entry.scope)?.get(&entry.position)?;
        Some(Item {
            collection,
            id: id.to_owned(),
            scope: Arc::clone(&entry.scope),
            position: entry.position,
            fields: stored.fields(),
        })
    }

    /// The id of the item that has the value of a unique field.
    pub(super) fn unique_owner(
        &self,
        collection: &Collection,
        scope: &str,
        field: &str,
        fields: &Fields,
    ) -> Option<String> {
        let key = unique_key(scope, field, fields)?;
        let own = self.collections.get(collection.name)?;
        own.unique_values.get(&key).map(|id| id.to_string())
    }

    /// The items of a location or company, the oldest first; `None` if it never had any.
    pub(super) fn items(&self, collection: &Collection, scope: &str) -> Option<&ScopeItems> {
        self.collections.get(collection.name)?.scopes.get(scope)
    }

    /// The items of a location or company, the oldest first.
    pub(super) fn iter(
        &self,
        collection: &Collection,
        scope: &str,
    ) -> impl Iterator<Item = &StoredItem> {
        let items = self.items(collection, scope);
        items.into_iter().flat_map(BTreeMap::values)
    }

    /// Records an id of a location or a user; returns whether it is new. Deleted defaults are not
    /// created again.
    pub(super) fn mark_seen(&mut self, id: &str) -> bool {
        self.seen_ids.insert(id.into())
    }

    /// The item at a position.
    pub(super) fn at(
        &self,
        collection: &'static Collection,
        scope: &str,
        position: u64,
    ) -> Option<Item> {
        let own = self.collections.get(collection.name)?;
        let (scope, items) = own.scopes.get_key_value(scope)?;
        let stored = items.get(&position)?;
        Some(Item {
            collection,
            id: stored.id.to_string(),
            scope: Arc::clone(scope),
            position,
            fields: stored.fields(),
        })
    }
}

fn index_key<'a>(collection: &Collection, scope: &str, id: &'a str) -> Cow<'a, str> {
    match collection.ids {
        IdFormat::FromRequest { .. } => format!("{scope}\0{id}").into(),
        _ => id.into(),
    }
}

/// The key of the value of a unique field; `None` if there is no value. Values are compared without
/// case.
fn unique_key(scope: &str, field: &str, fields: &Fields) -> Option<Box<str>> {
    let value = fields
        .get(field)?
        .as_str()
        .filter(|value| !value.is_empty())?;
    Some(format!("{scope}\0{field}\0{}", value.to_lowercase()).into())
}
