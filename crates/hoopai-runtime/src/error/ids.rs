//! Ids by which the platform and the hosts before it know a call.

use reqwest::header::HeaderMap;

const TRACE: [&str; 3] = ["x-trace-id", "trace-id", "x-cloud-trace-context"];
const REQUEST: [&str; 3] = ["x-request-id", "request-id", "cf-ray"];

/// The platform's trace id, from a header.
pub(crate) fn trace_id(headers: &HeaderMap) -> Option<&str> {
    first(headers, &TRACE)
}

/// The id that a host on the way gave.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    first(headers, &REQUEST)
}

/// Whether an id may be shown as it is: short, and of characters that ids are made of.
pub(crate) fn is_plain(id: &str) -> bool {
    let is_id_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:;=/".contains(&byte);
    id.len() <= 80 && id.bytes().all(is_id_byte)
}

/// What the first of these headers holds that is there and is text.
fn first<'a>(headers: &'a HeaderMap, names: &[&str]) -> Option<&'a str> {
    let mut texts = names
        .iter()
        .filter_map(|name| headers.get(*name)?.to_str().ok());
    texts.next().filter(|id| !id.is_empty())
}
