//! Installs and removes tokens: by authorization code, or from elsewhere.

use std::collections::BTreeSet;
use std::fmt;
use std::time::SystemTime;

use hoopai_runtime::Error;
use hoopai_runtime::auth::{AccountId, TOKEN_PATH, UserType};
use hoopai_runtime::error::AuthErrorKind;
use hoopai_runtime::time::BoxFuture;
use secrecy::SecretString;
use tokio::sync::oneshot;

use super::error::{EndpointMessages, RefreshError};
use super::receive::unknown_account;
use super::token_manager::TokenManager;
use super::unsaved::{NewTokens, OverwriteRule};
use crate::record::{TokenKey, TokenSet};
use crate::store::Swap;

/// How often a removal is repeated after a conflict.
const MAX_CONFLICTS: usize = 16;

const MESSAGES: EndpointMessages = EndpointMessages {
    not_sent: "the code could not be exchanged, and is still valid for a short time",
    no_reply: "whether the code was exchanged is not known: if a second attempt fails, have the user choose the account again",
    server_error: "the token endpoint failed: if a second attempt fails, have the user choose the account again",
    too_many_requests: "too many requests to the token endpoint; the code is still valid for a short time",
    refused: "the platform returned no tokens for the code, which is valid once and for a short time: check client id, client secret and redirect URI, and have the user choose the account again",
};

/// The installation of an app in an account, without the tokens, which are in the store.
#[derive(Clone)]
#[non_exhaustive]
pub struct Installation {
    /// The account.
    pub account: AccountId,
    /// The kind of account that the tokens are for.
    pub user_type: UserType,
    /// The agency, or the one of the location.
    pub company_id: Option<String>,
    /// The user who installed the app.
    pub user_id: Option<String>,
    /// The locations for which an agency installed it, where the platform lists them.
    pub approved_locations: Vec<String>,
    /// The scopes of the tokens.
    pub scopes: Vec<String>,
    /// When the first access token expires. It is refreshed before.
    pub expires_at: SystemTime,
}

/// Shows the scopes and hides the ids.
impl fmt::Debug for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installation")
            .field("account", &self.account)
            .field("approved_locations", &self.approved_locations.len())
            .field("scopes", &self.scopes)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Installation {
    fn of(account: AccountId, tokens: &TokenSet) -> Self {
        Installation {
            user_type: account.user_type(),
            account,
            company_id: tokens.company_id.clone(),
            user_id: tokens.user_id.clone(),
            approved_locations: tokens.approved_locations.clone(),
            scopes: tokens.scopes.clone(),
            expires_at: tokens.expires_at,
        }
    }
}

impl TokenManager {
    /// Exchanges an authorization code for tokens and stores them. Handles of the account use them
    /// at once.
    ///
    /// The exchange continues if the caller stops waiting, as a code is valid for one use.
    ///
    /// # Errors
    /// The platform refuses the code, or the store fails.
    pub async fn exchange_code(
        &self,
        code: impl Into<SecretString>,
    ) -> Result<Installation, Error> {
        let (manager, code) = (self.clone(), code.into());
        run_to_end(async move { manager.exchange(code).await }).await
    }

    /// Stores tokens of an account that were obtained outside of this library.
    ///
    /// # Errors
    /// The store fails.
    pub async fn install(
        &self,
        account: AccountId,
        tokens: TokenSet,
    ) -> Result<Installation, Error> {
        let manager = self.clone();
        run_to_end(async move { manager.store_installation(account, tokens).await }).await
    }

    /// Whether the store has tokens of an account.
    ///
    /// # Errors
    /// The store fails.
    pub async fn has_tokens(&self, account: AccountId) -> Result<bool, Error> {
        let state = self.0.get(account);
        if state.unsaved.lock().await.is_some() {
            return Ok(true);
        }
        let record = self.0.context.store.load(&state.key).await;
        let record = record.map_err(|error| RefreshError::from(error).to_error(None))?;
        Ok(record.is_some())
    }

    /// Removes the tokens of an account from the store, as after an uninstallation.
    ///
    /// # Errors
    /// The store fails.
    pub async fn forget(&self, account: AccountId) -> Result<(), Error> {
        let state = self.0.get(account);
        let removed = self.remove_record(&state.key, None).await;
        state.forget();
        *state.unsaved.lock().await = None;
        removed.map(|_| ()).map_err(|error| error.to_error(None))
    }

    /// Removes the tokens of an account if they were requested before a time, such as that of an
    /// uninstallation. Tokens that were requested later show that the app was installed again.
    ///
    /// Returns whether the account has no tokens now.
    ///
    /// # Errors
    /// The store fails.
    pub async fn forget_requested_before(
        &self,
        account: AccountId,
        time: SystemTime,
    ) -> Result<bool, Error> {
        let state = self.0.get(account);
        let unsaved = &mut *state.unsaved.lock().await;
        let is_later = |tokens: &TokenSet| tokens.obtained_at >= time;
        if unsaved
            .as_ref()
            .is_some_and(|unsaved| is_later(&unsaved.new.tokens))
        {
            return Ok(false);
        }
        let removed = self.remove_record(&state.key, Some(time)).await;
        let removed = removed.map_err(|error| error.to_error(None))?;
        if removed {
            state.forget();
            *unsaved = None;
        }
        Ok(removed)
    }

