//! The written forms of a moment.

use std::time::Duration;

const DAY: i64 = 86_400;

/// The smallest count of milliseconds.
const MILLIS_FROM: i64 = 100_000_000_000;

/// The first count that is neither, in the year 5138 as well.
const MILLIS_TO: i64 = 100_000_000_000_000;

/// A moment: seconds since 1970 (rounded down) and nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Moment {
    pub(super) seconds: i64,
    pub(super) nanos: u32,
}

impl Moment {
    fn of_seconds(seconds: i64) -> Self {
        Moment { seconds, nanos: 0 }
    }

    pub(super) fn of_millis(millis: i64) -> Self {
        Moment {
            seconds: millis.div_euclid(1_000),
            nanos: millis.rem_euclid(1_000) as u32 * 1_000_000,
        }
    }

    /// Parts of a millisecond are dropped.
    pub(super) fn millis(self) -> i64 {
        self.seconds
            .saturating_mul(1_000)
            .saturating_add(i64::from(self.nanos / 1_000_000))
    }

    pub(super) fn after_1970(time: Duration) -> Self {
        Moment {
            seconds: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
            nanos: time.subsec_nanos(),
        }
    }

    pub(super) fn before_1970(time: Duration) -> Self {
        Moment::after_1970(time).negated()
    }

    /// Mirrors the moment at 1970.
    fn negated(self) -> Self {
        match self.nanos {
            0 => Moment::of_seconds(-self.seconds),
            nanos => Moment {
                seconds: -self.seconds - 1,
                nanos: 1_000_000_000 - nanos,
            },
        }
    }
}

/// A count since 1970.
pub(super) fn count(text: &str) -> Option<Moment> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    if digits.is_empty() || digits.len() > 15 || !are_digits(digits) || !are_digits(fraction) {
        return None;
    }
    let size = digits.parse::<i64>().ok()?;
    let moment = match size {
        ..MILLIS_FROM => Moment {
            seconds: size,
            nanos: fraction_of(fraction, 9),
        },
        MILLIS_FROM..MILLIS_TO => {
            let mut moment = Moment::of_millis(size);
            moment.nanos += fraction_of(fraction, 6);
            moment
        }
        _ => return None,
    };
    Some(if whole.starts_with('-') {
        moment.negated()
    } else {
        moment
    })
}

/// The digits after a point, scaled to this many places.
fn fraction_of(digits: &str, places: usize) -> u32 {
    let mut value = 0;
    for place in 0..places {
        let digit = digits.as_bytes().get(place).unwrap_or(&b'0');
        value = value * 10 + u32::from(digit - b'0');
    }
    value
}

/// The number of digits at the beginning of a text.
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

/// Parses a date in any written form, or a count.
pub(super) fn date(text: &str) -> Option<Moment> {
    // The most frequent form first.
    if let Some(written) = iso_date(text) {
        return Some(written.moment);
    }
    count(text).or_else(|| Some(local_date(text)?.moment))
}

/// Parses a date in the forms that are neither RFC 3339 nor a count.
fn local_date(text: &str) -> Option<Written> {
    internet_date(text).or_else(|| american_date(text))
}

/// Year, month and day of a date with a clock, in the zone in which it is written.
pub(crate) fn day_of_date(text: &str) -> Option<(i64, i64, i64)> {
    let written = iso_date(text).or_else(|| local_date(text))?;
    Some(date_of(written.local.div_euclid(DAY)))
}

/// Year, month and day of a count of milliseconds, in UTC.
pub(crate) fn day_of_millis(text: &str) -> Option<(i64, i64, i64)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    if digits.is_empty() || !are_digits(digits) || !are_digits(fraction) {
        return None;
    }
    let millis = whole.parse::<i64>().ok()?;
    Some(date_of(millis.div_euclid(DAY * 1_000)))
}

/// Whether the year has this month and the month this day.
pub(crate) fn is_day(year: i64, month: i64, day: i64) -> bool {
    (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day)
}

/// Milliseconds since 1970 at the beginning of a day in UTC.
pub(crate) fn millis_at_midnight(year: i64, month: i64, day: i64) -> i64 {
    days_since_1970(year, month, day) * DAY * 1_000
}

/// A moment, and the clock of the zone in which it is written, in seconds since 1970.
pub(super) struct Written {
    pub(super) moment: Moment,
    local: i64,
}

impl Written {
    fn new(local: i64, east: i64, nanos: u32) -> Self {
        let seconds = local - east;
        let moment = Moment { seconds, nanos };
        Written { moment, local }
    }
}

