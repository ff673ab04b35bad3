//! Where items are kept: a shelf for each collection and location, in the order of their making.
//!
//! An item is kept as JSON text, which takes a third of what a tree of values would; a page reads only its own.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use fastrand::Rng;
use serde_json::{Map, Value};

use super::collection::{Collection, Ids};

/// Fields and values.
pub(super) type Fields = Map<String, Value>;

/// All items.
#[derive(Default)]
pub(super) struct Store {
    seed: u64,
    made: u64,
    heard: HashSet<(usize, Box<str>)>,
    /// By a collection's number.
    drawers: HashMap<usize, Drawer>,
}

/// One collection's items of all locations.
#[derive(Default)]
struct Drawer {
    /// Whether ids are given by callers, so that each location may have the same.
    by_scope: bool,
    shelves: HashMap<Arc<str>, BTreeMap<u64, Item>>,
    places: HashMap<Box<str>, FieldPath>,
    /// Who has a value that only one may have.
    taken: HashMap<Box<str>, Box<str>>,
}

#[derive(Clone)]
struct FieldPath {
    scope: Arc<str>,
    at: u64,
}

/// An item as it is kept.
pub(super) struct Item {
    id: Box<str>,
    /// The id of what it belongs to; empty where it belongs to nothing.
    parent: Box<str>,
    json: Box<str>,
}

/// An item as it is read.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) id: String,
    pub(super) scope: Arc<str>,
    /// Its place in the order: the moment of its making in milliseconds, no two on a shelf alike.
    pub(super) at: u64,
    pub(super) fields: Fields,
}

impl Item {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn parent(&self) -> &str {
        &self.parent
    }

    /// Whether the text could be in the item; what cannot be is not worth reading.
    pub(super) fn may_have(&self, text: &str) -> bool {
        text.contains(['"', '\\']) || self.json.contains(text)
    }

    pub(super) fn fields(&self) -> Fields {
        serde_json::from_str(&self.json).unwrap_or_default()
    }
}

