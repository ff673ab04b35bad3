//! Looks up the custom fields and properties that filters name.

use serde_json::Value;

use super::choose::Choice;
use super::conditions::{Named, Place};
use super::engine::Call;
use super::tables;
use crate::api_error::ApiError;

/// Properties of the platform's standard objects, which need no definition.
const STANDARD: &[&str] = &[
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
    /// The choice of items that the request makes in a location or company.
    pub(super) fn choice(&self, scope: &str, parent: Option<String>) -> Result<Choice, ApiError> {
        let lookup = |named: Named<'_>| match named {
            Named::Custom(id) => self.custom_field(scope, id),
            Named::Property(key) => self.has_property(scope, key).then(|| property(key)),
        };
        let (collection, filters) = (self.collection, self.row.filters);
        Choice::of(collection, filters, self.accepted, parent, &lookup)
    }

    /// Finds a custom field that the location defines or that some item has.
    fn custom_field(&self, scope: &str, id: &str) -> Option<Place> {
        let found = |name: &str| {
            let (number, _) = tables::named(name);
            let found = self.store.find(number, id);
            found.filter(|found| *found.scope == *scope)
        };
        if self.collection.name == "records" {
            let field = found("object-fields")?;
            let key = field.fields.get("fieldKey")?.as_str()?;
            return Some(property(key.rsplit('.').next().unwrap_or(key)));
        }
        let is_defined = found("custom-fields").is_some();
        let is_set = || {
            let shelf = self.store.shelf(self.number, scope).into_iter().flatten();
            let mut likely = shelf.filter(|(_, item)| item.may_have(id));
            likely.any(|(_, item)| {
                let fields = item.fields();
                let list = fields.get("customFields").and_then(Value::as_array);
                list.into_iter().flatten().any(|one| one["id"] == *id)
            })
        };
        (is_defined || is_set()).then(|| Place::Custom(id.to_owned(), None))
    }

    /// Whether an object has a property: it is defined, it is the primary display property, or some record has it.
    fn has_property(&self, scope: &str, key: &str) -> bool {
        let object = self.text("schemaKey").unwrap_or_default();
        let ends = |text: &str| text.rsplit('.').next() == Some(key);
        let (number, _) = tables::named("object-fields");
        let fields = self.store.shelf(number, scope).into_iter().flatten();
        let mut fields = fields.map(|(_, item)| item.fields());
        let is_defined = fields.any(|field| {
            let text = |name: &str| field.get(name).and_then(Value::as_str);
            text("objectKey") == Some(object) && text("fieldKey").is_some_and(ends)
        });
        let (number, _) = tables::named("objects");
        let object_item = self.store.find_in(number, scope, object);
        let primary = object_item.as_ref().and_then(|found| {
            let property = found.fields.get("primaryDisplayProperty");
            property.and_then(Value::as_str)
        });
        let is_standard = !object.contains('.') && STANDARD.contains(&key);
        let is_set = || {
            let records = self.store.shelf(self.number, scope).into_iter().flatten();
            let mut likely =
                records.filter(|(_, item)| item.parent() == object && item.may_have(key));
            likely.any(|(_, item)| {
                let fields = item.fields();
                let properties = fields.get("properties");
                properties.is_some_and(|properties| properties.get(key).is_some())
            })
        };
        is_defined || primary.is_some_and(ends) || is_standard || is_set()
    }
}

fn property(key: &str) -> Place {
    Place::At(format!("properties.{key}"))
}
