//! The fields and types that seeded items can have: those that the interface declares for the collection's items, in requests
//! and in replies, and those that the tables name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, OnceLock};

use serde_json::Value;

use super::super::collection::{Act, Collection, How, Row, SILENT};
use super::super::store::Fields;
use super::super::tables;
use crate::check::Mode;
use crate::check::field_path::FieldPath;
use crate::check::schema::{FieldError, validate};
use crate::closest;
use crate::interface::schema_view::{alternatives, object, parts};
use crate::interface::{Interface, Operation};

/// A schema of an operation.
type Schema = (&'static Operation, &'static Value);

/// The fields of a collection's items.
pub(super) struct Declared {
    /// All schemas that requests and replies declare for a field, by its name.
    schemas: BTreeMap<&'static str, Vec<Schema>>,
    /// Fields that the tables name; their types may be unknown.
    internal: BTreeSet<&'static str>,
}

/// Cache by the collection's number.
static DECLARED: LazyLock<Vec<OnceLock<Declared>>> =
    LazyLock::new(|| tables::all().map(|_| OnceLock::new()).collect());

impl Declared {
    /// The fields of a collection's items.
    pub(super) fn of(number: usize, collection: &'static Collection) -> &'static Self {
        static NONE: OnceLock<Declared> = OnceLock::new();
        let known = DECLARED.get(number).unwrap_or(&NONE);
        known.get_or_init(|| Self::read(collection))
    }

    fn read(collection: &'static Collection) -> Self {
        let mut declared = Self {
            schemas: BTreeMap::new(),
            internal: internal(collection),
        };
        for row in collection.rows {
            let Some(operation) = Interface::shared().operation(row.operation) else {
                continue;
            };
            if let Some(schema) = request(operation, row) {
                declared.add(operation, schema, 0);
            }
            if let Some(schema) = reply(operation, row) {
                declared.add(operation, schema, 0);
            }
        }
        declared
    }

    fn add(&mut self, operation: &'static Operation, schema: &'static Value, depth: usize) {
        if depth > 8 {
            return;
        }
        for part in parts(operation, schema) {
            for (name, schema) in object(part, "properties").into_iter().flatten() {
                let schemas = self.schemas.entry(name).or_default();
                schemas.push((operation, schema));
            }
            for shape in alternatives(part) {
                self.add(operation, shape, depth + 1);
            }
        }
    }

    /// Returns the faults of the fields of a seeded item, a sentence each.
    pub(super) fn faults(&self, collection: &Collection, fields: &Fields) -> Vec<String> {
        let mut faults = Vec::new();
        let is_moment = |name: &str| {
            let mut moments = collection.created.iter().chain(collection.changed);
            moments.any(|own| *own == name)
        };
        for (name, value) in fields {
            // Moments can be given in any form, and are checked where they are read.
            if is_moment(name) {
                continue;
            }
            if collection.secret.contains(&name.as_str()) {
                faults.push(format!("`{name}` is not kept"));
            } else if let Some(other) = shown_of(collection, name) {
                let field = collection.shows.map_or("", |shows| shows.by);
                faults.push(format!(
                    "`{name}` is shown of the item of `{other}` that `{field}` names; seed it there"
                ));
            } else if let Some(schemas) = self.schemas.get(name.as_str()) {
                faults.extend(wrong_type(name, value, schemas));
            } else if !self.internal.contains(name.as_str()) && !self.is_open() {
                faults.push(self.unknown(name));
            }
        }
        faults
    }

    /// Whether the interface declares no fields at all, so that all are accepted.
    fn is_open(&self) -> bool {
        self.schemas.is_empty()
    }

    fn unknown(&self, name: &str) -> String {
        let names = self.schemas.keys().chain(&self.internal);
        let closest = closest::suggestion(name, names.map(|name| (*name, *name)));
        format!("there is no field `{name}`{closest}")
    }
}

/// The collection from which replies copy a field; `None` for the item's own fields.
fn shown_of(collection: &Collection, name: &str) -> Option<&'static str> {
    let shows = collection.shows?;
    let is_shown = match shows.under {
        "" => shows.fields.iter().any(|(here, _)| *here == name) && name != shows.by,
        under => under == name,
    };
    let is_sampled = collection.sample.iter().any(|(field, _)| *field == name);
    (is_shown && !is_sampled).then_some(shows.collection)
}

