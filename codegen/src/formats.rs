//! The formats for which the runtime has a type, and the mark of fractions.

use serde_json::Value;

/// The format of values of custom fields, which have several types.
pub(crate) const CUSTOM_FIELD_FORMAT: &str = "custom-field-value";

/// The extension of numbers that may have a fractional part. Its value is the reason.
pub(crate) const FRACTION: &str = "x-hoopai-fraction";

/// Why the number that a schema is or contains may have a fractional part.
pub(crate) fn fraction_reason(schema: &Value) -> Option<String> {
    if let Some(reason) = schema.get(FRACTION) {
        let reason = reason.as_str().map(str::trim);
        return reason
            .filter(|reason| !reason.is_empty())
            .map(str::to_owned);
    }
    let inner = schema.get("items").or(schema.get("additionalProperties"))?;
    fraction_reason(inner)
}

/// A type of the runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RuntimeType {
    CustomFieldValue,
    Decimal,
    Timestamp,
}

/// Declared type, format and the runtime's type.
const FORMATS: [(&str, &str, RuntimeType); 5] = [
    ("", CUSTOM_FIELD_FORMAT, RuntimeType::CustomFieldValue),
    ("string", "date-time", RuntimeType::Timestamp),
    ("integer", "unix-time", RuntimeType::Timestamp),
    ("number", "unix-time", RuntimeType::Timestamp),
    ("number", "decimal", RuntimeType::Decimal),
];

impl RuntimeType {
    pub(crate) const ALL: [Self; 3] = [Self::CustomFieldValue, Self::Decimal, Self::Timestamp];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CustomFieldValue => "CustomFieldValue",
            Self::Decimal => "Decimal",
            Self::Timestamp => "Timestamp",
        }
    }

    /// The type for a declared type and format.
    pub(crate) fn of(kind: &str, format: &str) -> Option<Self> {
        let row = FORMATS.iter().find(|row| (row.0, row.1) == (kind, format));
        row.map(|row| row.2)
    }
}

/// Whether the runtime has a type for a format.
pub(crate) fn has_runtime_type(format: &str) -> bool {
    FORMATS.iter().any(|row| row.1 == format)
}
