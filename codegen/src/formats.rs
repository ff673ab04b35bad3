//! The formats for which the runtime has a type, the wire forms that setters convert to, and the
//! mark of fractions.

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

/// The format of moments as texts of RFC 3339. Replies may use any other form.
pub(crate) const DATE_TIME: &str = "date-time";

/// The format of counts of milliseconds since 1970, as numbers or texts.
pub(crate) const UNIX_MILLISECONDS: &str = "unix-milliseconds";

/// The format of counts of seconds since 1970.
pub(crate) const UNIX_SECONDS: &str = "unix-seconds";

/// The format of days: year, month and day, with hyphens.
pub(crate) const DATE: &str = "date";

/// The format of days with the month first: `01-31-2026`.
const DATE_MONTH_FIRST: &str = "date-month-first";

/// The format of days that are written as their first moment in UTC.
const DATE_AT_MIDNIGHT: &str = "date-at-midnight";

/// A type of the runtime, with the wire form of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RuntimeType {
    CustomFieldValue,
    Date,
    DateAtMidnight,
    DateMonthFirst,
    Decimal,
    Timestamp,
    TimestampMilliseconds,
    TimestampMillisecondsText,
    TimestampSeconds,
}

/// Declared type, format and the runtime's type.
const FORMATS: [(&str, &str, RuntimeType); 11] = [
    ("", CUSTOM_FIELD_FORMAT, RuntimeType::CustomFieldValue),
    ("string", DATE, RuntimeType::Date),
    ("string", DATE_AT_MIDNIGHT, RuntimeType::DateAtMidnight),
    ("string", DATE_MONTH_FIRST, RuntimeType::DateMonthFirst),
    ("string", DATE_TIME, RuntimeType::Timestamp),
    (
        "integer",
        UNIX_MILLISECONDS,
        RuntimeType::TimestampMilliseconds,
    ),
    (
        "number",
        UNIX_MILLISECONDS,
        RuntimeType::TimestampMilliseconds,
    ),
    (
        "string",
        UNIX_MILLISECONDS,
        RuntimeType::TimestampMillisecondsText,
    ),
    ("integer", UNIX_SECONDS, RuntimeType::TimestampSeconds),
    ("number", UNIX_SECONDS, RuntimeType::TimestampSeconds),
    ("number", "decimal", RuntimeType::Decimal),
];

impl RuntimeType {
    pub(crate) const ALL: [Self; 9] = [
        Self::CustomFieldValue,
        Self::Date,
        Self::DateAtMidnight,
        Self::DateMonthFirst,
        Self::Decimal,
        Self::Timestamp,
        Self::TimestampMilliseconds,
        Self::TimestampMillisecondsText,
        Self::TimestampSeconds,
    ];

    /// The name of the Rust type.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CustomFieldValue => "CustomFieldValue",
            Self::Date | Self::DateAtMidnight | Self::DateMonthFirst => "Date",
            Self::Decimal => "Decimal",
            Self::Timestamp
            | Self::TimestampMilliseconds
            | Self::TimestampMillisecondsText
            | Self::TimestampSeconds => "Timestamp",
        }
    }

    /// A name that no other type has, wire forms included.
    pub(crate) fn key(self) -> String {
        format!("{self:?}")
    }

    /// The method of the type that converts a value to the wire form, unless all values of the type
    /// have this form.
    pub(crate) fn form(self) -> Option<&'static str> {
        match self {
            Self::DateAtMidnight => Some("in_rfc3339"),
            Self::DateMonthFirst => Some("in_month_first"),
            Self::TimestampMilliseconds => Some("in_milliseconds"),
            Self::TimestampMillisecondsText => Some("in_milliseconds_text"),
            Self::TimestampSeconds => Some("in_seconds"),
            Self::CustomFieldValue | Self::Date | Self::Decimal | Self::Timestamp => None,
        }
    }

    /// Whether it is a moment or a day.
    pub(crate) fn is_time(self) -> bool {
        ["Date", "Timestamp"].contains(&self.name())
    }

    /// The type for a declared type and format.
    pub(crate) fn of(kind: &str, format: &str) -> Option<Self> {
        let row = FORMATS.iter().find(|row| (row.0, row.1) == (kind, format));
        row.map(|row| row.2)
    }
}
