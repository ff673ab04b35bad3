//! The behaviour of all models. A model itself is a list of fields.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::IntoField;
use crate::decode::RETRY_VALUE_HINT;
use crate::model::extra::Extra;
use crate::model::raw_value::{Key, RawField};
use crate::model::traits::{Model, Redact, Visit};
use crate::request::json_writer::REJECTED;

/// Defines a model: a struct whose fields are all optional, with serde in both directions, a setter
/// for each field, and `Debug` output without personal data. Module crates use it.
///
/// ```
/// hoopai_runtime::model! {
///     /// A task of a contact.
///     pub struct Task {
///         /// Its id.
///         pub id: String = "id",
///         /// When it is due.
///         pub due_date: String = "dueDate",
///         /// Labels.
///         pub tags: Vec<String> = "tags",
///         /// The task that it belongs to.
///         pub parent: Box<Task> = "parent",
///     }
/// }
/// # fn main() {
/// let task = Task::new().due_date("2026-01-31").tags(["a", "b"]).parent(Task::new().id("1"));
/// assert_eq!(task.tags.as_deref(), Some(&["a".to_string(), "b".to_string()][..]));
/// # }
/// ```
///
/// A field of type `T` is held as `Option<T>`, and a field that is `None` is not sent. `null("due_date")` sends `null`, which
/// makes the platform empty a field; an empty list is sent as one.
///
/// The text after `=` is the field's name on the wire. `as` and a method of the type before it convert a value that a setter
/// receives to the wire form of the field: `Timestamp as in_milliseconds`. A field may be called anything but `new`, `null`, `is_success` and `extra`. Field types: `String`, `i64`, `f64`, `bool`, `Timestamp`, `Date`, `Decimal`, `CustomFieldValue`, `serde_json::Value`,
/// `serde_json::Map<String, Value>`, models, open enums, and of these `Vec<T>`, `Box<T>`, `BTreeMap<String, T>`, nested at will.
#[doc(hidden)]
#[macro_export]
macro_rules! model {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* pub $field:ident: $type:ty $(as $form:ident)? = $wire:literal ),* $(,)?
        }
    )+) => {$(
        $(#[$meta])*
        ///
        /// `Debug` hides the values; [`Reveal`]($crate::testing::Reveal) shows them.
        #[derive(Clone, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$field_meta])*
                ///
                #[doc = ::core::concat!("Wire name: `", $wire, "`.")]
                pub $field: ::core::option::Option<$type>,
            )*
            /// Fields that the interface file does not name.
            pub extra: $crate::Extra,
        }

        impl $name {
            /// Nothing set.
            #[inline]
            pub fn new() -> Self {
                ::core::default::Default::default()
            }

            /// Sets a field to `null`, by its name in Rust or on the wire. The platform then clears the field, or rejects
            /// the request where it does not accept `null`. A field that is not set stays as it is.
            ///
            /// A name that the type does not have is an error before anything is sent. For fields that the interface file does
            /// not declare, insert `Value::Null` into `extra`.
            #[must_use]
            pub fn null(mut self, field: impl ::core::convert::AsRef<str>) -> Self {
                $crate::__private::set_null(&mut self, field.as_ref());
                self
            }

            $(
                #[doc = ::core::concat!("Sets `", $wire, "`.")]
                #[must_use]
                pub fn $field(mut self, value: impl $crate::IntoField<$type>) -> Self {
                    $crate::__private::set(&mut self.$field, &mut self.extra, $wire, value);
                    $( self.$field = self.$field.map(<$type>::$form); )?
                    self
                }
            )*
        }

        impl $crate::__private::Model for $name {
            const NAME: &'static str = ::core::stringify!($name);
            const FIELDS: &'static [&'static str] = &[$($wire),*];
            const IDENTIFIERS: &'static [&'static str] = &[$(::core::stringify!($field)),*];

            fn field<'de, A: $crate::__private::MapAccess<'de>>(
                &mut self,
                key: &str,
                map: &mut A,
            ) -> ::core::result::Result<bool, A::Error> {
                match key {
                    $( $wire => $crate::__private::read(map, &mut self.$field), )*
                    _ => $crate::__private::unnamed(map),
                }
            }

            fn fields<V: $crate::__private::Visit>(&self, visit: &mut V) {
                let _ = &visit;
                $( visit.field($wire, &self.$field); )*
            }

            #[inline]
            fn extra(&self) -> &$crate::Extra {
                &self.extra
            }

            #[inline]
            fn extra_mut(&mut self) -> &mut $crate::Extra {
                &mut self.extra
            }
        }

        impl $crate::Scalar for $name {}

        $crate::__described! { $name by model_schema }

        impl<'de> $crate::__private::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__private::Deserializer<'de>>(from: D) -> ::core::result::Result<Self, D::Error> {
                $crate::__private::deserialize_model(from)
            }
        }

        impl $crate::__private::Serialize for $name {
            fn serialize<S: $crate::__private::Serializer>(&self, to: S) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::__private::serialize_model(self, to)
            }
        }

        impl $crate::Redact for $name {}

        impl ::core::fmt::Debug for $name {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::__private::debug_model(self, f)
            }
        }
    )+};
}

