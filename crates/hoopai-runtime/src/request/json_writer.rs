//! Writes JSON bodies, and rejects numbers that JSON cannot represent.
//!
//! `serde_json` writes NaN and infinity as `null`, which clears a field on the platform. [`Checked`] wraps a serializer and
//! fails instead. The path of the offending value is collected only while the error propagates, so a valid body pays nothing
//! for it.

use std::cell::RefCell;
use std::fmt::Display;
use std::io;

use serde::ser::{self, Error as _, Serialize};
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

/// Why a number that is NaN or infinite is rejected, in bodies and parameters alike.
pub(crate) const NOT_FINITE: &str = "it is NaN, infinite or out of range";

/// Begins the error of a value that a setter of a model rejected. The reason follows.
pub(crate) const REJECTED: &str = "the field cannot be sent: ";

/// A value that cannot be written as JSON.
#[derive(Debug, Default)]
pub(crate) struct WriteError {
    /// The path of the value, such as `items[0].qty`; empty if the value itself is at fault.
    pub(crate) path: String,
    /// Whether it is a number that is NaN or infinite.
    pub(crate) not_finite: bool,
    /// The reason why a setter of a model rejected the value.
    pub(crate) rejected: Option<String>,
}

/// Writes a number without a fraction as an integer: fields of type `number` are floats or counts,
/// and not every parser accepts `20.0` for a count.
struct WithoutFraction;

impl Formatter for WithoutFraction {
    fn write_f64<W: io::Write + ?Sized>(&mut self, to: &mut W, value: f64) -> io::Result<()> {
        // Above this limit, adjacent floats are further apart than whole numbers.
        const WHOLE_TO: f64 = 9_007_199_254_740_992.0;
        if value.fract() == 0.0 && value.abs() <= WHOLE_TO {
            CompactFormatter.write_i64(to, value as i64)
        } else {
            CompactFormatter.write_f64(to, value)
        }
    }
}

/// Serializes a value as compact JSON.
pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, WriteError> {
    let mut out = Vec::with_capacity(128);
    let trail = Trail::default();
    let mut to = Serializer::with_formatter(&mut out, WithoutFraction);
    let checked = Checked {
        to: &mut to,
        trail: &trail,
    };
    match value.serialize(checked) {
        Ok(()) => Ok(out),
        Err(error) => {
            let error = error.to_string();
            Err(WriteError {
                path: path(&trail.into_inner()),
                not_finite: error == NOT_FINITE,
                rejected: error.strip_prefix(REJECTED).map(str::to_owned),
            })
        }
    }
}

/// The segments of the path of a value that failed, innermost first.
type Trail = RefCell<Vec<String>>;

fn path(segments: &[String]) -> String {
    let mut path = String::new();
    for segment in segments.iter().rev() {
        if !path.is_empty() && !segment.starts_with('[') {
            path.push('.');
        }
        path.push_str(segment);
    }
    path
}

/// A serializer that fails on numbers that are not finite.
struct Checked<'t, S> {
    to: S,
    trail: &'t Trail,
}

impl<'t, S> Checked<'t, S> {
    fn value<'v, T: ?Sized>(&self, value: &'v T) -> Checked<'t, &'v T> {
        Checked {
            to: value,
            trail: self.trail,
        }
    }

    /// Adds a segment to the path if the value below it failed.
    fn at<R, E>(&self, outcome: Result<R, E>, segment: impl FnOnce() -> String) -> Result<R, E> {
        if outcome.is_err() {
            self.trail.borrow_mut().push(segment());
        }
        outcome
    }

    fn compound<C>(&self, to: C) -> Compound<'t, C> {
        Compound {
            checked: Checked {
                to,
                trail: self.trail,
            },
            index: 0,
            key: String::new(),
        }
    }
}

impl<T: Serialize + ?Sized> Serialize for Checked<'_, &T> {
    fn serialize<S: ser::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.to.serialize(Checked {
            to,
            trail: self.trail,
        })
    }
}

