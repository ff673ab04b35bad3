//! Values of path, query and form parameters as text.

use serde_json::Value;

use crate::request::json_writer::NOT_FINITE;

/// A value of a path, query, header or form parameter.
///
/// A number without a fraction is written without one: `20`, not `20.0`. A list writes one text for each of its items.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value of a parameter",
    label = "expected text, a number, a boolean, an enum, or a list of these"
)]
pub trait ParamValue {
    /// Writes the value, one text for each item that it has.
    fn write(self, to: &mut ParamWriter);
}

/// The texts of a parameter while its value is written.
#[derive(Debug, Default)]
pub struct ParamWriter {
    texts: Vec<String>,
    rejected: Option<&'static str>,
}

impl ParamWriter {
    /// Appends a text.
    #[inline]
    pub fn text(&mut self, text: impl Into<String>) {
        self.texts.push(text.into());
    }

    /// Rejects the value. The call fails before anything is sent, with an error that names the
    /// parameter and ends with the reason, such as `it is NaN, infinite or out of range`.
    pub fn reject(&mut self, reason: &'static str) {
        self.rejected = Some(reason);
    }

    /// The texts of a value, or the reason why it cannot be sent.
    pub(crate) fn texts(value: impl ParamValue) -> Result<Vec<String>, &'static str> {
        let mut writer = ParamWriter::default();
        value.write(&mut writer);
        match writer.rejected {
            Some(reason) => Err(reason),
            None => Ok(writer.texts),
        }
    }
}

impl ParamValue for String {
    #[inline]
    fn write(self, to: &mut ParamWriter) {
        to.text(self);
    }
}

impl ParamValue for &str {
    fn write(self, to: &mut ParamWriter) {
        to.text(self);
    }
}

impl ParamValue for &String {
    fn write(self, to: &mut ParamWriter) {
        to.text(self);
    }
}

impl ParamValue for bool {
    fn write(self, to: &mut ParamWriter) {
        to.text(self.to_string());
    }
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl ParamValue for $type {
            fn write(self, to: &mut ParamWriter) {
                to.text(self.to_string());
            }
        }
    )*};
}
integers!(i32 i64 u32 u64 usize);

impl ParamValue for f64 {
    fn write(self, to: &mut ParamWriter) {
        if self.is_finite() {
            // Rust writes a whole `f64` without a fraction.
            to.text(self.to_string());
        } else {
            to.reject(NOT_FINITE);
        }
    }
}

impl ParamValue for Value {
    /// A list writes its items, `null` nothing, an object its JSON.
    fn write(self, to: &mut ParamWriter) {
        match self {
            Value::Null => {}
            Value::String(text) => to.text(text),
            Value::Array(items) => items.write(to),
            Value::Number(number) => match number.as_f64() {
                Some(float) if number.is_f64() => float.write(to),
                _ => to.text(number.to_string()),
            },
            other => to.text(other.to_string()),
        }
    }
}

impl<T: ParamValue> ParamValue for Vec<T> {
    fn write(self, to: &mut ParamWriter) {
        for item in self {
            item.write(to);
        }
    }
}

impl<T: ParamValue, const N: usize> ParamValue for [T; N] {
    fn write(self, to: &mut ParamWriter) {
        for item in self {
            item.write(to);
        }
    }
}

/// The argument of a setter: a value, or the reason why it is rejected.
impl<T: ParamValue> ParamValue for Result<T, &'static str> {
    fn write(self, to: &mut ParamWriter) {
        match self {
            Ok(value) => value.write(to),
            Err(reason) => to.reject(reason),
        }
    }
}

impl<T: ParamValue> ParamValue for Option<T> {
    fn write(self, to: &mut ParamWriter) {
        if let Some(value) = self {
            value.write(to);
        }
    }
}
