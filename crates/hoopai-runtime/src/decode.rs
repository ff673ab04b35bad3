//! From a reply as it came to what the caller asked for.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::response::Response;
use crate::sending::Sent;
use crate::stream::ByteStream;
use crate::transport::ReplyBody;

/// A reply of JSON. A body without contents is read as the empty value of the type.
pub(crate) fn json<T: DeserializeOwned>(sent: Sent) -> Result<Response<T>, Error> {
    let (status, headers) = (sent.reply.status, sent.reply.headers);
    let body = match sent.reply.body {
        ReplyBody::Whole(body) => body,
        ReplyBody::Streamed { .. } => Bytes::new(),
    };
    match parse(&body) {
        Ok(value) => Ok(Response::new(value, status, headers, last_trace_id(&body))),
        Err(fault) => Err(Error::decode(sent.origin, &fault, body).with_reply(status, headers)),
    }
}

/// A reply whose contents are of no use.
pub(crate) fn empty(sent: Sent) -> Result<Response<()>, Error> {
    let trace_id = match &sent.reply.body {
        ReplyBody::Whole(body) => last_trace_id(body),
        ReplyBody::Streamed { .. } => None,
    };
    Ok(Response::new(
        (),
        sent.reply.status,
        sent.reply.headers,
        trace_id,
    ))
}

/// A reply of bytes.
pub(crate) fn bytes(sent: Sent) -> Result<Response<ByteStream>, Error> {
    let stream = match sent.reply.body {
        ReplyBody::Streamed { rest, limit } => ByteStream::new(sent.origin, rest, limit),
        ReplyBody::Whole(body) => ByteStream::whole(sent.origin, body),
    };
    Ok(Response::new(
        stream,
        sent.reply.status,
        sent.reply.headers,
        None,
    ))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return serde_json::from_str("null")
            .or_else(|_| serde_json::from_str("{}"))
            .or_else(|_| serde_json::from_str("[]"));
    }
    serde_json::from_slice(body)
}

/// The `traceId` of a body, where it is the last thing in it, as it is in every recorded reply that has one. It is found
/// without reading the body again.
pub(crate) fn last_trace_id(body: &[u8]) -> Option<String> {
    let tail = &body[body.len().saturating_sub(128)..];
    let tail = String::from_utf8_lossy(tail);
    let (_, after) = tail.rsplit_once("\"traceId\"")?;
    let after = after
        .trim_start()
        .strip_prefix(':')?
        .trim_start()
        .strip_prefix('"')?;
    let (id, end) = after.split_once('"')?;
    (end.trim() == "}" && !id.is_empty() && !id.contains('\\')).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::last_trace_id;

    #[test]
    fn trace_id_at_the_end_only() {
        let found = |body: &str| last_trace_id(body.as_bytes());
        assert_eq!(
            found(r#"{"a":1,"traceId":"2dc5-b0"}"#).as_deref(),
            Some("2dc5-b0")
        );
        assert_eq!(found("{\"traceId\" : \"x\" }\n").as_deref(), Some("x"));
        assert_eq!(
            found(&format!(r#"{{"a":"{}","traceId":"x"}}"#, "ü".repeat(200))).as_deref(),
            Some("x")
        );
        for body in [
            r#"{"items":[{"traceId":"x"}]}"#,
            r#"{"a":{"traceId":"x"}}"#,
            r#"{"traceId":null}"#,
            "",
            "{}",
            r#""traceId""#,
        ] {
            assert_eq!(found(body), None, "{body}");
        }
    }
}
