//! The signature vectors of project Wycheproof, through the verifier.

use hoopai_webhooks::Verifier;
use hoopai_webhooks::testing::Signer;
use http::{HeaderMap, HeaderValue};
use wycheproof::TestResult;

fn accepts(verifier: &Verifier, header: &'static str, signature: &[u8], message: &[u8]) -> bool {
    let text = base64(signature);
    let mut headers = HeaderMap::new();
    headers.insert(
        header,
        HeaderValue::try_from(text).expect("base64 is a header value"),
    );
    verifier.verify(&headers, message).is_ok()
}

/// Base64 without the library that the verifier uses.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut padded = [0; 4];
        padded[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(padded);
        for index in 0..4 {
            let six = (bits >> (18 - 6 * index)) & 63;
            text.push(if index <= chunk.len() {
                char::from(ALPHABET[six as usize])
            } else {
                '='
            });
        }
    }
    text
}

#[test]
fn own_base64_agrees_with_the_signer() {
    let signer = Signer::new();
    let verifier = signer.verifier().build();
    verifier.verify(&signer.sign(b"{}"), b"{}").unwrap();
    assert_eq!(base64(b"a"), "YQ==");
    assert_eq!(base64(b"ab"), "YWI=");
    assert_eq!(base64(b"abc"), "YWJj");
}

/// What was tried: valid and invalid signatures.
#[derive(Debug, Default)]
struct Tally {
    accepted: usize,
    rejected: usize,
}

impl Tally {
    fn count(&mut self, id: usize, result: TestResult, accepted: bool) {
        match result {
            TestResult::Valid => assert!(accepted, "vector {id} is valid"),
            TestResult::Invalid => assert!(!accepted, "vector {id} is invalid"),
            TestResult::Acceptable => {}
        }
        if accepted {
            self.accepted += 1;
        } else {
            self.rejected += 1;
        }
    }
}

#[test]
fn ed25519_vectors_hold() {
    use wycheproof::eddsa::{TestName, TestSet};

    let mut tally = Tally::default();
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let verifier = Verifier::builder_without_keys()
            .ed25519_key(&group.pem)
            .unwrap()
            .build();
        for test in group.tests {
            let accepted = accepts(&verifier, "x-ghl-signature", &test.sig, &test.msg);
            tally.count(test.tc_id, test.result, accepted);
        }
    }
    assert!(tally.accepted >= 50 && tally.rejected >= 50, "{tally:?}");
    println!("{tally:?}");
}

#[test]
fn rsa_vectors_hold() {
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};

    let mut tally = Tally::default();
    for group in TestSet::load(TestName::Rsa4096Sha256).unwrap().test_groups {
        let builder = Verifier::builder_without_keys().accept_legacy(true);
        let verifier = builder.rsa_key(&group.pem).unwrap().build();
        for test in group.tests {
            let accepted = accepts(&verifier, "x-wh-signature", &test.sig, &test.msg);
            tally.count(test.tc_id, test.result, accepted);
        }
    }
    assert!(tally.accepted >= 5 && tally.rejected >= 100, "{tally:?}");
    println!("{tally:?}");
    // Keys of other sizes are no keys of the platform.
    for name in [TestName::Rsa2048Sha256, TestName::Rsa8192Sha256] {
        for group in TestSet::load(name).unwrap().test_groups {
            assert!(Verifier::builder().rsa_key(&group.pem).is_err());
        }
    }
}
