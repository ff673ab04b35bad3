//! Lists and searches items.

use serde_json::{Map, Value};

use super::context::{Answer, Call};
use super::reply::insert_at;
use crate::api_error::ApiError;
use crate::state::query::{FieldReference, Query, Selection, ValuePath};
use crate::state::tables;

/// Properties of the platform's standard objects, which need no definition.
const STANDARD_PROPERTIES: &[&str] = &[
    "name",
    "phone",
    "email",
    "website",
    "address",
    "city",
    "state",
    "postal_code",
    "country",
    "description",
];

impl Call<'_> {
    pub(super) fn list(&self) -> Answer {
        let parent = self.collection.parent;
        let parent_id = parent.and_then(|parent| self.request.path(parent.parameter));
        let parent = match parent_id {
            Some(id) => self.find_parent(id)?,
            None => None,
        };
        let scope = match parent {
            Some(parent) => parent.scope.to_string(),
            None => self.scope()?,
        };
        let mut query = self.query(&scope, parent_id.map(str::to_owned))?;
        if let Some(own) = self.shared_location() {
            query.add_shared_with(self.collection.shared_with, own);
        }
        let view = |fields| self.view(self.collection, fields);
        let items = self.store.items(self.collection, &scope);
        let selection = Selection::new(items, &query, &view);
        let page = self.endpoint.paging.page(self.request, &selection)?;
        let mut items = Vec::with_capacity(page.items.len());
        let mut last = None;
        for position in &page.items {
            if let Some(item) = self.store.at(self.collection, &scope, *position) {
                let mut shown = self.show(&item);
                self.endpoint.paging.insert_cursor(&mut shown, &item);
                items.push(shown);
                last = Some(item);
            }
        }
        let mut reply = Value::Object(Map::new());
        for (path, field) in self.endpoint.paging.reply_fields {
            let value = page.field(*field, last.as_ref(), self.operation, self.request);
            insert_at(&mut reply, path, value);
        }
        let fields = reply.as_object().cloned().unwrap_or_default();
        self.reply(Value::Array(items), None, false, page.total, fields)
    }

    /// The filters of the request for the items of a location or company.
    pub(super) fn query(&self, scope: &str, parent: Option<String>) -> Result<Query, ApiError> {
        let resolve = |reference: FieldReference<'_>| match reference {
            FieldReference::Custom(id) => self.custom_field(scope, id),
            FieldReference::Property(key) => {
                self.has_property(scope, key).then(|| property_path(key))
            }
        };
        let filters = self.endpoint.filters;
        Query::new(self.collection, filters, self.request, parent, &resolve)
    }

    /// Finds a custom field that the location defines or that an item has.
    fn custom_field(&self, scope: &str, id: &str) -> Option<ValuePath> {
        let definition = |collection: &str| {
            let found = self.store.find(tables::named(collection), id);
            found.filter(|found| *found.scope == *scope)
        };
        if self.collection.name == "records" {
            let field = definition("object-fields")?;
            let key = field.fields.get("fieldKey")?.as_str()?;
            return Some(property_path(key.rsplit('.').next().unwrap_or(key)));
        }
        let is_set = || {
            let items = self.store.iter(self.collection, scope);
            let mut candidates = items.filter(|item| item.may_contain(id));
            candidates.any(|item| {
                let fields = item.fields();
                let list = fields.get("customFields").and_then(Value::as_array);
                list.into_iter().flatten().any(|one| one["id"] == *id)
            })
        };
        let exists = definition("custom-fields").is_some() || is_set();
        exists.then(|| ValuePath::Custom(id.to_owned(), None))
    }

    /// Whether an object has a property: it is defined, it is the primary display property, or a
    /// record has it.
    fn has_property(&self, scope: &str, key: &str) -> bool {
        let object = self.text("schemaKey").unwrap_or_default();
        let ends_with_key = |text: &str| text.rsplit('.').next() == Some(key);
        let mut fields = self.store.iter(tables::named("object-fields"), scope);
        let is_defined = fields.any(|field| {
            let field = field.fields();
            let text = |name: &str| field.get(name).and_then(Value::as_str);
            text("objectKey") == Some(object) && text("fieldKey").is_some_and(ends_with_key)
        });
        let definition = self.store.find_in(tables::named("objects"), scope, object);
        let primary = definition.as_ref().and_then(|definition| {
            let property = definition.fields.get("primaryDisplayProperty");
            property.and_then(Value::as_str)
        });
        let is_standard = !object.contains('.') && STANDARD_PROPERTIES.contains(&key);
        let is_set = || {
            let records = self.store.iter(self.collection, scope);
            let mut candidates =
                records.filter(|item| item.parent() == object && item.may_contain(key));
            candidates.any(|record| {
                let fields = record.fields();
                let properties = fields.get("properties");
                properties.is_some_and(|properties| properties.get(key).is_some())
            })
        };
        is_defined || primary.is_some_and(ends_with_key) || is_standard || is_set()
    }
}

fn property_path(key: &str) -> ValuePath {
    ValuePath::At(format!("properties.{key}"))
}
