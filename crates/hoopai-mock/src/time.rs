//! Times in the formats of the platform.

use std::time::Duration;

const DAY: u64 = 86_400_000;
/// The latest time that JavaScript can represent, in milliseconds since 1970.
const LATEST: u64 = 8_640_000_000_000_000;

/// Converts a duration since 1970 to milliseconds.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Formats milliseconds since 1970 as `2026-03-14T09:30:00.000Z`.
pub(crate) fn iso(millis: u64) -> String {
    let (year, month, day) = date(millis / DAY);
    let rest = millis % DAY;
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, milli) = (rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Formats milliseconds since 1970 as `2026-03-14`.
pub(crate) fn day(millis: u64) -> String {
    let (year, month, day) = date(millis / DAY);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Parses a date, a time with or without offset, or a number, to milliseconds since 1970.
pub(crate) fn parse(text: &str) -> Option<u64> {
    if let Ok(number) = text.parse() {
        return Some(number).filter(|number| *number <= LATEST);
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let separated = text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let days = days(year, month, day)?;
    if !separated {
        return None;
    }
    let mut millis = days * DAY;
    let Some(time) = text.get(11..) else {
        return Some(millis);
    };
    let part = |from: usize| {
        time.get(from..from + 2)
            .and_then(|text| text.parse::<u64>().ok())
    };
    millis += part(0)? * 3_600_000 + part(3).unwrap_or(0) * 60_000 + part(6).unwrap_or(0) * 1000;
    if time.get(8..9) == Some(".") {
        millis += time
            .get(9..12)
            .and_then(|text| text.parse::<u64>().ok())
            .unwrap_or(0);
    }
    let Some(at) = time.get(5..).and_then(|rest| rest.find(['+', '-'])) else {
        return Some(millis);
    };
    let zone = time.get(5 + at..)?;
    let digit = |from: usize| {
        zone.get(from..from + 2)
            .and_then(|text| text.parse::<u64>().ok())
    };
    let offset = digit(1).unwrap_or(0) * 3_600_000 + digit(4).unwrap_or(0) * 60_000;
    Some(if zone.starts_with('+') {
        millis.saturating_sub(offset)
    } else {
        millis + offset
    })
}

/// Whether a text is a date, a time, or a number of milliseconds.
pub(crate) fn is_timestamp(text: &str) -> bool {
    parse(text).is_some()
}

/// Days since 1970 of a date (Howard Hinnant's algorithm).
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || year < 1970 {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let of_era = year - era * 400;
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let in_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    (era * 146_097 + in_era).checked_sub(719_468)
}

/// The date of a day since 1970.
fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted - era * 146_097;
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let moved = (5 * of_year + 2) / 153;
    let day = of_year - (153 * moved + 2) / 5 + 1;
    let month = if moved < 10 { moved + 3 } else { moved - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::{day, iso, parse};

    #[test]
    fn formatted_times_parse_to_the_same_time() {
        for text in [
            "1970-01-01T00:00:00.000Z",
            "2024-02-29T23:59:59.999Z",
            "2026-12-31T12:00:00.001Z",
        ] {
            assert_eq!(parse(text).map(iso).as_deref(), Some(text));
        }
        assert_eq!(parse("2026-03-14").map(day).as_deref(), Some("2026-03-14"));
        assert_eq!(parse("2026-03-14T01:00:00+01:00"), parse("2026-03-14"));
        assert_eq!(parse("2026-03-13T22:30:00-01:30"), parse("2026-03-14"));
        assert_eq!(parse("1767225600000"), Some(1_767_225_600_000));
        for text in ["", "yesterday", "2026/03/14", "2026-13-01", "2026-03-14Tx"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
