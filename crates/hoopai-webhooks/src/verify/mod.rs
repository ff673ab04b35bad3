//! Verification of signatures.
//!
//! Depends on `ids` and `events` only.

mod error;
mod key;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::ParsedPublicKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hoopai_runtime::time::{Clock, SystemClock};
use http::HeaderMap;

pub use error::{KeyError, VerifyError};

use crate::events::{Event, ParseError};
use crate::ids::{DeliveryIds, events_of_list};

/// The header of the current signature: Ed25519 over the body.
pub const SIGNATURE_HEADER: &str = "x-ghl-signature";
/// The header of the legacy signature: RSA-SHA256 over the body. The platform announced its end for
/// September 2026.
pub const LEGACY_SIGNATURE_HEADER: &str = "x-wh-signature";

const ED25519_LENGTH: usize = 64;
#[cfg(feature = "rsa")]
const RSA_LENGTH: usize = 512;

/// How far a `timestamp` may be in the future if there is a maximum age.
const CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);

/// Verifies that deliveries come from the platform and were not changed.
///
/// The signature is over the bytes of the body: pass them as they were received. Two headers can
/// hold one:
///
/// - `X-GHL-Signature` (Ed25519) decides if it is present.
/// - `X-WH-Signature` (RSA-SHA256) is the legacy signature. It counts only if the other header is
///   absent and `VerifierBuilder::accept_legacy` is set, which requires the
///   feature `rsa`.
///
/// An empty value and `N/A` count as absent. Everything else that is not exactly one valid
/// signature is an error.
///
/// The platform signs the deliveries of all apps with the same key. Set
/// [`app_id`](VerifierBuilder::app_id), so that deliveries of other apps are rejected.
///
/// ```
/// use hoopai_webhooks::Verifier;
/// use http::HeaderMap;
///
/// let verifier = Verifier::new();
/// let error = verifier.verify(&HeaderMap::new(), b"{}").unwrap_err();
/// assert!(error.to_string().starts_with("the request has no signature"));
/// ```
#[derive(Clone)]
pub struct Verifier(Arc<VerifierBuilder>);

impl Verifier {
    /// Creates a verifier with the platform's published keys, for deliveries of all apps.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Returns a builder with the platform's published keys.
    pub fn builder() -> VerifierBuilder {
        VerifierBuilder::new().published_keys()
    }

    /// Returns a builder without keys, such as for tests with a key of their own.
    pub fn builder_without_keys() -> VerifierBuilder {
        VerifierBuilder::new()
    }

    /// Verifies a delivery.
    ///
    /// # Errors
    /// The delivery has no valid signature, or is rejected by a setting of the builder.
    pub fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<Verified, VerifyError> {
        let scheme = self.check(headers, body)?;
        Ok(Verified {
            body: Bytes::copy_from_slice(body),
            scheme,
        })
    }

    /// Verifies a delivery without copying its body.
    ///
    /// # Errors
    /// As [`verify`](Verifier::verify).
    pub fn verify_bytes(&self, headers: &HeaderMap, body: Bytes) -> Result<Verified, VerifyError> {
        let scheme = self.check(headers, &body)?;
        Ok(Verified { body, scheme })
    }

    fn check(&self, headers: &HeaderMap, body: &[u8]) -> Result<SignatureScheme, VerifyError> {
        let scheme = self.check_signature(headers, body)?;
        self.check_ids(body)?;
        Ok(scheme)
    }

