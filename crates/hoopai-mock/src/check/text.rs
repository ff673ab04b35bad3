//! Values that come as text.

use std::borrow::Borrow;

use serde_json::{Number, Value};

use super::Side;
use super::place::Place;
use super::schema::{alternatives, list, parts, validate};
use crate::interface::Operation;

/// The value that texts stand for, in the type that the schema declares. Text that is none stays text, which the check of the
/// value then tells of.
pub(super) fn typed<T: Borrow<str>>(
    operation: &Operation,
    schema: &Value,
    texts: &[T],
    comma: bool,
) -> Value {
    let parts = parts(operation, schema);
    if let Some(part) = parts.iter().find(|part| kind(part) == Some("array")) {
        let nothing = Value::Null;
        let item = part.get("items").unwrap_or(&nothing);
        let each = |text: &str| typed(operation, item, &[text], false);
        return match texts {
            [one] if comma => one.borrow().split(',').map(each).collect(),
            many => many.iter().map(|text| each(text.borrow())).collect(),
        };
    }
    for part in &parts {
        let mut made = alternatives(part).iter().map(|shape| {
            let value = typed(operation, shape, texts, comma);
            let fits = validate(operation, shape, &value, Side::Request, &Place::body()).is_empty();
            fits.then_some(value)
        });
        if let Some(value) = made.by_ref().flatten().next() {
            return value;
        }
    }
    match texts {
        [one] => scalar(parts.iter().find_map(|part| kind(part)), one.borrow()),
        many => many.iter().map(|text| text.borrow()).collect(),
    }
}

fn kind(part: &Value) -> Option<&str> {
    part.get("type").and_then(Value::as_str)
}

fn scalar(kind: Option<&str>, text: &str) -> Value {
    let made = match kind {
        Some("boolean") => match text {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        Some("number" | "integer")
            if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) =>
        {
            serde_json::from_str::<Number>(text).ok().map(Value::Number)
        }
        Some("object") => serde_json::from_str(text).ok().filter(Value::is_object),
        _ => None,
    };
    made.unwrap_or_else(|| text.into())
}

/// A value as it is written in a sentence.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The names of the properties that an object spread over query pairs has: `style: form` with `explode`.
pub(super) fn spread<'a>(operation: &'a Operation, schema: &'a Value) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for part in parts(operation, schema) {
        let shapes = alternatives(part).iter().flat_map(|s| parts(operation, s));
        for shape in std::iter::once(part).chain(shapes) {
            let properties = shape.get("properties").and_then(Value::as_object);
            names.extend(
                properties
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.as_str()),
            );
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether a multipart field holds files: one, or a list of them.
pub(super) fn is_binary(operation: &Operation, schema: &Value) -> bool {
    parts(operation, schema).iter().any(|part| {
        part.get("format").and_then(Value::as_str) == Some("binary")
            || part.get("items").is_some_and(|items| {
                operation
                    .resolve(items)
                    .get("format")
                    .and_then(Value::as_str)
                    == Some("binary")
            })
    })
}

/// Whether a schema declares a list.
pub(super) fn is_list(operation: &Operation, schema: &Value) -> bool {
    let parts = parts(operation, schema);
    parts.iter().any(|part| kind(part) == Some("array"))
}

/// The schema of a field, where it is declared.
pub(super) fn property<'a>(
    operation: &'a Operation,
    schema: &'a Value,
    name: &str,
) -> Option<&'a Value> {
    parts(operation, schema)
        .into_iter()
        .find_map(|part| part.get("properties")?.get(name))
}

/// The fields that must be there.
pub(super) fn required<'a>(operation: &'a Operation, schema: &'a Value) -> Vec<&'a str> {
    parts(operation, schema)
        .into_iter()
        .flat_map(|part| list(part, "required"))
        .filter_map(Value::as_str)
        .collect()
}

