//! Decodes texts, and maps each character to its range in the original text.

/// A character, and the range of bytes in the original text that encodes it.
#[derive(Clone, Copy)]
pub(crate) struct SourceChar {
    pub(crate) char: char,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The maximum number of nested encodings that are decoded.
const MAX_PASSES: usize = 6;

/// The named HTML entities of characters that are special in HTML or in URLs.
const ENTITIES: [(&str, char); 7] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("sol", '/'),
];

/// The characters of a text. Percent-encoding, JSON escapes and HTML entities are decoded until
/// none is left.
pub(crate) fn decode_chars(text: &str) -> Vec<SourceChar> {
    let mut chars = Vec::with_capacity(text.len());
    for (start, char) in text.char_indices() {
        let end = start + char.len_utf8();
        chars.push(SourceChar { char, start, end });
    }
    undo_encodings(chars)
}

/// Decodes the same characters until no encoding is left.
fn undo_encodings(mut chars: Vec<SourceChar>) -> Vec<SourceChar> {
    for _ in 0..MAX_PASSES {
        let mut out = Vec::with_capacity(chars.len());
        let mut at = 0;
        while let Some(first) = chars.get(at) {
            let rest = &chars[at..];
            let (char, length) = match first.char {
                '%' => percent_encoded(rest),
                '\\' => json_escape(rest),
                '&' => html_entity(rest),
                _ => None,
            }
            .unwrap_or((first.char, 1));
            out.push(SourceChar {
                char,
                start: first.start,
                end: rest[length - 1].end,
            });
            at += length;
        }
        let changed = out.len() < chars.len();
        chars = out;
        if !changed {
            break;
        }
    }
    chars
}

/// The number of `digits` hexadecimal digits.
fn hex(chars: &[SourceChar], digits: usize) -> Option<u32> {
    let mut number = 0;
    for c in chars.get(..digits)? {
        number = number * 16 + c.char.to_digit(16)?;
    }
    Some(number)
}

/// A percent-encoded character, and the number of characters that encode it. Bytes that are not
/// UTF-8 are decoded as Latin-1.
fn percent_encoded(chars: &[SourceChar]) -> Option<(char, usize)> {
    let mut bytes = [0; 4];
    let mut length = 0;
    for triple in chars.chunks(3).take(4) {
        let Some(byte) = hex(&triple[1..], 2).filter(|_| triple[0].char == '%') else {
            break;
        };
        bytes[length] = byte as u8;
        length += 1;
        if let Ok(text) = std::str::from_utf8(&bytes[..length]) {
            return Some((text.chars().next()?, 3 * length));
        }
    }
    if length > 0 {
        return Some((char::from(bytes[0]), 3));
    }
    utf16_escape(chars)
}

/// A character as `\u00e9`, `\xe9`, or white space such as `\n`, after any number of backslashes.
fn json_escape(chars: &[SourceChar]) -> Option<(char, usize)> {
    let mut slashes = 0;
    while chars.get(slashes)?.char == '\\' {
        slashes += 1;
    }
    match chars[slashes].char {
        'n' | 'r' | 't' | 'b' | 'f' => Some((' ', slashes + 1)),
        'x' => {
            let code = hex(&chars[slashes + 1..], 2)?;
            Some((char::from_u32(code)?, slashes + 3))
        }
        _ => {
            let (char, length) = utf16_escape(&chars[slashes - 1..])?;
            Some((char, slashes - 1 + length))
        }
    }
}

/// A character as `u` and four digits after a mark. Two of these encode a character beyond U+FFFF.
fn utf16_escape(chars: &[SourceChar]) -> Option<(char, usize)> {
    let code = |at: usize| match chars.get(at + 1)?.char {
        'u' | 'U' => hex(&chars[at + 2..], 4),
        _ => None,
    };
    let first = code(0)?;
    if let 0xd800..=0xdbff = first {
        let mut second = 6;
        while chars.get(second)?.char == '\\' && chars.get(second + 1)?.char == '\\' {
            second += 1;
        }
        let low @ 0xdc00..=0xdfff = code(second)? else {
            return None;
        };
        let code = 0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00);
        return Some((char::from_u32(code)?, second + 6));
    }
    Some((char::from_u32(first)?, 6))
}

/// A character as an HTML entity: `&amp;`, `&#38;`, `&#x26;`.
fn html_entity(chars: &[SourceChar]) -> Option<(char, usize)> {
    if chars.get(1)?.char == '#' {
        let (radix, first) = match chars.get(2)?.char {
            'x' | 'X' => (16, 3),
            _ => (10, 2),
        };
        let (mut code, mut at) = (0_u32, first);
        while let Some(digit) = chars.get(at).and_then(|c| c.char.to_digit(radix)) {
            code = code.checked_mul(radix)?.checked_add(digit)?;
            at += 1;
        }
        if at == first {
            return None;
        }
        at += usize::from(chars.get(at).is_some_and(|c| c.char == ';'));
        return Some((char::from_u32(code)?, at));
    }
    for (name, char) in ENTITIES {
        let end = name.len() + 1;
        let text = chars.get(1..=end).unwrap_or_default();
        if text.iter().map(|c| c.char).eq(name.chars().chain([';'])) {
            return Some((char, end + 1));
        }
    }
    None
}

