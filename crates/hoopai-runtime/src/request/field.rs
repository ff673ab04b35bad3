//! Arguments of setters.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A type that a field holds directly, in contrast to a list of items.
///
/// Models and open enums implement it through their macros. Lists must not, or [`IntoField`] would
/// be ambiguous.
pub trait Scalar {
    /// Converts a value to the wire form that fields of this type have unless the interface
    /// declares another.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    fn in_default_form(self) -> Self
    where
        Self: Sized,
    {
        self
    }
}

impl Scalar for String {}
impl Scalar for bool {}
impl Scalar for i64 {}
impl Scalar for f64 {}
impl Scalar for Value {}
impl Scalar for Map<String, Value> {}
impl<T> Scalar for BTreeMap<String, T> {}
impl<T: Scalar> Scalar for Box<T> {}

/// A value for a field of type `T`: anything that converts into `T`, or for lists any iterator over
/// what converts into its items.
///
/// A setter of a `String` takes `"Jane"`, and one of a `Vec<String>` takes `["a", "b"]`.
pub trait IntoField<T> {
    /// Converts the value into the field's type.
    fn into_field(self) -> T;
}

impl<T: Scalar, U: Into<T>> IntoField<T> for U {
    #[inline]
    fn into_field(self) -> T {
        self.into().in_default_form()
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
