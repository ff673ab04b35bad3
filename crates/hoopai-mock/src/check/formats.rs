//! Formats of text: email addresses and dates.

use std::sync::LazyLock;

use jiff::civil::DateTime;
use regex_lite::Regex;

/// Whether a text is an email address: a local part, `@`, and a domain of at least two labels.
pub(crate) fn is_email(text: &str) -> bool {
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
    static FORMAT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let time = r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d";
        let offset = r"[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d";
        Regex::new(&format!(r"^({time})(?:\.\d+)?(?:{offset})$")).ok()
    });
    let captures = FORMAT.as_ref().and_then(|format| format.captures(text));
    captures.is_some_and(|captures| captures[1].parse::<DateTime>().is_ok())
}

/// Whether a text is a date in a request, which may omit the time, the seconds or the offset.
pub(crate) fn is_date(text: &str) -> bool {
    ["T00:00:00Z", ":00Z", "Z"]
        .iter()
        .any(|rest| is_date_time(&format!("{text}{rest}")))
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
        for text in [
            "2031-05-06T07:08:09+05:30",
            "2028-02-29t23:59:60.123456789012z",
            "2031-05-06 07:08:09Z",
        ] {
            assert!(is_date_time(text), "{text}");
        }
        for text in [
            "",
            "2031-13-06",
            "2031-02-29",
            "2031-05",
            "tomorrow",
            "1935817689000",
            "2031-05-06T24:00:00Z",
            "2031-05-06T07:08:09+0530",
            "2031-05-06T07:08:09.Z",
        ] {
            assert!(!is_date(text) && !is_date_time(text), "{text}");
        }
    }
}
