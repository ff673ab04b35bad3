//! Formats of text: email addresses and dates.

/// Whether a text is an email address: a local part, `@`, and a domain of at least two labels.
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
        label.starts_with(char::is_alphanumeric)
            && label.ends_with(char::is_alphanumeric)
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

/// Whether a text is an RFC 3339 date with time and offset.
pub(crate) fn is_date_time(text: &str) -> bool {
    date_time(text).is_some()
}

/// Whether a text is a date in a request, which may omit the time, the seconds or the offset.
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
    fn email_address_has_local_part_and_domain() {
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
    fn request_date_may_omit_time_and_offset() {
        for text in ["2031-05-06", "2031-05-06T07:08", "2031-05-06T07:08:09"] {
            assert!(is_date(text) && !is_date_time(text), "{text}");
        }
        assert!(is_date_time("2031-05-06T07:08:09+05:30"));
        for text in ["", "2031-13-06", "2031-05", "tomorrow", "1935817689000"] {
            assert!(!is_date(text) && !is_date_time(text), "{text}");
        }
    }
}