/// A list or an object that is being written.
struct Compound<'t, C> {
    checked: Checked<'t, C>,
    /// The index of the next item.
    index: usize,
    /// The key that was written last.
    key: String,
}

impl<C> Compound<'_, C> {
    fn next_index(&mut self) -> usize {
        self.index += 1;
        self.index - 1
    }
}

macro_rules! forward {
    ($($method:ident($type:ty))*) => {$(
        fn $method(self, value: $type) -> Result<S::Ok, S::Error> {
            self.to.$method(value)
        }
    )*};
}

impl<'t, S: ser::Serializer> ser::Serializer for Checked<'t, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Compound<'t, S::SerializeSeq>;
    type SerializeTuple = Compound<'t, S::SerializeTuple>;
    type SerializeTupleStruct = Compound<'t, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Compound<'t, S::SerializeTupleVariant>;
    type SerializeMap = Compound<'t, S::SerializeMap>;
    type SerializeStruct = Compound<'t, S::SerializeStruct>;
    type SerializeStructVariant = Compound<'t, S::SerializeStructVariant>;

    forward! {
        serialize_bool(bool) serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
        serialize_char(char) serialize_str(&str) serialize_bytes(&[u8]) serialize_unit_struct(&'static str)
    }

    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            return self.to.serialize_f32(value);
        }
        Err(S::Error::custom(NOT_FINITE))
    }

    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            return self.to.serialize_f64(value);
        }
        Err(S::Error::custom(NOT_FINITE))
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.to.serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let value = self.value(value);
        self.to.serialize_some(&value)
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.to.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.to.serialize_unit_variant(name, index, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let value = self.value(value);
        self.to.serialize_newtype_struct(name, &value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let value = self.value(value);
        self.to
            .serialize_newtype_variant(name, index, variant, &value)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        let trail = self.trail;
        Ok(Checked { to: (), trail }.compound(self.to.serialize_seq(length)?))
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, S::Error> {
        let trail = self.trail;
        Ok(Checked { to: (), trail }.compound(self.to.serialize_tuple(length)?))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        let trail = self.trail;
        Ok(Checked { to: (), trail }.compound(self.to.serialize_tuple_struct(name, length)?))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        let trail = self.trail;
        let to = self
            .to
            .serialize_tuple_variant(name, index, variant, length)?;
        Ok(Checked { to: (), trail }.compound(to))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        let trail = self.trail;
        Ok(Checked { to: (), trail }.compound(self.to.serialize_map(length)?))
    }

    fn serialize_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        let trail = self.trail;
        Ok(Checked { to: (), trail }.compound(self.to.serialize_struct(name, length)?))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        let trail = self.trail;
        let to = self
            .to
            .serialize_struct_variant(name, index, variant, length)?;
        Ok(Checked { to: (), trail }.compound(to))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.to.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.to.is_human_readable()
    }
}

macro_rules! items {
    ($($trait:ident::$method:ident)*) => {$(
        impl<C: ser::$trait> ser::$trait for Compound<'_, C> {
            type Ok = C::Ok;
            type Error = C::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
                let index = self.next_index();
                let value = self.checked.value(value);
                let outcome = self.checked.to.$method(&value);
                self.checked.at(outcome, || format!("[{index}]"))
            }

            fn end(self) -> Result<C::Ok, C::Error> {
                self.checked.to.end()
            }
        }
    )*};
}
items! {
    SerializeSeq::serialize_element SerializeTuple::serialize_element
    SerializeTupleStruct::serialize_field SerializeTupleVariant::serialize_field
}

macro_rules! fields {
    ($($trait:ident)*) => {$(
        impl<C: ser::$trait> ser::$trait for Compound<'_, C> {
            type Ok = C::Ok;
            type Error = C::Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), C::Error> {
                let value = self.checked.value(value);
                let outcome = self.checked.to.serialize_field(key, &value);
                self.checked.at(outcome, || key.to_owned())
            }

            fn end(self) -> Result<C::Ok, C::Error> {
                self.checked.to.end()
            }
        }
    )*};
}
fields! { SerializeStruct SerializeStructVariant }

