//! A writer of rows for any operation, by a mapping from columns to fields.

use std::collections::BTreeSet;
use std::fmt;

use hoopai_catalogue::{BodyKind, FieldPath, Operation, ProblemKind, Schema, Values};
use hoopai_runtime::time::BoxFuture;
use hoopai_runtime::{Error, Handle};
use serde_json::{Map, Value, json};

use super::Row;
use super::custom_fields::{CustomField, CustomFields};
use super::mapping_error::{invalid, malformed, names};
use super::normal::{Country, e164, email};
use super::writer::{Found, RowError, RowWriter, Written};
use crate::error::BulkError;

/// How the record of a row is found.
struct LookUp {
    /// The operations whose records it finds.
    operations: &'static [&'static str],
    /// The operation that finds one.
    find: &'static str,
    /// The fields of the body that identify a record, and the parameters for them. The first one
    /// that a row has is used.
    keys: &'static [(&'static str, &'static str)],
    /// The record in the replies of all of them.
    record: &'static str,
}

const SEARCHES: &[LookUp] = &[LookUp {
    operations: &["contacts.create_contact", "contacts.upsert_contact"],
    find: "contacts.get_duplicate_contact",
    keys: &[("email", "email"), ("phone", "number")],
    record: "contact",
}];

/// Sends each row as a call of an operation, by a mapping from columns to fields.
///
/// The mapping is a JSON object from parameters, or paths of the body, to columns of the input. An
/// empty cell sets nothing. A column that rows may lack is `{"column": "Company", "optional": true}`.
/// `customFields` maps custom fields, by name, key or id, to columns.
///
/// Surrounding white space is removed. The field `email` is sent in lower case. The field `phone` is
/// sent in the form of E.164; `{"column": "Phone", "as": "text"}` sends it as it is.
///
/// The rows of `contacts.create_contact` and `contacts.upsert_contact` are found by the duplicate
/// search. After an upsert, a record counts as that of the row only if it has the values of the
/// row; otherwise the row is sent again, which updates the same record. Other operations have no
/// such search, so a row without an answer is sent again: at least once.
///
/// The platform stores one email address of a contact on an upsert. Rows are rejected if an address
/// would be lost: a cell with several addresses; the telephone number of an earlier row; a contact
/// that has the telephone number of the row and another email address (see
/// [`replace_emails`](MappedWriter::replace_emails)); and a reply with another address than that of
/// the row.
///
/// ```no_run
/// # async fn run(client: hoopai_runtime::Handle) -> Result<(), hoopai_bulk::BulkError> {
/// use hoopai_bulk::{Import, MappedWriter};
/// use hoopai_runtime::serde_json::json;
///
/// let mapping = json!({
///     "email": "E-mail",
///     "firstName": "First name",
///     "phone": "Phone",
///     "customFields": { "Plan": "Tariff" },
/// });
/// let writer = MappedWriter::open(&client, "contacts.upsert_contact", &mapping)
///     .await?
///     .country("US")?;
/// let import = Import::new("import-2026-12", "contacts.csv").settings(writer.settings());
/// let report = import.run(&writer).await?;
/// # Ok(())
/// # }
/// ```
pub struct MappedWriter {
    client: Handle,
    operation: &'static Operation,
    look_up: Option<(&'static LookUp, &'static Operation)>,
    columns: Vec<Column>,
    mapping: Value,
    country: Option<Country>,
    replaces_emails: bool,
}

struct Column {
    name: String,
    optional: bool,
    /// A telephone number is sent as it is.
    as_text: bool,
    target: Target,
}

