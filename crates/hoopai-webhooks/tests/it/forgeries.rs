//! Deliveries that must be rejected, each with its reason.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hoopai_runtime::Timestamp;
use hoopai_runtime::time::ManualClock;
use hoopai_webhooks::events::ProviderDelivery;
use hoopai_webhooks::testing::Signer;
use hoopai_webhooks::{
    DeliveryKey, Event, KeyError, SignatureScheme, Verifier, VerifyError, parse_unverified,
};
use http::{HeaderMap, HeaderName, HeaderValue};

const GHL: &str = "x-ghl-signature";
const WH: &str = "x-wh-signature";

const BODY: &str = r#"{"type":"ContactCreate","locationId":"ve9EPM428h8vShlRW1KT","appId":"app1","name":"Zoë","tags":["a","b"],"timestamp":"2026-04-22T01:50:02.780Z","webhookId":"9b6fdb37-ad4e-4585-b931-5027ccd3b4f1"}"#;

/// The headers of a delivery.
type Values<'a> = &'a [(&'static str, &'a [u8])];

fn headers(values: Values<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in values {
        let value = HeaderValue::from_bytes(value).expect("a header value");
        headers.append(HeaderName::from_static(name), value);
    }
    headers
}

/// A delivery, and a name that a failure prints.
struct Forgery {
    name: String,
    headers: HeaderMap,
    body: Vec<u8>,
    error: VerifyError,
}

struct Forgeries {
    list: Vec<Forgery>,
}

impl Forgeries {
    fn add(&mut self, name: &str, values: Values<'_>, body: &[u8], error: VerifyError) {
        self.list.push(Forgery {
            name: name.to_owned(),
            headers: headers(values),
            body: body.to_vec(),
            error,
        });
    }
}

/// The same bytes of a signature in other texts, which are all malformed.
fn other_texts(signature: &str, alphabet_char: &str, url_char: &str) -> Vec<(String, Vec<u8>)> {
    let unpadded = signature.trim_end_matches('=');
    let named = |name: &str, text: String| (name.to_owned(), text.into_bytes());
    let hex = |upper: bool| {
        let bytes = signature.bytes();
        bytes
            .map(|byte| {
                if upper {
                    format!("{byte:02X}")
                } else {
                    format!("{byte:02x}")
                }
            })
            .collect::<String>()
    };
    // Other bits after the last byte, which a tolerant decoder ignores.
    let last = unpadded.chars().last().expect("a character");
    let next = char::from(last as u8 + 1);
    let noncanonical = format!(
        "{}{next}{}",
        &unpadded[..unpadded.len() - 1],
        "=".repeat(signature.len() - unpadded.len())
    );
    vec![
        named("truncated by one character", signature[1..].to_owned()),
        named(
            "truncated to half",
            signature[..signature.len() / 2].to_owned(),
        ),
        named("one character", "A".to_owned()),
        named("without padding", unpadded.to_owned()),
        named("more padding", format!("{signature}=")),
        named("padding only", "=".repeat(signature.len())),
        named("padding in the middle", format!("={}", &signature[1..])),
        named("noncanonical last bits", noncanonical),
        named("base64url", signature.replacen(alphabet_char, url_char, 1)),
        named("hexadecimal", hex(false)),
        named("hexadecimal in upper case", hex(true)),
        named("twice", format!("{signature}{signature}")),
        named("twice with a comma", format!("{signature}, {signature}")),
        named("scheme before it", format!("ed25519={signature}")),
        named("bearer", format!("Bearer {signature}")),
        named("quoted", format!("\"{signature}\"")),
        named("percent-encoded", signature.replace('=', "%3D")),
        named(
            "blank inside",
            format!("{} {}", &signature[..8], &signature[9..]),
        ),
        named(
            "tab inside",
            format!("{}\t{}", &signature[..8], &signature[9..]),
        ),
        named("fullwidth letter", format!("Ａ{}", &signature[3..])),
        named("zero width space", format!("\u{200b}{}", &signature[3..])),
        named("no-break space before it", format!("\u{a0}{signature}")),
        named("fullwidth N/A", "Ｎ／Ａ".to_owned()),
        named("word", "null".to_owned()),
        named("undefined", "undefined".to_owned()),
        named("oversized", "A".repeat(60_000)),
        ("not UTF-8".to_owned(), {
            let mut bytes = signature.as_bytes().to_vec();
            bytes[5] = 0xff;
            bytes
        }),
    ]
}

