//! Points in time, as the platform writes them: in three formats, at times within one reply.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::extra::AsItStands;
use crate::{ParamValue, ParamWriter, Redact, Scalar};

/// A point in time: RFC 3339, or a count since 1970, of seconds or of milliseconds, as number or as text.
///
/// Fields hold it, and their setters take it or a [`SystemTime`]; a text is parsed first, for it can be none.
///
/// It is written back as it came. Of a text without zone UTC is taken, of a date alone its first moment. A number below 10¹¹
/// is of seconds, which reach to the year 5138, from there on it is of milliseconds. Two that mean the same moment are equal.
///
/// ```
/// use hoopai_runtime::Timestamp;
///
/// let time: Timestamp = "2026-01-31T10:30:00+01:00".parse()?;
/// assert_eq!(time, "1769851800000".parse()?);
/// assert_eq!(time.unix_millis(), 1_769_851_800_000);
/// assert_eq!(time.to_string(), "2026-01-31T09:30:00Z");
/// assert_eq!(time.as_wire(), "2026-01-31T10:30:00+01:00");
/// # Ok::<(), hoopai_runtime::NoTimestamp>(())
/// ```
#[derive(Clone)]
pub struct Timestamp {
    /// Since 1970.
    nanos: i128,
    wire: Box<str>,
    /// It came as a number.
    number: bool,
}

/// A text that is no point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTimestamp;

impl fmt::Display for NoTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }
}

impl std::error::Error for NoTimestamp {}

const EXPECTED: &str = "a date of RFC 3339, or a count of seconds or milliseconds since 1970";
const SECOND: i128 = 1_000_000_000;
const MILLI: i128 = 1_000_000;
const DAY: i64 = 86_400;

/// The first count that is of milliseconds.
const MILLIS_FROM: i128 = 100_000_000_000;

/// The first count that is of neither, in the year 5138 as well.
const MILLIS_TO: i128 = 100_000_000_000_000;

impl Timestamp {
    /// The moment of a count of milliseconds since 1970. It is written as RFC 3339.
    pub fn from_unix_millis(millis: i64) -> Self {
        Self::of(i128::from(millis) * MILLI)
    }

    /// Milliseconds since 1970, less before; parts of one are dropped.
    pub fn unix_millis(&self) -> i64 {
        let millis = self.nanos.div_euclid(MILLI);
        i64::try_from(millis).unwrap_or(if millis < 0 { i64::MIN } else { i64::MAX })
    }

    /// The moment on the system's clock; the nearest that the clock knows, should it not know this one.
    pub fn to_system_time(&self) -> SystemTime {
        let apart = self.nanos.unsigned_abs();
        let seconds = u64::try_from(apart / SECOND.unsigned_abs()).unwrap_or(u64::MAX);
        let apart = Duration::new(seconds, (apart % SECOND.unsigned_abs()) as u32);
        let time = if self.nanos < 0 {
            UNIX_EPOCH.checked_sub(apart)
        } else {
            UNIX_EPOCH.checked_add(apart)
        };
        time.unwrap_or(UNIX_EPOCH)
    }

    /// What the wire has, without quotes.
    pub fn as_wire(&self) -> &str {
        &self.wire
    }

    fn of(nanos: i128) -> Self {
        Timestamp {
            nanos,
            wire: rfc3339(nanos).into(),
            number: false,
        }
    }

    /// Reads what stands on the wire: a text without its quotes, or a number.
    fn read(wire: &str, number: bool) -> Result<Self, NoTimestamp> {
        let nanos = match count(wire.trim()) {
            Some(nanos) => nanos,
            None if number => return Err(NoTimestamp),
            None => match date(wire.trim()) {
                Some(nanos) => nanos,
                None => return Err(NoTimestamp),
            },
        };
        Ok(Timestamp {
            nanos,
            wire: wire.into(),
            number,
        })
    }

    /// The part of reading that is the same for all formats.
    fn of_json(came: &AsItStands<'_>) -> Option<Self> {
        let (wire, number) = came.scalar()?;
        Self::read(&wire, number).ok()
    }
}

/// A count since 1970, in nanoseconds.
fn count(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    if digits.is_empty() || digits.len() > 15 || !are_digits(digits) || !are_digits(fraction) {
        return None;
    }
    let size = digits.parse::<i128>().ok()?;
    let (unit, places) = match size {
        ..MILLIS_FROM => (SECOND, 9),
        MILLIS_FROM..MILLIS_TO => (MILLI, 6),
        _ => return None,
    };
    let nanos = size * unit + parts(fraction, places);
    Some(if whole.starts_with('-') {
        -nanos
    } else {
        nanos
    })
}

