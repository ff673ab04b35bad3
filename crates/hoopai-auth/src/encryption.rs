//! Encryption of records, for stores that others can read.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};

use crate::record::{Record, TokenKey};
use crate::store_error::{StoreError, StoreErrorKind};

/// What encrypted records begin with. Records that are not encrypted begin with `{`.
const PREFIX: &[u8; 8] = b"hoopai\x00\x01";
const KEY_ID: usize = 4;
const NONCE: usize = 24;

/// Keys that encrypt records at rest, with XChaCha20-Poly1305. Each record is bound to its app and
/// account, so a record that is copied to another account is rejected.
///
/// To change the key, add the old one by [`previous`](Self::previous): records are encrypted with
/// the new key when they are written next, which is within a day for accounts in use.
#[derive(Clone)]
pub struct EncryptionKeys {
    current: Key,
    previous: Vec<Key>,
    plaintext: bool,
}

#[derive(Clone)]
struct Key {
    /// Finds the key of a record. It reveals nothing of the key.
    id: [u8; KEY_ID],
    secret: Zeroizing<[u8; 32]>,
}

impl EncryptionKeys {
    /// Encrypts with this key, which must be random. `openssl rand 32` makes one.
    pub fn new(key: [u8; 32]) -> Self {
        Self {
            current: Key::new(key),
            previous: Vec::new(),
            plaintext: false,
        }
    }

    /// Reads a key of 64 hexadecimal digits, as `openssl rand -hex 32` prints it.
    ///
    /// # Errors
    /// Fails if the text has another form. The error does not show it.
    pub fn from_hex(text: &str) -> Result<Self, StoreError> {
        read_hex(text).map(Self::new)
    }

    /// Reads records that this older key of 64 hexadecimal digits encrypted.
    ///
    /// # Errors
    /// Fails if the text has another form. The error does not show it.
    pub fn previous_hex(self, text: &str) -> Result<Self, StoreError> {
        read_hex(text).map(|key| self.previous(key))
    }

    /// Reads records that this older key encrypted.
    #[must_use]
    pub fn previous(mut self, key: [u8; 32]) -> Self {
        self.previous.push(Key::new(key));
        self
    }

    /// Reads records that are not encrypted, too, as after a store was used without keys. They are
    /// encrypted when they are written next. By default they are rejected: everyone who can write to
    /// the store could replace tokens by others.
    #[must_use]
    pub fn accept_plaintext(mut self) -> Self {
        self.plaintext = true;
        self
    }

    /// Encrypts a record.
    ///
    /// # Errors
    /// Fails if the operating system has no random numbers.
    pub fn encrypt(&self, key: &TokenKey, record: &Record) -> Result<Vec<u8>, StoreError> {
        let failed = |cause: &str| {
            StoreError::new(
                format!("the tokens cannot be encrypted: {cause}"),
                "try again; if this persists, check the random numbers of the operating system",
            )
        };
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| failed(&error.to_string()))?;
        let json = record.to_json(key);
        let payload = Payload {
            msg: &json,
            aad: &associated_data(key),
        };
        let ciphertext = (self.current.cipher())
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| failed("the cipher failed"))?;
        Ok([&PREFIX[..], &self.current.id, &nonce, &ciphertext].concat())
    }

    /// Decrypts a record.
    ///
    /// # Errors
    /// Fails if the record is damaged, of another account, or encrypted by an unknown key.
    pub fn decrypt(&self, key: &TokenKey, stored: &[u8]) -> Result<Record, StoreError> {
        let Some(sealed) = stored.strip_prefix(PREFIX) else {
            return self.read_plaintext(key, stored);
        };
        let damaged = || StoreError::corrupt("the encrypted tokens are damaged");
        let (id, sealed) = sealed.split_at_checked(KEY_ID).ok_or_else(damaged)?;
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE).ok_or_else(damaged)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| damaged())?;
        let mut keys = std::iter::once(&self.current).chain(&self.previous);
        let own = keys.find(|own| own.id == id).ok_or_else(|| {
            StoreError::of_kind(
                StoreErrorKind::Corrupt,
                "the tokens are encrypted with a key that is not configured",
                "add that key with EncryptionKeys::previous",
            )
        })?;
        let payload = Payload {
            msg: ciphertext,
            aad: &associated_data(key),
        };
        let json = own.cipher().decrypt(&nonce, payload);
        let json = Zeroizing::new(json.map_err(|_| {
            StoreError::corrupt("the encrypted tokens are damaged, or those of another account")
        })?);
        Record::from_json(&json, key)
    }

    fn read_plaintext(&self, key: &TokenKey, stored: &[u8]) -> Result<Record, StoreError> {
        if self.plaintext {
            return Record::from_json(stored, key);
        }
        Err(StoreError::of_kind(
            StoreErrorKind::Corrupt,
            "the stored tokens are not encrypted",
            "if the store was used without a key before, set EncryptionKeys::accept_plaintext",
        ))
    }
}

/// Shows the number of keys.
impl fmt::Debug for EncryptionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKeys")
            .field("previous", &self.previous.len())
            .field("accept_plaintext", &self.plaintext)
            .finish_non_exhaustive()
    }
}

impl Key {
    fn new(secret: [u8; 32]) -> Self {
        let mut id = [0; KEY_ID];
        let digest = Sha256::new_with_prefix(b"hoopai key id")
            .chain_update(secret)
            .finalize();
        id.copy_from_slice(&digest[..KEY_ID]);
        Self {
            id,
            secret: Zeroizing::new(secret),
        }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.secret).into())
    }
}

/// The app and the account, unambiguously.
fn associated_data(key: &TokenKey) -> Vec<u8> {
    let parts = [
        key.app.as_str(),
        key.account.user_type().as_str(),
        key.account.id(),
    ];
    let mut data = Vec::new();
    for part in parts {
        data.extend((part.len() as u64).to_be_bytes());
        data.extend(part.as_bytes());
    }
    data
}

/// Reads a key of 64 hexadecimal digits.
fn read_hex(text: &str) -> Result<[u8; 32], StoreError> {
    let text = text.trim();
    let mut key = [0; 32];
    let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    for (byte, digits) in key.iter_mut().zip(0..) {
        let digits = text.get(2 * digits..2 * digits + 2).filter(|_| is_hex);
        let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        *byte = value.ok_or_else(|| {
            StoreError::new(
                "the encryption key is not 64 hexadecimal digits",
                "make a key with openssl rand -hex 32",
            )
        })?;
    }
    Ok(key)
}
