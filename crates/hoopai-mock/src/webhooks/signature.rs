//! Signatures of deliveries.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey as Key};

/// The secret key of all servers, which is for tests only.
const SECRET: &[u8; 32] = b"hoopai-mock: key of test servers";
/// Another key, whose signatures are wrong.
const OTHER_SECRET: &[u8; 32] = b"hoopai-mock: key of other server";

/// What precedes an Ed25519 key in its DER form (SubjectPublicKeyInfo, RFC 8410).
const DER_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// How deliveries are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureMode {
    /// `X-GHL-Signature` has the signature of the body.
    #[default]
    Valid,
    /// `X-GHL-Signature` has the signature of another body.
    OtherBody,
    /// `X-GHL-Signature` has a signature by another key.
    OtherKey,
    /// `X-GHL-Signature` has the first half of the signature.
    Truncated,
    /// `X-GHL-Signature` is `N/A`.
    NotAvailable,
    /// There is no `X-GHL-Signature`.
    Missing,
}

pub(super) struct SigningKey {
    key: Key,
    other: Key,
}

impl SigningKey {
    pub(super) fn new() -> Self {
        Self {
            key: Key::from_bytes(SECRET),
            other: Key::from_bytes(OTHER_SECRET),
        }
    }

    pub(super) fn public_key(&self) -> String {
        let key = self.key.verifying_key();
        STANDARD.encode([&DER_PREFIX[..], key.as_bytes()].concat())
    }

    /// The value of the header.
    pub(super) fn sign(&self, body: &[u8], mode: SignatureMode) -> Option<String> {
        let sign = |key: &Key, body: &[u8]| key.sign(body).to_bytes();
        let signature = match mode {
            SignatureMode::Valid => sign(&self.key, body),
            SignatureMode::OtherBody => sign(&self.key, b"{}"),
            SignatureMode::OtherKey => sign(&self.other, body),
            SignatureMode::Truncated => {
                return Some(STANDARD.encode(&sign(&self.key, body)[..32]));
            }
            SignatureMode::NotAvailable => return Some("N/A".to_owned()),
            SignatureMode::Missing => return None,
        };
        Some(STANDARD.encode(signature))
    }
}
