//! Decimal numbers with exact arithmetic.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _, Unexpected};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::decode::{self, DIGITS, power_of_ten};
use crate::model::raw_value::RawScalar;
use crate::request::json_writer::NOT_FINITE;
use crate::{IntoField, ParamValue, ParamWriter, Redact, Scalar};

/// A decimal number with up to 38 digits, up to 255 of them after the point, for amounts of money.
///
/// `+`, `-`, `*` and [`Sum`] are exact while the result fits into 38 digits, which amounts of money always do. They do not
/// panic: a longer result is rounded to fewer digits after the point, and a result with more than 38 digits before the point
/// becomes the largest or smallest `Decimal`. [`checked_add`](Decimal::checked_add),
/// [`checked_sub`](Decimal::checked_sub) and [`checked_mul`](Decimal::checked_mul) return `None` in both cases.
///
/// ```
/// use hoopai_runtime::Decimal;
///
/// let prices: Vec<Decimal> = vec!["0.10".parse()?, "0.20".parse()?];
/// let net: Decimal = prices.iter().sum();
/// assert_eq!(net.to_string(), "0.30");
/// let rate: Decimal = "0.19".parse()?;
/// let tax = net * rate;
/// assert_eq!(tax.to_string(), "0.0570");
/// assert_eq!((net + tax).round_to(2).to_string(), "0.36");
/// assert!(net > Decimal::ZERO);
/// # Ok::<(), hoopai_runtime::ParseDecimalError>(())
/// ```
///
/// Equality, order and hash are those of the value: 1.10 equals 1.1. `Display` writes all digits after the point, those that
/// are zero included, and rounds to a given precision: `{:.2}`.
///
/// Setters of `Decimal` fields accept a `Decimal`, integers and `f64`. A float that is NaN, infinite or out of range is
/// rejected: [`TryFrom`] returns an error, and a call with a setter that was given one fails before it is sent, with an error
/// that names the field.
///
/// It is read from a number or from a text that holds one, and written as a number without an exponent. A number with more
/// digits in a reply is drift: the field is `None`, and the number is in `extra`.
///
/// `Debug` shows `[hidden]`, so that logs contain no amounts. `Display` shows the value.
#[derive(Clone, Copy)]
pub struct Decimal {
    /// The bytes of an `i128`, whose alignment would double the size of the type.
    coefficient: [u8; 16],
    /// The number of digits after the point.
    scale: u8,
}

/// The error for a text that is not a JSON number, or one with too many digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseDecimalError;

impl fmt::Display for ParseDecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a decimal number with up to 38 digits, such as 12.50")
    }
}

impl std::error::Error for ParseDecimalError {}

/// Whether a coefficient has up to 38 digits.
fn is_in_range(coefficient: i128) -> bool {
    power_of_ten(DIGITS).is_some_and(|limit| coefficient.abs() < limit)
}

impl Decimal {
    /// Zero.
    pub const ZERO: Decimal = Decimal::new(0, 0);

    /// Only a setter that was given NaN or infinity, or a float out of range, holds it.
    const NOT_A_NUMBER: Decimal = Decimal::new(i128::MIN, 0);

    const fn new(coefficient: i128, scale: u8) -> Self {
        Decimal {
            coefficient: coefficient.to_ne_bytes(),
            scale,
        }
    }

    fn coefficient(self) -> i128 {
        i128::from_ne_bytes(self.coefficient)
    }

    /// `coefficient` times ten to the power of `exponent`, if it fits.
    fn of(coefficient: i128, exponent: i64) -> Option<Self> {
        let (coefficient, scale) = if coefficient == 0 || exponent <= 0 {
            let scale = u8::try_from(exponent.min(0).checked_neg()?);
            let scale = scale.or(if coefficient == 0 { Ok(u8::MAX) } else { scale });
            (coefficient, scale.ok()?)
        } else {
            let power = power_of_ten(u32::try_from(exponent).ok()?)?;
            (coefficient.checked_mul(power)?, 0)
        };
        (coefficient != i128::MIN && is_in_range(coefficient))
            .then(|| Decimal::new(coefficient, scale))
    }

    /// The largest number, or the smallest.
    fn limit(negative: bool) -> Self {
        let largest = power_of_ten(DIGITS).unwrap_or(i128::MAX) - 1;
        Decimal::new(if negative { -largest } else { largest }, 0)
    }

