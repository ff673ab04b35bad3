//! What a store keeps for one account of an app.
//!
//! This folder depends on `util` and `store_error` only.

mod json;
mod key;
mod token_set;
mod undecoded_reply;

use std::time::SystemTime;

pub use key::TokenKey;
pub use token_set::TokenSet;
pub(crate) use token_set::{DEFAULT_LIFETIME, MAX_LIFETIME};
pub use undecoded_reply::UndecodedReply;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::util::hex::hex;

/// What a store keeps for one account of an app.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Record {
    /// The tokens.
    pub tokens: TokenSet,
    /// Grows with each change. A store compares it and does not set it.
    pub revision: u64,
    /// A refresh that may have been sent and whose reply is not stored yet.
    pub pending: Option<PendingRefresh>,
    /// When the platform rejected the refresh token for good. The access token can be valid until
    /// it expires.
    pub rejected_at: Option<SystemTime>,
    /// Replies of the token endpoint without readable tokens, received since the tokens above were
    /// stored.
    pub undecoded_replies: Vec<UndecodedReply>,
}

/// A refresh that is stored before its request is sent.
///
/// If the process ends before the reply is stored, the next process reads here that the refresh
/// token may be spent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PendingRefresh {
    /// When it was stored.
    pub since: SystemTime,
    /// The refresh token that it spends.
    pub fingerprint: Fingerprint,
    /// Attempt number for this token, starting at 1.
    pub attempt: u32,
    /// Whether a 2xx reply without tokens arrived: the refresh token is very likely spent.
    pub answered: bool,
}

/// Identifies a refresh token without holding it.
#[derive(Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Returns the fingerprint of a token.
    pub fn of(token: &SecretString) -> Self {
        let digest = Sha256::digest(token.expose_secret().as_bytes());
        Fingerprint(hex(&digest[..16]))
    }
}

/// Hides the value: it shows which records hold the same token.
impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hidden]")
    }
}

impl Record {
    /// A record of tokens without a pending refresh.
    pub fn new(tokens: TokenSet, revision: u64) -> Self {
        Record {
            tokens,
            revision,
            pending: None,
            rejected_at: None,
            undecoded_replies: Vec::new(),
        }
    }

    pub(crate) fn refresh_fingerprint(&self) -> Option<Fingerprint> {
        self.tokens.refresh_token.as_ref().map(Fingerprint::of)
    }
}
