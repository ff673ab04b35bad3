//! `hoopai search`: finds operations by words.

use clap::Args;
use serde_json::{Value, json};

use super::names::command;
use crate::failure::Result;
use crate::options::Options;
use crate::output::Printer;

/// The number of results unless `--limit` sets another one.
const MOST: u64 = 20;

/// Words of names and descriptions
#[derive(Args, Debug)]
pub(crate) struct Search {
    /// The words
    #[arg(required = true)]
    words: Vec<String>,
}

pub(crate) fn run(options: &Options, search: &Search) -> Result {
    let hits = hoopai_catalogue::search(&search.words.join(" "));
    let most = usize::try_from(options.limit.unwrap_or(MOST)).unwrap_or(usize::MAX);
    let list: Vec<Value> = hits
        .iter()
        .take(most)
        .map(|hit| {
            let operation = hit.operation;
            json!({
                "command": command(operation),
                "effect": operation.entry.effect.name(),
                "summary": operation.summary,
            })
        })
        .collect();
    Printer::stdout(options, false)?.reply(Value::Array(list), None)
}
