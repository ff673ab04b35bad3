//! References of seeded items to items of other collections.

use serde_json::Value;

use super::super::collection::{Collection, Sample};
use super::super::store::{Fields, Store};
use super::super::tables;
use super::{Fill, scope};

impl Fill<'_> {
    /// Returns the faults of the references: items that the location does not have, an id that another location has, a location
    /// other than the one that is seeded.
    pub(super) fn wrong_references(&self, store: &Store, given: &Fields) -> Vec<String> {
        let collection = self.collection;
        let text = |name: &str| given.get(name).and_then(Value::as_str);
        let own = scope(collection, self.location);
        let mut faults = Vec::new();
        if let Some(place) = text(collection.place).filter(|place| *place != own) {
            let name = collection.place;
            faults.push(format!(
                "`{name}` is `{place}`, and the item is seeded for `{own}`"
            ));
        }
        if let Some(found) = text(collection.id).and_then(|id| store.find_in(self.number, own, id))
            && *found.scope != *own
        {
            faults.push(format!("`{}` is in `{}` already", found.id, found.scope));
        }
        for (field, names) in references(collection, given) {
            if let Some(id) = text(field)
                && !names.iter().any(|name| self.has(store, name, id))
            {
                faults.push(format!(
                    "`{field}` is `{id}`, and `{}` has no such item in `{}`; seed it first",
                    self.location,
                    names.join("` or `")
                ));
            }
        }
        for (field, sample) in collection.sample {
            match sample {
                Sample::Via((by, name), there) if field.ends_with("Id") => {
                    let other = text(by).and_then(|id| store.find(tables::named(name).0, id));
                    let expected = other
                        .as_ref()
                        .and_then(|other| other.fields.get(*there)?.as_str());
                    if let (Some(given), Some(expected)) = (text(field), expected)
                        && given != expected
                    {
                        faults.push(format!(
                            "`{field}` is `{given}`, and the item of `{name}` that `{by}` names has `{expected}`"
                        ));
                    }
                }
                Sample::Member((by, name), list) => {
                    if let Some(member) = text(field)
                        && self.holder(store, (name, list), member, text(by)).is_none()
                    {
                        faults.push(format!(
                            "`{field}` is `{member}`, which is in no `{list}` of `{name}`{}",
                            text(by)
                                .map(|by| format!(" that `{by}` names"))
                                .unwrap_or_default()
                        ));
                    }
                }
                _ => {}
            }
        }
        faults
    }

    /// Adds to the given fields the items whose lists hold the given members.
    pub(super) fn with_references(&self, store: &Store, given: &Fields) -> Fields {
        let mut fields = given.clone();
        for (field, sample) in self.collection.sample {
            if let Sample::Member((by, name), list) = sample
                && let Some(member) = given.get(*field).and_then(Value::as_str)
                && !given.contains_key(*by)
                && let Some(holder) = self.holder(store, (name, list), member, None)
            {
                fields.insert((*by).to_owned(), holder.into());
            }
        }
        fields
    }

    fn has(&self, store: &Store, name: &str, id: &str) -> bool {
        let (number, collection) = tables::named(name);
        let own = scope(collection, self.location);
        let found = store.find_in(number, own, id);
        collection.has_standard(id) || found.is_some_and(|found| *found.scope == *own)
    }

    /// Finds the item whose list holds a member, among all items or in `only`.
    fn holder(
        &self,
        store: &Store,
        (name, list): (&str, &str),
        member: &str,
        only: Option<&str>,
    ) -> Option<String> {
        let (number, collection) = tables::named(name);
        let shelf = store.shelf(number, scope(collection, self.location));
        let mut likely = shelf
            .into_iter()
            .flatten()
            .filter(|(_, item)| only.is_none_or(|only| only == item.id()) && item.may_have(member));
        let found = likely.find(|(_, item)| {
            let fields = item.fields();
            let members = fields.get(list).and_then(Value::as_array);
            let id = |one: &Value| one.get("id").or_else(|| one.get("_id")).cloned();
            let mut members = members.into_iter().flatten().filter_map(id);
            members.any(|id| id == *member)
        });
        found.map(|(_, item)| item.id().to_owned())
    }
}

/// The fields that reference other items, and the collections of these items.
pub(super) fn references(
    collection: &Collection,
    given: &Fields,
) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut all: Vec<_> = collection
        .sample
        .iter()
        .map(|(field, sample)| (*field, named_by(*sample, given)))
        .filter(|(_, names)| !names.is_empty())
        .collect();
    if let Some(parent) = collection.parent
        && !all.iter().any(|(field, _)| *field == parent.field)
    {
        all.push((parent.field, vec![parent.collection]));
    }
    all
}

/// The collections that a sampled field can reference, as far as the given fields decide it.
fn named_by(sample: Sample, given: &Fields) -> Vec<&'static str> {
    match sample {
        Sample::Of(name) | Sample::OfSame(name, _, _) => vec![name],
        Sample::When(field, value, sample) => {
            let own = given.get(field).and_then(Value::as_str);
            match own.is_none_or(|own| own == value) {
                true => named_by(*sample, given),
                false => Vec::new(),
            }
        }
        Sample::Else(first, second) => [named_by(*first, given), named_by(*second, given)].concat(),
        _ => Vec::new(),
    }
}
