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
    Source(Arc<OwnSource>),
    /// A token provider's, for one account.
    Account(Arc<dyn AccountTokens>),
    /// A token provider's, before an account is chosen.
    NoAccount(Arc<dyn TokenProvider>),
}

/// An application's source, and what became of the token that it was last told of.
pub(crate) struct OwnSource {
    source: Box<dyn TokenSource>,
    /// The token that was refused last, and the one that came in its place.
    replaced: tokio::sync::Mutex<Option<(BearerToken, BearerToken)>>,
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
                "no token is set: make a private integration in the account (Settings > Integrations) and give its token to `private_token`",
            ));
        }
        match BearerToken::new(&SecretString::from(text)) {
            Some(grant) => Ok(Credentials::PrivateToken(grant)),
            None => Err(Error::config(
                "the token cannot be sent: it holds blanks or characters beyond ASCII, as no token does; copy it again",
            )),
        }
    }

    /// Tokens of the application's own.
    pub(crate) fn source(source: Box<dyn TokenSource>) -> Self {
        Credentials::Source(Arc::new(OwnSource {
            source,
            replaced: tokio::sync::Mutex::default(),
        }))
    }

    /// The same token provider's tokens for another account. A location that is chosen from an agency gets its tokens through that
    /// agency, if it has none of its own. A token that is of no token provider stays what it is.
    pub(crate) fn acting_on(&self, resource: AccountId) -> Self {
        match self {
            Credentials::Account(account) => Credentials::Account(account.for_account(resource)),
            Credentials::NoAccount(token_provider) => {
                Credentials::Account(token_provider.account(resource))
            }
            Credentials::PrivateToken(_) | Credentials::Source(_) => self.clone(),
        }
    }

    /// What the next call is authorised with; `None`: there is no account yet.
    ///
    /// Or, in place of what was `refused` as [expired](crate::error::ApiErrorKind::ExpiredToken), something newer; `None`: there is
    /// nothing. That is to be asked once a call: with what comes back, the call is sent a last time.
    pub(crate) async fn grant(
        &self,
        refused: Option<&BearerToken>,
    ) -> Result<Option<BearerToken>, Error> {
        match (self, refused) {
            (Credentials::PrivateToken(grant), None) => Ok(Some(grant.clone())),
            (Credentials::Source(own), None) => match own.source.token().await {
                Ok(token) => grant_of(&token).map(Some),
                Err(fault) => Err(no_token(fault)),
            },
            (Credentials::Source(own), Some(refused)) => own.token_rejected(refused).await,
            (Credentials::Account(account), None) => account.authorization().await.map(Some),
            (Credentials::Account(account), Some(refused)) => account.token_rejected(refused).await,
            (Credentials::PrivateToken(_), Some(_)) | (Credentials::NoAccount(_), _) => Ok(None),
        }
    }

    /// Why a call is not sent for which there is no account.
    pub(crate) fn no_account() -> Error {
        Error::auth(
            AuthErrorKind::NoAccount,
            "the client acts on no account yet: choose one with `as_location` or `as_company`",
        )
    }
}

impl OwnSource {
    async fn token_rejected(&self, grant: &BearerToken) -> Result<Option<BearerToken>, Error> {
        let mut replaced = self.replaced.lock().await;
        if let Some((old, new)) = &*replaced
            && old == grant
        {
            return Ok(Some(new.clone()));
        }
        let new = match self.source.token_rejected(&grant.token()).await {
            Ok(Some(token)) => grant_of(&token)?,
            Ok(None) => return Ok(None),
            Err(fault) => return Err(no_token(fault)),
        };
        *replaced = Some((grant.clone(), new.clone()));
        Ok(Some(new))
    }
}

fn no_token(fault: super::SourceError) -> Error {
    Error::auth(
        AuthErrorKind::Unavailable,
        "the application's own source gave no token; what it failed with is the source of this error",
    )
    .caused_by(fault)
}

fn grant_of(token: &SecretString) -> Result<BearerToken, Error> {
    match BearerToken::new(token) {
        Some(grant) => Ok(grant),
        None => Err(Error::auth(
            AuthErrorKind::Refused,
            "the application's own source gave a token that cannot be sent: it is empty, or holds blanks or characters beyond ASCII",
        )),
    }
}
