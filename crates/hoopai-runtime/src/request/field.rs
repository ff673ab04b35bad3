//! What a setter takes: anything that turns into the type of its field.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A type that a field holds as it is, in contrast to a list of items.
///
/// Models and open enums implement it through their macros. No list may, or [`IntoField`] would be ambiguous.
pub trait Scalar {}

impl Scalar for String {}
impl Scalar for bool {}
impl Scalar for i64 {}
impl Scalar for f64 {}
impl Scalar for Value {}
impl Scalar for Map<String, Value> {}
impl<T> Scalar for BTreeMap<String, T> {}
impl<T: Scalar> Scalar for Box<T> {}

/// A value for a field of type `T`: whatever turns into `T`, or for a list whatever yields items that turn into its items.
///
/// So a setter of a `String` takes `"Jane"`, and one of a `Vec<String>` takes `["a", "b"]`.
pub trait IntoField<T> {
    /// Turns the value into the field's type.
    fn into_field(self) -> T;
}

impl<T: Scalar, U: Into<T>> IntoField<T> for U {
    #[inline]
    fn into_field(self) -> T {
        self.into()
    }
}

impl<T, I, V> IntoField<Vec<T>> for I
where
    I: IntoIterator<Item = V>,
    V: Into<T>,
{
    #[inline]
    fn into_field(self) -> Vec<T> {
        self.into_iter().map(Into::into).collect()
    }
}
