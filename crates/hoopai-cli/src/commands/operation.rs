//! `hoopai MODULE OPERATION`: a call of an operation, from the catalogue.
//!
//! `flags.rs` reads the arguments, `target.rs` finds what they set, `values.rs` converts them to
//! the values of the request and validates them, `list.rs` reads whole lists.

mod flags;
mod list;
mod target;
mod values;

use std::ffi::OsString;

use hoopai_catalogue::{Kind, Module, Operation, Reply, Schema};
use hoopai_runtime::reqwest::Request;
use serde_json::{Value, json};

use crate::account::placeholder;
use crate::call::{self, AnyCall, Plan, Prepared, ReplyKind, print_line};
use crate::commands::explain;
use crate::commands::names::{command, hyphened};
use crate::confirm::Consequence;
use crate::failure::{Failure, Result};
use crate::options::{Format, Options};
use crate::output::Printer;

use flags::Flags;
use target::{Flag, Target};
use values::RequestValues;

/// What the arguments ask for.
enum Asked {
    /// The operations of a module.
    Module(&'static Module),
    /// A call, or the description of its operation.
    Call(&'static Operation, Flags),
}

pub(crate) async fn run(options: &Options, arguments: Vec<OsString>) -> Result {
    match parse(arguments)? {
        Asked::Module(module) => list_operations(options, module),
        Asked::Call(operation, flags) if flags.help => explain::print(options, operation),
        Asked::Call(operation, flags) => send(options, operation, flags).await,
    }
}

/// The values that can follow a flag of an operation, for completions. `None`: it has no value.
/// Empty: any value can follow.
pub(crate) fn values_of_flag(operation: &Operation, name: &str) -> Option<Vec<String>> {
    if matches!(name, "help" | "all" | "unchecked") {
        return None;
    }
    let schema = match Target::find(operation, &Flag::Any(name.to_owned())) {
        Ok(Target::Parameter(parameter)) => parameter.schema,
        Ok(Target::Field(_, schema)) => schema,
        _ => return Some(Vec::new()),
    };
    if schema.kind() == Kind::Boolean {
        return Some(vec!["true".to_owned(), "false".to_owned()]);
    }
    let of_items = schema.items().map(Schema::allowed).unwrap_or_default();
    let allowed = schema.allowed().iter().chain(of_items);
    let texts = allowed.map(|value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    });
    Some(texts.collect())
}

/// The request of a call, which is not sent.
pub(crate) fn request_of(options: &Options, arguments: Vec<OsString>) -> Result<Request> {
    let Asked::Call(operation, flags) = parse(arguments)? else {
        return Err(Failure::usage("the operation is missing"));
    };
    let unchecked = flags.unchecked;
    let values = RequestValues::of(operation, flags, options)?;
    if !unchecked {
        values.validate(operation)?;
    }
    let (call, _) = values.call(operation, &placeholder(options)?, unchecked)?;
    Ok(call.into_request()?)
}

fn parse(arguments: Vec<OsString>) -> Result<Asked> {
    let mut arguments = arguments
        .into_iter()
        .map(|argument| argument.into_string().unwrap_or_default());
    let module_name = arguments.next().unwrap_or_default();
    let Some(module) = hoopai_catalogue::module(&module_name) else {
        // The closest operation or module, which the error names.
        let closest = hoopai_catalogue::find(&module_name)
            .err()
            .and_then(|unknown| unknown.closest);
        let reversed = arguments
            .next()
            .filter(|second| hoopai_catalogue::module(second).is_some())
            .map(|second| format!("{second} {module_name}"));
        let hint = match reversed.or(closest) {
            Some(closest) => format!("did you mean `{closest}`? See"),
            None => "see".to_owned(),
        };
        return Err(Failure::usage(format_args!(
            "there is no command or module `{module_name}`: {hint} hoopai --help, or hoopai search WORDS"
        )));
    };
    let rest: Vec<String> = arguments.collect();
    let (name, rest) = match rest.split_first() {
        Some((name, rest)) if !name.starts_with('-') => (name, rest),
        Some((flag, _)) if flag != "--help" && flag != "-h" => {
            return Err(Failure::usage(format_args!(
                "the operation is missing before `{flag}`: see hoopai {module_name} --help"
            )));
        }
        _ => return Ok(Asked::Module(module)),
    };
    let operation = module.operation(name).ok_or_else(|| {
        let own = module.name();
        let suggestions = similar(module, name);
        let hint = match suggestions.as_slice() {
            [] => String::new(),
            names => format!("did you mean {}? ", names.join(", ")),
        };
        Failure::usage(format_args!(
            "there is no operation `{own} {name}`: {hint}hoopai {own} --help lists all operations"
        ))
    })?;
    let flags = Flags::parse(rest, operation)?;
    Ok(Asked::Call(operation, flags))
}

/// The operations whose names contain a word, or the one whose name is most similar.
fn similar(module: &Module, name: &str) -> Vec<String> {
    /// The longest list of suggestions.
    const MOST: usize = 5;
    let name = hyphened(name);
    let entries = module.entries().iter();
    let names = entries.map(|entry| hyphened(entry.short_name.unwrap_or(entry.name)));
    let mut found: Vec<String> = names
        .filter(|own| own.split('-').any(|word| word == name) || own.starts_with(&name))
        .map(|own| format!("`{} {own}`", module.name()))
        .take(MOST)
        .collect();
    if found.is_empty() {
        let unknown = hoopai_catalogue::find(&format!("{}.{name}", module.name())).err();
        let closest = unknown.and_then(|unknown| unknown.closest);
        found.extend(closest.map(|closest| format!("`{}`", hyphened(&closest).replace('.', " "))));
    }
    found
}

/// Lists the operations of a module.
fn list_operations(options: &Options, module: &'static Module) -> Result {
    if matches!(options.output, None | Some(Format::Table)) && options.jq.is_none() {
        let rows: Vec<(String, &str)> = module
            .operations()
            .iter()
            .map(|operation| (command(operation), operation.summary.unwrap_or_default()))
            .collect();
        let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let lines: Vec<String> = rows
            .iter()
            .map(|(name, summary)| format!("  {name:width$}  {summary}").trim_end().to_owned())
            .collect();
        return print_line(&format!(
            "{}: hoopai MODULE OPERATION --help documents an operation\n\n{}",
            module.product(),
            lines.join("\n")
        ));
    }
    let list: Vec<Value> = module
        .operations()
        .iter()
        .map(|operation| {
            json!({
                "command": command(operation),
                "effect": operation.entry.effect.name(),
                "summary": operation.summary,
            })
        })
        .collect();
    Printer::stdout(options, false)?.reply(Value::Array(list), None)
}

async fn send(options: &Options, operation: &'static Operation, flags: Flags) -> Result {
    let plan = Plan {
        name: command(operation),
        consequence: Consequence::of(operation.entry.effect),
        reply: match operation.reply {
            Reply::Empty => ReplyKind::Empty,
            Reply::Bytes => ReplyKind::Bytes,
            _ => ReplyKind::Json(operation.paging.as_ref().map(|paging| paging.items)),
        },
    };
    let all = flags.all;
    let from = flags.from.clone();
    let unchecked = flags.unchecked;
    let values = RequestValues::of(operation, flags, options)?;
    if !unchecked {
        values.validate(operation)?;
    }
    if from.is_some() && !all {
        return Err(Failure::usage(
            "--from continues a whole list: add --all, or remove it",
        ));
    }
    let prepare = |handle: &hoopai_runtime::Handle| {
        let (call, parts) = values.call(operation, handle, unchecked)?;
        Ok(Prepared {
            call: AnyCall::Operation(Box::new(call)),
            parts,
        })
    };
    if all && !(options.dry_run || options.curl) {
        return list::run(options, plan, operation, from, |handle| {
            Ok(values.call(operation, handle, unchecked)?.0)
        })
        .await;
    }
    call::run(options, plan, prepare).await
}
