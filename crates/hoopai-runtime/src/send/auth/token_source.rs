//! Tokens from the application itself.

use secrecy::SecretString;

use crate::time::BoxFuture;

/// What a [`TokenSource`] fails with.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// Gives tokens from wherever the application has them: another service, a vault, a database of its own. What it takes to keep
/// them fresh is then the application's business.
pub trait TokenSource: Send + Sync + 'static {
    /// The token for a call. It is asked for with every call, so it should come from memory.
    fn token(&self) -> BoxFuture<'_, Result<SecretString, SourceError>>;

    /// The platform refused this token as it refuses expired ones. A new one in its place is used to send the call once more;
    /// `None`, which is the default, leaves the call refused.
    ///
    /// Of several calls that were refused with the same token, one asks; the others get its answer.
    fn token_rejected<'a>(
        &'a self,
        rejected: &'a SecretString,
    ) -> BoxFuture<'a, Result<Option<SecretString>, SourceError>> {
        let _ = rejected;
        Box::pin(async { Ok(None) })
    }
}
