//! Repairs replies that are JSON except for their encoding or stray bytes. It does not run for
//! plain JSON in UTF-8.

use reqwest::header::{CONTENT_TYPE, HeaderMap};

use super::scan::escape_length;
use crate::decode::drift::{Drift, DriftKind};
use crate::redact::json_path::JsonPaths;

/// JSON in UTF-8, made from a reply that is not.
pub(crate) struct Repaired {
    pub(crate) text: String,
    /// What was replaced or skipped.
    pub(crate) drift: Vec<Drift>,
}

/// The maximum number of replacements that are reported.
const REPORTED: usize = 256;

/// A prefix that servers write so that browsers do not run JSON as a script.
const PREFIXES: [&str; 4] = [")]}',", ")]}'", "for(;;);", "while(1);"];

/// The characters of Windows-1252 from 0x80 to 0x9f, as which browsers read Latin-1. 0: none.
const WINDOWS_1252: [u16; 32] = [
    0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039,
    0x0152, 0, 0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc,
    0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
];

/// Makes plain JSON of a body. `None`: nothing can be replaced or skipped, so the body is invalid
/// for another reason. The result can still be invalid.
#[cold]
pub(crate) fn repair(body: &[u8], headers: Option<&HeaderMap>) -> Option<Repaired> {
    let (text, encoding) = as_text(body, headers);
    let mut mender = Repairer {
        rest: &text,
        out: String::with_capacity(text.len()),
        notes: Vec::new(),
    };
    if let Some(encoding) = encoding.filter(|encoding| *encoding != NOT_UTF_8) {
        mender.note(encoding);
    }
    mender.skip_prefix();
    mender.document(encoding == Some(NOT_UTF_8));
    let Repairer { out, notes, .. } = mender;
    if notes.is_empty() {
        return None;
    }
    let mut places = JsonPaths::new(out.as_bytes());
    let mut drift = Vec::new();
    for (at, found) in notes {
        let (path, _) = places.value_at(at);
        drift.push(Drift {
            kind: DriftKind::Repaired,
            path,
            expected: "JSON in UTF-8".into(),
            found,
        });
    }
    Some(Repaired { text: out, drift })
}

const NOT_UTF_8: &str = "a byte that is not UTF-8";

/// A body as text, and its encoding if it is not UTF-8.
fn as_text(body: &[u8], headers: Option<&HeaderMap>) -> (String, Option<&'static str>) {
    const UTF_16: Option<&str> = Some("UTF-16");
    match body {
        [0xff, 0xfe, rest @ ..] => return (utf_16(rest, u16::from_le_bytes), UTF_16),
        [0xfe, 0xff, rest @ ..] => return (utf_16(rest, u16::from_be_bytes), UTF_16),
        [1..=255, 0, 1..=255, 0, ..] => return (utf_16(body, u16::from_le_bytes), UTF_16),
        [0, 1..=255, 0, 1..=255, ..] => return (utf_16(body, u16::from_be_bytes), UTF_16),
        _ => {}
    }
    if let Ok(text) = std::str::from_utf8(body) {
        return (text.to_owned(), None);
    }
    if is_declared_latin_1(headers) {
        return (
            body.iter().map(|byte| latin_1(*byte)).collect(),
            Some("Latin-1"),
        );
    }
    (String::from_utf8_lossy(body).into_owned(), Some(NOT_UTF_8))
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks(2).map(|pair| match pair {
        [first, second] => unit([*first, *second]),
        _ => 0xfffd,
    });
    char::decode_utf16(units)
        .map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn is_declared_latin_1(headers: Option<&HeaderMap>) -> bool {
    let declared = headers.and_then(|headers| headers.get(CONTENT_TYPE)?.to_str().ok());
    let declared = declared.unwrap_or_default().to_ascii_lowercase();
    match declared.split_once("charset=") {
        Some((_, charset)) => {
            let charset = charset.trim_matches(['"', '\'', ' ']);
            charset.starts_with("iso-8859-1")
                || charset.starts_with("latin1")
                || charset.starts_with("windows-1252")
        }
        None => false,
    }
}

fn latin_1(byte: u8) -> char {
    match byte {
        0x80..=0x9f => match WINDOWS_1252[usize::from(byte - 0x80)] {
            0 => char::from(byte),
            code => char::from_u32(u32::from(code)).unwrap_or(char::REPLACEMENT_CHARACTER),
        },
        _ => char::from(byte),
    }
}

struct Repairer<'t> {
    rest: &'t str,
    out: String,
    /// The offsets in `out` at which something was replaced or skipped.
    notes: Vec<(usize, &'static str)>,
}

impl Repairer<'_> {
    fn note(&mut self, found: &'static str) {
        if self.notes.len() < REPORTED {
            self.notes.push((self.out.len(), found));
        }
    }

    /// Skips everything before the JSON.
    fn skip_prefix(&mut self) {
        let mut found = None;
        loop {
            let before = self.rest.len();
            for prefix in PREFIXES {
                if let Some(rest) = self.rest.strip_prefix(prefix) {
                    found = Some("text before the JSON");
                    self.rest = rest;
                }
            }
            if let Some(rest) = self.rest.strip_prefix('\u{feff}') {
                found = found.or(Some("a byte order mark"));
                self.rest = rest;
            }
            self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
            let stray = self.rest.trim_start_matches(is_stray);
            if stray.len() < self.rest.len() {
                found = found.or(Some("a control character"));
                self.rest = stray;
            }
            if self.rest.len() == before {
                break;
            }
        }
        if let Some(found) = found {
            self.note(found);
        }
    }

    /// Copies the JSON up to the end of its list or object. `lossy`: characters were replaced
    /// before.
    fn document(&mut self, lossy: bool) {
        let mut depth = 0_usize;
        let mut in_string = false;
        let mut chars = self.rest.chars();
        while let Some(char) = chars.next() {
            if lossy && char == char::REPLACEMENT_CHARACTER {
                self.note(NOT_UTF_8);
            }
            match char {
                '"' => in_string = !in_string,
                '\\' if in_string => {
                    self.out.push('\\');
                    match escape_length(chars.as_str().as_bytes()) {
                        None => {
                            self.note("a backslash that escapes nothing");
                            self.out.push('\\');
                        }
                        Some(length) => {
                            let (escape, rest) = chars.as_str().split_at(length);
                            self.out.push_str(escape);
                            chars = rest.chars();
                        }
                    }
                    continue;
                }
                '\0'..='\x1f' if in_string => {
                    self.note("a control character");
                    self.out.push_str(&format!("\\u{:04x}", u32::from(char)));
                    continue;
                }
                '{' | '[' if !in_string => depth += 1,
                '}' | ']' if !in_string => {
                    self.out.push(char);
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        if !chars.as_str().trim_ascii().is_empty() {
                            self.note("text after the JSON");
                        }
                        break;
                    }
                    continue;
                }
                _ if !in_string && is_stray(char) => {
                    self.note("a control character");
                    self.out.push(' ');
                    continue;
                }
                _ => {}
            }
            self.out.push(char);
        }
    }
}

