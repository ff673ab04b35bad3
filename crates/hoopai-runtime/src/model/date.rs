//! Days without a time, which the platform writes in several formats.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde::ser::{Serialize, Serializer};

use crate::model::raw_value::RawScalar;
use crate::model::timestamp::format::{day_of_date, day_of_millis, is_day, millis_at_midnight};
use crate::{ParamValue, ParamWriter, Redact, Scalar};

/// A day: year, month and day of the Gregorian calendar, without time and zone.
///
/// These forms are read:
///
/// - year, month and day: `2026-01-31`, also with `/`, `.` or `_`, or `20260131`
/// - month, day and year: `01-31-2026`, also with `/`, `.` or `_`
/// - the forms of a [`Timestamp`](crate::Timestamp) that have a date: the day is that of the text,
///   in the zone in which it is written
/// - a count, which is milliseconds since 1970 in UTC whatever its size
///
/// A value of a reply is written back as it was received. Setters convert to the form that their
/// field or parameter requires, which is `2026-01-31` unless the interface declares another. They
/// also accept the days of the crates `jiff` and `chrono` with the features of these names. A text
/// is parsed first, which can fail. [`Timestamp::utc_date`](crate::Timestamp::utc_date) returns the
/// day of a moment.
///
/// `Debug` shows `[hidden]`, since it can be a birthday. `Display` shows the day.
///
/// ```
/// use hoopai_runtime::Date;
///
/// let due: Date = "2026-01-31".parse()?;
/// assert_eq!((due.year(), due.month(), due.day()), (2026, 1, 31));
/// assert_eq!(due, "01-31-2026".parse()?);
/// assert!(due < "2026-02-01".parse()?);
/// assert!("2026-02-30".parse::<Date>().is_err());
/// # Ok::<(), hoopai_runtime::ParseDateError>(())
/// ```
#[derive(Clone)]
pub struct Date {
    day: Day,
    /// The wire form is a number.
    number: bool,
    /// The wire form, if it is not year, month and day with hyphens.
    wire: Option<Box<str>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Day {
    year: i16,
    month: u8,
    day: u8,
}

/// The error for a text that is not a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseDateError;

impl fmt::Display for ParseDateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }
}

impl std::error::Error for ParseDateError {}

const EXPECTED: &str = "a day, such as 2026-01-31";

/// The length of `2026-01-31`. No text is a day before the year 0.
const DEFAULT_LENGTH: usize = 10;

/// Years from here to its opposite are represented.
const FIRST_YEAR: i64 = -9_999;

impl Date {
    /// Creates a day. `None`: the year is not between -9999 and 9999, or it has no such day.
    pub fn new(year: i16, month: u8, day: u8) -> Option<Self> {
        Self::of((year.into(), month.into(), day.into()))
    }

    /// Returns the year.
    pub fn year(&self) -> i16 {
        self.day.year
    }

    /// Returns the month, from 1 to 12.
    pub fn month(&self) -> u8 {
        self.day.month
    }

    /// Returns the day of the month, from 1 to 31.
    pub fn day(&self) -> u8 {
        self.day.day
    }

    /// Returns the same day, written with the month first: `01-31-2026`.
    #[must_use]
    pub fn in_month_first(self) -> Self {
        let Day { year, month, day } = self.day;
        self.written(&format!("{month:02}-{day:02}-{year:04}"), false)
    }

    /// Returns the same day, written as its first moment in UTC: `2026-01-31T00:00:00.000Z`.
    #[must_use]
    pub fn in_rfc3339(self) -> Self {
        let text = format!("{self}T00:00:00.000Z");
        self.written(&text, false)
    }

    /// Returns the same day, written as the number of milliseconds from 1970 to its first moment in
    /// UTC.
    #[must_use]
    pub fn in_milliseconds(self) -> Self {
        let Day { year, month, day } = self.day;
        let millis = millis_at_midnight(year.into(), month.into(), day.into());
        self.written(&millis.to_string(), true)
    }

    fn written(self, text: &str, number: bool) -> Self {
        Date {
            day: self.day,
            number,
            wire: Some(text.into()),
        }
    }

    /// A day in the default form.
    fn plain(day: Day) -> Self {
        Date {
            day,
            number: false,
            wire: None,
        }
    }

