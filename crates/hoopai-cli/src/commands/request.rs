//! `hoopai request`: a call by method and path.

use std::collections::BTreeMap;

use clap::Args;
use hoopai_runtime::operation::Method;

use crate::body;
use crate::call::{self, AnyCall, Plan, Prepared, ReplyKind};
use crate::confirm::Consequence;
use crate::failure::{Failure, Result};
use crate::options::Options;

/// A request by method and path
#[derive(Args, Debug)]
pub(crate) struct Request {
    /// HTTP method, such as GET
    method: String,

    /// Path, such as /contacts/; it may contain a query
    path: String,

    /// Query parameter; can be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    query: Vec<String>,

    /// Header; can be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    header: Vec<String>,

    /// JSON body: the text, @FILE, or - for the standard input
    #[arg(long, value_name = "JSON")]
    body: Option<String>,

    /// Retry the request like an idempotent one
    #[arg(long)]
    idempotent: bool,
}

pub(crate) async fn run(options: &Options, request: Request) -> Result {
    let method = request.method.to_ascii_uppercase();
    let method = Method::from_bytes(method.as_bytes())
        .ok()
        .filter(|method| METHODS.contains(method))
        .ok_or_else(|| {
            Failure::usage(format_args!(
                "`{}` is not a method: use GET, POST, PUT, PATCH or DELETE",
                request.method
            ))
        })?;
    let (path, mut pairs) = split_query(&request.path);
    for argument in &request.query {
        pairs.push(body::pair(argument, "--query")?);
    }
    let headers = request
        .header
        .iter()
        .map(|argument| body::pair(argument, "--header"))
        .collect::<Result<Vec<_>>>()?;
    let body = request.body.as_deref().map(body::read).transpose()?;
    // The operation of the path decides; DELETE is confirmed in any case.
    let known = hoopai_catalogue::route(method.as_str(), &path);
    let consequence = known
        .and_then(|(operation, _)| Consequence::of(operation.entry.effect))
        .or((method == Method::DELETE).then_some(Consequence::Destroys));
    let plan = Plan {
        name: format!("{method} {path}"),
        consequence,
        reply: ReplyKind::Json(None),
    };
    call::run(options, plan, |handle| {
        let mut call = handle.request(method, &path);
        for (name, values) in grouped(pairs) {
            call = call.query(name, values);
        }
        for (name, value) in headers {
            call = call.header(name, value);
        }
        if let Some(body) = &body {
            call = call.json(body);
        }
        if request.idempotent {
            call = call.options(hoopai_runtime::CallOptions::new().idempotent(true));
        }
        Ok(Prepared {
            call: AnyCall::Path(Box::new(call)),
            parts: Vec::new(),
        })
    })
    .await
}

const METHODS: [Method; 6] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::HEAD,
];

/// The path, with a leading slash, and the pairs of its query.
fn split_query(path: &str) -> (String, Vec<(String, String)>) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let pairs = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let path = match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("/{path}"),
    };
    (path, pairs)
}

/// The values of each name, in the order of the names' first values.
fn grouped(pairs: Vec<(String, String)>) -> Vec<(String, Vec<String>)> {
    let mut order = BTreeMap::new();
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in pairs {
        let index = *order.entry(name.clone()).or_insert_with(|| {
            groups.push((name, Vec::new()));
            groups.len() - 1
        });
        groups[index].1.push(value);
    }
    groups
}
