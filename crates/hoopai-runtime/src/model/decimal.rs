//! Numbers that keep their digits.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _, Unexpected};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::decode;
use crate::model::raw_value::RawField;
use crate::request::json_writer::NOT_FINITE;
use crate::{IntoField, ParamValue, ParamWriter, Redact, Scalar};

/// A decimal number with all of its digits, for amounts of money, of which a float can lose a part.
///
/// Setters of `Decimal` fields accept a `Decimal`, whole numbers and `f64`; a text is parsed first, since parsing can fail. A
/// float that is NaN or infinite is rejected: [`TryFrom`] returns an error, and a call with a setter that was given one fails
/// before it is sent, with an error that names the field.
///
/// It is read from a number or from a text that holds one, and written as a number. Equality and order are those of the value:
/// 1.10 equals 1.1. Its digits are kept in JSON; other formats may only have a float for the number.
///
/// ```
/// use hoopai_runtime::Decimal;
///
/// let amount: Decimal = "1234567890123456.10".parse()?;
/// assert_eq!(amount.to_string(), "1234567890123456.10");
/// assert!(amount > 7.into() && amount == "1234567890123456.1".parse()?);
/// # Ok::<(), hoopai_runtime::ParseDecimalError>(())
/// ```
#[derive(Clone)]
pub struct Decimal(Box<str>);

/// The error for a text that is not a JSON number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseDecimalError;

impl fmt::Display for ParseDecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal number, such as 12.50")
    }
}

impl std::error::Error for ParseDecimalError {}

impl Decimal {
    /// The number as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest float.
    pub fn as_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// Whether it is a number; only a setter that was given NaN or infinity holds something else.
    pub(crate) fn is_number(&self) -> bool {
        decode::is_number(&self.0)
    }

    /// The sign, the power of ten of the first digit, and the digits without leading and trailing
    /// zeros.
    fn parts(&self) -> (bool, i64, Vec<u8>) {
        let (mantissa, exponent) = match (self.0.split_once('e'), self.0.split_once('E')) {
            (Some(parts), _) | (None, Some(parts)) => parts,
            (None, None) => (&*self.0, "0"),
        };
        let exponent = exponent
            .parse::<i64>()
            .unwrap_or(if exponent.starts_with('-') {
                i64::MIN / 2
            } else {
                i64::MAX / 2
            });
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits = whole.trim_start_matches('-').as_bytes().to_vec();
        digits.extend_from_slice(fraction.as_bytes());
        let mut leading = 0;
        while digits.get(leading) == Some(&b'0') {
            leading += 1;
        }
        let first = exponent.saturating_add(
            i64::try_from(digits.len() - fraction.len()).unwrap_or(i64::MAX / 4)
                - i64::try_from(leading).unwrap_or(i64::MAX / 4),
        );
        digits.drain(..leading);
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        if digits.is_empty() {
            return (false, 0, digits);
        }
        (whole.starts_with('-'), first, digits)
    }
}

/// Zero.
impl Default for Decimal {
    fn default() -> Self {
        Decimal("0".into())
    }
}

impl FromStr for Decimal {
    type Err = ParseDecimalError;

    fn from_str(text: &str) -> Result<Self, ParseDecimalError> {
        let text = text.trim();
        if !decode::is_number(text) {
            return Err(ParseDecimalError);
        }
        Ok(Decimal(text.into()))
    }
}

/// The part of deserializing that does not depend on the format.
fn read(came: &RawField<'_>) -> Option<Decimal> {
    let (text, _) = came.scalar()?;
    text.parse().ok()
}

macro_rules! whole {
    ($($type:ty)*) => {$(
        impl From<$type> for Decimal {
            fn from(value: $type) -> Self {
                Decimal(value.to_string().into())
            }
        }
    )*};
}
whole!(i32 i64 u32 u64 usize);

/// The shortest digits that identify the float.
impl TryFrom<f64> for Decimal {
    type Error = ParseDecimalError;

    fn try_from(value: f64) -> Result<Self, ParseDecimalError> {
        match serde_json::Number::from_f64(value) {
            Some(number) => Ok(Decimal(number.to_string().into())),
            None => Err(ParseDecimalError),
        }
    }
}

/// A setter cannot fail, so a float that is not finite is kept as it is; serializing it fails, and so does the call.
#[diagnostic::do_not_recommend]
impl IntoField<Decimal> for f64 {
    fn into_field(self) -> Result<Decimal, &'static str> {
        Ok(Decimal::try_from(self).unwrap_or_else(|_| Decimal(self.to_string().into())))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.redact(f)
    }
}

impl Redact for Decimal {
    fn redact(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }

    fn is_hidden(&self) -> bool {
        true
    }
}

impl Scalar for Decimal {}

impl ParamValue for Decimal {
    fn write(self, to: &mut ParamWriter) {
        if self.is_number() {
            to.text(self.0);
        } else {
            to.reject(NOT_FINITE);
        }
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (self.parts(), other.parts());
        let size = match a.1.cmp(&b.1) {
            Ordering::Equal => a.2.cmp(&b.2),
            unequal => unequal,
        };
        match sign(&a).cmp(&sign(&b)) {
            Ordering::Equal if a.0 => size.reverse(),
            Ordering::Equal => size,
            unequal => unequal,
        }
    }
}

fn sign(parts: &(bool, i64, Vec<u8>)) -> i32 {
    match parts {
        (_, _, digits) if digits.is_empty() => 0,
        (true, ..) => -1,
        (false, ..) => 1,
    }
}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let came = RawField::number(from)?;
        match read(&came) {
            Some(number) => Ok(number),
            None => Err(D::Error::invalid_type(
                Unexpected::Other("a value"),
                &"a number",
            )),
        }
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match RawValue::from_string(self.0.to_string()) {
            Ok(literal) => literal.serialize(to),
            Err(_) => Err(S::Error::custom(NOT_FINITE)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;
    use crate::IntoField;

    #[test]
    fn order_is_that_of_values() {
        let rising = [
            "-1e400",
            "-20",
            "-2.5",
            "-0.001",
            "0",
            "1e-400",
            "0.09",
            "0.1",
            "1",
            "1.09",
            "1.1",
            "2",
            "10",
            "1e2",
            "123456789012345678901",
            "123456789012345678902",
            "1e400",
        ];
        let numbers = rising.map(|text| text.parse::<Decimal>().unwrap());
        for (i, a) in numbers.iter().enumerate() {
            for (j, b) in numbers.iter().enumerate() {
                assert_eq!(a.cmp(b), i.cmp(&j), "{a} {b}");
                assert_eq!(a == b, i == j);
            }
        }
        for (a, b) in [
            ("1.10", "1.1"),
            ("0", "-0.00"),
            ("100", "1e2"),
            ("0.5", "5E-1"),
            ("0e5", "0"),
        ] {
            assert_eq!(a.parse::<Decimal>().unwrap(), b.parse().unwrap(), "{a} {b}");
        }
        for text in ["", "1,5", "NaN", ".5", "1.", "0x1", "1 2", "01"] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
        assert_eq!(Decimal::try_from(0.1).unwrap().as_str(), "0.1");
    }

    #[test]
    fn floats_that_are_not_finite_never_become_numbers() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(Decimal::try_from(value).is_err());
            let kept: Decimal = value.into_field().unwrap();
            assert!(!kept.as_f64().is_finite());
            assert!(serde_json::to_string(&kept).is_err());
            assert!(crate::ParamWriter::texts(kept).is_err());
        }
        let exact: Decimal = 0.1.into_field().unwrap();
        assert_eq!(serde_json::to_string(&exact).unwrap(), "0.1");
    }
}
