//! Access to the entries of lists and objects.

use std::borrow::Cow;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::error::{DecodeError, DecodeErrorKind};
use super::reader::{RAW_VALUE, Reader};
use crate::decode::drift::DriftKind;

/// The value of [`MapAccess::size_hint`] of [`Fields`] after a value that did not fit. The reader
/// is before that value again, so the caller can read it once more as another type. No map has this
/// many entries.
pub(crate) const RETRY_VALUE_HINT: usize = usize::MAX;

/// A field that any reply can have, and that does not identify its type.
pub(super) const TRACE: &str = "traceId";

/// The spellings of the success flag. Recorded replies contain one or several of them, whichever is
/// declared.
pub(crate) const SUCCESS_FLAGS: [&str; 3] = ["succeded", "succeeded", "success"];

/// How a key counts in [`FieldProgress::nothing_known`].
#[derive(Clone, Copy, PartialEq)]
enum KeyKind {
    /// As known if the type has a field for it.
    ByField,
    /// As known.
    AsKnown,
    /// Not at all.
    Not,
}

/// The progress of reading an object.
pub(super) struct FieldProgress {
    /// The closing bracket has not been read.
    open: bool,
    first: bool,
    again: bool,
    /// The fields of the object's type.
    fields: &'static [&'static str],
    last_key: KeyKind,
    keys: u32,
    unnamed: u32,
}

impl FieldProgress {
    pub(super) fn new(fields: &'static [&'static str]) -> Self {
        FieldProgress {
            open: true,
            first: true,
            again: false,
            fields,
            last_key: KeyKind::ByField,
            keys: 0,
            unnamed: 0,
        }
    }

    /// Whether the object has keys and its type has a field for none of them.
    pub(super) fn nothing_known(&self) -> bool {
        self.keys > 0 && self.keys == self.unnamed
    }

    /// Whether no key was known so far. After the first known key the count does not matter.
    fn nothing_known_yet(&self) -> bool {
        self.keys == self.unnamed
    }

    pub(super) fn open(&self) -> bool {
        self.open
    }

    /// A success flag is accepted in any spelling if the type declares one. For other types it
    /// identifies an object as little as a trace id does.
    fn counts(&self, key: &str) -> KeyKind {
        if key == TRACE {
            KeyKind::Not
        } else if !SUCCESS_FLAGS.contains(&key) {
            KeyKind::ByField
        } else if self
            .fields
            .iter()
            .any(|field| SUCCESS_FLAGS.contains(field))
        {
            KeyKind::AsKnown
        } else {
            KeyKind::Not
        }
    }
}

/// The fields of an object.
pub(super) struct Fields<'a, 'de> {
    pub(super) reader: &'a mut Reader<'de>,
    pub(super) progress: &'a mut FieldProgress,
}

impl<'de> Fields<'_, 'de> {
    /// Returns the next key, or `None` after the last field.
    #[inline]
    fn key(&mut self) -> Result<Option<Cow<'de, str>>, DecodeError> {
        let scan = &mut self.reader.scan;
        let progress = &mut *self.progress;
        match scan.peek() {
            b'}' => {
                scan.at += 1;
                progress.open = false;
                return Ok(None);
            }
            b',' if !progress.first => scan.at += 1,
            _ if progress.first => {}
            _ => return Err(DecodeError::broken()),
        }
        progress.first = false;
        let (key, _) = scan.name()?.text();
        if progress.nothing_known_yet() {
            progress.last_key = progress.counts(&key);
        }
        Ok(Some(key))
    }

    /// Begins a value. Returns its offset, the number of drifts before it, and the depth.
    #[inline]
    fn begin(&mut self) -> (usize, usize, u8) {
        let reader = &mut *self.reader;
        reader.scan.peek();
        reader.item = false;
        reader.unnamed = usize::MAX;
        self.progress.again = false;
        (reader.scan.at, reader.drifts.len(), reader.depth)
    }

    fn counted(&mut self, start: usize) {
        let counts = self.progress.last_key;
        if self.progress.nothing_known_yet() && counts != KeyKind::Not {
            let unnamed = counts == KeyKind::ByField && self.reader.unnamed == start;
            self.progress.keys += 1;
            self.progress.unnamed += u32::from(unnamed);
        }
    }

    /// Resets the reader to before a value that does not fit.
    #[cold]
    fn unfit(
        &mut self,
        fault: DecodeError,
        (start, drifts, depth): (usize, usize, u8),
    ) -> DecodeError {
        let fault = fault.at(start);
        if let DecodeErrorKind::Unfit { at, expected } = fault.cause() {
            let reader = &mut *self.reader;
            reader.scan.at = start;
            reader.depth = depth;
            // Drift inside a value that is kept raw is not reported.
            reader.drifts.truncate(drifts);
            // The platform writes `""` for a value that is not set, whatever its type.
            if !reader.scan.is_blank_string() {
                reader.note_as(DriftKind::Unparsed, at.unwrap_or(start), expected.clone());
            }
            self.progress.again = true;
        }
        fault
    }
}

