//! From a reply as it came to what the caller asked for.

mod access;
mod fault;
mod places;
mod reader;
mod repair;
mod scan;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tolerance_tests;

use std::borrow::Cow;

use bytes::Bytes;
use serde::de::{Deserialize, DeserializeOwned};
use serde_json::Value;

use crate::error::{Carried, Error};
use crate::reply::byte_stream::ByteStream;
use crate::reply::drift::{Drift, DriftKind};
use crate::reply::response::{AsItCame, Response};
use crate::send::response_future::Sent;
use crate::send::transport::{RawReply, ReplyBody};
pub(crate) use access::AGAIN;
pub(crate) use fault::{Cause, Fault, LIST, OBJECT};
pub(crate) use places::{Listed, find};
use reader::Reader;
pub(crate) use reader::{AS_A_NUMBER, AS_IT_STANDS, RAW_VALUE, UNNAMED};
pub(crate) use repair::{Repaired, repair};
use scan::{DEPTH, Scan};
pub(crate) use scan::{is_number, survives};

/// What was read of a text.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Decoded<T> {
    /// The value.
    pub value: T,
    /// Where the text is not as the type says.
    pub drift: Vec<Drift>,
    /// The whole text, where its kind is one that the type does not hold. The value is empty then.
    pub raw: Option<Value>,
}

/// Reads a text as `T`, tolerantly. A text without contents, and `null`, is the empty value of the type, and a drift unless
/// the type has `null` for a value, as those have of which nothing is declared.
#[inline]
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<Decoded<T>, Fault> {
    let text = text(body)?;
    if is_empty(text) {
        let (value, drift) = match T::deserialize(&mut Reader::of_nothing("null")) {
            Ok(value) => (value, Vec::new()),
            Err(fault) => (empty_value()?, vec![empty_drift(text, fault.expected())]),
        };
        return Ok(Decoded {
            value,
            drift,
            raw: None,
        });
    }
    let mut reader = Reader::new(text);
    // A reply can be a few thousand bytes as a value, so it is moved as seldom as can be.
    let fault = match T::deserialize(&mut reader) {
        Ok(value) => match reader.end() {
            Ok(()) => {
                let (drift, raw) = reader.finish();
                return Ok(Decoded { value, drift, raw });
            }
            Err(fault) => fault,
        },
        Err(fault) => fault,
    };
    reader.set_all_aside(fault)?;
    let value = empty_value()?;
    let (drift, raw) = reader.finish();
    Ok(Decoded { value, drift, raw })
}

/// Reads an item of a list, which begins at `start` of the text of the reply, as a list reads it, and adds where it drifts.
///
/// The item itself is the result and not part of a pair, because it is large and each move copies it.
#[inline]
pub(crate) fn item<T: DeserializeOwned>(
    text: &[u8],
    start: usize,
    drift: &mut Vec<Drift>,
) -> Result<T, Fault> {
    let mut reader = Reader::new(utf8(text)?);
    let mut read = T::deserialize(&mut reader);
    if read.is_ok()
        && let Err(fault) = reader.end()
    {
        read = Err(fault);
    }
    if let Err(fault) = read {
        return Err(fault.at(0).moved(start));
    }
    *drift = reader.finish().0;
    read
}

/// Whether a text without the blanks around it has no contents.
pub(crate) fn is_empty(text: &str) -> bool {
    text.is_empty() || text == "null"
}

/// The drift of a text without contents.
#[cold]
pub(crate) fn empty_drift(text: &str, expected: Cow<'static, str>) -> Drift {
    Drift {
        kind: DriftKind::Empty,
        path: "$".to_owned(),
        expected,
        found: if text.is_empty() { "nothing" } else { "null" },
    }
}

/// The value of a type of which nothing came.
fn empty_value<T: DeserializeOwned>() -> Result<T, Fault> {
    for nothing in &["null", "{}"] {
        if let Ok(value) = T::deserialize(&mut Reader::of_nothing(nothing)) {
            return Ok(value);
        }
    }
    match T::deserialize(&mut Reader::of_nothing("[]")) {
        Ok(value) => Ok(value),
        Err(fault) => Err(fault.at(0)),
    }
}

/// JSON as text, blanks around it left out.
pub(crate) fn text(body: &[u8]) -> Result<&str, Fault> {
    let mut text = body;
    while let [b' ' | b'\n' | b'\t' | b'\r', rest @ ..]
    | [rest @ .., b' ' | b'\n' | b'\t' | b'\r'] = text
    {
        text = rest;
    }
    utf8(text)
}

/// Validation is a tenth of the time that a page takes with the standard library, and a fortieth with this one.
fn utf8(text: &[u8]) -> Result<&str, Fault> {
    simdutf8::basic::from_utf8(text).map_err(|_| Fault::broken())
}

/// The value of a text that was checked.
pub(crate) fn value(text: &str) -> Value {
    match Value::deserialize(&mut Reader::new(text)) {
        Ok(value) => value,
        Err(_) => Value::Null,
    }
}

/// The fields of an object or the items of a list that was checked, each value as it stands.
pub(crate) struct Entries<'t> {
    scan: Scan<'t>,
    /// What stands before the next one.
    before: u8,
}

impl<'t> Entries<'t> {
    /// Of fields without the brackets around them, each behind a comma.
    pub(crate) fn new(fields: &'t str) -> Self {
        Entries {
            scan: Scan::new(fields),
            before: b',',
        }
    }

    /// Of an object (`{`) or a list (`[`), if it is one.
    pub(crate) fn within(text: &'t str, bracket: u8) -> Option<Self> {
        let mut scan = Scan::new(text);
        (scan.peek() == bracket).then_some(Entries {
            scan,
            before: bracket,
        })
    }

