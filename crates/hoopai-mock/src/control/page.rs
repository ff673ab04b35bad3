//! The page at `/`, with its script and style. All files are part of the program.

use http::{Method, StatusCode};

use crate::exchange::{Reply, Request};

/// Nothing but the page's own files and requests to its own server. The script sets texts only.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Returns a file of the page; `None` for other paths.
pub(super) fn find(request: &Request) -> Option<Reply> {
    let (content_type, text) = match request.path.as_str() {
        "/" => ("text/html; charset=utf-8", include_str!("page/page.html")),
        "/__hoopai/page.js" => (
            "text/javascript; charset=utf-8",
            include_str!("page/page.js"),
        ),
        "/__hoopai/page.css" => ("text/css; charset=utf-8", include_str!("page/page.css")),
        _ => return None,
    };
    if request.method != Method::GET && request.method != Method::HEAD {
        return Some(Reply::empty(StatusCode::METHOD_NOT_ALLOWED));
    }
    let reply = Reply::bytes(StatusCode::OK, content_type, text);
    Some(
        reply
            .with_header("content-security-policy", POLICY)
            .with_header("x-content-type-options", "nosniff")
            .with_header("referrer-policy", "no-referrer")
            .with_header("cross-origin-opener-policy", "same-origin")
            .with_header("cross-origin-resource-policy", "same-origin")
            .with_header("cache-control", "no-store"),
    )
}
