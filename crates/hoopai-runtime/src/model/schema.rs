//! JSON schemas of models, with the feature `schemars`.

/// Implements `JsonSchema` through a function of this crate. Without the feature it expands to
/// nothing.
#[cfg(not(feature = "schemars"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __described {
    ($name:ident by $schema:ident) => {};
}

/// Implements `JsonSchema` through a function of this crate.
#[cfg(feature = "schemars")]
#[doc(hidden)]
#[macro_export]
macro_rules! __described {
    ($name:ident by $schema:ident) => {
        impl $crate::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                ::core::convert::Into::into(::core::stringify!($name))
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                ::core::convert::Into::into(::core::concat!(
                    ::core::module_path!(),
                    "::",
                    ::core::stringify!($name)
                ))
            }

            fn json_schema(
                generator: &mut $crate::schemars::SchemaGenerator,
            ) -> $crate::schemars::Schema {
                $crate::__private::$schema::<Self>(generator)
            }
        }
    };
}

#[cfg(feature = "schemars")]
mod made {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
    use serde::Serialize;
    use serde_json::{Map, Value};

    use crate::model::custom_field::CustomFieldValue;
    use crate::model::date::Date;
    use crate::model::decimal::Decimal;
    use crate::model::open_enum::OpenEnum;
    use crate::model::timestamp::Timestamp;
    use crate::model::traits::{Described, Model, Redact, Visit};

    /// The schema of a model: optional, nullable fields, and any others.
    pub fn model_schema<T: Model>(generator: &mut SchemaGenerator) -> Schema {
        struct Properties<'a>(&'a mut SchemaGenerator, Map<String, Value>);

        impl Visit for Properties<'_> {
            fn field<T: Serialize + Redact + Described>(
                &mut self,
                name: &'static str,
                _: &Option<T>,
            ) {
                let schema = self.0.subschema_for::<Option<T>>();
                self.1.insert(name.to_owned(), schema.into());
            }
        }

        let mut properties = Properties(generator, Map::new());
        T::default().fields(&mut properties);
        json_schema!({
            "type": "object",
            "properties": properties.1,
            "additionalProperties": true,
        })
    }

    /// The schema of an open enum: the listed values, and any other string.
    pub fn enum_schema<T: OpenEnum>(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string", "enum": T::VALUES }, { "type": "string" }] })
    }

    macro_rules! described {
        ($($type:ident: $schema:tt)*) => {$(
            impl JsonSchema for $type {
                fn inline_schema() -> bool {
                    true
                }

                fn schema_name() -> Cow<'static, str> {
                    stringify!($type).into()
                }

                fn schema_id() -> Cow<'static, str> {
                    concat!(module_path!(), "::", stringify!($type)).into()
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    json_schema!($schema)
                }
            }
        )*};
    }
    described! {
        Timestamp: { "type": ["string", "number"], "format": "date-time" }
        Date: { "type": ["string", "number"], "format": "date" }
        Decimal: { "type": "number" }
        CustomFieldValue: { "type": ["string", "number", "array", "object"] }
    }
}

#[cfg(feature = "schemars")]
pub use made::{enum_schema, model_schema};
