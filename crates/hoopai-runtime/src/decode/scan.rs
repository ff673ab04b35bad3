//! Tokens of JSON, independent of the type that is read.

use std::borrow::Cow;

use wide::u8x16;

use super::error::DecodeError;

/// The maximum nesting of lists and objects. It equals that of `serde_json` and is small enough for
/// any stack.
pub(super) const DEPTH: u8 = 128;

/// A position in a text.
#[derive(Clone, Copy)]
pub(super) struct Scan<'de> {
    pub(super) text: &'de str,
    pub(super) at: usize,
}

impl<'de> Scan<'de> {
    pub(super) fn new(text: &'de str) -> Self {
        Scan { text, at: 0 }
    }

    /// Returns the next byte after white space; 0 at the end, since JSON contains no zero byte.
    #[inline]
    pub(super) fn peek(&mut self) -> u8 {
        match self.text.as_bytes().get(self.at) {
            Some(byte) if *byte > b' ' => *byte,
            _ => self.peek_after_space(),
        }
    }

    /// The slow case of [`peek`](Self::peek): the platform writes no white space between tokens.
    #[cold]
    fn peek_after_space(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                Some(byte) => return *byte,
                None => return 0,
            }
        }
    }

    /// Reads a byte that must be next.
    #[inline]
    pub(super) fn take(&mut self, byte: u8) -> Result<(), DecodeError> {
        if self.peek() != byte {
            return Err(DecodeError::broken());
        }
        self.at += 1;
        Ok(())
    }

    /// Reads `true`, `false` or `null`.
    pub(super) fn literal(&mut self, word: &str) -> Result<&'de str, DecodeError> {
        let start = self.at;
        let end = start + word.len();
        match self.text.get(start..end) {
            Some(found) if found == word => {
                self.at = end;
                Ok(found)
            }
            _ => Err(DecodeError::broken()),
        }
    }

    /// Reads a string from its opening quote on.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Quoted<'de>, DecodeError> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let at = plain_end(bytes, start);
        if bytes.get(at) == Some(&b'"') {
            self.at = at + 1;
            return Ok(Quoted {
                inner: &self.text[start..at],
                escaped: false,
            });
        }
        self.string_with_escapes(start, at)
    }

    /// Reads the rest of a string that begins at `start` and has no escapes up to `at`.
    fn string_with_escapes(
        &mut self,
        start: usize,
        mut at: usize,
    ) -> Result<Quoted<'de>, DecodeError> {
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        loop {
            at = plain_end(bytes, at);
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    let after = bytes.get(at + 1..).unwrap_or_default();
                    at += 1 + escape_length(after).ok_or_else(DecodeError::broken)?;
                }
                _ => return Err(DecodeError::broken()),
            }
        }
        self.at = at + 1;
        Ok(Quoted {
            inner: &self.text[start..at],
            escaped,
        })
    }

    /// Reads a number.
    pub(super) fn number(&mut self) -> Result<&'de str, DecodeError> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut at = start + usize::from(bytes.get(start) == Some(&b'-'));
        let digits = |mut at: usize| {
            let first = at;
            while let Some(b'0'..=b'9') = bytes.get(at) {
                at += 1;
            }
            if at == first {
                Err(DecodeError::broken())
            } else {
                Ok(at)
            }
        };
        at = match bytes.get(at) {
            Some(b'0') => at + 1,
            _ => digits(at)?,
        };
        if bytes.get(at) == Some(&b'.') {
            at = digits(at + 1)?;
        }
        if let Some(b'e' | b'E') = bytes.get(at) {
            at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            at = digits(at)?;
        }
        self.at = at;
        Ok(&self.text[start..at])
    }

    /// Reads and checks a whole value. It does not recurse: a bit per level distinguishes objects
    /// from lists.
    pub(super) fn skip(&mut self, depth: u8) -> Result<&'de str, DecodeError> {
        let (mut level, mut objects) = (0_u8, 0_u128);
        self.peek();
        let start = self.at;
        loop {
            match self.peek() {
                b'"' => {
                    self.string()?;
                }
                b'-' | b'0'..=b'9' => {
                    self.number()?;
                }
                b't' => {
                    self.literal("true")?;
                }
                b'f' => {
                    self.literal("false")?;
                }
                b'n' => {
                    self.literal("null")?;
                }
                open @ (b'{' | b'[') => {
                    level += 1;
                    if level >= depth {
                        return Err(DecodeError::deep());
                    }
                    self.at += 1;
                    let object = open == b'{';
                    objects = objects << 1 | u128::from(object);
                    if self.peek() != if object { b'}' } else { b']' } {
                        if object {
                            self.name()?;
                        }
                        continue;
                    }
                }
                _ => return Err(DecodeError::broken()),
            }
            // A value, or the opening of an empty list or object, has been read.
            loop {
                if level == 0 {
                    return Ok(&self.text[start..self.at]);
                }
                let object = objects & 1 == 1;
                match self.peek() {
                    b',' => {
                        self.at += 1;
                        if object {
                            self.name()?;
                        }
                        break;
                    }
                    b'}' if object => {}
                    b']' if !object => {}
                    _ => return Err(DecodeError::broken()),
                }
                self.at += 1;
                level -= 1;
                objects >>= 1;
            }
        }
    }

    /// Whether the next value is a string of white space.
    pub(super) fn is_blank_string(&self) -> bool {
        let mut scan = *self;
        if scan.peek() != b'"' {
            return false;
        }
        match scan.string() {
            Ok(text) => text.text().0.trim().is_empty(),
            Err(_) => false,
        }
    }

    /// Reads a name and the colon after it.
    #[inline]
    pub(super) fn name(&mut self) -> Result<Quoted<'de>, DecodeError> {
        if self.peek() != b'"' {
            return Err(DecodeError::broken());
        }
        let name = self.string()?;
        self.take(b':')?;
        Ok(name)
    }
}

