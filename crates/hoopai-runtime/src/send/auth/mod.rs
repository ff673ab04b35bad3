//! What calls prove themselves with: a private integration token, tokens of the application's own, or those of a token provider.
//!
//! A private token is a text, and a [`TokenSource`] gives one. An [`TokenProvider`] has the tokens of many accounts: it is what
//! [`Handle::as_location`](crate::Handle::as_location) asks. The one for OAuth apps is in the crate `hoopai-auth`, so that who
//! calls with a private token compiles nothing of it.

mod credentials;
mod endpoint;
mod header;
mod resource;
mod source;
mod token_provider;

#[cfg(test)]
mod tests;

pub use endpoint::{
    LOCATION_TOKEN_PATH, TOKEN_PATH, TokenEndpoint, TokenEndpointError, TokenEndpointReply,
};
pub use header::BearerToken;
pub use resource::{AccountId, UserType};
pub use source::{SourceError, TokenSource};
pub use token_provider::{AccountTokens, ProviderContext, TokenProvider, TokenProviderBuilder};

pub(crate) use credentials::Credentials;
