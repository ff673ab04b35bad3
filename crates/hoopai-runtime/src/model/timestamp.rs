//! Moments, which the platform writes in several formats, at times within one reply.

mod format;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use compact_str::CompactString;
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::model::raw_value::RawField;
use crate::{ParamValue, ParamWriter, Redact, Scalar};
use format::{Moment, count, date, iso_date, rfc3339};

/// A moment: RFC 3339, or a count of seconds or milliseconds since 1970, as number or string.
///
/// Two further forms are read, because the platform sends them: RFC 2822, such as `Mon, 05 Jan 2026
/// 10:00:00 +0000`, and JavaScript's form for the United States, such as `10/28/2022, 6:24:54 PM`.
///
/// Setters take it or a [`SystemTime`]. A text is parsed first, which can fail.
///
/// It is written back as it was received. A text without zone is UTC, a date alone its first
/// moment. A number below 10¹¹ counts seconds (up to the year 5138), any other milliseconds. Values
/// of the same moment are equal.
///
/// ```
/// use hoopai_runtime::Timestamp;
///
/// let time: Timestamp = "2026-01-31T10:30:00+01:00".parse()?;
/// assert_eq!(time, "1769851800000".parse()?);
/// assert_eq!(time.unix_millis(), 1_769_851_800_000);
/// assert_eq!(time.to_string(), "2026-01-31T09:30:00Z");
/// assert_eq!(time.as_wire(), "2026-01-31T10:30:00+01:00");
/// # Ok::<(), hoopai_runtime::ParseTimestampError>(())
/// ```
#[derive(Clone)]
pub struct Timestamp {
    moment: Moment,
    /// Most dates of replies are RFC 3339 with milliseconds, which fit in here without an
    /// allocation.
    wire: CompactString,
    /// It was a number.
    number: bool,
}

/// The error for a text that is not a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseTimestampError;

impl fmt::Display for ParseTimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }
}

impl std::error::Error for ParseTimestampError {}

const EXPECTED: &str =
    "a date of RFC 3339 or RFC 2822, or a count of seconds or milliseconds since 1970";

impl Timestamp {
    /// Creates a moment from milliseconds since 1970. It is written as RFC 3339.
    pub fn from_unix_millis(millis: i64) -> Self {
        Self::of(Moment::of_millis(millis))
    }

    /// Returns the milliseconds since 1970, rounded down.
    pub fn unix_millis(&self) -> i64 {
        self.moment.millis()
    }

    /// Returns the moment as system time, or the nearest one that it can represent.
    pub fn to_system_time(&self) -> SystemTime {
        let whole = Duration::from_secs(self.moment.seconds.unsigned_abs());
        let time = if self.moment.seconds < 0 {
            UNIX_EPOCH.checked_sub(whole)
        } else {
            UNIX_EPOCH.checked_add(whole)
        };
        time.and_then(|time| time.checked_add(Duration::from_nanos(self.moment.nanos.into())))
            .unwrap_or(UNIX_EPOCH)
    }

    /// Returns the wire form, without quotes.
    pub fn as_wire(&self) -> &str {
        &self.wire
    }

    fn of(moment: Moment) -> Self {
        Timestamp {
            moment,
            wire: rfc3339(moment).into(),
            number: false,
        }
    }

    /// Parses the wire form: a string without quotes, or a number.
    fn read(wire: &str, number: bool) -> Result<Self, ParseTimestampError> {
        let text = wire.trim();
        let moment = match number {
            true => count(text),
            false => date(text),
        };
        let Some(moment) = moment else {
            return Err(ParseTimestampError);
        };
        Ok(Timestamp {
            moment,
            wire: wire.into(),
            number,
        })
    }

    /// The part of deserializing that does not depend on the format.
    fn of_json(came: &RawField<'_>) -> Option<Self> {
        let (wire, number) = came.scalar()?;
        Self::read(&wire, number).ok()
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, ParseTimestampError> {
        Self::read(text, false)
    }
}

impl TryFrom<&str> for Timestamp {
    type Error = ParseTimestampError;

