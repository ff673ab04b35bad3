//! Finds values of a text by JSON paths, in one pass and without building a tree.

use std::ops::Range;

use super::container::container_end;
use super::error::DecodeError;
use super::scan::{DEPTH, Scan};

/// The value at the path of a list.
pub(crate) enum ListAt {
    /// Nothing, or `null`.
    Nothing,
    /// A list, with the byte range of each item.
    Items(Vec<Range<usize>>),
    /// Another value, at this offset: at the path or on the way to it.
    Other(usize),
}

/// The values that were found.
pub(crate) struct PathMatches<'t> {
    pub(crate) list: ListAt,
    /// The text of the value at each path, in the order of the paths.
    pub(crate) values: Vec<Option<&'t str>>,
}

/// Finds a list at one path and values at others, and checks that the text is JSON, except in the
/// items of the list, which their reader checks. The text must not be surrounded by white space; an
/// empty text has no values. Of duplicate keys the last counts.
pub(crate) fn find<'t>(
    text: &'t str,
    list: &'static str,
    places: &[&'static str],
) -> Result<PathMatches<'t>, DecodeError> {
    let mut walk = PathWalker {
        scan: Scan::new(text),
        list: ListAt::Nothing,
        values: vec![None; places.len()],
    };
    if !text.is_empty() {
        let mut requested = Vec::with_capacity(places.len() + 1);
        requested.push(RequestedPath::new(None, list));
        for place in places {
            requested.push(RequestedPath::new(Some(requested.len() - 1), place));
        }
        walk.value(&requested, DEPTH)?;
        walk.scan.peek();
        if walk.scan.at < text.len() {
            return Err(DecodeError::broken());
        }
    }
    Ok(PathMatches {
        list: walk.list,
        values: walk.values,
    })
}

/// A path that leads through the current value.
#[derive(Clone, Copy)]
struct RequestedPath {
    /// The index of the value; `None` is the list.
    value: Option<usize>,
    /// The rest of the path. `None`: the path ends here.
    rest: Option<&'static str>,
}

impl RequestedPath {
    fn new(value: Option<usize>, place: &'static str) -> Self {
        let rest = if place.is_empty() { None } else { Some(place) };
        RequestedPath { value, rest }
    }

    /// The path relative to a value that it can lead to.
    fn below(self, key: Key<'_>) -> Option<RequestedPath> {
        let rest = self.rest?;
        let (first, rest) = match rest.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (rest, None),
        };
        let here = match key {
            Key::Name(name) => first == name,
            Key::Index(index) => matches!(first.parse::<usize>(), Ok(own) if own == index),
        };
        if here {
            Some(RequestedPath { rest, ..self })
        } else {
            None
        }
    }
}

/// The key or index of a value.
#[derive(Clone, Copy)]
enum Key<'a> {
    Name(&'a str),
    Index(usize),
}

struct PathWalker<'t> {
    scan: Scan<'t>,
    list: ListAt,
    values: Vec<Option<&'t str>>,
}

impl PathWalker<'_> {
    /// Reads the next value and the paths through it.
    fn value(&mut self, requested: &[RequestedPath], depth: u8) -> Result<(), DecodeError> {
        let (mut deeper, mut list) = (false, false);
        for place in requested {
            deeper |= place.rest.is_some();
            list |= place.rest.is_none() && place.value.is_none();
            // Values found below an earlier value of the same key are void.
            match (place.value, place.rest) {
                (Some(n), Some(_)) => self.values[n] = None,
                (None, Some(_)) => self.list = ListAt::Nothing,
                _ => {}
            }
        }
        let first = self.scan.peek();
        let start = self.scan.at;
        match first {
            b'{' if deeper => self.object(requested, open(depth)?)?,
            b'[' if deeper || list => self.items(requested, list, open(depth)?)?,
            _ => {
                self.scan.skip(depth)?;
            }
        }
        let text = &self.scan.text[start..self.scan.at];
        for place in requested {
            match (place.value, place.rest) {
                (Some(n), None) => self.values[n] = Some(text),
                (Some(_), Some(_)) => {}
                (None, None) if first == b'[' => {}
                (None, Some(_)) if first == b'{' || first == b'[' => {}
                (None, _) if first == b'n' => self.list = ListAt::Nothing,
                (None, _) => self.list = ListAt::Other(start),
            }
        }
        Ok(())
    }

    fn object(&mut self, requested: &[RequestedPath], depth: u8) -> Result<(), DecodeError> {
        self.scan.at += 1;
        if self.scan.peek() == b'}' {
            self.scan.at += 1;
            return Ok(());
        }
        loop {
            let (name, _) = self.scan.name()?.text();
            self.value(&below(requested, Key::Name(&name)), depth)?;
            match self.scan.peek() {
                b',' => self.scan.at += 1,
                b'}' => {
                    self.scan.at += 1;
                    return Ok(());
                }
                _ => return Err(DecodeError::broken()),
            }
        }
    }

    fn items(
        &mut self,
        requested: &[RequestedPath],
        list: bool,
        depth: u8,
    ) -> Result<(), DecodeError> {
        let start = self.scan.at;
        self.scan.at += 1;
        let mut items = Vec::new();
        let mut index = 0;
        let mut more = self.scan.peek() != b']';
        while more {
            self.scan.peek();
            let first = self.scan.at;
            let below = below(requested, Key::Index(index));
            if list && below.is_empty() {
                self.skip_item(depth)?;
            } else {
                self.value(&below, depth)?;
            }
            if list {
                items.push(first..self.scan.at);
            }
            index += 1;
            match self.scan.peek() {
                b',' => self.scan.at += 1,
                b']' => more = false,
                _ => return Err(DecodeError::broken()),
            }
        }
        self.scan.at += 1;
        if list {
            self.list = ListAt::Items(items);
            return Ok(());
        }
        for place in requested {
            if place.value.is_none()
                && let Some(rest) = place.rest
                && !matches!(rest.as_bytes(), [b'0'..=b'9', ..])
            {
                // The path to the list continues with a name, which a list does not have.
                self.list = ListAt::Other(start);
            }
        }
        Ok(())
    }

    /// Skips an item. What is in a list or object need not be JSON.
    fn skip_item(&mut self, depth: u8) -> Result<(), DecodeError> {
        if let b'{' | b'[' = self.scan.peek()
            && let Some(end) = container_end(self.scan.text, self.scan.at, depth)
        {
            self.scan.at = end;
            return Ok(());
        }
        self.scan.skip(depth)?;
        Ok(())
    }
}