    fn of((year, month, day): (i64, i64, i64)) -> Option<Self> {
        if !(FIRST_YEAR..=-FIRST_YEAR).contains(&year) || !is_day(year, month, day) {
            return None;
        }
        let day = Day {
            year: i16::try_from(year).ok()?,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day).ok()?,
        };
        Some(Date::plain(day))
    }

    /// The day, or the nearest one that can be represented.
    pub(crate) fn nearest(date: (i64, i64, i64)) -> Self {
        let last = Day {
            year: 9_999,
            month: 12,
            day: 31,
        };
        let first = Day {
            year: -9_999,
            month: 1,
            day: 1,
        };
        Self::of(date).unwrap_or(Date::plain(if date.0 < 0 { first } else { last }))
    }

    /// Parses the wire form: a string without quotes, or a number.
    fn read(wire: &str, number: bool) -> Option<Self> {
        let text = wire.trim();
        let date = match number {
            true => day_of_millis(text),
            false => day_of_text(text),
        };
        let date = Self::of(date?)?;
        // Most dates of replies have a time, and formatting a day takes longer than parsing one.
        if !number && wire.len() == DEFAULT_LENGTH && wire == date.to_string() {
            return Some(date);
        }
        Some(date.written(wire, number))
    }
}

/// Year, month and day of a text.
fn day_of_text(text: &str) -> Option<(i64, i64, i64)> {
    // No text is read differently by two of these. The most frequent form comes first.
    day_of_date(text)
        .or_else(|| numbers(text))
        .or_else(|| day_of_millis(text))
}

/// A date of three numbers, or of eight digits.
fn numbers(text: &str) -> Option<(i64, i64, i64)> {
    let number = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        let is_number = lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<i64>().ok().filter(|_| is_number)
    };
    if text.len() == 8 && number(text, 8..=8).is_some() {
        let part = |from: usize, to: usize| number(text.get(from..to)?, to - from..=to - from);
        return Some((part(0, 4)?, part(4, 6)?, part(6, 8)?));
    }
    let mark = text.chars().find(|c| ['-', '/', '.', '_'].contains(c))?;
    let mut parts = text.split(mark);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    if first.len() == 4 {
        return Some((
            number(first, 4..=4)?,
            number(second, 1..=2)?,
            number(third, 1..=2)?,
        ));
    }
    Some((
        number(third, 4..=4)?,
        number(first, 1..=2)?,
        number(second, 1..=2)?,
    ))
}

impl FromStr for Date {
    type Err = ParseDateError;

    fn from_str(text: &str) -> Result<Self, ParseDateError> {
        Self::read(text, false).ok_or(ParseDateError)
    }
}

impl TryFrom<&str> for Date {
    type Error = ParseDateError;

    fn try_from(text: &str) -> Result<Self, ParseDateError> {
        text.parse()
    }
}

/// `2026-01-31`, whatever the wire form.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Day { year, month, day } = self.day;
        let sign = if year < 0 { "-" } else { "" };
        f.pad(&format!(
            "{sign}{:04}-{month:02}-{day:02}",
            year.unsigned_abs()
        ))
    }
}

/// Hides the day, which can be a birthday.
impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.redact(f)
    }
}

impl Redact for Date {
    fn redact(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }

    fn is_hidden(&self) -> bool {
        true
    }
}

impl Scalar for Date {
    fn in_default_form(self) -> Self {
        Date::plain(self.day)
    }
}

/// The wire form is sent.
impl ParamValue for Date {
    fn write(self, to: &mut ParamWriter) {
        match self.wire {
            Some(wire) => to.text(wire.into_string()),
            None => to.text(self.to_string()),
        }
    }
}

/// The same day is equal, whatever the wire form.
impl PartialEq for Date {
    fn eq(&self, other: &Self) -> bool {
        self.day == other.day
    }
}

impl Eq for Date {}

impl PartialOrd for Date {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Date {
    fn cmp(&self, other: &Self) -> Ordering {
        self.day.cmp(&other.day)
    }
}

impl Hash for Date {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.day.hash(state);
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let came = RawScalar::deserialize(from)?;
        let date = came
            .text()
            .and_then(|(wire, number)| Date::read(&wire, number));
        date.ok_or_else(|| D::Error::invalid_type(Unexpected::Other("a value"), &EXPECTED))
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.wire.as_deref() {
            None => to.collect_str(self),
            Some(wire) if self.number => serialize_number(wire, to),
            Some(wire) => to.serialize_str(wire),
        }
    }
}

