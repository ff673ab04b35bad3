//! Invented texts and numbers for fields, by format and name.

use heck::ToSnakeCase;
use serde_json::Value;

use crate::formats::{DATE, DATE_TIME, UNIX_MILLISECONDS, UNIX_SECONDS};

/// The moment of all examples, and other forms of it.
const MOMENT: &str = "2026-03-02T09:00:00.000Z";
const MILLISECONDS: u64 = 1_772_442_000_000;
const SECONDS: u64 = 1_772_442_000;

/// The number of characters of invented ids.
const ID_LENGTH: usize = 20;

/// Texts by format.
const FORMATS: [(&str, &str); 13] = [
    (DATE, "2026-03-02"),
    ("date-at-midnight", "2026-03-02T00:00:00.000Z"),
    ("date-month-first", "03-02-2026"),
    (DATE_TIME, MOMENT),
    (UNIX_MILLISECONDS, "1772442000000"),
    ("binary", "content of the file"),
    ("byte", "ZXhhbXBsZQ=="),
    ("email", "alex.morgan@example.com"),
    ("hostname", "www.example.com"),
    ("ipv4", "192.0.2.1"),
    ("uri", "https://www.example.com/page"),
    ("url", "https://www.example.com/page"),
    ("uuid", "00000000-0000-4000-8000-000000000001"),
];

/// Texts by the last words of a name in snake case. The first row that matches counts.
const NAMES: [(&str, &str); 52] = [
    ("first_name", "Alex"),
    ("last_name", "Morgan"),
    ("full_name", "Alex Morgan"),
    ("contact_name", "Alex Morgan"),
    ("user_name", "Alex Morgan"),
    ("company_name", "Example Company"),
    ("business_name", "Example Company"),
    ("file_name", "example.pdf"),
    ("email", "alex.morgan@example.com"),
    ("phone", "+12025550143"),
    ("phone_number", "+12025550143"),
    ("number", "1001"),
    ("url", "https://www.example.com/page"),
    ("uri", "https://www.example.com/page"),
    ("link", "https://www.example.com/page"),
    ("website", "https://www.example.com"),
    ("domain", "www.example.com"),
    ("host", "www.example.com"),
    ("avatar", "https://www.example.com/picture.png"),
    ("logo", "https://www.example.com/picture.png"),
    ("image", "https://www.example.com/picture.png"),
    ("address", "1 Main Street"),
    ("address1", "1 Main Street"),
    ("address2", "Suite 2"),
    ("address_line1", "1 Main Street"),
    ("street", "1 Main Street"),
    ("city", "Springfield"),
    ("state", "IL"),
    ("country", "US"),
    ("country_code", "US"),
    ("postal_code", "62701"),
    ("zip", "62701"),
    ("timezone", "America/Chicago"),
    ("time_zone", "America/Chicago"),
    ("currency", "USD"),
    ("currency_code", "USD"),
    ("locale", "en_US"),
    ("language", "en"),
    ("color", "#1a73e8"),
    ("ip", "192.0.2.1"),
    ("slug", "example"),
    ("token", "example-token"),
    ("secret", "example-secret"),
    ("version", "1.0"),
    ("time", "09:00"),
    ("date", MOMENT),
    ("at", MOMENT),
    ("added", MOMENT),
    ("updated", MOMENT),
    ("html", "<p>An example.</p>"),
    ("status", "active"),
    ("mime_type", "application/pdf"),
];

/// Texts for patterns and lengths that the text of the name does not fit.
const OTHERS: [&str; 7] = [
    "America/Chicago",
    "09:00",
    "2026-03-02",
    "example",
    "1001",
    "US",
    "a",
];

/// Numbers by the last words of a name in snake case.
const NUMBERS: [(&str, u64); 16] = [
    ("limit", 20),
    ("page_size", 20),
    ("page_limit", 20),
    ("page", 1),
    ("skip", 0),
    ("offset", 0),
    ("total", 1),
    ("count", 1),
    ("amount", 100),
    ("price", 100),
    ("duration", 30),
    ("year", 2026),
    ("percentage", 10),
    ("latitude", 40),
    ("longitude", 10),
    ("expires_in", 86_399),
];

/// The reason phrases of statuses that the platform declares.
const REASONS: [(&str, &str); 11] = [
    ("400", "Bad Request"),
    ("401", "Unauthorized"),
    ("403", "Forbidden"),
    ("404", "Not Found"),
    ("409", "Conflict"),
    ("413", "Payload Too Large"),
    ("415", "Unsupported Media Type"),
    ("422", "Unprocessable Entity"),
    ("429", "Too Many Requests"),
    ("500", "Internal Server Error"),
    ("503", "Service Unavailable"),
];

/// Candidates for a text, best first.
pub(super) fn texts(name: &str, format: &str, status: &str) -> Vec<String> {
    let words = name.to_snake_case();
    let by_format = FORMATS.iter().find(|row| row.0 == format).map(|row| row.1);
    let by_status = REASONS.iter().find(|row| row.0 == status).map(|row| row.1);
    let by_status = by_status.filter(|_| ["message", "error", "name"].contains(&words.as_str()));
    let first = match by_format.or(by_status) {
        Some(text) => text.to_owned(),
        None => text_of_name(&words),
    };
    std::iter::once(first)
        .chain(OTHERS.map(str::to_owned))
        .collect()
}

fn text_of_name(words: &str) -> String {
    if let Some(noun) = id_noun(words) {
        let noun: String = noun.chars().take(ID_LENGTH - 1).collect();
        return format!("{noun}{:0>1$}", 1, ID_LENGTH - noun.len());
    }
    if words.starts_with("is_") || words.starts_with("has_") {
        return "true".to_owned();
    }
    match by_last_words(&NAMES, words) {
        Some(text) => text.to_owned(),
        None if words.is_empty() => "example".to_owned(),
        None => format!("Example {}", words.replace('_', " ")),
    }
}

/// The letters of an id's name without `id`: `contact` of `contact_id`.
fn id_noun(words: &str) -> Option<String> {
    let noun = match words.strip_suffix("_id") {
        Some(noun) => noun,
        None if words == "id" => "item",
        None => return None,
    };
    Some(noun.chars().filter(char::is_ascii_alphanumeric).collect())
}

fn by_last_words<T: Copy>(rows: &[(&str, T)], words: &str) -> Option<T> {
    let row = rows.iter().find(|(last, _)| {
        let start = words.strip_suffix(last);
        start.is_some_and(|start| start.is_empty() || start.ends_with('_'))
    });
    row.map(|row| row.1)
}

/// Candidates for a number, best first. Bounds are candidates too.
pub(super) fn numbers(name: &str, format: &str, status: &str, bounds: &[f64]) -> Vec<Value> {
    let words = name.to_snake_case();
    let first = match format {
        UNIX_MILLISECONDS => MILLISECONDS,
        UNIX_SECONDS => SECONDS,
        _ if words == "status_code" || words == "status" => status.parse().unwrap_or(200),
        _ => by_last_words(&NUMBERS, &words).unwrap_or(1),
    };
    let mut candidates = vec![Value::from(first)];
    if format == "decimal" {
        candidates.insert(0, 19.5.into());
    }
    for bound in bounds {
        for number in [*bound, bound + 1.0, bound - 1.0] {
            // Bounds of integers are integers.
            if number.fract() == 0.0 && number.abs() < 1e15 {
                candidates.push((number as i64).into());
            }
            candidates.push(number.into());
        }
    }
    candidates.extend([0.into(), 1.into()]);
    candidates
}
