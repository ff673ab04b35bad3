//! Redaction of request data in errors.

use std::error::Error as _;
use std::fmt::Write;

use hoopai_runtime::Method;

use crate::stub_server::{self, TOKEN};

const QUERY: &str = "query-v4lue-Zm9vYmFyIQ-77";
const FIELD: &str = "Ophelia Tannenbaum-Quist";

/// The bytes of the input that are placeholders of request data. UTF-8 has no such bytes.
const PLACEHOLDERS: [u8; 13] = [
    0xC0, 0xC1, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF,
];

/// The length of the parts of the token that are masked.
const PART: usize = 8;

/// The first two bytes of the input are the status; the rest is the body of the error reply, in
/// which request data replaces the placeholders: the token, a query value and a body field, each
/// plain or encoded.
pub fn redaction(input: &[u8]) {
    let Some(([high, low], template)) = input.split_first_chunk() else {
        return;
    };
    let status = 400 + u16::from_be_bytes([*high, *low]) % 200;
    let mut body = Vec::with_capacity(template.len());
    for byte in template {
        match request_data(*byte) {
            Some(text) => body.extend_from_slice(text.as_bytes()),
            None => body.push(*byte),
        }
    }
    let shown = stub_server::with(|server| {
        let call = server
            .handle()
            .request(Method::POST, "/things")
            .query("q", QUERY)
            .json(&serde_json::json!({ "name": FIELD }));
        let error = server.run(vec![stub_server::reply(status, &[], &body)], call.send());
        let error = error.expect_err("an error reply");
        let mut shown = format!("{error}\n{error:?}\n{error:#?}\n");
        let mut source = error.source();
        while let Some(inner) = source {
            let _ = writeln!(shown, "{inner}\n{inner:?}");
            source = inner.source();
        }
        shown
    });
    let folded = shown.to_ascii_lowercase();
    for secret in PLACEHOLDERS.into_iter().filter_map(request_data) {
        assert!(
            !folded.contains(&secret.to_ascii_lowercase()),
            "`{secret}` is shown: {shown}"
        );
    }
    for part in TOKEN.as_bytes().windows(PART) {
        let part = String::from_utf8_lossy(part);
        assert!(
            !folded.contains(&*part),
            "`{part}` of the token is shown: {shown}"
        );
    }
}

/// The request data of a placeholder.
fn request_data(byte: u8) -> Option<String> {
    let text = match byte {
        0xC0 => base64(QUERY.as_bytes()),
        0xC1 => FIELD.replace(' ', "\\\\u0020"),
        0xF5 => base64(TOKEN.as_bytes()),
        // As in Basic authentication, where the token has another offset in the encoded text.
        0xF6 => base64(format!("user:{TOKEN}").as_bytes()),
        0xF7 => base64(FIELD.as_bytes()),
        0xF8 => each(QUERY, |byte| format!("&#{byte};")),
        0xF9 => each(TOKEN, |byte| format!("%25{byte:02x}")),
        0xFA => FIELD.replace(' ', "%20"),
        0xFB => TOKEN.to_ascii_uppercase(),
        0xFC => QUERY.replace('-', "\\u002d"),
        0xFD => FIELD.to_owned(),
        0xFE => QUERY.to_owned(),
        0xFF => TOKEN.to_owned(),
        _ => return None,
    };
    Some(text)
}

fn each(text: &str, encode: impl Fn(u8) -> String) -> String {
    text.bytes().map(encode).collect()
}

/// Base64 with the alphabet of URLs, without padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0; 4];
        group[1..=chunk.len()].copy_from_slice(chunk);
        let group = u32::from_be_bytes(group);
        for index in 0..=chunk.len() {
            text.push(char::from(
                ALPHABET[(group >> (18 - 6 * index)) as usize & 63],
            ));
        }
    }
    text
}