enum Target {
    Parameter(&'static str, Schema),
    Field(FieldPath, Schema),
    CustomField(CustomField),
}

/// Checks that the mapping has all that the operation requires, since each row would be rejected.
fn check_required(
    client: &Handle,
    operation: &Operation,
    columns: &[Column],
) -> Result<(), BulkError> {
    let values = Values {
        has_location: client.location().is_some(),
        body: Some(Value::Object(Map::new())),
        ..Values::default()
    };
    let is_mapped = |path: &str| {
        columns.iter().any(|column| match &column.target {
            Target::Parameter(name, _) => *name == path,
            Target::Field(field, _) => {
                let field = field.to_string();
                field == path || field.starts_with(&format!("{path}."))
            }
            Target::CustomField(_) => path == "customFields",
        })
    };
    let problems = operation.validate(&values);
    let missing = problems.iter().find(|problem| {
        let is_missing = problem.kind == ProblemKind::Missing && !problem.is_advice;
        is_missing && !is_mapped(&problem.path)
    });
    let Some(missing) = missing else {
        return Ok(());
    };
    let path = &missing.path;
    if operation
        .location
        .is_some_and(|location| location.name == *path)
    {
        return Err(invalid(
            format!(
                "`{}` needs a location, and the client has none",
                operation.key()
            ),
            "set the location of the client, or map `locationId` to a column",
        ));
    }
    Err(malformed(&format!(
        "`{}` requires `{path}`, which it does not have",
        operation.key()
    )))
}

impl MappedWriter {
    /// A writer that calls this operation: `contacts.upsert_contact`. The custom fields of the
    /// location are read if the mapping names any.
    ///
    /// # Errors
    /// There is no such operation, its body is no JSON, the mapping names what it does not declare,
    /// or a custom field that the location does not have or has twice; or the custom fields cannot
    /// be read.
    pub async fn open(
        client: &Handle,
        operation: &str,
        mapping: &Value,
    ) -> Result<Self, BulkError> {
        let operation = hoopai_catalogue::find(operation).map_err(|unknown| {
            invalid(
                unknown.to_string(),
                "`hoopai search` finds operations by words",
            )
        })?;
        if operation
            .body
            .as_ref()
            .is_none_or(|body| body.kind != BodyKind::Json)
        {
            return Err(invalid(
                format!("`{}` has no JSON body to import into", operation.key()),
                "name an operation that creates or updates a record",
            ));
        }
        let Some(entries) = mapping.as_object().filter(|entries| !entries.is_empty()) else {
            return Err(malformed("it is not an object with entries"));
        };
        let key = operation.key();
        let look_up = SEARCHES
            .iter()
            .find(|one| one.operations.contains(&key.as_str()));
        let look_up = look_up.and_then(|one| Some((one, hoopai_catalogue::find(one.find).ok()?)));
        let mut columns = Vec::new();
        let mut names = Vec::new();
        for (name, value) in entries {
            match value {
                Value::Object(fields) if name == "customFields" => {
                    target(operation, name)?;
                    names.extend(fields);
                }
                _ if name == "additionalEmails" && look_up.is_some() => {
                    return Err(malformed(
                        "the platform stores one email address of a contact on a write, so `additionalEmails` would be lost; map the column to a custom field",
                    ));
                }
                column => columns.push(column_of(column, target(operation, name)?)?),
            }
        }
        if !names.is_empty() {
            let known = CustomFields::read(client, operation).await?;
            let mut ids = BTreeSet::new();
            for (name, column) in names {
                let field = known.find(name)?;
                if !ids.insert(field.id.clone()) {
                    return Err(malformed(&format!(
                        "the custom field `{name}` is named twice"
                    )));
                }
                columns.push(column_of(column, Target::CustomField(field))?);
            }
        }
        check_required(client, operation, &columns)?;
        Ok(MappedWriter {
            client: client.clone(),
            operation,
            look_up,
            columns,
            mapping: mapping.clone(),
            country: None,
            replaces_emails: false,
        })
    }

    /// Sets the country of telephone numbers without a country code: `US`. Without one, rows with
    /// such numbers are rejected.
    ///
    /// # Errors
    /// It is no code of a country by ISO 3166, of two letters.
    pub fn country(mut self, code: &str) -> Result<Self, BulkError> {
        self.country = Some(Country::parse(code).ok_or_else(|| {
            invalid(
                format!("{code:?} is no country"),
                "use a code of two letters, such as US",
            )
        })?);
        Ok(self)
    }

    /// Sends rows that have an email address and a telephone number without a look-up. By default
    /// such a row of an upsert is looked up by its number first, which costs a request, and rejected
    /// if the contact has another email address, which the upsert would replace.
    #[must_use]
    pub fn replace_emails(mut self) -> Self {
        self.replaces_emails = true;
        self
    }

    /// What identifies the import besides its input: operation, location, mapping, the ids of custom
    /// fields, and the country.
    pub fn settings(&self) -> Value {
        let custom_fields: Vec<&str> = self
            .columns
            .iter()
            .filter_map(|column| match &column.target {
                Target::CustomField(field) => Some(field.id.as_str()),
                _ => None,
            })
            .collect();
        json!({
            "operation": self.operation.key(),
            "location": self.client.location(),
            "mapping": self.mapping,
            "customFields": custom_fields,
            "country": self.country.map(Country::code),
        })
    }

    /// The parameters and the body of a row.
    fn values(&self, row: &Row) -> Result<Values, RowError> {
        let mut values = Values {
            has_location: self.client.location().is_some(),
            body: Some(Value::Object(Map::new())),
            ..Values::default()
        };
        for column in &self.columns {
            let cell = match row.get(&column.name) {
                None if !column.optional => {
                    let text = format!("the row has no column `{}`", column.name);
                    return Err(RowError::new(text));
                }
                None | Some(Value::Null) => continue,
                Some(Value::String(text)) if text.trim().is_empty() => continue,
                Some(cell) => cell,
            };
            column.set(cell, self.country, &mut values)?;
        }
        Ok(values)
    }

