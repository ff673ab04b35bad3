//! `--all`: the items of a list over all of its pages, as a stream.

use std::io::Write;

use hoopai_catalogue::Operation;
use hoopai_runtime::paging::{ItemStream, ListPosition, item_stream};
use hoopai_runtime::{Call, Handle};
use serde_json::Value;

use crate::account::Client;
use crate::call::Plan;
use crate::confirm::confirm;
use crate::failure::{Failure, Result};
use crate::options::Options;
use crate::output::Printer;
use crate::progress::Progress;

/// The number of items between two updates of the progress.
const PROGRESS: u64 = 100;

pub(super) async fn run(
    options: &Options,
    plan: Plan<'_>,
    operation: &'static Operation,
    from: Option<String>,
    call: impl FnOnce(&Handle) -> Result<Call>,
) -> Result {
    if operation.paging.is_none() {
        let reason = operation.unpaged.unwrap_or("it has no pages");
        return Err(Failure::usage(format_args!(
            "--all does not apply to {}: {reason}",
            plan.name
        )));
    }
    let position: Option<ListPosition> = from
        .map(|text| {
            serde_json::from_str(&text).map_err(|_| {
                Failure::usage(
                    "the position of --from is not valid: pass it as it was printed, in quotes",
                )
            })
        })
        .transpose()?;
    let mut printer = Printer::stdout(options, true)?;
    let client = Client::open(options).await?;
    let mut list: ItemStream<Value> = item_stream(call(&client.handle)?);
    confirm(options, &plan.name, plan.consequence)?;
    if let Some(position) = position {
        list = list.resume(position);
    }
    let progress = Progress::beside_output();
    let result = read(&mut list, &mut printer, &progress).await;
    progress.clear();
    client.close().await;
    // All items up to the position are visible before it is printed.
    let finished = printer.finish_list();
    match (result, finished) {
        (Ok(()), finished) => finished,
        (Err(failure), Ok(())) => Err(resumable(failure, &list, printer.written(), options)),
        (Err(_), Err(failure)) => Err(failure),
    }
}

async fn read<W: Write>(
    list: &mut ItemStream<Value>,
    printer: &mut Printer<W>,
    progress: &Progress,
) -> Result {
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    while !printer.is_full() {
        let item = tokio::select! {
            biased;
            _ = &mut interrupted => return Err(Failure::interrupted("interrupted")),
            item = list.next() => item,
        };
        let Some(item) = item else {
            break;
        };
        if !printer.item(item?)? {
            break;
        }
        if printer.written().is_multiple_of(PROGRESS) {
            printer.flush()?;
            let total = list
                .total()
                .map_or_else(String::new, |total| format!(" of {total}"));
            progress.show(&format!("{}{total} items", printer.written()));
        }
    }
    Ok(())
}

/// Adds the position to a failure, and prints it.
fn resumable(
    failure: Failure,
    list: &ItemStream<Value>,
    written: u64,
    options: &Options,
) -> Failure {
    if failure.exit() == crate::exit::Exit::Success {
        return failure;
    }
    let position = serde_json::to_value(list.position()).unwrap_or_default();
    if !options.json_errors {
        let text = position.to_string().replace('\'', "'\\''");
        eprintln!(
            "to continue, repeat the command with --from '{}'",
            crate::text::json(&text)
        );
    }
    let failure = failure.with("position", position);
    if failure.exit() == crate::exit::Exit::Interrupted {
        failure
    } else {
        failure.partial(written)
    }
}
