//! Characters that are not shown, or that change how the text around them is shown.
//!
//! They stay in data (names and values on the wire), where they are written as escapes. In documentation, errors and on the
//! terminal the escape stands for the character.

use std::borrow::Cow;
use std::fmt::Write;

/// Unicode's format characters (Cf), line and paragraph separators, and default ignorable code points. Bidi controls,
/// zero-width characters, the byte order mark, tag characters and variation selectors are among them.
const RANGES: [(u32, u32); 25] = [
    (0xad, 0xad),
    (0x34f, 0x34f),
    (0x600, 0x605),
    (0x61c, 0x61c),
    (0x6dd, 0x6dd),
    (0x70f, 0x70f),
    (0x890, 0x891),
    (0x8e2, 0x8e2),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x200b, 0x200f),
    (0x2028, 0x202e),
    (0x2060, 0x206f),
    (0x3164, 0x3164),
    (0xfe00, 0xfe0f),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffb),
    (0x110bd, 0x110bd),
    (0x110cd, 0x110cd),
    (0x13430, 0x1343f),
    (0x1bca0, 0x1bca3),
    (0x1d173, 0x1d17a),
    (0xe0000, 0xe0fff),
];

/// Whether a character is hidden: a control character other than line feed and tab, or one of Unicode's format
/// characters, line separators and default ignorable code points.
pub fn is_hidden(c: char) -> bool {
    if c.is_control() {
        return c != '\n' && c != '\t';
    }
    let code = u32::from(c);
    let after = RANGES.partition_point(|(first, _)| *first <= code);
    after > 0 && code <= RANGES[after - 1].1
}

/// The text with each hidden character written as an escape, such as `\u{202e}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    replaced(text, |out, c| {
        let _ = write!(out, "{}", c.escape_unicode());
    })
}

/// Compact or indented JSON text with each hidden character written as an escape, such as `\u202e`. Serialised JSON
/// has hidden characters in strings alone, so the value stays the same.
pub fn escaped_json(text: &str) -> Cow<'_, str> {
    replaced(text, |out, c| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

fn replaced(text: &str, escape: impl Fn(&mut String, char)) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) {
            escape(&mut out, c);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}
