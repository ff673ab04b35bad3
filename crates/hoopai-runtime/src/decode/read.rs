//! Reading a whole text, or an item of it, as a type.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::drift::{Drift, DriftKind};
use super::fault::Fault;
use super::reader::Reader;
use super::scan::{DEPTH, Scan};

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