    fn try_from(text: &str) -> Result<Self, ParseTimestampError> {
        text.parse()
    }
}

/// It is written as RFC 3339.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self::of(match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Moment::after_1970(after),
            Err(before) => Moment::before_1970(before.duration()),
        })
    }
}

impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        time.to_system_time()
    }
}

/// RFC 3339 in UTC, whatever the wire form.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&rfc3339(self.moment))
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

/// A date in RFC 3339 is sent unchanged. Other forms are converted to RFC 3339, which parameters of
/// this type require.
impl ParamValue for Timestamp {
    fn write(self, to: &mut ParamWriter) {
        match iso_date(self.wire.trim()) {
            Some(_) => to.text(self.wire.into_string()),
            None => to.text(rfc3339(self.moment)),
        }
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.moment == other.moment
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
        self.moment.cmp(&other.moment)
    }
}

impl Hash for Timestamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.moment.hash(state);
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let came = RawField::deserialize(from)?;
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
    use std::time::Duration;

    use super::Timestamp;
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
            "2026-01-31 09:30:00 +0000",
            "2026-01-31 09:30:00 UTC",
            "Sat, 31 Jan 2026 09:30:00 +0000",
            "Sat, 31 Jan 2026 09:30:00 GMT",
            "sat, 31 JAN 2026 09:30 UT",
            "31 Jan 2026 09:30:00 -0000",
            "Sat, 31 Jan 2026 04:30:00 EST",
            "Sat, 31 Jan 2026 10:30:00 +0100 (CET)",
            "Sat, 31 Jan 2026 05:30:00 -04:00",
            "1/31/2026, 9:30:00 AM",
            "01/31/2026, 9:30:00\u{202f}am",
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
            ("Mon, 05 Jan 2026 10:00:00 +0000", 1_767_607_200_000),
            ("Mon, 5 Jan 2026 10:00:00 GMT", 1_767_607_200_000),
            ("10/28/2022, 6:24:54 PM", 1_666_981_494_000),
            ("10/28/2022, 12:24:54 AM", 1_666_916_694_000),
            ("2025-07-31T19:40:07.843-04:00", 1_754_005_207_843),
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
            "Sat, 31 Jan 2026",
            "Sat, 32 Jan 2026 09:30:00 +0000",
            "Sat, 31 Jan 26 09:30:00 +0000",
            "Sat, 31 Jan 2026 24:30:00 +0000",
            "Sat, 31 Jan 2026 09:30:00 XYZ",
            "Sat, 31 Jan 2026 09:30:00 +0000 +0000",
            "Day, 31 Jan 2026 09:30:00 +0000",
            "31/01/2026, 9:30:00 AM",
            "1/31/2026, 0:30:00 AM",
            "1/31/2026, 13:30:00 PM",
            "1/31/2026, 9:30:00",
            "1/31/2026",
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
            ("Sat, 31 Jan 2026 10:30:00 +0100", "2026-01-31T09:30:00Z"),
        ] {
            let texts = ParamWriter::texts(wire.parse::<Timestamp>().unwrap());
            assert_eq!(texts, Ok(vec![expected.to_owned()]));
        }
    }

    #[test]
    fn dates_of_another_crate_are_the_same_moment() {
        let seed = fastrand::u64(..);
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..2_000 {
            // Years have four digits.
            let time = std::time::UNIX_EPOCH + Duration::from_secs(random.u64(..250_000_000_000));
            let text = httpdate::fmt_http_date(time);
            let read: Timestamp = text.parse().unwrap_or_else(|_| panic!("{text}"));
            assert_eq!(read.to_system_time(), time, "{text}");
            assert_eq!(serde_json::to_value(&read).unwrap(), text);
        }
    }
}
