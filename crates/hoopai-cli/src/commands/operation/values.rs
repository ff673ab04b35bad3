//! The values of a request: from flags, validated against the catalogue, to a call of the client.

use std::path::Path;

use hoopai_catalogue::{
    BodyKind, FieldPath, Kind, Operation, Parameter, Place, Problem, ProblemKind, Schema, Values,
};
use hoopai_runtime::{Call, CallOptions, Handle, Part};
use serde_json::{Map, Value};

use super::flags::Flags;
use super::target::{Flag, Target};
use crate::account::account_of;
use crate::body;
use crate::commands::names::command;
use crate::failure::{Failure, Result};
use crate::input;
use crate::options::{Options, closest_option};
use crate::preview::{FormPart, PartValue};

/// The values of a request.
pub(super) struct RequestValues {
    values: Values,
    /// The paths of the files, in the order of `values.files`.
    paths: Vec<String>,
    extra_query: Vec<(String, String)>,
    extra_fields: Vec<(String, Value)>,
}

impl RequestValues {
    /// Converts flags to values of their declared types.
    pub(super) fn of(
        operation: &'static Operation,
        flags: Flags,
        options: &Options,
    ) -> Result<Self> {
        let mut values = Values {
            has_location: account_of(options)?.is_some(),
            body: flags.body.as_deref().map(body::read).transpose()?,
            ..Values::default()
        };
        let (mut paths, mut extra_query, mut extra_fields) =
            (Vec::new(), flags.extra_query, Vec::new());
        for (name, path) in flags.files {
            values.files.push(name);
            paths.push(path);
        }
        let mut set: Vec<FieldPath> = Vec::new();
        for (flag, text) in flags.values {
            match Target::find(operation, &flag) {
                Ok(Target::Parameter(parameter)) => {
                    let value =
                        converted(parameter.schema, parameter.name, &text, flags.unchecked)?;
                    add(&mut values.parameters, parameter, value);
                }
                Ok(Target::File(name)) => {
                    values.files.push(name);
                    paths.push(text.trim_start_matches('@').to_owned());
                }
                Ok(Target::Field(path, schema)) => {
                    let mut value = converted(schema, &path.to_string(), &text, flags.unchecked)?;
                    let body = values.body.get_or_insert_with(|| Value::Object(Map::new()));
                    // A repeated flag of a list adds to it.
                    if set.contains(&path)
                        && schema.kind() == Kind::Array
                        && let (Some(Value::Array(before)), Value::Array(added)) =
                            (get(body, &path), &mut value)
                    {
                        let mut items = before.clone();
                        items.append(added);
                        value = Value::Array(items);
                    }
                    path.insert(body, value).map_err(|blocked| {
                        Failure::invalid(
                            &[blocked.to_string()],
                            format_args!(
                                "`{path}` cannot be set: `{blocked}` is another kind of value, or the index leaves a gap"
                            ),
                        )
                    })?;
                    set.push(path);
                }
                Err(problem) => {
                    let (Flag::Any(name) | Flag::Parameter(name) | Flag::Field(name)) = &flag;
                    if !flags.unchecked {
                        return Err(unknown(operation, name, problem));
                    }
                    let is_field = operation.body.is_some() && !matches!(flag, Flag::Parameter(_));
                    if is_field {
                        extra_fields.push((name.clone(), free(&text)));
                    } else {
                        extra_query.push((name.clone(), text));
                    }
                }
            }
        }
        for (name, text) in flags.extra_fields {
            extra_fields.push((name, free(&text)));
        }
        let mut request = RequestValues {
            values,
            paths,
            extra_query,
            extra_fields,
        };
        request.limit(operation, options, flags.all);
        Ok(request)
    }

    /// Requests no larger page than `--limit` shows.
    fn limit(&mut self, operation: &Operation, options: &Options, all: bool) {
        let size = operation.paging.as_ref().and_then(|paging| paging.size);
        let (Some(limit), Some(size), None) = (options.limit, size, &options.jq) else {
            return;
        };
        let limit = limit.clamp(1, u64::from(size.max));
        if all && limit == u64::from(size.max) {
            return;
        }
        match size.parameter.place {
            Place::Query => {
                let name = size.parameter.name;
                if !self
                    .values
                    .parameters
                    .iter()
                    .any(|(other, _)| other == name)
                {
                    let value = match operation.parameter(name).map(|one| one.schema.kind()) {
                        Some(Kind::String) => limit.to_string().into(),
                        _ => limit.into(),
                    };
                    self.values.parameters.push((name.to_owned(), value));
                }
            }
            Place::Body => {
                let body = self
                    .values
                    .body
                    .get_or_insert_with(|| Value::Object(Map::new()));
                if let Some(fields) = body.as_object_mut() {
                    let value = if size.parameter.text {
                        limit.to_string().into()
                    } else {
                        limit.into()
                    };
                    fields.entry(size.parameter.name).or_insert(value);
                }
            }
            _ => {}
        }
    }