    pub(crate) fn is_number(self) -> bool {
        self.coefficient() != i128::MIN
    }

    /// The nearest float.
    pub fn as_f64(self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The number with at most `digits` digits after the point, rounded half to even.
    #[must_use]
    pub fn round_to(self, digits: u8) -> Self {
        if self.scale <= digits || !self.is_number() {
            return self;
        }
        let digits_less = u32::from(self.scale - digits);
        Decimal::new(rounded(self.coefficient(), digits_less), digits)
    }

    /// The sum, or `None` if it does not fit into 38 digits.
    pub fn checked_add(self, other: Decimal) -> Option<Self> {
        let (a, b) = (self.operand()?, other.operand()?);
        a.exact_sum(b)
            .or_else(|| a.without_zeros().exact_sum(b.without_zeros()))
    }

    /// The difference, or `None` if it does not fit into 38 digits.
    pub fn checked_sub(self, other: Decimal) -> Option<Self> {
        self.checked_add(-other)
    }

    /// The product, or `None` if it does not fit into 38 digits.
    pub fn checked_mul(self, other: Decimal) -> Option<Self> {
        let (a, b) = (self.operand()?, other.operand()?);
        let (product, is_exact) = a.product(b)?;
        is_exact.then_some(product)
    }

    fn operand(self) -> Option<Self> {
        self.is_number().then_some(self)
    }

    fn exact_sum(self, other: Decimal) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let (a, b) = (self.scaled(scale)?, other.scaled(scale)?);
        Decimal::sum_of(a, b, scale)
    }

    /// The sum of two coefficients of the same scale, if it fits.
    fn sum_of(a: i128, b: i128, scale: u8) -> Option<Self> {
        if let Some(sum) = a.checked_add(b).filter(|sum| is_in_range(*sum)) {
            return Some(Decimal::new(sum, scale));
        }
        // Both have the same sign, and the sum has one digit more, which may be a zero at the end.
        let sum = a.unsigned_abs() + b.unsigned_abs();
        let shorter = i128::try_from(sum / 10).ok()?;
        let scale = scale.checked_sub(1)?;
        sum.is_multiple_of(10)
            .then(|| Decimal::new(a.signum() * shorter, scale))
    }

    /// The product, rounded half to even where it has more digits than fit, and whether it is
    /// exact. `None` if it has too many digits before the point.
    fn product(self, other: Decimal) -> Option<(Self, bool)> {
        const HALF: u128 = 10_u128.pow(DIGITS / 2);
        const FULL: u128 = 10_u128.pow(DIGITS);
        let (a, b) = (self.coefficient(), other.coefficient());
        // Two numbers of 38 digits in two halves each; the product is `high` and 38 digits `low`.
        let halves = |number: i128| (number.unsigned_abs() / HALF, number.unsigned_abs() % HALF);
        let ((a_high, a_low), (b_high, b_low)) = (halves(a), halves(b));
        let middle = a_high * b_low + a_low * b_high;
        let low = middle % HALF * HALF + a_low * b_low;
        let high = a_high * b_high + middle / HALF + low / FULL;
        let low = low % FULL;

        let mut dropped = high.checked_ilog10().map_or(0, |digits| digits + 1);
        let power = 10_u128.pow(dropped);
        let kept = high * (FULL / power) + low / power;
        let mut kept = half_to_even(kept, low % power, power);
        if kept == FULL {
            (kept, dropped) = (FULL / 10, dropped + 1);
        }
        let sign = if (a < 0) == (b < 0) { 1 } else { -1 };
        let coefficient = sign * i128::try_from(kept).ok()?;
        let scale = (u32::from(self.scale) + u32::from(other.scale)).checked_sub(dropped)?;
        let is_exact = low.is_multiple_of(power);
        match u8::try_from(scale) {
            Ok(scale) => Some((Decimal::new(coefficient, scale), is_exact)),
            Err(_) => {
                let short = rounded(coefficient, scale - u32::from(u8::MAX));
                let number = Decimal::new(short, u8::MAX);
                Some((number, coefficient == 0))
            }
        }
    }

