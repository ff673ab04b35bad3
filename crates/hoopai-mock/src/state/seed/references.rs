//! References of seeded items to items of other collections.

use serde_json::Value;

use crate::state::collection::{Collection, Fields, Sample};
use crate::state::store::Store;
use crate::state::tables;

/// The errors of the references, a sentence each: items that the location does not have, an id that
/// another location has, a location other than the one that is seeded.
pub(super) fn errors(
    store: &Store,
    collection: &'static Collection,
    location: &str,
    fields: &Fields,
) -> Vec<String> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let own = collection.scope_of(location);
    let mut errors = Vec::new();
    if let Some(scope) = text(collection.scope_field).filter(|scope| *scope != own) {
        let name = collection.scope_field;
        errors.push(format!(
            "`{name}` is `{scope}`, and the item is seeded for `{own}`"
        ));
    }
    if let Some(item) = text(collection.id).and_then(|id| store.find_in(collection, own, id))
        && *item.scope != *own
    {
        errors.push(format!("`{}` is in `{}` already", item.id, item.scope));
    }
    for (field, names) in references(collection, fields) {
        if let Some(id) = text(field)
            && !names.iter().any(|name| exists(store, location, name, id))
        {
            errors.push(format!(
                "`{field}` is `{id}`, and `{location}` has no such item in `{}`; seed it first",
                names.join("` or `")
            ));
        }
    }
    for (field, sample) in collection.sample {
        let Some(value) = text(field) else { continue };
        match sample {
            Sample::ReferencedField((by, name), source) if field.ends_with("Id") => {
                let other = text(by).and_then(|id| store.find(tables::named(name), id));
                let expected = other
                    .as_ref()
                    .and_then(|other| other.fields.get(*source)?.as_str());
                if let Some(expected) = expected.filter(|expected| *expected != value) {
                    errors.push(format!(
                        "`{field}` is `{value}`, and the item of `{name}` that `{by}` names has `{expected}`"
                    ));
                }
            }
            Sample::ListMember((by, name), list)
                if owner(store, location, (name, list), value, text(by)).is_none() =>
            {
                let named = text(by).map(|by| format!(" that `{by}` names"));
                errors.push(format!(
                    "`{field}` is `{value}`, which is in no `{list}` of `{name}`{}",
                    named.unwrap_or_default()
                ));
            }
            _ => {}
        }
    }
    errors
}

/// The fields, and the ids of the items whose lists have the members that the fields name.
pub(super) fn complete(
    store: &Store,
    collection: &Collection,
    location: &str,
    fields: &Fields,
) -> Fields {
    let mut complete = fields.clone();
    for (field, sample) in collection.sample {
        if let Sample::ListMember((by, name), list) = sample
            && let Some(member) = fields.get(*field).and_then(Value::as_str)
            && !fields.contains_key(*by)
            && let Some(owner) = owner(store, location, (name, list), member, None)
        {
            complete.insert((*by).to_owned(), owner.into());
        }
    }
    complete
}

fn exists(store: &Store, location: &str, name: &str, id: &str) -> bool {
    let collection = tables::named(name);
    let own = collection.scope_of(location);
    let item = store.find_in(collection, own, id);
    collection.is_builtin(id) || item.is_some_and(|item| *item.scope == *own)
}

/// The id of the item whose list has a member, of all items or of the item `only`.
fn owner(
    store: &Store,
    location: &str,
    (name, list): (&str, &str),
    member: &str,
    only: Option<&str>,
) -> Option<String> {
    let collection = tables::named(name);
    let items = store.iter(collection, collection.scope_of(location));
    let mut candidates =
        items.filter(|item| only.is_none_or(|only| only == item.id()) && item.may_contain(member));
    let owner = candidates.find(|item| {
        let fields = item.fields();
        let members = fields.get(list).and_then(Value::as_array);
        let id = |one: &Value| one.get("id").or_else(|| one.get("_id")).cloned();
        let mut members = members.into_iter().flatten().filter_map(id);
        members.any(|id| id == *member)
    });
    owner.map(|item| item.id().to_owned())
}

/// The fields that reference other items, and the collections of these items.
pub(super) fn references(
    collection: &Collection,
    fields: &Fields,
) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut all: Vec<_> = collection
        .sample
        .iter()
        .map(|(field, sample)| (*field, referenced_collections(*sample, fields)))
        .filter(|(_, names)| !names.is_empty())
        .collect();
    if let Some(parent) = collection.parent
        && !all.iter().any(|(field, _)| *field == parent.field)
    {
        all.push((parent.field, vec![parent.collection]));
    }
    all
}

/// The collections that a sampled field can reference, as far as the other fields decide it.
fn referenced_collections(sample: Sample, fields: &Fields) -> Vec<&'static str> {
    match sample {
        Sample::Reference(name) | Sample::MatchingReference(name, _, _) => vec![name],
        Sample::When(field, value, sample) => {
            let own = fields.get(field).and_then(Value::as_str);
            if own.is_none_or(|own| own == value) {
                referenced_collections(*sample, fields)
            } else {
                Vec::new()
            }
        }
        Sample::Or(first, second) => [
            referenced_collections(*first, fields),
            referenced_collections(*second, fields),
        ]
        .concat(),
        _ => Vec::new(),
    }
}
