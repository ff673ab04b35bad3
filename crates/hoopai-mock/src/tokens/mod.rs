//! Tokens, apps and installations, and the authorization of requests.
//!
//! Depends on `account`, `interface` and the parsed requests of `check`; it does not depend on the
//! OAuth endpoints, which issue tokens with it, nor on stored items.

mod authorize;
mod claims;
mod installation;
mod refreshes;
mod settings;
mod snapshot;
mod store;

pub(crate) use authorize::authorize;
pub(crate) use claims::Claims;
pub use claims::TokenSpec;
pub use installation::Installation;
pub use refreshes::Refreshes;
pub(crate) use settings::{App, TokenSettings};
pub(crate) use store::{IssueError, IssuedTokens, TokenStore};
