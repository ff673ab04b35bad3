//! The arguments of an operation: its own options, and flags for parameters and fields.

use hoopai_catalogue::{Kind, Operation, Place};

use super::target::{Flag, Target};
use crate::body::pair;
use crate::commands::names::hyphened;
use crate::failure::{Failure, Result};

/// The arguments of an operation.
#[derive(Debug, Default)]
pub(super) struct Flags {
    pub(super) help: bool,
    pub(super) all: bool,
    pub(super) unchecked: bool,
    pub(super) from: Option<String>,
    pub(super) body: Option<String>,
    /// Flags of parameters and fields, with their values as text.
    pub(super) values: Vec<(Flag, String)>,
    /// Undeclared query parameters.
    pub(super) extra_query: Vec<(String, String)>,
    /// Undeclared fields of the body.
    pub(super) extra_fields: Vec<(String, String)>,
    /// Parts of a body that are files, and their paths.
    pub(super) files: Vec<(String, String)>,
}

impl Flags {
    pub(super) fn parse(arguments: &[String], operation: &Operation) -> Result<Self> {
        let mut flags = Flags::default();
        let mut arguments = arguments.iter().peekable();
        while let Some(argument) = arguments.next() {
            if argument == "-h" {
                flags.help = true;
                continue;
            }
            let Some(flag) = argument.strip_prefix("--").filter(|flag| !flag.is_empty()) else {
                return Err(Failure::usage(format_args!(
                    "there is a value without a flag: write {} VALUE, and quote values with spaces",
                    first_flag(operation)
                )));
            };
            let (name, attached) = match flag.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (flag, None),
            };
            match name {
                "help" => flags.help = true,
                "all" => flags.all = true,
                "unchecked" => flags.unchecked = true,
                _ => {
                    let is_flag = |next: &&String| next.starts_with("--") && next.len() > 2;
                    let value = match attached {
                        Some(value) => value,
                        None if arguments.peek().is_some_and(|next| !is_flag(next)) => {
                            arguments.next().cloned().unwrap_or_default()
                        }
                        None if is_boolean(operation, name) => "true".to_owned(),
                        None => {
                            return Err(Failure::invalid(
                                &[name.to_owned()],
                                format_args!(
                                    "--{name} has no value: write --{name} VALUE, or --{name}=VALUE if it begins with --"
                                ),
                            ));
                        }
                    };
                    match name {
                        "file" => flags.files.push(file(operation, value)?),
                        _ => flags.add(name, value)?,
                    }
                }
            }
        }
        Ok(flags)
    }

    fn add(&mut self, name: &str, value: String) -> Result {
        match name {
            "from" => self.from = Some(value),
            "body" => self.body = Some(value),
            "param" => {
                let (name, value) = pair(&value, "--param")?;
                self.values.push((Flag::Parameter(name), value));
            }
            "field" => {
                let (path, value) = pair(&value, "--field")?;
                self.values.push((Flag::Field(path), value));
            }
            "extra-query" => self.extra_query.push(pair(&value, "--extra-query")?),
            "extra-field" => self.extra_fields.push(pair(&value, "--extra-field")?),
            _ => self.values.push((Flag::Any(name.to_owned()), value)),
        }
        Ok(())
    }
}

/// The part and the path of a file. The part may be left out if the operation has only one.
fn file(operation: &Operation, value: String) -> Result<(String, String)> {
    let parts = operation.body.iter().flat_map(|body| body.parts.iter());
    let names: Vec<&str> = parts
        .filter(|part| part.is_file)
        .map(|part| part.name)
        .collect();
    let named = value
        .split_once('=')
        .is_some_and(|(name, _)| names.contains(&name));
    match names.as_slice() {
        [only] if !named && (!value.contains('=') || std::path::Path::new(&value).exists()) => {
            Ok(((*only).to_owned(), value))
        }
        _ => pair(&value, "--file"),
    }
}

/// The flag of the first parameter of the path, as an example.
fn first_flag(operation: &Operation) -> String {
    let mut parameters = operation.parameters.iter();
    let first = parameters.find(|parameter| parameter.place == Place::Path);
    first.map_or_else(
        || "--NAME".to_owned(),
        |parameter| format!("--{}", hyphened(parameter.name)),
    )
}

/// Whether a flag may stand without a value.
fn is_boolean(operation: &Operation, name: &str) -> bool {
    match Target::find(operation, &Flag::Any(name.to_owned())) {
        Ok(Target::Parameter(parameter)) => parameter.schema.kind() == Kind::Boolean,
        Ok(Target::Field(_, schema)) => schema.kind() == Kind::Boolean,
        _ => false,
    }
}
