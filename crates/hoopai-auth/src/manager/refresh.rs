//! One refresh of the access token of an account.
//!
//! The steps, in this order:
//!
//! 1. [`acquire_lease`](Refresh::acquire_lease): one process at a time refreshes an account.
//! 2. [`decide`](Refresh::decide): reads the stored record again, as another process may have
//!    refreshed the tokens.
//! 3. [`exchange`](Refresh::exchange): stores the pending refresh, checks the lease, sends one
//!    request; or [`request_location_token`](Refresh::request_location_token).
//! 4. [`persist`](Refresh::persist): stores the new tokens, then uses them.

use std::ops::ControlFlow;
use std::sync::Arc;

use hoopai_runtime::Error;
use hoopai_runtime::auth::{
    AccountId, AccountTokens, BearerToken, LOCATION_TOKEN_PATH, TOKEN_PATH, TokenEndpointError,
    TokenEndpointReply,
};
use hoopai_runtime::error::{ApiErrorKind, AuthErrorKind};

use super::context::{Checkpoint, Context};
use super::error::{EndpointMessages, RefreshError, RefreshResult, has_unknown_outcome};
use super::lease::{ActiveLease, LEASE_PAUSE, LEASE_PAUSE_MAX, LEASE_WAIT, LeaseWait};
use super::metrics::count;
use super::schedule::with_jitter;
use super::state::AccountState;
use super::unsaved::{NewTokens, OverwriteRule};
use crate::record::{Fingerprint, PendingRefresh, Record, TokenKey};
use crate::store::Swap;

/// How often a refresh starts again because other processes changed the record.
const MAX_ROUNDS: usize = 6;

const EXCHANGE_MESSAGES: EndpointMessages = EndpointMessages {
    not_sent: "the request to the token endpoint could not be sent",
    no_reply: "whether the token was refreshed is not known",
    server_error: "the token endpoint failed",
    too_many_requests: "too many requests to the token endpoint",
    refused: "the platform refused to refresh the token",
};

const LOCATION_MESSAGES: EndpointMessages = EndpointMessages {
    not_sent: "the request for a token of the location could not be sent",
    no_reply: "the request for a token of the location failed",
    server_error: "the request for a token of the location failed",
    too_many_requests: "the request for a token of the location failed",
    refused: "the platform returned no token of the location for that of its agency; the app may not be installed there",
};

/// A running refresh.
pub(super) struct Refresh {
    account: Arc<AccountState>,
    /// The same account, for access to its company.
    tokens: Arc<dyn AccountTokens>,
    /// A token that is not a result.
    rejected: Option<BearerToken>,
    lease: Option<ActiveLease>,
}

/// How to get a token.
enum Decision {
    /// Use the stored access token.
    UseStored(Record),
    /// Exchange the stored refresh token.
    Exchange(Record),
    /// Request tokens of the location with the token of its company. The second value is the
    /// stored record of the location.
    RequestLocationToken(String, Option<Record>),
}

/// The result of a step: `Break` when a token is in use, `Continue` when the record has changed.
type Step = Result<ControlFlow<()>, RefreshError>;

impl Refresh {
    pub(super) fn new(
        account: Arc<AccountState>,
        tokens: Arc<dyn AccountTokens>,
        rejected: Option<BearerToken>,
    ) -> Self {
        Refresh {
            account,
            tokens,
            rejected,
            lease: None,
        }
    }

    fn context(&self) -> &Context {
        &self.account.context
    }

    /// Makes a token other than the rejected one the current token of the account.
    pub(super) async fn run(mut self) -> RefreshResult {
        // The stored record is outdated while newer tokens are not stored.
        self.account.store_unsaved().await?;
        self.context().checkpoint(Checkpoint::Started).await;
        if self.acquire_lease().await?.is_break() {
            return Ok(());
        }
        self.context().checkpoint(Checkpoint::LeaseAcquired).await;
        let result = self.run_with_lease().await;
        if let Some(lease) = self.lease.take() {
            lease.release().await;
            self.context().checkpoint(Checkpoint::LeaseReleased).await;
        }
        result
    }

