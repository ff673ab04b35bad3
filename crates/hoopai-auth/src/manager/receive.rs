//! Decodes replies of the token endpoint, and keeps those that cannot be decoded.

use std::time::SystemTime;

use bytes::Bytes;
use hoopai_runtime::auth::{AccountId, TokenEndpointReply};
use hoopai_runtime::error::AuthErrorKind;
use secrecy::SecretString;
use secrecy::zeroize::Zeroize;

use super::error::RefreshError;
use super::persist::MAX_CONFLICTS;
use super::state::AccountState;
use crate::record::{Record, TokenSet, UndecodedReply};
use crate::store::Swap;
use crate::store_error::StoreError;
use crate::token_reply;
use crate::util::sync::lock;

/// Received tokens.
pub(super) struct Received {
    pub(super) tokens: TokenSet,
    /// The reply, if it is damaged and has no refresh token: it is kept once the tokens are stored.
    pub(super) damaged: Option<UndecodedReply>,
}

impl AccountState {
    /// Decodes a reply. One without tokens is kept in the store. `spent`: the refresh token that
    /// was sent for it.
    pub(super) async fn receive(
        &self,
        reply: TokenEndpointReply,
        requested_at: SystemTime,
        spent: Option<&SecretString>,
    ) -> Result<Received, RefreshError> {
        let TokenEndpointReply { body, cut } = reply;
        let decoded = token_reply::decode(&body, cut.is_some(), requested_at);
        let is_damaged = decoded
            .as_ref()
            .is_none_or(|decoded| !decoded.is_complete && decoded.tokens.refresh_token.is_none());
        let now = self.context.clock.system_time();
        let kept = is_damaged.then(|| UndecodedReply::new(&body, now, spent.cloned()));
        let length = body.len();
        wipe(body);
        if let Some(decoded) = decoded {
            return Ok(Received {
                tokens: decoded.tokens,
                damaged: kept,
            });
        }
        let message = self
            .keep_undecoded(length, kept.filter(|_| length > 0))
            .await;
        let error = match cut {
            Some(error) => RefreshError::caused_by(AuthErrorKind::Unavailable, &message, error),
            None => RefreshError::new(AuthErrorKind::Unavailable, message),
        };
        Err(error.with_unknown_outcome())
    }

    /// Decodes the reply to an authorization code. One without an account is kept too.
    pub(super) async fn receive_for_code(
        &self,
        reply: TokenEndpointReply,
        requested_at: SystemTime,
    ) -> Result<(AccountId, Received), RefreshError> {
        let body = reply.body.clone();
        let received = self.receive(reply, requested_at, None).await?;
        let account = received.tokens.account();
        let kept = account
            .is_none()
            .then(|| UndecodedReply::new(&body, self.context.clock.system_time(), None));
        wipe(body);
        if let Some(account) = account {
            return Ok((account, received));
        }
        let location = self.keep(kept).await;
        Err(RefreshError::new(
            AuthErrorKind::Refused,
            format!(
                "the platform returned tokens for the code and did not say for which account; {location}"
            ),
        ))
    }

    /// Keeps the damaged reply of the tokens that were just stored.
    pub(super) async fn keep_damaged(&self, reply: Option<UndecodedReply>) {
        if reply.is_some() {
            let location = self.keep(reply).await;
            tracing::error!(
                "a reply of the token endpoint was damaged and has no refresh token; {location}"
            );
        }
    }

    /// Keeps a reply without tokens, and returns the message of the error.
    async fn keep_undecoded(&self, length: usize, reply: Option<UndecodedReply>) -> String {
        let problem = if reply.is_some() {
            format!(
                "the token endpoint answered with success, and no access token can be read from its reply of {length} bytes"
            )
        } else {
            "the token endpoint answered with success and an empty reply".to_owned()
        };
        let location = self.keep(reply).await;
        format!(
            "{problem}; what was sent for it is probably spent; {location}; check the base URL, and that no proxy answers in the platform's place"
        )
    }

    /// Marks the pending refresh as answered and stores the reply. Returns where the reply is.
    async fn keep(&self, reply: Option<UndecodedReply>) -> String {
        let stored = self
            .context
            .retry_store(|| self.store_undecoded(reply.as_ref()))
            .await;
        let Some(reply) = reply else {
            return "there is nothing to recover".to_owned();
        };
        let method = if self.key.account == unknown_account() {
            "`TokenManager::undecoded_code_replies`"
        } else {
            "`TokenManager::undecoded_replies`"
        };
        match stored {
            Ok(()) => {
                let path = self.context.store.path(&self.key);
                let path = path.map_or(String::new(), |path| format!(" ({})", path.display()));
                format!(
                    "the reply is kept in the token store{path}: read it with {method} and store its tokens with `TokenManager::install`"
                )
            }
            Err(error) => {
                reply.add_to(&mut lock(&self.undecoded));
                format!(
                    "the reply could not be stored ({error}) and is kept in memory until the process ends: read it with {method}"
                )
            }
        }
    }

    async fn store_undecoded(&self, reply: Option<&UndecodedReply>) -> Result<(), StoreError> {
        let (store, key) = (&self.context.store, &self.key);
        for _ in 0..MAX_CONFLICTS {
            let stored = store.load(key).await?;
            let expected = stored.as_ref().map(|record| record.revision);
            let mut record = match stored {
                Some(mut record) => {
                    record.revision += 1;
                    record
                }
                None if reply.is_none() => return Ok(()),
                None => {
                    let no_tokens = TokenSet::new("", None, SystemTime::UNIX_EPOCH);
                    Record::new(no_tokens, self.first_revision())
                }
            };
            if let Some(pending) = &mut record.pending {
                pending.answered = true;
            }
            if let Some(reply) = reply {
                reply.clone().add_to(&mut record.undecoded_replies);
            }
            if store.swap(key, expected, Some(record)).await? == Swap::Done {
                return Ok(());
            }
        }
        Err(StoreError::new(
            "other processes keep changing the stored tokens",
            "try again",
        ))
    }
}

/// Overwrites a body with tokens, if it has no other owner.
fn wipe(body: Bytes) {
    if let Ok(mut body) = body.try_into_mut() {
        body.as_mut().zeroize();
    }
}

/// The account under which replies to codes are kept. No account has an empty id.
pub(super) fn unknown_account() -> AccountId {
    AccountId::company("")
}
