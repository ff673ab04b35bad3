//! Replies of the token endpoint without readable tokens.

use std::fmt;
use std::time::SystemTime;

use secrecy::SecretString;

use crate::util::charset::decode_text;

/// How many bytes of a reply are kept. Token replies are far shorter.
const MAX_BYTES: usize = 64 * 1024;

/// How many replies are kept for an account.
const MAX_REPLIES: usize = 4;

/// A 2xx reply of the token endpoint from which no tokens could be read.
///
/// It may hold the only copy of a new refresh token. So it is kept with the account's record until
/// new tokens are stored, and returned by
/// [`undecoded_replies`](crate::TokenManager::undecoded_replies).
#[derive(Clone)]
#[non_exhaustive]
pub struct UndecodedReply {
    /// When it arrived.
    pub received_at: SystemTime,
    /// The reply, up to its first 64 KiB. Bytes that are not UTF-8 are read as Latin-1.
    pub text: SecretString,
    /// The refresh token that was spent for it.
    pub refresh_token: Option<SecretString>,
}

impl UndecodedReply {
    pub(crate) fn new(
        body: &[u8],
        received_at: SystemTime,
        refresh_token: Option<SecretString>,
    ) -> Self {
        let text = decode_text(&body[..body.len().min(MAX_BYTES)]);
        UndecodedReply {
            received_at,
            text: text.as_str().into(),
            refresh_token,
        }
    }

    /// Adds this to others. The first and the latest ones are kept.
    pub(crate) fn add_to(self, others: &mut Vec<UndecodedReply>) {
        if others.len() >= MAX_REPLIES {
            others.remove(1);
        }
        others.push(self);
    }
}

/// Shows when it arrived.
impl fmt::Debug for UndecodedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UndecodedReply")
            .field("received_at", &self.received_at)
            .finish_non_exhaustive()
    }
}
