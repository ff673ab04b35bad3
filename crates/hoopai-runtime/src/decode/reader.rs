//! A tolerant JSON deserializer.
//!
//! If a type requests a string where the text has a number, serde offers no second try: the visitor
//! is consumed, and so is the value. Therefore the deserializer itself is tolerant, since it has
//! the text. It converts values where it can, resets to before a value that does not fit, and
//! records both. A reply that conforms to its type pays nothing for this: all of it is on error
//! paths.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, IntoDeserializer, Visitor};
use serde_json::Value;

use super::access::{FieldProgress, Fields, Items, RawFields, TRACE};
use super::error::{
    BOOLEAN, DecodeError, DecodeErrorKind, LIST, NULL, NUMBER, OBJECT, STRING, WHOLE_NUMBER,
};
use super::scan::{DEPTH, Number, Scan, is_number, number_in, whole_number};
use crate::decode::drift::{Drift, DriftKind};
use crate::redact::json_path::JsonPaths;

/// A newtype of this name receives the text of a value, which counts as one for which the object's
/// type has no field.
pub(crate) const UNKNOWN_FIELD: &str = "hoopai::UnknownValue";

/// A newtype of this name receives the text of a value.
pub(crate) const RAW_FIELD: &str = "hoopai::RawField";

/// A newtype of this name receives the contents of a string without escapes, and the text of any
/// other value. Most values of such types are dates, and their text is not scanned again.
pub(crate) const RAW_SCALAR: &str = "hoopai::RawScalar";

/// The same, and a string that holds a number is reported as converted.
pub(crate) const RAW_NUMBER: &str = "hoopai::AsANumber";

/// `serde_json`'s own name for the same.
pub(crate) const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// The maximum number of drifts that are reported for one reply. Later ones are treated in the same
/// way.
const REPORTED: usize = 256;

/// A drift whose offset has not been converted to a path.
pub(crate) struct Noted {
    pub(crate) kind: DriftKind,
    pub(crate) at: usize,
    pub(crate) expected: Cow<'static, str>,
}

fn words(text: &str, drifts: &mut [Noted]) -> Vec<Drift> {
    drifts.sort_by_key(|noted| noted.at);
    let mut places = JsonPaths::new(text.as_bytes());
    let mut out = Vec::with_capacity(drifts.len());
    for noted in drifts {
        let (path, found) = places.value_at(noted.at);
        out.push(Drift {
            kind: noted.kind,
            path,
            expected: noted.expected.clone(),
            found,
        });
    }
    out
}

