//! A token store that is chosen by configuration: a URL and a key, or environment variables.

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

#[cfg(any(feature = "postgres", feature = "redis"))]
use hoopai_auth::EncryptionKeys;
#[cfg(feature = "redis")]
use hoopai_auth::{AccountId, StoreErrorKind};
use hoopai_auth::{FileStore, Lease, Record, StoreError, Swap, TokenKey, TokenStore};
#[cfg(feature = "postgres")]
use hoopai_postgres::PostgresStore;
#[cfg(feature = "redis")]
use hoopai_redis::RedisStore;
use hoopai_runtime::time::BoxFuture;

use crate::{Error, Result};

/// The variable with the URL of the token store.
const STORE_VARIABLE: &str = "HOOPAI_STORE";
/// The variable with the path of the certificates that its server is verified with.
const CERTIFICATES_VARIABLE: &str = "HOOPAI_STORE_CA";
/// The variable with the key that encrypts tokens.
const KEY_VARIABLE: &str = "HOOPAI_TOKEN_KEY";
/// The variable with the key before that one.
const PREVIOUS_KEY_VARIABLE: &str = "HOOPAI_TOKEN_KEY_PREVIOUS";

/// The value of [`KEY_VARIABLE`] for a store without encryption.
const NO_KEY: &str = "none";

/// A token store that is chosen by configuration. Clones are the same store.
///
/// ```no_run
/// use hoopai::Client;
/// use hoopai::auth::{ConfiguredStore, OAuthApp};
///
/// # async fn run(app: OAuthApp) -> Result<(), Box<dyn std::error::Error>> {
/// let store = ConfiguredStore::from_env()?;
/// store.prepare().await?;
/// let client = Client::builder().oauth_app(app).token_store(store).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ConfiguredStore {
    store: Arc<dyn TokenStore>,
    kind: Kind,
}

/// The store, for what its trait does not have.
#[derive(Clone)]
enum Kind {
    Files,
    #[cfg(feature = "postgres")]
    Postgres(PostgresStore),
    #[cfg(feature = "redis")]
    Redis(RedisStore),
}

/// What a store needs besides its URL.
struct Settings {
    certificates: Option<Vec<u8>>,
    key: Option<String>,
    previous_key: Option<String>,
}

impl ConfiguredStore {
    /// Opens the store of these environment variables:
    ///
    /// | variable | setting |
    /// |---|---|
    /// | `HOOPAI_STORE` | `file:FOLDER`, `postgres://…`, `redis://…`, or with TLS `rediss://…`; required |
    /// | `HOOPAI_TOKEN_KEY` | 64 hexadecimal digits, with which tokens are encrypted: `openssl rand -hex 32`. Required for a database; `none` stores tokens in plain text |
    /// | `HOOPAI_TOKEN_KEY_PREVIOUS` | the key before that one, while records with it exist |
    /// | `HOOPAI_STORE_CA` | path of a PEM file, whose certificates are trusted instead of those of the operating system |
    ///
    /// A variable without contents counts as not set. `postgres://…` needs the feature `postgres`,
    /// and `redis://…` the feature `redis`. Databases are connected at the first use.
    ///
    /// # Errors
    /// Fails if a variable is missing or invalid; kind [`Config`](crate::ErrorKind::Config). The
    /// error names the variable, and shows neither password nor key.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    /// Opens the store of environment variables that a function returns; see
    /// [`from_env`](Self::from_env).
    ///
    /// # Errors
    /// Those of [`from_env`](Self::from_env).
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let read = |name: &str| read_variable(&variable, name);
        let Some(url) = read(STORE_VARIABLE)? else {
            return Err(Error::config(format!(
                "the environment variable {STORE_VARIABLE} is not set: set it to {FORMS}"
            )));
        };
        let certificates = read_file(read(CERTIFICATES_VARIABLE)?, CERTIFICATES_VARIABLE)?;
        let settings = Settings {
            certificates,
            key: read(KEY_VARIABLE)?,
            previous_key: read(PREVIOUS_KEY_VARIABLE)?,
        };
        Self::open(&url, &settings)
    }

    fn open(url: &str, settings: &Settings) -> Result<Self> {
        let (scheme, rest) = url.split_once(':').unwrap_or_default();
        match scheme {
            "file" => Self::files(rest, settings),
            "postgres" | "postgresql" => Self::postgres(url, settings),
            "redis" | "rediss" => Self::redis(url, settings),
            _ => Err(Error::config(format!(
                "the environment variable {STORE_VARIABLE} has an unknown form: set it to {FORMS}"
            ))),
        }
    }

    fn files(path: &str, settings: &Settings) -> Result<Self> {
        let Settings {
            certificates,
            key,
            previous_key,
        } = settings;
        let has_key = key.as_ref().is_some_and(|key| key != NO_KEY) || previous_key.is_some();
        if has_key || certificates.is_some() {
            return Err(Error::config(format!(
                "the store of the environment variable {STORE_VARIABLE} is a folder, which has no encryption and no TLS: remove {KEY_VARIABLE}, {PREVIOUS_KEY_VARIABLE} and {CERTIFICATES_VARIABLE}, or use a database"
            )));
        }
        // file:///folder has an empty host.
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            return Err(Error::config(format!(
                "the environment variable {STORE_VARIABLE} has no folder: set it to file:FOLDER"
            )));
        }
        let store = FileStore::open(path).map_err(|error| invalid(STORE_VARIABLE, &error))?;
        Ok(Self {
            store: Arc::new(store),
            kind: Kind::Files,
        })
    }

    #[cfg(feature = "postgres")]
    fn postgres(url: &str, settings: &Settings) -> Result<Self> {
        let store = match &settings.certificates {
            Some(pem) => PostgresStore::connect_with_root_certificates(url, pem),
            None => PostgresStore::connect(url),
        };
        let mut store = store.map_err(|error| invalid(STORE_VARIABLE, &error))?;
        if let Some(keys) = settings.keys()? {
            store = store.encrypted(keys);
        }
        Ok(Self {
            store: Arc::new(store.clone()),
            kind: Kind::Postgres(store),
        })
    }

    #[cfg(not(feature = "postgres"))]
    fn postgres(_: &str, _: &Settings) -> Result<Self> {
        Err(missing_feature("postgres"))
    }

    #[cfg(feature = "redis")]
    fn redis(url: &str, settings: &Settings) -> Result<Self> {
        let store = match &settings.certificates {
            Some(pem) => RedisStore::connect_with_root_certificates(url, pem),
            None => RedisStore::connect(url),
        };
        let mut store = store.map_err(|error| invalid(STORE_VARIABLE, &error))?;
        if let Some(keys) = settings.keys()? {
            store = store.encrypted(keys);
        }
        Ok(Self {
            store: Arc::new(store.clone()),
            kind: Kind::Redis(store),
        })
    }

    #[cfg(not(feature = "redis"))]
    fn redis(_: &str, _: &Settings) -> Result<Self> {
        Err(missing_feature("redis"))
    }

    /// Connects to the server and prepares it: creates the tables of PostgreSQL or extends older
    /// ones, and checks the settings of Redis that keep tokens. Does nothing for files.
    ///
    /// Call this at the start of each process; all machines can do so at the same time.
    ///
    /// # Errors
    /// Fails if the server cannot be reached, or the role may not create the tables, or Redis has
    /// settings that lose tokens. A Redis server that does not show its settings is accepted.
    pub async fn prepare(&self) -> Result<(), StoreError> {
        match &self.kind {
            Kind::Files => Ok(()),
            #[cfg(feature = "postgres")]
            Kind::Postgres(store) => store.migrate().await,
            #[cfg(feature = "redis")]
            Kind::Redis(store) => {
                let probe = TokenKey::new("hoopai", AccountId::company("probe"));
                store.load(&probe).await?;
                match store.check_durability().await {
                    Err(error) if error.kind() == StoreErrorKind::Unsafe => Err(error),
                    _ => Ok(()),
                }
            }
        }
    }
}

