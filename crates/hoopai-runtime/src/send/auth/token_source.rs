//! The interface of token sources.

use secrecy::SecretString;

use crate::time::BoxFuture;

/// The error of a [`TokenSource`].
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// Returns tokens from the application: from another service, a vault or a database. The
/// application has to keep them fresh.
pub trait TokenSource: Send + Sync + 'static {
    /// Returns the token of a call. It is called for every call, so the token should be in memory.
    fn token(&self) -> BoxFuture<'_, Result<SecretString, SourceError>>;

    /// Returns a replacement for a token that the platform rejected as expired. With a replacement
    /// the call is sent once more; with `None`, which is the default, it fails.
    ///
    /// If several calls are rejected with the same token, it is called once, and all of them use
    /// the result.
    fn token_rejected<'a>(
        &'a self,
        rejected: &'a SecretString,
    ) -> BoxFuture<'a, Result<Option<SecretString>, SourceError>> {
        let _ = rejected;
        Box::pin(async { Ok(None) })
    }
}
