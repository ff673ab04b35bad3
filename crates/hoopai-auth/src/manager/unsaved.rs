//! New tokens on their way into the store.

use tokio::sync::watch;

use super::lease::ActiveLease;
use crate::record::{Fingerprint, TokenSet};

/// Which record new tokens may replace if the stored one has another revision than expected.
#[derive(Clone)]
pub(super) enum OverwriteRule {
    /// Any record: the tokens come from a new authorization.
    Always,
    /// A record with this refresh token: it was exchanged for the new tokens, so it is spent.
    SameRefreshToken(Fingerprint),
    /// No record.
    Never,
}

/// Tokens to store.
pub(super) struct NewTokens {
    pub(super) tokens: TokenSet,
    /// The expected revision of the stored record.
    pub(super) expected: Option<u64>,
    pub(super) overwrite: OverwriteRule,
}

/// Tokens that could not be stored yet.
pub(crate) struct Unsaved {
    pub(super) new: NewTokens,
    /// Keeps other processes from spending the old refresh token. If it expires first, the record
    /// that is stored by then is replaced by the rule above.
    pub(super) lease: Option<ActiveLease>,
    /// Is dropped when the tokens are stored.
    pub(super) stored: watch::Sender<()>,
}
