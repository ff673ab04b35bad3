//! Ids of a request at the platform and at the hosts in front of it.

use reqwest::header::HeaderMap;

const TRACE: [&str; 3] = ["x-trace-id", "trace-id", "x-cloud-trace-context"];
const REQUEST: [&str; 3] = ["x-request-id", "request-id", "cf-ray"];

/// The platform's trace id, from a header.
pub(crate) fn trace_id(headers: &HeaderMap) -> Option<&str> {
    first(headers, &TRACE)
}

/// The id that a host in front of the platform assigned.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    first(headers, &REQUEST)
}

/// Whether an id can be shown unmasked: it is short and has only characters of ids.
pub(crate) fn is_plain(id: &str) -> bool {
    let is_id_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:;=/".contains(&byte);
    id.len() <= 80 && id.bytes().all(is_id_byte)
}

/// The first of these headers that is present and is text, unless it is empty.
fn first<'a>(headers: &'a HeaderMap, names: &[&str]) -> Option<&'a str> {
    let mut texts = names
        .iter()
        .filter_map(|name| headers.get(*name)?.to_str().ok());
    texts.next().filter(|id| !id.is_empty())
}