    /// The coefficient for a number of digits after the point; rounded, if it is smaller.
    fn scaled(self, scale: u8) -> Option<i128> {
        match scale.checked_sub(self.scale) {
            _ if self.coefficient() == 0 => Some(0),
            Some(more) => power_of_ten(more.into())?.checked_mul(self.coefficient()),
            None => Some(rounded(self.coefficient(), (self.scale - scale).into())),
        }
    }

    /// The same number without zeros at the end of its fraction.
    fn without_zeros(self) -> Self {
        let (mut coefficient, mut scale) = (self.coefficient(), self.scale);
        while scale > 0 && coefficient % 10 == 0 {
            coefficient /= 10;
            scale -= 1;
        }
        Decimal::new(coefficient, scale)
    }

    fn rounded_sum(self, other: Decimal) -> Self {
        if let Some(sum) = self.checked_add(other) {
            return sum;
        }
        let (Some(a), Some(b)) = (self.operand(), other.operand()) else {
            return Decimal::NOT_A_NUMBER;
        };
        let mut scales = (0..a.scale.max(b.scale)).rev();
        let sum =
            scales.find_map(|scale| Decimal::sum_of(a.scaled(scale)?, b.scaled(scale)?, scale));
        sum.unwrap_or_else(|| Decimal::limit(a.coefficient() < 0))
    }

    fn rounded_product(self, other: Decimal) -> Self {
        let (Some(a), Some(b)) = (self.operand(), other.operand()) else {
            return Decimal::NOT_A_NUMBER;
        };
        match a.product(b) {
            Some((product, _)) => product,
            None => Decimal::limit((a.coefficient() < 0) != (b.coefficient() < 0)),
        }
    }
}

/// A coefficient without its last digits, rounded half to even.
fn rounded(coefficient: i128, digits: u32) -> i128 {
    let Some(power) = power_of_ten(digits) else {
        return 0;
    };
    let (power, size) = (power.unsigned_abs(), coefficient.unsigned_abs());
    let rounded = half_to_even(size / power, size % power, power);
    // It is no larger than the absolute value of an `i128`.
    coefficient.signum() * i128::try_from(rounded).unwrap_or_default()
}

/// A quotient, rounded by the rest of its division by `power`.
fn half_to_even(quotient: u128, rest: u128, power: u128) -> u128 {
    let is_odd = quotient % 2 == 1;
    match (rest * 2).cmp(&power) {
        Ordering::Greater => quotient + 1,
        Ordering::Equal if is_odd => quotient + 1,
        _ => quotient,
    }
}

impl Default for Decimal {
    fn default() -> Self {
        Decimal::ZERO
    }
}

impl Neg for Decimal {
    type Output = Decimal;

    fn neg(self) -> Decimal {
        Decimal::new(self.coefficient().wrapping_neg(), self.scale)
    }
}

impl Neg for &Decimal {
    type Output = Decimal;

    fn neg(self) -> Decimal {
        -*self
    }
}

macro_rules! operators {
    ($($operator:ident $method:ident $assign:ident $assign_method:ident = $of:expr;)*) => {$(
        impl $operator for Decimal {
            type Output = Decimal;

            fn $method(self, other: Decimal) -> Decimal {
                $of(self, other)
            }
        }

        impl $operator<&Decimal> for Decimal {
            type Output = Decimal;

            fn $method(self, other: &Decimal) -> Decimal {
                $of(self, *other)
            }
        }

        impl $operator<Decimal> for &Decimal {
            type Output = Decimal;

            fn $method(self, other: Decimal) -> Decimal {
                $of(*self, other)
            }
        }

        impl $operator for &Decimal {
            type Output = Decimal;

            fn $method(self, other: &Decimal) -> Decimal {
                $of(*self, *other)
            }
        }

        impl $assign for Decimal {
            fn $assign_method(&mut self, other: Decimal) {
                *self = $of(*self, other);
            }
        }

        impl $assign<&Decimal> for Decimal {
            fn $assign_method(&mut self, other: &Decimal) {
                *self = $of(*self, *other);
            }
        }
    )*};
}
operators! {
    Add add AddAssign add_assign = Decimal::rounded_sum;
    Sub sub SubAssign sub_assign = |a: Decimal, b: Decimal| a.rounded_sum(-b);
    Mul mul MulAssign mul_assign = Decimal::rounded_product;
}

