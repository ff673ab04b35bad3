//! Text of the platform in generated code, documentation, errors and JSON.
//!
//! Invisible characters, and those that change how the text around them is displayed, are kept in
//! data (names and values of the encoded form) as escapes. Documentation, errors and terminal
//! output show the escape.

use std::borrow::Cow;
use std::fmt::Write;

/// The sentence in the documentation of a value that the specification declares as required, and
/// that the client does not check. The change report finds it in generated files.
pub(crate) const DECLARED_REQUIRED: &str = "Declared as required by the platform's specification.";

/// Unicode's format characters (Cf), line and paragraph separators, and default ignorable code
/// points, including bidi controls, zero-width characters, the byte order mark, tag characters and
/// variation selectors.
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

/// Whether a character is invisible: a control character other than line feed and tab, or one of
/// Unicode's format characters, line separators and default ignorable code points.
pub fn is_invisible(c: char) -> bool {
    if c.is_control() {
        return c != '\n' && c != '\t';
    }
    let code = u32::from(c);
    !c.is_ascii()
        && RANGES
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&code))
}

/// Writes each invisible character as a Rust escape, such as `\u{202e}`.
pub fn escape_invisible(text: &str) -> Cow<'_, str> {
    replace_invisible(text, |out, c| out.extend(c.escape_unicode()))
}

/// Writes each invisible character of serialized JSON as a JSON escape, such as `\u202e`. They
/// occur in strings only, so the value stays the same.
pub fn escape_invisible_json(text: &str) -> Cow<'_, str> {
    replace_invisible(text, |out, c| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

fn replace_invisible(text: &str, escape: impl Fn(&mut String, char)) -> Cow<'_, str> {
    if !text.contains(is_invisible) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_invisible(c) {
            escape(&mut out, c);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Writes text as documentation, each line after `marker`.
pub(crate) fn write_docs(out: &mut String, indent: &str, marker: &str, text: &str) {
    for line in text.lines() {
        let line = line.trim_end().replace('\t', " ");
        let line = escape_invisible(&line);
        let _ = if line.is_empty() {
            writeln!(out, "{indent}{marker}")
        } else {
            writeln!(out, "{indent}{marker} {line}")
        };
    }
}

/// A Rust string literal.
pub(crate) fn literal(text: &str) -> String {
    escape_invisible(&proc_macro2::Literal::string(text).to_string()).into_owned()
}

/// Rust string literals, joined by commas.
pub(crate) fn literals(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| literal(text)).collect();
    texts.join(", ")
}

/// Code in Markdown. Backticks and line breaks, which would end it, become apostrophes.
pub(crate) fn code(text: &str) -> String {
    let plain = text.replace(['`', '\n', '\t'], "'");
    format!("`{}`", escape_invisible(&plain))
}

/// Names in backticks, joined by commas.
pub(crate) fn code_list<T: AsRef<str>>(names: &[T]) -> String {
    let names: Vec<String> = names.iter().map(|name| code(name.as_ref())).collect();
    names.join(", ")
}