    /// Removes the tokens of locations that were requested with the token of this company (agency)
    /// before a time, such as that of its uninstallation. Tokens of locations that authorized the
    /// app themselves stay.
    ///
    /// Locations are searched for in the store and among the accounts that this process has used.
    /// If the store cannot [list its keys](crate::TokenStore::keys), only the latter are found.
    ///
    /// Returns the locations whose tokens were removed.
    ///
    /// # Errors
    /// The store fails. All locations were tried: call it again for those that failed.
    pub async fn forget_locations_requested_before(
        &self,
        company: &str,
        time: SystemTime,
    ) -> Result<Vec<AccountId>, Error> {
        let store = &self.0.context.store;
        let listed = store.keys(self.app().client_id()).await;
        let listed = listed.map_err(|error| RefreshError::from(error).to_error(None))?;
        let listed = listed.unwrap_or_default().into_iter();
        let used = self.0.all().into_iter().map(|state| state.key.clone());
        let keys: BTreeSet<AccountId> = listed
            .chain(used)
            .map(|key| key.account)
            .filter(|account| account.user_type() == UserType::Location)
            .collect();
        let mut removed = Vec::new();
        let mut failure = None;
        for account in keys {
            let result = match self.was_requested_with(&account, company).await {
                Ok(true) => self.forget_requested_before(account.clone(), time).await,
                Ok(false) => Ok(false),
                Err(error) => Err(error.to_error(None)),
            };
            match result {
                Ok(true) => removed.push(account),
                Ok(false) => {}
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            None => Ok(removed),
            Some(error) => Err(error),
        }
    }

    /// Whether the tokens of a location were requested with the token of this company.
    async fn was_requested_with(
        &self,
        location: &AccountId,
        company: &str,
    ) -> Result<bool, RefreshError> {
        let is_of_company = |tokens: &TokenSet| tokens.agency_id() == Some(company);
        if let Some(state) = self.0.find(location)
            && let Some(unsaved) = &*state.unsaved.lock().await
        {
            return Ok(is_of_company(&unsaved.new.tokens));
        }
        let key = TokenKey::new(self.app().client_id(), location.clone());
        let record = self.0.context.store.load(&key).await?;
        Ok(record.is_some_and(|record| is_of_company(&record.tokens)))
    }

    /// Removes a stored record, unless its tokens were requested at or after `before`. Returns
    /// whether there is no record now.
    async fn remove_record(
        &self,
        key: &TokenKey,
        before: Option<SystemTime>,
    ) -> Result<bool, RefreshError> {
        let store = &self.0.context.store;
        for _ in 0..MAX_CONFLICTS {
            let Some(record) = store.load(key).await? else {
                return Ok(true);
            };
            if before.is_some_and(|time| record.tokens.obtained_at >= time) {
                return Ok(false);
            }
            if store.swap(key, Some(record.revision), None).await? == Swap::Done {
                return Ok(true);
            }
        }
        Err(RefreshError::new(
            AuthErrorKind::Store,
            "other processes keep changing the stored tokens: try again",
        ))
    }

    async fn exchange(&self, code: SecretString) -> Result<Installation, RefreshError> {
        let app = self.app();
        let mut form = vec![
            ("client_id", app.client_id().into()),
            ("client_secret", app.client_secret().clone()),
            ("grant_type", "authorization_code".into()),
            ("code", code),
            ("redirect_uri", app.redirect_uri().into()),
        ];
        if let Some(user_type) = app.requested_user_type() {
            form.push(("user_type", user_type.as_str().into()));
        }
        let requested_at = self.0.context.clock.system_time();
        let reply = self.0.context.endpoint.post(TOKEN_PATH, form, None).await;
        let reply = reply.map_err(|error| RefreshError::endpoint(&MESSAGES, error))?;
        let unknown = self.0.get(unknown_account());
        let (account, received) = unknown.receive_for_code(reply, requested_at).await?;
        let installation = self
            .store_installation(account.clone(), received.tokens)
            .await?;
        self.0.get(account).keep_damaged(received.damaged).await;
        Ok(installation)
    }

    async fn store_installation(
        &self,
        account: AccountId,
        tokens: TokenSet,
    ) -> Result<Installation, RefreshError> {
        let installation = Installation::of(account.clone(), &tokens);
        let state = self.0.get(account);
        // Tokens that could not be stored before are older. This also frees their lease.
        *state.unsaved.lock().await = None;
        let record = self.0.context.store.load(&state.key).await.ok().flatten();
        let new = NewTokens {
            tokens,
            expected: record.map(|record| record.revision),
            overwrite: OverwriteRule::Always,
        };
        match self
            .0
            .context
            .retry_store(|| state.store_tokens(&new))
            .await
        {
            Ok(Some(record)) => {
                state.adopt(&record)?;
                Ok(installation)
            }
            Ok(None) => Err(RefreshError::new(
                AuthErrorKind::Store,
                "the store has other tokens in the place of the new ones: try again",
            )),
            Err(error) => {
                state.keep_unsaved(new, None, &error).await?;
                Err(RefreshError::from(error).with_context(
                    "the new tokens are kept in memory and are lost when the process ends, unless they can be stored until then",
                ))
            }
        }
    }
}

/// Runs work in a task of its own, which continues if the caller stops waiting.
async fn run_to_end(
    work: impl Future<Output = Result<Installation, RefreshError>> + Send + 'static,
) -> Result<Installation, Error> {
    let (sender, receiver) = oneshot::channel();
    let task: BoxFuture<'static, ()> = Box::pin(async move {
        let _ = sender.send(work.await);
    });
    tokio::spawn(task);
    match receiver.await {
        Ok(result) => result.map_err(|error| error.to_error(error.retry_after())),
        Err(_) => Err(Error::auth(
            AuthErrorKind::Unavailable,
            "the exchange was interrupted, as its runtime was shut down: have the user choose the account again",
        )),
    }
}
