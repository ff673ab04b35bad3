//! What a store keeps for one account, and its form as JSON.

use std::fmt;
use std::time::{Duration, SystemTime};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{StoreError, TokenKey, TokenSet, UserType};

/// The version of the JSON form. A reader refuses what is newer, as it cannot know what it would lose.
const FORMAT: u32 = 1;

/// What a store keeps for one account of an app.
#[derive(Clone)]
#[non_exhaustive]
pub struct Record {
    /// The tokens.
    pub tokens: TokenSet,
    /// Grows with each change. A store compares it and does not set it.
    pub revision: u64,
    /// A refresh that may have been sent and whose reply was not saved yet.
    pub pending: Option<Pending>,
    /// Since when the platform takes the refresh token no more. The access token can be good until it expires.
    pub dead: Option<SystemTime>,
}

/// A refresh under way, noted before it is sent: should the process end before the reply is saved, the next one knows that the
/// refresh token may be spent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Pending {
    /// When it was noted.
    pub since: SystemTime,
    /// Which refresh token it spends.
    pub fingerprint: Fingerprint,
    /// The how manieth try with this token it is.
    pub attempt: u32,
}

/// Tells refresh tokens apart without holding them.
#[derive(Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of a token.
    pub fn of(token: &SecretString) -> Self {
        Fingerprint(super::hex(
            &Sha256::digest(token.expose_secret().as_bytes())[..16],
        ))
    }
}

/// Shows nothing: it would tell who holds the same token.
impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("tokens", &self.tokens)
            .field("revision", &self.revision)
            .field("pending", &self.pending)
            .field("dead", &self.dead)
            .finish()
    }
}

impl Record {
    /// Tokens at rest.
    pub fn new(tokens: TokenSet, revision: u64) -> Self {
        Record {
            tokens,
            revision,
            pending: None,
            dead: None,
        }
    }

    pub(crate) fn refresh_fingerprint(&self) -> Option<Fingerprint> {
        self.tokens.refresh_token.as_ref().map(Fingerprint::of)
    }

    /// The record as JSON, for stores that keep text. It holds the tokens in the clear; the buffer is wiped when it is dropped.
    pub fn to_json(&self, key: &TokenKey) -> Zeroizing<Vec<u8>> {
        let tokens = &self.tokens;
        let stored = Stored {
            format: FORMAT,
            client_id: &key.app,
            account: Account {
                kind: key.resource.user_type().as_str(),
                id: key.resource.id(),
            },
            revision: self.revision,
            access_token: tokens.access_token.expose_secret(),
            refresh_token: tokens.refresh_token.as_ref().map(|t| t.expose_secret()),
            obtained_at: millis(tokens.obtained_at),
            expires_at: millis(tokens.expires_at),
            scopes: &tokens.scopes,
            user_type: tokens.user_type.map(UserType::as_str),
            company_id: tokens.company_id.as_deref(),
            location_id: tokens.location_id.as_deref(),
            user_id: tokens.user_id.as_deref(),
            approved_locations: &tokens.approved_locations,
            pending: self.pending.as_ref().map(|pending| StoredPending {
                since: millis(pending.since),
                fingerprint: pending.fingerprint.0.clone(),
                attempt: pending.attempt,
            }),
            dead_since: self.dead.map(millis),
        };
        let lists = tokens.scopes.iter().chain(&tokens.approved_locations);
        // Room for all of it at once: a buffer that grows leaves copies of the tokens where nobody wipes them.
        let room = 2048
            + 2 * stored.access_token.len()
            + 2 * stored.refresh_token.map_or(0, str::len)
            + 2 * lists.map(|text| text.len() + 8).sum::<usize>();
        let mut buffer = Zeroizing::new(Vec::with_capacity(room));
        // Texts and numbers always are JSON, and a buffer takes them all.
        let _ = serde_json::to_writer_pretty(&mut *buffer, &stored);
        buffer.push(b'\n');
        buffer
    }

    /// Reads what [`to_json`](Record::to_json) wrote for the same key.
    ///
    /// # Errors
    /// It is no such JSON, of a newer form, or of another account.
    pub fn from_json(json: &[u8], key: &TokenKey) -> Result<Self, StoreError> {
        let unread = |fault: serde_json::Error| {
            // Where, and not what: the reader's own words can hold a token.
            StoreError::corrupt(format!(
                "the stored tokens are damaged at line {}, column {}",
                fault.line(),
                fault.column()
            ))
        };
        let form: Form = serde_json::from_slice(json).map_err(unread)?;
        if form.format > FORMAT {
            return Err(StoreError::new(
                "the stored tokens were written by a newer version of this library",
                "use that version, or another store",
            ));
        }
        let stored: Loaded = serde_json::from_slice(json).map_err(unread)?;
        if stored.client_id != key.app
            || stored.account.kind != key.resource.user_type().as_str()
            || stored.account.id != key.resource.id()
        {
            return Err(StoreError::corrupt(
                "the stored tokens are those of another app or account",
            ));
        }
        Ok(Record {
            tokens: TokenSet {
                access_token: stored.access_token.into(),
                refresh_token: stored.refresh_token.map(SecretString::from),
                obtained_at: time(stored.obtained_at),
                expires_at: time(stored.expires_at),
                scopes: stored.scopes,
                user_type: stored.user_type.as_deref().and_then(UserType::parse),
                company_id: stored.company_id,
                location_id: stored.location_id,
                user_id: stored.user_id,
                approved_locations: stored.approved_locations,
            },
            revision: stored.revision,
            pending: stored.pending.map(|pending| Pending {
                since: time(pending.since),
                fingerprint: Fingerprint(pending.fingerprint),
                attempt: pending.attempt,
            }),
            dead: stored.dead_since.map(time),
        })
    }
}

#[derive(Serialize)]
struct Stored<'a> {
    format: u32,
    client_id: &'a str,
    account: Account<&'a str>,
    revision: u64,
    access_token: &'a str,
    refresh_token: Option<&'a str>,
    obtained_at: u64,
    expires_at: u64,
    scopes: &'a [String],
    user_type: Option<&'a str>,
    company_id: Option<&'a str>,
    location_id: Option<&'a str>,
    user_id: Option<&'a str>,
    approved_locations: &'a [String],
    pending: Option<StoredPending>,
    dead_since: Option<u64>,
}

#[derive(Deserialize)]
struct Form {
    format: u32,
}

#[derive(Deserialize)]
struct Loaded {
    client_id: String,
    account: Account<String>,
    revision: u64,
    access_token: String,
    refresh_token: Option<String>,
    obtained_at: u64,
    expires_at: u64,
    scopes: Vec<String>,
    user_type: Option<String>,
    company_id: Option<String>,
    location_id: Option<String>,
    user_id: Option<String>,
    approved_locations: Vec<String>,
    pending: Option<StoredPending>,
    dead_since: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct Account<T> {
    kind: T,
    id: T,
}

#[derive(Serialize, Deserialize)]
struct StoredPending {
    since: u64,
    fingerprint: String,
    attempt: u32,
}

/// Milliseconds since 1970, as times are stored.
pub(super) fn millis(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}

/// The time of a stored number. One beyond the calendar is as good as 1970: the token counts as expired.
pub(super) fn time(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_millis(millis))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}
