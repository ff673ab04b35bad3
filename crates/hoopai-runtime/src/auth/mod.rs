//! What calls prove themselves with: a private integration token, tokens of the application's own, or OAuth.
//!
//! With OAuth, an [`OAuthApp`] sends users to a page where they choose an account ([`Resource`]) and come back with a code; the code is
//! exchanged for a [`TokenSet`], which is kept in a [`TokenStore`]. From there on tokens are renewed as they are needed.
//!
//! Refresh tokens are good for one use, and one that is lost means that a user must install the app again. Hence the order of a
//! refresh: the exclusive right to it is taken (a [`Lease`]), what is to be sent is noted in the store ([`Pending`]), the request goes out
//! once, the reply is stored, and only then is the new token used. A process that ends at any point of this leaves a store from which
//! the next one goes on.

mod app;
pub(crate) mod classify;
mod credentials;
pub(crate) mod endpoint;
pub(crate) mod header;
pub(crate) mod manager;
mod record;
mod resource;
mod source;
mod store;
mod tokens;

#[cfg(test)]
mod tests;

pub use app::{AuthorizeUrl, OAuthApp, states_match};
pub use manager::Installation;
pub use record::{Fingerprint, Pending, Record};
pub use resource::{Resource, TokenKey, UserType};
pub use source::{SourceError, TokenSource};
pub use store::{
    FileStore, Lease, LeaseGuard, MemoryStore, StoreError, StoreFault, Swap, TokenStore,
};
pub use tokens::TokenSet;

pub(crate) use credentials::Credentials;

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
