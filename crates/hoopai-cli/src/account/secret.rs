//! Secrets of profiles: in the file of the profiles, or in the keychain.

use std::fmt;
use std::sync::Arc;

use hoopai_auth::TokenStore;
use serde::{Deserialize, Serialize};

use crate::directory::Directory;
use crate::failure::{Failure, Result};

/// A secret of a profile.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Secret {
    /// The secret itself.
    Text(String),
    /// The name of the secret in the keychain.
    Entry {
        /// The name.
        keychain: String,
    },
}

/// Where secrets are stored.
pub(crate) struct Storage(Place);

enum Place {
    Files,
    #[cfg(feature = "keychain")]
    Keychain(super::keychain::Keychain),
}

impl Secret {
    /// Whether it is in the keychain.
    pub(crate) fn is_in_keychain(&self) -> bool {
        matches!(self, Secret::Entry { .. })
    }

    /// Reads the secret.
    pub(crate) fn reveal(&self) -> Result<String> {
        match self {
            Secret::Text(text) => Ok(text.clone()),
            #[cfg(feature = "keychain")]
            Secret::Entry { keychain: name } => {
                let secret = super::keychain::Keychain::open()?.read(name)?;
                secret.ok_or_else(|| {
                    Failure::login_needed(format_args!(
                        "the keychain has no entry `{name}`: log in with `hoopai login --keychain`"
                    ))
                })
            }
            #[cfg(not(feature = "keychain"))]
            Secret::Entry { .. } => Err(not_built()),
        }
    }

    /// Removes the secret from the keychain.
    pub(crate) fn forget(&self) -> Result {
        match self {
            Secret::Text(_) => Ok(()),
            #[cfg(feature = "keychain")]
            Secret::Entry { keychain } => super::keychain::Keychain::open()?.remove(keychain),
            #[cfg(not(feature = "keychain"))]
            Secret::Entry { .. } => Err(not_built()),
        }
    }
}

/// Shows no secret.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Secret::Text(_) => "[hidden]",
            Secret::Entry { .. } => "in the keychain",
        })
    }
}

impl Storage {
    /// The files of the program, or the keychain, which must be usable.
    pub(crate) fn open(keychain: bool) -> Result<Self> {
        if !keychain {
            return Ok(Storage(Place::Files));
        }
        #[cfg(feature = "keychain")]
        return Ok(Storage(Place::Keychain(super::keychain::Keychain::open()?)));
        #[cfg(not(feature = "keychain"))]
        Err(not_built())
    }

    /// Stores a secret of a profile.
    pub(crate) fn keep(
        &self,
        secret: String,
        profile: &str,
        directory: &Directory,
    ) -> Result<Secret> {
        match &self.0 {
            Place::Files => {
                let _ = (profile, directory);
                Ok(Secret::Text(secret))
            }
            #[cfg(feature = "keychain")]
            Place::Keychain(keychain) => {
                let what = format!("profile {profile}");
                let name = super::keychain::entry_name(&what, directory);
                keychain.write(&name, &secret)?;
                Ok(Secret::Entry { keychain: name })
            }
        }
    }

    /// Opens the store of the tokens of OAuth apps. Beside a keychain, which holds their key, they
    /// are encrypted.
    pub(crate) fn token_store(&self, directory: &Directory) -> Result<Arc<dyn TokenStore>> {
        match &self.0 {
            Place::Files => Ok(Arc::new(files(directory, &directory.tokens())?)),
            #[cfg(feature = "keychain")]
            Place::Keychain(keychain) => Ok(Arc::new(super::encrypted_store::EncryptedStore {
                keys: keychain.encryption_keys(directory)?,
                files: files(directory, &directory.encrypted_tokens())?,
            })),
        }
    }
}

fn files(directory: &Directory, path: &std::path::Path) -> Result<hoopai_auth::FileStore> {
    Directory::create(directory.path())
        .map_err(|error| Failure::file(directory.path(), "created", &error))?;
    hoopai_auth::FileStore::open(path).map_err(|error| {
        Failure::internal(format_args!("the token store cannot be opened: {error}"))
    })
}

#[cfg(not(feature = "keychain"))]
fn not_built() -> Failure {
    Failure::usage(
        "this program was built without the keychain: install it with `cargo install --path \
         crates/hoopai-cli --features keychain`, or log in without --keychain",
    )
}

#[cfg(all(test, feature = "keychain"))]
mod tests {
    use hoopai_auth::conformance::TokenStoreChecks;

    use super::*;
    use crate::account::keychain::Keychain;

    fn storage() -> Storage {
        let store = keyring_core::mock::Store::new().unwrap();
        Storage(Place::Keychain(Keychain::of(store)))
    }

    #[tokio::test]
    async fn encrypted_token_store_conforms() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::at(folder.path());
        let storage = storage();
        let open = || storage.token_store(&directory).unwrap();
        TokenStoreChecks::new(open(), open())
            .leases_end_with_their_process()
            .run()
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn files_hold_no_secret() {
        use hoopai_auth::{AccountId, Record, TokenKey, TokenSet};

        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::at(folder.path());
        let storage = storage();
        let secret = storage.keep("pit-5ecre7".to_owned(), "p", &directory);
        let json = serde_json::to_string(&secret.unwrap()).unwrap();
        assert!(
            json.contains("keychain") && !json.contains("5ecre7"),
            "{json}"
        );
        let tokens = TokenSet::new(
            "access-5ecre7",
            Some("refresh-5ecre7".to_owned().into()),
            std::time::SystemTime::now(),
        );
        let key = TokenKey::new("app", AccountId::Location("loc".to_owned()));
        let store = storage.token_store(&directory).unwrap();
        store
            .swap(&key, None, Some(Record::new(tokens, 1)))
            .await
            .unwrap();
        let file = std::fs::read_to_string(store.path(&key).unwrap()).unwrap();
        assert!(!file.contains("5ecre7"), "{file}");
        // With another key, as on another machine, they cannot be read.
        let other = self::storage().token_store(&directory).unwrap();
        assert!(other.load(&key).await.is_err());
    }
}