/// Sets a field. An invalid value is reported when the model is written.
#[inline]
pub fn set<T>(
    field: &mut Option<T>,
    extra: &mut Extra,
    name: &'static str,
    value: impl IntoField<T>,
) {
    match value.into_field() {
        Ok(value) => *field = Some(value),
        Err(reason) => extra.reject(name, reason.to_owned()),
    }
}

/// Sets a field to an explicit `null`. An unknown name is reported when the model is written.
pub fn set_null<T: Model>(model: &mut T, name: &str) {
    struct Nulls;

    impl<'de> MapAccess<'de> for Nulls {
        type Error = serde::de::value::Error;

        fn next_key_seed<K: DeserializeSeed<'de>>(
            &mut self,
            _: K,
        ) -> Result<Option<K::Value>, Self::Error> {
            Ok(None)
        }

        fn next_value_seed<V: DeserializeSeed<'de>>(
            &mut self,
            seed: V,
        ) -> Result<V::Value, Self::Error> {
            seed.deserialize(().into_deserializer())
        }
    }

    let Some(name) = wire_name::<T>(name) else {
        let reason = unknown_field::<T>(name);
        return model.extra_mut().reject(name, reason);
    };
    // The field reads `null` and becomes empty, whatever its type.
    let _ = model.field(name, &mut Nulls);
    model.extra_mut().insert(name, Value::Null);
}

/// The wire name of a field, by its wire name or else by its name in Rust.
fn wire_name<T: Model>(name: &str) -> Option<&'static str> {
    if let Some(known) = T::FIELDS.iter().find(|known| **known == name) {
        return Some(known);
    }
    let is_name = |known: &&str| known.strip_prefix("r#").unwrap_or(known) == name;
    let index = T::IDENTIFIERS.iter().position(is_name)?;
    T::FIELDS.get(index).copied()
}

#[cold]
fn unknown_field<T: Model>(name: &str) -> String {
    format!(
        "`{}` has no field `{}`, so `null` cannot clear it; its fields are {}. For a field that no interface file declares, insert `Value::Null` into `extra`",
        T::NAME,
        name.replace(char::is_control, ""),
        T::IDENTIFIERS.join(", ").replace("r#", "")
    )
}

/// Reads the value of a field; `null` counts as absent. Every field of every model is read here.
pub fn read<'de, A: MapAccess<'de>, T: Deserialize<'de> + Redact>(
    map: &mut A,
    field: &mut Option<T>,
) -> Result<bool, A::Error> {
    match map.next_value() {
        Ok(value) => {
            *field = value;
            if let Some(value) = field {
                value.free_unused();
            }
            Ok(true)
        }
        Err(fault) => {
            // The first value of a duplicate key must not stay if the second does not fit.
            *field = None;
            Err(fault)
        }
    }
}

