//! A writer of rows for any operation, by a mapping from columns to fields.

use std::fmt;

use hoopai_catalogue::{BodyKind, FieldPath, Operation, Schema, Values};
use hoopai_runtime::{Error, Handle};
use serde_json::{Map, Value, json};

use super::Row;
use super::writer::{Found, RowError, RowWriter};
use crate::error::{BulkError, BulkErrorKind};

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
/// `customFields` maps ids of custom fields to columns. Surrounding white space is removed, and
/// the field `email` is sent in lower case.
///
/// The rows of `contacts.create_contact` and `contacts.upsert_contact` are found by the duplicate
/// search. After an upsert, a record counts as that of the row only if it has the values of the
/// row; otherwise the row is sent again, which updates the same record. Other operations have no
/// such search, so a row without an answer is sent again: at least once.
///
/// ```no_run
/// # async fn run(client: hoopai_runtime::Handle) -> Result<(), hoopai_bulk::BulkError> {
/// use hoopai_bulk::{Import, MappedWriter};
/// use hoopai_runtime::serde_json::json;
///
/// let mapping = json!({
///     "email": "E-mail",
///     "firstName": "First name",
///     "customFields": { "cF7Kd2Lm9Qp4": "Plan" },
/// });
/// let writer = MappedWriter::new(&client, "contacts.upsert_contact", &mapping)?;
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
}

struct Column {
    name: String,
    optional: bool,
    target: Target,
}

enum Target {
    Parameter(&'static str, Schema),
    Field(FieldPath, Schema),
    /// The id of a custom field.
    CustomField(String),
}

impl MappedWriter {
    /// A writer that calls this operation: `contacts.upsert_contact`.
    ///
    /// # Errors
    /// There is no such operation, its body is no JSON, or the mapping names what it does not
    /// declare.
    pub fn new(client: &Handle, operation: &str, mapping: &Value) -> Result<Self, BulkError> {
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
        let mut columns = Vec::new();
        for (name, value) in entries {
            match value {
                Value::Object(fields) if name == "customFields" => {
                    for (id, column) in fields {
                        columns.push(column_of(column, Target::CustomField(id.clone()))?);
                    }
                }
                column => columns.push(column_of(column, target(operation, name)?)?),
            }
        }
        let key = operation.key();
        let look_up = SEARCHES
            .iter()
            .find(|one| one.operations.contains(&key.as_str()));
        let look_up = look_up.and_then(|one| Some((one, hoopai_catalogue::find(one.find).ok()?)));
        Ok(MappedWriter {
            client: client.clone(),
            operation,
            look_up,
            columns,
            mapping: mapping.clone(),
        })
    }

    /// What identifies the import besides its input: operation, location and mapping.
    pub fn settings(&self) -> Value {
        json!({
            "operation": self.operation.key(),
            "location": self.client.location(),
            "mapping": self.mapping,
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
            column.set(cell, &mut values)?;
        }
        Ok(values)
    }

    /// The parameter of the look-up that identifies the record of a row.
    fn key_of(&self, values: &Values) -> Option<(&'static str, String)> {
        let (look_up, _) = self.look_up.as_ref()?;
        let body = values.body.as_ref()?;
        look_up.keys.iter().find_map(|(field, parameter)| {
            Some((*parameter, body.get(*field)?.as_str()?.to_owned()))
        })
    }

    /// The id of the record in a reply.
    fn id<'a>(&self, reply: &'a Value) -> Option<&'a str> {
        let record = match &self.look_up {
            Some((look_up, _)) => &reply[look_up.record],
            None => reply,
        };
        let id = record.get("id").or_else(|| record.get("_id"))?;
        id.as_str().filter(|id| !id.is_empty())
    }
}

impl RowWriter for MappedWriter {
    fn check(&self, row: &Row) -> Result<(), RowError> {
        let values = self.values(row)?;
        if self.look_up.is_some() && self.key_of(&values).is_none() {
            return Err(RowError::new("it has neither email nor phone"));
        }
        let problems = self.operation.validate(&values);
        match problems.into_iter().find(|problem| !problem.is_advice) {
            Some(problem) => Err(RowError::new(problem.to_string()).field(problem.path)),
            None => Ok(()),
        }
    }

    fn key(&self, row: &Row) -> Option<String> {
        let (parameter, key) = self.key_of(&self.values(row).ok()?)?;
        Some(format!("{parameter} {key}"))
    }

    async fn write(&self, row: &Row) -> Result<String, Error> {
        // A row that cannot be converted was rejected by `check`.
        let values = self.values(row).unwrap_or_default();
        let mut call = self.operation.call(&self.client, &values.parameters);
        if let Some(body) = &values.body {
            call.json(body);
        }
        let reply = call.send_json::<Value>().await?.into_inner();
        Ok(self.id(&reply).unwrap_or_default().to_owned())
    }

    async fn find(&self, row: &Row) -> Result<Found, Error> {
        let values = self.values(row).unwrap_or_default();
        let (Some((look_up, find)), Some((parameter, key))) = (&self.look_up, self.key_of(&values))
        else {
            return Ok(Found::Unknown);
        };
        let call = find.call(&self.client, &[(parameter.to_owned(), key.into())]);
        let reply = call.send_json::<Value>().await?.into_inner();
        let Some(id) = self.id(&reply) else {
            return Ok(Found::Nothing);
        };
        let is_upsert = self.operation.entry.name.starts_with("upsert");
        let sent = values.body.unwrap_or_default();
        Ok(
            match is_upsert && !has_values(&reply[look_up.record], &sent) {
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
            (stored, value) => stored == Some(value),
        })
}

impl Column {
    fn set(&self, cell: &Value, values: &mut Values) -> Result<(), RowError> {
        let body = values.body.get_or_insert_with(|| Value::Object(Map::new()));
        match &self.target {
            Target::Parameter(name, schema) => {
                let value = converted(*schema, name, cell)?;
                values.parameters.push(((*name).to_owned(), value));
            }
            Target::Field(path, schema) => {
                let name = path.to_string();
                let mut value = converted(*schema, &name, cell)?;
                if let (true, Value::String(text)) = (name == "email", &value) {
                    value = text.to_lowercase().into();
                }
                path.insert(body, value)
                    .map_err(|_| RowError::new("another column sets a part of it").field(name))?;
            }
            Target::CustomField(id) => {
                let fields = &mut body["customFields"];
                if !fields.is_array() {
                    *fields = json!([]);
                }
                if let Some(fields) = fields.as_array_mut() {
                    fields.push(json!({ "id": id, "field_value": cell }));
                }
            }
        }
        Ok(())
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
    let (name, optional) = match value {
        Value::String(name) => (Some(name.as_str()), false),
        other => (other["column"].as_str(), other["optional"] == true),
    };
    match name {
        Some(name) => Ok(Column {
            name: name.to_owned(),
            optional,
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

fn malformed(reason: &str) -> BulkError {
    invalid(
        format!("the mapping cannot be used: {reason}"),
        "write a JSON object from fields to columns: {\"email\": \"E-mail\"}",
    )
}

fn invalid(message: String, remedy: &str) -> BulkError {
    BulkError::new(BulkErrorKind::Invalid, message, remedy)
}

impl fmt::Debug for MappedWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MappedWriter")
            .field(&self.operation.key())
            .finish()
    }
}
