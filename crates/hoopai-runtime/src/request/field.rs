//! Arguments of setters.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::request::json_writer::{NOT_FINITE, to_json};

/// Why a value is not an object.
pub(crate) const NOT_AN_OBJECT: &str =
    "it is not a JSON object: pass `json!({ … })`, a map with string keys, or a struct";

/// Why a value cannot be serialized.
const NOT_SERIALIZABLE: &str = "it cannot be written as JSON";

/// A type that a field holds directly, in contrast to a list of items.
///
/// Models and open enums implement it through their macros. Lists must not, or [`IntoField`] would
/// be ambiguous. Neither must types for any JSON, which accept everything that serializes.
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
impl<T: Scalar> Scalar for Box<T> {}

/// A value for a field of type `T`, which setters accept.
///
/// | type of the field | accepted values |
/// |---|---|
/// | text, number, model, enum, … | everything that implements `Into<T>`: `"Jane"` for a `String` |
/// | `Vec<T>` | iterators over values for `T`: `["a", "b"]` for a `Vec<String>` |
/// | `Value` | everything that implements `Serialize` |
/// | `Map`, `BTreeMap<String, T>` | everything that serializes as an object, such as `json!({ … })` |
///
/// Fields of models are public, so an `Option` is assigned: `contact.email = email`. A setter does
/// not accept it:
///
/// ```compile_fail,E0277
/// hoopai_runtime::model! {
///     /// A note.
///     pub struct Note { pub body: String = "body" }
/// }
/// # fn main() {
/// Note::new().body(Some("text")); // `Option<&str>` is not a value for a field of type `String`
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value for a field of type `{T}`",
    label = "the setter expects a value for `{T}`",
    note = "text accepts `&str` and `String`; lists accept arrays and other iterators of their items; timestamps accept `SystemTime` and `\"…\".parse()?`; amounts accept integers and floats; JSON accepts what serializes",
    note = "an `Option` is assigned to the field instead: `model.field = option`"
)]
pub trait IntoField<T> {
    /// Converts the value into the field's type.
    ///
    /// # Errors
    /// The value does not fit, for the returned reason, such as `it is not a JSON object`. The call
    /// fails before anything is sent, with an error that names the field and the reason.
    fn into_field(self) -> Result<T, &'static str>;
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, U: Into<T>> IntoField<T> for U {
    #[inline]
    fn into_field(self) -> Result<T, &'static str> {
        Ok(self.into().in_default_form())
    }
}

#[diagnostic::do_not_recommend]
impl<T, I, V> IntoField<Vec<T>> for I
where
    I: IntoIterator<Item = V>,
    V: IntoField<T>,
{
    #[inline]
    fn into_field(self) -> Result<Vec<T>, &'static str> {
        self.into_iter().map(V::into_field).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<U: Serialize> IntoField<Value> for U {
    fn into_field(self) -> Result<Value, &'static str> {
        from_json(&json(&self)?, NOT_SERIALIZABLE)
    }
}

#[diagnostic::do_not_recommend]
impl<U: Serialize> IntoField<Map<String, Value>> for U {
    fn into_field(self) -> Result<Map<String, Value>, &'static str> {
        from_json(&json(&self)?, NOT_AN_OBJECT)
    }
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned, U: Serialize> IntoField<BTreeMap<String, T>> for U {
    fn into_field(self) -> Result<BTreeMap<String, T>, &'static str> {
        let json = json(&self)?;
        if !json.starts_with(b"{") {
            return Err(NOT_AN_OBJECT);
        }
        from_json(
            &json,
            "a value in it is not of the type that the field declares",
        )
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, &'static str> {
    to_json(value).map_err(|error| {
        if error.not_finite {
            NOT_FINITE
        } else {
            NOT_SERIALIZABLE
        }
    })
}

fn from_json<T: DeserializeOwned>(json: &[u8], reason: &'static str) -> Result<T, &'static str> {
    serde_json::from_slice(json).map_err(|_| reason)
}
