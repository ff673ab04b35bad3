//! Values of path, query and form parameters as text.

use serde_json::Value;

/// A value that can stand in a path, a query or a form.
///
/// A number without fraction is written without one: `20`, never `20.0`. A list gives one text for each of its items.
pub trait ParamValue {
    /// Appends the value, as one text for each item that it has.
    fn write(self, out: &mut Vec<String>);
}

impl ParamValue for String {
    #[inline]
    fn write(self, out: &mut Vec<String>) {
        out.push(self);
    }
}

impl ParamValue for &str {
    fn write(self, out: &mut Vec<String>) {
        out.push(self.to_owned());
    }
}

impl ParamValue for &String {
    fn write(self, out: &mut Vec<String>) {
        out.push(self.clone());
    }
}

impl ParamValue for bool {
    fn write(self, out: &mut Vec<String>) {
        out.push(self.to_string());
    }
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl ParamValue for $type {
            fn write(self, out: &mut Vec<String>) {
                out.push(self.to_string());
            }
        }
    )*};
}
integers!(i32 i64 u32 u64 usize);

impl ParamValue for f64 {
    fn write(self, out: &mut Vec<String>) {
        // Rust writes a whole `f64` without a fraction.
        out.push(self.to_string());
    }
}

impl ParamValue for Value {
    /// A list gives its items, `null` nothing, an object its JSON.
    fn write(self, out: &mut Vec<String>) {
        match self {
            Value::Null => {}
            Value::String(text) => out.push(text),
            Value::Array(items) => {
                for item in items {
                    item.write(out);
                }
            }
            Value::Number(number) => match number.as_f64() {
                Some(float) if number.is_f64() => float.write(out),
                _ => out.push(number.to_string()),
            },
            other => out.push(other.to_string()),
        }
    }
}

impl<T: ParamValue> ParamValue for Vec<T> {
    fn write(self, out: &mut Vec<String>) {
        for item in self {
            item.write(out);
        }
    }
}

impl<T: ParamValue, const N: usize> ParamValue for [T; N] {
    fn write(self, out: &mut Vec<String>) {
        for item in self {
            item.write(out);
        }
    }
}

impl<T: ParamValue> ParamValue for Option<T> {
    fn write(self, out: &mut Vec<String>) {
        if let Some(value) = self {
            value.write(out);
        }
    }
}