/// Whether a character is invisible and not allowed between tokens of JSON.
fn is_stray(char: char) -> bool {
    !matches!(char, ' ' | '\t' | '\n' | '\r')
        && (char.is_control()
            || char.is_whitespace()
            || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'))
}

#[cfg(test)]
mod tests {
    use super::repair;

    /// The repaired text and the reports.
    fn repaired(body: &[u8]) -> String {
        match repair(body, None) {
            Some(repaired) => {
                let drift: Vec<String> = repaired
                    .drift
                    .iter()
                    .map(|drift| format!("{}: {}", drift.path, drift.found))
                    .collect();
                format!("{} [{}]", repaired.text, drift.join(", "))
            }
            None => "as it was".to_owned(),
        }
    }

    fn utf_16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn stray_bytes_are_replaced_or_skipped() {
        for (body, made) in [
            (&b"\xef\xbb\xbf{}"[..], "{} [$: a byte order mark]"),
            (
                b"\xef\xbb\xbf\xef\xbb\xbf \0{}",
                "{} [$: a byte order mark]",
            ),
            (b")]}',\n{\"a\":1}", "{\"a\":1} [$: text before the JSON]"),
            (
                b"\0{}\0\0",
                "{} [$: a control character, $: text after the JSON]",
            ),
            (b"{\"a\":\0 1}", "{\"a\":  1} [a: a control character]"),
            (b"{} {\"b\":2}", "{} [$: text after the JSON]"),
            (
                b"[\"J\xf6e\"]",
                "[\"J\u{fffd}e\"] [[0]: a byte that is not UTF-8]",
            ),
            (
                b"{\"a\":{\"b\":\"x\ny\"}}",
                "{\"a\":{\"b\":\"x\\u000ay\"}} [a.b: a control character]",
            ),
            (
                b"{\"a\":\"C:\\dir \\u12\"}",
                "{\"a\":\"C:\\\\dir \\\\u12\"} [a: a backslash that escapes nothing, a: a backslash that escapes nothing]",
            ),
            (
                b"{\"a\":\"}\\\"{\"} x",
                "{\"a\":\"}\\\"{\"} [$: text after the JSON]",
            ),
            (b"{\"a\":", "as it was"),
            (b"<html>", "as it was"),
            (b"{a:1}", "as it was"),
            (b"{\"a\":\\1}", "as it was"),
            (b"", "as it was"),
        ] {
            assert_eq!(repaired(body), made, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn other_encodings_are_read() {
        let text = "{\"a\":\"J\u{f6}e \u{1f600}\"}";
        let made = format!("{text} [$: UTF-16]");
        for body in [
            utf_16(text, u16::to_le_bytes),
            utf_16(text, u16::to_be_bytes),
            utf_16(&format!("\u{feff}{text}"), u16::to_le_bytes),
            utf_16(&format!("\u{feff}{text}"), u16::to_be_bytes),
        ] {
            assert_eq!(repaired(&body), made);
        }
        let mut headers = reqwest::header::HeaderMap::new();
        let declared = "application/json; charset=ISO-8859-1".parse().unwrap();
        headers.insert("content-type", declared);
        let repaired = repair(b"[\"J\xf6e \x80\"]", Some(&headers)).unwrap();
        assert_eq!(repaired.text, "[\"J\u{f6}e \u{20ac}\"]");
        assert_eq!(repaired.drift[0].found, "Latin-1");
    }
}
