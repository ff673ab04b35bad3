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
    for byte in id.bytes() {
        if !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_' | b':' | b';' | b'=' | b'/')
        {
            return false;
        }
    }
    id.len() <= 80
}

/// What the first of these headers holds that is there and is text.
fn first<'a>(headers: &'a HeaderMap, names: &[&str]) -> Option<&'a str> {
    for name in names {
        if let Some(value) = headers.get(*name)
            && let Ok(id) = value.to_str()
        {
            return if id.is_empty() { None } else { Some(id) };
        }
    }
    None
}