/// The name and the fields of the struct that is read.
type Struct = (&'static str, &'static [&'static str]);

pub(super) struct Reader<'de> {
    pub(super) scan: Scan<'de>,
    /// The nesting levels left.
    pub(super) depth: u8,
    /// The next value is the whole text or an item of a list, so no field can stay empty: a model
    /// accepts any value.
    pub(super) item: bool,
    /// The offset of the last value that was read as one without a field.
    pub(super) unnamed: usize,
    pub(super) drifts: Vec<Noted>,
    /// The whole text is kept raw.
    set_aside: bool,
}

impl<'de> Reader<'de> {
    pub(super) fn new(text: &'de str) -> Self {
        Reader {
            scan: Scan::new(text),
            depth: DEPTH,
            item: true,
            unnamed: usize::MAX,
            drifts: Vec::new(),
            set_aside: false,
        }
    }

    #[cold]
    fn note(&mut self, kind: DriftKind, at: usize, expected: &'static str) {
        self.note_as(kind, at, Cow::Borrowed(expected));
    }

    #[cold]
    pub(super) fn note_as(&mut self, kind: DriftKind, at: usize, expected: Cow<'static, str>) {
        if self.drifts.len() < REPORTED {
            self.drifts.push(Noted { kind, at, expected });
        }
    }

    /// A reader of a text that represents an absent value: missing fields are no drift, and
    /// mismatches are errors.
    pub(super) fn of_nothing(text: &'de str) -> Self {
        Reader {
            item: false,
            ..Reader::new(text)
        }
    }

    /// Keeps a text raw that does not fit its type. It must still be JSON.
    #[cold]
    pub(super) fn keep_raw(&mut self, fault: DecodeError) -> Result<(), DecodeError> {
        let DecodeErrorKind::Unfit { at, expected } = fault.cause() else {
            return Err(fault);
        };
        self.scan.at = 0;
        self.depth = DEPTH;
        self.raw_text()?;
        self.end()?;
        self.drifts.clear();
        self.note_as(DriftKind::Unparsed, at.unwrap_or(0), expected.clone());
        self.set_aside = true;
        Ok(())
    }

    /// Returns the drifts with their paths, in order, and the whole text if it is kept raw.
    pub(super) fn finish(mut self) -> (Vec<Drift>, Option<Value>) {
        if self.drifts.is_empty() {
            return (Vec::new(), None);
        }
        let raw = if self.set_aside {
            Some(value(self.scan.text))
        } else {
            None
        };
        (words(self.scan.text, &mut self.drifts), raw)
    }

    /// Checks that only white space is left.
    pub(super) fn end(&mut self) -> Result<(), DecodeError> {
        self.scan.peek();
        if self.scan.at < self.scan.text.len() {
            return Err(DecodeError::broken());
        }
        Ok(())
    }

    /// The error for a value of a kind that the type does not accept.
    #[cold]
    fn unfit(&mut self, expected: &'static str) -> DecodeError {
        match self.scan.peek() {
            b'"' | b'{' | b'[' | b't' | b'f' | b'n' | b'-' | b'0'..=b'9' => {
                DecodeError::unfit(expected).at(self.scan.at)
            }
            _ => DecodeError::broken(),
        }
    }

    fn enter(&mut self) -> Result<(), DecodeError> {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0 {
            return Err(DecodeError::deep());
        }
        self.scan.at += 1;
        Ok(())
    }

    /// Reads a string, or another scalar as text.
    #[inline]
    fn text(&mut self) -> Result<Cow<'de, str>, DecodeError> {
        if self.scan.peek() == b'"' {
            let start = self.scan.at;
            let (text, whole) = self.scan.string()?.text();
            if !whole {
                self.note(DriftKind::Coerced, start, "a string of whole characters");
            }
            return Ok(text);
        }
        self.other_as_text()
    }

    #[cold]
    fn other_as_text(&mut self) -> Result<Cow<'de, str>, DecodeError> {
        let start = self.scan.at;
        let text = match self.scan.peek() {
            b't' => self.scan.literal("true")?,
            b'f' => self.scan.literal("false")?,
            b'-' | b'0'..=b'9' => self.scan.number()?,
            _ => return Err(self.unfit(STRING)),
        };
        self.note(DriftKind::Coerced, start, STRING);
        Ok(Cow::Borrowed(text))
    }

    fn number(&mut self, expected: &'static str) -> Result<Number, DecodeError> {
        let start = self.scan.peek_at();
        let found = match self.scan.peek() {
            b'-' | b'0'..=b'9' => Some(Number::of(self.scan.number()?)),
            b'"' => {
                let found = number_in(&self.scan.string()?.text().0);
                if found.is_some() {
                    self.note(DriftKind::Coerced, start, expected);
                }
                found
            }
            _ => return Err(self.unfit(expected)),
        };
        match found {
            None | Some(Number::Huge) => Err(DecodeError::unfit(expected).at(start)),
            Some(number) => Ok(number),
        }
    }

    fn whole_number(&mut self) -> Result<Number, DecodeError> {
        let start = self.scan.peek_at();
        match self.number(WHOLE_NUMBER)? {
            Number::Float(_) => self.whole_float(start),
            number => Ok(number),
        }
    }

    /// Converts the number before, which has a fraction, an exponent or many digits.
    #[cold]
    fn whole_float(&self, start: usize) -> Result<Number, DecodeError> {
        let literal = self.scan.text[start..self.scan.at].trim_matches('"').trim();
        let number = is_number(literal).then(|| whole_number(literal)).flatten();
        number.ok_or_else(|| DecodeError::unfit(WHOLE_NUMBER).at(start))
    }

    fn boolean(&mut self) -> Result<bool, DecodeError> {
        let start = self.scan.peek_at();
        let found = match self.scan.peek() {
            b't' => {
                self.scan.literal("true")?;
                return Ok(true);
            }
            b'f' => {
                self.scan.literal("false")?;
                return Ok(false);
            }
            b'"' => self.scan.string()?.text().0,
            b'-' | b'0'..=b'9' => Cow::Borrowed(self.scan.number()?),
            _ => return Err(self.unfit(BOOLEAN)),
        };
        let value = match found.trim() {
            "1" => true,
            "0" => false,
            text if text.eq_ignore_ascii_case("true") => true,
            text if text.eq_ignore_ascii_case("false") => false,
            _ => return Err(DecodeError::unfit(BOOLEAN).at(start)),
        };
        self.note(DriftKind::Coerced, start, BOOLEAN);
        Ok(value)
    }

    /// Reads the text of a value and checks it.
    pub(super) fn raw_text(&mut self) -> Result<&'de str, DecodeError> {
        self.scan.skip(self.depth)
    }

    /// Reads `null` if it is next.
    #[inline]
    fn null(&mut self) -> Result<bool, DecodeError> {
        if self.scan.peek() != b'n' {
            return Ok(false);
        }
        self.scan.literal("null")?;
        Ok(true)
    }

    /// Passes on the contents of a string without escapes, and the text of any other value.
    fn scalar<V: Visitor<'de>>(
        &mut self,
        is_number_declared: bool,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let start = self.scan.peek_at();
        if self.scan.peek() != b'"' {
            return visitor.visit_borrowed_bytes(self.raw_text()?.as_bytes());
        }
        let string = self.scan.string()?;
        if is_number_declared && is_number(string.inner.trim()) {
            self.note(DriftKind::Coerced, start, NUMBER);
        }
        if string.escaped {
            return visitor.visit_borrowed_bytes(&self.scan.text.as_bytes()[start..self.scan.at]);
        }
        visitor.visit_borrowed_str(string.inner)
    }

    fn object<V: Visitor<'de>>(
        &mut self,
        of: Option<Struct>,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let start = self.scan.peek_at();
        let item = std::mem::take(&mut self.item);
        if self.scan.peek() != b'{' {
            let fault = self.unfit(OBJECT);
            if !item {
                return Err(fault);
            }
            // Only models accept this; for other types it is a mismatch.
            let (before, blank) = (self.scan.at, self.scan.is_blank_string());
            return match visitor.visit_newtype_struct(&mut *self) {
                Ok(value) if self.scan.at > before => {
                    if start == 0 || !blank {
                        self.note(DriftKind::Unparsed, start, OBJECT);
                    }
                    self.set_aside |= start == 0;
                    Ok(value)
                }
                _ => Err(fault),
            };
        }
        self.enter()?;
        let mut progress = FieldProgress::new(of.map_or(&[], |(_, fields)| fields));
        // There is one place for the result, because a model is large and each move copies it.
        let mut read = visitor.visit_map(Fields {
            reader: self,
            progress: &mut progress,
        });
        if read.is_ok()
            && let Err(fault) = self.close_object(&progress, start, of)
        {
            read = Err(fault);
        }
        read
    }

    fn close_object(
        &mut self,
        progress: &FieldProgress,
        start: usize,
        of: Option<Struct>,
    ) -> Result<(), DecodeError> {
        self.depth += 1;
        if progress.open() {
            if self.scan.peek() != b'}' {
                return Err(DecodeError::unfit("an object with fewer fields").at(start));
            }
            self.scan.at += 1;
        }
        if let Some((name, fields)) = of
            && progress.nothing_known()
            && says_more(fields)
        {
            let expected = Cow::Owned(format!("fields of `{name}`"));
            self.note_as(DriftKind::UnknownShape, start, expected);
        }
        Ok(())
    }

    fn list<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, DecodeError> {
        let start = self.scan.peek_at();
        if self.scan.peek() != b'[' {
            return Err(self.unfit(LIST));
        }
        self.enter()?;
        let mut open = true;
        let value = visitor.visit_seq(Items {
            reader: self,
            open: &mut open,
            first: true,
        })?;
        self.depth += 1;
        if open {
            if self.scan.peek() != b']' {
                return Err(DecodeError::unfit("a list of fewer items").at(start));
            }
            self.scan.at += 1;
        }
        Ok(value)
    }
}