impl<'de> MapAccess<'de> for Fields<'_, 'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        match self.key()? {
            Some(key) => match seed.deserialize(KeyReader(key)) {
                Ok(key) => Ok(Some(key)),
                Err(fault) => Err(fault),
            },
            None => Ok(None),
        }
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        let before = self.begin();
        // There is one place for the result, because each move copies it.
        let mut read = seed.deserialize(&mut *self.reader);
        match read {
            Ok(_) => self.counted(before.0),
            Err(fault) => read = Err(self.unfit(fault, before)),
        }
        read
    }

    fn size_hint(&self) -> Option<usize> {
        if self.progress.again {
            Some(RETRY_VALUE_HINT)
        } else {
            None
        }
    }
}

/// The items of a list.
pub(super) struct Items<'a, 'de> {
    pub(super) reader: &'a mut Reader<'de>,
    pub(super) open: &'a mut bool,
    pub(super) first: bool,
}

impl Items<'_, '_> {
    /// Advances to the next item, if there is one, and returns its offset.
    fn next(&mut self) -> Result<Option<usize>, DecodeError> {
        let scan = &mut self.reader.scan;
        match scan.peek() {
            b']' => {
                scan.at += 1;
                *self.open = false;
                return Ok(None);
            }
            b',' if !self.first => {
                scan.at += 1;
                if scan.peek() == b']' {
                    return Err(DecodeError::broken());
                }
            }
            _ if self.first => {}
            _ => return Err(DecodeError::broken()),
        }
        self.first = false;
        self.reader.item = true;
        Ok(Some(self.reader.scan.at))
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let Some(start) = self.next()? else {
            return Ok(None);
        };
        match seed.deserialize(&mut *self.reader) {
            Ok(item) => Ok(Some(item)),
            Err(fault) => Err(fault.at(start)),
        }
    }

    /// Without a hint a `Vec` reserves space for four items. Most lists of objects hold one, and
    /// objects are large.
    fn size_hint(&self) -> Option<usize> {
        let mut scan = self.reader.scan;
        (scan.peek() == b'{').then_some(1)
    }
}

/// The text of a value in the form in which `serde_json` requests it: the only field of an object.
pub(super) struct RawFields<'de> {
    pub(super) text: &'de str,
    pub(super) asked: bool,
}

impl<'de> MapAccess<'de> for RawFields<'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        if std::mem::replace(&mut self.asked, true) {
            return Ok(None);
        }
        match seed.deserialize(KeyReader(Cow::Borrowed(RAW_VALUE))) {
            Ok(key) => Ok(Some(key)),
            Err(fault) => Err(fault),
        }
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        seed.deserialize(KeyReader(Cow::Borrowed(self.text)))
    }
}

/// A key, as a string or as what a string can represent for maps with other keys.
struct KeyReader<'de>(Cow<'de, str>);

macro_rules! parsed {
    ($($method:ident $visit:ident $expected:literal)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            match self.0.parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(DecodeError::unfit($expected)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for KeyReader<'de> {
    type Error = DecodeError;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0 {
            Cow::Borrowed(key) => visitor.visit_borrowed_str(key),
            Cow::Owned(key) => visitor.visit_string(key),
        }
    }

    parsed! {
        deserialize_bool visit_bool "`true` or `false` as key"
        deserialize_i8 visit_i8 "a whole number as key"
        deserialize_i16 visit_i16 "a whole number as key"
        deserialize_i32 visit_i32 "a whole number as key"
        deserialize_i64 visit_i64 "a whole number as key"
        deserialize_i128 visit_i128 "a whole number as key"
        deserialize_u8 visit_u8 "a whole number as key"
        deserialize_u16 visit_u16 "a whole number as key"
        deserialize_u32 visit_u32 "a whole number as key"
        deserialize_u64 visit_u64 "a whole number as key"
        deserialize_u128 visit_u128 "a whole number as key"
        deserialize_f32 visit_f32 "a number as key"
        deserialize_f64 visit_f64 "a number as key"
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_enum(self)
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> EnumAccess<'de> for KeyReader<'de> {
    type Error = DecodeError;
    type Variant =
        <serde::de::value::CowStrDeserializer<'de, DecodeError> as EnumAccess<'de>>::Variant;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self::Variant), DecodeError> {
        EnumAccess::variant_seed(
            IntoDeserializer::<DecodeError>::into_deserializer(self.0),
            seed,
        )
    }
}
