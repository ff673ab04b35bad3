//! OAuth apps of the HoopAI Platform: tokens of their accounts, kept in a store and renewed ahead of their end.
//!
//! An [`OAuthApp`] sends users to a page where they choose an account ([`AccountId`]) and come back with a code; the code is
//! exchanged for a [`TokenSet`], which is kept in a [`TokenStore`]. From there on tokens are renewed as they are needed.
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
//! let to = tokens.authorize_url(["contacts.readonly"])?;
//! // Send the user to `to.url`; with the code that comes back:
//! let installation = tokens.exchange_code(code).await?;
//! let location = handle.as_location(installation.resource.id());
//! # Ok(())
//! # }
//! ```
//!
//! Refresh tokens are good for one use, and one that is lost means that a user must install the app again. Hence the order of a
//! refresh: the exclusive right to it is taken (a [`Lease`]), what is to be sent is noted in the store ([`Pending`]), the request goes out
//! once, the reply is stored, and only then is the new token used. A process that ends at any point of this leaves a store from which
//! the next one goes on.

mod app;
mod classify;
mod json;
mod key;
mod manager;
mod oauth;
mod record;
mod reply;
mod store;
mod tokens;
mod unread;

#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use app::{AuthorizeUrl, OAuthApp, states_match};
pub use hoopai_runtime::auth::{AccountId, UserType};
pub use key::TokenKey;
pub use manager::{Installation, TokenManager};
pub use oauth::OAuth;
pub use record::{Fingerprint, Pending, Record};
pub use store::{
    FileStore, Lease, LeaseGuard, MemoryStore, StoreError, StoreErrorKind, Swap, TokenStore,
};
pub use tokens::TokenSet;
pub use unread::UnreadReply;

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A lock that a panic elsewhere cannot take away: what it guards is whole at every moment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
