//! Errors of verification and of keys.

use std::fmt;

/// The reason why a request was rejected. It contains nothing of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The request has no signature.
    MissingSignature,
    /// The request has only the legacy signature, which is not accepted.
    LegacySignature,
    /// This header occurs more than once.
    DuplicateHeader(&'static str),
    /// The value of this header is not the base64 of a signature.
    MalformedSignature(&'static str),
    /// The signature in this header does not match the body and any of the keys.
    InvalidSignature(&'static str),
    /// The signature is valid, and the delivery is for another app, or has no `appId`.
    OtherApp,
    /// The signature is valid, and the body has no `timestamp` to compare with the maximum age.
    MissingTimestamp,
    /// The signature is valid, and the delivery was first sent before the maximum age, or its
    /// `timestamp` is in the future.
    OutsideMaxAge,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VerifyError::MissingSignature => f.write_str(
                "the request has no signature in X-GHL-Signature: it is not from the platform, or a proxy removed the header",
            ),
            VerifyError::LegacySignature => f.write_str(
                "the request has only the legacy signature X-WH-Signature: to accept it, enable the feature `rsa` and call `accept_legacy`",
            ),
            VerifyError::DuplicateHeader(name) => {
                write!(f, "the header {name} occurs more than once")
            }
            VerifyError::MalformedSignature(name) => write!(
                f,
                "the header {name} is not a signature in standard base64 with padding"
            ),
            VerifyError::InvalidSignature(name) => write!(
                f,
                "the signature in {name} does not match the body: pass the bytes of the body as they were received, and add new keys of the platform to the verifier"
            ),
            VerifyError::OtherApp => f.write_str(
                "the delivery has no `appId`, or that of another app than those of the verifier's `app_id`: compare it with the part of the client id before the first `-`",
            ),
            VerifyError::MissingTimestamp => f.write_str(
                "the body has no timestamp, which the maximum age requires: accept such deliveries with a verifier without `max_age`",
            ),
            VerifyError::OutsideMaxAge => f.write_str(
                "the timestamp of the delivery is older than the maximum age, or in the future: retries and resent deliveries keep their first timestamp",
            ),
        }
    }
}

impl std::error::Error for VerifyError {}

/// The error of a public key that a verifier cannot use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is neither PEM nor base64.
    Encoding,
    /// The text is no Ed25519 key (SubjectPublicKeyInfo).
    NotEd25519,
    /// The text is no RSA key of 4096 bits with the exponent 65537 (SubjectPublicKeyInfo).
    NotRsa4096,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyError::Encoding => {
                "the public key is neither PEM nor base64: copy it with all its lines"
            }
            KeyError::NotEd25519 => {
                "the public key is no Ed25519 key: pass the key that belongs to X-GHL-Signature"
            }
            KeyError::NotRsa4096 => {
                "the public key is no RSA key of 4096 bits: pass the key that belongs to X-WH-Signature"
            }
        })
    }
}

impl std::error::Error for KeyError {}
