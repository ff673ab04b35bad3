//! Sample texts, numbers and booleans, selected by the name of the field.

use fastrand::Rng;
use regex_lite::Regex;

/// The number of items of a list.
pub(super) const ITEMS: usize = 2;

const FIRST: &[&str] = &[
    "Ada", "Bela", "Chidi", "Dana", "Emre", "Farah", "Goran", "Hana",
];
const LAST: &[&str] = &[
    "Okafor",
    "Lindqvist",
    "Marsh",
    "Novak",
    "Pereira",
    "Quinn",
    "Sato",
    "Weiss",
];
const COMPANIES: &[&str] = &[
    "Bluebird Bakery",
    "Corner Cycles",
    "Harbour Dental",
    "Maple Plumbing",
];
const CITIES: &[&str] = &["Springfield", "Riverton", "Lakeside", "Fairview"];
const THINGS: &[&str] = &[
    "Spring offer",
    "First visit",
    "Follow-up",
    "Newsletter",
    "Weekly check",
];
const SENTENCES: &[&str] = &[
    "Called, and left a message.",
    "Wants to hear more next week.",
    "Made up for a test.",
    "Nothing special about this one.",
];

/// Parts of the names of fields that hold links, names, and sentences.
const LINKS: &[&str] = &[
    "url", "uri", "website", "link", "logo", "avatar", "href", "photo", "image", "referrer",
];
const THING_NAMES: &[&str] = &["name", "title", "label", "subject"];
const TEXT_NAMES: &[&str] = &["description", "body", "message", "note", "text"];

/// An id in the format of the platform.
fn id(rng: &mut Rng) -> String {
    (0..20).map(|_| rng.alphanumeric()).collect()
}

/// A time in the year 2026.
pub(super) fn date_time(rng: &mut Rng) -> String {
    let (month, day) = (rng.u8(1..=12), rng.u8(1..=28));
    let (hour, minute, second) = (rng.u8(0..24), rng.u8(0..60), rng.u8(0..60));
    format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z")
}

/// A day for a field.
pub(super) fn date(name: &str, rng: &mut Rng) -> String {
    let (month, day) = (rng.u8(1..=12), rng.u8(1..=28));
    let year = if name == "dateOfBirth" {
        rng.u16(1960..2000)
    } else {
        2026
    };
    format!("{year}-{month:02}-{day:02}")
}

fn pick(words: &[&str], rng: &mut Rng) -> String {
    rng.choice(words).copied().unwrap_or_default().to_owned()
}

fn nth<'a>(words: &[&'a str], n: usize) -> &'a str {
    words
        .get(n % words.len().max(1))
        .copied()
        .unwrap_or_default()
}

/// Whether a field of this name holds an id.
pub(super) fn is_id(name: &str) -> bool {
    name == "id"
        || name == "sid"
        || ["Id", "_id", "ID", "Sid"]
            .iter()
            .any(|end| name.ends_with(end))
}

/// Whether a field of this name holds a time.
fn is_date(name: &str) -> bool {
    let ends = ["At", "Date", "Time", "Timestamp", "_at", "_date"];
    ends.iter().any(|end| name.ends_with(end))
        || name == "date"
        || name == "timestamp"
        || name == "dateAdded"
        || name == "dateUpdated"
}

/// Whether a field of a reply selects the next page.
pub(super) fn is_next_page(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("next") || name.starts_with("startafter") || name == "cursor"
}

/// Whether a field of this name holds a number of items.
pub(super) fn is_count(name: &str) -> bool {
    name == "count" || name == "total" || name.ends_with("Count") || name.starts_with("total")
}