    /// The next name and its value.
    pub(crate) fn next(&mut self) -> Option<(Cow<'t, str>, &'t str)> {
        self.advance()?;
        let name = self.scan.name().ok()?.text().0;
        Some((name, self.scan.skip(DEPTH).ok()?))
    }

    /// The next value of a list.
    pub(crate) fn next_item(&mut self) -> Option<&'t str> {
        self.advance()?;
        self.scan.skip(DEPTH).ok()
    }

    fn advance(&mut self) -> Option<()> {
        if self.scan.peek() != self.before {
            return None;
        }
        self.scan.at += 1;
        self.before = b',';
        (!matches!(self.scan.peek(), b'}' | b']')).then_some(())
    }
}

/// A reply of JSON.
pub(crate) fn json<T: DeserializeOwned>(sent: Sent) -> Result<Response<T>, Error> {
    let body = sent.body();
    let mut repaired: Option<Repaired> = None;
    let Decoded {
        value,
        mut drift,
        raw,
    } = loop {
        let text = repaired
            .as_ref()
            .map_or(&*body, |made| made.text.as_bytes());
        match read::<T>(text) {
            Ok(decoded) => break decoded,
            Err(fault) => repaired = Some(sent.repair(&fault, repaired)?),
        }
    };
    let trace_id = last_trace_id(
        repaired
            .as_ref()
            .map_or(&*body, |made| made.text.as_bytes()),
    );
    let mut came = raw.map(AsItCame::value);
    if let Some(mut made) = repaired {
        made.drift.append(&mut drift);
        drift = made.drift;
        came = Some(AsItCame::body(came, body));
    }
    if !drift.is_empty() {
        drift = sent.drifted(drift)?;
    }
    let (status, headers) = (sent.reply.status, sent.reply.headers);
    Ok(Response::with_drift(
        value, status, headers, trace_id, drift, came,
    ))
}

impl Sent {
    /// The body of a reply that is not streamed.
    pub(crate) fn body(&self) -> Bytes {
        match &self.reply.body {
            ReplyBody::Whole(body) => body.clone(),
            ReplyBody::Streamed { .. } => Bytes::new(),
        }
    }

    /// Reports drifts, whose paths are masked; in strict mode the first is an error.
    #[cold]
    pub(crate) fn drifted(&self, mut drift: Vec<Drift>) -> Result<Vec<Drift>, Error> {
        let carried = self.carried();
        for drift in &mut drift {
            if let Cow::Owned(masked) = carried.mask_path(&drift.path) {
                drift.path = masked;
            }
        }
        let origin = &self.prepared.origin;
        self.reading.report(origin, &drift);
        match drift.first() {
            Some(first) if self.reading.strict => {
                let error = Error::drifted(Some(origin.clone()), first, self.body(), carried);
                Err(self.of_reply(error))
            }
            _ => Ok(drift),
        }
    }

    /// Plain JSON, made of a reply that could not be read, unless that was done before.
    #[cold]
    pub(crate) fn repair(
        &self,
        fault: &Fault,
        before: Option<Repaired>,
    ) -> Result<Repaired, Error> {
        let body = self.body();
        match before {
            Some(made) => Err(self.unreadable(fault, made.text.as_bytes())),
            None => match fault.cause() {
                Cause::Broken => repair(&body, Some(&self.reply.headers)),
                Cause::Deep | Cause::Unfit { .. } => None,
            }
            .ok_or_else(|| self.unreadable(fault, &body)),
        }
    }

    /// The reply cannot be read; `text` is what was read of it.
    #[cold]
    pub(crate) fn unreadable(&self, fault: &Fault, text: &[u8]) -> Error {
        let origin = Some(self.prepared.origin.clone());
        self.of_reply(Error::decode(
            origin,
            fault,
            text,
            self.body(),
            self.carried(),
        ))
    }

    /// Adds what an error has to say of the reply.
    pub(crate) fn of_reply(&self, error: Error) -> Error {
        let RawReply {
            status,
            headers,
            attempts: (attempts, sent),
            ..
        } = &self.reply;
        error
            .with_reply(*status, headers.clone())
            .with_attempts(*attempts, *sent)
    }

    /// The values that the request carried.
    pub(crate) fn carried(&self) -> Carried {
        let inner = &*self.handle.0;
        let agent = &inner.shared.wire.user_agent;
        Carried::of(&self.prepared.request(agent, inner.location.as_deref()))
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
        ReplyBody::Streamed {
            rest,
            limit,
            patience,
        } => ByteStream::new(sent.prepared.origin, rest, limit, patience),
        ReplyBody::Whole(body) => ByteStream::whole(sent.prepared.origin, body),
    };
    Ok(Response::new(
        stream,
        sent.reply.status,
        sent.reply.headers,
        None,
    ))
}

/// The `traceId` of a body, where it is the last thing in it, as it is in every recorded reply that has one. It is found
/// without reading the body again.
pub(crate) fn last_trace_id(body: &[u8]) -> Option<String> {
    const NAME: &[u8] = b"\"traceId\"";
    let tail = &body[body.len().saturating_sub(128)..];
    let tail = tail.trim_ascii_end().strip_suffix(b"}")?;
    let tail = tail.trim_ascii_end().strip_suffix(b"\"")?;
    let mut start = tail.len().checked_sub(1)?;
    while tail[start] != b'"' {
        start = start.checked_sub(1)?;
    }
    let (before, id) = (&tail[..start], &tail[start + 1..]);
    let before = before.trim_ascii_end().strip_suffix(b":")?;
    let named = before.trim_ascii_end().ends_with(NAME);
    let id = std::str::from_utf8(id).ok()?;
    if named && !id.is_empty() && !id.contains('\\') {
        Some(id.to_owned())
    } else {
        None
    }
}
