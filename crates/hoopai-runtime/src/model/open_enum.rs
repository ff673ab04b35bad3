//! Open enums: lists of strings that the platform extends without notice.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

/// The data of an enum, which the [`open_enum!`](crate::open_enum!) macro provides.
pub trait OpenEnum: Sized {
    /// The values that the interface file lists.
    const VALUES: &'static [&'static str];

    /// Returns the variant of a listed value.
    fn from_known(value: &str) -> Option<Self>;

    /// Returns the variant for a value that is not listed.
    fn from_unknown(value: Unrecognized) -> Self;

    /// Returns the value in its wire form.
    fn wire(&self) -> &str;

    /// Returns the value if it is not listed.
    fn unrecognized(&self) -> Option<&Unrecognized>;
}

/// A value that the interface file does not list.
///
/// It is created only by decoding, so it never contains a listed value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unrecognized {
    text: Box<str>,
    /// It was a number or a boolean and is written back as one.
    bare: bool,
}

impl Unrecognized {
    /// Returns the value in its wire form, without quotes.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl AsRef<str> for Unrecognized {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// Hides the value, which can be anything.
impl fmt::Debug for Unrecognized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

impl fmt::Display for Unrecognized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Defines an enum that accepts values which its interface file does not list. Module crates use
/// it.
///
/// ```
/// hoopai_runtime::open_enum! {
///     /// How far a task is.
///     pub enum TaskStatus { Done = "done", InProgress = "in progress" }
/// }
/// # fn main() {
/// assert_eq!(TaskStatus::from("done"), TaskStatus::Done);
/// assert_eq!(TaskStatus::from("parked").as_str(), "parked");
/// assert!(!TaskStatus::from("parked").is_known());
/// # }
/// ```
///
/// Equality, order and hash are those of the text. A variant may be called anything but `Unrecognized`, which is added. No two
/// variants may have the same text.
#[doc(hidden)]
#[macro_export]
macro_rules! open_enum {
    ($(
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $wire:literal ),* $(,)?
        }
    )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum $name {
            $(
                $(#[$variant_meta])*
                #[doc = ::core::concat!("`", $wire, "`")]
                $variant,
            )*
            /// A value that the interface file does not list.
            Unrecognized($crate::open_enum::Unrecognized),
        }

        impl $name {
            /// The values that the interface file lists, as the wire has them.
            pub const VALUES: &'static [&'static str] = &[$($wire),*];

            /// The value as the wire has it.
            #[inline]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $wire, )*
                    Self::Unrecognized(value) => value.as_str(),
                }
            }

            /// Whether the interface file lists the value.
            #[inline]
            pub fn is_known(&self) -> bool {
                !::core::matches!(self, Self::Unrecognized(_))
            }
        }

        impl $crate::open_enum::OpenEnum for $name {
            const VALUES: &'static [&'static str] = Self::VALUES;

            #[inline]
            fn from_known(value: &str) -> ::core::option::Option<Self> {
                ::core::option::Option::Some(match value {
                    $( $wire => Self::$variant, )*
                    _ => return ::core::option::Option::None,
                })
            }

            #[inline]
            fn from_unknown(value: $crate::open_enum::Unrecognized) -> Self {
                Self::Unrecognized(value)
            }

            #[inline]
            fn wire(&self) -> &str {
                self.as_str()
            }

            #[inline]
            fn unrecognized(&self) -> ::core::option::Option<&$crate::open_enum::Unrecognized> {
                match self {
                    Self::Unrecognized(value) => ::core::option::Option::Some(value),
                    _ => ::core::option::Option::None,
                }
            }
        }

        impl $crate::Scalar for $name {}

        $crate::__described! { $name by enum_schema }

        impl $crate::ParamValue for $name {
            #[inline]
            fn write(self, to: &mut $crate::ParamWriter) {
                $crate::ParamValue::write(self.as_str(), to);
            }
        }

        impl $crate::Redact for $name {}

        impl ::core::convert::From<&str> for $name {
            #[inline]
            fn from(value: &str) -> Self {
                $crate::__private::parse_enum(value)
            }
        }

        impl ::core::convert::From<::std::string::String> for $name {
            #[inline]
            fn from(value: ::std::string::String) -> Self {
                $crate::__private::parse_enum(&value)
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = ::core::convert::Infallible;

            #[inline]
            fn from_str(value: &str) -> ::core::result::Result<Self, Self::Err> {
                ::core::result::Result::Ok($crate::__private::parse_enum(value))
            }
        }

        impl ::core::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::core::convert::AsRef<str> for $name {
            #[inline]
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl ::core::cmp::PartialEq for $name {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl ::core::cmp::Eq for $name {}

        impl ::core::cmp::PartialOrd for $name {
            #[inline]
            fn partial_cmp(&self, other: &Self) -> ::core::option::Option<::core::cmp::Ordering> {
                ::core::option::Option::Some(::core::cmp::Ord::cmp(self, other))
            }
        }

        impl ::core::cmp::Ord for $name {
            #[inline]
            fn cmp(&self, other: &Self) -> ::core::cmp::Ordering {
                self.as_str().cmp(other.as_str())
            }
        }

        impl ::core::hash::Hash for $name {
            #[inline]
            fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
                ::core::hash::Hash::hash(self.as_str(), state);
            }
        }

        impl<'de> $crate::__private::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__private::Deserializer<'de>>(from: D) -> ::core::result::Result<Self, D::Error> {
                $crate::__private::deserialize_enum(from)
            }
        }

        impl $crate::__private::Serialize for $name {
            fn serialize<S: $crate::__private::Serializer>(&self, to: S) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::__private::serialize_enum(self, to)
            }
        }
    )+};
}

/// Converts any string to an open enum.
pub fn parse_enum<T: OpenEnum>(value: &str) -> T {
    of_text(value, false)
}

fn of_text<T: OpenEnum>(text: &str, bare: bool) -> T {
    match T::from_known(text) {
        Some(known) => known,
        None => T::from_unknown(Unrecognized {
            text: Box::from(text),
            bare,
        }),
    }
}

/// Deserializes an open enum from any scalar.
pub fn deserialize_enum<'de, T: OpenEnum, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    from.deserialize_any(EnumVisitor(PhantomData))
}

/// Serializes an open enum as it was received.
pub fn serialize_enum<T: OpenEnum, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    match value.unrecognized() {
        Some(Unrecognized { text, bare: true }) => bare_value(text).serialize(to),
        _ => to.serialize_str(value.wire()),
    }
}

/// The text of a scalar without quotes.
fn bare_value(text: &str) -> Value {
    match text.parse() {
        Ok(value) => value,
        Err(_) => Value::from(text),
    }
}

struct EnumVisitor<T>(PhantomData<T>);

impl<T: OpenEnum> Visitor<'_> for EnumVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, value: &str) -> Result<T, E> {
        Ok(parse_enum(value))
    }

    fn visit_bool<E>(self, value: bool) -> Result<T, E> {
        Ok(of_text(if value { "true" } else { "false" }, true))
    }

    fn visit_u64<E>(self, value: u64) -> Result<T, E> {
        Ok(of_text(&value.to_string(), true))
    }

    fn visit_i64<E>(self, value: i64) -> Result<T, E> {
        Ok(of_text(&value.to_string(), true))
    }

    fn visit_f64<E>(self, value: f64) -> Result<T, E> {
        Ok(of_text(&Value::from(value).to_string(), true))
    }
}
