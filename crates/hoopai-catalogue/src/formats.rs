//! Formats of texts and numbers in requests.

use serde_json::Value;

/// The rule that a value of a format breaks.
pub(crate) fn broken_rule(format: &str, value: &Value) -> Option<&'static str> {
    match (format, value) {
        ("date-time", Value::String(text)) => (!is_moment(text)).then_some(
            "must be a moment such as 2026-01-31T09:30:00Z, or a day such as 2026-01-31",
        ),
        ("date", Value::String(text)) => {
            (!is_day(text)).then_some("must be a day such as 2026-01-31")
        }
        ("date-month-first", Value::String(text)) => {
            (!is_day_month_first(text)).then_some("must be a day such as 01-31-2026")
        }
        ("date-at-midnight", Value::String(text)) => {
            (!is_moment(text)).then_some("must be a moment such as 2026-01-31T00:00:00.000Z")
        }
        ("unix-milliseconds", Value::String(text)) => {
            (!is_whole(text)).then_some("must be milliseconds since 1970")
        }
        ("email", Value::String(text)) => {
            (!is_email(text)).then_some("must be an email address such as jane@example.com")
        }
        _ => None,
    }
}

fn digits(text: &str, count: usize) -> Option<u32> {
    let valid = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| valid)
}

fn is_date(year: &str, month: &str, day: &str) -> bool {
    let (Some(year), Some(month), Some(day)) = (digits(year, 4), digits(month, 2), digits(day, 2))
    else {
        return false;
    };
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}

fn three(text: &str) -> Option<(&str, &str, &str)> {
    let (first, rest) = text.split_once('-')?;
    let (second, third) = rest.split_once('-')?;
    Some((first, second, third))
}

fn is_day(text: &str) -> bool {
    three(text).is_some_and(|(year, month, day)| is_date(year, month, day))
}

fn is_day_month_first(text: &str) -> bool {
    three(text).is_some_and(|(month, day, year)| is_date(year, month, day))
}

/// A day, optionally with a time, seconds, a fraction and an offset.
fn is_moment(text: &str) -> bool {
    let Some((day, time)) = text.split_once(['T', 't', ' ']) else {
        return is_day(text);
    };
    let offset_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (time, offset) = time.split_at(offset_at);
    let (time, fraction) = match time.split_once('.') {
        Some((time, fraction)) => (time, Some(fraction)),
        None => (time, None),
    };
    let is_part = |text: &str, end: u32| digits(text, 2).is_some_and(|part| part < end);
    let parts: Vec<&str> = time.split(':').collect();
    let is_time = match parts[..] {
        [hour, minute] => fraction.is_none() && is_part(hour, 24) && is_part(minute, 60),
        [hour, minute, second] => is_part(hour, 24) && is_part(minute, 60) && is_part(second, 60),
        _ => false,
    };
    let is_fraction = fraction.is_none_or(is_whole);
    let is_offset = match offset.strip_prefix(['+', '-']) {
        Some(offset) => offset
            .split_once(':')
            .is_some_and(|(hours, minutes)| is_part(hours, 24) && is_part(minutes, 60)),
        None => ["", "Z", "z"].contains(&offset),
    };
    is_day(day) && is_time && is_fraction && is_offset
}

fn is_whole(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_clean = |text: &str| {
        !text.is_empty()
            && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '@')
    };
    is_clean(local) && is_clean(domain) && domain.contains('.') && domain.split('.').all(is_clean)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::broken_rule;

    #[test]
    fn formats_accept_their_forms_only() {
        let cases = [
            ("date-time", "2026-01-31T09:30:00.123+02:00", true),
            ("date-time", "2026-01-31T09:30", true),
            ("date-time", "2026-01-31", true),
            ("date-time", "2026-02-30T09:30:00Z", false),
            ("date-time", "2026-01-31T25:00:00Z", false),
            ("date-time", "2026-01-31T09:30:00.Z", false),
            ("date-time", "tomorrow", false),
            ("date", "2024-02-29", true),
            ("date", "2026-02-29", false),
            ("date", "31-01-2026", false),
            ("date-month-first", "01-31-2026", true),
            ("date-month-first", "2026-01-31", false),
            ("date-at-midnight", "2026-01-31T00:00:00.000Z", true),
            ("unix-milliseconds", "1700000000000", true),
            ("unix-milliseconds", "17e3", false),
            ("email", "jane.doe@mail.example.com", true),
            ("email", "jane@example", false),
            ("email", "ja ne@example.com", false),
            ("another", "anything", true),
        ];
        for (format, text, is_valid) in cases {
            assert_eq!(
                broken_rule(format, &json!(text)).is_none(),
                is_valid,
                "{format} {text}"
            );
        }
    }
}
