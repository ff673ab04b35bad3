//! `hoopai explain`: describes an operation.

use clap::Args;
use hoopai_catalogue::{Explanation, Operation, Row};
use serde_json::{Value, json};

use super::names::command;
use crate::call::print_line;
use crate::failure::{Failure, Result};
use crate::options::{Format, Options};
use crate::output::Printer;

/// The end of a description as text.
const OPTIONS: &str = "\
Flags
  Each parameter and each field of the body is a flag: --contact-id or --contactId, and
  --custom-fields.0.id for a field inside of a list. Further flags:
  --all                      the items of all pages; --from POSITION continues
  --body JSON|@FILE|-        the whole body
  --param, --field           a value whose name is that of another flag: --field body=TEXT
  --file NAME=PATH           a file of an upload
  --extra-query, --extra-field   an undeclared value
  --unchecked                send although the validation rejects it
  hoopai --help lists the options of all commands, such as --output, --fields and --limit.
";

/// An operation
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The operation: contacts.upsert, or contacts upsert
    #[arg(required = true, num_args = 1..=2)]
    operation: Vec<String>,
}

pub(crate) fn run(options: &Options, explain: &Explain) -> Result {
    let operation = hoopai_catalogue::find(&explain.operation.join(".")).map_err(|unknown| {
        Failure::usage(format_args!(
            "{unknown}; hoopai search finds operations by words"
        ))
    })?;
    print(options, operation)
}

/// Prints the description: text, unless another format is asked for.
pub(crate) fn print(options: &Options, operation: &'static Operation) -> Result {
    let explanation = operation.explain();
    match options.output {
        None | Some(Format::Table) if options.jq.is_none() => print_line(&format!(
            "hoopai {} [--NAME VALUE]...\n\n{}\n\n{}",
            command(operation),
            explanation.to_string().trim_end(),
            OPTIONS.trim_end()
        )),
        _ => Printer::stdout(options, false)?.reply(value(&explanation), None),
    }
}

fn value(explanation: &Explanation) -> Value {
    let facts = explanation
        .facts
        .iter()
        .map(|(title, text)| ((*title).to_owned(), json!(text)));
    json!({
        "name": explanation.name,
        "request": explanation.request,
        "summary": explanation.summary,
        "description": explanation.description,
        "facts": Value::Object(facts.collect()),
        "parameters": rows(&explanation.parameters),
        "body": rows(&explanation.body),
        "reply": rows(&explanation.reply),
    })
}

fn rows(rows: &[Row]) -> Value {
    rows.iter()
        .map(|row| {
            json!({
                "name": row.path,
                "type": row.type_name,
                "notes": row.notes,
                "allowed": row.allowed,
                "description": row.description,
            })
        })
        .collect()
}
