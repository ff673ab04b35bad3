//! Signs deliveries in tests.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};

use crate::verify::{SIGNATURE_HEADER, Verifier, VerifierBuilder};

/// The seed of the default key, which is public and therefore only for tests.
const SEED: [u8; 32] = *b"hoopai-webhooks test signing key";

/// The start of the DER of each Ed25519 public key.
const ED25519_PREFIX: &[u8] = &[
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// Signs deliveries as the platform does, with a key pair of its own.
///
/// ```
/// use hoopai_webhooks::testing::Signer;
///
/// let signer = Signer::new();
/// let verifier = signer.verifier().build();
/// let body = br#"{"type":"ContactCreate","locationId":"ve9EPM428h8vShlRW1KT"}"#;
/// let verified = verifier.verify(&signer.sign(body), body)?;
/// assert_eq!(verified.body(), &body[..]);
/// # Ok::<(), hoopai_webhooks::VerifyError>(())
/// ```
#[derive(Clone)]
pub struct Signer {
    ed25519: Arc<Ed25519KeyPair>,
    #[cfg(feature = "rsa")]
    rsa: Option<Arc<aws_lc_rs::signature::RsaKeyPair>>,
}

impl Signer {
    /// Creates a signer with the key pair of this crate, which is the same in each process.
    pub fn new() -> Self {
        Self::with_seed(SEED)
    }

    /// Creates a signer with another key pair: that of a seed.
    ///
    /// # Panics
    /// The key pair cannot be created, which no seed causes.
    pub fn with_seed(seed: [u8; 32]) -> Self {
        let ed25519 = Ed25519KeyPair::from_seed_unchecked(&seed).expect("a key pair of a seed");
        Signer {
            ed25519: Arc::new(ed25519),
            #[cfg(feature = "rsa")]
            rsa: None,
        }
    }

    /// Adds a new RSA key pair, for legacy signatures. This takes about a second.
    ///
    /// # Panics
    /// The system has no random numbers.
    #[cfg(feature = "rsa")]
    #[must_use]
    pub fn with_rsa_key(mut self) -> Self {
        use aws_lc_rs::rsa::{KeyPair, KeySize};

        let pair = KeyPair::generate(KeySize::Rsa4096).expect("an RSA key pair");
        self.rsa = Some(Arc::new(pair));
        self
    }

    /// Returns the public key as the base64 of its DER, for
    /// [`VerifierBuilder::ed25519_key`](crate::VerifierBuilder::ed25519_key).
    pub fn public_key(&self) -> String {
        STANDARD.encode([ED25519_PREFIX, self.ed25519.public_key().as_ref()].concat())
    }

    /// Returns the public RSA key as the base64 of its DER, or `None` without an RSA key pair.
    #[cfg(feature = "rsa")]
    pub fn rsa_public_key(&self) -> Option<String> {
        use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};

        let der: PublicKeyX509Der<'_> = self.rsa.as_ref()?.public_key().as_der().ok()?;
        Some(STANDARD.encode(der.as_ref()))
    }

    /// Returns a builder of a verifier that accepts the signatures of this signer and no others.
    ///
    /// # Panics
    /// The keys of the signer cannot be read, which does not happen.
    pub fn verifier(&self) -> VerifierBuilder {
        let builder = Verifier::builder_without_keys().ed25519_key(&self.public_key());
        let builder = builder.expect("the key of a signer");
        #[cfg(feature = "rsa")]
        if let Some(key) = self.rsa_public_key() {
            return builder.rsa_key(&key).expect("the RSA key of a signer");
        }
        builder
    }

    /// Returns the value of `X-GHL-Signature` for a body.
    pub fn signature(&self, body: &[u8]) -> String {
        STANDARD.encode(self.ed25519.sign(body).as_ref())
    }

    /// Returns the value of `X-WH-Signature` for a body, or `None` without an RSA key pair.
    #[cfg(feature = "rsa")]
    pub fn rsa_signature(&self, body: &[u8]) -> Option<String> {
        use aws_lc_rs::rand::SystemRandom;
        use aws_lc_rs::signature::RSA_PKCS1_SHA256;

        let pair = self.rsa.as_ref()?;
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            body,
            &mut signature,
        )
        .ok()?;
        Some(STANDARD.encode(signature))
    }

    /// Returns the headers of a delivery with the current signature.
    ///
    /// # Panics
    /// Base64 is no header value, which does not happen.
    pub fn sign(&self, body: &[u8]) -> HeaderMap {
        let value = HeaderValue::try_from(self.signature(body)).expect("base64 is a header value");
        let mut headers = HeaderMap::new();
        headers.insert(
            http::header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        headers.insert(SIGNATURE_HEADER, value);
        headers
    }
}

impl Default for Signer {
    fn default() -> Self {
        Self::new()
    }
}

/// Hides the keys.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}