impl Drawer {
    /// What a place is known by.
    fn key<'a>(&self, scope: &str, id: &'a str) -> Cow<'a, str> {
        match self.by_scope {
            true => format!("{scope}\0{id}").into(),
            false => id.into(),
        }
    }

    fn found(&self, place: &FieldPath, id: &str) -> Option<Found> {
        let item = self.shelves.get(&place.scope)?.get(&place.at)?;
        Some(Found {
            id: id.to_owned(),
            scope: Arc::clone(&place.scope),
            at: place.at,
            fields: item.fields(),
        })
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

    /// The next id of a kind; the same after the same number of items with the same seed.
    pub(super) fn next_id(&mut self, ids: Ids) -> String {
        self.made += 1;
        let mut rng = Rng::with_seed(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.made);
        let mut hex = |length: usize| -> String {
            let digit = |_| char::from_digit(rng.u32(0..16), 16).unwrap_or('0');
            (0..length).map(digit).collect()
        };
        match ids {
            Ids::Hex => hex(24),
            Ids::Uuid => {
                let parts = [hex(8), hex(4), hex(3), hex(3), hex(12)];
                let [a, b, c, d, e] = parts;
                format!("{a}-{b}-4{c}-8{d}-{e}")
            }
            Ids::Letters | Ids::Given => (0..20).map(|_| rng.alphanumeric()).collect(),
        }
    }

    /// The position of an item that is made at a moment: that moment, or the next free one.
    pub(super) fn free(&self, number: usize, scope: &str, at: u64) -> u64 {
        let drawer = self.drawers.get(&number);
        let Some(shelf) = drawer.and_then(|drawer| drawer.shelves.get(scope)) else {
            return at;
        };
        if !shelf.contains_key(&at) {
            return at;
        }
        let last = shelf.last_key_value().map_or(at, |(last, _)| *last);
        // All later positions are taken by items of the same moment: the search for a gap would be quadratic.
        if (last - at) as usize <= shelf.len() {
            return last + 1;
        }
        let mut next = at + 1;
        while shelf.contains_key(&next) {
            next += 1;
        }
        next
    }

    /// Puts an item on its shelf. `at` must be free.
    pub(super) fn put(&mut self, collection: &Collection, number: usize, found: &Found) {
        let drawer = self.drawers.entry(number).or_default();
        drawer.by_scope = matches!(collection.ids, Ids::Given);
        for field in collection.unique.fields() {
            if let Some(key) = taken_key(&found.scope, field, &found.fields) {
                drawer
                    .taken
                    .entry(key)
                    .or_insert_with(|| found.id.as_str().into());
            }
        }
        let parent = collection.parent.as_ref();
        let parent = parent.and_then(|parent| found.fields.get(parent.field)?.as_str());
        let item = Item {
            id: found.id.as_str().into(),
            parent: parent.unwrap_or_default().into(),
            json: Value::Object(found.fields.clone()).to_string().into(),
        };
        let known = drawer
            .shelves
            .get_key_value(&found.scope)
            .map(|(scope, _)| Arc::clone(scope));
        let scope = known.unwrap_or_else(|| Arc::clone(&found.scope));
        let place = FieldPath {
            scope: Arc::clone(&scope),
            at: found.at,
        };
        let key = drawer.key(&found.scope, &found.id);
        drawer.places.insert(key.into(), place);
        drawer
            .shelves
            .entry(scope)
            .or_default()
            .insert(found.at, item);
    }

    /// Takes an item away, whatever else is known of it.
    pub(super) fn remove(
        &mut self,
        collection: &Collection,
        number: usize,
        scope: &str,
        id: &str,
    ) -> Option<Found> {
        let found = self.find_in(number, scope, id)?;
        let drawer = self.drawers.get_mut(&number)?;
        for field in collection.unique.fields() {
            if let Some(key) = taken_key(&found.scope, field, &found.fields)
                && drawer.taken.get(&key).is_some_and(|owner| **owner == *id)
            {
                drawer.taken.remove(&key);
            }
        }
        let key = drawer.key(scope, id).into_owned();
        drawer.places.remove(&*key);
        drawer.shelves.get_mut(&found.scope)?.remove(&found.at);
        Some(found)
    }

    /// Takes away all that belongs to `parent`; tells what.
    pub(super) fn remove_children(
        &mut self,
        number: usize,
        scope: &str,
        parent: &str,
    ) -> Vec<Box<str>> {
        let mut gone = Vec::new();
        let Some(drawer) = self.drawers.get_mut(&number) else {
            return gone;
        };
        if let Some(shelf) = drawer.shelves.get_mut(scope) {
            let places = &mut drawer.places;
            shelf.retain(|_, item| {
                let stays = *item.parent != *parent;
                if !stays {
                    places.remove(&item.id);
                    gone.push(item.id.clone());
                }
                stays
            });
        }
        gone
    }

    /// The item of an id, wherever it is. Items whose ids are given by callers are found by [`Store::find_in`] alone.
    pub(super) fn find(&self, number: usize, id: &str) -> Option<Found> {
        let drawer = self.drawers.get(&number)?;
        drawer.found(drawer.places.get(id)?, id)
    }

    /// The item of an id, where the same id may stand in several places that in this one.
    pub(super) fn find_in(&self, number: usize, scope: &str, id: &str) -> Option<Found> {
        let drawer = self.drawers.get(&number)?;
        drawer.found(drawer.places.get(&*drawer.key(scope, id))?, id)
    }

    /// Who has this value of a field that only one may have.
    pub(super) fn owner(
        &self,
        number: usize,
        scope: &str,
        field: &str,
        fields: &Fields,
    ) -> Option<String> {
        let key = taken_key(scope, field, fields)?;
        let drawer = self.drawers.get(&number)?;
        drawer.taken.get(&key).map(|id| id.to_string())
    }

    /// A shelf's items, the oldest first.
    pub(super) fn shelf(&self, number: usize, scope: &str) -> Option<&BTreeMap<u64, Item>> {
        self.drawers.get(&number)?.shelves.get(scope)
    }

    /// Whether this is the first time that the name is heard of; what was there by itself and was deleted does not come back.
    pub(super) fn first_heard(&mut self, number: usize, id: &str) -> bool {
        self.heard.insert((number, id.into()))
    }

    /// An item's fields, by its place.
    pub(super) fn at(&self, number: usize, scope: &str, at: u64) -> Option<Found> {
        let drawer = self.drawers.get(&number)?;
        let (scope, shelf) = drawer.shelves.get_key_value(scope)?;
        let item = shelf.get(&at)?;
        Some(Found {
            id: item.id.to_string(),
            scope: Arc::clone(scope),
            at,
            fields: item.fields(),
        })
    }
}

/// Under which key a value is taken; nothing where there is none. Case does not matter.
fn taken_key(scope: &str, field: &str, fields: &Fields) -> Option<Box<str>> {
    let value = fields
        .get(field)?
        .as_str()
        .filter(|value| !value.is_empty())?;
    Some(format!("{scope}\0{field}\0{}", value.to_lowercase()).into())
}
