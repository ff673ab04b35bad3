//! A JSON object whose values are read one by one.

use std::fmt;

use serde::Deserializer;
use serde::de::{Deserialize, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of a JSON object in their order, with unparsed values.
///
/// Values are borrowed from the input, so no copy of a token is left behind.
pub(crate) struct JsonObject<'a>(Vec<(String, &'a RawValue)>);

impl<'a> JsonObject<'a> {
    /// Returns all members. A name occurs as often as it does in the input.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (&**name, value.get()))
    }

    /// Returns the first value with a name as JSON, unless it is `null`.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.iter().find(|(other, _)| *other == name)?;
        Some(value).filter(|value| *value != "null")
    }

    /// Reads a value. `None`: it is missing, `null` or of another type.
    pub(crate) fn read<T: Deserialize<'a>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.get(name)?).ok()
    }
}

impl<'de> Deserialize<'de> for JsonObject<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(JsonObjectVisitor)
    }
}

struct JsonObjectVisitor;

impl<'de> Visitor<'de> for JsonObjectVisitor {
    type Value = JsonObject<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(JsonObject(members))
    }
}

#[cfg(test)]
mod tests {
    use super::JsonObject;

    fn parse(json: &str) -> serde_json::Result<JsonObject<'_>> {
        serde_json::from_str(json)
    }

    #[test]
    fn values_are_read_by_type() {
        let json = r#"{"a":null,"b":-1,"c":1.5,"d":"x\n","e":{"f":18446744073709551615},"d":"y"}"#;
        let object = parse(json).unwrap();
        assert!(object.get("a").is_none() && object.get("z").is_none());
        assert!(object.read::<u64>("b").is_none() && object.read::<u64>("c").is_none());
        assert!(object.read::<u64>("d").is_none() && object.read::<String>("b").is_none());
        assert_eq!(object.read::<String>("d").unwrap(), "x\n");
        let inner: JsonObject<'_> = object.read("e").unwrap();
        assert_eq!(inner.read::<u64>("f"), Some(u64::MAX));
        assert!(object.read::<JsonObject<'_>>("d").is_none());
    }

    #[test]
    fn other_json_is_rejected() {
        for json in ["", "{", "[]", "{} {}", "{\"a\":}", "null", "\u{0}"] {
            assert!(parse(json).is_err(), "{json}");
        }
    }
}
