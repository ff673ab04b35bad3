//! What calls prove themselves with: a private integration token, tokens of the application's own, or those of a token provider.
//!
//! A private token is a text, and a [`TokenSource`] gives one. An [`TokenProvider`] has the tokens of many accounts: it is what
//! [`Handle::as_location`](crate::Handle::as_location) asks. The one for OAuth apps is in the crate `hoopai-auth`, so that who
//! calls with a private token compiles nothing of it.

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
