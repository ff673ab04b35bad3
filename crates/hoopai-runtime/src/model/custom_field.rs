//! Values of custom fields, whose kind depends on how an account defined the field.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use crate::model::extra::Kept;
use crate::model::raw_value::RawScalar;
use crate::{Decimal, Redact, Scalar, decode, json};

/// The value of a custom field: text, a number, a list of texts (multiple choice), or files by upload id.
///
/// Replies do not state which kind a field has, so the value is read as it came and written back so, digit by digit. The
/// accessors return `None` if the value is of another kind. Setters take text, numbers, lists of texts, files, and any
/// [`Value`].
///
/// ```
/// use hoopai_runtime::CustomFieldValue;
///
/// let interests = CustomFieldValue::from(["golf", "tennis"]);
/// assert_eq!(interests.as_list(), Some(vec!["golf", "tennis"]));
/// assert_eq!(interests.as_text(), None);
/// assert_eq!(CustomFieldValue::from(12.5).as_number(), Some(12.5));
/// ```
#[derive(Clone)]
pub struct CustomFieldValue(Repr);

#[derive(Clone)]
enum Repr {
    Json(Kept),
    /// JSON has no such number. It is kept so that writing fails instead of sending another value.
    NotFinite(f64),
}

/// Adds `value` to models that hold the value of a custom field under one of several names. Module
/// crates use it.
///
/// ```
/// hoopai_runtime::model! {
///     /// A custom field.
///     pub struct Field {
///         pub number: hoopai_runtime::CustomFieldValue = "fieldValueNumber",
///         pub text: hoopai_runtime::CustomFieldValue = "fieldValueString",
///     }
/// }
/// hoopai_runtime::custom_field_values! { Field: number, text }
/// # fn main() {
/// let field: Field = serde_json::from_str(r#"{"fieldValueString":"gold"}"#).unwrap();
/// assert_eq!(field.value().and_then(|value| value.as_text()), Some("gold"));
/// # }
/// ```
#[macro_export]
macro_rules! custom_field_values {
    ($name:ident: $($field:ident),+ $(,)?) => {
        impl $name {
            /// Returns the value, whichever of the fields holds it.
            pub fn value(&self) -> ::core::option::Option<&$crate::CustomFieldValue> {
                [$(&self.$field),+].into_iter().find_map(::core::option::Option::as_ref)
            }
        }
    };
}

crate::model! {
    /// A file in a custom field.
    pub struct CustomFieldFile {
        /// The id of the document.
        pub document_id: String = "documentId",
        /// Facts about the upload.
        pub meta: CustomFieldFileMeta = "meta",
        /// The address that the file is downloaded from.
        pub url: String = "url",
    }

    /// Facts about the upload of a file in a custom field.
    pub struct CustomFieldFileMeta {
        pub encoding: String = "encoding",
        /// The id of the custom field.
        pub fieldname: String = "fieldname",
        pub mimetype: String = "mimetype",
        /// The name of the file.
        pub originalname: String = "originalname",
        /// The size in bytes.
        pub size: i64 = "size",
        /// The upload id.
        pub uuid: String = "uuid",
    }
}

impl CustomFieldValue {
    /// Returns the text of a text field, a date or a single choice.
    pub fn as_text(&self) -> Option<&str> {
        self.as_json().as_str()
    }

    /// Returns the number of a numerical field; also of a text that holds a number and nothing else.
    pub fn as_number(&self) -> Option<f64> {
        match &self.0 {
            Repr::Json(kept) => {
                let text = number_text(kept)?;
                let text = text.trim();
                decode::is_number(text).then(|| text.parse().ok()).flatten()
            }
            Repr::NotFinite(number) => Some(*number),
        }
    }

    /// Returns the same number with all of its digits, for amounts of money. `None` if it has more than
    /// 38 digits.
    pub fn as_decimal(&self) -> Option<Decimal> {
        match &self.0 {
            Repr::Json(kept) => number_text(kept)?.parse().ok(),
            Repr::NotFinite(_) => None,
        }
    }