/// The base64 decodings of a text, in either alphabet, one for each alignment. Start and end of
/// their characters are indexes into `chars`.
pub(crate) fn base64_decodings(chars: &[SourceChar]) -> Vec<Vec<SourceChar>> {
    let mut texts = Vec::new();
    if !may_be_base64(chars) {
        return texts;
    }
    let mut sextets = Vec::with_capacity(chars.len());
    for (index, c) in chars.iter().enumerate() {
        let value = match c.char {
            'A'..='Z' => c.char as u32 - 'A' as u32,
            'a'..='z' => c.char as u32 - 'a' as u32 + 26,
            '0'..='9' => c.char as u32 - '0' as u32 + 52,
            '+' | '-' => 62,
            '/' | '_' => 63,
            // Line breaks and padding. Other characters do not occur in base64.
            _ => continue,
        };
        sextets.push((value, index));
    }
    for first in 0..4.min(sextets.len()) {
        texts.push(undo_encodings(bytes_as_chars(&sextets[first..])));
    }
    texts
}

/// Whether the text has a run of base64 characters for at least six bytes that is not a plain word.
fn may_be_base64(chars: &[SourceChar]) -> bool {
    let (mut length, mut lowercase) = (0, 0);
    for c in chars {
        match c.char {
            'a'..='z' => lowercase += 1,
            'A'..='Z' | '0'..='9' | '+' | '-' | '/' | '_' => {}
            _ => {
                (length, lowercase) = (0, 0);
                continue;
            }
        }
        length += 1;
        if length >= 8 && length > lowercase {
            return true;
        }
    }
    false
}

/// The bytes of sextets, as characters. Bytes that are not UTF-8 become U+FFFD.
fn bytes_as_chars(sextets: &[(u32, usize)]) -> Vec<SourceChar> {
    let mut bytes = Vec::with_capacity(sextets.len());
    let mut ranges = Vec::with_capacity(sextets.len());
    for (at, pair) in sextets.windows(2).enumerate() {
        let [(high, start), (low, end)] = [pair[0], pair[1]];
        let shift = match at % 4 {
            0 => 4,
            1 => 2,
            2 => 0,
            // The fourth sextet starts no byte.
            _ => continue,
        };
        bytes.push((high << (6 - shift) | low >> shift) as u8);
        ranges.push((start, end + 1));
    }
    let mut chars = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            let last = at + char.len_utf8() - 1;
            chars.push(SourceChar {
                char,
                start: ranges[at].0,
                end: ranges[last].1,
            });
            at = last + 1;
        }
        if !chunk.invalid().is_empty() {
            let last = at + chunk.invalid().len() - 1;
            chars.push(SourceChar {
                char: char::REPLACEMENT_CHARACTER,
                start: ranges[at].0,
                end: ranges[last].1,
            });
            at = last + 1;
        }
    }
    chars
}

/// A text in the form in which values are compared: in lower case, without white space, plus signs
/// (spaces in forms), backslashes and invisible characters.
#[derive(Default)]
pub(crate) struct NormalizedText {
    pub(crate) text: String,
    /// The index of the character that each byte belongs to.
    pub(crate) char_indexes: Vec<usize>,
}

impl NormalizedText {
    pub(crate) fn of(chars: &[SourceChar]) -> Self {
        let mut normalized = NormalizedText::default();
        for (index, c) in chars.iter().enumerate() {
            if is_ignored(c.char) {
                continue;
            }
            // Via upper case, since `ß` is `SS` in upper case.
            for capital in c.char.to_uppercase() {
                for char in capital.to_lowercase() {
                    normalized.text.push(char);
                    normalized.char_indexes.resize(normalized.text.len(), index);
                }
            }
        }
        normalized
    }
}

fn is_ignored(char: char) -> bool {
    char.is_whitespace()
        || char.is_control()
        || matches!(
            char,
            '+' | '\\' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::{NormalizedText, base64_decodings, decode_chars};

    #[test]
    fn encodings_are_undone() {
        for (text, plain) in [
            ("J%C3%B6e%20D+x", "jöedx"),
            ("J%F6e", "jöe"),
            ("%4a%4F%65 100%", "joe100%"),
            ("J%25C3%25B6e", "jöe"),
            (r"J\u00f6e\/D\n\t!", "jöe/d!"),
            (r"J\\\\u00F6e \ud83d\ude00 \\ud83d\\ude00", "jöe😀😀"),
            (r"\x4a\u12 \ud83d", r"ju12ud83d"),
            (
                "J&#246;e&amp;&#x2F;&quot;&#47 &unknown;",
                "jöe&/\"/&unknown;",
            ),
            ("&amp;amp;#37;4a", "j"),
            ("J%u00F6e", "jöe"),
            ("GROSSE große ΣΑΣ σας", "grossegrosseσασσασ"),
            ("a\u{200b}b\u{a0}c\u{ad}", "abc"),
            ("%", "%"),
            ("\\", ""),
            ("&", "&"),
            ("&#", "&#"),
            ("&#99999999999;", "&#99999999999;"),
        ] {
            assert_eq!(
                NormalizedText::of(&decode_chars(text)).text,
                plain,
                "{text}"
            );
        }
    }

    #[test]
    fn characters_keep_their_ranges() {
        let text = "a%C3%B6b&amp;c";
        let shown: Vec<&str> = decode_chars(text)
            .iter()
            .map(|c| &text[c.start..c.end])
            .collect();
        assert_eq!(shown, ["a", "%C3%B6", "b", "&amp;", "c"]);
    }

    #[test]
    fn base64_is_read_at_every_alignment() {
        // `Jöe/secret` after `u:`, `us:` and `use:`.
        for text in [
            "dTpKw7ZlL3NlY3JldA==",
            "dXM6SsO2ZS9zZWNyZXQ",
            "x dXNlOkrDtmUvc2VjcmV0",
        ] {
            let found = base64_decodings(&decode_chars(text))
                .iter()
                .any(|text| NormalizedText::of(text).text.contains("jöe/secret"));
            assert!(found, "{text}");
        }
    }
}