/// Other bodies under a signature of `BODY`.
fn other_bodies() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: String| text.into_bytes();
    let value: serde_json::Value = serde_json::from_str(BODY).expect("JSON");
    let decomposed = BODY.replace('ë', "e\u{308}");
    let escaped = BODY.replace('ë', "\\u00eb");
    let utf16: Vec<u8> = BODY.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin1: Vec<u8> = BODY
        .chars()
        .map(|c| u8::try_from(u32::from(c)).expect("Latin-1"))
        .collect();
    let mut changed = BODY.as_bytes().to_vec();
    *changed.last_mut().expect("a byte") ^= 1;
    let mut first = BODY.as_bytes().to_vec();
    first[0] ^= 0x80;
    vec![
        ("changed last byte", changed),
        ("changed first byte", first),
        ("empty", Vec::new()),
        ("truncated", BODY.as_bytes()[..BODY.len() - 1].to_vec()),
        ("another byte at the end", text(format!("{BODY}0"))),
        ("newline at the end", text(format!("{BODY}\n"))),
        ("blank before it", text(format!(" {BODY}"))),
        ("byte order mark", text(format!("\u{feff}{BODY}"))),
        ("NUL at the end", text(format!("{BODY}\0"))),
        ("reordered keys", serde_json::to_vec(&value).expect("JSON")),
        ("indented", serde_json::to_vec_pretty(&value).expect("JSON")),
        ("blank after a colon", text(BODY.replacen(':', ": ", 1))),
        ("escaped letter", text(escaped)),
        ("decomposed letter", text(decomposed)),
        (
            "escaped solidus",
            text(BODY.replace("\"a\"", "\"\\u0061\"")),
        ),
        ("UTF-16", utf16),
        ("Latin-1", latin1),
        (
            "other value",
            text(BODY.replace("ContactCreate", "ContactDelete")),
        ),
        (
            "other letter case",
            text(BODY.replace("ContactCreate", "contactcreate")),
        ),
        ("added key", text(BODY.replacen('{', "{\"extra\":1,", 1))),
        (
            "doubled key",
            text(BODY.replacen('{', "{\"type\":\"INSTALL\",", 1)),
        ),
        ("twice", text(format!("{BODY}{BODY}"))),
        ("in a list", text(format!("[{BODY}]"))),
        ("nested in data", text(format!("{{\"data\":{BODY}}}"))),
        (
            "a signature",
            text(Signer::new().signature(BODY.as_bytes())),
        ),
        ("URL-encoded", text(BODY.replace('"', "%22"))),
        ("oversized", text(format!("{BODY}{}", " ".repeat(1 << 20)))),
    ]
}

/// A signer whose signature of `BODY` contains a character, such as one that base64url lacks.
fn signer_whose_signature_has(character: char) -> Signer {
    (0..=255)
        .map(|byte| Signer::with_seed([byte; 32]))
        .find(|signer| signer.signature(BODY.as_bytes()).contains(character))
        .expect("a seed with such a signature")
}

