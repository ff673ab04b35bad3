//! Moments, which the platform writes in several formats, at times within one reply.

pub(crate) mod format;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use compact_str::CompactString;
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::model::date::serialize_number;
use crate::model::raw_value::RawScalar;
use crate::{Date, ParamValue, ParamWriter, Redact, Scalar};
use format::{Moment, count, date, iso_date, rfc3339, utc_day};

/// A moment: RFC 3339, or a count of seconds or milliseconds since 1970, as number or string.
///
/// Two further forms are read, because the platform sends them: RFC 2822, such as `Mon, 05 Jan 2026
/// 10:00:00 +0000`, and JavaScript's form for the United States, such as `10/28/2022, 6:24:54 PM`.
///
/// Setters accept it, a [`SystemTime`], and the types of the crates `jiff` and `chrono` with the
/// features of these names. A text is parsed first, which can fail.
///
/// A value of a reply is written back as it was received. Setters convert to the form that their
/// field or parameter requires, which is RFC 3339 unless the interface declares a count; a date of
/// RFC 3339 keeps its offset. [`in_rfc3339`](Self::in_rfc3339), [`in_seconds`](Self::in_seconds) and
/// [`in_milliseconds`](Self::in_milliseconds) select the form where nothing is declared, such as in
/// `extra_body` and `extra_query`.
///
/// A text without zone is UTC, a date alone its first moment. A number below 10¹¹ counts seconds
/// (up to the year 5138), any other milliseconds. Values of the same moment are equal.
///
/// `Debug` shows `[hidden]`, so that logs contain no personal data. `Display` shows the value.
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
    /// The moment, in parts, between which no space is lost.
    seconds: i64,
    nanos: u32,
    /// It was a number.
    number: bool,
    /// Most dates of replies are RFC 3339 with milliseconds, which fit in here without an
    /// allocation.
    wire: CompactString,
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
        self.moment().millis()
    }

    /// Returns the moment as system time, or the nearest one that it can represent.
    pub fn to_system_time(&self) -> SystemTime {
        let whole = Duration::from_secs(self.seconds.unsigned_abs());
        let time = if self.seconds < 0 {
            UNIX_EPOCH.checked_sub(whole)
        } else {
            UNIX_EPOCH.checked_add(whole)
        };
        time.and_then(|time| time.checked_add(Duration::from_nanos(self.nanos.into())))
            .unwrap_or(UNIX_EPOCH)
    }

    /// Returns the wire form, without quotes.
    pub fn as_wire(&self) -> &str {
        &self.wire
    }

    /// Returns the day in UTC, or the nearest one that a [`Date`] can represent.
    pub fn utc_date(&self) -> Date {
        Date::nearest(utc_day(self.moment()))
    }

    /// Returns the same moment, written as a text of RFC 3339. A date of RFC 3339 keeps its text,
    /// and with it its offset.
    #[must_use]
    pub fn in_rfc3339(self) -> Self {
        if !self.number && iso_date(&self.wire).is_some() {
            return self;
        }
        Self::of(self.moment())
    }

    /// Returns the same moment, written as a number of seconds since 1970, rounded down.
    #[must_use]
    pub fn in_seconds(self) -> Self {
        let count = self.seconds;
        self.counted(count, true)
    }

    /// Returns the same moment, written as a number of milliseconds since 1970, rounded down.
    #[must_use]
    pub fn in_milliseconds(self) -> Self {
        let count = self.unix_millis();
        self.counted(count, true)
    }

    /// Returns the same moment, written as a text with the number of milliseconds since 1970,
    /// rounded down.
    #[must_use]
    pub fn in_milliseconds_text(self) -> Self {
        let count = self.unix_millis();
        self.counted(count, false)
    }

    fn counted(self, count: i64, number: bool) -> Self {
        let wire = compact_str::format_compact!("{count}");
        Timestamp {
            number,
            wire,
            ..self
        }
    }

    fn moment(&self) -> Moment {
        Moment {
            seconds: self.seconds,
            nanos: self.nanos,
        }
    }

    fn written(moment: Moment, wire: CompactString, number: bool) -> Self {
        Timestamp {
            seconds: moment.seconds,
            nanos: moment.nanos,
            number,
            wire,
        }
    }

    /// Seconds since 1970, rounded down, and nanoseconds.
    #[cfg(any(feature = "chrono", feature = "jiff"))]
    pub(crate) fn parts(&self) -> (i64, u32) {
        (self.seconds, self.nanos)
    }

    fn of(moment: Moment) -> Self {
        Self::written(moment, rfc3339(moment).into(), false)
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
        Ok(Self::written(moment, wire.into(), number))
    }

    /// The part of deserializing that does not depend on the format.
    fn of_json(came: &RawScalar<'_>) -> Option<Self> {
        let (wire, number) = came.text()?;
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
        f.pad(&rfc3339(self.moment()))
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

impl Scalar for Timestamp {
    fn in_default_form(self) -> Self {
        self.in_rfc3339()
    }
}

/// The wire form is sent.
impl ParamValue for Timestamp {
    fn write(self, to: &mut ParamWriter) {
        to.text(self.wire.into_string());
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.moment() == other.moment()
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
        self.moment().cmp(&other.moment())
    }
}

impl Hash for Timestamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.moment().hash(state);
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let came = RawScalar::deserialize(from)?;
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
        if self.number {
            serialize_number(&self.wire, to)
        } else {
            to.serialize_str(&self.wire)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::Timestamp;
    use crate::{IntoField, ParamWriter};

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
    fn setters_convert_to_rfc_3339_and_parameters_send_the_wire_form() {
        for (wire, expected) in [
            ("2026-01-31T10:30:00+01:00", "2026-01-31T10:30:00+01:00"),
            ("2026-01-31T10:30:00.123456Z", "2026-01-31T10:30:00.123456Z"),
            ("2026-01-31", "2026-01-31"),
            ("1769851800000", "2026-01-31T09:30:00Z"),
            ("1769851800.25", "2026-01-31T09:30:00.250Z"),
            ("Sat, 31 Jan 2026 10:30:00 +0100", "2026-01-31T09:30:00Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
            ("-1", "1969-12-31T23:59:59Z"),
        ] {
            let time = wire.parse::<Timestamp>().unwrap();
            let field: Timestamp = time.clone().into_field().unwrap();
            assert_eq!(ParamWriter::texts(field), Ok(vec![expected.to_owned()]));
            assert_eq!(ParamWriter::texts(time), Ok(vec![wire.to_owned()]));
        }
    }

    #[test]
    fn other_forms_are_written_on_request() {
        let json = |time: Timestamp| serde_json::to_value(time).unwrap();
        for (wire, seconds, millis) in [
            (
                "2026-01-31T10:30:00.1239+01:00",
                1_769_851_800_i64,
                1_769_851_800_123_i64,
            ),
            ("1769851800000", 1_769_851_800, 1_769_851_800_000),
            ("1969-12-31T23:59:59.5Z", -1, -500),
            ("9999-12-31T23:59:59Z", 253_402_300_799, 253_402_300_799_000),
        ] {
            let time = || wire.parse::<Timestamp>().unwrap();
            assert_eq!(json(time().in_seconds()), seconds);
            assert_eq!(json(time().in_milliseconds()), millis);
            assert_eq!(json(time().in_milliseconds_text()), millis.to_string());
            assert_eq!(time().in_milliseconds(), time());
        }
    }

    #[test]
    fn values_are_written_back_as_received() {
        for received in [
            json!("2026-01-31T10:30:00.123456+01:00"),
            json!(1_769_851_800),
            json!(1_769_851_800_000_i64),
            json!("1769851800000"),
            json!(-1),
            json!("Mon, 05 Jan 2026 10:00:00 +0000"),
        ] {
            let time: Timestamp = serde_json::from_value(received.clone()).unwrap();
            assert_eq!(serde_json::to_value(&time).unwrap(), received);
        }
    }

    #[test]
    fn days_of_moments_are_those_of_utc() {
        for (wire, day) in [
            ("2026-01-31T23:30:00-01:00", "2026-02-01"),
            ("-1", "1969-12-31"),
            ("9999-12-31T23:59:59Z", "9999-12-31"),
        ] {
            let time = wire.parse::<Timestamp>().unwrap();
            assert_eq!(time.utc_date().to_string(), day);
        }
        let late = Timestamp::from_unix_millis(i64::MAX).utc_date();
        let early = Timestamp::from_unix_millis(i64::MIN).utc_date();
        assert_eq!(late.to_string(), "9999-12-31");
        assert_eq!(early.to_string(), "-9999-01-01");
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
