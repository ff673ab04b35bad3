//! Objects of JSON as the files of a store and the token endpoint have them, read and written field by field.
//!
//! Values are borrowed and written in place, so that no copy of a token is left behind in a tree.

use std::borrow::Cow;
use std::fmt;
use std::io::Write;

use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

/// The fields of an object, their values unread.
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Reads an object; what comes behind it is an error too.
    pub(crate) fn read(json: &'a str) -> serde_json::Result<Self> {
        let mut from = serde_json::Deserializer::from_str(json);
        let fields = from.deserialize_map(FieldsVisitor)?;
        from.end()?;
        Ok(fields)
    }

    /// All fields in their order, a name as often as it occurs.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (&**name, value.get()))
    }

    /// A value that is there and not `null`.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        for (other, value) in &self.0 {
            if other == name {
                return Some(value.get()).filter(|value| *value != "null");
            }
        }
        None
    }

    pub(crate) fn object(&self, name: &str) -> Option<Fields<'a>> {
        Fields::read(self.get(name)?).ok()
    }

    pub(crate) fn objects(&self, name: &str) -> Option<Vec<Fields<'a>>> {
        let items: Vec<&'a RawValue> = serde_json::from_str(self.get(name)?).ok()?;
        let objects = items.into_iter().map(|item| Fields::read(item.get()).ok());
        objects.collect()
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?).ok()
    }

    pub(crate) fn texts(&self, name: &str) -> Option<Vec<String>> {
        serde_json::from_str(self.get(name)?).ok()
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            fields.push((Cow::Owned(name), map.next_value()?));
        }
        Ok(Fields(fields))
    }
}

/// Writes an object into a buffer, a field a line.
pub(crate) struct Object<'b> {
    out: &'b mut Vec<u8>,
    empty: bool,
}

impl<'b> Object<'b> {
    pub(crate) fn begin(out: &'b mut Vec<u8>) -> Self {
        out.push(b'{');
        Object { out, empty: true }
    }

    /// Writes a name; its value is to follow.
    pub(crate) fn name(&mut self, name: &str) -> &mut Vec<u8> {
        let before = if self.empty { "\n  \"" } else { ",\n  \"" };
        self.empty = false;
        for text in [before, name, "\": "] {
            self.out.extend_from_slice(text.as_bytes());
        }
        self.out
    }

    pub(crate) fn text(&mut self, name: &str, text: &str) {
        write_text(self.name(name), text);
    }

    pub(crate) fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    pub(crate) fn number(&mut self, name: &str, number: u64) {
        // A buffer takes all there is.
        let _ = write!(self.name(name), "{number}");
    }

    pub(crate) fn texts(&mut self, name: &str, texts: &[String]) {
        let out = self.name(name);
        out.push(b'[');
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_text(out, text);
        }
        out.push(b']');
    }

    pub(crate) fn end(self) {
        self.out.extend_from_slice(b"\n}");
    }
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    // A text always is JSON, and a buffer takes all there is.
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use super::{Fields, Object};

    #[test]
    fn what_is_written_is_read() {
        let odd = "\"\\\n\u{7f}ü\u{1F600}";
        let mut out = Vec::new();
        let mut object = Object::begin(&mut out);
        object.text("text", odd);
        object.optional("nothing", None);
        object.number("number", u64::MAX);
        object.texts("texts", &[odd.to_owned(), String::new()]);
        Object::begin(object.name("within")).end();
        object.end();
        let tree: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(tree["texts"], serde_json::json!([odd, ""]));
        assert_eq!(tree.as_object().unwrap().len(), 4);
        let fields = Fields::read(std::str::from_utf8(&out).unwrap()).unwrap();
        assert_eq!(fields.text("text").unwrap(), odd);
        assert_eq!(fields.number("number"), Some(u64::MAX));
        assert!(fields.object("within").is_some());
        assert_eq!(fields.texts("texts").unwrap(), [odd, ""]);
        assert!(fields.text("number").is_none() && fields.number("text").is_none());
        assert!(fields.get("nothing").is_none() && fields.object("text").is_none());
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for json in ["", "{", "[]", "{} {}", "{\"a\":}", "null", "\u{0}"] {
            assert!(Fields::read(json).is_err(), "{json}");
        }
        let fields = Fields::read(r#"{"a":null,"b":-1,"c":1.5}"#).unwrap();
        assert!(fields.get("a").is_none());
        assert!(fields.number("b").is_none() && fields.number("c").is_none());
    }
}
