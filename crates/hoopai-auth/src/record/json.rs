//! The JSON form of a record, as stores write it.

use std::io;
use std::time::{Duration, SystemTime};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{Fingerprint, PendingRefresh, Record, TokenKey, TokenSet, UndecodedReply};
use crate::store_error::StoreError;
use crate::util::json_object::JsonObject;
use hoopai_runtime::auth::UserType;

/// The version of the JSON form. Newer forms are rejected, as fields of them would be lost.
const FORMAT: u64 = 1;

/// The fields of a record in their order.
#[derive(Serialize)]
struct StoredRecord<'a> {
    format: u64,
    client_id: &'a str,
    account: StoredAccount<'a>,
    revision: u64,
    access_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    obtained_at: u64,
    expires_at: u64,
    scopes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    user_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agency_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    approved_locations: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<StoredPendingRefresh<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_since: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unread_replies: Vec<StoredReply<'a>>,
}

#[derive(Serialize)]
struct StoredAccount<'a> {
    kind: &'a str,
    id: &'a str,
}

#[derive(Serialize)]
struct StoredPendingRefresh<'a> {
    since: u64,
    fingerprint: &'a str,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<u8>,
}

#[derive(Serialize)]
struct StoredReply<'a> {
    received_at: u64,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
}

/// Counts the bytes that are written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Record {
    /// Returns the record as JSON, for stores that keep text.
    ///
    /// It contains the tokens in clear text. The buffer is overwritten when it is dropped.
    pub fn to_json(&self, key: &TokenKey) -> Zeroizing<Vec<u8>> {
        let tokens = &self.tokens;
        let expose = SecretString::expose_secret;
        let pending = self.pending.as_ref().map(|pending| StoredPendingRefresh {
            since: millis(pending.since),
            fingerprint: &pending.fingerprint.0,
            attempt: pending.attempt,
            answered: pending.answered.then_some(1),
        });
        let replies = self.undecoded_replies.iter().map(|reply| StoredReply {
            received_at: millis(reply.received_at),
            text: reply.text.expose_secret(),
            refresh_token: reply.refresh_token.as_ref().map(expose),
        });
        let stored = StoredRecord {
            format: FORMAT,
            client_id: &key.app,
            account: StoredAccount {
                kind: key.account.user_type().as_str(),
                id: key.account.id(),
            },
            revision: self.revision,
            access_token: tokens.access_token.expose_secret(),
            refresh_token: tokens.refresh_token.as_ref().map(expose),
            obtained_at: millis(tokens.obtained_at),
            expires_at: millis(tokens.expires_at),
            scopes: &tokens.scopes,
            user_type: tokens.user_type.map(UserType::as_str),
            company_id: tokens.company_id.as_deref(),
            agency_id: tokens.agency_id.as_deref(),
            location_id: tokens.location_id.as_deref(),
            user_id: tokens.user_id.as_deref(),
            approved_locations: &tokens.approved_locations,
            pending,
            dead_since: self.rejected_at.map(millis),
            unread_replies: replies.collect(),
        };
        // The buffer must not grow: that would leave copies of the tokens in freed memory.
        let mut length = Length(1);
        // Neither writer fails, and strings and numbers always have a JSON form.
        let _ = serde_json::to_writer_pretty(&mut length, &stored);
        let mut json = Zeroizing::new(Vec::with_capacity(length.0));
        let _ = serde_json::to_writer_pretty(&mut *json, &stored);
        json.push(b'\n');
        json
    }

    /// Reads what [`to_json`](Record::to_json) wrote for the same key.
    ///
    /// # Errors
    /// The text is no such JSON, of a newer form, or of another account.
    pub fn from_json(json: &[u8], key: &TokenKey) -> Result<Self, StoreError> {
        let text = std::str::from_utf8(json).map_err(|error| {
            let at = error.valid_up_to();
            StoreError::corrupt(format!("the stored tokens are damaged at byte {at}"))
        })?;
        let fields: JsonObject<'_> = serde_json::from_str(text).map_err(|error| {
            // Only the position: the text of the error can contain a token.
            StoreError::corrupt(format!(
                "the stored tokens are damaged at line {}, column {}",
                error.line(),
                error.column()
            ))
        })?;
        if fields.required::<u64>("format")? > FORMAT {
            return Err(StoreError::new(
                "the stored tokens were written by a newer version of this library",
                "use that version, or another store",
            ));
        }

        let account: JsonObject<'_> = fields.required("account")?;
        if fields.required::<String>("client_id")? != key.app
            || account.required::<String>("kind")? != key.account.user_type().as_str()
            || account.required::<String>("id")? != key.account.id()
        {
            return Err(StoreError::corrupt(
                "the stored tokens are those of another app or account",
            ));
        }
        let pending = fields.optional("pending")?.map(|pending: JsonObject<'_>| {
            Ok(PendingRefresh {
                attempt: pending.required("attempt")?,
                since: pending.time("since")?,
                fingerprint: Fingerprint(pending.required::<String>("fingerprint")?),
                answered: pending.get("answered").is_some(),
            })
        });
        let replies: Vec<JsonObject<'_>> = fields.optional("unread_replies")?.unwrap_or_default();
        let replies = replies.iter().map(|reply| {
            Ok(UndecodedReply {
                received_at: reply.time("received_at")?,
                text: reply.required::<String>("text")?.into(),
                refresh_token: reply.read::<String>("refresh_token").map(Into::into),
            })
        });
        Ok(Record {
            tokens: TokenSet {
                access_token: fields.required::<String>("access_token")?.into(),
                refresh_token: fields.optional::<String>("refresh_token")?.map(Into::into),
                obtained_at: fields.time("obtained_at")?,
                expires_at: fields.time("expires_at")?,
                scopes: fields.required("scopes")?,
                user_type: fields
                    .optional::<String>("user_type")?
                    .and_then(|name| UserType::parse(&name)),
                company_id: fields.optional("company_id")?,
                agency_id: fields.optional("agency_id")?,
                location_id: fields.optional("location_id")?,
                user_id: fields.optional("user_id")?,
                approved_locations: fields.required("approved_locations")?,
            },
            revision: fields.required("revision")?,
            pending: pending.transpose()?,
            rejected_at: fields.optional("dead_since")?.map(time),
            undecoded_replies: replies.collect::<Result<_, StoreError>>()?,
        })
    }
}

