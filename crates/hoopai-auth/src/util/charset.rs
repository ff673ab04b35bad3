//! Decodes the bytes of a reply into text.

use secrecy::zeroize::Zeroizing;

/// Decodes the body of a reply: UTF-8 or UTF-16 by its byte order mark, else UTF-8, else Latin-1.
pub(crate) fn decode_text(body: &[u8]) -> Zeroizing<String> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units)
            .map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    Zeroizing::new(match body {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => {
            let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
            match std::str::from_utf8(body) {
                Ok(text) => text.to_owned(),
                Err(_) => body.iter().map(|byte| char::from(*byte)).collect(),
            }
        }
    })
}
