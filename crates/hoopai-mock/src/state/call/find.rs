//! Finds the items that a request names. Look-ups change nothing.

use serde_json::{Map, Value, json};

use super::context::Call;
use super::reply::not_found;
use crate::api_error::ApiError;
use crate::state::collection::{Collection, Fields, IdFormat};
use crate::state::store::Item;
use crate::state::tables;

impl Call<'_> {
    /// The item that the request names. It must have the value that the endpoint requires.
    pub(super) fn find_item(&self) -> Result<Item, ApiError> {
        let item = if self.collection.singleton {
            self.find_singleton()?
                .ok_or_else(|| not_found(self.collection, ""))?
        } else {
            self.find_by_id()?
        };
        match self.endpoint.requires {
            Some((field, value)) if item.fields.get(field) != Some(&json!(value)) => {
                Err(not_found(item.collection, &item.id))
            }
            _ => Ok(item),
        }
    }

    /// The only item that a location has of a collection.
    fn find_singleton(&self) -> Result<Option<Item>, ApiError> {
        let items = self.store.items(self.collection, &self.scope()?);
        let last = items.and_then(|items| items.values().next_back());
        last.map(|item| self.find(item.id())).transpose()
    }

    /// The first item that has the value of the `id_parameter` in one of these fields.
    pub(super) fn find_by_value(&self, fields: &[&str]) -> Result<Item, ApiError> {
        let expected = self.text(self.endpoint.id_parameter).unwrap_or_default();
        let scope = self.scope()?;
        let items = self.store.iter(self.collection, &scope);
        let mut candidates = items.filter(|item| item.may_contain(expected));
        let found = candidates.find(|item| {
            let item = item.fields();
            let mut values = fields.iter().filter_map(|field| item.get(*field)?.as_str());
            values.any(|value| value == expected)
        });
        let found = found.ok_or_else(|| not_found(self.collection, expected))?;
        self.find(found.id())
    }

    fn find_by_id(&self) -> Result<Item, ApiError> {
        let id = self.text(self.endpoint.id_parameter).unwrap_or_default();
        let found = self.find(id);
        if let Some(parent) = self.collection.parent
            && let Some(parent_id) = self.request.path(parent.parameter)
        {
            let found = found.and_then(|item| {
                let own = item.fields.get(parent.field).and_then(Value::as_str);
                if own == Some(parent_id) {
                    Ok(item)
                } else {
                    Err(not_found(self.collection, id))
                }
            });
            if found.is_err() {
                self.find_parent(parent_id)?;
            }
            return found;
        }
        if found.is_ok() || self.endpoint.fallback.is_empty() {
            return found;
        }
        let fallback = self.find_in_collection(tables::named(self.endpoint.fallback), id);
        fallback.or(found)
    }

    /// An item of this collection that the token may access.
    pub(super) fn find(&self, id: &str) -> Result<Item, ApiError> {
        self.find_in_collection(self.collection, id)
    }

    fn find_in_collection(
        &self,
        collection: &'static Collection,
        id: &str,
    ) -> Result<Item, ApiError> {
        if let Some(fields) = collection.builtin_fields(id) {
            return Ok(Item {
                collection,
                id: id.to_owned(),
                scope: self.scope()?.into(),
                position: 0,
                fields,
            });
        }
        let item = self.stored_item(collection, id)?;
        let is_elsewhere = self
            .named_scope()
            .is_some_and(|scope| *scope != *item.scope);
        // Requests for a location name its own id.
        let is_self =
            collection.name == "locations" && self.text("locationId") == Some(item.id.as_str());
        if is_elsewhere && !is_self {
            return Err(not_found(collection, id));
        }
        self.check_access(&item)?;
        Ok(item)
    }

    fn stored_item(&self, collection: &'static Collection, id: &str) -> Result<Item, ApiError> {
        let item = match collection.ids {
            IdFormat::FromRequest { .. } => self.store.find_in(collection, &self.scope()?, id),
            _ => self.store.find(collection, id),
        };
        item.ok_or_else(|| not_found(collection, id))
    }

    /// An item of another collection that the token may access.
    pub(super) fn find_other(&self, collection: &str, id: &str) -> Result<Item, ApiError> {
        let collection = tables::named(collection);
        let item = self.store.find(collection, id);
        let item = item.ok_or_else(|| not_found(collection, id))?;
        self.check_access(&item)?;
        Ok(item)
    }

    /// The parent with this id; `None` if it is built in.
    pub(super) fn find_parent(&self, id: &str) -> Result<Option<Item>, ApiError> {
        let Some(parent) = self.collection.parent else {
            return Ok(None);
        };
        let collection = tables::named(parent.collection);
        if collection.is_builtin(id) {
            return Ok(None);
        }
        let item = self.stored_item(collection, id)?;
        self.check_access(&item)?;
        Ok(Some(item))
    }

    /// The item that an upsert updates; `None` if it creates one.
    pub(super) fn find_same(&self) -> Result<Option<Item>, ApiError> {
        if self.collection.singleton {
            return self.find_singleton();
        }
        let (scope, fields) = (self.scope()?, self.body());
        if !self.endpoint.id_parameter.is_empty()
            && let Some(id) = self.text(self.endpoint.id_parameter)
        {
            return self.find(id).map(Some);
        }
        let mut unique = self.collection.unique.fields().iter();
        let owner = unique.find_map(|field| self.unique_owner(&scope, field, &fields));
        Ok(owner.and_then(|id| self.store.find(self.collection, &id)))
    }

    /// The first item that has the value of one of these parameters in the unique field beside it.
    pub(super) fn find_by_unique(&self, pairs: &[(&str, &str)]) -> Result<Option<Item>, ApiError> {
        let scope = self.scope()?;
        let owner = pairs.iter().find_map(|(parameter, field)| {
            let value = self.request.any(parameter)?.clone();
            self.unique_owner(
                &scope,
                field,
                &Map::from_iter([((*field).to_owned(), value)]),
            )
        });
        Ok(owner.and_then(|id| self.store.find(self.collection, &id)))
    }

    /// The id of the item of this collection that has the value of a unique field.
    pub(super) fn unique_owner(&self, scope: &str, field: &str, fields: &Fields) -> Option<String> {
        self.store
            .unique_owner(self.collection, scope, field, fields)
    }
}