impl TokenKey {
    /// Reads the key of what [`to_json`](Record::to_json) wrote. `None`: the text is no such JSON.
    pub(crate) fn from_json(json: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(json).ok()?;
        let fields: JsonObject<'_> = serde_json::from_str(text).ok()?;
        let account: JsonObject<'_> = fields.read("account")?;
        let (kind, id): (String, String) = (account.read("kind")?, account.read("id")?);
        TokenKey::of_parts(fields.read::<String>("client_id")?, &kind, id)
    }
}

/// Fields of a stored record. Errors name the field and never show its value.
impl<'a> JsonObject<'a> {
    fn required<T: Deserialize<'a>>(&self, name: &str) -> Result<T, StoreError> {
        self.read(name).ok_or_else(|| {
            StoreError::corrupt(format!(
                "the stored tokens are damaged: `{name}` is missing or no longer what it was"
            ))
        })
    }

    /// Reads a field that may be missing. One of another type is an error, as a part of the record
    /// would be lost.
    fn optional<T: Deserialize<'a>>(&self, name: &str) -> Result<Option<T>, StoreError> {
        self.get(name).map(|_| self.required(name)).transpose()
    }

    fn time(&self, name: &str) -> Result<SystemTime, StoreError> {
        self.required(name).map(time)
    }
}

/// Returns the milliseconds since 1970, as times are stored.
fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

/// Returns the time of a stored number. A number beyond the calendar counts as 1970, so the token
/// counts as expired.
fn time(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_millis(millis))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}