    /// The parameters of the look-up that identify the record of a row, and their values.
    fn keys_of<'a>(
        &'a self,
        values: &'a Values,
    ) -> impl Iterator<Item = (&'static str, &'a str)> + 'a {
        let keys = self.look_up.as_ref().map_or(&[][..], |(one, _)| one.keys);
        keys.iter().filter_map(|(field, parameter)| {
            Some((*parameter, values.body.as_ref()?.get(*field)?.as_str()?))
        })
    }

    /// The id of the record in a reply.
    fn id<'a>(&self, reply: &'a Value) -> Option<&'a str> {
        let id_of = |record: &'a Value| {
            let id = record.get("id").or_else(|| record.get("_id"))?.as_str()?;
            (!id.is_empty()).then_some(id)
        };
        match &self.look_up {
            Some((look_up, _)) => id_of(&reply[look_up.record]),
            None => id_of(reply).or_else(|| reply.as_object()?.values().find_map(id_of)),
        }
    }

    fn is_upsert(&self) -> bool {
        self.operation.entry.name.starts_with("upsert")
    }

    /// Reads the record that a parameter of the look-up identifies.
    async fn look_up(&self, parameter: &str, key: &str) -> Result<Value, Error> {
        let Some((look_up, find)) = &self.look_up else {
            return Ok(Value::Null);
        };
        let call = find.call(&self.client, &[(parameter.to_owned(), key.into())]);
        let mut reply = call.send_json::<Value>().await?.into_inner();
        Ok(match self.id(&reply) {
            Some(_) => reply[look_up.record].take(),
            None => Value::Null,
        })
    }
}

impl RowWriter for MappedWriter {
    fn check_columns(&self, columns: &[String]) -> Result<(), RowError> {
        let is_missing = |column: &&Column| !column.optional && !columns.contains(&column.name);
        match self.columns.iter().find(is_missing) {
            Some(column) => Err(RowError::new(format!(
                "there is no column `{}`; the columns are {}",
                column.name,
                names(columns)
            ))),
            None => Ok(()),
        }
    }

    fn check(&self, row: &Row) -> Result<(), RowError> {
        let values = self.values(row)?;
        if self.look_up.is_some() && self.keys_of(&values).next().is_none() {
            return Err(RowError::new("it has neither email nor phone"));
        }
        let problems = self.operation.validate(&values);
        match problems.into_iter().find(|problem| !problem.is_advice) {
            Some(problem) => Err(RowError::new(problem.to_string()).field(problem.path)),
            None => Ok(()),
        }
    }

    fn keys(&self, row: &Row) -> Vec<String> {
        let Ok(values) = self.values(row) else {
            return Vec::new();
        };
        let keys = self.keys_of(&values);
        keys.map(|(parameter, key)| format!("{parameter} {key}"))
            .collect()
    }

    fn check_before<'a>(
        &'a self,
        row: &'a Row,
    ) -> Option<BoxFuture<'a, Result<Option<RowError>, Error>>> {
        if self.replaces_emails || !self.is_upsert() {
            return None;
        }
        let values = self.values(row).ok()?;
        let mut keys = self.keys_of(&values);
        let (_, email) = keys.next().filter(|(parameter, _)| *parameter == "email")?;
        let (parameter, phone) = keys.next()?;
        let (email, phone) = (email.to_owned(), phone.to_owned());
        Some(Box::pin(async move {
            let contact = self.look_up(parameter, &phone).await?;
            let stored = contact["email"].as_str().unwrap_or_default();
            Ok(
                (!stored.is_empty() && stored.to_lowercase() != email).then(|| {
                    RowError::new(
                        "a contact with this number has another email address, which would be lost",
                    )
                    .field("phone")
                }),
            )
        }))
    }

    async fn write(&self, row: &Row) -> Result<Written, Error> {
        // A row that cannot be converted was rejected by `check`.
        let values = self.values(row).unwrap_or_default();
        let mut call = self.operation.call(&self.client, &values.parameters);
        if let Some(body) = &values.body {
            call.json(body);
        }
        let reply = call.send_json::<Value>().await?.into_inner();
        let id = self.id(&reply).unwrap_or_default();
        let is_new = match self.operation.entry.name.starts_with("create") {
            true => Some(true),
            false => reply["new"].as_bool(),
        };
        let written = match is_new {
            Some(true) if !id.is_empty() => Written::created(id),
            Some(false) => Written::updated(id),
            _ => id.to_owned().into(),
        };
        let sent = values.body.unwrap_or_default();
        let is_lost = self.look_up.as_ref().is_some_and(|(look_up, _)| {
            let stored = reply[look_up.record]["email"].as_str();
            let sent = sent["email"].as_str();
            matches!((stored, sent), (Some(stored), Some(sent)) if stored.to_lowercase() != sent)
        });
        Ok(match is_lost {
            true => written.lacks(
                RowError::new("the contact has another email address, and that of the row is lost")
                    .field("email"),
            ),
            false => written,
        })
    }

    async fn find(&self, row: &Row) -> Result<Found, Error> {
        let values = self.values(row).unwrap_or_default();
        let Some((parameter, key)) = self.keys_of(&values).next() else {
            return Ok(Found::Unknown);
        };
        let contact = self.look_up(parameter, key).await?;
        let Some(id) = contact["id"].as_str() else {
            return Ok(Found::Nothing);
        };
        let sent = values.body.as_ref();
        Ok(
            match self.is_upsert() && !sent.is_some_and(|sent| has_values(&contact, sent)) {
                true => Found::Unknown,
                false => Found::Record(id.to_owned()),
            },
        )
    }
}

