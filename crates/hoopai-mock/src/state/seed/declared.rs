//! The fields and types of seeded items: those that the interface declares for the items of the
//! collection, in requests and in replies, and those that the tables name.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use serde_json::Value;

use crate::check::Mode;
use crate::check::field_path::FieldPath;
use crate::check::schema::{FieldError, validate};
use crate::closest;
use crate::interface::schema_view::{alternatives, object, parts};
use crate::interface::{Interface, Operation};
use crate::state::collection::{Action, Collection, Endpoint, Fields, FilterKind};
use crate::state::tables;

/// A schema of an operation.
type Schema = (&'static Operation, &'static Value);

/// The fields of a collection's items.
pub(super) struct Declared {
    /// All schemas that requests and replies declare for a field, by its name.
    schemas: BTreeMap<&'static str, Vec<Schema>>,
    /// Fields that the tables name; their types may be unknown.
    internal: BTreeSet<&'static str>,
}

/// The declared fields that were read so far, by the collection's name.
static DECLARED: LazyLock<Mutex<HashMap<&'static str, Arc<Declared>>>> =
    LazyLock::new(Mutex::default);

impl Declared {
    /// The fields of a collection's items.
    pub(super) fn of(collection: &'static Collection) -> Arc<Self> {
        let mut declared = DECLARED.lock().unwrap_or_else(PoisonError::into_inner);
        let own = declared.entry(collection.name);
        Arc::clone(own.or_insert_with(|| Arc::new(Self::read(collection))))
    }

    fn read(collection: &'static Collection) -> Self {
        let mut declared = Self {
            schemas: BTreeMap::new(),
            internal: internal(collection),
        };
        let own = tables::endpoints().filter(|(_, (owner, _))| owner.name == collection.name);
        for (operation, (_, endpoint)) in own {
            let Some(operation) = Interface::shared().operation(&operation) else {
                continue;
            };
            if let Some(schema) = request(operation, endpoint) {
                declared.add(operation, schema, 0);
            }
            if let Some(schema) = reply(operation, endpoint) {
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

    /// Returns the errors of the fields of a seeded item, a sentence each.
    pub(super) fn errors(&self, collection: &Collection, fields: &Fields) -> Vec<String> {
        let mut errors = Vec::new();
        let timestamps: Vec<&str> = collection.timestamps().collect();
        for (name, value) in fields {
            // Times can be in any form, and are checked separately.
            if timestamps.contains(&name.as_str()) {
                continue;
            }
            if collection.discarded.contains(&name.as_str()) {
                errors.push(format!("`{name}` is not stored"));
            } else if let Some(other) = embedded_from(collection, name) {
                let field = collection.embeds.map_or("", |embed| embed.id_field);
                errors.push(format!(
                    "`{name}` is a copy from the item of `{other}` that `{field}` names; seed it there"
                ));
            } else if let Some(schemas) = self.schemas.get(name.as_str()) {
                errors.extend(wrong_type(name, value, schemas));
            } else if !self.internal.contains(name.as_str()) && !self.is_open() {
                errors.push(self.unknown(name));
            }
        }
        errors
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
fn embedded_from(collection: &Collection, name: &str) -> Option<&'static str> {
    let embed = collection.embeds?;
    let is_embedded = match embed.field {
        "" => embed.fields.iter().any(|(own, _)| *own == name) && name != embed.id_field,
        field => field == name,
    };
    let is_sampled = collection.sample.iter().any(|(field, _)| *field == name);
    (is_embedded && !is_sampled).then_some(embed.collection)
}

/// The errors of a value that must fit one of several schemas. Each item of a list can fit another
/// one.
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
            each.flat_map(|(index, item)| closest_errors(&place.item(index), item, &items))
                .collect()
        }
        value => closest_errors(&place, value, schemas),
    }
}

/// The errors against the schema that comes closest.
fn closest_errors(place: &FieldPath<'_>, value: &Value, schemas: &[Schema]) -> Vec<String> {
    let against =
        |(operation, schema): &Schema| validate(operation, schema, value, Mode::Seed, place);
    let least = |least: Option<Vec<FieldError>>, errors: Vec<FieldError>| match least {
        Some(least) if least.len() <= errors.len() => Some(least),
        _ => Some(errors),
    };
    let errors = schemas.iter().map(against).fold(None, least);
    let sentences = errors.into_iter().flatten().map(|(_, sentence)| sentence);
    sentences.collect()
}

/// The schema of an item in a request.
fn request(operation: &'static Operation, endpoint: &Endpoint) -> Option<&'static Value> {
    let schema = &operation.body.as_ref()?.schema;
    match endpoint.action {
        Action::Create | Action::Update | Action::Upsert => Some(schema),
        Action::CreateMany => operation.resolve(schema).get("items"),
        _ => None,
    }
}

/// The schema of an item in a reply.
fn reply(operation: &'static Operation, endpoint: &Endpoint) -> Option<&'static Value> {
    let shows_items = matches!(
        endpoint.action,
        Action::List
            | Action::Get
            | Action::GetByField(_)
            | Action::FindBy(_)
            | Action::Create
            | Action::Update
            | Action::Upsert
    );
    let path = endpoint.reply_path.filter(|_| shows_items)?;
    let mut schema = operation.reply.content.as_ref().map(|(_, schema)| schema)?;
    for name in path.split('.').filter(|name| !name.is_empty()) {
        let mut parts = parts(operation, schema).into_iter();
        schema = parts.find_map(|part| object(part, "properties")?.get(name))?;
    }
    let mut lists = parts(operation, schema).into_iter();
    Some(lists.find_map(|part| part.get("items")).unwrap_or(schema))
}

/// The fields that the tables name.
fn internal(collection: &'static Collection) -> BTreeSet<&'static str> {
    let mut names = BTreeSet::from([collection.id]);
    let root = |path: &'static str| path.split('.').next().unwrap_or_default();
    names.extend(collection.timestamps());
    names.extend(collection.search_fields);
    names.extend(collection.unique.fields());
    names.extend(collection.defaults.iter().map(|(name, _)| *name));
    names.extend(collection.sample.iter().map(|(name, _)| *name));
    names.extend(
        collection
            .change_timestamps
            .iter()
            .flat_map(|(field, timestamp)| [*field, *timestamp]),
    );
    names.extend(collection.parent.map(|parent| parent.field));
    names.extend([collection.scope_field, collection.number_field]);
    for endpoint in collection.endpoints {
        names.extend(endpoint.sets.iter().map(|(name, _)| *name));
        names.extend(endpoint.stored_parameters);
        for filter in endpoint.filters {
            match filter.kind {
                FilterKind::Equals(path)
                | FilterKind::Since(path)
                | FilterKind::Until(path)
                | FilterKind::Contains(path, _) => {
                    names.insert(root(path));
                }
                FilterKind::AnyEquals(paths) => names.extend(paths.iter().map(|path| root(path))),
                FilterKind::Text | FilterKind::Conditions(_) | FilterKind::SortOrders(_) => {}
            }
        }
    }
    names.remove("");
    names
}
