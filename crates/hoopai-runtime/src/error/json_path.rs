//! Where in a JSON text a position is.

/// The place of a value, and what kind of value stands there.
#[derive(Debug, PartialEq)]
pub(super) struct Place {
    /// Such as `contacts[3].dateAdded`; empty for the whole text.
    pub(super) path: String,
    /// In words, such as `a string`.
    pub(super) found: Option<&'static str>,
}

enum Level {
    /// In an object: where the current key stands, and where its value begins once that is known.
    Object {
        key: (usize, usize),
        value: Option<usize>,
    },
    /// In an array: which item, and where it begins once that is known.
    Array { index: usize, value: Option<usize> },
}

/// Finds the value that a reader had come to after `position` bytes of a JSON text. The text must be well formed up to there,
/// which it is where a reader went that far.
pub(super) fn locate(text: &[u8], position: usize) -> Place {
    let mut levels: Vec<Level> = Vec::new();
    let mut start = None;
    let mut at = 0;
    while at < position.min(text.len()) {
        let byte = text[at];
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b':' => {}
            b',' => match levels.last_mut() {
                Some(Level::Object { key, value }) => (*key, *value) = ((0, 0), None),
                Some(Level::Array { index, value }) => (*index, *value) = (*index + 1, None),
                None => {}
            },
            b'}' | b']' => {
                levels.pop();
            }
            _ => {
                let end = if byte == b'"' {
                    string_end(text, at)
                } else {
                    at + 1
                };
                match levels.last_mut() {
                    Some(Level::Object { key, .. }) if key.1 == 0 => *key = (at, end),
                    Some(Level::Object { value, .. } | Level::Array { value, .. }) => {
                        value.get_or_insert(at);
                    }
                    None => {
                        start.get_or_insert(at);
                    }
                }
                match byte {
                    b'{' => levels.push(Level::Object {
                        key: (0, 0),
                        value: None,
                    }),
                    b'[' => levels.push(Level::Array {
                        index: 0,
                        value: None,
                    }),
                    _ => {}
                }
                at = end;
                continue;
            }
        }
        at += 1;
    }

    let mut path = String::new();
    let mut value = start;
    for level in &levels {
        match level {
            Level::Object { key: (_, 0), .. } => break,
            Level::Object { key, value: own } => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&shown_key(&text[key.0..key.1]));
                value = *own;
            }
            Level::Array { index, value: own } => {
                path.push_str(&format!("[{index}]"));
                value = *own;
            }
        }
    }
    let found = match value {
        Some(value) => kind(text[value]),
        // The reader looked at what comes next and did not take it.
        None => text
            .get(position..)
            .unwrap_or_default()
            .iter()
            .find(|byte| !byte.is_ascii_whitespace() && **byte != b':')
            .and_then(|byte| kind(*byte)),
    };
    Place { path, found }
}

/// Keys are names as a rule, but those of a map can be anything.
fn shown_key(quoted: &[u8]) -> String {
    let key = String::from_utf8_lossy(quoted);
    super::mask::mask(key.trim_matches('"'))
}

fn kind(first: u8) -> Option<&'static str> {
    Some(match first {
        b'"' => "a string",
        b'{' => "an object",
        b'[' => "a list",
        b't' | b'f' => "a boolean",
        b'n' => "null",
        b'-' | b'0'..=b'9' => "a number",
        _ => return None,
    })
}

fn string_end(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// The position in bytes of a line and column, as `serde_json` counts them.
pub(super) fn position(text: &[u8], line: usize, column: usize) -> usize {
    let before = text
        .split(|byte| *byte == b'\n')
        .take(line.saturating_sub(1))
        .map(|line| line.len() + 1)
        .sum::<usize>();
    (before + column).min(text.len())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::de::DeserializeOwned;

    use super::{locate, position};

    fn fault<T: DeserializeOwned>(text: &str) -> (String, Option<&'static str>) {
        let fault = serde_json::from_str::<T>(text).err().unwrap();
        let place = locate(
            text.as_bytes(),
            position(text.as_bytes(), fault.line(), fault.column()),
        );
        (place.path, place.found)
    }

    type Map<T> = BTreeMap<String, T>;

    #[test]
    fn the_value_that_does_not_fit_is_found() {
        let at = |path: &str, found| (path.to_owned(), Some(found));
        assert_eq!(
            fault::<Map<i64>>(r#"{"a":1,"b":"x","c":2}"#),
            at("b", "a string")
        );
        assert_eq!(
            fault::<Map<i64>>("{\n \"a\": 1,\n \"b\": {\"c\": 1}\n}"),
            at("b", "an object")
        );
        assert_eq!(
            fault::<Map<Vec<i64>>>(r#"{"a":[1,2],"b":[3,true]}"#),
            at("b[1]", "a boolean")
        );
        assert_eq!(
            fault::<Map<Vec<String>>>(r#"{"a":["x"],"b":[[1]]}"#),
            at("b[0]", "a list")
        );
        assert_eq!(
            fault::<Map<Vec<String>>>(r#"{"a":["x, ]}{",7]}"#),
            at("a[1]", "a number")
        );
        assert_eq!(
            fault::<Vec<Map<String>>>(r#"[{"a":"\"x","b":"y"},{"c":null}]"#),
            at("[1].c", "null")
        );
        assert_eq!(
            fault::<Map<Map<i64>>>(r#"{"a":{"b":1},"c":[1]}"#),
            at("c", "a list")
        );
        assert_eq!(fault::<i64>(r#""x""#), at("", "a string"));
        assert_eq!(fault::<Vec<i64>>("{}"), at("", "an object"));
        assert_eq!(
            fault::<Map<i64>>(r#"{"jane@example.com":"x"}"#),
            at("***", "a string")
        );
    }
}
