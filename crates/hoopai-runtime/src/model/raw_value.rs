//! Values and keys in the form of the input, for fields that no type declares.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::decode;

/// A value without a declared field: its text if it is JSON, and itself for other formats.
pub(crate) enum UnknownValue<'de> {
    Text(Cow<'de, [u8]>),
    /// The contents of a string.
    String(&'de str),
    Value(Value),
}

impl<'de> Deserialize<'de> for UnknownValue<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_newtype_struct(decode::UNKNOWN_FIELD, AnyVisitor { asked: false })
    }
}

/// A value that did not fit its field.
pub(crate) struct RawField<'de>(pub(crate) UnknownValue<'de>);

impl<'de> Deserialize<'de> for RawField<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match named(decode::RAW_FIELD, from) {
            Ok(value) => Ok(RawField(value)),
            Err(error) => Err(error),
        }
    }
}

/// A value of a type that keeps the wire form of a string or number.
pub(crate) struct RawScalar<'de>(pub(crate) UnknownValue<'de>);

impl<'de> RawScalar<'de> {
    /// Reads a value where a number is declared.
    pub(crate) fn number<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match named(decode::RAW_NUMBER, from) {
            Ok(value) => Ok(RawScalar(value)),
            Err(error) => Err(error),
        }
    }

    /// The text of a number or string, and whether it is a number.
    pub(crate) fn text(&self) -> Option<(Cow<'_, str>, bool)> {
        let text = match &self.0 {
            UnknownValue::Text(text) => std::str::from_utf8(text).ok()?,
            UnknownValue::String(text) => return Some((Cow::Borrowed(text), false)),
            UnknownValue::Value(value) => return scalar(value),
        };
        if let [b'-' | b'0'..=b'9', ..] = text.as_bytes() {
            return Some((Cow::Borrowed(text), true));
        }
        let quoted = text.strip_prefix('"')?.strip_suffix('"')?;
        if quoted.contains('\\') {
            return scalar(&decode::value(text));
        }
        Some((Cow::Borrowed(quoted), false))
    }
}

impl<'de> Deserialize<'de> for RawScalar<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match named(decode::RAW_SCALAR, from) {
            Ok(value) => Ok(RawScalar(value)),
            Err(error) => Err(error),
        }
    }
}

fn named<'de, D: Deserializer<'de>>(
    name: &'static str,
    from: D,
) -> Result<UnknownValue<'de>, D::Error> {
    from.deserialize_newtype_struct(name, AnyVisitor { asked: false })
}

fn scalar(value: &Value) -> Option<(Cow<'static, str>, bool)> {
    match value {
        Value::String(text) => Some((Cow::Owned(text.clone()), false)),
        Value::Number(number) => Some((Cow::Owned(number.to_string()), true)),
        _ => None,
    }
}

/// Accepts any form in which a deserializer passes a newtype: bytes from this crate's, or the
/// contents of a string; the raw value from `serde_json`'s; the contents from others.
struct AnyVisitor {
    /// Whether the raw value has been requested.
    asked: bool,
}

macro_rules! taken {
    ($($method:ident: $type:ty)*) => {$(
        fn $method<E>(self, value: $type) -> Result<UnknownValue<'de>, E> {
            Ok(UnknownValue::Value(value.into()))
        }
    )*};
}

fn any<'de, D: Deserializer<'de>>(from: D) -> Result<UnknownValue<'de>, D::Error> {
    match Value::deserialize(from) {
        Ok(value) => Ok(UnknownValue::Value(value)),
        Err(error) => Err(error),
    }
}

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = UnknownValue<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_bytes<E>(self, text: &'de [u8]) -> Result<UnknownValue<'de>, E> {
        Ok(UnknownValue::Text(Cow::Borrowed(text)))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<UnknownValue<'de>, E> {
        Ok(UnknownValue::String(text))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        from: D,
    ) -> Result<UnknownValue<'de>, D::Error> {
        if self.asked {
            return any(from);
        }
        from.deserialize_newtype_struct(decode::RAW_VALUE, AnyVisitor { asked: true })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UnknownValue<'de>, A::Error> {
        let mut object = Map::new();
        while let Some(Key(key)) = map.next_key()? {
            if key == decode::RAW_VALUE {
                return map.next_value_seed(RawText);
            }
            object.insert(key.into_owned(), map.next_value()?);
        }
        Ok(UnknownValue::Value(object.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<UnknownValue<'de>, A::Error> {
        any(SeqAccessDeserializer::new(items))
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<UnknownValue<'de>, D::Error> {
        any(from)
    }

    fn visit_unit<E>(self) -> Result<UnknownValue<'de>, E> {
        Ok(UnknownValue::Value(Value::Null))
    }

    fn visit_none<E>(self) -> Result<UnknownValue<'de>, E> {
        Ok(UnknownValue::Value(Value::Null))
    }

    taken! { visit_bool: bool visit_i64: i64 visit_u64: u64 visit_f64: f64 visit_str: &str }
}

/// The text of `serde_json`'s raw value.
struct RawText;

impl<'de> DeserializeSeed<'de> for RawText {
    type Value = UnknownValue<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<UnknownValue<'de>, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for RawText {
    type Value = UnknownValue<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text of a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<UnknownValue<'de>, E> {
        Ok(UnknownValue::Text(Cow::Borrowed(text.as_bytes())))
    }

    fn visit_str<E>(self, text: &str) -> Result<UnknownValue<'de>, E> {
        Ok(UnknownValue::Text(Cow::Owned(text.into())))
    }
}

/// A key, borrowed from the input if it has no escapes.
pub(crate) struct Key<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }

            fn visit_string<E>(self, key: String) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key)))
            }
        }

        from.deserialize_str(KeyVisitor)
    }
}
