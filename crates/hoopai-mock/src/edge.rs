//! The edge of the platform, which rejects requests before any API code handles them.

use http::StatusCode;

use crate::exchange::{Reply, Request};

/// Returns the reply to a request without a `User-Agent`.
pub(crate) fn reject(request: &Request) -> Option<Reply> {
    let agent = request.headers.get(http::header::USER_AGENT);
    if agent.is_some_and(|agent| !agent.as_bytes().trim_ascii().is_empty()) {
        return None;
    }
    let page = "<!DOCTYPE html>\n<html><head><title>Access denied</title></head>\n<body><h1>Error 1010</h1>\
                <p>Access denied: the request carries no User-Agent header.</p></body></html>\n";
    Some(Reply::bytes(
        StatusCode::FORBIDDEN,
        "text/html; charset=UTF-8",
        page,
    ))
}
