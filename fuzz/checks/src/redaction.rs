//! Errors, in which nothing that was sent may be repeated.

use std::error::Error as _;
use std::fmt::Write;

use hoopai_runtime::Method;

use crate::stub::{self, TOKEN};

const QUERY: &str = "query-v4lue-Zm9vYmFyIQ-77";
const FIELD: &str = "Ophelia Tannenbaum-Quist";

/// The first two bytes are the status, the rest is the body of the refusal. In it the bytes 0xFA to 0xFF, which no UTF-8 has,
/// stand for what was sent: the token, a value of the query, one of the body, and each of them as it is percent-encoded,
/// in capitals, or with JSON escapes.
pub fn redaction(input: &[u8]) {
    let Some(([high, low], template)) = input.split_first_chunk() else {
        return;
    };
    let status = 400 + u16::from_be_bytes([*high, *low]) % 200;
    let mut body = Vec::with_capacity(template.len());
    for byte in template {
        match byte {
            0xFA => body.extend_from_slice(FIELD.replace(' ', "%20").as_bytes()),
            0xFB => body.extend_from_slice(TOKEN.to_ascii_uppercase().as_bytes()),
            0xFC => body.extend_from_slice(QUERY.replace('-', "\\u002d").as_bytes()),
            0xFD => body.extend_from_slice(FIELD.as_bytes()),
            0xFE => body.extend_from_slice(QUERY.as_bytes()),
            0xFF => body.extend_from_slice(TOKEN.as_bytes()),
            byte => body.push(*byte),
        }
    }
    let shown = stub::with(|stub| {
        let call = stub
            .handle()
            .request(Method::Post, "/things")
            .query("q", QUERY)
            .json(&serde_json::json!({ "name": FIELD }));
        let fault = stub.run(vec![stub::answer(status, &[], &body)], call.send());
        let fault = fault.expect_err("a refusal is an error");
        let mut shown = format!("{fault}\n{fault:?}\n{fault:#?}\n");
        let mut source = fault.source();
        while let Some(inner) = source {
            let _ = writeln!(shown, "{inner}\n{inner:?}");
            source = inner.source();
        }
        shown
    });
    let folded = shown.to_ascii_lowercase();
    for secret in [TOKEN, QUERY, FIELD, "Ophelia%20Tannenbaum-Quist"] {
        assert!(
            !folded.contains(&secret.to_ascii_lowercase()),
            "`{secret}` is shown: {shown}"
        );
    }
}