#[test]
fn forged_deliveries_are_rejected() {
    let signer = signer_whose_signature_has('/').with_rsa_key();
    let other = Signer::with_seed([9; 32]).with_rsa_key();
    let body = BODY.as_bytes();
    let signature = signer.signature(body);
    let rsa = signer.rsa_signature(body).expect("an RSA key");
    let foreign = other.signature(body);
    let foreign_rsa = other.rsa_signature(body).expect("an RSA key");
    let (invalid, malformed) = (
        VerifyError::InvalidSignature,
        VerifyError::MalformedSignature,
    );

    // Accepted with the legacy signature, so that each forgery is rejected for its own reason.
    let verifier = signer.verifier().accept_legacy(true).build();
    let mut forgeries = Forgeries { list: Vec::new() };
    for (name, text) in other_texts(&signature, "/", "_") {
        forgeries.add(
            &format!("{GHL}: {name}"),
            &[(GHL, &text)],
            body,
            malformed(GHL),
        );
        // A malformed signature decides as well: the other header does not count.
        let both: [(&str, &[u8]); 2] = [(GHL, &text), (WH, rsa.as_bytes())];
        forgeries.add(
            &format!("{GHL} with a valid {WH}: {name}"),
            &both,
            body,
            malformed(GHL),
        );
    }
    let rsa_char = if rsa.contains('/') {
        ("/", "_")
    } else {
        ("+", "-")
    };
    for (name, text) in other_texts(&rsa, rsa_char.0, rsa_char.1) {
        forgeries.add(
            &format!("{WH}: {name}"),
            &[(WH, &text)],
            body,
            malformed(WH),
        );
    }
    for (name, other_body) in other_bodies() {
        let ghl: [(&str, &[u8]); 1] = [(GHL, signature.as_bytes())];
        forgeries.add(
            &format!("{GHL}, body: {name}"),
            &ghl,
            &other_body,
            invalid(GHL),
        );
        let wh: [(&str, &[u8]); 1] = [(WH, rsa.as_bytes())];
        forgeries.add(
            &format!("{WH}, body: {name}"),
            &wh,
            &other_body,
            invalid(WH),
        );
    }
    let mut changed = signature.clone().into_bytes();
    changed[0] = if changed[0] == b'A' { b'B' } else { b'A' };
    let zeros = format!("{}==", "A".repeat(86));
    let rows: [(&str, Values<'_>, VerifyError); 22] = [
        ("other key", &[(GHL, foreign.as_bytes())], invalid(GHL)),
        (
            "other RSA key",
            &[(WH, foreign_rsa.as_bytes())],
            invalid(WH),
        ),
        ("changed signature", &[(GHL, &changed)], invalid(GHL)),
        ("zeros", &[(GHL, zeros.as_bytes())], invalid(GHL)),
        ("no header", &[], VerifyError::MissingSignature),
        ("empty", &[(GHL, b"")], VerifyError::MissingSignature),
        ("blanks", &[(GHL, b" \t ")], VerifyError::MissingSignature),
        ("N/A", &[(GHL, b"N/A")], VerifyError::MissingSignature),
        (
            "n/a with blanks",
            &[(GHL, b" n/a ")],
            VerifyError::MissingSignature,
        ),
        (
            "both N/A",
            &[(GHL, b"N/A"), (WH, b"N/A")],
            VerifyError::MissingSignature,
        ),
        (
            "both empty",
            &[(GHL, b""), (WH, b"")],
            VerifyError::MissingSignature,
        ),
        (
            "Ed25519 in the legacy header",
            &[(WH, signature.as_bytes())],
            malformed(WH),
        ),
        (
            "RSA in the current header",
            &[(GHL, rsa.as_bytes())],
            malformed(GHL),
        ),
        (
            "another header",
            &[("x-hook-signature", signature.as_bytes())],
            VerifyError::MissingSignature,
        ),
        (
            "a similar header",
            &[("x-ghl-signature2", signature.as_bytes())],
            VerifyError::MissingSignature,
        ),
        (
            "wrong current, valid legacy",
            &[(GHL, foreign.as_bytes()), (WH, rsa.as_bytes())],
            invalid(GHL),
        ),
        (
            "exchanged headers",
            &[(GHL, rsa.as_bytes()), (WH, signature.as_bytes())],
            malformed(GHL),
        ),
        (
            "twice",
            &[(GHL, signature.as_bytes()), (GHL, signature.as_bytes())],
            VerifyError::DuplicateHeader(GHL),
        ),
        (
            "wrong, then valid",
            &[(GHL, foreign.as_bytes()), (GHL, signature.as_bytes())],
            VerifyError::DuplicateHeader(GHL),
        ),
        (
            "valid, then N/A",
            &[(GHL, signature.as_bytes()), (GHL, b"N/A")],
            VerifyError::DuplicateHeader(GHL),
        ),
        (
            "legacy twice",
            &[(WH, rsa.as_bytes()), (WH, rsa.as_bytes())],
            VerifyError::DuplicateHeader(WH),
        ),
        (
            "valid, legacy twice",
            &[
                (GHL, signature.as_bytes()),
                (WH, b"N/A"),
                (WH, rsa.as_bytes()),
            ],
            VerifyError::DuplicateHeader(WH),
        ),
    ];
    for (name, values, error) in rows {
        forgeries.add(name, values, body, error);
    }

    assert!(forgeries.list.len() >= 60, "{}", forgeries.list.len());
    for Forgery {
        name,
        headers,
        body,
        error,
    } in &forgeries.list
    {
        let result = verifier.verify(headers, body);
        assert_eq!(result.err(), Some(*error), "{name}");
    }
    println!("{} forgeries", forgeries.list.len());

    // The same material is accepted as it was signed, so the forgeries fail for their difference.
    let accepted: [(Values<'_>, SignatureScheme); 6] = [
        (&[(GHL, signature.as_bytes())], SignatureScheme::Ed25519),
        (&[(WH, rsa.as_bytes())], SignatureScheme::Rsa),
        (&[(GHL, b"N/A"), (WH, rsa.as_bytes())], SignatureScheme::Rsa),
        (&[(GHL, b""), (WH, rsa.as_bytes())], SignatureScheme::Rsa),
        (
            &[(GHL, signature.as_bytes()), (WH, b"N/A")],
            SignatureScheme::Ed25519,
        ),
        // The current signature decides, so a wrong legacy one does not count.
        (
            &[(GHL, signature.as_bytes()), (WH, foreign_rsa.as_bytes())],
            SignatureScheme::Ed25519,
        ),
    ];
    for (values, scheme) in accepted {
        assert_eq!(
            verifier.verify(&headers(values), body).unwrap().scheme(),
            scheme
        );
    }
    let blanks = format!("  {signature}\t");
    verifier
        .verify(&headers(&[(GHL, blanks.as_bytes())]), body)
        .unwrap();
}

#[test]
fn legacy_signature_is_rejected_by_default() {
    let signer = Signer::new().with_rsa_key();
    let body = BODY.as_bytes();
    let rsa = signer.rsa_signature(body).unwrap();
    let verifier = signer.verifier().build();
    for values in [
        &[(WH, rsa.as_bytes())][..],
        &[(GHL, b"N/A"), (WH, rsa.as_bytes())],
        &[(GHL, b" "), (WH, rsa.as_bytes())],
    ] {
        let error = verifier.verify(&headers(values), body).unwrap_err();
        assert_eq!(error, VerifyError::LegacySignature);
    }
    let off = signer.verifier().accept_legacy(true).accept_legacy(false);
    let error = off.build().verify(&headers(&[(WH, rsa.as_bytes())]), body);
    assert_eq!(error.unwrap_err(), VerifyError::LegacySignature);
}

#[test]
fn each_bit_of_a_signature_and_a_body_counts() {
    let signer = Signer::new();
    let verifier = signer.verifier().build();
    let body = br#"{"type":"NoteCreate"}"#;
    let signed = signer.sign(body);
    for bit in 0..body.len() * 8 {
        let mut other = *body;
        other[bit / 8] ^= 1 << (bit % 8);
        let error = verifier.verify(&signed, &other).unwrap_err();
        assert_eq!(error, VerifyError::InvalidSignature(GHL), "bit {bit}");
    }
    let text = signer.signature(body);
    for index in 0..text.len() {
        for byte in 0x20..0x7f {
            let mut other = text.clone().into_bytes();
            if other[index] == byte {
                continue;
            }
            other[index] = byte;
            // A blank at either end is removed, which leaves a text that is too short.
            assert!(
                verifier.verify(&headers(&[(GHL, &other)]), body).is_err(),
                "{index} {byte}"
            );
        }
    }
}

#[test]
fn published_keys_reject_signatures_of_other_keys() {
    let signer = Signer::new().with_rsa_key();
    let verifier = Verifier::builder().accept_legacy(true).build();
    let body = BODY.as_bytes();
    assert_eq!(
        verifier.verify(&signer.sign(body), body).unwrap_err(),
        VerifyError::InvalidSignature(GHL)
    );
    let rsa = signer.rsa_signature(body).unwrap();
    assert_eq!(
        verifier
            .verify(&headers(&[(WH, rsa.as_bytes())]), body)
            .unwrap_err(),
        VerifyError::InvalidSignature(WH)
    );
    let without_keys = Verifier::builder_without_keys().accept_legacy(true).build();
    assert!(without_keys.verify(&signer.sign(body), body).is_err());
}

#[test]
fn added_keys_are_accepted_beside_others() {
    let (old, new) = (Signer::with_seed([1; 32]), Signer::with_seed([2; 32]));
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\r\n{}\r\n-----END PUBLIC KEY-----\r\n",
        new.public_key()
    );
    let both = Verifier::builder()
        .ed25519_key(&old.public_key())
        .unwrap()
        .ed25519_key(&pem)
        .unwrap()
        .build();
    let body = BODY.as_bytes();
    for signer in [&old, &new] {
        both.verify(&signer.sign(body), body).unwrap();
    }
    let only_new = Verifier::builder_without_keys()
        .ed25519_key(&pem)
        .unwrap()
        .build();
    assert!(only_new.verify(&old.sign(body), body).is_err());
    assert_eq!(
        Verifier::builder().rsa_key(&old.public_key()).unwrap_err(),
        KeyError::NotRsa4096
    );
}

#[test]
fn deliveries_of_other_apps_are_rejected() {
    let signer = Signer::new();
    let verifier = signer.verifier().app_id("app0").app_id("app1").build();
    let body = BODY.as_bytes();
    verifier.verify(&signer.sign(body), body).unwrap();
    for (from, to) in [
        ("\"app1\"", "\"app2\""),
        ("\"app1\"", "\"\""),
        ("\"app1\"", "1"),
        ("\"app1\"", "[\"app1\"]"),
        ("\"appId\":\"app1\",", ""),
        ("\"appId\"", "\"appId\":\"app2\",\"appId\""),
        ("{", "[{"),
    ] {
        let other = BODY.replacen(from, to, 1);
        let error = verifier.verify(&signer.sign(other.as_bytes()), other.as_bytes());
        assert_eq!(error.unwrap_err(), VerifyError::OtherApp, "{other}");
    }
    // Bodies in other forms are events, too, so their app is read.
    let [in_list, with_mark, in_utf16]: [Vec<u8>; 3] = [
        format!(" [{BODY}]").into_bytes(),
        format!("\u{feff}{BODY}").into_bytes(),
        BODY.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ];
    for own in [in_list, with_mark, in_utf16] {
        let verified = verifier.verify(&signer.sign(&own), &own);
        let event = verified.expect("its app is known").event().unwrap();
        assert_eq!(event.app_id(), Some("app1"));
        assert_eq!(DeliveryKey::of_body(&own), DeliveryKey::of_body(body));
    }
    let of_other_app = BODY.replace("app1", "app2");
    for other in [
        format!("[{BODY},{of_other_app}]"),
        format!("[{of_other_app},{BODY}]"),
        format!("[{BODY},{{}}]"),
        format!("[{BODY},null]"),
        format!("[{BODY},[{BODY}]]"),
        format!("[[{BODY}]]"),
        "[[\"app1\",\"w\"]]".to_owned(),
        "[]".to_owned(),
        format!("[{BODY}").replace("app1", "app2"),
    ] {
        let error = verifier.verify(&signer.sign(other.as_bytes()), other.as_bytes());
        assert_eq!(error.unwrap_err(), VerifyError::OtherApp, "{other}");
    }
    // Each event of a list is for the app.
    for list in [
        format!("[{BODY},{BODY}]"),
        format!("\u{feff} [\n{BODY} ,\t{BODY}\n] "),
    ] {
        let verified = verifier.verify(&signer.sign(list.as_bytes()), list.as_bytes());
        let verified = verified.expect("all are for the app");
        let events = verified.events().unwrap();
        assert_eq!(events.len(), 2, "{list}");
        for event in events {
            assert_eq!(event.raw().get(), BODY);
            assert!(matches!(event, Event::ContactCreate(_)));
        }
        assert!(matches!(verified.event().unwrap(), Event::Unknown(_)));
    }
    // An invalid signature is reported before the app.
    let error = verifier.verify(&signer.sign(b"{}"), body).unwrap_err();
    assert_eq!(error, VerifyError::InvalidSignature(GHL));
}

#[test]
fn ids_count_in_each_form_in_which_an_event_has_them() {
    let signer = Signer::new();
    let values = [
        "\"12\"",
        "12",
        "12.0",
        "-12",
        "1e3",
        "123456789012345678901234567890",
        "true",
        "null",
        "\"\"",
        "\" 12\"",
        "\"\\u0031\\u0032\"",
        "\"\\ud800\"",
        "{}",
        "{\"id\":\"12\"}",
        "[]",
        "[\"12\"]",
    ];
    for app in values {
        for webhook in values {
            let body = format!(r#"{{"appId":{app},"webhookId":{webhook},"type":"NoteCreate"}}"#);
            let event = parse_unverified(body.as_bytes()).unwrap();
            for id in ["12", "12.0", "-12", "1e3", "true", "null", ""] {
                let verifier = signer.verifier().app_id(id).build();
                let verified = verifier.verify(&signer.sign(body.as_bytes()), body.as_bytes());
                assert_eq!(verified.is_ok(), event.app_id() == Some(id), "{id}: {body}");
            }
            let key = DeliveryKey::of_body(body.as_bytes());
            if let Some(id) = event.webhook_id() {
                let app = event.app_id().unwrap_or_default();
                assert_eq!(key, DeliveryKey::of_webhook(app, id), "{body}");
            }
        }
        let body = format!(r#"{{"type":"SMS","messageId":{app}}}"#);
        let message = ProviderDelivery::parse(body.as_bytes()).unwrap();
        if let Some(id) = message.message_id() {
            let key = DeliveryKey::of_body(body.as_bytes());
            assert_eq!(key, DeliveryKey::of_message("", id), "{body}");
        }
    }
}

#[test]
fn maximum_age_is_compared_with_the_clock() {
    let signer = Signer::new();
    let clock = ManualClock::new();
    let verifier = signer
        .verifier()
        .max_age(Duration::from_secs(3600))
        .clock(Arc::new(clock.clone()))
        .build();
    let now = |offset: i64| {
        let now = Timestamp::from(SystemTime::now()).unix_millis();
        Timestamp::from_unix_millis(now + offset * 1000)
    };
    let verify = |timestamp: &str| {
        let body = format!(r#"{{"timestamp":{timestamp}}}"#).into_bytes();
        verifier.verify(&signer.sign(&body), &body).err()
    };
    let at = |offset: i64| verify(&format!("\"{}\"", now(offset)));
    assert_eq!(at(-3500), None);
    assert_eq!(at(-3700), Some(VerifyError::OutsideMaxAge));
    assert_eq!(at(200), None);
    assert_eq!(at(400), Some(VerifyError::OutsideMaxAge));
    // Numbers count as an event has them.
    let sent = |offset| now(offset).unix_millis();
    for (offset, expected) in [(-3500, None), (-3700, Some(VerifyError::OutsideMaxAge))] {
        let (millis, seconds) = (sent(offset), sent(offset) / 1000);
        for text in [
            millis.to_string(),
            seconds.to_string(),
            format!("\"{millis}\""),
        ] {
            assert_eq!(verify(&text), expected, "{text}");
        }
    }
    // Each event of a list counts.
    let list = |offsets: [i64; 2]| {
        let [first, second] = offsets.map(|offset| format!(r#"{{"timestamp":"{}"}}"#, now(offset)));
        let body = format!("[{first},{second}]").into_bytes();
        verifier.verify(&signer.sign(&body), &body).err()
    };
    assert_eq!(list([-10, -20]), None);
    assert_eq!(list([-10, -3700]), Some(VerifyError::OutsideMaxAge));
    for missing in ["null", "\"\"", "\"yesterday\"", "{}"] {
        assert_eq!(
            verify(missing),
            Some(VerifyError::MissingTimestamp),
            "{missing}"
        );
    }
    clock.advance(Duration::from_secs(3600));
    assert_eq!(at(-200), Some(VerifyError::OutsideMaxAge));
}

#[test]
fn errors_and_debug_show_nothing_of_a_delivery() {
    let signer = Signer::new();
    let verifier = signer.verifier().app_id("app1").build();
    let body = BODY.as_bytes();
    let verified = verifier.verify(&signer.sign(body), body).unwrap();
    let shown = format!(
        "{verified:?} {:?} {verifier:?} {signer:?}",
        verified.event().unwrap()
    );
    for secret in ["Zo", "ve9EPM428h8vShlRW1KT", "app1", "9b6fdb37"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