    fn check_signature(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<SignatureScheme, VerifyError> {
        // Both are read first, so that a duplicate is an error even where it would not count.
        let current = signature_text(headers, SIGNATURE_HEADER)?;
        let legacy = signature_text(headers, LEGACY_SIGNATURE_HEADER)?;
        if let Some(text) = current {
            let signature = decode::<ED25519_LENGTH>(text, SIGNATURE_HEADER)?;
            matches_any(&self.0.ed25519_keys, body, &signature, SIGNATURE_HEADER)?;
            return Ok(SignatureScheme::Ed25519);
        }
        let Some(text) = legacy else {
            return Err(VerifyError::MissingSignature);
        };
        self.check_legacy(text, body)
    }

    #[cfg(feature = "rsa")]
    fn check_legacy(&self, text: &[u8], body: &[u8]) -> Result<SignatureScheme, VerifyError> {
        if !self.0.accept_legacy {
            return Err(VerifyError::LegacySignature);
        }
        let signature = decode::<RSA_LENGTH>(text, LEGACY_SIGNATURE_HEADER)?;
        matches_any(&self.0.rsa_keys, body, &signature, LEGACY_SIGNATURE_HEADER)?;
        Ok(SignatureScheme::Rsa)
    }

    #[cfg(not(feature = "rsa"))]
    fn check_legacy(&self, _text: &[u8], _body: &[u8]) -> Result<SignatureScheme, VerifyError> {
        Err(VerifyError::LegacySignature)
    }

    fn check_ids(&self, body: &[u8]) -> Result<(), VerifyError> {
        let VerifierBuilder {
            app_ids,
            max_age,
            clock,
            ..
        } = &*self.0;
        if app_ids.is_empty() && max_age.is_none() {
            return Ok(());
        }
        let all_ids = match events_of_list(body) {
            None => vec![DeliveryIds::of(body)],
            Some(events) => events.iter().map(|event| DeliveryIds::of(event)).collect(),
        };
        if !app_ids.is_empty() {
            let is_own = |ids: &DeliveryIds| {
                let id = ids.app_id.as_ref();
                id.is_some_and(|id| app_ids.contains(id))
            };
            if !all_ids.iter().all(is_own) {
                return Err(VerifyError::OtherApp);
            }
        }
        let Some(max_age) = max_age else {
            return Ok(());
        };
        for ids in all_ids {
            let timestamp = ids.timestamp.ok_or(VerifyError::MissingTimestamp)?;
            let sent = timestamp.to_system_time();
            let is_within = match clock.system_time().duration_since(sent) {
                Ok(age) => age <= *max_age,
                Err(ahead) => ahead.duration() <= CLOCK_SKEW,
            };
            if !is_within {
                return Err(VerifyError::OutsideMaxAge);
            }
        }
        Ok(())
    }
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows the number of keys and the settings.
impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Builds a [`Verifier`].
#[must_use = "call `build` to create the verifier"]
pub struct VerifierBuilder {
    ed25519_keys: Vec<ParsedPublicKey>,
    #[cfg(feature = "rsa")]
    rsa_keys: Vec<ParsedPublicKey>,
    #[cfg(feature = "rsa")]
    accept_legacy: bool,
    app_ids: Vec<String>,
    max_age: Option<Duration>,
    clock: Arc<dyn Clock>,
}

impl VerifierBuilder {
    fn new() -> Self {
        VerifierBuilder {
            ed25519_keys: Vec::new(),
            #[cfg(feature = "rsa")]
            rsa_keys: Vec::new(),
            #[cfg(feature = "rsa")]
            accept_legacy: false,
            app_ids: Vec::new(),
            max_age: None,
            clock: Arc::new(SystemClock),
        }
    }

    fn published_keys(mut self) -> Self {
        // A test checks that the constants parse.
        self.ed25519_keys
            .extend(key::parse_ed25519(key::PUBLISHED_ED25519));
        #[cfg(feature = "rsa")]
        self.rsa_keys.extend(key::parse_rsa(key::PUBLISHED_RSA));
        self
    }

    /// Adds a key of `X-GHL-Signature`, as PEM or as the base64 of its DER.
    ///
    /// Signatures of all keys are accepted. Add a new key before the platform starts to use it.
    ///
    /// # Errors
    /// The text is no Ed25519 key.
    pub fn ed25519_key(mut self, key: &str) -> Result<Self, KeyError> {
        self.ed25519_keys.push(key::parse_ed25519(key)?);
        Ok(self)
    }

    /// Adds a key of `X-WH-Signature`, as PEM or as the base64 of its DER.
    ///
    /// # Errors
    /// The text is no RSA key of 4096 bits.
    #[cfg(feature = "rsa")]
    pub fn rsa_key(mut self, key: &str) -> Result<Self, KeyError> {
        self.rsa_keys.push(key::parse_rsa(key)?);
        Ok(self)
    }

    /// Sets whether the legacy signature in `X-WH-Signature` is accepted from requests without
    /// `X-GHL-Signature`. The default is `false`.
    #[cfg(feature = "rsa")]
    pub fn accept_legacy(mut self, accept: bool) -> Self {
        self.accept_legacy = accept;
        self
    }

    /// Accepts only deliveries for this app, by its `appId`. Call it several times for several apps.
    ///
    /// All apps have the same signing key, and any app can name any URL. Without this setting,
    /// deliveries of other apps are valid. A numeric `appId` counts as its text. In a list of
    /// several events, each must be for the app.
    pub fn app_id(mut self, id: impl Into<String>) -> Self {
        self.app_ids.push(id.into());
        self
    }

    /// Rejects deliveries that were first sent longer ago. By default there is no limit.
    ///
    /// Retries and resent deliveries keep the timestamp of the first attempt, and the platform
    /// retries for hours. So a short limit loses deliveries; a
    /// [`ReplayGuard`](crate::ReplayGuard) rejects repeated ones without a limit.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Sets the clock that the maximum age is compared with.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Creates the verifier.
    pub fn build(self) -> Verifier {
        Verifier(Arc::new(self))
    }
}

/// Shows the number of keys and the settings.
impl fmt::Debug for VerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Verifier");
        shown.field("ed25519_keys", &self.ed25519_keys.len());
        #[cfg(feature = "rsa")]
        shown
            .field("rsa_keys", &self.rsa_keys.len())
            .field("accept_legacy", &self.accept_legacy);
        shown
            .field("app_ids", &self.app_ids.len())
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

/// The kind of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureScheme {
    /// Ed25519, from `X-GHL-Signature`.
    Ed25519,
    /// RSA with PKCS #1 v1.5 and SHA-256, from `X-WH-Signature`.
    Rsa,
}

/// A delivery whose signature is valid. Clones share the body.
#[derive(Clone)]
pub struct Verified {
    body: Bytes,
    scheme: SignatureScheme,
}

impl Verified {
    /// The body, as it was signed. Where a delivery of several events was divided, the part of this
    /// event.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The kind of the signature.
    pub fn scheme(&self) -> SignatureScheme {
        self.scheme
    }

