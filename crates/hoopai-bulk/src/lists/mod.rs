//! The lists of the platform, by name of their operations.

#[cfg(feature = "sync")]
mod changes;
mod children;

use std::fmt;

use hoopai_catalogue::{FieldPath, Operation, PageStrategy, Problem, ProblemKind, Values};
use hoopai_runtime::paging::{ItemStream, item_stream};
use hoopai_runtime::{Call, Handle, operation};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use self::children::{CHILD_LISTS, ChildList, in_one_reply};
use crate::error::{BulkError, BulkErrorKind};
use crate::export::ExportList;
#[cfg(feature = "parquet")]
use crate::parquet_file::{Column, ColumnKind, columns_of};
#[cfg(feature = "sync")]
use crate::sync::{Changes, Start, SyncList};

/// A list of the platform, by the name of its operation, with its parameters.
///
/// ```no_run
/// # async fn run(client: hoopai_runtime::Handle) -> Result<(), hoopai_bulk::BulkError> {
/// use hoopai_bulk::{Export, PlatformList};
///
/// let contacts = PlatformList::find("contacts.search_contacts")?.with_children();
/// let invoices = PlatformList::find("invoices.list_invoices")?.set("status", "paid")?;
/// let export = Export::new("backup")
///     .list(contacts.export(&client)?)
///     .list(invoices.export(&client)?);
/// for file in export.run().await?.lists {
///     println!("{}: {} records", file.path.display(), file.rows);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "nothing is exported before it is run"]
pub struct PlatformList {
    operation: &'static Operation,
    values: Values,
    children: bool,
}

/// The names of all lists of the platform, such as `contacts.search_contacts`.
pub fn platform_lists() -> Vec<String> {
    let modules = hoopai_catalogue::modules().iter();
    let operations = modules.flat_map(|module| module.operations());
    operations
        .filter(|operation| operation.paging.is_some())
        .map(Operation::key)
        .collect()
}

impl PlatformList {
    /// The list of this operation, with its module: `contacts.search_contacts`, or its short name.
    ///
    /// # Errors
    /// There is no such operation, or it returns no list in pages.
    pub fn find(name: &str) -> Result<Self, BulkError> {
        let operation = hoopai_catalogue::find(name).map_err(|unknown| {
            let prefix = format!("{name}.");
            let mut lists = platform_lists();
            lists.retain(|list| list.starts_with(&prefix));
            match lists.is_empty() {
                true => invalid(unknown.to_string(), LISTS),
                false => invalid(
                    format!("`{name}` is a module and no list"),
                    format!("name one of its lists: {}", lists.join(", ")),
                ),
            }
        })?;
        if operation.paging.is_none() {
            let reason = operation.unpaged.unwrap_or("it has no pages");
            return Err(invalid(
                format!("`{}` cannot be exported: {reason}", operation.key()),
                LISTS,
            ));
        }
        Ok(PlatformList {
            operation,
            values: Values::default(),
            children: false,
        })
    }

    /// The name of the operation with its module.
    pub fn name(&self) -> String {
        self.operation.key()
    }

    /// Whether the operation declares a parameter, or a field of its body, of this name.
    pub fn declares(&self, name: &str) -> bool {
        self.operation.parameter(name).is_some() || self.field(name).is_some()
    }

    /// Sets a parameter, or a field of the body by its path, from a text: `status`,
    /// `filters.0.value`.
    ///
    /// # Errors
    /// The operation does not declare it, or the text is no value of its type.
    pub fn set(mut self, name: &str, text: &str) -> Result<Self, BulkError> {
        let refused = |problem: Problem| invalid(problem.to_string(), CORRECT);
        if let Some(parameter) = self.operation.parameter(name) {
            let value = parameter.schema.parse(parameter.name, text);
            let value = (parameter.name.to_owned(), value.map_err(refused)?);
            self.values
                .parameters
                .retain(|(other, _)| *other != value.0);
            self.values.parameters.push(value);
            return Ok(self);
        }
        let Some((path, schema)) = self.field(name) else {
            let closest = match self.closest_parameter(name) {
                Some(closest) => format!("; did you mean `{closest}`?"),
                None => String::new(),
            };
            return Err(invalid(
                format!("`{}` declares no parameter `{name}`{closest}", self.name()),
                CORRECT,
            ));
        };
        let value = schema.parse(&path.to_string(), text).map_err(refused)?;
        let body = self.values.body.get_or_insert_with(empty_object);
        path.insert(body, value).map_err(|blocked| {
            invalid(
                format!("`{path}` cannot be set: `{blocked}` is another kind of value"),
                CORRECT,
            )
        })?;
        Ok(self)
    }

