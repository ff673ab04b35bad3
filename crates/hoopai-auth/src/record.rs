//! What a store keeps for one account, and its form as JSON.

use std::fmt;
use std::time::{Duration, SystemTime};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::json::{Fields, Object};
use crate::{StoreError, TokenKey, TokenSet, UnreadReply, UserType};

/// The version of the JSON form. A reader refuses what is newer, as it cannot know what it would lose.
const FORMAT: u64 = 1;

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
    /// Replies of the token endpoint from which no tokens could be read, since the tokens above were stored.
    pub unread: Vec<UnreadReply>,
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
    /// Whether a 2xx reply came that held no tokens: the refresh token is very likely spent.
    pub answered: bool,
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
            .field("unread", &self.unread)
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
            unread: Vec::new(),
        }
    }

    pub(crate) fn refresh_fingerprint(&self) -> Option<Fingerprint> {
        self.tokens.refresh_token.as_ref().map(Fingerprint::of)
    }

    /// The record as JSON, for stores that keep text. It holds the tokens in the clear; the buffer is wiped when it is dropped.
    pub fn to_json(&self, key: &TokenKey) -> Zeroizing<Vec<u8>> {
        let tokens = &self.tokens;
        let access_token = tokens.access_token.expose_secret();
        let refresh_token = tokens.refresh_token.as_ref().map(|t| t.expose_secret());
        // Room for all of it at once: a buffer that grows leaves copies of the tokens where nobody wipes them.
        let mut room = 2048 + 2 * access_token.len() + 2 * refresh_token.map_or(0, str::len);
        for text in tokens.scopes.iter().chain(&tokens.approved_locations) {
            room += 2 * (text.len() + 8);
        }
        for reply in &self.unread {
            room += 6 * reply.text.expose_secret().len() + 1024;
        }
        let mut buffer = Zeroizing::new(Vec::with_capacity(room));
        let mut object = Object::begin(&mut buffer);
        object.number("format", FORMAT);
        object.text("client_id", &key.app);
        let mut account = Object::begin(object.name("account"));
        account.text("kind", key.resource.user_type().as_str());
        account.text("id", key.resource.id());
        account.end();
        object.number("revision", self.revision);
        object.text("access_token", access_token);
        object.optional("refresh_token", refresh_token);
        object.number("obtained_at", millis(tokens.obtained_at));
        object.number("expires_at", millis(tokens.expires_at));
        object.texts("scopes", &tokens.scopes);
        object.optional("user_type", tokens.user_type.map(UserType::as_str));
        object.optional("company_id", tokens.company_id.as_deref());
        object.optional("location_id", tokens.location_id.as_deref());
        object.optional("user_id", tokens.user_id.as_deref());
        object.texts("approved_locations", &tokens.approved_locations);
        if let Some(noted) = &self.pending {
            let mut pending = Object::begin(object.name("pending"));
            pending.number("since", millis(noted.since));
            pending.text("fingerprint", &noted.fingerprint.0);
            pending.number("attempt", noted.attempt.into());
            if noted.answered {
                pending.number("answered", 1);
            }
            pending.end();
        }
        if let Some(dead) = self.dead {
            object.number("dead_since", millis(dead));
        }
        if !self.unread.is_empty() {
            let out = object.name("unread_replies");
            for (index, reply) in self.unread.iter().enumerate() {
                out.push(if index == 0 { b'[' } else { b',' });
                let mut item = Object::begin(out);
                item.number("received_at", millis(reply.received_at));
                item.text("text", reply.text.expose_secret());
                let refresh_token = reply.refresh_token.as_ref();
                item.optional("refresh_token", refresh_token.map(|t| t.expose_secret()));
                item.end();
            }
            out.push(b']');
        }
        object.end();
        buffer.push(b'\n');
        buffer
    }

    /// Reads what [`to_json`](Record::to_json) wrote for the same key.
    ///
    /// # Errors
    /// It is no such JSON, of a newer form, or of another account.
    pub fn from_json(json: &[u8], key: &TokenKey) -> Result<Self, StoreError> {
        let text = std::str::from_utf8(json).map_err(|fault| {
            let at = fault.valid_up_to();
            StoreError::corrupt(format!("the stored tokens are damaged at byte {at}"))
        })?;
        let fields = Fields::read(text).map_err(|fault| {
            // Where, and not what: the reader's own words can hold a token.
            StoreError::corrupt(format!(
                "the stored tokens are damaged at line {}, column {}",
                fault.line(),
                fault.column()
            ))
        })?;
        if fields.number("format").is_some_and(|form| form > FORMAT) {
            return Err(StoreError::new(
                "the stored tokens were written by a newer version of this library",
                "use that version, or another store",
            ));
        }
        let damaged = |name: &str| {
            StoreError::corrupt(format!(
                "the stored tokens are damaged: `{name}` is missing or no longer what it was"
            ))
        };
        let text = |of: &Fields<'_>, name| of.text(name).ok_or_else(|| damaged(name));
        let number = |of: &Fields<'_>, name| of.number(name).ok_or_else(|| damaged(name));
        // What is not there is none; what is there must be readable, or a part of the record would be lost.
        let optional = |name| match fields.get(name) {
            Some(_) => text(&fields, name).map(Some),
            None => Ok(None),
        };
        let texts = |name| fields.texts(name).ok_or_else(|| damaged(name));
        number(&fields, "format")?;
        let account = fields.object("account").ok_or_else(|| damaged("account"))?;
        if text(&fields, "client_id")? != key.app
            || text(&account, "kind")? != key.resource.user_type().as_str()
            || text(&account, "id")? != key.resource.id()
        {
            return Err(StoreError::corrupt(
                "the stored tokens are those of another app or account",
            ));
        }
        let pending = match fields.get("pending") {
            Some(_) => {
                let pending = fields.object("pending").ok_or_else(|| damaged("pending"))?;
                let attempt = u32::try_from(number(&pending, "attempt")?);
                Some(Pending {
                    since: time(number(&pending, "since")?),
                    fingerprint: Fingerprint(text(&pending, "fingerprint")?),
                    attempt: attempt.map_err(|_| damaged("attempt"))?,
                    answered: pending.get("answered").is_some(),
                })
            }
            None => None,
        };
        let dead = match fields.get("dead_since") {
            Some(_) => Some(time(number(&fields, "dead_since")?)),
            None => None,
        };
        let mut unread = Vec::new();
        if fields.get("unread_replies").is_some() {
            let replies = fields.objects("unread_replies");
            for reply in replies.ok_or_else(|| damaged("unread_replies"))? {
                unread.push(UnreadReply {
                    received_at: time(number(&reply, "received_at")?),
                    text: text(&reply, "text")?.into(),
                    refresh_token: reply.text("refresh_token").map(SecretString::from),
                });
            }
        }
        Ok(Record {
            tokens: TokenSet {
                access_token: text(&fields, "access_token")?.into(),
                refresh_token: optional("refresh_token")?.map(SecretString::from),
                obtained_at: time(number(&fields, "obtained_at")?),
                expires_at: time(number(&fields, "expires_at")?),
                scopes: texts("scopes")?,
                user_type: optional("user_type")?.as_deref().and_then(UserType::parse),
                company_id: optional("company_id")?,
                location_id: optional("location_id")?,
                user_id: optional("user_id")?,
                approved_locations: texts("approved_locations")?,
            },
            revision: number(&fields, "revision")?,
            pending,
            dead,
            unread,
        })
    }
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
