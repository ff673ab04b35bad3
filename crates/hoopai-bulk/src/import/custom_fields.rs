//! The custom fields of a location, by name.

use hoopai_catalogue::Operation;
use hoopai_runtime::Handle;
use serde_json::Value;

use super::mapping_error::{invalid, malformed, names};
use super::writer::RowError;
use crate::error::BulkError;

/// The operation that lists them.
const LIST: &str = "locations.list_custom_fields";

/// The custom fields that an operation can set.
pub(super) struct CustomFields(Vec<Known>);

struct Known {
    id: String,
    name: String,
    /// `contact.plan`
    key: String,
    form: Form,
}

/// A custom field that a column is written to.
#[derive(Clone)]
pub(super) struct CustomField {
    pub(super) id: String,
    name: String,
    form: Form,
}

/// The form of the values of a custom field.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Number,
    /// A list of texts, separated by commas in a cell.
    List,
}

impl CustomFields {
    /// Reads the custom fields of the client's location for the records of an operation.
    pub(super) async fn read(
        client: &Handle,
        operation: &Operation,
    ) -> Result<CustomFields, BulkError> {
        let model = match operation.module.name() {
            "contacts" => "contact",
            "opportunities" => "opportunity",
            _ => {
                return Err(malformed(
                    "only contacts and opportunities have custom fields by name",
                ));
            }
        };
        let list = hoopai_catalogue::find(LIST)
            .map_err(|unknown| invalid(unknown.to_string(), "update the catalogue"))?;
        let call = list.call(client, &[("model".to_owned(), model.into())]);
        let reply = call.send_json::<Value>().await;
        let reply = reply.map_err(|cause| BulkError::call(LIST, cause))?;
        let fields = reply["customFields"].as_array();
        let fields = fields.into_iter().flatten().filter_map(|field| {
            let text = |name: &str| field[name].as_str().unwrap_or_default().to_owned();
            let is_of_model = field["model"].as_str().is_none_or(|other| other == model);
            is_of_model.then(|| Known {
                id: text("id"),
                name: text("name"),
                key: text("fieldKey"),
                form: form(field["dataType"].as_str().unwrap_or_default()),
            })
        });
        Ok(CustomFields(
            fields.filter(|field| !field.id.is_empty()).collect(),
        ))
    }

    /// The custom field of an id, a key or a name. Names may differ in case.
    pub(super) fn find(&self, name: &str) -> Result<CustomField, BulkError> {
        let lower = name.trim().to_lowercase();
        let unprefixed = |key: &str| key.split_once('.').map(|(_, key)| key.to_owned());
        let rules: [&dyn Fn(&Known) -> bool; 4] = [
            &|field| field.id == name,
            &|field| field.key == name,
            &|field| field.name.trim() == name.trim(),
            &|field| {
                field.name.trim().to_lowercase() == lower
                    || unprefixed(&field.key).is_some_and(|key| key == name)
            },
        ];
        for rule in rules {
            let found: Vec<&Known> = self.0.iter().filter(|field| rule(field)).collect();
            match *found {
                [] => {}
                [field] => {
                    return Ok(CustomField {
                        id: field.id.clone(),
                        name: field.name.clone(),
                        form: field.form,
                    });
                }
                _ => {
                    let keys: Vec<&str> = found.iter().map(|field| field.key.as_str()).collect();
                    return Err(invalid(
                        format!(
                            "{} custom fields of the location are named `{name}`",
                            found.len()
                        ),
                        &format!("use the key of one: {}", names(&keys)),
                    ));
                }
            }
        }
        let mut known: Vec<&str> = self.0.iter().map(|field| field.name.as_str()).collect();
        known.sort_unstable();
        Err(invalid(
            format!("the location has no custom field `{name}`"),
            &match known.is_empty() {
                true => "it has none: create it first".to_owned(),
                false => format!("its custom fields are {}", names(&known)),
            },
        ))
    }
}

impl CustomField {
    /// The value of a cell.
    pub(super) fn value(&self, cell: &Value) -> Result<Value, RowError> {
        let Value::String(text) = cell else {
            return Ok(cell.clone());
        };
        let text = text.trim();
        match self.form {
            Form::Text => Ok(text.into()),
            Form::Number => {
                let number = serde_json::from_str::<serde_json::Number>(text);
                number
                    .map(Value::Number)
                    .map_err(|_| RowError::new("it is not a number").field(self.name.clone()))
            }
            Form::List => {
                let items = text.split(',').map(str::trim);
                let items = items.filter(|item| !item.is_empty());
                Ok(items.map(Value::from).collect())
            }
        }
    }
}

/// The form of a type of custom fields.
fn form(data_type: &str) -> Form {
    match data_type {
        "NUMERICAL" | "FLOAT" | "MONETORY" => Form::Number,
        "CHECKBOX" | "MULTIPLE_OPTIONS" => Form::List,
        _ => Form::Text,
    }
}