    /// The name of the parameter, or of the field of the body, that is most similar.
    pub fn closest_parameter(&self, name: &str) -> Option<&'static str> {
        let fields = self.operation.body.as_ref();
        let fields = fields.map(|body| body.schema.fields()).unwrap_or_default();
        let names = self.operation.parameters.iter().map(|one| one.name);
        hoopai_catalogue::closest(name, names.chain(fields.iter().map(|field| field.name)))
    }

    fn field(&self, name: &str) -> Option<(FieldPath, hoopai_catalogue::Schema)> {
        let body = self.operation.body.as_ref()?;
        let path: FieldPath = name.parse().ok()?;
        body.schema.at(&path).ok()
    }

    /// Sets the body, such as the filters and the order of a search.
    pub fn body(mut self, body: impl Into<Value>) -> Self {
        self.values.body = Some(body.into());
        self
    }

    /// Also exports the lists below each record: notes, tasks and appointments of contacts,
    /// messages of conversations. Other lists have none.
    pub fn with_children(mut self) -> Self {
        self.children = true;
        self
    }

    /// The list for an [`Export`](crate::Export). Its file has the name of the operation with `-`
    /// for the dot, those of its children a further part: `contacts-search_contacts-notes.ndjson`.
    ///
    /// # Errors
    /// A parameter is missing or invalid.
    pub fn export(mut self, client: &Handle) -> Result<ExportList, BulkError> {
        let identity = self.prepare(client)?;
        let file = self.file_name();
        let children = self.child_lists();
        let operation = self.operation;
        let (values, handle) = (self.values, client.clone());
        let open = move || read(operation, &values, &handle, values.body.as_ref());
        let mut list = ExportList::new(file.clone(), open).settings(identity);
        for child in children {
            let open = children_of(child, client)?;
            list = list.children(format!("{file}-{}", child.name), child.id, open);
        }
        Ok(list)
    }

    /// The list for a [`SyncJob`](crate::SyncJob). Its table has the name of the operation with `-` for the
    /// dot. Lists that the platform orders by the last change are read from the latest change on:
    /// contacts, opportunities and records of objects by their searches.
    ///
    /// # Errors
    /// A parameter is missing or invalid.
    #[cfg(feature = "sync")]
    pub fn sync(mut self, client: &Handle) -> Result<SyncList, BulkError> {
        let identity = self.prepare(client)?;
        let order = self.update_order();
        let id = self.id_field();
        let name = self.file_name();
        let operation = self.operation;
        let (values, handle) = (self.values, client.clone());
        let changes = order.map(|(order, position, _)| Changes {
            updated: order.updated,
            position,
            client: client.clone(),
        });
        let size = operation.paging.as_ref().and_then(|paging| paging.size);
        let size = size.map(|size| size.parameter.name);
        let open = move |start: &Start| {
            let Some((order, _, parameter)) = order else {
                return read(operation, &values, &handle, values.body.as_ref());
            };
            let mut body = values.body.clone().unwrap_or_else(empty_object);
            order.apply(&mut body, start);
            if let Some(size) = size.filter(|_| start.newest) {
                body[size] = 1.into();
            }
            if let Some(after) = &start.after {
                body[parameter] = after.clone();
            }
            read(operation, &values, &handle, Some(&body))
        };
        let list = SyncList::from_parts(name, Box::new(open), changes, identity);
        Ok(match id {
            Some(field) => list.id(field),
            None => list,
        })
    }

    /// The columns of the files of an export, by the name of the list, for
    /// [`to_parquet`](crate::to_parquet). They are the fields that the interface declares.
    #[cfg(feature = "parquet")]
    pub fn columns(&self) -> Vec<(String, Vec<Column>)> {
        let items = self.operation.paging.as_ref();
        let items = items.map_or("", |paging| paging.items);
        let file = self.file_name();
        let mut files = vec![(file.clone(), columns_of(self.operation, items))];
        for child in self.child_lists() {
            let Ok(operation) = hoopai_catalogue::find(child.operation) else {
                continue;
            };
            let paging = operation.paging.as_ref();
            let items = child.items.or(paging.map(|paging| paging.items));
            let mut columns = vec![Column::new("_parent", ColumnKind::Text)];
            columns.extend(columns_of(operation, items.unwrap_or_default()));
            files.push((format!("{file}-{}", child.name), columns));
        }
        files
    }

    /// The lists below each record that are exported too.
    fn child_lists(&self) -> Vec<&'static ChildList> {
        let name = self.name();
        let lists = CHILD_LISTS.iter();
        lists
            .filter(|child| self.children && child.parents.contains(&name.as_str()))
            .collect()
    }

    fn file_name(&self) -> String {
        self.name().replace('.', "-")
    }

    /// Checks the parameters, and returns what identifies the list.
    fn prepare(&mut self, client: &Handle) -> Result<Value, BulkError> {
        self.values.has_location = client.location().is_some();
        let problems = self.operation.validate(&self.values);
        let paging = self.operation.paging.as_ref();
        let size = paging.and_then(|paging| paging.size);
        let position = paging.and_then(|paging| match &paging.strategy {
            PageStrategy::Offset(parameter) | PageStrategy::Page { parameter, .. } => {
                Some(parameter.name)
            }
            _ => None,
        });
        // The client sets the page and its size.
        let is_set = |name: &str| {
            position == Some(name) || size.is_some_and(|size| size.parameter.name == name)
        };
        let problems: Vec<String> = problems
            .iter()
            .filter(|problem| !problem.is_advice)
            .filter(|problem| problem.kind != ProblemKind::Missing || !is_set(&problem.path))
            .map(ToString::to_string)
            .collect();
        if !problems.is_empty() {
            let list = self.name();
            return Err(invalid(
                format!("the list `{list}` cannot be read: {}", problems.join("; ")),
                CORRECT,
            ));
        }
        if self.operation.body.is_some() {
            self.values.body.get_or_insert_with(empty_object);
        }
        let parameters: Map<String, Value> = self.values.parameters.iter().cloned().collect();
        let identity = json!({
            "operation": self.name(),
            "location": client.location(),
            "parameters": parameters,
            "body": self.values.body,
        });
        Ok(identity)
    }
}

