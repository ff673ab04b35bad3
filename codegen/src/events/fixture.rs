//! Invented payloads. Equal input gives an equal payload.

use serde_json::{Value, json};

use super::document::ENVELOPE;
use super::file::EventFile;
use crate::formats::{CUSTOM_FIELD_FORMAT, DATE, DATE_TIME, UNIX_MILLISECONDS, UNIX_SECONDS};
use crate::json::Object;
use crate::names;
use crate::openapi::{COMPOSITES, resolve, schema_pointer};

/// The moment of all payloads.
const MOMENT: &str = "2026-03-04T05:06:07.890Z";
const MOMENT_SECONDS: i64 = 1_772_600_767;
const DAY: &str = "2026-03-04";

/// Schemas nested deeper than this are empty.
const DEPTH_LIMIT: usize = 12;

/// A payload of an event: each field that its file names, of the type that the effective document
/// decided.
pub(crate) fn fixture(event: &EventFile, document: &Value) -> Value {
    let decided = document.pointer(&schema_pointer(&event.model));
    let envelope = document.pointer(&schema_pointer(ENVELOPE));
    let (Some(decided), Some(envelope)) = (decided, envelope) else {
        return json!({});
    };
    let writer = Writer {
        document,
        event: &event.name,
    };
    let mut payload = Object::new();
    let own = event.schema.get("properties").and_then(Value::as_object);
    for (name, field) in own.into_iter().flatten() {
        let schema = writer
            .field(decided, name)
            .or_else(|| writer.field(envelope, name));
        if let Some(schema) = schema {
            let value = own_value(field).cloned();
            let value = value.unwrap_or_else(|| writer.value(name, schema, 0));
            payload.insert(name.clone(), value);
        }
    }
    if let Some(kind) = event.types.keys().next() {
        payload.insert("type".to_owned(), kind.as_str().into());
    }
    payload.into()
}

/// The first value that a file allows for a field. Other events of the model can have others.
fn own_value(field: &Value) -> Option<&Value> {
    let first = field.get("enum").and_then(|values| values.get(0));
    field.get("const").or(first)
}

struct Writer<'a> {
    document: &'a Value,
    event: &'a str,
}

impl<'a> Writer<'a> {
    /// The schema of a field, which a part of a composite may declare.
    fn field(&self, schema: &'a Value, name: &str) -> Option<&'a Value> {
        let schema = resolve(self.document, schema);
        let own = schema.get("properties").and_then(|fields| fields.get(name));
        own.or_else(|| {
            let parts = COMPOSITES
                .iter()
                .filter_map(|key| schema.get(key)?.as_array());
            parts.flatten().find_map(|part| self.field(part, name))
        })
    }

    fn value(&self, name: &str, schema: &'a Value, depth: usize) -> Value {
        let schema = resolve(self.document, schema);
        let text = |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or_default();
        if let Some(first) = schema.get("enum").and_then(|values| values.get(0)) {
            return first.clone();
        }
        match (text("type"), text("format")) {
            (_, CUSTOM_FIELD_FORMAT) => "blue".into(),
            ("string", DATE_TIME) => MOMENT.into(),
            ("string", DATE) => DAY.into(),
            ("string", UNIX_MILLISECONDS) => format!("{MOMENT_SECONDS}000").into(),
            (_, UNIX_MILLISECONDS) => (MOMENT_SECONDS * 1000).into(),
            (_, UNIX_SECONDS) => MOMENT_SECONDS.into(),
            ("string", _) => self.text(name).into(),
            ("integer", _) => 3.into(),
            ("number", _) => json!(12.5),
            ("boolean", _) => true.into(),
            ("array", _) => match schema.get("items") {
                Some(items) if depth < DEPTH_LIMIT => {
                    json!([self.value(&names::singular(name), items, depth + 1)])
                }
                _ => json!([]),
            },
            _ => self.object(name, schema, depth),
        }
    }

    /// An object, or a text where any JSON is declared.
    fn object(&self, name: &str, schema: &'a Value, depth: usize) -> Value {
        let mut fields = Object::new();
        if depth < DEPTH_LIMIT {
            self.fields(schema, depth, &mut fields);
        }
        if fields.is_empty() && schema.get("type").is_none() {
            return self.text(name).into();
        }
        fields.into()
    }

    fn fields(&self, schema: &'a Value, depth: usize, fields: &mut Object) {
        let schema = resolve(self.document, schema);
        let own = schema.get("properties").and_then(Value::as_object);
        for (name, field) in own.into_iter().flatten() {
            fields
                .entry(name.as_str())
                .or_insert_with(|| self.value(name, field, depth + 1));
        }
        let parts = COMPOSITES
            .iter()
            .filter_map(|key| schema.get(key)?.as_array());
        for part in parts.flatten() {
            self.fields(part, depth, fields);
        }
    }

    /// A text that is plausible for the name of its field.
    fn text(&self, name: &str) -> String {
        let words = names::words(name);
        let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
        let last = words.last().map(String::as_str).unwrap_or_default();
        match name {
            "webhookId" => return uuid(self.event),
            "altType" => return "location".to_owned(),
            _ => {}
        }
        match last {
            "id" | "ids" => id(name),
            "email" | "emails" | "recipient" | "sender" => "ada@example.com".to_owned(),
            "phone" | "number" | "extension" => "+15550100123".to_owned(),
            "no" if has(&["phone"]) => "+15550100123".to_owned(),
            "url" | "website" | "attachment" | "image" => {
                format!("https://example.com/{name}")
            }
            "currency" => "USD".to_owned(),
            "country" => "US".to_owned(),
            "timezone" => "Europe/Berlin".to_owned(),
            "domain" | "host" => "mail.example.com".to_owned(),
            _ => format!("example {}", words.join(" ")),
        }
    }
}

/// A hash of a text: FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// An id of 20 letters and digits.
fn id(name: &str) -> String {
    const DIGITS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let digit = |index: usize| {
        let hash = hash(&format!("{name} {index}"));
        char::from(DIGITS[usize::try_from((hash >> 17) % 62).unwrap_or_default()])
    };
    (0..20).map(digit).collect()
}

/// A random-looking UUID.
fn uuid(name: &str) -> String {
    let (high, low) = (hash(name), hash(&format!("{name} ")));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}
