//! What calls prove themselves with: a private integration token, tokens of the application's own, or those of an authority.
//!
//! A private token is a text, and a [`TokenSource`] gives one. An [`Authority`] has the tokens of many accounts: it is what
//! [`Handle::as_location`](crate::Handle::as_location) asks. The one for OAuth apps is in the crate `hoopai-auth`, so that who
//! calls with a private token compiles nothing of it.

mod authority;
mod credentials;
mod endpoint;
mod header;
mod resource;
mod source;

#[cfg(test)]
mod tests;

pub use authority::{Account, Authority, OpenAuthority, Wiring};
pub use endpoint::{EndpointFault, EndpointReply, LOCATION_TOKEN_PATH, TOKEN_PATH, TokenEndpoint};
pub use header::Grant;
pub use resource::{Resource, UserType};
pub use source::{SourceError, TokenSource};

pub(crate) use credentials::Credentials;
