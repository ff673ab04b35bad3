//! Made-up words, chosen by the name of the field that they are for.

use fastrand::Rng;
use regex_lite::Regex;

/// So many items a list has.
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

/// An id as the platform makes them.
fn id(rng: &mut Rng) -> String {
    (0..20).map(|_| rng.alphanumeric()).collect()
}

/// A moment of the year 2026.
pub(super) fn date_time(rng: &mut Rng) -> String {
    let (month, day) = (rng.u8(1..=12), rng.u8(1..=28));
    let (hour, minute, second) = (rng.u8(0..24), rng.u8(0..60), rng.u8(0..60));
    format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z")
}

fn pick(words: &[&str], rng: &mut Rng) -> String {
    rng.choice(words).copied().unwrap_or_default().to_owned()
}

/// Whether a name is an id's.
pub(super) fn is_id(name: &str) -> bool {
    name == "id"
        || name == "sid"
        || ["Id", "_id", "ID", "Sid"]
            .iter()
            .any(|end| name.ends_with(end))
}

/// Whether a name is that of a moment.
fn is_date(name: &str) -> bool {
    let ends = ["At", "Date", "Time", "Timestamp", "_at", "_date"];
    ends.iter().any(|end| name.ends_with(end))
        || name == "date"
        || name == "timestamp"
        || name == "dateAdded"
        || name == "dateUpdated"
}

/// Whether a field of a reply says where the next page begins.
pub(super) fn leads_on(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("next") || name.starts_with("startafter") || name == "cursor"
}

/// Whether a number is that of the items there are.
pub(super) fn counts(name: &str) -> bool {
    name == "count" || name == "total" || name.ends_with("Count") || name.starts_with("total")
}

/// Text for a field.
pub(super) fn string(name: &str, rng: &mut Rng) -> String {
    let lower = name.to_ascii_lowercase();
    let has = |part: &str| lower.contains(part);
    match lower.as_str() {
        _ if is_id(name) => id(rng),
        _ if is_date(name) => date_time(rng),
        "firstname" | "first_name" | "firstnamelowercase" => pick(FIRST, rng),
        "lastname" | "last_name" | "lastnamelowercase" => pick(LAST, rng),
        "companyname" | "businessname" | "company" | "business" => pick(COMPANIES, rng),
        "fullname" | "contactname" | "username" | "sendername" | "assignedtoname" => {
            format!("{} {}", pick(FIRST, rng), pick(LAST, rng))
        }
        "city" => pick(CITIES, rng),
        "state" => "CA".into(),
        "country" | "countrycode" => "US".into(),
        "postalcode" | "zip" | "zipcode" => format!("{:05}", rng.u32(10_000..99_999)),
        "currency" | "currencycode" => "USD".into(),
        "timezone" => "America/New_York".into(),
        "traceid" => format!("made-up-{}", id(rng)),
        "locale" | "language" => "en".into(),
        "type" | "status" | "source" | "key" | "slug" => "sample".into(),
        _ if has("email") => {
            let (first, last) = (pick(FIRST, rng), pick(LAST, rng));
            format!("{first}.{last}@example.com").to_ascii_lowercase()
        }
        _ if has("phone") || lower.ends_with("number") && !has("invoice") => {
            format!("+1555{:07}", rng.u32(..10_000_000))
        }
        _ if [
            "url", "uri", "website", "link", "logo", "avatar", "href", "photo", "image",
        ]
        .iter()
        .any(|part| has(part)) =>
        {
            format!("https://example.com/{}", id(rng))
        }
        _ if has("color") => format!("#{:06x}", rng.u32(..0x0100_0000)),
        _ if has("address") => format!("{} Main Street", rng.u8(1..=200)),
        _ if has("token") || has("secret") || lower.ends_with("key") => id(rng),
        _ if has("name") || has("title") || has("label") || has("subject") => pick(THINGS, rng),
        _ if has("description") || has("body") || has("message") || has("note") || has("text") => {
            pick(SENTENCES, rng)
        }
        "" => "sample".into(),
        _ => format!("sample {name}"),
    }
}

/// A number for a field.
pub(super) fn number(name: &str, rng: &mut Rng) -> i64 {
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        _ if counts(name) => ITEMS as i64,
        "page" | "currentpage" | "totalpages" => 1,
        "limit" | "pagesize" | "pagelimit" => 20,
        "skip" | "offset" => 0,
        "statuscode" => 200,
        // Milliseconds since 1970, in 2026.
        _ if is_date(name) => 1_767_225_600_000 + rng.i64(0..31_536_000) * 1000,
        _ => rng.i64(1..=100),
    }
}

/// Yes or no for a field. What says that all went well says yes, what says that there is more says no.
pub(super) fn boolean(name: &str, rng: &mut Rng) -> bool {
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        _ if lower.starts_with("succ") || lower == "ok" => true,
        _ if lower.starts_with("has") => false,
        _ => rng.bool(),
    }
}

/// What an item of a list of this name is called.
pub(super) fn singular(name: &str) -> String {
    name.strip_suffix("ies")
        .map(|stem| format!("{stem}y"))
        .or_else(|| name.strip_suffix('s').map(str::to_owned))
        .unwrap_or_else(|| name.to_owned())
}

/// Text of the length that is asked for.
pub(super) fn fitted(text: String, least: Option<u64>, most: Option<u64>) -> String {
    let count = |bound: u64| usize::try_from(bound).unwrap_or(usize::MAX).min(100_000);
    let long = text.chars().count();
    let least = least.map_or(0, count);
    let most = most.map_or(usize::MAX, count);
    if long > most {
        text.chars().take(most).collect()
    } else if long < least {
        text.chars()
            .chain(std::iter::repeat_n('x', least - long))
            .collect()
    } else {
        text
    }
}

/// Text that a pattern matches: of those that stand here the first that does, and else what the name suggests.
pub(super) fn matching(pattern: &str, name: &str, rng: &mut Rng) -> String {
    let plain = string(name, rng);
    let candidates = [
        plain.as_str(),
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
    found.unwrap_or(&plain).to_owned()
}