/// Whether text is an email address: a local part, an `@` and a domain of two labels at least.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_allowed =
        |c: char| !c.is_whitespace() && !c.is_control() && !"\"(),:;<>@[\\]".contains(c);
    let is_local = local.len() <= 64
        && local
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(is_allowed));
    let is_label = |label: &str| {
        let ends_well = |c: char| c.is_alphanumeric();
        label.starts_with(ends_well)
            && label.ends_with(ends_well)
            && label.len() <= 63
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    is_local
        && domain.contains('.')
        && domain.len() <= 253
        && domain.split('.').all(is_label)
        && top.chars().count() > 1
        && top.chars().any(char::is_alphabetic)
}

/// Whether text is a date with a time and an offset, as RFC 3339 has them.
pub(crate) fn is_date_time(text: &str) -> bool {
    date_time(text).is_some()
}

/// Whether text is a date as requests may have it: a day, or a time without seconds or offset as well.
pub(super) fn is_date(text: &str) -> bool {
    ["T00:00:00Z", ":00Z", "Z"]
        .iter()
        .any(|rest| is_date_time(&format!("{text}{rest}")))
}

fn date_time(text: &str) -> Option<()> {
    let digits = |range: std::ops::Range<usize>| -> Option<u32> {
        let part = text.get(range)?;
        part.bytes().all(|b| b.is_ascii_digit()).then_some(())?;
        part.parse().ok()
    };
    let is = |at: usize, allowed: &[u8]| {
        text.as_bytes()
            .get(at)
            .filter(|byte| allowed.contains(byte))
            .map(|_| ())
    };
    let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
    let (hour, minute, second) = (digits(11..13)?, digits(14..16)?, digits(17..19)?);
    is(4, b"-")?;
    is(7, b"-")?;
    is(10, b"Tt ")?;
    is(13, b":")?;
    is(16, b":")?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    ((1..=last).contains(&day) && hour < 24 && minute < 60 && second <= 60).then_some(())?;
    let mut rest = text.get(19..)?;
    if let Some(fraction) = rest.strip_prefix('.') {
        let end = fraction.find(|c: char| !c.is_ascii_digit())?;
        (end > 0).then_some(())?;
        rest = &fraction[end..];
    }
    if rest.eq_ignore_ascii_case("z") {
        return Some(());
    }
    let offset = rest.strip_prefix(['+', '-'])?;
    let (hours, minutes) = offset.split_once(':')?;
    let two = |part: &str, most: u32| {
        (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()))
            .then(|| part.parse::<u32>().ok())
            .flatten()
            .filter(|number| *number <= most)
    };
    two(hours, 23)?;
    two(minutes, 59)?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::{is_date, is_date_time, is_email};

    #[test]
    fn email_addresses_have_a_local_part_and_a_domain() {
        for text in [
            "jane@example.com",
            "jane.doe+tag@mail.example.co.uk",
            "!#$%&'*+-/=?^_`{|}~@0.ac",
            "jörg@exämple.de",
        ] {
            assert!(is_email(text), "{text}");
        }
        for text in [
            "",
            "jane",
            "@",
            "@example.com",
            "jane@",
            "jane@example",
            "jane@example.",
            "jane@.com",
            "jane@exa mple.com",
            "ja ne@example.com",
            "jane@@example.com",
            "jane@-a.com",
            "j..d@a.com",
            "jane@example.c",
            "jane@1.2.3.44",
            "Jane <jane@example.com>",
            "jane@example.com\n",
        ] {
            assert!(!is_email(text), "{text}");
        }
    }

    #[test]
    fn requests_may_have_dates_that_replies_do_not() {
        for text in ["2031-05-06", "2031-05-06T07:08", "2031-05-06T07:08:09"] {
            assert!(is_date(text) && !is_date_time(text), "{text}");
        }
        assert!(is_date_time("2031-05-06T07:08:09+05:30"));
        for text in ["", "2031-13-06", "2031-05", "tomorrow", "1935817689000"] {
            assert!(!is_date(text) && !is_date_time(text), "{text}");
        }
    }
}
