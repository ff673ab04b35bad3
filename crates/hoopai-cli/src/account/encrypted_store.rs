//! A token store in files, whose records are encrypted.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hoopai_auth::{
    EncryptionKeys, FileStore, Lease, Record, StoreError, Swap, TokenKey, TokenSet, TokenStore,
};
use hoopai_runtime::time::BoxFuture;
use secrecy::ExposeSecret;

/// Records in files, each encrypted as a whole. The file holds the ciphertext in place of the access
/// token, so locks, revisions and durability are those of [`FileStore`].
pub(super) struct EncryptedStore {
    pub(super) files: FileStore,
    pub(super) keys: EncryptionKeys,
}

impl EncryptedStore {
    fn encrypt(&self, key: &TokenKey, record: &Record) -> Result<Record, StoreError> {
        let ciphertext = STANDARD.encode(self.keys.encrypt(key, record)?);
        let tokens = TokenSet::new(ciphertext, None, record.tokens.expires_at());
        Ok(Record::new(tokens, record.revision))
    }

    fn decrypt(&self, key: &TokenKey, stored: &Record) -> Result<Record, StoreError> {
        let ciphertext = STANDARD
            .decode(stored.tokens.access_token().expose_secret())
            .unwrap_or_default();
        self.keys.decrypt(key, &ciphertext)
    }
}

impl TokenStore for EncryptedStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        Box::pin(async move {
            let stored = self.files.load(key).await?;
            stored.map(|stored| self.decrypt(key, &stored)).transpose()
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<Record>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(async move {
            let new = new.map(|record| self.encrypt(key, &record)).transpose()?;
            self.files.swap(key, expected, new).await
        })
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
        self.files.lease(key, ttl)
    }

    fn keys<'a>(
        &'a self,
        app: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<TokenKey>>, StoreError>> {
        self.files.keys(app)
    }

    fn path(&self, key: &TokenKey) -> Option<PathBuf> {
        TokenStore::path(&self.files, key)
    }
}