    /// Returns the choices of a multiple choice. `None` also if an item of the list is no text.
    pub fn as_list(&self) -> Option<Vec<&str>> {
        let mut texts = Vec::new();
        for item in self.as_json().as_array()? {
            texts.push(item.as_str()?);
        }
        Some(texts)
    }

    /// Returns the files of a file field by their upload ids.
    pub fn as_files(&self) -> Option<BTreeMap<String, CustomFieldFile>> {
        let mut files = BTreeMap::new();
        for (id, file) in self.as_json().as_object()? {
            if !file.is_object() {
                return None;
            }
            let file = json::from_slice(file.to_string().as_bytes()).ok()?;
            files.insert(id.clone(), file.value);
        }
        Some(files)
    }

    /// Returns the value as JSON, for kinds that the other accessors do not cover.
    pub fn as_json(&self) -> &Value {
        match &self.0 {
            Repr::Json(kept) => kept.value(),
            Repr::NotFinite(_) => &Value::Null,
        }
    }
}

/// The text of a number or a string.
fn number_text(kept: &Kept) -> Option<Cow<'_, str>> {
    match kept {
        Kept::Exact(exact) => Some(exact.1.get().trim_matches('"').into()),
        Kept::Value(Value::String(text)) => Some(text.into()),
        Kept::Value(Value::Number(number)) => Some(number.to_string().into()),
        Kept::Value(_) => None,
    }
}

macro_rules! from {
    ($($type:ty)*) => {$(
        impl From<$type> for CustomFieldValue {
            fn from(value: $type) -> Self {
                CustomFieldValue(Repr::Json(Kept::of_value(value.into())))
            }
        }
    )*};
}
from!(bool &str String i32 i64 u32 u64 Vec<String> Vec<&str> &[String] &[&str] Value);

/// NaN and infinities are kept, and a request with one is an error.
impl From<f64> for CustomFieldValue {
    fn from(value: f64) -> Self {
        if value.is_finite() {
            CustomFieldValue(Repr::Json(Kept::of_value(value.into())))
        } else {
            CustomFieldValue(Repr::NotFinite(value))
        }
    }
}

impl From<&String> for CustomFieldValue {
    fn from(value: &String) -> Self {
        value.as_str().into()
    }
}

impl<const N: usize> From<[&str; N]> for CustomFieldValue {
    fn from(value: [&str; N]) -> Self {
        value.as_slice().into()
    }
}

impl<const N: usize> From<[String; N]> for CustomFieldValue {
    fn from(value: [String; N]) -> Self {
        value.as_slice().into()
    }
}

/// All digits are kept.
impl From<Decimal> for CustomFieldValue {
    fn from(value: Decimal) -> Self {
        if value.is_number() {
            CustomFieldValue(Repr::Json(Kept::of_text(&value.to_string())))
        } else {
            CustomFieldValue(Repr::NotFinite(value.as_f64()))
        }
    }
}

impl From<BTreeMap<String, CustomFieldFile>> for CustomFieldValue {
    fn from(files: BTreeMap<String, CustomFieldFile>) -> Self {
        // Models are always written; a key is text.
        serde_json::to_value(files).unwrap_or_default().into()
    }
}

impl Scalar for CustomFieldValue {}

/// Compares values; numbers by value and not by digits.
impl PartialEq for CustomFieldValue {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Json(a), Repr::Json(b)) => a.value() == b.value(),
            (Repr::NotFinite(a), Repr::NotFinite(b)) => a == b,
            _ => false,
        }
    }
}

impl<'de> Deserialize<'de> for CustomFieldValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let came = RawScalar::deserialize(from)?;
        Ok(CustomFieldValue(Repr::Json(Kept::of(came.0))))
    }
}

impl Serialize for CustomFieldValue {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Repr::Json(kept) => kept.written().serialize(to),
            Repr::NotFinite(number) => to.serialize_f64(*number),
        }
    }
}

/// Hides the value, which is personal data.
impl fmt::Debug for CustomFieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.redact(f)
    }
}

impl Redact for CustomFieldValue {
    fn redact(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }

    fn is_hidden(&self) -> bool {
        true
    }
}