/// Whether a record has the sent values. Texts may differ in case, since the platform changes that
/// of some fields.
fn has_values(record: &Value, sent: &Value) -> bool {
    let Some(fields) = sent.as_object() else {
        return false;
    };
    fields
        .iter()
        .all(|(name, value)| match (record.get(name), value) {
            (Some(Value::String(stored)), Value::String(sent)) => {
                stored.to_lowercase() == sent.to_lowercase()
            }
            (Some(Value::Array(stored)), Value::Array(sent)) if name == "customFields" => {
                sent.iter().all(|field| has_custom_field(stored, field))
            }
            (stored, value) => stored == Some(value),
        })
}

/// Custom fields are written as `field_value` and read as `value`.
fn has_custom_field(stored: &[Value], sent: &Value) -> bool {
    let same = stored.iter().find(|field| field["id"] == sent["id"]);
    same.is_some_and(|field| {
        field["value"] == sent["field_value"] || field["field_value"] == sent["field_value"]
    })
}

impl Column {
    fn set(
        &self,
        cell: &Value,
        country: Option<Country>,
        values: &mut Values,
    ) -> Result<(), RowError> {
        let body = values.body.get_or_insert_with(|| Value::Object(Map::new()));
        match &self.target {
            Target::Parameter(name, schema) => {
                let value = converted(*schema, name, cell)?;
                values.parameters.push(((*name).to_owned(), value));
            }
            Target::Field(path, schema) => {
                let name = path.to_string();
                let value = match (name.as_str(), text_of(cell)) {
                    ("email", Some(text)) => email(&text)
                        .map_err(|reason| RowError::new(reason).field(&name))?
                        .into(),
                    ("phone", Some(text)) if !self.as_text => e164(&text, country)
                        .map_err(|reason| RowError::new(reason).field(&name))?
                        .into(),
                    _ => converted(*schema, &name, cell)?,
                };
                path.insert(body, value)
                    .map_err(|_| RowError::new("another column sets a part of it").field(name))?;
            }
            Target::CustomField(field) => {
                let value = field.value(cell)?;
                let fields = &mut body["customFields"];
                if !fields.is_array() {
                    *fields = json!([]);
                }
                if let Some(fields) = fields.as_array_mut() {
                    fields.push(json!({ "id": field.id, "field_value": value }));
                }
            }
        }
        Ok(())
    }
}

/// The text of a cell that is a text or a number.
fn text_of(cell: &Value) -> Option<String> {
    match cell {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn converted(schema: Schema, name: &str, cell: &Value) -> Result<Value, RowError> {
    match cell {
        Value::String(text) => schema
            .parse(name, text.trim())
            .map_err(|problem| RowError::new(problem.to_string()).field(name)),
        other => Ok(other.clone()),
    }
}

fn column_of(value: &Value, target: Target) -> Result<Column, BulkError> {
    let name = value.as_str().or_else(|| value["column"].as_str());
    match name {
        Some(name) => Ok(Column {
            name: name.to_owned(),
            optional: value["optional"] == true,
            as_text: value["as"] == "text",
            target,
        }),
        None => Err(malformed("an entry names no column")),
    }
}

fn target(operation: &'static Operation, name: &str) -> Result<Target, BulkError> {
    if let Some(parameter) = operation.parameter(name) {
        return Ok(Target::Parameter(parameter.name, parameter.schema));
    }
    let unknown = || malformed(&format!("`{}` declares no field `{name}`", operation.key()));
    let body = operation.body.as_ref().ok_or_else(unknown)?;
    let path: FieldPath = name.parse().map_err(|_| unknown())?;
    let (path, schema) = body
        .schema
        .at(&path)
        .map_err(|problem| malformed(&problem.to_string()))?;
    Ok(Target::Field(path, schema))
}

impl fmt::Debug for MappedWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MappedWriter")
            .field(&self.operation.key())
            .finish()
    }
}
