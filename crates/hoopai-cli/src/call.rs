//! Sends a call, or shows it.

use hoopai_runtime::{Handle, RawRequest, Response};
use serde_json::Value;

use crate::account::{Client, placeholder};
use crate::confirm::{Consequence, confirm};
use crate::failure::{Failure, Result};
use crate::options::Options;
use crate::output::Printer;
use crate::preview::{self, FormPart};

/// A call that is ready to be sent.
pub(crate) struct Prepared {
    pub(crate) call: RawRequest,
    /// The parts of its body, if that is `multipart/form-data`.
    pub(crate) parts: Vec<FormPart>,
}

/// Sends a call and prints its reply; or prints the request, with `--dry-run` and `--curl`.
pub(crate) async fn run(
    options: &Options,
    name: &str,
    consequence: Option<Consequence>,
    prepare: impl FnOnce(&Handle) -> Result<Prepared>,
) -> Result {
    let mut printer = Printer::stdout(options, false)?;
    if options.dry_run || options.curl {
        return show(options, prepare(&placeholder(options)?)?);
    }
    let client = Client::open(options).await?;
    let prepared = prepare(&client.handle)?;
    confirm(options, name, consequence)?;
    let reply: Result<Response<Value>> = interruptible(async { Ok(prepared.call.send().await?) }).await;
    client.close().await;
    printer.reply(reply?.into_inner(), None)
}

/// Prints a request.
fn show(options: &Options, prepared: Prepared) -> Result {
    let request = prepared.call.into_request()?;
    let text = if options.curl {
        preview::curl(&request, &prepared.parts)
    } else {
        preview::http(&request, &prepared.parts)
    };
    print_line(&text)
}

/// Writes a text to the standard output.
pub(crate) fn print_line(text: &str) -> Result {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}

/// Ends with [`Exit::Interrupted`](crate::Exit::Interrupted) on Ctrl-C.
pub(crate) async fn interruptible<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => Err(Failure::interrupted(
            "interrupted: check the effect of a write before you repeat it",
        )),
    }
}