/// Returns the offset of the first byte from `at` on that a string must not contain unescaped: a
/// quote, a backslash, a control character. It compares 16 bytes at a time, because most of a reply
/// is text. It is not inlined: one copy needs fewer cache lines, which a call loads anew.
#[inline(never)]
fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    for chunk in bytes.get(at..).unwrap_or_default().as_chunks().0 {
        let chunk = u8x16::new(*chunk);
        let hits = chunk.cmp_eq(u8x16::splat(b'"'))
            | chunk.cmp_eq(u8x16::splat(b'\\'))
            | is_control(chunk);
        let hits = hits.move_mask();
        if hits != 0 {
            return at + hits.trailing_zeros() as usize;
        }
        at += 16;
    }
    while let Some(byte) = bytes.get(at)
        && *byte >= 0x20
        && *byte != b'"'
        && *byte != b'\\'
    {
        at += 1;
    }
    at
}

/// Sets all bits of the bytes that are control characters.
pub(super) fn is_control(bytes: u8x16) -> u8x16 {
    bytes.min(u8x16::splat(0x1f)).cmp_eq(bytes)
}

/// The length of an escape without its backslash, after which `text` begins. `None`: it is not one.
pub(super) fn escape_length(text: &[u8]) -> Option<usize> {
    match text {
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => Some(1),
        [b'u', digits @ ..]
            if digits.len() >= 4 && digits[..4].iter().all(u8::is_ascii_hexdigit) =>
        {
            Some(5)
        }
        _ => None,
    }
}

/// The contents between the quotes of a string.
#[derive(Clone, Copy)]
pub(super) struct Quoted<'de> {
    pub(super) inner: &'de str,
    pub(super) escaped: bool,
}

impl<'de> Quoted<'de> {
    /// Returns the unescaped text, and whether it is complete: half of a surrogate pair, which some
    /// languages write where they cut a text, becomes U+FFFD.
    #[inline]
    pub(super) fn text(self) -> (Cow<'de, str>, bool) {
        if self.escaped {
            let (text, whole) = unescape(self.inner);
            (Cow::Owned(text), whole)
        } else {
            (Cow::Borrowed(self.inner), true)
        }
    }
}

fn unescape(inner: &str) -> (String, bool) {
    let mut out = String::with_capacity(inner.len());
    let (mut rest, mut whole) = (inner, true);
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let code = after.as_bytes()[0];
        rest = &after[1..];
        out.push(match code {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut code = unit(rest);
                rest = &rest[4..];
                // Characters above U+FFFF are written as two surrogates with ten bits each.
                if let 0xd800..=0xdbff = code
                    && rest.starts_with("\\u")
                    && let second @ 0xdc00..=0xdfff = unit(&rest[2..])
                {
                    code = 0x1_0000 + ((code - 0xd800) << 10) + (second - 0xdc00);
                    rest = &rest[6..];
                }
                match char::from_u32(code) {
                    Some(character) => character,
                    None => {
                        whole = false;
                        char::REPLACEMENT_CHARACTER
                    }
                }
            }
            other => char::from(other),
        });
    }
    out.push_str(rest);
    (out, whole)
}

/// Four hexadecimal digits that were checked.
fn unit(digits: &str) -> u32 {
    u32::from_str_radix(&digits[..4], 16).unwrap_or_default()
}

/// The value of a number.
#[derive(Clone, Copy)]
pub(super) enum Number {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    /// Beyond the range of `f64`.
    Huge,
}

