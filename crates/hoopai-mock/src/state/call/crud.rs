//! Creates, updates and deletes items.

use serde_json::json;

use super::context::{Answer, Call};
use super::reply::not_found;
use crate::api_error::ApiError;
use crate::state::collection::{Fields, Unique};
use crate::state::query::text_of;
use crate::state::store::Item;
use crate::state::{derive, tables, write};

impl Call<'_> {
    pub(super) fn create(&mut self, mut fields: Fields) -> Result<Item, ApiError> {
        for name in self.endpoint.stored_parameters {
            if let Some(value) = self.request.any(name) {
                fields.insert((*name).to_owned(), value.clone());
            }
        }
        let mut scope = None;
        if self.endpoint.location_required {
            scope = Some(self.scope()?);
        }
        if let Some(parent) = self.collection.parent
            && let Some(id) = self.text(parent.parameter).map(str::to_owned)
        {
            if let Some(item) = self.find_parent(&id)? {
                if self
                    .named_scope()
                    .is_some_and(|scope| *scope != *item.scope)
                {
                    return Err(not_found(item.collection, &id));
                }
                scope = Some(item.scope.to_string());
            }
            fields.insert(parent.field.to_owned(), id.into());
        }
        let scope = scope.map_or_else(|| self.scope(), Ok)?;
        self.check_unique(&scope, &fields, None)?;
        self.set_fields(&mut fields);
        let created = write::create(self.store, self.collection, &scope, self.now, fields);
        Ok(created)
    }

    /// Changes the fields of an item that the body has.
    pub(super) fn update(&mut self, item: Item) -> Result<Item, ApiError> {
        let mut fields = self.body();
        let parameters = self.request.path.keys().map(String::as_str);
        for name in parameters.chain(["locationId", "altId"]) {
            fields.remove(name);
        }
        self.check_unique(&item.scope, &fields, Some(&item.id))?;
        self.set_fields(&mut fields);
        Ok(self.change(item, fields))
    }

    /// Changes these fields of the item, and those that the endpoint sets.
    pub(super) fn change_fields(&mut self, mut fields: Fields) -> Answer {
        let item = self.find_item()?;
        self.set_fields(&mut fields);
        let item = self.change(item, fields);
        self.reply_with(&item, false)
    }

    /// Changes fields of an item. Built-in items stay as they are.
    pub(super) fn change(&mut self, mut item: Item, fields: Fields) -> Item {
        if item.collection.is_builtin(&item.id) {
            item.fields.extend(fields);
            return item;
        }
        write::update(self.store, item, fields, self.now)
    }

    /// Deletes an item and everything that belongs to it.
    pub(super) fn delete(&mut self, item: &Item) {
        self.store.remove(item.collection, &item.scope, &item.id);
        self.store.changed(|| item.deleted());
        let mut deleted = vec![(item.collection.name, Box::from(item.id.as_str()))];
        while let Some((name, id)) = deleted.pop() {
            for child in tables::children(name) {
                let ids = self.store.remove_children(child, &item.scope, &id);
                deleted.extend(ids.into_iter().map(|id| (child.name, id)));
            }
        }
    }

    fn set_fields(&mut self, fields: &mut Fields) {
        for (field, value) in self.endpoint.sets {
            let value = value.json(self.store, self.now);
            fields.insert((*field).to_owned(), value);
        }
    }

    /// Rejects values that another item than `own` has in unique fields.
    fn check_unique(
        &self,
        scope: &str,
        fields: &Fields,
        own: Option<&str>,
    ) -> Result<(), ApiError> {
        let collection = self.collection;
        if let Unique::Combination(names, message) = collection.unique
            && own.is_none()
        {
            let first = fields.get(names[0]).map(text_of).unwrap_or_default();
            let items = self.store.iter(collection, scope);
            let mut candidates = items.filter(|item| item.may_contain(&first));
            let exists = candidates.any(|other| {
                let other = other.fields();
                names
                    .iter()
                    .all(|name| other.get(*name) == fields.get(*name))
            });
            if exists {
                return Err(ApiError::bad_request(format!("{message} {first}")));
            }
        }
        for field in collection.unique.fields() {
            let owner = self.unique_owner(scope, field, fields);
            let Some(owner) = owner.filter(|owner| own != Some(owner.as_str())) else {
                continue;
            };
            match collection.unique {
                Unique::Contact(_) if !self.allows_duplicates(scope) => {
                    let other = self.store.find(collection, &owner);
                    let name = other.map(|other| derive::full_name(&other.fields));
                    let mut error =
                        ApiError::bad_request("This location does not allow duplicated contacts.");
                    error.body["meta"] = json!({
                        "contactId": owner,
                        "contactName": name.unwrap_or_default(),
                        "matchingField": field,
                    });
                    return Err(error);
                }
                Unique::Message(_, message) => return Err(ApiError::bad_request(message)),
                _ => {}
            }
        }
        Ok(())
    }

    fn allows_duplicates(&self, location: &str) -> bool {
        let location = self.store.find(tables::named("locations"), location);
        let setting = location.as_ref().and_then(|location| {
            let settings = location.fields.get("settings")?;
            settings.get("allowDuplicateContact")?.as_bool()
        });
        setting == Some(true)
    }
}
