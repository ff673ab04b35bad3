//! The declared parameter or field that a flag sets.

use hoopai_catalogue::{FieldPath, Operation, Parameter, Problem, Schema};

/// How a value is named.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Flag {
    /// `--NAME`: a parameter or a field.
    Any(String),
    /// `--param NAME=`: a parameter, also one that has the name of an option.
    Parameter(String),
    /// `--field PATH=`: a field of the body, also one that has the name of an option or parameter.
    Field(String),
}

/// The declared value that a flag sets.
pub(super) enum Target {
    Parameter(&'static Parameter),
    Field(FieldPath, Schema),
    /// A part of the body that is a file.
    File(String),
}

impl Target {
    pub(super) fn find(
        operation: &Operation,
        flag: &Flag,
    ) -> std::result::Result<Self, Option<Problem>> {
        // Operations of the catalogue live as long as the program.
        let operation: &'static Operation = operation
            .module
            .operation(operation.entry.name)
            .ok_or(None)?;
        let (Flag::Any(name) | Flag::Parameter(name) | Flag::Field(name)) = flag;
        if !matches!(flag, Flag::Field(_))
            && let Some(parameter) = operation.parameter(name)
        {
            return Ok(Target::Parameter(parameter));
        }
        let body = operation
            .body
            .as_ref()
            .filter(|_| !matches!(flag, Flag::Parameter(_)));
        let Some(body) = body else {
            return Err(None);
        };
        let similar = |one: &str| one.eq_ignore_ascii_case(&name.replace(['-', '_'], ""));
        if let Some(part) = body.parts.iter().find(|part| {
            part.is_file && (part.name == name || similar(&part.name.replace(['-', '_'], "")))
        }) {
            return Ok(Target::File(part.name.to_owned()));
        }
        let path: FieldPath = name.parse().map_err(|_| None)?;
        match body.schema.at(&path) {
            Ok((path, schema)) => Ok(Target::Field(path, schema)),
            Err(problem) => Err(Some(problem)),
        }
    }
}