impl Number {
    pub(super) fn of(literal: &str) -> Self {
        let bytes = literal.as_bytes();
        if bytes[0] != b'-' {
            if let Some(value) = few_digits(bytes) {
                return Number::Unsigned(value);
            }
            if let Ok(value) = literal.parse() {
                return Number::Unsigned(value);
            }
        } else if literal != "-0"
            && let Ok(value) = literal.parse()
        {
            return Number::Signed(value);
        }
        match literal.parse::<f64>() {
            Ok(value) if value.is_finite() => Number::Float(value),
            _ => Number::Huge,
        }
    }
}

/// The exact value of a number: a coefficient of up to 38 digits, and the power of ten by which it
/// is multiplied. Zeros at the end of a fraction count as digits while they fit. `None` for more
/// digits.
pub(crate) fn exact_number(literal: &str) -> Option<(i128, i64)> {
    let (mantissa, exponent) = match literal.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (literal, 0),
    };
    let digits = mantissa.trim_start_matches('-');
    let fraction = digits
        .split_once('.')
        .map_or(0, |(_, fraction)| fraction.len());
    let mut coefficient = 0_i128;
    let mut zeros = 0_u32;
    for digit in digits.bytes().filter(u8::is_ascii_digit) {
        if digit == b'0' {
            zeros = zeros.checked_add(1)?;
            continue;
        }
        if coefficient != 0 {
            coefficient = coefficient.checked_mul(power_of_ten(zeros.checked_add(1)?)?)?;
        }
        coefficient = coefficient.checked_add(i128::from(digit - b'0'))?;
        zeros = 0;
    }
    while zeros > 0 && coefficient < power_of_ten(DIGITS - 1)? {
        coefficient *= 10;
        zeros -= 1;
    }
    if coefficient >= power_of_ten(DIGITS)? {
        return None;
    }
    let exponent = exponent.checked_sub(i64::try_from(fraction).ok()?)?;
    let exponent = exponent.checked_add(i64::from(zeros))?;
    let sign = if mantissa.starts_with('-') { -1 } else { 1 };
    Some((sign * coefficient, exponent))
}

/// The number of digits of a coefficient.
pub(crate) const DIGITS: u32 = 38;

/// `None` beyond the range of `i128`.
pub(crate) fn power_of_ten(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

/// The number as a whole number, if it is exactly one in the range of `u64` or `i64`.
pub(super) fn whole_number(literal: &str) -> Option<Number> {
    let (coefficient, exponent) = exact_number(literal)?;
    let power = u32::try_from(exponent.unsigned_abs()).ok();
    let power = power.and_then(power_of_ten);
    let value = match power {
        _ if coefficient == 0 => 0,
        Some(power) if exponent >= 0 => coefficient.checked_mul(power)?,
        Some(power) if coefficient % power == 0 => coefficient / power,
        _ => return None,
    };
    match u64::try_from(value) {
        Ok(value) => Some(Number::Unsigned(value)),
        Err(_) => i64::try_from(value).ok().map(Number::Signed),
    }
}

/// The value of up to a few digits; `None` for anything else.
fn few_digits(digits: &[u8]) -> Option<u64> {
    if digits.len() >= 20 {
        return None;
    }
    let mut value = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u64::from(digit - b'0');
    }
    Some(value)
}

/// Whether a text is exactly a JSON number.
pub(crate) fn is_number(text: &str) -> bool {
    let mut scan = Scan::new(text);
    scan.number().is_ok() && scan.at == text.len()
}

/// The number that a string consists of.
pub(super) fn number_in(text: &str) -> Option<Number> {
    let text = text.trim();
    if is_number(text) {
        Some(Number::of(text))
    } else {
        None
    }
}

/// Whether a checked value is written back unchanged after it was a `serde_json::Value`, which
/// keeps numbers by value and not by digits, and has no lone surrogates.
pub(crate) fn survives(value: &str) -> bool {
    let bytes = value.as_bytes();
    let mut scan = Scan::new(value);
    while let Some(byte) = bytes.get(scan.at) {
        match byte {
            b'"' => match scan.string() {
                Ok(text) if text.text().1 => {}
                _ => return false,
            },
            b'-' | b'0'..=b'9' => match scan.number() {
                Ok(literal) if number_survives(literal) => {}
                _ => return false,
            },
            _ => scan.at += 1,
        }
    }
    true
}

fn number_survives(literal: &str) -> bool {
    match Number::of(literal) {
        Number::Unsigned(_) | Number::Signed(_) => true,
        Number::Float(value) => match serde_json::Number::from_f64(value) {
            Some(number) => number.to_string() == literal,
            None => false,
        },
        Number::Huge => false,
    }
}