/// Writes a count with its digits.
pub(crate) fn serialize_number<S: Serializer>(wire: &str, to: S) -> Result<S::Ok, S::Error> {
    use serde_json::value::RawValue;

    match (wire.parse::<i64>(), RawValue::from_string(wire.to_owned())) {
        (Err(_), Ok(literal)) => literal.serialize(to),
        (count, _) => to.serialize_i64(count.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Date;
    use crate::{IntoField, ParamWriter};

    fn day(text: &str) -> Option<String> {
        text.parse::<Date>().ok().map(|date| date.to_string())
    }

    #[test]
    fn forms_are_the_same_day() {
        for text in [
            "1990-09-05",
            "1990/09/05",
            "1990.09.05",
            "1990_09_05",
            "1990-9-5",
            "19900905",
            "09-05-1990",
            "09/05/1990",
            "9/5/1990",
            "09.05.1990",
            "09_05_1990",
            " 1990-09-05 ",
            "1990-09-05T00:00:00.000Z",
            "1990-09-05T00:00:00+05:30",
            "1990-09-05T23:59:59-11:00",
            "1990-09-05 12:30",
            "Wed, 05 Sep 1990 00:30:00 +0200",
            "9/5/1990, 11:24:54 PM",
            "652492800000",
            "652492800000.5",
        ] {
            assert_eq!(day(text).as_deref(), Some("1990-09-05"), "{text}");
        }
        for (text, expected) in [
            ("0000-01-01", "0000-01-01"),
            ("9999-12-31", "9999-12-31"),
            ("2024-02-29", "2024-02-29"),
            // Days from 1966 to 1973, whose counts have as many digits as seconds have today.
            ("31536000000", "1971-01-01"),
            ("-31536000000", "1969-01-01"),
            ("-1", "1969-12-31"),
            ("0", "1970-01-01"),
            ("253402300799999", "9999-12-31"),
            ("2016-12-31T23:59:60Z", "2017-01-01"),
        ] {
            assert_eq!(day(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            " ",
            "today",
            "2026-02-30",
            "2025-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "31-12-2026",
            "31.12.2026",
            "2026-01",
            "2026-01-31-01",
            "2026-01/31",
            "-2026-01-31",
            "10000-01-01",
            "20260230",
            "2026-01-31T",
            "2026-01-31T25:00:00Z",
            "253402300800000",
            "99999999999999999999999",
            "é026-01-31",
            "2026-01-3é",
            "--",
            "../..",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn values_are_written_back_as_received_and_setters_convert() {
        for (received, set) in [
            (json!("1990-09-05"), "1990-09-05"),
            (json!("09-05-1990"), "1990-09-05"),
            (json!("1990-09-05T00:00:00.000Z"), "1990-09-05"),
            (json!(652_492_800_000_i64), "1990-09-05"),
            (json!(-1), "1969-12-31"),
            (json!("652492800000"), "1990-09-05"),
        ] {
            let date: Date = serde_json::from_value(received.clone()).unwrap();
            assert_eq!(serde_json::to_value(&date).unwrap(), received);
            let field: Date = date.into_field().unwrap();
            assert_eq!(serde_json::to_value(&field).unwrap(), set);
        }
        for value in [json!("2026-02-30"), json!(true), json!([]), json!({})] {
            assert!(serde_json::from_value::<Date>(value).is_err());
        }
    }

    #[test]
    fn other_forms_are_written_on_request() {
        let date = || Date::new(2026, 1, 31).unwrap();
        let json = |date: Date| serde_json::to_value(date).unwrap();
        assert_eq!(json(date().in_month_first()), "01-31-2026");
        assert_eq!(json(date().in_rfc3339()), "2026-01-31T00:00:00.000Z");
        assert_eq!(
            json(date().in_milliseconds()),
            Value::from(1_769_817_600_000_i64)
        );
        let texts = ParamWriter::texts(date().in_month_first());
        assert_eq!(texts, Ok(vec!["01-31-2026".to_owned()]));
        assert_eq!(
            ParamWriter::texts(date()),
            Ok(vec!["2026-01-31".to_owned()])
        );
        assert_eq!(date().in_month_first(), date());
    }

    #[test]
    fn days_outside_of_the_calendar_are_rejected() {
        for (year, month, day) in [(2026, 2, 29), (2026, 0, 1), (2026, 13, 1), (2026, 1, 0)] {
            assert!(Date::new(year, month, day).is_none());
        }
        assert!(Date::new(10_000, 1, 1).is_none() && Date::new(-10_000, 1, 1).is_none());
        assert_eq!(Date::new(-44, 3, 15).unwrap().to_string(), "-0044-03-15");
    }

    #[test]
    fn default_form_is_the_displayed_form() {
        for text in [
            "2026-01-31",
            " 2026-01-31",
            "2026-1-31",
            "2026/01/31",
            "0000-01-01",
            "20260131",
            "01-31-2026",
            "2026-01-31T00:00:00.000Z",
            "1769817600000",
        ] {
            let date: Date = text.parse().unwrap();
            assert_eq!(date.wire.is_none(), text == date.to_string(), "{text}");
        }
        assert!("-001-01-31".parse::<Date>().is_err());
    }

    #[test]
    fn debug_hides_the_day() {
        assert_eq!(format!("{:?}", Date::new(2026, 1, 31)), "Some([hidden])");
    }
}
