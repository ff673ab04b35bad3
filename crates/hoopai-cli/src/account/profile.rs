//! Profiles: named accounts with their credentials, in one file.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Secret;
use crate::directory::Directory;
use crate::failure::{Failure, Result};

const VERSION: u32 = 1;
const DEFAULT: &str = "default";

/// The stored profiles.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Profiles {
    version: u32,
    default: String,
    profiles: BTreeMap<String, Profile>,
}

/// An account and its credentials.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) credentials: Credentials,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) company: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) base_url: Option<String>,
}

/// The credentials of a profile. The tokens of an OAuth app are in the token store.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Credentials {
    #[serde(rename_all = "camelCase")]
    PrivateToken { token: Secret },
    #[serde(rename_all = "camelCase")]
    OAuthApp {
        client_id: String,
        client_secret: Secret,
        redirect_uri: String,
    },
}

impl Credentials {
    pub(crate) const OAUTH_APP: &str = "OAuth app";

    /// The private token or the client secret.
    pub(crate) fn secret(&self) -> &Secret {
        match self {
            Credentials::PrivateToken { token } => token,
            Credentials::OAuthApp { client_secret, .. } => client_secret,
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Credentials::PrivateToken { .. } => "private token",
            Credentials::OAuthApp { .. } => Self::OAUTH_APP,
        }
    }
}

/// Shows the kind and no secret.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

impl Profiles {
    /// Reads the profiles; none if there is no file.
    pub(crate) fn load(directory: &Directory) -> Result<Self> {
        let path = directory.profiles();
        let content = match std::fs::read(&path) {
            Ok(content) => content,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Profiles {
                    version: VERSION,
                    default: DEFAULT.to_owned(),
                    profiles: BTreeMap::new(),
                });
            }
            Err(error) => return Err(Failure::file(&path, "read", &error)),
        };
        let damaged = |reason: &dyn fmt::Display| {
            Failure::internal(format_args!(
                "the profiles in {} cannot be read ({reason}): move the file away and log in again",
                path.display()
            ))
        };
        // The position only: the text of the error can contain a token.
        let profiles: Profiles = serde_json::from_slice(&content).map_err(|error| {
            damaged(&format_args!(
                "line {}, column {}",
                error.line(),
                error.column()
            ))
        })?;
        if profiles.version != VERSION {
            return Err(damaged(&format_args!("version {}", profiles.version)));
        }
        Ok(profiles)
    }

    /// Changes the profiles while no other process does.
    pub(crate) fn change<T>(
        directory: &Directory,
        change: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let path = directory.path().join("profiles.lock");
        let failed = |error: std::io::Error| Failure::file(&path, "locked", &error);
        Directory::create(directory.path()).map_err(failed)?;
        let lock = std::fs::File::create(&path).map_err(failed)?;
        fs4::FileExt::lock(&lock).map_err(failed)?;
        let mut profiles = Self::load(directory)?;
        let result = change(&mut profiles)?;
        let content = serde_json::to_vec_pretty(&profiles).map_err(|error| {
            Failure::internal(format_args!("the profiles cannot be written: {error}"))
        })?;
        Directory::replace(&directory.profiles(), &content)?;
        Ok(result)
    }

    /// The name of the profile that is used unless another one is named.
    pub(crate) fn default_name(&self) -> &str {
        &self.default
    }

    pub(crate) fn set_default(&mut self, name: &str) -> Result {
        if !self.profiles.contains_key(name) {
            return Err(self.missing(name));
        }
        self.default = name.to_owned();
        Ok(())
    }

    /// The profile of a name, or the default one.
    pub(crate) fn get(&self, name: Option<&str>) -> Result<(&str, &Profile)> {
        let name = name.unwrap_or(&self.default);
        self.profiles
            .get_key_value(name)
            .map(|(name, profile)| (name.as_str(), profile))
            .ok_or_else(|| self.missing(name))
    }

    /// Stores a profile, and returns the one that it replaces. The first one becomes the default.
    pub(crate) fn insert(&mut self, name: &str, profile: Profile) -> Option<Profile> {
        if self.profiles.is_empty() {
            self.default = name.to_owned();
        }
        self.profiles.insert(name.to_owned(), profile)
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Profile> {
        let removed = self.profiles.remove(name);
        if self.default == name {
            let first = self.profiles.keys().next();
            self.default = first.map_or(DEFAULT, String::as_str).to_owned();
        }
        removed
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Profile)> {
        self.profiles.iter()
    }

    fn missing(&self, name: &str) -> Failure {
        if self.profiles.is_empty() {
            return Failure::login_needed(
                "there are no credentials: log in with `hoopai login`, set HOOPAI_TOKEN, or use --mock",
            );
        }
        let names: Vec<&str> = self.profiles.keys().map(String::as_str).collect();
        Failure::login_needed(format_args!(
            "there is no profile `{name}`; there are: {}",
            names.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(token: &str) -> Profile {
        Profile {
            credentials: Credentials::PrivateToken {
                token: Secret::Text(token.to_owned()),
            },
            location: Some("loc".to_owned()),
            company: None,
            base_url: None,
        }
    }

    #[test]
    fn stored_profiles_are_read_again_and_only_by_their_owner() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::at(&folder.path().join("hoopai"));
        Profiles::change(&directory, |profiles| {
            profiles.insert("a", profile("pit-1"));
            profiles.insert("b", profile("pit-2"));
            Ok(())
        })
        .unwrap();
        let profiles = Profiles::load(&directory).unwrap();
        assert_eq!(profiles.default_name(), "a");
        assert_eq!(profiles.get(Some("b")).unwrap().0, "b");
        assert_eq!(Directory::exposure(&directory.profiles()), None);
        assert_eq!(Directory::exposure(directory.path()), None);
    }

    #[test]
    fn error_of_a_damaged_file_has_no_contents() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::at(folder.path());
        std::fs::write(
            directory.profiles(),
            r#"{"version":1,"default":"pit-secret-1","profiles":{"x":"pit-secret"}}"#,
        )
        .unwrap();
        let sentence = Profiles::load(&directory).err().unwrap().sentence();
        assert!(
            sentence.contains("profiles.json") && !sentence.contains("secret"),
            "{sentence}"
        );
    }

    #[test]
    fn removed_default_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let mut profiles = Profiles::load(&Directory::at(folder.path())).unwrap();
        profiles.insert("a", profile("1"));
        profiles.insert("b", profile("2"));
        profiles.remove("a").unwrap();
        assert_eq!(profiles.get(None).unwrap().0, "b");
    }
}
