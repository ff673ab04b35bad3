//! The keychain of the operating system.

use std::fmt::Display;
use std::sync::Arc;

use hoopai_auth::EncryptionKeys;
use keyring_core::{CredentialStore, Entry, Error};

use crate::directory::Directory;
use crate::failure::{Failure, Result};

/// The name of the program in the keychain.
const SERVICE: &str = "hoopai";

/// Named secrets in a keychain.
pub(super) struct Keychain(Arc<CredentialStore>);

impl Keychain {
    /// Opens the keychain of the user.
    pub(super) fn open() -> Result<Self> {
        let opened = on_thread(|| match keyring::Entry::store_status() {
            Ok(()) => Ok(keyring_core::get_default_store()),
            Err(error) => Err(error.to_string()),
        });
        match opened {
            Ok(Some(store)) => Ok(Keychain(store)),
            Ok(None) => Err(unusable("there is none")),
            Err(error) => Err(unusable(error)),
        }
    }

    #[cfg(test)]
    pub(super) fn of(store: Arc<CredentialStore>) -> Self {
        Keychain(store)
    }

    /// Reads a secret. `None`: there is no such entry.
    pub(super) fn read(&self, name: &str) -> Result<Option<String>> {
        self.with(name, |entry| match entry.get_password() {
            Ok(secret) => Ok(Some(secret)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    /// Stores a secret, in place of an earlier one.
    pub(super) fn write(&self, name: &str, secret: &str) -> Result {
        self.with(name, |entry| entry.set_password(secret))
    }

    /// Removes a secret, if it exists.
    pub(super) fn remove(&self, name: &str) -> Result {
        self.with(name, |entry| match entry.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(error),
        })
    }

    /// The keys that the tokens of OAuth apps in a directory are encrypted with. They are created at
    /// the first use.
    pub(super) fn encryption_keys(&self, directory: &Directory) -> Result<EncryptionKeys> {
        let name = entry_name("tokens", directory);
        let hex = match self.read(&name)? {
            Some(hex) => hex,
            None => {
                let mut key = [0; 32];
                getrandom::fill(&mut key).map_err(|error| {
                    Failure::internal(format_args!("there are no random numbers: {error}"))
                })?;
                let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
                self.write(&name, &hex)?;
                hex
            }
        };
        EncryptionKeys::from_hex(&hex).map_err(|_| {
            Failure::internal(format_args!(
                "the entry `{name}` of the keychain is damaged: remove it there, and log in again"
            ))
        })
    }

    fn with<T: Send>(
        &self,
        name: &str,
        work: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send,
    ) -> Result<T> {
        // The text of an error is made on the thread: it can refer to entries.
        on_thread(|| {
            let entry = self.0.build(SERVICE, name, None);
            entry.and_then(|entry| work(&entry)).map_err(|error| {
                // Two kinds of errors contain the secret, and their texts do not show it.
                error.to_string()
            })
        })
        .map_err(unusable)
    }
}

/// The name of an entry. Directories have entries of their own.
pub(super) fn entry_name(what: &str, directory: &Directory) -> String {
    let path = directory.path();
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    format!("{what} in {}", path.display())
}

/// Runs calls that block, and that may not block in an asynchronous runtime.
fn on_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

fn unusable(error: impl Display) -> Failure {
    Failure::internal(format_args!(
        "the keychain of this machine cannot be used ({error}): unlock it, or start its service, on \
         Linux a Secret Service such as gnome-keyring or KWallet; or log in without --keychain, or \
         set HOOPAI_TOKEN"
    ))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn secrets_are_kept_and_removed() {
        let keychain = Keychain::of(keyring_core::mock::Store::new().unwrap());
        assert_eq!(keychain.read("a").unwrap(), None);
        keychain.write("a", "secret-1").unwrap();
        keychain.write("b", "secret-2").unwrap();
        keychain.write("a", "secret-3").unwrap();
        assert_eq!(keychain.read("a").unwrap().unwrap(), "secret-3");
        keychain.remove("a").unwrap();
        keychain.remove("a").unwrap();
        assert_eq!(keychain.read("a").unwrap(), None);
        assert_eq!(keychain.read("b").unwrap().unwrap(), "secret-2");
    }

    #[test]
    fn failed_keychain_has_a_remedy_and_no_secret() {
        let keychain = Keychain::of(keyring_core::mock::Store::new().unwrap());
        keychain.write("a", "secret-1").unwrap();
        for error in [
            Error::NoStorageAccess("locked".into()),
            Error::BadEncoding(b"secret-1".to_vec()),
            Error::BadDataFormat(b"secret-1".to_vec(), "format".into()),
        ] {
            let entry = keychain.0.build(SERVICE, "a", None).unwrap();
            let mock: &keyring_core::mock::Cred = entry.as_any().downcast_ref().unwrap();
            mock.set_error(error);
            let sentence = keychain.read("a").unwrap_err().sentence();
            assert!(
                sentence.contains("keychain")
                    && sentence.contains("without --keychain")
                    && !sentence.contains("secret"),
                "{sentence}"
            );
        }
    }

    #[test]
    fn encryption_key_is_created_once_for_each_directory() {
        let keychain = Keychain::of(keyring_core::mock::Store::new().unwrap());
        let (one, two) = (
            Directory::at(Path::new("/one")),
            Directory::at(Path::new("/two")),
        );
        keychain.encryption_keys(&one).unwrap();
        let key = keychain.read("tokens in /one").unwrap().unwrap();
        keychain.encryption_keys(&one).unwrap();
        keychain.encryption_keys(&two).unwrap();
        assert_eq!(keychain.read("tokens in /one").unwrap().unwrap(), key);
        assert_ne!(keychain.read("tokens in /two").unwrap().unwrap(), key);
        keychain.write("tokens in /one", "secret").unwrap();
        let sentence = keychain.encryption_keys(&one).unwrap_err().sentence();
        assert!(
            sentence.contains("tokens in /one") && !sentence.contains("secret"),
            "{sentence}"
        );
    }
}
