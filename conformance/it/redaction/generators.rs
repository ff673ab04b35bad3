//! Random values, their encodings, and reply bodies that repeat them.

use std::fmt::Write as _;

use fastrand::Rng;
use serde_json::{Value, json};

/// Random values of a seed.
pub(super) struct Random(Rng);

impl Random {
    pub(super) fn with_seed(seed: u64) -> Self {
        Random(Rng::with_seed(seed))
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0.usize(..end)
    }

    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    fn text(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| *self.pick(&letters)).collect()
    }

    /// Lower-case letters, between `least` and `most` of them.
    fn letters(&mut self, least: usize, most: usize) -> String {
        let length = least + self.below(most - least + 1);
        self.text("abcdefghijklm", length)
    }

    pub(super) fn secret(&mut self) -> String {
        let part = self.text("abcdefghijkmnpqrstuvwxyzABCDEFGH0123456789", 12);
        format!("pit-{part}-{}", self.text("0123456789abcdef", 12))
    }

    pub(super) fn id(&mut self) -> String {
        format!(
            "Q{}7",
            self.text("abcdefghijkmnpqrstuvwxyzABCDEFGH0123456789", 18)
        )
    }

    /// Two capitalised words with letters outside ASCII.
    pub(super) fn name(&mut self) -> String {
        let first = self.text("aeioubdfgklmnprstvxzöß", 7);
        let last = self.text("aeioubdfgklmnprstvxzéñ", 8);
        format!("X{first} Z{last}")
    }

    pub(super) fn email(&mut self) -> String {
        format!(
            "{}@{}.example",
            self.text("bdfgklmnprstvxz", 9),
            self.text("bdfgklmnprstvxz", 6)
        )
    }

    /// A text with characters that encodings escape.
    pub(super) fn odd(&mut self) -> String {
        let part = self.text("bdfgklmnprstvxz", 6);
        format!("V{part} & \"{part}\" <{part}>/'\\{part}")
    }
}

#[derive(Clone, Debug)]
pub(super) struct Planted {
    pub(super) text: String,
    pub(super) secret: bool,
}

pub(super) fn secret(text: &str) -> Planted {
    Planted {
        text: text.to_owned(),
        secret: true,
    }
}

pub(super) fn value(text: &str) -> Planted {
    Planted {
        text: text.to_owned(),
        secret: false,
    }
}

fn percent(text: &str, which: impl Fn(u8) -> bool, upper: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match (which(byte) || !byte.is_ascii(), upper) {
            (true, true) => write!(out, "%{byte:02X}").unwrap(),
            (true, false) => write!(out, "%{byte:02x}").unwrap(),
            (false, _) => out.push(char::from(byte)),
        }
    }
    out
}

fn base64(bytes: &[u8], alphabet: &[u8; 64], padded: bool) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let mut word = 0_u32;
        for at in 0..3 {
            word = word << 8 | u32::from(chunk.get(at).copied().unwrap_or(0));
        }
        for at in 0..=chunk.len() {
            out.push(char::from(alphabet[(word >> (18 - 6 * at)) as usize & 63]));
        }
        for _ in chunk.len()..3 {
            out.push_str(if padded { "=" } else { "" });
        }
    }
    out
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The number of encodings.
pub(super) const ENCODINGS: usize = 23;

