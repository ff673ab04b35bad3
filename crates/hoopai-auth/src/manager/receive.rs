//! What arrived from the token endpoint is never dropped: it is read however damaged it is, and kept where it cannot be read.

use std::time::SystemTime;

use hoopai_runtime::Error;
use hoopai_runtime::auth::TokenEndpointReply;
use hoopai_runtime::error::AuthErrorKind;
use secrecy::SecretString;
use secrecy::zeroize::Zeroize;

use super::account::Account;
use super::pace;
use super::save::TRIES;
use super::{Fault, TokenManager};
use crate::record::millis;
use crate::{AccountId, Record, StoreError, Swap, TokenSet, UnreadReply, lock, reply};

/// How often to take a record's new revision over before giving up.
const ROUNDS: usize = 8;

/// Tokens that were received.
pub(super) struct Received {
    pub(super) tokens: TokenSet,
    /// The reply, if it is damaged and shows no refresh token: it is to be kept once the tokens are stored.
    pub(super) damaged: Option<UnreadReply>,
}

impl Account {
    /// Reads a reply. If it shows no tokens, it is kept in the store. `spent`: the refresh token that it was got with.
    pub(super) async fn receive(
        &self,
        reply: TokenEndpointReply,
        asked_at: SystemTime,
        spent: Option<&SecretString>,
    ) -> Result<Received, Fault> {
        let TokenEndpointReply { body, cut } = reply;
        let found = reply::read(&body, cut.is_some(), asked_at);
        let is_damaged = found
            .as_ref()
            .is_none_or(|found| !found.whole && found.tokens.refresh_token.is_none());
        let now = self.manager.clock().system_time();
        let kept = is_damaged.then(|| UnreadReply::new(&body, now, spent.cloned()));
        let length = body.len();
        // It is wiped if it has no other owner.
        if let Ok(mut body) = body.try_into_mut() {
            body.as_mut().zeroize();
        }
        match (found, kept) {
            (Some(found), damaged) => Ok(Received {
                tokens: found.tokens,
                damaged,
            }),
            (None, kept) => {
                let fault = self.unreadable(length, kept.filter(|_| length > 0)).await;
                Err(match cut {
                    Some(error) => Fault::of(AuthErrorKind::Unavailable, fault.text(), error),
                    None => fault,
                }
                .of_unknown_outcome())
            }
        }
    }

    /// Reads the reply to a code. One that does not show for which account its tokens are is kept too.
    pub(super) async fn receive_for_code(
        &self,
        reply: TokenEndpointReply,
        asked_at: SystemTime,
    ) -> Result<(AccountId, Received), Fault> {
        let body = reply.body.clone();
        let received = self.receive(reply, asked_at, None).await?;
        if let Some(resource) = received.tokens.resource() {
            return Ok((resource, received));
        }
        let now = self.manager.clock().system_time();
        let place = self.keep(Some(UnreadReply::new(&body, now, None))).await;
        Err(Fault::new(
            AuthErrorKind::Refused,
            format!(
                "the platform gave tokens for the code and did not say for which account; {place}"
            ),
        ))
    }

    /// Keeps the reply that brought the tokens that were just stored, if it was damaged.
    pub(super) async fn keep_damaged(&self, reply: Option<UnreadReply>) {
        if let Some(reply) = reply {
            let place = self.keep(Some(reply)).await;
            tracing::error!(
                "a reply of the token endpoint was damaged and shows no refresh token; {place}"
            );
        }
    }

    async fn unreadable(&self, length: usize, reply: Option<UnreadReply>) -> Fault {
        let what = if reply.is_some() {
            format!(
                "the token endpoint answered with success, and no access token can be read from its reply of {length} bytes"
            )
        } else {
            "the token endpoint answered with success and an empty reply".to_owned()
        };
        let place = self.keep(reply).await;
        Fault::new(
            AuthErrorKind::Unavailable,
            format!(
                "{what}; what was sent for it is probably spent; {place}; check the base URL, and that nothing on the way answers in the platform's place"
            ),
        )
    }

    /// Notes in the store that a reply without tokens came, and keeps the reply. Says where it is.
    async fn keep(&self, reply: Option<UnreadReply>) -> String {
        let mut tries = TRIES.iter();
        let stored = loop {
            match (self.store_unread(reply.as_ref()).await, tries.next()) {
                (Ok(()), _) => break Ok(()),
                (Err(_), Some(pause)) => {
                    self.manager.clock().sleep(pace::scattered(*pause)).await;
                }
                (Err(error), None) => break Err(error),
            }
        };
        let Some(reply) = reply else {
            return "there is nothing to recover".to_owned();
        };
        let read = if *self.resource() == unknown_account() {
            "`TokenManager::unread_code_replies`"
        } else {
            "`TokenManager::unread_replies`"
        };
        match stored {
            Ok(()) => {
                let place = self.manager.0.store.path(&self.slot.key);
                let place = place.map_or(String::new(), |path| format!(" ({})", path.display()));
                format!(
                    "the reply is kept in the token store{place}: read it with {read} and store the tokens that it holds with `TokenManager::install`"
                )
            }
            Err(error) => {
                reply.add_to(&mut lock(&self.slot.unread));
                format!(
                    "the reply could not be stored ({error}) and is kept in memory until the process ends: read it with {read}"
                )
            }
        }
    }

    async fn store_unread(&self, reply: Option<&UnreadReply>) -> Result<(), StoreError> {
        let (store, key) = (&self.manager.0.store, &self.slot.key);
        for _ in 0..ROUNDS {
            let stored = store.load(key).await?;
            let expected = stored.as_ref().map(|record| record.revision);
            let mut record = match stored {
                Some(mut record) => {
                    record.revision += 1;
                    record
                }
                None if reply.is_none() => return Ok(()),
                None => {
                    let first = millis(self.manager.clock().system_time());
                    Record::new(TokenSet::new("", None, SystemTime::UNIX_EPOCH), first)
                }
            };
            if let Some(pending) = &mut record.pending {
                pending.answered = true;
            }
            if let Some(reply) = reply {
                reply.clone().add_to(&mut record.unread);
            }
            if store.swap(key, expected, Some(record)).await? == Swap::Done {
                return Ok(());
            }
        }
        Err(StoreError::new(
            "others change the stored tokens all the time",
            "try again",
        ))
    }
}

impl TokenManager {
    /// The replies of the token endpoint from which no tokens of an account could be read, the first and the latest ones. They stay until
    /// new tokens of the account are stored.
    ///
    /// Such a reply may hold the only copy of a new refresh token. Find the tokens in its text, and store them with
    /// [`install`](TokenManager::install).
    ///
    /// # Errors
    /// The store fails.
    pub async fn unread_replies(&self, resource: AccountId) -> Result<Vec<UnreadReply>, Error> {
        let account = self.account_through(resource, None);
        let stored = account.load(&account.slot.key).await;
        let stored = stored.map_err(|fault| fault.to_error(None))?;
        let mut replies = stored.map(|record| record.unread).unwrap_or_default();
        replies.extend(lock(&account.slot.unread).iter().cloned());
        Ok(replies)
    }

    /// The same for codes: replies that do not show for which account they are.
    ///
    /// # Errors
    /// The store fails.
    pub async fn unread_code_replies(&self) -> Result<Vec<UnreadReply>, Error> {
        self.unread_replies(unknown_account()).await
    }
}

/// The account under which replies to codes are kept. No account has an empty id.
pub(super) fn unknown_account() -> AccountId {
    AccountId::company("")
}