/// Reports that no field has the name that was read.
pub fn unnamed<'de, A: MapAccess<'de>>(_: &mut A) -> Result<bool, A::Error> {
    Ok(false)
}

/// Reads a model.
pub fn deserialize_model<'de, T: Model, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    from.deserialize_struct(T::NAME, T::FIELDS, ModelVisitor(PhantomData))
}

/// Writes a model: the fields that are set, then those that its type does not declare.
pub fn serialize_model<T: Model, S: Serializer>(model: &T, to: S) -> Result<S::Ok, S::Error> {
    let extra = model.extra();
    if let Some((name, reason)) = extra.rejected() {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry(name, &Rejected(reason))?;
        return map.end();
    }
    if let Some(whole) = extra.written_whole()
        && is_bare(model)
    {
        return whole.serialize(to);
    }
    let mut map = to.serialize_map(None)?;
    let mut writer = Writer {
        map: &mut map,
        extra,
        replaced: Vec::new(),
        outcome: Ok(()),
    };
    model.fields(&mut writer);
    writer.outcome?;
    let replaced = writer.replaced;
    for (name, value) in extra.written() {
        if !replaced.contains(&name) {
            map.serialize_entry(name, &value)?;
        }
    }
    map.end()
}

/// A value that a setter rejected: writing it fails with the reason.
struct Rejected<'a>(&'a str);

impl Serialize for Rejected<'_> {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom(format_args!("{REJECTED}{}", self.0)))
    }
}

/// Whether a model is empty.
fn is_bare<T: Model>(model: &T) -> bool {
    struct Bare(bool);

    impl Visit for Bare {
        fn field<T: Serialize + Redact>(&mut self, _: &'static str, value: &Option<T>) {
            self.0 &= value.is_none();
        }
    }

    let mut bare = Bare(model.extra().is_empty());
    model.fields(&mut bare);
    bare.0
}

/// Writes the fields that are set, until one fails.
struct Writer<'a, M: SerializeMap> {
    map: &'a mut M,
    extra: &'a Extra,
    /// Fields that were set while a value that did not fit them is still in `extra`.
    replaced: Vec<&'static str>,
    outcome: Result<(), M::Error>,
}

impl<M: SerializeMap> Visit for Writer<'_, M> {
    fn field<T: Serialize + Redact>(&mut self, name: &'static str, value: &Option<T>) {
        if let (Some(value), Ok(())) = (value, &self.outcome) {
            if self.extra.get(name).is_some() {
                self.replaced.push(name);
            }
            self.outcome = self.map.serialize_entry(name, value);
        }
    }
}

struct ModelVisitor<T>(PhantomData<T>);

impl<'de, T: Model> Visitor<'de> for ModelVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        // Created at the place where it is returned, because a model is large and each move copies
        // it.
        let mut read = Ok(T::default());
        if let Ok(model) = &mut read
            && let Err(fault) = fill(model, &mut map)
        {
            read = Err(fault);
        }
        read
    }

    /// A value that is not an object, from this crate's decoder, for a model without a field around
    /// it.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        let mut model = T::default();
        model.extra_mut().keep_whole(RawField::deserialize(from)?.0);
        Ok(model)
    }
}

/// Reads the fields of a model.
fn fill<'de, T: Model, A: MapAccess<'de>>(model: &mut T, map: &mut A) -> Result<(), A::Error> {
    while let Some(Key(key)) = map.next_key()? {
        match model.field(&key, map) {
            Ok(true) => {}
            Ok(false) => {
                let value = map.next_value()?;
                model.extra_mut().keep(key, value);
            }
            // Only this crate's decoder returns this: the reader is before the value again.
            Err(_) if map.size_hint() == Some(RETRY_VALUE_HINT) => {
                let value = map.next_value::<RawField<'de>>()?;
                model.extra_mut().keep(key, value.0);
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}