pub(super) fn encoded(random: &mut Random, planted: &Planted, encoding: usize) -> String {
    let text = planted.text.as_str();
    let special = |byte: u8| !byte.is_ascii_alphanumeric();
    match encoding {
        0 => text.to_owned(),
        1 => text.to_uppercase(),
        2 => text.to_lowercase(),
        3 => percent(text, |_| true, true),
        4 => percent(text, |byte| byte % 3 == 0 || special(byte), false),
        5 => percent(text, |byte| special(byte) && byte != b' ', true).replace(' ', "+"),
        6 => percent(&percent(text, special, true), |byte| byte == b'%', false),
        7 => text
            .encode_utf16()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect(),
        8 => Value::from(text)
            .to_string()
            .trim_matches('"')
            .replace('/', "\\/"),
        9 => text
            .chars()
            .map(|char| format!("&#{};", u32::from(char)))
            .collect(),
        10 => text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\'', "&#x27;"),
        11 => base64(text.as_bytes(), STANDARD, true),
        12 => base64(text.as_bytes(), URL_SAFE, false),
        13 => {
            let user = random.letters(1, 5);
            base64(
                format!("{user}:{text}").as_bytes(),
                STANDARD,
                random.below(2) == 0,
            )
        }
        14 => {
            let (user, rest) = (random.letters(0, 3), random.letters(3, 3));
            base64(format!("{user}/{text}{rest}").as_bytes(), URL_SAFE, true)
        }
        15 => text.replace(' ', "  \n\t "),
        16 => text.replace(' ', "\u{a0}"),
        // Truncated at either end. A longer part of a value that is no secret counts as a leak.
        17 | 18 => {
            let chars: Vec<char> = text.chars().collect();
            let least = if planted.secret { 9 } else { 15 };
            if chars.len() <= least + 1 {
                return text.to_owned();
            }
            let length = least + random.below(chars.len() - least);
            match encoding {
                17 => format!("{}…", chars[..length].iter().collect::<String>()),
                _ => format!(
                    "…{}",
                    chars[chars.len() - length..].iter().collect::<String>()
                ),
            }
        }
        // Several encodings within one another.
        19 => percent(
            &base64(text.as_bytes(), STANDARD, true),
            special,
            random.below(2) == 0,
        ),
        20 => {
            let encoded = base64(format!("id:{text}").as_bytes(), STANDARD, true);
            let lines: Vec<&str> = encoded
                .as_bytes()
                .chunks(19)
                .map(|line| std::str::from_utf8(line).unwrap())
                .collect();
            lines.join("\r\n")
        }
        21 => percent(&Value::from(text).to_string(), special, true),
        _ => Value::from(Value::from(text).to_string()).to_string(),
    }
}

/// The number of shapes of error replies.
pub(super) const SHAPES: usize = 14;

/// Returns the content type and body of an error reply that contains `echoed`.
pub(super) fn shaped(random: &mut Random, shape: usize, echoed: &str) -> (&'static str, String) {
    let sentence = match random.below(4) {
        0 => echoed.to_owned(),
        1 => format!("The value {echoed} is invalid."),
        2 => format!("invalid: {echoed}"),
        _ => format!("property x should not be ({echoed}), see docs"),
    };
    let fill = |random: &mut Random, other: &str| match random.below(2) {
        0 => sentence.clone(),
        _ => other.to_owned(),
    };
    let field = fill(random, "email");
    let code = fill(random, "BAD_INPUT");
    let trace = match random.below(2) {
        0 => echoed.to_owned(),
        _ => "1f0c1e9a-5b1e-4c3e-9d55-0f7a3c2b1a00".to_owned(),
    };
    let body = match shape {
        0 => json!({"statusCode": 422, "message": sentence}),
        1 => json!({"statusCode": 400, "message": sentence, "error": code}),
        2 => {
            json!({"statusCode": 422, "message": "m", "errors": [{"field": field, "message": sentence}], "traceId": trace})
        }
        3 => {
            json!({"statusCode": 422, "message": ["a is empty", sentence], "error": code, "traceId": trace})
        }
        4 => json!({"message": {"detail": sentence, echoed: {"more": field}}}),
        5 => json!({"status": 404, "message": sentence, "name": code, "traceId": trace}),
        6 => json!({"error": sentence, "status": 400}),
        7 => json!({"error": sentence}),
        8 => json!({"message": sentence, "canonicalCode": code}),
        9 => {
            json!({"statusCode": 400, "message": sentence, "meta": {"contactName": echoed, echoed: 1}, "traceId": trace})
        }
        10 => json!({"error": code, "error_description": sentence}),
        11 => json!({"errors": {echoed: [sentence]}}),
        12 => {
            return (
                "text/html",
                format!("<html><title>{echoed}</title><p>{sentence}</html>"),
            );
        }
        _ => return ("text/plain", sentence),
    };
    ("application/json", body.to_string())
}

/// Returns the content type and body of a 2xx reply that contains `echoed` in unexpected places.
pub(super) fn odd_success(random: &mut Random, echoed: &str) -> (&'static str, String) {
    let body = match random.below(6) {
        0 => json!({echoed: {echoed: 1, "a": {echoed: 2}}, "traceId": echoed}),
        1 => json!({"contact": {"id": [1], "tags": {echoed: echoed}}, "traceId": echoed}),
        2 => json!({echoed: {"a": echoed}, "contacts": [{echoed: 1, "tags": echoed}]}),
        3 => json!([echoed]),
        4 => json!({"contacts": {echoed: [echoed]}, "contact": echoed, "traceId": echoed}),
        _ => {
            let body = json!({echoed: echoed, "traceId": echoed}).to_string();
            return ("application/json", body[..body.len() - 1].to_owned());
        }
    };
    ("application/json", body.to_string())
}
