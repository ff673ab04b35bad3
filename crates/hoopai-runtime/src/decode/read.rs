//! Reads a whole text, or an item of it, as a type.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::drift::{Drift, DriftKind};
use super::error::DecodeError;
use super::reader::Reader;
use super::scan::{DEPTH, Scan};

/// A decoded text.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Decoded<T> {
    /// The value.
    pub value: T,
    /// The deviations from the type.
    pub drift: Vec<Drift>,
    /// The whole text, if its kind of value does not fit the type. The value is empty then.
    pub raw: Option<Value>,
}

/// Decodes a text tolerantly. An empty text and `null` are the empty value of the type, and drift,
/// unless the type accepts `null`.
#[inline]
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<Decoded<T>, DecodeError> {
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
    // The value can be several kilobytes, so it is moved as rarely as possible.
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
    reader.keep_raw(fault)?;
    let value = empty_value()?;
    let (drift, raw) = reader.finish();
    Ok(Decoded { value, drift, raw })
}

/// Decodes an item of a list, whose offset in the whole text is `start`, and appends its drift.
///
/// The item is the result and not part of a tuple, because it is large and each move copies it.
#[inline]
pub(crate) fn item<T: DeserializeOwned>(
    text: &[u8],
    start: usize,
    drift: &mut Vec<Drift>,
) -> Result<T, DecodeError> {
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

/// Whether a trimmed text has no contents.
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

/// The empty value of a type.
fn empty_value<T: DeserializeOwned>() -> Result<T, DecodeError> {
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

/// Returns JSON as text without surrounding white space.
pub(crate) fn text(body: &[u8]) -> Result<&str, DecodeError> {
    let mut text = body;
    while let [b' ' | b'\n' | b'\t' | b'\r', rest @ ..]
    | [rest @ .., b' ' | b'\n' | b'\t' | b'\r'] = text
    {
        text = rest;
    }
    utf8(text)
}

/// With the standard library, validation takes a tenth of the time of a page, with this one a
/// fortieth.
fn utf8(text: &[u8]) -> Result<&str, DecodeError> {
    simdutf8::basic::from_utf8(text).map_err(|_| DecodeError::broken())
}

/// The entries of an object or list that was checked, as text.
pub(crate) struct Entries<'t> {
    scan: Scan<'t>,
    /// The byte before the next entry.
    before: u8,
}

impl<'t> Entries<'t> {
    /// For fields without brackets, each after a comma.
    pub(crate) fn new(fields: &'t str) -> Self {
        Entries {
            scan: Scan::new(fields),
            before: b',',
        }
    }

    /// For an object (`{`) or a list (`[`), if the text is one.
    pub(crate) fn within(text: &'t str, bracket: u8) -> Option<Self> {
        let mut scan = Scan::new(text);
        (scan.peek() == bracket).then_some(Entries {
            scan,
            before: bracket,
        })
    }

    /// Returns the next name and value.
    pub(crate) fn next(&mut self) -> Option<(Cow<'t, str>, &'t str)> {
        self.advance()?;
        let name = self.scan.name().ok()?.text().0;
        Some((name, self.scan.skip(DEPTH).ok()?))
    }

    /// Returns the next item of a list.
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

/// Returns the `traceId` at the end of a body, where every recorded reply with one has it. The body
/// is not parsed again.
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
