//! Replies of the token endpoint from which no tokens could be read.

use std::fmt;
use std::time::SystemTime;

use secrecy::SecretString;

use crate::reply::text_of;

/// More of a reply is not kept: token replies are far shorter.
const LONGEST: usize = 64 * 1024;

/// How many replies are kept for an account.
const KEPT: usize = 4;

/// A 2xx reply of the token endpoint from which no tokens could be read. It may hold the only copy of a new refresh token, so it is
/// kept with the account's record until new tokens are stored: [`TokenManager::unread_replies`](crate::TokenManager::unread_replies).
#[derive(Clone)]
#[non_exhaustive]
pub struct UnreadReply {
    /// When it arrived.
    pub received_at: SystemTime,
    /// The reply, up to its first 64 KiB. Bytes that are not UTF-8 are read as Latin-1.
    pub text: SecretString,
    /// The refresh token that was spent for it.
    pub refresh_token: Option<SecretString>,
}

impl UnreadReply {
    pub(crate) fn new(
        body: &[u8],
        received_at: SystemTime,
        refresh_token: Option<SecretString>,
    ) -> Self {
        let text = text_of(&body[..body.len().min(LONGEST)]);
        UnreadReply {
            received_at,
            text: text.as_str().into(),
            refresh_token,
        }
    }

    /// Adds this to others. The first and the latest ones stay.
    pub(crate) fn add_to(self, others: &mut Vec<UnreadReply>) {
        if others.len() >= KEPT {
            others.remove(1);
        }
        others.push(self);
    }
}

/// Shows when it arrived.
impl fmt::Debug for UnreadReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnreadReply")
            .field("received_at", &self.received_at)
            .finish_non_exhaustive()
    }
}
