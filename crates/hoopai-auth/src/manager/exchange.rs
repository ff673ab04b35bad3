//! Tokens that come from outside: for a code, or taken over from elsewhere.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use hoopai_runtime::Error;
use hoopai_runtime::auth::{TOKEN_PATH, TokenEndpointError};
use hoopai_runtime::error::AuthErrorKind;
use hoopai_runtime::time::BoxFuture;
use secrecy::SecretString;

use super::TokenManager;
use super::fault::Fault;
use super::receive::unknown_account;
use super::save::{Over, Saved};
use crate::{AccountId, Swap, TokenSet, UserType, lock};

/// An app that was installed in an account: what the platform said of it, without the tokens, which are in the store.
#[derive(Clone)]
#[non_exhaustive]
pub struct Installation {
    /// The account.
    pub resource: AccountId,
    /// For whom the tokens are.
    pub user_type: UserType,
    /// The agency, or the one that the location belongs to.
    pub company_id: Option<String>,
    /// The user who installed the app.
    pub user_id: Option<String>,
    /// The locations for which an agency installed it, where the platform lists them.
    pub approved_locations: Vec<String>,
    /// What the tokens allow.
    pub scopes: Vec<String>,
    /// When the first access token expires. It is renewed before.
    pub expires_at: SystemTime,
}

/// Shows what was granted and hides the ids.
impl fmt::Debug for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installation")
            .field("resource", &self.resource)
            .field("approved_locations", &self.approved_locations.len())
            .field("scopes", &self.scopes)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Installation {
    fn of(resource: AccountId, tokens: &TokenSet) -> Self {
        Installation {
            user_type: resource.user_type(),
            resource,
            company_id: tokens.company_id.clone(),
            user_id: tokens.user_id.clone(),
            approved_locations: tokens.approved_locations.clone(),
            scopes: tokens.scopes.clone(),
            expires_at: tokens.expires_at,
        }
    }
}

impl TokenManager {
    /// Gets tokens for the code with which a user came back, and stores them. Handles that act on the account use them at once.
    ///
    /// It goes on to its end even if nobody waits for it any more: a code is good for one use too.
    ///
    /// # Errors
    /// The platform refuses the code, or the store fails.
    pub async fn exchange_code(
        &self,
        code: impl Into<SecretString>,
    ) -> Result<Installation, Error> {
        let (manager, code) = (self.clone(), code.into());
        finished(Box::pin(async move { manager.exchange(code).await })).await
    }

    /// Takes over tokens of an account that were got by other means, as from another client's store. They are in the store before this
    /// returns.
    ///
    /// # Errors
    /// The store fails.
    pub async fn install(
        &self,
        resource: AccountId,
        tokens: TokenSet,
    ) -> Result<Installation, Error> {
        let manager = self.clone();
        finished(Box::pin(async move {
            manager.install_as(resource, tokens).await
        }))
        .await
    }

    /// Removes the tokens of an account from the store, as when the app was uninstalled there.
    ///
    /// # Errors
    /// The store fails.
    pub async fn forget(&self, resource: AccountId) -> Result<(), Error> {
        let account = self.account_through(resource, None);
        let gone = async {
            // Whoever changes it meanwhile does so a few times and not for ever.
            for _ in 0..16 {
                let Some(record) = account.load(&account.slot.key).await? else {
                    return Ok(());
                };
                let store = &self.0.store;
                let swapped = store
                    .swap(&account.slot.key, Some(record.revision), None)
                    .await;
                if swapped.map_err(Fault::store)? == Swap::Done {
                    return Ok(());
                }
            }
            Err(Fault::new(
                AuthErrorKind::Store,
                "others change the stored tokens all the time: try again",
            ))
        };
        let gone: Result<(), Fault> = gone.await;
        account.slot.forget();
        *account.slot.unsaved.lock().await = None;
        gone.map_err(|fault| fault.to_error(None))
    }

    async fn exchange(&self, code: SecretString) -> Result<Installation, Fault> {
        let app = self.app();
        let mut form = vec![
            ("client_id", app.client_id().into()),
            ("client_secret", app.client_secret().clone()),
            ("grant_type", "authorization_code".into()),
            ("code", code),
            ("redirect_uri", app.redirect_uri().into()),
        ];
        if let Some(user_type) = app.wanted_user_type() {
            form.push(("user_type", user_type.as_str().into()));
        }
        let asked_at = self.clock().system_time();
        let reply = self.0.endpoint.post(TOKEN_PATH, form, None).await;
        let reply = reply.map_err(|fault| match fault {
            TokenEndpointError::NotSent(error) => Fault::not_sent(
                "the code could not be exchanged, and is still good for a short time",
                error,
            ),
            TokenEndpointError::Refused { status: 429, error } => Fault::of(
                AuthErrorKind::Unavailable,
                "the token endpoint was asked too often; the code is still good for a short time",
                error,
            ),
            TokenEndpointError::Unknown(error) => Fault::of(
                AuthErrorKind::Unavailable,
                "whether the code was exchanged is not known: should a second try fail, have the user choose the account again",
                error,
            ),
            TokenEndpointError::Refused { status, error } if status >= 500 => Fault::of(
                AuthErrorKind::Unavailable,
                "the token endpoint failed: should a second try fail, have the user choose the account again",
                error,
            ),
            TokenEndpointError::Refused { error, .. } => Fault::of(
                AuthErrorKind::Refused,
                "the platform gave no tokens for the code, which is good once and for a short time only: check client id, client secret and redirect URI, and have the user choose the account again",
                error,
            ),
        })?;
        let unknown = self.account_through(unknown_account(), None);
        let (resource, received) = unknown.receive_for_code(reply, asked_at).await?;
        let installation = self.install_as(resource.clone(), received.tokens).await?;
        let account = self.account_through(resource, None);
        account.keep_damaged(received.damaged).await;
        Ok(installation)
    }

    async fn install_as(
        &self,
        resource: AccountId,
        tokens: TokenSet,
    ) -> Result<Installation, Fault> {
        let installation = Installation::of(resource.clone(), &tokens);
        let account = self.account_through(resource, None);
        // What could not be stored before is older than this. Dropping it gives its lease back.
        *account.slot.unsaved.lock().await = None;
        let stored = account.load(&account.slot.key).await;
        let expected = stored.ok().flatten().map(|record| record.revision);
        match account
            .save(&mut None, tokens, expected, Over::Anything)
            .await?
        {
            Saved::Stored => Ok(installation),
            Saved::InMemory(error) => Err(Fault::unsaved(&error)),
            Saved::Superseded => Err(Fault::new(
                AuthErrorKind::Store,
                "the store gave the place of the new tokens to others: try again",
            )),
        }
    }
}

/// What work ends with, which goes on to its end even if nobody waits for it any more.
async fn finished(
    work: BoxFuture<'static, Result<Installation, Fault>>,
) -> Result<Installation, Error> {
    let outcome = Arc::new(Mutex::new(None));
    let place = outcome.clone();
    let work: BoxFuture<'static, ()> = Box::pin(async move {
        let done = work.await;
        *lock(&place) = Some(done);
    });
    let ended = tokio::spawn(work).await;
    let outcome = lock(&outcome).take();
    match (ended, outcome) {
        (Ok(()), Some(Ok(installation))) => Ok(installation),
        (Ok(()), Some(Err(fault))) => Err(fault.to_error(fault.retry_after())),
        _ => Err(Error::auth(
            AuthErrorKind::Unavailable,
            "the exchange was broken off, as its runtime was shut down: have the user choose the account again",
        )),
    }
}
