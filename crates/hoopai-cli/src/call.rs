//! Sends a call, or shows it.

use std::io::{self, Write};

use hoopai_runtime::reqwest::Request;
use hoopai_runtime::{ByteStream, Call, Error, Handle, RawRequest};
use serde_json::Value;

use crate::account::{Client, placeholder};
use crate::confirm::{Consequence, confirm};
use crate::failure::{Failure, Result};
use crate::options::Options;
use crate::output::Printer;
use crate::preview::{self, FormPart};

/// A call that is ready to be sent.
pub(crate) struct Prepared {
    pub(crate) call: AnyCall,
    /// The parts of its body, if that is `multipart/form-data`.
    pub(crate) parts: Vec<FormPart>,
}

/// A call by path or of an operation.
pub(crate) enum AnyCall {
    Path(Box<RawRequest>),
    Operation(Box<Call>),
}

/// What a call is, before a client for it exists.
pub(crate) struct Plan<'a> {
    /// The name in questions and errors.
    pub(crate) name: String,
    pub(crate) consequence: Option<Consequence>,
    pub(crate) reply: ReplyKind<'a>,
}

/// How the reply is printed.
pub(crate) enum ReplyKind<'a> {
    /// JSON; the path is that of the list of items, if it is declared.
    Json(Option<&'a str>),
    /// Nothing of use.
    Empty,
    /// A file.
    Bytes,
}

impl AnyCall {
    fn into_request(self) -> std::result::Result<Request, Error> {
        match self {
            AnyCall::Path(call) => call.into_request(),
            AnyCall::Operation(call) => call.into_request(),
        }
    }

    async fn send_json(self) -> Result<Value> {
        let reply = match self {
            AnyCall::Path(call) => call.send().await?,
            AnyCall::Operation(call) => call.send_json().await?,
        };
        Ok(reply.into_inner())
    }
}

/// Sends a call and prints its reply; or prints the request, with `--dry-run` and `--curl`.
pub(crate) async fn run(
    options: &Options,
    plan: Plan<'_>,
    prepare: impl FnOnce(&Handle) -> Result<Prepared>,
) -> Result {
    let mut printer = Printer::stdout(options, false)?;
    if options.dry_run || options.curl {
        return show(options, prepare(&placeholder(options)?)?);
    }
    let client = Client::open(options).await?;
    let Prepared { call, .. } = prepare(&client.handle)?;
    confirm(options, &plan.name, plan.consequence)?;
    let result = interruptible(async {
        match (plan.reply, call) {
            (ReplyKind::Empty, AnyCall::Operation(call)) => {
                call.send_empty().await?;
                Ok(None)
            }
            (ReplyKind::Bytes, AnyCall::Operation(call)) => {
                copy(call.send_bytes().await?.into_inner()).await?;
                Ok(None)
            }
            (ReplyKind::Json(path), call) => Ok(Some((call.send_json().await?, path))),
            (_, call) => Ok(Some((call.send_json().await?, None))),
        }
    })
    .await;
    client.close().await;
    match result? {
        Some((reply, path)) => printer.reply(reply, path),
        None => Ok(()),
    }
}

/// Writes a file to the standard output.
async fn copy(mut bytes: ByteStream) -> Result {
    let mut out = io::stdout();
    while let Some(chunk) = bytes.next_chunk().await? {
        out.write_all(&chunk)?;
    }
    out.flush()?;
    Ok(())
}

/// Prints a request.
pub(crate) fn show(options: &Options, prepared: Prepared) -> Result {
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
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}

/// Ends with [`Exit::Interrupted`](crate::exit::Exit::Interrupted) on Ctrl-C.
pub(crate) async fn interruptible<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => Err(Failure::interrupted(
            "interrupted: check the effect of a write before you repeat it",
        )),
    }
}
