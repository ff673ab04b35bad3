//! Credentials of calls: a private integration token, a token source of the application, or a token
//! provider.
//!
//! A [`TokenSource`] returns one token. A [`TokenProvider`] has the tokens of many accounts, which
//! [`Handle::as_location`](crate::Handle::as_location) selects. The token provider for OAuth apps
//! is in the crate `hoopai-auth`, so that private integrations do not compile it.

mod account;
mod bearer_token;
mod credentials;
mod endpoint;
mod token_provider;
mod token_source;

#[cfg(test)]
mod tests;

pub use account::{AccountId, UserType};
pub use bearer_token::BearerToken;
pub use endpoint::{
    LOCATION_TOKEN_PATH, TOKEN_PATH, TokenEndpoint, TokenEndpointError, TokenEndpointReply,
};
pub use token_provider::{AccountTokens, ProviderContext, TokenProvider, TokenProviderBuilder};
pub use token_source::{SourceError, TokenSource};

pub(crate) use credentials::Credentials;
