//! The credentials of a handle.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::{AccountId, AccountTokens, BearerToken, TokenProvider, TokenSource};
use crate::Error;
use crate::error::AuthErrorKind;

/// The source of the token of a call.
#[derive(Clone)]
pub(crate) enum Credentials {
    /// A private integration token, which never changes.
    PrivateToken(BearerToken),
    /// A token source of the application.
    Source(Arc<SourceCredentials>),
    /// A token provider, for one account.
    Account(Arc<dyn AccountTokens>),
    /// A token provider, before an account is selected.
    NoAccount(Arc<dyn TokenProvider>),
}

/// A token source, and the last replacement of a rejected token.
pub(crate) struct SourceCredentials {
    source: Box<dyn TokenSource>,
    /// The last token that was rejected, and its replacement.
    last_replacement: tokio::sync::Mutex<Option<(BearerToken, BearerToken)>>,
}

impl Credentials {
    /// Accepts a token with surrounding spaces or with its scheme.
    pub(crate) fn private_token(token: Option<&SecretString>) -> Result<Self, Error> {
        let text = match token {
            Some(token) => token.expose_secret().trim(),
            None => "",
        };
        let text = match text.strip_prefix("Bearer") {
            Some(rest) if rest.is_empty() || rest.starts_with(char::is_whitespace) => rest.trim(),
            _ => text,
        };
        if text.is_empty() {
            return Err(Error::config(
                "no token is set: create a private integration in the account (Settings > Integrations) and pass its token to `private_token`",
            ));
        }
        match BearerToken::new(&SecretString::from(text)) {
            Some(token) => Ok(Credentials::PrivateToken(token)),
            None => Err(Error::config(
                "the token cannot be sent: it contains spaces or non-ASCII characters, which no token does; copy it again",
            )),
        }
    }

    /// Creates credentials of a token source.
    pub(crate) fn source(source: Box<dyn TokenSource>) -> Self {
        Credentials::Source(Arc::new(SourceCredentials {
            source,
            last_replacement: tokio::sync::Mutex::default(),
        }))
    }

    /// The credentials for another account, of the same token provider. A location that is selected
    /// from an agency gets its tokens through that agency, if it has none of its own. Other
    /// credentials stay the same.
    pub(crate) fn for_account(&self, account_id: AccountId) -> Self {
        match self {
            Credentials::Account(account) => Credentials::Account(account.for_account(account_id)),
            Credentials::NoAccount(token_provider) => {
                Credentials::Account(token_provider.account(account_id))
            }
            Credentials::PrivateToken(_) | Credentials::Source(_) => self.clone(),
        }
    }

    /// Returns the token of the next call. `None`: no account is selected.
    pub(crate) async fn bearer_token(&self) -> Result<Option<BearerToken>, Error> {
        match self {
            Credentials::PrivateToken(token) => Ok(Some(token.clone())),
            Credentials::Source(credentials) => match credentials.source.token().await {
                Ok(token) => checked(&token).map(Some),
                Err(error) => Err(source_error(error)),
            },
            Credentials::Account(account) => account.authorization().await.map(Some),
            Credentials::NoAccount(_) => Ok(None),
        }
    }

    /// Returns a newer token than one that was rejected as
    /// [expired](crate::error::ApiErrorKind::ExpiredToken). `None`: there is none. It is called at
    /// most once for each call, which is then sent a last time.
    pub(crate) async fn replacement(
        &self,
        rejected: &BearerToken,
    ) -> Result<Option<BearerToken>, Error> {
        match self {
            Credentials::Source(credentials) => credentials.token_rejected(rejected).await,
            Credentials::Account(account) => account.token_rejected(rejected).await,
            Credentials::PrivateToken(_) | Credentials::NoAccount(_) => Ok(None),
        }
    }

    /// The error of a call for which no account is selected.
    pub(crate) fn no_account() -> Error {
        Error::auth(
            AuthErrorKind::NoAccount,
            "no account is selected: select one with `as_location` or `as_company`",
        )
    }
}

impl SourceCredentials {
    async fn token_rejected(&self, rejected: &BearerToken) -> Result<Option<BearerToken>, Error> {
        let mut replaced = self.last_replacement.lock().await;
        if let Some((old, new)) = &*replaced
            && old == rejected
        {
            return Ok(Some(new.clone()));
        }
        let new = match self.source.token_rejected(&rejected.token()).await {
            Ok(Some(token)) => checked(&token)?,
            Ok(None) => return Ok(None),
            Err(error) => return Err(source_error(error)),
        };
        *replaced = Some((rejected.clone(), new.clone()));
        Ok(Some(new))
    }
}

fn source_error(source: super::SourceError) -> Error {
    Error::auth(
        AuthErrorKind::Unavailable,
        "the token source returned no token; its error is the source of this error",
    )
    .caused_by(source)
}

fn checked(token: &SecretString) -> Result<BearerToken, Error> {
    BearerToken::new(token).ok_or_else(|| {
        Error::auth(
            AuthErrorKind::Refused,
            "the token source returned a token that cannot be sent: it is empty, or contains spaces or non-ASCII characters",
        )
    })
}
