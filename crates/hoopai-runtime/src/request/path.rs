//! Paths: from a template and its parameters to the path of the request.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What is encoded in a template besides non-ASCII characters: those that no path may contain.
const WRITTEN: &AsciiSet = &AsciiSet::EMPTY
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'^')
    .add(b'`')
    .add(b'|');

/// Encodes a value for a path or a query.
pub(crate) fn encode(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    push_encoded(&mut encoded, value, ENCODED);
    encoded
}

fn push_encoded(path: &mut String, text: &str, set: &'static AsciiSet) {
    for piece in utf8_percent_encode(text, set) {
        path.push_str(piece);
    }
}

/// The names of the parameters of a template, in order.
pub(crate) fn names(template: &str) -> impl Iterator<Item = &str> {
    let parts = template.split('{').skip(1);
    parts.filter_map(|part| Some(part.split_once('}')?.0))
}

/// Why a path cannot be built.
#[derive(Debug, PartialEq)]
pub(crate) enum Fault {
    /// A parameter of the template has no value.
    Missing(String),
    /// A parameter's value is empty, `.` or `..`: the path would be another one.
    Unfit(String),
    /// The template itself is invalid.
    Template(&'static str),
}

/// Fills a template. `value` returns the value of a parameter by name.
pub(crate) fn fill<'v>(
    template: &str,
    value: impl Fn(&str) -> Option<&'v str>,
) -> Result<String, Fault> {
    let mut path = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(start) = position(rest, b'{') {
        let (before, after) = rest.split_at(start);
        let Some(end) = position(after, b'}') else {
            return Err(Fault::Template("a brace is opened and never closed"));
        };
        let name = &after[1..end];
        let Some(value) = value(name) else {
            return Err(Fault::Missing(name.to_owned()));
        };
        if matches!(value, "" | "." | "..") {
            return Err(Fault::Unfit(name.to_owned()));
        }
        push_encoded(&mut path, before, WRITTEN);
        push_encoded(&mut path, value, ENCODED);
        rest = &after[end + 1..];
    }
    push_encoded(&mut path, rest, WRITTEN);
    // Dots that meet only after filling: `/{a}{b}`, or a template of the caller.
    if has_dots(&path) {
        return Err(Fault::Template("a segment is `.` or `..`"));
    }
    Ok(path)
}

/// The offset of an ASCII character. Templates are too short for the search of `str`.
fn position(text: &str, character: u8) -> Option<usize> {
    text.bytes().position(|byte| byte == character)
}

/// Checks a template of the caller.
pub(crate) fn check(template: &str) -> Result<(), Fault> {
    if !template.starts_with('/') {
        return Err(Fault::Template(
            "it must begin with `/`: the host is that of the base URL",
        ));
    }
    if template.starts_with("//") {
        return Err(Fault::Template(
            "it must not begin with `//`: the host is that of the base URL",
        ));
    }
    if template.contains('?') || template.contains('#') {
        return Err(Fault::Template(
            "it must not hold `?` or `#`: query pairs go to `query`",
        ));
    }
    for c in template.chars() {
        if c == '\\' || c.is_control() {
            return Err(Fault::Template(
                "it must not hold backslashes or control characters",
            ));
        }
    }
    if has_dots(template) {
        return Err(Fault::Template("a segment is `.` or `..`"));
    }
    Ok(())
}

const DOTS: [&[u8]; 6] = [b".", b"%2e", b"..", b".%2e", b"%2e.", b"%2e%2e"];

/// Whether proxies and servers treat a segment as `.` or `..`, encoded or not.
fn has_dots(path: &str) -> bool {
    let mut segments = path.as_bytes().split(|byte| *byte == b'/');
    segments.any(|segment| {
        matches!(segment, [b'.' | b'%', ..])
            && DOTS.iter().any(|dots| segment.eq_ignore_ascii_case(dots))
    })
}

#[cfg(test)]
mod tests {
    use super::{Fault, check, fill};

    fn one(template: &str, value: &str) -> Result<String, Fault> {
        fill(template, |_| Some(value))
    }

    #[test]
    fn parameters_are_encoded_as_utf8() {
        assert_eq!(
            one("/a/{b}/", "x y/ü?#%&+'~-._").unwrap(),
            "/a/x%20y%2F%C3%BC%3F%23%25%26%2B%27~-._/"
        );
    }

    #[test]
    fn values_that_make_another_path_are_refused() {
        for value in ["", ".", ".."] {
            assert_eq!(one("/a/{b}", value), Err(Fault::Unfit("b".into())));
        }
        assert_eq!(one("/a/{b}", "...").unwrap(), "/a/...");
        assert_eq!(one("/a/{b}", "%2e%2e").unwrap(), "/a/%252e%252e");
        assert!(matches!(one("/a/.{b}", "..."), Ok(path) if path == "/a/...."));
        assert!(matches!(fill("/{a}.", |_| Some("x")), Ok(path) if path == "/x."));
        assert!(matches!(one("/a/{b}.{c}", "x"), Ok(path) if path == "/a/x.x"));
    }

    #[test]
    fn written_paths_stay_below_the_base() {
        for path in [
            "",
            "a",
            "//evil.example/a",
            "/a?b",
            "/a#b",
            "/a\\b",
            "/a\tb",
            "/a/../b",
            "/a/%2E%2e/b",
            "/a/.%2e",
            "/./a",
        ] {
            assert!(check(path).is_err(), "{path:?} was taken");
        }
        check("/a/ü b/").unwrap();
        assert_eq!(one("/a/ü b|/{c}", "|").unwrap(), "/a/%C3%BC%20b%7C/%7C");
    }
}