    /// Decodes the event. A list of several events is one [`Event::Unknown`]; see
    /// [`events`](Verified::events).
    ///
    /// # Errors
    /// The body is not JSON.
    pub fn event(&self) -> Result<Event, ParseError> {
        Event::parse(&self.body)
    }

    /// Decodes the events: each object of a list of several, or else the one event of the body.
    ///
    /// The platform is not known to deliver several events at once, but its documentation shows the
    /// body of one event as a list.
    ///
    /// # Errors
    /// The body is not JSON.
    pub fn events(&self) -> Result<Vec<Event>, ParseError> {
        let parts = self.clone().divide();
        parts.iter().map(Verified::event).collect()
    }

    /// Divides a list of several events. Each part has the text of one event.
    pub(crate) fn divide(self) -> Vec<Verified> {
        let Some(events) = events_of_list(&self.body) else {
            return vec![self];
        };
        let part = |event| Verified {
            body: match event {
                Cow::Borrowed(text) => self.body.slice_ref(text),
                Cow::Owned(text) => text.into(),
            },
            scheme: self.scheme,
        };
        events.into_iter().map(part).collect()
    }
}

/// Shows the length of the body.
impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("scheme", &self.scheme)
            .field("body_length", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Returns the value of a signature header, or `None` if it is absent, empty or `N/A`.
fn signature_text<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> Result<Option<&'a [u8]>, VerifyError> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(VerifyError::DuplicateHeader(name));
    }
    let text = first.map(|value| value.as_bytes().trim_ascii());
    Ok(text.filter(|text| !text.is_empty() && !text.eq_ignore_ascii_case(b"n/a")))
}

/// Decodes a signature of exactly this many bytes.
fn decode<const LENGTH: usize>(
    text: &[u8],
    name: &'static str,
) -> Result<[u8; LENGTH], VerifyError> {
    let malformed = VerifyError::MalformedSignature(name);
    if text.len() != LENGTH.div_ceil(3) * 4 {
        return Err(malformed);
    }
    let bytes = STANDARD.decode(text).map_err(|_| malformed)?;
    bytes.try_into().map_err(|_| malformed)
}

fn matches_any(
    keys: &[ParsedPublicKey],
    body: &[u8],
    signature: &[u8],
    name: &'static str,
) -> Result<(), VerifyError> {
    let is_valid = keys
        .iter()
        .any(|key| key.verify_sig(body, signature).is_ok());
    is_valid
        .then_some(())
        .ok_or(VerifyError::InvalidSignature(name))
}