    /// Takes the lease. `Break`: another process has stored new tokens, which are in use now.
    async fn acquire_lease(&mut self) -> Step {
        let Context { store, clock, .. } = &*self.account.context;
        let deadline = clock.now() + LEASE_WAIT;
        let mut pause = LEASE_PAUSE;
        let counters = &self.account.context.counters;
        // Is counted when it is dropped.
        let mut wait = None;
        loop {
            if let Decision::UseStored(record) = self.decide().await? {
                count(&counters.adopted);
                return self.account.adopt(&record).map(ControlFlow::Break);
            }
            self.lease = ActiveLease::try_acquire(&**store, &**clock, &self.account.key).await?;
            if self.lease.is_some() {
                count(&counters.leases);
                return Ok(ControlFlow::Continue(()));
            }
            wait.get_or_insert_with(|| LeaseWait::start(&self.account.context));
            if clock.now() >= deadline {
                return Err(RefreshError::new(
                    AuthErrorKind::Unavailable,
                    "another process has been refreshing the token for too long: a later call tries again",
                ));
            }
            clock.sleep(with_jitter(pause)).await;
            pause = (pause * 2).min(LEASE_PAUSE_MAX);
        }
    }

    async fn run_with_lease(&mut self) -> RefreshResult {
        for _ in 0..MAX_ROUNDS {
            let decision = self.decide().await?;
            self.context().checkpoint(Checkpoint::Decided).await;
            let step = match decision {
                Decision::UseStored(record) => {
                    count(&self.context().counters.adopted);
                    return self.account.adopt(&record);
                }
                Decision::Exchange(record) => self.exchange(record).await?,
                Decision::RequestLocationToken(company, record) => {
                    self.request_location_token(&company, record.as_ref())
                        .await?
                }
            };
            if step.is_break() {
                return Ok(());
            }
        }
        Err(RefreshError::new(
            AuthErrorKind::Unavailable,
            "other processes keep changing the stored tokens: a later call tries again",
        ))
    }

    /// Reads the stored record and decides how to get a token.
    async fn decide(&self) -> Result<Decision, RefreshError> {
        let record = self.context().store.load(&self.account.key).await?;
        match record {
            Some(record) if self.account.is_usable(&record, self.rejected.as_ref()) => {
                Ok(Decision::UseStored(record))
            }
            Some(record)
                if record.rejected_at.is_none() && record.tokens.refresh_token.is_some() =>
            {
                Ok(Decision::Exchange(record))
            }
            record => match self.company(record.as_ref()).await? {
                Some(company) => Ok(Decision::RequestLocationToken(company, record)),
                None if record.is_some() => Err(RefreshError::reinstall_needed()),
                None => Err(RefreshError::not_installed()),
            },
        }
    }

    /// Returns the company through which a location can get tokens: the one that the caller named,
    /// or the one of the stored tokens if the app is installed there.
    async fn company(&self, record: Option<&Record>) -> Result<Option<String>, RefreshError> {
        if !self.account.is_location() {
            return Ok(None);
        }
        if let Some(company) = self.account.company() {
            return Ok(Some(company));
        }
        let Some(company) = record.and_then(|record| record.tokens.company_id.as_deref()) else {
            return Ok(None);
        };
        let key = TokenKey::new(&self.account.key.app, AccountId::company(company));
        let is_installed = self.context().store.load(&key).await?.is_some();
        Ok(is_installed.then(|| company.to_owned()))
    }

    /// Exchanges the refresh token of a record for new tokens.
    async fn exchange(&mut self, record: Record) -> Step {
        let Some(refresh_token) = record.tokens.refresh_token.clone() else {
            return Err(RefreshError::reinstall_needed());
        };
        let spent = Fingerprint::of(&refresh_token);
        let Some(record) = self.store_pending(record, spent.clone()).await? else {
            return Ok(ControlFlow::Continue(()));
        };
        self.context().checkpoint(Checkpoint::PendingStored).await;
        if !self.has_lease() {
            return self.use_stored().await;
        }

        let context = self.account.context.clone();
        let requested_at = context.clock.system_time();
        let user_type = record.tokens.user_type;
        let user_type = user_type.unwrap_or(self.account.key.account.user_type());
        let form = vec![
            ("client_id", context.app.client_id().into()),
            ("client_secret", context.app.client_secret().clone()),
            ("grant_type", "refresh_token".into()),
            ("refresh_token", refresh_token.clone()),
            ("user_type", user_type.as_str().into()),
        ];
        let reply = context.endpoint.post(TOKEN_PATH, form, None).await;
        context.checkpoint(Checkpoint::Replied).await;
        let reply = match reply {
            Ok(reply) => reply,
            Err(error) => return self.exchange_failed(record, error).await,
        };
        let received = self
            .account
            .receive(reply, requested_at, Some(&refresh_token))
            .await?;
        tracing::debug!("the token was refreshed");
        let new = NewTokens {
            tokens: received.tokens.with_missing_from(&record.tokens),
            expected: Some(record.revision),
            overwrite: OverwriteRule::SameRefreshToken(spent),
        };
        let step = self.persist(new).await?;
        self.account.keep_damaged(received.damaged).await;
        Ok(step)
    }