    /// Reports all problems that the platform, or the client, would reject.
    pub(super) fn validate(&self, operation: &Operation) -> Result {
        let problems: Vec<Problem> = operation
            .validate(&self.values)
            .into_iter()
            .filter(|problem| !problem.is_advice)
            // Set as an undeclared field.
            .filter(|problem| {
                !self
                    .extra_fields
                    .iter()
                    .any(|(name, _)| *name == problem.path)
            })
            .collect();
        if problems.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = problems
            .iter()
            .map(|problem| problem.path.clone())
            .collect();
        let location = operation.location.map(|location| location.name);
        let lacks_location = problems.iter().any(|problem| {
            problem.kind == ProblemKind::Missing && Some(problem.path.as_str()) == location
        });
        if lacks_location && problems.len() == 1 {
            return Err(Failure::invalid(
                &names,
                format_args!(
                    "not sent: no location is selected (`{}`): pass --location ID, set HOOPAI_LOCATION_ID, \
                     or log in with hoopai login --location ID; --mock needs none",
                    names.join("")
                ),
            ));
        }
        let sentences: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Err(Failure::invalid(
            &names,
            format_args!(
                "not sent: {}; see hoopai {} --help, or add --unchecked",
                sentences.join("; "),
                command(operation)
            ),
        ))
    }

    /// Makes the call of the client, and the parts of its body for display.
    pub(super) fn call(
        &self,
        operation: &'static Operation,
        handle: &Handle,
        unchecked: bool,
    ) -> Result<(Call, Vec<FormPart>)> {
        let mut call = operation.call(handle, &self.values.parameters);
        let mut parts = Vec::new();
        if unchecked {
            call.options(CallOptions::new().unchecked());
        }
        for (name, value) in &self.extra_query {
            call.extra_query(name.clone(), value.as_str());
        }
        let kind = operation
            .body
            .as_ref()
            .map_or(BodyKind::Json, |body| body.kind);
        match (&self.values.body, kind) {
            (Some(Value::Object(fields)), BodyKind::Multipart) => {
                for (name, value) in fields {
                    for text in texts(value) {
                        call.add_part(name.clone(), Part::text(text.clone()));
                        parts.push(FormPart {
                            name: name.clone(),
                            value: PartValue::Text(text),
                        });
                    }
                }
            }
            (Some(body), BodyKind::Form) => call.form(body),
            (Some(body), _) => call.json(body),
            (None, _) => {}
        }
        for (name, path) in self.values.files.iter().zip(&self.paths) {
            let content = input::file(path).map_err(|error| {
                Failure::invalid(
                    std::slice::from_ref(name),
                    format_args!("the file `{path}` of `{name}` cannot be read: {error}"),
                )
            })?;
            let file_name = body::file_name(Path::new(path));
            call.add_part(name.clone(), Part::bytes(file_name, content));
            parts.push(FormPart {
                name: name.clone(),
                value: PartValue::File(path.clone()),
            });
        }
        for (name, value) in &self.extra_fields {
            call.extra_body(name.clone(), value);
        }
        Ok((call, parts))
    }
}

/// Adds the value of a parameter. A repeated flag of a list adds to it; another one replaces.
fn add(parameters: &mut Vec<(String, Value)>, parameter: &Parameter, value: Value) {
    match parameters
        .iter_mut()
        .find(|(name, _)| name == parameter.name)
    {
        Some((_, Value::Array(items))) => match value {
            Value::Array(added) => items.extend(added),
            other => items.push(other),
        },
        Some((_, before)) => *before = value,
        None => parameters.push((parameter.name.to_owned(), value)),
    }
}

fn converted(schema: Schema, path: &str, text: &str, unchecked: bool) -> Result<Value> {
    match schema.parse(path, text) {
        Ok(value) => Ok(value),
        Err(_) if unchecked => Ok(free(text)),
        Err(problem) => Err(Failure::invalid(
            std::slice::from_ref(&problem.path),
            format_args!("not sent: {problem}"),
        )),
    }
}

/// A value of no declared type: JSON, or else a text.
fn free(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

/// The error of a flag that the operation does not declare.
fn unknown(operation: &Operation, name: &str, problem: Option<Problem>) -> Failure {
    let problem = problem.or_else(|| {
        let values = Values {
            parameters: vec![(name.to_owned(), Value::Null)],
            ..Values::default()
        };
        operation
            .validate(&values)
            .into_iter()
            .find(|problem| problem.path == name)
    });
    let is_known = |problem: &Problem| problem.kind != ProblemKind::Unknown { closest: None };
    let sentence = match (problem.filter(is_known), closest_option(name)) {
        (Some(problem), _) => problem.to_string(),
        (None, Some(option)) => {
            format!("`{name}` is not declared by the operation; did you mean `--{option}`?")
        }
        (None, None) => format!("`{name}` is not declared by the operation"),
    };
    Failure::invalid(
        &[name.to_owned()],
        format_args!(
            "not sent: {sentence}; see hoopai {} --help; --extra-query and --extra-field send undeclared values",
            command(operation)
        ),
    )
}

/// The value at a path.
fn get<'a>(value: &'a Value, path: &FieldPath) -> Option<&'a Value> {
    path.steps()
        .iter()
        .try_fold(value, |value, step| match step {
            hoopai_catalogue::Step::Key(name) => value.get(name),
            hoopai_catalogue::Step::Index(index) => value.get(index),
        })
}

/// The texts of a field of a form: one for each item of a list.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        other => vec![other.to_string()],
    }
}