/// Opens a list with a body of its own.
fn read(
    operation: &'static Operation,
    values: &Values,
    client: &Handle,
    body: Option<&Value>,
) -> ItemStream<Box<RawValue>> {
    let mut call = operation.call(client, &values.parameters);
    if let Some(body) = body {
        call.json(body);
    }
    item_stream(call)
}

const LISTS: &str = "`platform_lists` and `hoopai export --lists` return the names of all lists";

const CORRECT: &str = "correct the parameter: `hoopai explain` describes those of an operation";

fn empty_object() -> Value {
    Value::Object(Map::new())
}

fn invalid(message: String, remedy: impl Into<String>) -> BulkError {
    BulkError::new(BulkErrorKind::Invalid, message, remedy)
}

/// A function that opens the list of the children of a parent.
fn children_of(
    child: &'static ChildList,
    client: &Handle,
) -> Result<impl Fn(&str) -> ItemStream<Box<RawValue>> + Send + Sync + 'static, BulkError> {
    let operation = hoopai_catalogue::find(child.operation)
        .map_err(|unknown| invalid(unknown.to_string(), CORRECT))?;
    let row: &'static operation::Operation = match child.items {
        None => operation.client_operation(),
        Some(items) => Box::leak(Box::new(operation::Operation {
            paging: Some(in_one_reply(items)),
            ..*operation.client_operation()
        })),
    };
    let is_path = operation
        .parameter(child.parameter)
        .is_some_and(|parameter| parameter.place == hoopai_catalogue::Place::Path);
    let handle = client.clone();
    Ok(move |id: &str| {
        let mut call = Call::new(&handle, row);
        match is_path {
            true => call.path(child.parameter, id),
            false => call.query(child.parameter, id),
        }
        item_stream(call)
    })
}

/// Shows no values, which can be personal data.
impl fmt::Debug for PlatformList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PlatformList").field(&self.name()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn child_lists_name_declared_operations_and_parameters() {
        for child in CHILD_LISTS {
            let operation = hoopai_catalogue::find(child.operation).unwrap();
            assert_eq!(operation.key(), child.operation);
            assert!(operation.parameter(child.parameter).is_some());
            assert_eq!(operation.paging.is_none(), child.items.is_some());
            for parent in child.parents {
                assert_eq!(PlatformList::find(parent).unwrap().name(), *parent);
            }
        }
    }
}
