//! The traits that models and their fields implement.

use std::fmt;

use serde::de::MapAccess;
use serde::ser::Serialize;

use crate::model::extra::Extra;

/// What the [`model!`](crate::model!) macro says about a model. Reading, writing and showing it are built on this.
///
/// The macro writes one short line for each field and function, no `?` and no closure, because that is what thousands of
/// fields cost least to compile.
pub trait Model: Default {
    /// The name of the Rust type.
    const NAME: &'static str;

    /// The names of its fields on the wire.
    const FIELDS: &'static [&'static str];

    /// Reads the value that stands next in `map` into the field called `key`. `false`: there is no such field, and nothing
    /// was read.
    ///
    /// # Errors
    /// The value does not fit the field's type.
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error>;

    /// Shows all fields, set or not, in their order.
    fn fields<V: Visit>(&self, visit: &mut V);

    /// The fields that the type does not name.
    fn extra(&self) -> &Extra;

    /// The same, to be changed.
    fn extra_mut(&mut self) -> &mut Extra;
}

/// What looks at the fields of a model, one after the other.
pub trait Visit {
    /// A field, by its name on the wire.
    fn field<T: Serialize + Redact + Described>(&mut self, name: &'static str, value: &Option<T>);
}

/// A value that can be written to a log: with its structure, without what it holds.
pub trait Redact: fmt::Debug {
    /// Writes the value; as its `Debug` does, where that shows nothing of what it holds.
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
}

/// What the fields of models must be able to do for schemas: nothing, as long as nobody asks for any.
#[cfg(not(feature = "schemars"))]
pub trait Described {}

#[cfg(not(feature = "schemars"))]
impl<T: ?Sized> Described for T {}

/// What the fields of models must be able to do for schemas.
#[cfg(feature = "schemars")]
pub trait Described: schemars::JsonSchema {}

#[cfg(feature = "schemars")]
impl<T: schemars::JsonSchema + ?Sized> Described for T {}