impl Sum for Decimal {
    fn sum<I: Iterator<Item = Decimal>>(numbers: I) -> Self {
        numbers.fold(Decimal::ZERO, Decimal::add)
    }
}

impl<'a> Sum<&'a Decimal> for Decimal {
    fn sum<I: Iterator<Item = &'a Decimal>>(numbers: I) -> Self {
        numbers.fold(Decimal::ZERO, Decimal::add)
    }
}

impl FromStr for Decimal {
    type Err = ParseDecimalError;

    fn from_str(text: &str) -> Result<Self, ParseDecimalError> {
        let text = text.trim();
        let exact = decode::is_number(text).then(|| decode::exact_number(text));
        let number = exact
            .flatten()
            .and_then(|(coefficient, exponent)| Decimal::of(coefficient, exponent));
        number.ok_or(ParseDecimalError)
    }
}

/// The part of deserializing that does not depend on the format.
fn read(came: &RawScalar<'_>) -> Option<Decimal> {
    let (text, _) = came.text()?;
    text.parse().ok()
}

macro_rules! whole {
    ($($type:ty)*) => {$(
        impl From<$type> for Decimal {
            fn from(value: $type) -> Self {
                // No integer of up to 64 bits has more than 20 digits.
                Decimal::new(value as i128, 0)
            }
        }
    )*};
}
whole!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

/// The shortest digits that identify the float.
impl TryFrom<f64> for Decimal {
    type Error = ParseDecimalError;

    fn try_from(value: f64) -> Result<Self, ParseDecimalError> {
        match serde_json::Number::from_f64(value) {
            Some(number) => Ok(number.to_string().parse::<Decimal>()?.without_zeros()),
            None => Err(ParseDecimalError),
        }
    }
}