impl<C: ser::SerializeMap> ser::SerializeMap for Compound<'_, C> {
    type Ok = C::Ok;
    type Error = C::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), C::Error> {
        self.key = key_text(key);
        self.checked.to.serialize_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
        let value = self.checked.value(value);
        let outcome = self.checked.to.serialize_value(&value);
        self.checked.at(outcome, || std::mem::take(&mut self.key))
    }

    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), C::Error> {
        let value = self.checked.value(value);
        let outcome = self.checked.to.serialize_entry(key, &value);
        self.checked.at(outcome, || key_text(key))
    }

    fn end(self) -> Result<C::Ok, C::Error> {
        self.checked.to.end()
    }
}

/// The text of a key; empty for a key that is no text.
fn key_text<K: Serialize + ?Sized>(key: &K) -> String {
    match serde_json::to_value(key) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;

    use super::to_json;

    fn text<T: Serialize + ?Sized>(value: &T) -> String {
        match to_json(value) {
            Ok(bytes) => String::from_utf8(bytes).unwrap(),
            Err(error) => format!("{}: not finite {}", error.path, error.not_finite),
        }
    }

    #[derive(Serialize)]
    struct Invoice {
        items: Vec<Item>,
        note: Option<&'static str>,
    }

    #[derive(Serialize)]
    struct Item {
        qty: f64,
        kind: Kind,
    }

    #[derive(Serialize)]
    enum Kind {
        Unit,
        Newtype(f32),
        Tuple(i8, f64),
        Struct { ratio: Option<f64> },
    }

    #[test]
    fn whole_numbers_are_written_without_fraction() {
        for (value, written) in [
            (20.0, "[20]"),
            (-3.0, "[-3]"),
            (-0.0, "[0]"),
            (12.5, "[12.5]"),
            (1_769_851_800_000.0, "[1769851800000]"),
            (1e300, "[1e+300]"),
        ] {
            assert_eq!(text(&[value]), written);
        }
        let exact = serde_json::from_str::<Box<serde_json::value::RawValue>>("20.00").unwrap();
        assert_eq!(text(&exact), "20.00");
    }

    #[test]
    fn valid_values_of_every_kind_equal_serde_json() {
        let invoice = Invoice {
            items: vec![
                Item {
                    qty: 1.5,
                    kind: Kind::Unit,
                },
                Item {
                    qty: 2.5,
                    kind: Kind::Newtype(0.5),
                },
                Item {
                    qty: 3.5,
                    kind: Kind::Tuple(-1, 4.5),
                },
                Item {
                    qty: 5.5,
                    kind: Kind::Struct { ratio: None },
                },
            ],
            note: None,
        };
        assert_eq!(text(&invoice), serde_json::to_string(&invoice).unwrap());
        let map = BTreeMap::from([(7, ((), 'x', "y", u128::MAX)), (8, ((), 'z', "", 0))]);
        assert_eq!(text(&map), serde_json::to_string(&map).unwrap());
    }

    #[test]
    fn numbers_that_are_not_finite_are_errors_with_their_path() {
        let item = |kind| Invoice {
            items: vec![Item { qty: 1.0, kind }],
            note: Some("x"),
        };
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(text(&value), ": not finite true");
            assert_eq!(text(&[[1.0], [value]]), "[1][0]: not finite true");
            assert_eq!(
                text(&item(Kind::Tuple(1, value))),
                "items[0].kind[1]: not finite true"
            );
            assert_eq!(
                text(&item(Kind::Struct { ratio: Some(value) })),
                "items[0].kind.ratio: not finite true"
            );
            assert_eq!(
                text(&item(Kind::Newtype(value as f32))),
                "items[0].kind: not finite true"
            );
            assert_eq!(
                text(&BTreeMap::from([("a", BTreeMap::from([("b", value)]))])),
                "a.b: not finite true"
            );
        }
    }

    #[test]
    fn keys_that_are_no_texts_are_errors() {
        assert_eq!(
            text(&BTreeMap::from([(vec![1], 2)])),
            "[1]: not finite false"
        );
    }
}
