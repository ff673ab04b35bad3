//! The JSON path of a position in a text.

use super::mask::{is_name, mask};

enum Level {
    /// An object, with the range of its current key, quotes included, once it is read.
    Object(Option<(usize, usize)>),
    /// A list, with the index of the current item.
    List(usize),
}

/// Determines the JSON paths of positions in a JSON text, in one pass over the text.
pub(crate) struct JsonPaths<'a> {
    text: &'a [u8],
    at: usize,
    levels: Vec<Level>,
}

impl<'a> JsonPaths<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        JsonPaths {
            text,
            at: 0,
            levels: Vec::new(),
        }
    }

    /// The path and the kind of the value at a position, such as `contacts[3].dateAdded` and
    /// `a string`; the path of the whole text is `$`. Positions must not decrease from call to
    /// call.
    pub(crate) fn value_at(&mut self, position: usize) -> (String, &'static str) {
        self.walk(position);
        let found = match self.text.get(position) {
            Some(first) => kind(*first),
            None => "nothing",
        };
        (self.path(), found)
    }

    fn walk(&mut self, position: usize) {
        while self.at < position.min(self.text.len()) {
            let start = self.at;
            self.at += 1;
            match self.text[start] {
                b',' => match self.levels.last_mut() {
                    Some(Level::Object(key)) => *key = None,
                    Some(Level::List(index)) => *index += 1,
                    None => {}
                },
                b'{' => self.levels.push(Level::Object(None)),
                b'[' => self.levels.push(Level::List(0)),
                b'}' | b']' => {
                    self.levels.pop();
                }
                b'"' => {
                    self.at = string_end(self.text, start);
                    if let Some(Level::Object(key @ None)) = self.levels.last_mut() {
                        *key = Some((start, self.at));
                    }
                }
                _ => {}
            }
        }
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for level in &self.levels {
            match level {
                Level::Object(Some((start, end))) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&shown_key(&self.text[*start..*end]));
                }
                Level::Object(None) => {}
                Level::List(index) => path.push_str(&format!("[{index}]")),
            }
        }
        if path.is_empty() {
            path.push('$');
        }
        path
    }
}

/// Keys are usually field names, but the keys of a map can be data.
fn shown_key(quoted: &[u8]) -> String {
    let key = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    let key = String::from_utf8_lossy(key);
    if is_name(&key) {
        key.into_owned()
    } else {
        mask(&key)
    }
}

fn kind(first: u8) -> &'static str {
    match first {
        b'"' => "a string",
        b'{' => "an object",
        b'[' => "a list",
        b't' | b'f' => "a boolean",
        b'n' => "null",
        b'-' | b'0'..=b'9' => "a number",
        _ => "nothing",
    }
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

/// The position in bytes of a line and column as `serde_json` counts them.
pub(crate) fn position(text: &[u8], line: usize, column: usize) -> usize {
    let (mut start, mut lines_before) = (0, line.saturating_sub(1));
    while lines_before > 0 && start < text.len() {
        if text[start] == b'\n' {
            lines_before -= 1;
        }
        start += 1;
    }
    (start + column).min(text.len())
}

#[cfg(test)]
mod tests {
    use super::JsonPaths;

    #[test]
    fn values_have_their_path_and_kind() {
        let text = r#" {"a": 1, "b" :{"c": [1, {"d": "x, ]}{", "e": [[], null]}]},
            "jane@example.com": true, "key": {} } "#;
        let mut paths = JsonPaths::new(text.as_bytes());
        for (value, path, found) in [
            ("{\"a", "$", "an object"),
            ("1,", "a", "a number"),
            ("{\"c", "b", "an object"),
            ("[1,", "b.c", "a list"),
            ("1, {", "b.c[0]", "a number"),
            ("{\"d", "b.c[1]", "an object"),
            ("\"x, ]", "b.c[1].d", "a string"),
            ("[[]", "b.c[1].e", "a list"),
            ("[],", "b.c[1].e[0]", "a list"),
            ("null", "b.c[1].e[1]", "null"),
            ("true", "***", "a boolean"),
            ("{} }", "key", "an object"),
        ] {
            let got = paths.value_at(text.find(value).unwrap());
            assert_eq!(got, (path.to_owned(), found), "{value}");
        }
    }
}