/// The paths through the value of a key.
fn below(requested: &[RequestedPath], key: Key<'_>) -> Vec<RequestedPath> {
    requested
        .iter()
        .filter_map(|path| path.below(key))
        .collect()
}

/// The nesting levels left after an opening bracket.
fn open(depth: u8) -> Result<u8, DecodeError> {
    match depth {
        0 | 1 => Err(DecodeError::deep()),
        depth => Ok(depth - 1),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{ListAt, find};
    use crate::decode::read;

    /// The texts of the items, or what was found instead.
    fn items(text: &str, place: &'static str) -> String {
        match find(text, place, &[]).unwrap().list {
            ListAt::Nothing => "nothing".into(),
            ListAt::Items(items) => {
                let texts: Vec<&str> = items.into_iter().map(|item| &text[item]).collect();
                texts.join(" | ")
            }
            ListAt::Other(at) => format!("other: {}", &text[at..]),
        }
    }

    #[test]
    fn lists_are_found_by_their_places() {
        for (text, place, found) in [
            (r#"[1, "a]" ,{"b":[2]}]"#, "", r#"1 | "a]" | {"b":[2]}"#),
            ("[ ]", "", ""),
            (r#"{"x":{"a":[9]},"a":[1 , 2]}"#, "a", "1 | 2"),
            (r#"{"a":{"b.c":[1],"b":{"c":[2]}}}"#, "a.b.c", "2"),
            (r#"{"\u0061":[1]}"#, "a", "1"),
            (r#"{"a":[[1],[2,3]]}"#, "a.1", "2 | 3"),
            (r#"{"a":{"1":[4]}}"#, "a.1", "4"),
            (r#"{"a":[1],"a":[2]}"#, "a", "2"),
            (r#"{"a":[1],"a":null}"#, "a", "nothing"),
            (r#"{"a":{"b":[1]},"a":{}}"#, "a.b", "nothing"),
            (r#"{"a":{"b":[1]},"a":{"b":[2]}}"#, "a.b", "2"),
            (r#"{"a":7,"a":{"b":[1]}}"#, "a.b", "1"),
            (r#"{"a":[[1]]}"#, "a.5", "nothing"),
            ("", "a", "nothing"),
            ("null", "a", "nothing"),
            (r#"{"a":null}"#, "a.b", "nothing"),
            (r#"{"a":7}"#, "a.b", "other: 7}"),
            ("[1]", "a", "other: [1]"),
            (r#"{"a":{}}"#, "a", "other: {}}"),
            ("{}", "", "other: {}"),
        ] {
            assert_eq!(items(text, place), found, "{text}");
        }
    }

    #[test]
    fn values_are_found_next_to_the_list_and_in_it() {
        let text = r#"{"meta":{"total": 7 ,"next":["a", 1.10]},"l":[{"id":"x"},{"id":"y"}]}"#;
        let places = [
            "meta.total",
            "meta.next",
            "meta.next.1",
            "l.1.id",
            "l",
            "meta.no",
            "no.total",
            "l.id",
        ];
        let found = find(text, "l", &places).unwrap().values;
        assert_eq!(
            found,
            [
                Some("7"),
                Some(r#"["a", 1.10]"#),
                Some("1.10"),
                Some("\"y\""),
                Some(r#"[{"id":"x"},{"id":"y"}]"#),
                None,
                None,
                None,
            ]
        );
    }

    #[test]
    fn of_an_object_that_comes_twice_the_last_counts() {
        let text = r#"{"meta":{"total":7,"next":"a"},"meta":{"next":null}}"#;
        let found = find(text, "l", &["meta.total", "meta.next"])
            .unwrap()
            .values;
        assert_eq!(found, [None, Some("null")]);
    }

    #[test]
    fn it_takes_what_the_reader_takes_and_nothing_else() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let within = |levels: usize| {
            let (open, close) = ("{\"a\":".repeat(levels), "}".repeat(levels));
            format!("{open}1{close}")
        };
        let texts = [
            "[1,]",
            "[,1]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "[1",
            "{\"a\":1",
            "[]]",
            "{} x",
            "[tru]",
            "[01]",
            "[\"\u{1}\"]",
            "]",
            "{\"a\":[1,]}",
            "{\"a\":[1}",
            "[]",
            "{}",
            "[{}]",
            "{\"a\":[{}]}",
        ]
        .map(str::to_owned)
        .into_iter()
        .chain([126, 127, 128, 129].map(deep))
        .chain([126, 127, 128, 129].map(within));
        let far: &'static str = "a.".repeat(200).leak();
        for text in texts {
            let read = read::<Value>(text.as_bytes()).is_ok();
            for (list, place) in [("", "a"), ("a", "0"), ("a.b", "a.0.a"), (far, far)] {
                let found = find(&text, list, &[place]).is_ok();
                assert_eq!(found, read, "{list} {text}");
            }
        }
    }
}