impl Scan<'_> {
    /// The offset of the next value.
    fn peek_at(&mut self) -> usize {
        self.peek();
        self.at
    }
}

/// Whether a type has a field that identifies it. Other types cannot miss anything.
fn says_more(fields: &[&str]) -> bool {
    for field in fields {
        if *field != TRACE {
            return true;
        }
    }
    false
}

macro_rules! numbers {
    ($read:ident: $($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            visit_number(self.$read()?, visitor)
        }
    )*};
}

fn visit_number<'de, V: Visitor<'de>>(number: Number, visitor: V) -> Result<V::Value, DecodeError> {
    match number {
        Number::Unsigned(value) => visitor.visit_u64(value),
        Number::Signed(value) => visitor.visit_i64(value),
        Number::Float(value) => visitor.visit_f64(value),
        Number::Huge => Err(DecodeError::unfit(NUMBER)),
    }
}

fn visit_text<'de, V: Visitor<'de>>(
    text: Cow<'de, str>,
    visitor: V,
) -> Result<V::Value, DecodeError> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.scan.peek() {
            b'"' => visit_text(self.text()?, visitor),
            b'{' => self.object(None, visitor),
            b'[' => self.list(visitor),
            b'n' => {
                self.scan.literal("null")?;
                visitor.visit_unit()
            }
            b't' | b'f' => visitor.visit_bool(self.boolean()?),
            b'-' | b'0'..=b'9' => {
                let start = self.scan.at;
                let literal = self.scan.number()?;
                match Number::of(literal) {
                    // No numeric type holds the value, so its digits are passed on.
                    Number::Huge => {
                        self.note(DriftKind::Coerced, start, "a number that a float holds");
                        visitor.visit_borrowed_str(literal)
                    }
                    number => visit_number(number, visitor),
                }
            }
            _ => Err(DecodeError::broken()),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_bool(self.boolean()?)
    }

    numbers! { whole_number:
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    numbers! { any_number: deserialize_f32 deserialize_f64 }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visit_text(self.text()?, visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.scan.peek() == b'"' {
            return visitor.visit_bytes(self.text()?.as_bytes());
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.null()? {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.null()? {
            visitor.visit_unit()
        } else {
            Err(self.unfit(NULL))
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match name {
            // The text as bytes, because deserializers that ignore newtypes pass strings.
            UNKNOWN_FIELD => {
                let text = self.raw_text()?;
                self.unnamed = self.scan.at - text.len();
                visitor.visit_borrowed_bytes(text.as_bytes())
            }
            RAW_FIELD => visitor.visit_borrowed_bytes(self.raw_text()?.as_bytes()),
            RAW_SCALAR => self.scalar(false, visitor),
            RAW_NUMBER => self.scalar(true, visitor),
            RAW_VALUE => visitor.visit_map(RawFields {
                text: self.raw_text()?,
                asked: false,
            }),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.list(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.list(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.list(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.object(None, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.object(Some((name, fields)), visitor)
    }

    /// Enums derived by serde are rare in replies, so `serde_json` reads them.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let start = self.scan.peek_at();
        let value = Value::deserialize(self)?.into_deserializer();
        match value.deserialize_enum(name, variants, visitor) {
            Ok(variant) => Ok(variant),
            Err(_) => Err(DecodeError::unfit("one of its type's variants").at(start)),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let text = self.raw_text()?;
        self.unnamed = self.scan.at - text.len();
        visitor.visit_unit()
    }
}

impl Reader<'_> {
    fn any_number(&mut self) -> Result<Number, DecodeError> {
        self.number(NUMBER)
    }
}

/// The value of a text that was checked.
pub(crate) fn value(text: &str) -> Value {
    match Value::deserialize(&mut Reader::new(text)) {
        Ok(value) => value,
        Err(_) => Value::Null,
    }
}