/// The faults of a value that must fit one of several schemas. Each item of a list can fit another one.
fn wrong_type(name: &str, value: &Value, schemas: &[Schema]) -> Vec<String> {
    let place = FieldPath::parameter(name);
    let of_items = |(operation, schema): &Schema| {
        let mut lists = parts(operation, schema).into_iter();
        let items = lists.find_map(|part| part.get("items"))?;
        Some((*operation, items))
    };
    let items: Vec<Schema> = schemas.iter().filter_map(of_items).collect();
    match value {
        Value::Null => Vec::new(),
        Value::Array(list) if !items.is_empty() => {
            let each = list.iter().enumerate();
            each.flat_map(|(index, item)| closest_faults(&place.item(index), item, &items))
                .collect()
        }
        value => closest_faults(&place, value, schemas),
    }
}

/// The faults against the schema that comes closest.
fn closest_faults(place: &FieldPath<'_>, value: &Value, schemas: &[Schema]) -> Vec<String> {
    let against =
        |(operation, schema): &Schema| validate(operation, schema, value, Mode::Seed, place);
    let least = |least: Option<Vec<FieldError>>, faults: Vec<FieldError>| match least {
        Some(least) if least.len() <= faults.len() => Some(least),
        _ => Some(faults),
    };
    let faults = schemas.iter().map(against).fold(None, least);
    let sentences = faults.into_iter().flatten().map(|(_, sentence)| sentence);
    sentences.collect()
}

/// The schema of an item in a request.
fn request(operation: &'static Operation, row: &Row) -> Option<&'static Value> {
    let schema = &operation.body.as_ref()?.schema;
    match row.act {
        Act::Create | Act::Update | Act::Upsert => Some(schema),
        Act::CreateAll => operation.resolve(schema).get("items"),
        _ => None,
    }
}

/// The schema of an item in a reply.
fn reply(operation: &'static Operation, row: &Row) -> Option<&'static Value> {
    let shows = matches!(
        row.act,
        Act::List
            | Act::Get
            | Act::GetBy(_)
            | Act::FindBy(_)
            | Act::Create
            | Act::Update
            | Act::Upsert
    );
    if !shows || row.at == SILENT {
        return None;
    }
    let (_, mut schema) = operation
        .reply
        .content
        .as_ref()
        .map(|(kind, schema)| (kind, schema))?;
    for step in row.at.split('.').filter(|step| !step.is_empty()) {
        let mut holders = parts(operation, schema).into_iter();
        schema = holders.find_map(|part| object(part, "properties")?.get(step))?;
    }
    let mut lists = parts(operation, schema).into_iter();
    Some(lists.find_map(|part| part.get("items")).unwrap_or(schema))
}

/// The fields that the tables name.
fn internal(collection: &'static Collection) -> BTreeSet<&'static str> {
    let mut names = BTreeSet::from([collection.id]);
    let root = |path: &'static str| path.split('.').next().unwrap_or_default();
    names.extend(collection.created.iter().chain(collection.changed));
    names.extend(collection.text);
    names.extend(collection.unique.fields());
    names.extend(collection.defaults.iter().map(|(name, _)| *name));
    names.extend(collection.sample.iter().map(|(name, _)| *name));
    names.extend(
        collection
            .stamps
            .iter()
            .flat_map(|(field, stamp)| [*field, *stamp]),
    );
    names.extend(collection.parent.map(|parent| parent.field));
    names.extend([collection.place, collection.numbered]);
    for row in collection.rows {
        names.extend(row.sets.iter().map(|(name, _)| *name));
        names.extend(row.takes);
        for filter in row.filters {
            match filter.how {
                How::Is(path) | How::From(path) | How::To(path) => {
                    names.insert(root(path));
                }
                How::OneOf(paths) => names.extend(paths.iter().map(|path| root(path))),
                How::Holds(path, _) => {
                    names.insert(root(path));
                }
                How::Text | How::Conditions(_) | How::Orders(_) => {}
            }
        }
    }
    names.remove("");
    names
}
