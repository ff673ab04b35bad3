//! Where the token of a call comes from.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::{AccountId, AccountTokens, BearerToken, TokenProvider, TokenSource};
use crate::Error;
use crate::error::AuthErrorKind;

/// Where the token of a call comes from.
#[derive(Clone)]
pub(crate) enum Credentials {
    /// A private integration token, which never changes.
    PrivateToken(BearerToken),
    /// The application's own.
    Source(Arc<SourceCredentials>),
    /// A token provider's, for one account.
    Account(Arc<dyn AccountTokens>),
    /// A token provider's, before an account is chosen.
    NoAccount(Arc<dyn TokenProvider>),
}

/// An application's source, and what became of the token that it was last told of.
pub(crate) struct SourceCredentials {
    source: Box<dyn TokenSource>,
    /// The token that was refused last, and the one that came in its place.
    last_replacement: tokio::sync::Mutex<Option<(BearerToken, BearerToken)>>,
}

impl Credentials {
    /// Takes a token as people paste it: with blanks around it, or with the scheme in front.
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

    /// Tokens of the application's own.
    pub(crate) fn source(source: Box<dyn TokenSource>) -> Self {
        Credentials::Source(Arc::new(SourceCredentials {
            source,
            last_replacement: tokio::sync::Mutex::default(),
        }))
    }

    /// The same token provider's tokens for another account. A location that is chosen from an agency gets its tokens through that
    /// agency, if it has none of its own. A token that is of no token provider stays what it is.
    pub(crate) fn for_account(&self, account_id: AccountId) -> Self {
        match self {
            Credentials::Account(account) => Credentials::Account(account.for_account(account_id)),
            Credentials::NoAccount(token_provider) => {
                Credentials::Account(token_provider.account(account_id))
            }
            Credentials::PrivateToken(_) | Credentials::Source(_) => self.clone(),
        }
    }

    /// What the next call is authorised with; `None`: there is no account yet.
    ///
    /// Or, in place of what was `refused` as [expired](crate::error::ApiErrorKind::ExpiredToken), something newer; `None`: there is
    /// nothing. That is to be asked once a call: with what comes back, the call is sent a last time.
    pub(crate) async fn bearer_token(
        &self,
        rejected: Option<&BearerToken>,
    ) -> Result<Option<BearerToken>, Error> {
        match (self, rejected) {
            (Credentials::PrivateToken(token), None) => Ok(Some(token.clone())),
            (Credentials::Source(credentials), None) => match credentials.source.token().await {
                Ok(token) => checked(&token).map(Some),
                Err(error) => Err(source_error(error)),
            },
            (Credentials::Source(credentials), Some(rejected)) => {
                credentials.token_rejected(rejected).await
            }
            (Credentials::Account(account), None) => account.authorization().await.map(Some),
            (Credentials::Account(account), Some(rejected)) => {
                account.token_rejected(rejected).await
            }
            (Credentials::PrivateToken(_), Some(_)) | (Credentials::NoAccount(_), _) => Ok(None),
        }
    }

    /// Why a call is not sent for which there is no account.
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