    /// Stores that a refresh is about to be sent. `None`: the record has changed.
    async fn store_pending(
        &self,
        mut record: Record,
        spent: Fingerprint,
    ) -> Result<Option<Record>, RefreshError> {
        let last = record.pending.filter(|last| last.fingerprint == spent);
        record.pending = Some(PendingRefresh {
            since: self.context().clock.system_time(),
            attempt: last
                .as_ref()
                .map_or(1, |last| last.attempt.saturating_add(1)),
            answered: last.is_some_and(|last| last.answered),
            fingerprint: spent,
        });
        let expected = record.revision;
        record.revision += 1;
        let (store, key) = (&self.context().store, &self.account.key);
        let swap = store
            .swap(key, Some(expected), Some(record.clone()))
            .await?;
        Ok((swap == Swap::Done).then_some(record))
    }

    /// Whether the lease has not expired, as it does while the process or the store is suspended.
    fn has_lease(&self) -> bool {
        let clock = &*self.context().clock;
        let lease = self.lease.as_ref();
        lease.is_some_and(|lease| !lease.is_expired(clock))
    }

    /// Uses the tokens that another process has stored after the lease expired, if there are any.
    async fn use_stored(&self) -> Step {
        if let Decision::UseStored(record) = self.decide().await? {
            return self.account.adopt(&record).map(ControlFlow::Break);
        }
        Err(RefreshError::new(
            AuthErrorKind::Unavailable,
            "the lease on the token expired before the request was sent, as the process or the store was suspended: a later call tries again",
        ))
    }

    /// Handles a failed exchange. Unless the refresh token may be spent, by this attempt or an earlier
    /// one, the pending refresh is removed from the record.
    async fn exchange_failed(&self, mut record: Record, error: TokenEndpointError) -> Step {
        let is_rejected = is_refresh_token_rejected(&error);
        let is_unknown = has_unknown_outcome(&error);
        let error = RefreshError::endpoint(&EXCHANGE_MESSAGES, error);
        if is_unknown {
            return Err(error.with_unknown_outcome());
        }
        let pending = record.pending.take();
        if is_rejected {
            record.rejected_at = Some(self.context().clock.system_time());
            tracing::error!(
                after_lost_reply = pending.is_some_and(|pending| pending.attempt > 1),
                "the refresh token of an account is no longer valid: {}",
                error.message()
            );
        } else {
            // The outcome of an earlier attempt is still unknown.
            record.pending = pending.filter(|pending| pending.attempt > 1);
        }
        let expected = record.revision;
        record.revision += 1;
        let (store, key) = (&self.context().store, &self.account.key);
        match store.swap(key, Some(expected), Some(record)).await {
            // The next round looks for another way to get a token.
            Ok(_) if is_rejected => Ok(ControlFlow::Continue(())),
            Ok(_) => Err(error),
            Err(cause) if is_rejected => {
                tracing::error!("the rejection of a refresh token could not be stored: {cause}");
                Err(RefreshError::reinstall_needed())
            }
            Err(cause) => {
                // This is harmless: the next refresh replaces it.
                tracing::warn!("a pending refresh could not be removed: {cause}");
                Err(error)
            }
        }
    }

    /// Requests tokens of a location with the token of its company.
    ///
    /// They include a refresh token, so this is done once and not each day. If the reply is lost,
    /// the next request returns other tokens.
    async fn request_location_token(&mut self, company: &str, record: Option<&Record>) -> Step {
        let requested_at = self.context().clock.system_time();
        let reply = self.post_location_token(company, record).await?;
        let received = self.account.receive(reply, requested_at, None).await?;
        let mut tokens = received.tokens;
        let location = self.account.key.account.id();
        let returned = tokens
            .location_id
            .get_or_insert_with(|| location.to_owned());
        if returned != location {
            return Err(RefreshError::new(
                AuthErrorKind::Refused,
                "the platform returned a token of another location than was requested",
            ));
        }
        tokens.company_id.get_or_insert_with(|| company.to_owned());
        tokens.agency_id = Some(company.to_owned());
        tracing::debug!("tokens of a location were requested with the token of its agency");
        let new = NewTokens {
            tokens,
            expected: record.map(|record| record.revision),
            overwrite: OverwriteRule::Never,
        };
        let step = self.persist(new).await?;
        self.account.keep_damaged(received.damaged).await;
        Ok(step)
    }