/// A setter cannot fail, so a float that is no `Decimal` is kept as such; serializing it fails, and so does the call.
#[diagnostic::do_not_recommend]
impl IntoField<Decimal> for f64 {
    fn into_field(self) -> Result<Decimal, &'static str> {
        Ok(Decimal::try_from(self).unwrap_or(Decimal::NOT_A_NUMBER))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_number() {
            return f.pad("NaN");
        }
        let precision = f.precision().unwrap_or(self.scale.into());
        let number = u8::try_from(precision).map_or(*self, |digits| self.round_to(digits));
        let scale = usize::from(number.scale);
        let mut text = format!(
            "{:0>width$}",
            number.coefficient().unsigned_abs(),
            width = scale + 1
        );
        if precision > 0 {
            text.insert(text.len() - scale, '.');
            text.extend(std::iter::repeat_n('0', precision - scale));
        }
        f.pad_integral(number.coefficient() >= 0, "", &text)
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
            to.text(self.to_string());
        } else {
            to.reject(NOT_FINITE);
        }
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
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
        let (a, b) = (self.coefficient(), other.coefficient());
        let scale = self.scale.max(other.scale);
        match (self.scaled(scale), other.scaled(scale)) {
            (Some(a), Some(b)) => a.cmp(&b),
            // One number is so long that the other, which has more digits after the point, is not
            // written with as many: its absolute value is larger.
            (None, _) => a.signum().cmp(&0),
            (_, None) => 0.cmp(&b.signum()),
        }
    }
}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let number = self.without_zeros();
        (number.coefficient, number.scale).hash(state);
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let came = RawScalar::number(from)?;
        match read(&came) {
            Some(number) => Ok(number),
            None => Err(D::Error::invalid_type(
                Unexpected::Other("a value"),
                &"a number with up to 38 digits",
            )),
        }
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match RawValue::from_string(self.to_string()) {
            Ok(literal) => literal.serialize(to),
            Err(_) => Err(S::Error::custom(NOT_FINITE)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Decimal;
    use crate::IntoField;

    fn number(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    const LARGEST: &str = "99999999999999999999999999999999999999";
    const SMALLEST: &str = "-99999999999999999999999999999999999999";

    #[test]
    fn order_is_that_of_values() {
        let rising = [
            SMALLEST,
            "-20",
            "-2.5",
            "-0.001",
            "-1e-255",
            "0",
            "1e-255",
            "0.09",
            "0.1",
            "1",
            "1.0000000000000000000000000000000000001",
            "1.09",
            "1.1",
            "2",
            "10",
            "1e2",
            "123456789012345678901",
            "123456789012345678902",
            LARGEST,
        ];
        let numbers = rising.map(number);
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
            ("0e-300", "0"),
        ] {
            assert_eq!(number(a), number(b), "{a} {b}");
            assert_eq!(HashSet::from([number(a), number(b)]).len(), 1, "{a} {b}");
        }
        assert_eq!(HashSet::from([number("1"), number("10")]).len(), 2);
    }

    #[test]
    fn text_is_parsed_and_written_digit_by_digit() {
        for text in [
            "0",
            "0.00",
            "12.50",
            "-0.05",
            "100",
            LARGEST,
            SMALLEST,
            "0.99999999999999999999999999999999999999",
            "0.0000000000000000000000000000000000000000000001",
        ] {
            assert_eq!(number(text).to_string(), text);
            assert_eq!(serde_json::to_string(&number(text)).unwrap(), text);
        }
        for (text, written) in [
            ("1e2", "100"),
            ("1.5E+1", "15"),
            (
                "5.551115123125783e-17",
                "0.00000000000000005551115123125783",
            ),
            ("-0", "0"),
            (" 7 ", "7"),
            (
                "1.00000000000000000000000000000000000000000",
                "1.0000000000000000000000000000000000000",
            ),
        ] {
            assert_eq!(number(text).to_string(), written);
        }
        for text in [
            "",
            "1,5",
            "NaN",
            ".5",
            "1.",
            "0x1",
            "1 2",
            "01",
            "+1",
            "1e400",
            "1e-400",
            "1e38",
            "1e99999999999999999999",
            "-100000000000000000000000000000000000000",
            "0.123456789012345678901234567890123456789",
        ] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
    }

    #[test]
    fn display_follows_the_format() {
        let price = number("-12.345");
        assert_eq!(format!("{price:.2}"), "-12.34");
        assert_eq!(format!("{price:.0}"), "-12");
        assert_eq!(format!("{price:.5}"), "-12.34500");
        assert_eq!(
            format!("{price:10.1}|{:<4}|{:+}", number("7"), number("7")),
            "     -12.3|7   |+7"
        );
        assert_eq!(format!("{:08.2}", number("-1.5")), "-0001.50");
    }

    #[test]
    fn integers_and_floats_convert() {
        assert_eq!(Decimal::from(u64::MAX).to_string(), u64::MAX.to_string());
        assert_eq!(Decimal::from(i64::MIN).to_string(), i64::MIN.to_string());
        for (float, text) in [
            (0.1, "0.1"),
            (5.0, "5"),
            (-0.0, "0"),
            (1e-7, "0.0000001"),
            (1e21, "1000000000000000000000"),
        ] {
            assert_eq!(Decimal::try_from(float).unwrap().to_string(), text);
        }
        assert_eq!(number("0.1").as_f64().to_bits(), 0.1_f64.to_bits());
    }

    #[test]
    fn arithmetic_is_exact() {
        let (a, b) = (number("0.1"), number("0.20"));
        assert_eq!((a + b).to_string(), "0.30");
        assert_eq!((a - b).to_string(), "-0.10");
        assert_eq!((a * b).to_string(), "0.020");
        assert_eq!((-a).to_string(), "-0.1");
        let (ref_a, ref_b) = (&a, &b);
        let by_reference = [
            (ref_a + b, ref_a - b, ref_a * b),
            (a + ref_b, a - ref_b, a * ref_b),
            (ref_a + ref_b, ref_a - ref_b, ref_a * ref_b),
        ];
        assert_eq!(by_reference, [(a + b, a - b, a * b); 3]);
        assert_eq!(-ref_a, -a);
        let mut total = Decimal::ZERO;
        total += a;
        total += ref_b;
        total -= number("0.05");
        total *= number("3");
        assert_eq!(total.to_string(), "0.75");
        let items = [a, b, number("1e-30")];
        let sum: Decimal = items.iter().sum();
        assert_eq!(sum, items.into_iter().sum());
        assert_eq!(sum.to_string(), "0.300000000000000000000000000001");
    }

    /// Decimals of a few digits, checked against integers of the same scale.
    #[test]
    fn random_sums_products_and_comparisons_equal_those_of_integers() {
        let seed = fastrand::u64(..);
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..10_000 {
            let mut next = || {
                let scale = random.u32(0..8);
                let digits = random.i64(-1_000_000_000..1_000_000_000);
                let number = number(&format!("{digits}e-{scale}"));
                (number, i128::from(digits) * 10_i128.pow(8 - scale))
            };
            let ((a, whole_a), (b, whole_b)) = (next(), next());
            let of = |value: i128, scale: u32| number(&format!("{value}e-{scale}"));
            assert_eq!(a + b, of(whole_a + whole_b, 8), "{a} {b}");
            assert_eq!(a - b, of(whole_a - whole_b, 8), "{a} {b}");
            assert_eq!(a * b, of(whole_a * whole_b, 16), "{a} {b}");
            assert_eq!(a.cmp(&b), whole_a.cmp(&whole_b), "{a} {b}");
        }
    }

    #[test]
    fn results_of_too_many_digits_are_rounded_or_the_limit() {
        let (largest, smallest) = (number(LARGEST), number(SMALLEST));
        let third = number("0.33333333333333333333333333333333333333");
        for (exact, result, rounded) in [
            (
                largest.checked_add(1.into()),
                largest + Decimal::from(1),
                LARGEST,
            ),
            (
                smallest.checked_sub(1.into()),
                smallest - Decimal::from(1),
                SMALLEST,
            ),
            (largest.checked_mul(smallest), largest * smallest, SMALLEST),
            (
                largest.checked_mul(2.into()),
                largest * Decimal::from(2),
                LARGEST,
            ),
            (smallest.checked_mul(smallest), smallest * smallest, LARGEST),
            (
                third.checked_add(1.into()),
                third + Decimal::from(1),
                "1.3333333333333333333333333333333333333",
            ),
            (
                largest.checked_add(number("0.5")),
                largest - number("0.5"),
                LARGEST,
            ),
            (
                third.checked_mul(number("-1.5")),
                third * number("-1.5"),
                "-0.50000000000000000000000000000000000000",
            ),
            (
                number("1e-200").checked_mul(number("1e-200")),
                number("1e-200") * number("1e-200"),
                "0",
            ),
        ] {
            assert_eq!(exact, None);
            assert_eq!(result, number(rounded), "{result} {rounded}");
        }
        assert_eq!(largest + smallest, Decimal::ZERO);
        assert_eq!(
            number("9999999999999999999999999999999999999.5").checked_add(number("0.5")),
            Some(number("1e37"))
        );
        assert_eq!(
            number("20000000000000000000.0").checked_mul(number("500000000000000000.0")),
            Some(number("1e37"))
        );
    }

    #[test]
    fn rounding_is_half_to_even() {
        for (text, rounded) in [
            ("0.125", "0.12"),
            ("0.135", "0.14"),
            ("-0.125", "-0.12"),
            ("0.1250000001", "0.13"),
            ("-0.126", "-0.13"),
            ("0.995", "1.00"),
            ("7", "7"),
            ("1e-255", "0.00"),
            ("0.60000000000000000000000000000000000000", "0.60"),
        ] {
            assert_eq!(number(text).round_to(2).to_string(), rounded, "{text}");
        }
        let (half, more) = (
            "0.50000000000000000000000000000000000000",
            "0.50000000000000000000000000000000000001",
        );
        assert_eq!(
            [number(half).round_to(0), number(more).round_to(0)],
            [0.into(), 1.into()]
        );
    }

    #[test]
    fn floats_that_are_not_finite_never_become_numbers() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, 1e-300] {
            assert!(Decimal::try_from(value).is_err());
            let kept: Decimal = value.into_field().unwrap();
            assert!(kept.as_f64().is_nan());
            assert!(serde_json::to_string(&kept).is_err());
            assert!(crate::ParamWriter::texts(kept).is_err());
            for result in [
                kept + Decimal::from(1),
                kept * Decimal::from(0),
                -kept,
                Decimal::from(1) - kept,
                kept.round_to(2),
            ] {
                assert!(result.as_f64().is_nan());
            }
            assert!(kept == kept && kept < number(SMALLEST) && kept < number("1e-255"));
        }
        let exact: Decimal = 0.1.into_field().unwrap();
        assert_eq!(serde_json::to_string(&exact).unwrap(), "0.1");
    }
}