/// The form of most dates of the platform: `2026-01-31T09:30:00.000Z`. It is parsed in half the time
/// of [`iso_date`]'s others.
fn usual_date(text: &str) -> Option<Written> {
    const FORM: &[u8; 24] = b"0000-00-00T00:00:00.000Z";
    let text: &[u8; 24] = text.as_bytes().try_into().ok()?;
    let (mut digits, mut is_usual) = ([0; 24], true);
    for ((digit, byte), form) in digits.iter_mut().zip(text).zip(FORM) {
        *digit = byte.wrapping_sub(*form);
        is_usual &= *digit < if *form == b'0' { 10 } else { 1 };
    }
    if !is_usual {
        return None;
    }
    let number = |at: usize| i64::from(digits[at] * 10 + digits[at + 1]);
    let (year, month, day) = (number(0) * 100 + number(2), number(5), number(8));
    let local = midnight(year, month, day)? + seconds_of(number(11), number(14), number(17))?;
    let millis = u32::from(digits[20]) * 100 + u32::from(digits[21] * 10 + digits[22]);
    Some(Written::new(local, 0, millis * 1_000_000))
}

/// A date of RFC 3339, also with a space for the `T`, or without zone, seconds or time.
pub(super) fn iso_date(text: &str) -> Option<Written> {
    if let Some(written) = usual_date(text) {
        return Some(written);
    }
    let mut rest = Rest(text);
    let (year, month, day) = (
        rest.number(4)?,
        rest.behind(b"-", 2)?,
        rest.behind(b"-", 2)?,
    );
    let mut seconds = midnight(year, month, day)?;
    if rest.0.is_empty() {
        return Some(Written::new(seconds, 0, 0));
    }
    rest.take(b"Tt ")?;
    seconds += rest.clock(2)?;
    let mut nanos = 0;
    if rest.take(b".,").is_some() {
        let (digits, after) = rest.0.split_at(leading_digits(rest.0));
        if digits.is_empty() {
            return None;
        }
        (nanos, rest.0) = (fraction_of(digits, 9), after);
    }
    let east = match rest.0 {
        "" | "Z" => 0,
        name => zone(name.trim_start())?,
    };
    Some(Written::new(seconds, east, nanos))
}

/// A date of RFC 2822, such as `Mon, 05 Jan 2026 10:00:00 +0000`. The weekday is optional and is not
/// compared with the date; a comment at the end is ignored.
fn internet_date(text: &str) -> Option<Written> {
    let text = match text.split_once('(') {
        Some((date, comment)) if comment.ends_with(')') => date,
        _ => text,
    };
    let date = match text.split_once(',') {
        Some((weekday, date)) if position(&WEEKDAYS, weekday.trim()).is_some() => date,
        Some(_) => return None,
        None => text,
    };
    let mut words = date.split_whitespace();
    let day = short_number(words.next()?)?;
    let month = position(&MONTHS, words.next()?)? + 1;
    let mut year = Rest(words.next()?);
    let mut clock = Rest(words.next()?);
    let seconds = midnight(year.number(4)?, month, day)? + clock.clock(2)?;
    let east = words.next().map_or(Some(0), zone)?;
    if !year.0.is_empty() || !clock.0.is_empty() || words.next().is_some() {
        return None;
    }
    Some(Written::new(seconds, east, 0))
}

/// A date as JavaScript writes it for the United States, such as `10/28/2022, 6:24:54 PM`. It has no zone, so UTC is assumed.
fn american_date(text: &str) -> Option<Written> {
    let (date, clock) = text.split_once(", ")?;
    let mut numbers = date.split('/');
    let (month, day) = (
        short_number(numbers.next()?)?,
        short_number(numbers.next()?)?,
    );
    let mut year = Rest(numbers.next()?);
    let mut words = clock.split_whitespace();
    let clock = words.next()?;
    let half = position(&["am", "pm"], words.next()?)?;
    let hour_digits = leading_digits(clock);
    let mut clock = Rest(clock);
    let seconds = clock.clock(hour_digits)?;
    if !(1..=12).contains(&(seconds / 3600)) {
        return None;
    }
    let seconds = midnight(year.number(4)?, month, day)? + seconds % 43_200 + half * 43_200;
    let over = numbers.next().is_some() || words.next().is_some();
    if over || !year.0.is_empty() || !clock.0.is_empty() {
        return None;
    }
    Some(Written::new(seconds, 0, 0))
}

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The names of zones in RFC 2822, and their hours east of UTC.
const ZONES: [(&str, i64); 12] = [
    ("Z", 0),
    ("UT", 0),
    ("GMT", 0),
    ("UTC", 0),
    ("EDT", -4),
    ("EST", -5),
    ("CDT", -5),
    ("CST", -6),
    ("MDT", -6),
    ("MST", -7),
    ("PDT", -7),
    ("PST", -8),
];