    /// Sends the request for a location token. If the company's token has expired, it is refreshed
    /// and the request is sent once more.
    async fn post_location_token(
        &self,
        company: &str,
        record: Option<&Record>,
    ) -> Result<TokenEndpointReply, RefreshError> {
        let post = |token| {
            let form = vec![
                ("companyId", company.into()),
                ("locationId", self.account.key.account.id().into()),
            ];
            let endpoint = &self.context().endpoint;
            endpoint.post(LOCATION_TOKEN_PATH, form, Some(token))
        };
        let failed = |error| company_error(error, record);
        let tokens = self.tokens.for_account(AccountId::company(company));
        let token = tokens.authorization().await.map_err(failed)?;
        let mut reply = post(token.clone()).await;
        if let Err(TokenEndpointError::Refused { error, .. }) = &reply
            && error.api_error_kind() == Some(ApiErrorKind::ExpiredToken)
            && let Some(token) = tokens.token_rejected(&token).await.map_err(failed)?
        {
            reply = post(token).await;
        }
        self.context().checkpoint(Checkpoint::Replied).await;
        reply.map_err(|error| RefreshError::endpoint(&LOCATION_MESSAGES, error))
    }

    /// Stores new tokens and makes them current. `Continue`: the store has newer ones, and the new
    /// tokens are dropped.
    async fn persist(&mut self, new: NewTokens) -> Step {
        let context = &self.account.context;
        let stored = context
            .retry_store(|| self.account.store_tokens(&new))
            .await;
        match stored {
            Ok(Some(record)) => {
                context.checkpoint(Checkpoint::TokensStored).await;
                self.account.adopt(&record)?;
            }
            Ok(None) => return Ok(ControlFlow::Continue(())),
            // Other processes must not refresh before the tokens are stored.
            Err(error) => {
                self.account
                    .keep_unsaved(new, self.lease.take(), &error)
                    .await?
            }
        }
        Ok(ControlFlow::Break(()))
    }
}

/// Whether the token endpoint rejected the refresh token itself, so that it will never accept it.
fn is_refresh_token_rejected(error: &TokenEndpointError) -> bool {
    matches!(error, TokenEndpointError::Refused { error, .. }
        if error.api_error_kind() == Some(ApiErrorKind::InvalidGrant))
}

/// Returns the error of a location whose company has no token.
fn company_error(error: Error, record: Option<&Record>) -> RefreshError {
    let kind = error
        .auth_error_kind()
        .unwrap_or(AuthErrorKind::Unavailable);
    let is_missing = matches!(
        kind,
        AuthErrorKind::NotInstalled | AuthErrorKind::ReinstallNeeded
    );
    if is_missing && record.is_some() {
        return RefreshError::reinstall_needed();
    }
    let message = "the location has no valid tokens, and neither has its agency";
    RefreshError::caused_by(kind, message, error)
}

#[cfg(test)]
mod tests {
    use hoopai_runtime::auth::{TOKEN_PATH, TokenEndpointError};
    use hoopai_runtime::reqwest::StatusCode;

    use super::is_refresh_token_rejected;

    fn is_rejected(status: u16, body: &'static str) -> bool {
        let status = StatusCode::from_u16(status).unwrap();
        let error = TokenEndpointError::of_reply(TOKEN_PATH, status, body);
        is_refresh_token_rejected(&error)
    }

    #[test]
    fn rejected_refresh_token_is_distinguished_from_other_refusals() {
        for body in [
            r#"{"error":"invalid_grant","error_description":"Invalid grant: refresh token is invalid"}"#,
            r#"{"error":"invalid_grant"}"#,
            r#"{"statusCode":400,"message":"This refresh token is invalid","error":"Bad Request"}"#,
        ] {
            assert!(is_rejected(400, body), "{body}");
            assert!(!is_rejected(500, body), "{body}");
        }
        for body in [
            r#"{"error":"invalid_client","error_description":"Invalid client: client is invalid"}"#,
            r#"{"statusCode":400,"message":"Location is not active"}"#,
            r#"{"error":"invalid_grant","error_description":"Location is not active"}"#,
            r#"{"error":"invalid_request","error_description":"Missing parameter: `refresh_token`"}"#,
            "<html>403</html>",
            "",
        ] {
            assert!(!is_rejected(400, body), "{body}");
        }
    }
}