/// Reads an environment variable. One without contents counts as not set.
pub(crate) fn read_variable(
    variable: impl Fn(&str) -> Option<OsString>,
    name: &str,
) -> Result<Option<String>> {
    match variable(name).map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Some(Err(_)) => Err(Error::config(format!(
            "the environment variable {name} is not UTF-8: set it again"
        ))),
    }
}

/// Reads the file that an environment variable names.
pub(crate) fn read_file(path: Option<String>, name: &str) -> Result<Option<Vec<u8>>> {
    let Some(path) = path else {
        return Ok(None);
    };
    std::fs::read(&path).map(Some).map_err(|error| {
        Error::config(format!(
            "the file {path} of the environment variable {name} cannot be read: {error}"
        ))
    })
}

/// The forms of [`STORE_VARIABLE`].
const FORMS: &str = "file:FOLDER, postgres://user:password@host/database, redis://user:password@host:6379/0, or with TLS rediss://…";

#[cfg(any(feature = "postgres", feature = "redis"))]
impl Settings {
    /// The keys of a database. Plain text is stored only on demand.
    fn keys(&self) -> Result<Option<EncryptionKeys>> {
        let Some(key) = &self.key else {
            return Err(Error::config(format!(
                "the environment variable {KEY_VARIABLE} is not set: set it to the output of `openssl rand -hex 32`, the same on all machines, or to `{NO_KEY}` to store tokens in plain text"
            )));
        };
        if key == NO_KEY {
            return match self.previous_key {
                None => Ok(None),
                Some(_) => Err(Error::config(format!(
                    "{PREVIOUS_KEY_VARIABLE} is set, and {KEY_VARIABLE} is `{NO_KEY}`: set a key or remove the previous one"
                ))),
            };
        }
        let keys = EncryptionKeys::from_hex(key).map_err(|error| invalid(KEY_VARIABLE, &error))?;
        let Some(previous) = &self.previous_key else {
            return Ok(Some(keys));
        };
        let keys = keys.previous_hex(previous);
        keys.map(Some)
            .map_err(|error| invalid(PREVIOUS_KEY_VARIABLE, &error))
    }
}

fn invalid(name: &str, error: &StoreError) -> Error {
    Error::config(format!(
        "the environment variable {name} is invalid: {error}"
    ))
}

#[cfg(not(all(feature = "postgres", feature = "redis")))]
fn missing_feature(name: &str) -> Error {
    Error::config(format!(
        "the environment variable {STORE_VARIABLE} needs the feature `{name}` of the crate hoopai: enable it, or use another store"
    ))
}

/// Hides the URL.
impl fmt::Debug for ConfiguredStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Files => f.write_str("ConfiguredStore(files)"),
            #[cfg(feature = "postgres")]
            Kind::Postgres(store) => f.debug_tuple("ConfiguredStore").field(store).finish(),
            #[cfg(feature = "redis")]
            Kind::Redis(store) => f.debug_tuple("ConfiguredStore").field(store).finish(),
        }
    }
}

impl TokenStore for ConfiguredStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        self.store.load(key)
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<Record>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        self.store.swap(key, expected, new)
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
        self.store.lease(key, ttl)
    }

    fn keys<'a>(
        &'a self,
        app: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<TokenKey>>, StoreError>> {
        self.store.keys(app)
    }

    fn path(&self, key: &TokenKey) -> Option<std::path::PathBuf> {
        self.store.path(key)
    }
}
