//! Conversions between this crate's moments and days and those of `jiff` and `chrono`.
//!
//! Moments outside of the range of the other crate become the nearest one that it can represent.
//! Moments with a zone keep their offset in the text that is sent.

use crate::model::date::Date;
use crate::model::timestamp::Timestamp;

/// Parses the text of a moment. Years with more than four digits have no such text.
fn written(text: &str, millis: impl FnOnce() -> i64) -> Timestamp {
    text.parse()
        .unwrap_or_else(|_| Timestamp::from_unix_millis(millis()))
}

#[cfg(feature = "jiff")]
mod jiff {
    use jiff::civil;

    use super::{Date, Timestamp, written};

    impl From<jiff::Timestamp> for Timestamp {
        fn from(time: jiff::Timestamp) -> Self {
            written(&time.to_string(), || time.as_millisecond())
        }
    }

    /// The offset of the zone is sent.
    impl From<&jiff::ZonedDateTime> for Timestamp {
        fn from(time: &jiff::ZonedDateTime) -> Self {
            let text = time.timestamp().display_with_offset(time.offset());
            written(&text.to_string(), || time.timestamp().as_millisecond())
        }
    }

    /// The offset of the zone is sent.
    impl From<jiff::ZonedDateTime> for Timestamp {
        fn from(time: jiff::ZonedDateTime) -> Self {
            (&time).into()
        }
    }

    impl From<&Timestamp> for jiff::Timestamp {
        fn from(time: &Timestamp) -> Self {
            let (seconds, nanos) = time.parts();
            let nearest = if seconds < 0 {
                jiff::Timestamp::MIN
            } else {
                jiff::Timestamp::MAX
            };
            jiff::Timestamp::new(seconds, nanos.cast_signed()).unwrap_or(nearest)
        }
    }

    impl From<Timestamp> for jiff::Timestamp {
        fn from(time: Timestamp) -> Self {
            (&time).into()
        }
    }

    impl From<civil::Date> for Date {
        fn from(date: civil::Date) -> Self {
            let (year, month, day) = (date.year(), date.month(), date.day());
            Date::nearest((year.into(), month.into(), day.into()))
        }
    }

    impl From<&Date> for civil::Date {
        fn from(date: &Date) -> Self {
            let (month, day) = (date.month().cast_signed(), date.day().cast_signed());
            civil::Date::new(date.year(), month, day).unwrap_or_default()
        }
    }

    impl From<Date> for civil::Date {
        fn from(date: Date) -> Self {
            (&date).into()
        }
    }
}

#[cfg(feature = "chrono")]
mod chrono {
    use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, TimeZone, Utc};

    use super::{Date, Timestamp, written};

    /// The offset of the zone is sent.
    impl<Z: TimeZone> From<DateTime<Z>> for Timestamp {
        fn from(time: DateTime<Z>) -> Self {
            let text = time
                .fixed_offset()
                .to_rfc3339_opts(SecondsFormat::AutoSi, true);
            written(&text, || time.timestamp_millis())
        }
    }

    impl From<&Timestamp> for DateTime<Utc> {
        fn from(time: &Timestamp) -> Self {
            let (seconds, nanos) = time.parts();
            let nearest = if seconds < 0 {
                DateTime::<Utc>::MIN_UTC
            } else {
                DateTime::<Utc>::MAX_UTC
            };
            DateTime::from_timestamp(seconds, nanos).unwrap_or(nearest)
        }
    }

    impl From<Timestamp> for DateTime<Utc> {
        fn from(time: Timestamp) -> Self {
            (&time).into()
        }
    }

    impl From<NaiveDate> for Date {
        fn from(date: NaiveDate) -> Self {
            Date::nearest((date.year().into(), date.month().into(), date.day().into()))
        }
    }

    impl From<&Date> for NaiveDate {
        fn from(date: &Date) -> Self {
            let (month, day) = (date.month().into(), date.day().into());
            NaiveDate::from_ymd_opt(date.year().into(), month, day).unwrap_or_default()
        }
    }

    impl From<Date> for NaiveDate {
        fn from(date: Date) -> Self {
            (&date).into()
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "chrono")]
    #[test]
    fn chrono_values_are_the_same_moments_and_days() {
        use chrono::{DateTime, FixedOffset, NaiveDate, Utc};

        use crate::{Date, IntoField, Timestamp};

        let json = |time: Timestamp| serde_json::to_value(time).unwrap();
        let kolkata: DateTime<FixedOffset> = "2026-01-31T15:00:00.25+05:30".parse().unwrap();
        let field: Timestamp = kolkata.into_field().unwrap();
        assert_eq!(json(field.clone()), "2026-01-31T15:00:00.250+05:30");
        assert_eq!(DateTime::<Utc>::from(&field), kolkata);
        assert_eq!(json(kolkata.to_utc().into()), "2026-01-31T09:30:00.250Z");
        let leap = NaiveDate::from_ymd_opt(2016, 12, 31).unwrap();
        let leap = leap.and_hms_nano_opt(23, 59, 59, 1_500_000_000).unwrap();
        let leap: DateTime<Utc> = Timestamp::from(leap.and_utc()).into();
        assert_eq!(leap.to_rfc3339(), "2017-01-01T00:00:00.500+00:00");
        let far: DateTime<Utc> = Timestamp::from(DateTime::<Utc>::MAX_UTC).into();
        assert_eq!(
            far.timestamp_millis(),
            DateTime::<Utc>::MAX_UTC.timestamp_millis()
        );
        let beyond: DateTime<Utc> = Timestamp::from_unix_millis(i64::MIN).into();
        assert_eq!(beyond, DateTime::<Utc>::MIN_UTC);
        for (year, month, day) in [(0, 1, 1), (-44, 3, 15), (2024, 2, 29), (9999, 12, 31)] {
            let naive = NaiveDate::from_ymd_opt(year, month, day).unwrap();
            let date: Date = naive.into_field().unwrap();
            assert_eq!(NaiveDate::from(&date), naive);
        }
        assert_eq!(Date::from(NaiveDate::MAX).to_string(), "9999-12-31");
        assert_eq!(Date::from(NaiveDate::MIN).to_string(), "-9999-01-01");
    }

    #[cfg(feature = "jiff")]
    #[test]
    fn jiff_values_are_the_same_moments_and_days() {
        use jiff::civil;

        use crate::{Date, IntoField, Timestamp};

        let json = |time: Timestamp| serde_json::to_value(time).unwrap();
        let time: jiff::Timestamp = "2026-01-31T09:30:00.25Z".parse().unwrap();
        let field: Timestamp = time.into_field().unwrap();
        assert_eq!(field.unix_millis(), 1_769_851_800_250);
        assert_eq!(jiff::Timestamp::from(&field), time);
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(-5));
        let field: Timestamp = time.to_zoned_datetime(zone).into_field().unwrap();
        assert_eq!(json(field), "2026-01-31T04:30:00.25-05:00");
        for time in [jiff::Timestamp::MIN, jiff::Timestamp::MAX] {
            let back: jiff::Timestamp = Timestamp::from(time).into();
            assert_eq!(back.as_millisecond(), time.as_millisecond());
        }
        let beyond: jiff::Timestamp = Timestamp::from_unix_millis(i64::MAX).into();
        assert_eq!(beyond, jiff::Timestamp::MAX);
        for date in [
            civil::Date::MIN,
            civil::date(0, 1, 1),
            civil::date(2024, 2, 29),
            civil::Date::MAX,
        ] {
            let field: Date = date.into_field().unwrap();
            assert_eq!(civil::Date::from(&field), date);
        }
    }
}
