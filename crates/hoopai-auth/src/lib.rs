//! OAuth apps of the HoopAI Platform: stores the tokens of their accounts and refreshes them before
//! they expire.
//!
//! An [`OAuthApp`] has a URL where users choose an account ([`AccountId`]). The platform then
//! redirects them with a code, which is exchanged for a [`TokenSet`]. A [`TokenStore`] keeps the
//! tokens, and they are refreshed when needed.
//!
//! ```no_run
//! use hoopai_auth::{FileStore, OAuth, OAuthApp, TokenManager};
//! use hoopai_runtime::Handle;
//!
//! # async fn run(code: String) -> Result<(), Box<dyn std::error::Error>> {
//! let app = OAuthApp::new("client id", "client secret", "https://example.com/oauth/callback");
//! let oauth = OAuth::new(app).token_store(FileStore::open("tokens")?);
//! let handle = Handle::builder().token_provider(oauth).build()?;
//!
//! let tokens = TokenManager::of(&handle)?;
//! let authorize = tokens.authorize_url(["contacts.readonly"])?;
//! // Redirect the user to `authorize.url`. With the code of the redirect back:
//! let installation = tokens.exchange_code(code).await?;
//! let location = handle.as_location(installation.account.id());
//! # Ok(())
//! # }
//! ```
//!
//! Refresh tokens are valid for one use. If one is lost, a user must install the app again. So a
//! refresh has this order: it takes the exclusive right to refresh (a [`Lease`]), stores what it is
//! about to send ([`PendingRefresh`]), sends the request once, stores the reply, and only then uses
//! the new token. If a process ends at any step, the next one can continue from the store.

mod app;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
#[cfg(any(test, feature = "shared-stores"))]
mod encryption;
mod manager;
mod oauth;
mod record;
mod store;
mod store_error;
#[cfg(any(test, feature = "shared-stores"))]
pub mod tls;
mod token_reply;
mod util;

#[cfg(test)]
mod tests;

pub use app::{AuthorizeUrl, OAuthApp, states_match};
#[cfg(any(test, feature = "shared-stores"))]
pub use encryption::EncryptionKeys;
pub use hoopai_runtime::auth::{AccountId, UserType};
/// For the macro [`shared_store`].
#[cfg(any(test, feature = "shared-stores"))]
#[doc(hidden)]
pub use hoopai_runtime::time::BoxFuture;
pub use manager::{
    Installation, RefreshScheduler, ScheduleSettings, ScheduleStatus, TokenManager, TokenMetrics,
};
pub use oauth::OAuth;
pub use record::{Fingerprint, PendingRefresh, Record, TokenKey, TokenSet, UndecodedReply};
pub use store::{
    CopiedRecords, FileStore, Lease, LeaseGuard, MemoryStore, Swap, TokenStore, copy_records,
};
#[cfg(any(test, feature = "shared-stores"))]
pub use store::{LeaseCommands, SharedStore, StoreServer, renewed_lease, within};
pub use store_error::{StoreError, StoreErrorKind};