/// A text for a field. Names and addresses of the same person match.
pub(super) fn string(name: &str, person: usize, rng: &mut Rng) -> String {
    if let Some(base) = name.strip_suffix("LowerCase") {
        return string(base, person, rng).to_lowercase();
    }
    let lower = name.to_ascii_lowercase();
    let has = |part: &str| lower.contains(part);
    let ends = |end: &str| lower.ends_with(end);
    let (first, last) = (nth(FIRST, person), nth(LAST, person / FIRST.len()));
    match lower.as_str() {
        "assignedto" | "assigneduser" | "createdby" | "updatedby" => id(rng),
        "limit" => "20".into(),
        "searchafter" => "1767225600000".into(),
        "skip" | "offset" => "0".into(),
        "ip" | "ipaddress" => format!("203.0.113.{}", rng.u8(1..=254)),
        "useragent" => "Mozilla/5.0 (made up)".into(),
        _ if is_id(name) => id(rng),
        _ if is_date(name) => date_time(rng),
        "firstname" | "first_name" => first.into(),
        "lastname" | "last_name" => last.into(),
        "companyname" | "businessname" | "company" | "business" => pick(COMPANIES, rng),
        "fullname" | "contactname" | "username" | "sendername" | "assignedtoname" => {
            format!("{first} {last}")
        }
        "city" => pick(CITIES, rng),
        "state" => "CA".into(),
        "country" | "countrycode" => "US".into(),
        "postalcode" | "zip" | "zipcode" => format!("{:05}", rng.u32(10_000..99_999)),
        "currency" | "currencycode" => "USD".into(),
        "timezone" => "America/New_York".into(),
        "locale" | "language" => "en".into(),
        "type" | "status" | "source" | "key" | "slug" => "sample".into(),
        _ if ends("email") || ends("emails") || ends("emailaddress") => {
            format!("{first}.{last}@example.com").to_ascii_lowercase()
        }
        _ if has("phone") || ends("number") && !has("invoice") => {
            format!("+1555{:07}", rng.u32(..10_000_000))
        }
        _ if LINKS.iter().any(|part| has(part)) => format!("https://example.com/{}", id(rng)),
        _ if has("color") => format!("#{:06x}", rng.u32(..0x0100_0000)),
        _ if has("address") => format!("{} Main Street", rng.u8(1..=200)),
        _ if has("token") || has("secret") || ends("key") => id(rng),
        _ if THING_NAMES.iter().any(|part| has(part)) => pick(THINGS, rng),
        _ if TEXT_NAMES.iter().any(|part| has(part)) => pick(SENTENCES, rng),
        "" => "sample".into(),
        _ => format!("sample {name}"),
    }
}

/// A number for a field.
pub(super) fn number(name: &str, rng: &mut Rng) -> i64 {
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        _ if is_count(name) => ITEMS as i64,
        "page" | "currentpage" | "totalpages" => 1,
        "limit" | "pagesize" | "pagelimit" => 20,
        "skip" | "offset" => 0,
        "statuscode" => 200,
        // Milliseconds since 1970, in 2026.
        _ if is_date(name) => 1_767_225_600_000 + rng.i64(0..31_536_000) * 1000,
        _ => rng.i64(1..=100),
    }
}

/// A boolean for a field: true for success, false if there is a next page.
pub(super) fn boolean(name: &str, rng: &mut Rng) -> bool {
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        _ if lower.starts_with("succ") || lower == "ok" => true,
        _ if lower.starts_with("has") => false,
        _ => rng.bool(),
    }
}

/// The name of an element of a list.
pub(super) fn singular(name: &str) -> String {
    name.strip_suffix("ies")
        .map(|stem| format!("{stem}y"))
        .or_else(|| name.strip_suffix('s').map(str::to_owned))
        .unwrap_or_else(|| name.to_owned())
}

/// Shortens or extends a text to a length within bounds.
pub(super) fn with_length(text: String, min: Option<u64>, max: Option<u64>) -> String {
    let count = |bound: u64| usize::try_from(bound).unwrap_or(usize::MAX).min(100_000);
    let length = text.chars().count();
    let padding = min.map_or(0, count).saturating_sub(length);
    let characters = text.chars().take(max.map_or(usize::MAX, count));
    characters
        .chain(std::iter::repeat_n('x', padding))
        .collect()
}

/// The first candidate that matches a pattern, or `text` if none does.
pub(super) fn matching(pattern: &str, text: String) -> String {
    let candidates = [
        text.as_str(),
        "09:30",
        "2026-03-14",
        "America/New_York",
        "sample",
        "12345",
        "#336699",
        "+15550100123",
        "ada@example.com",
        "https://example.com/",
        "",
    ];
    let matches = |regex: &Regex| candidates.iter().find(|text| regex.is_match(text));
    let found = Regex::new(pattern).ok().as_ref().and_then(matches).copied();
    found.unwrap_or(&text).to_owned()
}