/// The digits behind a point, of so many places.
fn parts(digits: &str, places: usize) -> i128 {
    let mut value = 0;
    for place in 0..places {
        let digit = digits.as_bytes().get(place).unwrap_or(&b'0');
        value = value * 10 + i128::from(digit - b'0');
    }
    value
}

/// How many digits a text begins with.
fn leading_digits(text: &str) -> usize {
    let mut count = 0;
    while let Some(b'0'..=b'9') = text.as_bytes().get(count) {
        count += 1;
    }
    count
}

fn are_digits(text: &str) -> bool {
    leading_digits(text) == text.len()
}

/// A date of RFC 3339 in nanoseconds since 1970: with a blank for the `T`, without zone, seconds or time as well.
fn date(text: &str) -> Option<i128> {
    let mut rest = Rest(text);
    let (year, month, day) = (
        rest.number(4)?,
        rest.behind(b"-", 2)?,
        rest.behind(b"-", 2)?,
    );
    if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    let mut seconds = days_since_1970(year, month, day) * DAY;
    if rest.0.is_empty() {
        return Some(i128::from(seconds) * SECOND);
    }
    rest.take(b"Tt ")?;
    let (hour, minute) = (rest.number(2)?, rest.behind(b":", 2)?);
    let second = if rest.0.starts_with(':') {
        rest.behind(b":", 2)?
    } else {
        0
    };
    // 60 is a leap second, which no count knows.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    seconds += hour * 3600 + minute * 60 + second;
    let mut nanos = 0;
    if rest.take(b".,").is_some() {
        let (digits, after) = rest.0.split_at(leading_digits(rest.0));
        if digits.is_empty() {
            return None;
        }
        (nanos, rest.0) = (parts(digits, 9), after);
    }
    seconds -= rest.zone()?;
    Some(i128::from(seconds) * SECOND + nanos)
}

/// What of a text is still to be read.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    /// Takes one character if it is any of these, which are of ASCII.
    fn take(&mut self, any: &[u8]) -> Option<u8> {
        let first = *self.0.as_bytes().first()?;
        if !any.contains(&first) {
            return None;
        }
        self.0 = &self.0[1..];
        Some(first)
    }

    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        if !are_digits(number) {
            return None;
        }
        self.0 = rest;
        number.parse().ok()
    }

    fn behind(&mut self, mark: &[u8], digits: usize) -> Option<i64> {
        self.take(mark)?;
        self.number(digits)
    }

    /// The zone up to the end, in seconds east.
    fn zone(&mut self) -> Option<i64> {
        if self.take(b"Zz").is_some() || self.0.is_empty() {
            return if self.0.is_empty() { Some(0) } else { None };
        }
        let sign = self.take(b"+-")?;
        let hours = self.number(2)?;
        self.take(b":");
        let minutes = if self.0.is_empty() {
            0
        } else {
            self.number(2)?
        };
        if hours > 23 || minutes > 59 || !self.0.is_empty() {
            return None;
        }
        let east = hours * 3600 + minutes * 60;
        Some(if sign == b'-' { -east } else { east })
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from the first of January of 1970. Years are taken to begin in March, so that the odd day is the last of its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a count of days.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// As many places of a second as there are, three at a time.
fn rfc3339(nanos: i128) -> String {
    let seconds = i64::try_from(nanos.div_euclid(SECOND)).unwrap_or_default();
    let part = nanos.rem_euclid(SECOND);
    let (year, month, day) = date_of(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let fraction = match part {
        0 => String::new(),
        part if part % 1_000_000 == 0 => format!(".{:03}", part / 1_000_000),
        part if part % 1_000 == 0 => format!(".{:06}", part / 1_000),
        part => format!(".{part:09}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

impl FromStr for Timestamp {
    type Err = NoTimestamp;

    fn from_str(text: &str) -> Result<Self, NoTimestamp> {
        Self::read(text, false)
    }
}

impl TryFrom<&str> for Timestamp {
    type Error = NoTimestamp;

    fn try_from(text: &str) -> Result<Self, NoTimestamp> {
        text.parse()
    }
}

/// It is written as RFC 3339.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let (apart, sign) = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => (after, 1),
            Err(before) => (before.duration(), -1),
        };
        Self::of(sign * i128::try_from(apart.as_nanos()).unwrap_or_default())
    }
}

impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        time.to_system_time()
    }
}