fn position(names: &[&str], name: &str) -> Option<i64> {
    let index = names
        .iter()
        .position(|other| other.eq_ignore_ascii_case(name))?;
    i64::try_from(index).ok()
}

/// A number of one or two digits.
fn short_number(text: &str) -> Option<i64> {
    if !are_digits(text) || text.len() > 2 {
        return None;
    }
    text.parse().ok()
}

/// A zone in seconds east of UTC: an offset, or a name.
fn zone(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    for (name, hours) in ZONES {
        if name.eq_ignore_ascii_case(text) {
            return Some(hours * 3600);
        }
    }
    let mut rest = Rest(text);
    let sign = rest.take(b"+-")?;
    let hours = rest.number(2)?;
    rest.take(b":");
    let minutes = if rest.0.is_empty() {
        0
    } else {
        rest.number(2)?
    };
    if hours > 23 || minutes > 59 || !rest.0.is_empty() {
        return None;
    }
    let east = hours * 3600 + minutes * 60;
    Some(if sign == b'-' { -east } else { east })
}

/// The first second of a day, in seconds since 1970.
fn midnight(year: i64, month: i64, day: i64) -> Option<i64> {
    is_day(year, month, day).then(|| days_since_1970(year, month, day) * DAY)
}

/// Seconds since midnight.
fn seconds_of(hour: i64, minute: i64, second: i64) -> Option<i64> {
    // 60 is a leap second, which no count has.
    let is_clock = hour <= 23 && minute <= 59 && second <= 60;
    is_clock.then_some(hour * 3600 + minute * 60 + second)
}

/// The rest of a text.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    /// Skips one ASCII character if it is any of these.
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
        let mut value = 0;
        for digit in number.bytes() {
            if !digit.is_ascii_digit() {
                return None;
            }
            value = value * 10 + i64::from(digit - b'0');
        }
        self.0 = rest;
        Some(value)
    }

    fn behind(&mut self, mark: &[u8], digits: usize) -> Option<i64> {
        self.take(mark)?;
        self.number(digits)
    }

    /// Seconds since midnight. The hour has this many digits, and the seconds may be missing.
    fn clock(&mut self, hour_digits: usize) -> Option<i64> {
        let (hour, minute) = (self.number(hour_digits)?, self.behind(b":", 2)?);
        let second = if self.0.starts_with(':') {
            self.behind(b":", 2)?
        } else {
            0
        };
        seconds_of(hour, minute, second)
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

/// Days since 1970-01-01. Years are counted from March, so that the leap day is the last of its
/// year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a moment in UTC.
pub(super) fn utc_day(moment: Moment) -> (i64, i64, i64) {
    date_of(moment.seconds.div_euclid(DAY))
}

/// Year, month and day of a number of days.
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

/// The fraction of a second, in groups of three digits.
pub(super) fn rfc3339(moment: Moment) -> String {
    let (seconds, part) = (moment.seconds, moment.nanos);
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

#[cfg(test)]
mod tests {
    use super::{Written, date_of, days_in, days_since_1970, iso_date, usual_date};

    #[test]
    fn days_and_dates_agree() {
        let mut days = days_since_1970(1583, 1, 1);
        let (mut last, end) = (date_of(days - 1), days_since_1970(2600, 1, 1));
        while days < end {
            let date = date_of(days);
            assert_eq!(days_since_1970(date.0, date.1, date.2), days);
            assert!(date > last && date.2 <= days_in(date.0, date.1));
            (last, days) = (date, days + 1);
        }
    }
    /// The general parser reads the same moment in a form that the special one does not take.
    #[test]
    fn the_usual_form_is_read_like_the_others() {
        let seed = fastrand::u64(..);
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        let mut read = 0;
        for _ in 0..20_000 {
            let (month, day) = (random.u8(..14), random.u8(..33));
            let (hour, minute, second) = (random.u8(..25), random.u8(..62), random.u8(..62));
            let (year, millis) = (random.u16(..10_000), random.u16(..1_000));
            let mut text = format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}"
            );
            let is_usual = random.u8(..4) > 0;
            if !is_usual {
                let at = random.usize(..text.len());
                text.replace_range(at..=at, &random.alphanumeric().to_string());
            }
            let moment = |written: Option<Written>| written.map(|written| written.moment);
            let usual = moment(usual_date(&format!("{text}Z")));
            if is_usual || usual.is_some() {
                assert!(
                    usual == moment(iso_date(&format!("{text}+00:00"))),
                    "{text}"
                );
            }
            read += u32::from(usual.is_some());
        }
        assert!(read > 1_000, "only {read} were read");
    }
}
