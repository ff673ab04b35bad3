//! The traits that models and their fields implement.

use std::fmt;

use serde::de::MapAccess;
use serde::ser::Serialize;

use crate::model::extra::Extra;

/// The data of a model, which the [`model!`](crate::model!) macro provides. Decoding, encoding and
/// `Debug` use it.
///
/// The macro writes one short line for each field and function, without `?` and closures, because
/// thousands of such lines are compiled.
pub trait Model: Default {
    /// The name of the Rust type.
    const NAME: &'static str;

    /// The wire names of its fields.
    const FIELDS: &'static [&'static str];

    /// The names of its fields in Rust, in the order of [`FIELDS`](Model::FIELDS).
    const IDENTIFIERS: &'static [&'static str];

    /// Reads the next value of `map` into the field `key`. Returns `false` without reading if there
    /// is no such field.
    ///
    /// # Errors
    /// The value does not fit the field's type.
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error>;

    /// Visits all fields in order, set or not.
    fn fields<V: Visit>(&self, visit: &mut V);

    /// Returns the fields that the type does not declare.
    fn extra(&self) -> &Extra;

    /// Returns them mutably.
    fn extra_mut(&mut self) -> &mut Extra;
}

/// Visits the fields of a model.
pub trait Visit {
    /// Visits a field, by wire name.
    fn field<T: Serialize + Redact + Described>(&mut self, name: &'static str, value: &Option<T>);
}

/// A value that can be logged with its structure and without its contents.
pub trait Redact: fmt::Debug {
    /// Writes the value. The default is `Debug`, for types whose `Debug` shows no contents.
    ///
    /// # Errors
    /// Those of the formatter.
    fn redact(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }

    /// Whether the value is hidden as a whole; of a list of such values only the length is shown.
    fn is_hidden(&self) -> bool {
        false
    }

    /// Frees the memory that a decoded value has reserved and does not use. The default does
    /// nothing, for types that reserve none.
    #[doc(hidden)]
    #[inline]
    fn free_unused(&mut self) {}
}

/// What schemas need of fields: nothing without the feature `schemars`.
#[cfg(not(feature = "schemars"))]
pub trait Described {}

#[cfg(not(feature = "schemars"))]
impl<T: ?Sized> Described for T {}

/// What schemas need of fields.
#[cfg(feature = "schemars")]
pub trait Described: schemars::JsonSchema {}

#[cfg(feature = "schemars")]
impl<T: schemars::JsonSchema + ?Sized> Described for T {}
