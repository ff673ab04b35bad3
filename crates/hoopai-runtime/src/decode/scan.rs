//! Tokens of JSON: where they end, and what they say. Nothing here depends on the type that is read.

use std::borrow::Cow;

use super::fault::Fault;

/// How deep lists and objects may lie in one another. It is also what `serde_json` follows, and small enough for any stack.
pub(super) const DEPTH: u8 = 128;

/// A place in a text.
#[derive(Clone, Copy)]
pub(super) struct Scan<'de> {
    pub(super) text: &'de str,
    pub(super) at: usize,
}

impl<'de> Scan<'de> {
    pub(super) fn new(text: &'de str) -> Self {
        Scan { text, at: 0 }
    }

    /// The byte that stands next, blanks left out; 0 at the end, which is no byte of JSON.
    #[inline]
    pub(super) fn peek(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                Some(byte) => return *byte,
                None => return 0,
            }
        }
    }

    /// Takes a byte that must stand next.
    #[inline]
    pub(super) fn take(&mut self, byte: u8) -> Result<(), Fault> {
        if self.peek() != byte {
            return Err(Fault::broken());
        }
        self.at += 1;
        Ok(())
    }

    /// Takes `true`, `false` or `null`.
    pub(super) fn literal(&mut self, word: &str) -> Result<&'de str, Fault> {
        let start = self.at;
        let end = start + word.len();
        match self.text.get(start..end) {
            Some(found) if found == word => {
                self.at = end;
                Ok(found)
            }
            _ => Err(Fault::broken()),
        }
    }

    /// Takes a string, on whose opening quote the reader stands.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Quoted<'de>, Fault> {
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

    /// The rest of a string that begins at `start` and is plain up to `at`.
    fn string_with_escapes(&mut self, start: usize, mut at: usize) -> Result<Quoted<'de>, Fault> {
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        loop {
            at = plain_end(bytes, at);
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at += match bytes.get(at + 1) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                        Some(b'u') => {
                            for place in at + 2..at + 6 {
                                match bytes.get(place) {
                                    Some(digit) if digit.is_ascii_hexdigit() => {}
                                    _ => return Err(Fault::broken()),
                                }
                            }
                            6
                        }
                        _ => return Err(Fault::broken()),
                    };
                }
                _ => return Err(Fault::broken()),
            }
        }
        self.at = at + 1;
        Ok(Quoted {
            inner: &self.text[start..at],
            escaped,
        })
    }

    /// Takes a number.
    pub(super) fn number(&mut self) -> Result<&'de str, Fault> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut at = start + usize::from(bytes.get(start) == Some(&b'-'));
        let digits = |mut at: usize| {
            let first = at;
            while let Some(b'0'..=b'9') = bytes.get(at) {
                at += 1;
            }
            if at == first {
                Err(Fault::broken())
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

    /// Takes a whole value, whatever it is, and checks it. No recursion: a bit for each level tells an object from a list.
    pub(super) fn skip(&mut self, depth: u8) -> Result<&'de str, Fault> {
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
                        return Err(Fault::deep());
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
                _ => return Err(Fault::broken()),
            }
            // A value, or the opening of an empty list or object, has been taken.
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
                    _ => return Err(Fault::broken()),
                }
                self.at += 1;
                level -= 1;
                objects >>= 1;
            }
        }
    }

    /// Whether a string of nothing but blanks stands next.
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

    /// Takes a name and the colon behind it.
    #[inline]
    pub(super) fn name(&mut self) -> Result<Quoted<'de>, Fault> {
        if self.peek() != b'"' {
            return Err(Fault::broken());
        }
        let name = self.string()?;
        self.take(b':')?;
        Ok(name)
    }
}

/// Where from `at` on the first byte stands that a string must not hold as it is: a quote, a backslash, a control
/// character. Eight bytes at a time, for most of a reply is text.
#[inline]
fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    while let Some(rest) = bytes.get(at..)
        && let Some(chunk) = rest.first_chunk::<8>()
    {
        let word = u64::from_le_bytes(*chunk);
        let (quote, slash) = (
            word ^ (ONES * u64::from(b'"')),
            word ^ (ONES * u64::from(b'\\')),
        );
        // The high bit of each byte that is zero, or below a blank. A borrow can set it wrongly only above a right one.
        let hits = (quote.wrapping_sub(ONES) & !quote
            | slash.wrapping_sub(ONES) & !slash
            | word.wrapping_sub(ONES * 0x20) & !word)
            & HIGH;
        if hits != 0 {
            return at + hits.trailing_zeros() as usize / 8;
        }
        at += 8;
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

/// What stands between the quotes of a string.
#[derive(Clone, Copy)]
pub(super) struct Quoted<'de> {
    pub(super) inner: &'de str,
    escaped: bool,
}

impl<'de> Quoted<'de> {
    /// The text that is meant, and whether that is all of it: half a character, which other languages write where they cut a
    /// text in two, becomes U+FFFD.
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
                // Beyond U+FFFF a character is written as two halves, ten bits in each.
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

/// Four hexadecimal digits, which have been checked.
fn unit(digits: &str) -> u32 {
    u32::from_str_radix(&digits[..4], 16).unwrap_or_default()
}

/// What a number says.
#[derive(Clone, Copy)]
pub(super) enum Number {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    /// Beyond what a float holds.
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

    /// The same as a whole number, where it is one and a float tells it from its neighbours.
    pub(super) fn whole(self) -> Option<Self> {
        const EXACT: f64 = (1_u64 << 53) as f64;
        match self {
            Number::Float(value) if value.fract() == 0.0 && value.abs() <= EXACT => {
                Some(Number::Signed(value as i64))
            }
            Number::Float(_) | Number::Huge => None,
            whole => Some(whole),
        }
    }
}

/// What digits say, if they are nothing else and so few that any number of them fits.
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

/// Whether a text is a number as JSON writes one, and nothing else.
pub(crate) fn is_number(text: &str) -> bool {
    let mut scan = Scan::new(text);
    scan.number().is_ok() && scan.at == text.len()
}

/// The number that a string holds, if it holds one and nothing else.
pub(super) fn number_in(text: &str) -> Option<Number> {
    let text = text.trim();
    if is_number(text) {
        Some(Number::of(text))
    } else {
        None
    }
}

/// Whether a value that was checked is written back as it came once it has been a `serde_json::Value`, which knows numbers
/// by their value and not by their digits, and no half characters.
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