/// RFC 3339 in UTC, however it came.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&rfc3339(self.nanos))
    }
}

/// Hides the moment, which can be a birthday.
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.redact(f)
    }
}

impl Redact for Timestamp {
    fn redact(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }

    fn is_hidden(&self) -> bool {
        true
    }
}

impl Scalar for Timestamp {}

/// A text as it came; a count is written as RFC 3339, because that is what parameters of this type take.
impl ParamValue for Timestamp {
    fn write(self, to: &mut ParamWriter) {
        match count(self.wire.trim()) {
            Some(_) => to.text(rfc3339(self.nanos)),
            None => to.text(self.wire),
        }
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl Hash for Timestamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nanos.hash(state);
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let came = AsItStands::deserialize(from)?;
        match Timestamp::of_json(&came) {
            Some(time) => Ok(time),
            None => Err(D::Error::invalid_type(
                serde::de::Unexpected::Other("a value"),
                &EXPECTED,
            )),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if !self.number {
            return to.serialize_str(&self.wire);
        }
        match (
            self.wire.parse::<i64>(),
            RawValue::from_string(self.wire.to_string()),
        ) {
            (Err(_), Ok(literal)) => literal.serialize(to),
            (count, _) => to.serialize_i64(count.unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, date_of, days_since_1970};
    use crate::ParamWriter;

    fn millis(text: &str) -> Option<i64> {
        text.parse::<Timestamp>()
            .ok()
            .map(|time| time.unix_millis())
    }

    #[test]
    fn formats_mean_what_they_say() {
        let noon = Some(1_769_851_800_000);
        for text in [
            "2026-01-31T09:30:00Z",
            "2026-01-31T09:30:00.000Z",
            "2026-01-31t09:30:00z",
            "2026-01-31 09:30:00",
            "2026-01-31T09:30",
            "2026-01-31T10:30:00+01:00",
            "2026-01-31T10:30:00+0100",
            "2026-01-31T10:30:00.0+01",
            "2026-01-30T22:00:00-11:30",
            "1769851800",
            " 1769851800000 ",
            "1769851800.0",
        ] {
            assert_eq!(millis(text), noon, "{text}");
        }
        for (text, expected) in [
            ("1970-01-01", 0),
            ("0", 0),
            ("-1", -1000),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2000-02-29", 951_782_400_000),
            ("1900-03-01", -2_203_891_200_000),
            ("99999999999", 99_999_999_999_000),
            ("100000000000", 100_000_000_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ] {
            assert_eq!(millis(text), Some(expected), "{text}");
        }
        for text in [
            "",
            " ",
            "tomorrow",
            "2026-13-01",
            "2026-02-29",
            "2026-00-10",
            "2026-01-32",
            "2026-01-31T24:00:00Z",
            "2026-01-31T09:60:00Z",
            "2026-01-31T09:30:61Z",
            "2026-01-31T09:30:00.Z",
            "2026-01-31T09:30:00+1",
            "2026-01-31T09:30:00+25:00",
            "2026-01-31T09:30:00Zx",
            "2026-01-31T",
            "2026-1-31",
            "31.01.2026",
            "1e12",
            "0x10",
            "-",
            "--1",
            "999999999999999999999",
            "2026-01-3é",
        ] {
            assert_eq!(millis(text), None, "{text}");
        }
    }

    #[test]
    fn parameters_are_dates() {
        for (wire, expected) in [
            ("2026-01-31T10:30:00+01:00", "2026-01-31T10:30:00+01:00"),
            ("2026-01-31", "2026-01-31"),
            ("1769851800000", "2026-01-31T09:30:00Z"),
        ] {
            let texts = ParamWriter::texts(wire.parse::<Timestamp>().unwrap());
            assert_eq!(texts, Ok(vec![expected.to_owned()]));
        }
    }

    #[test]
    fn days_and_dates_agree() {
        let mut days = days_since_1970(1583, 1, 1);
        let (mut last, end) = (date_of(days - 1), days_since_1970(2600, 1, 1));
        while days < end {
            let date = date_of(days);
            assert_eq!(days_since_1970(date.0, date.1, date.2), days);
            assert!(date > last && date.2 <= super::days_in(date.0, date.1));
            (last, days) = (date, days + 1);
        }
    }
}
