//! A limiter backend that is chosen by configuration: a URL in environment variables.

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;

#[cfg(feature = "redis")]
use hoopai_redis::RedisLimiter;
use hoopai_runtime::rate_limit::{LimitKey, LimiterBackend, LimiterError, ShareReply, ShareReport};
use hoopai_runtime::time::BoxFuture;

use crate::configured_store::{read_file, read_variable};
use crate::{Error, Result};

/// The variable with the URL of the server that divides rate limits.
const LIMITS_VARIABLE: &str = "HOOPAI_LIMITS";
/// The variable with the path of the certificates that the server is verified with.
const CERTIFICATES_VARIABLE: &str = "HOOPAI_LIMITS_CA";
/// The variable with what the names of entries begin with.
const PREFIX_VARIABLE: &str = "HOOPAI_LIMITS_PREFIX";

/// The forms of [`LIMITS_VARIABLE`].
const FORMS: &str = "redis://user:password@host:6379/0, or with TLS rediss://…";

/// A limiter backend that is chosen by configuration. Clones are the same backend.
///
/// ```no_run
/// use hoopai::Client;
/// use hoopai::rate_limit::ConfiguredLimiter;
///
/// # fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let mut builder = Client::builder().private_token(std::env::var("HOOPAI_TOKEN")?);
/// if let Some(limiter) = ConfiguredLimiter::from_env()? {
///     builder = builder.limiter_backend(limiter);
/// }
/// let client = builder.build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ConfiguredLimiter(Arc<dyn LimiterBackend>);

/// The settings of the environment variables.
#[cfg_attr(
    not(feature = "redis"),
    expect(dead_code, reason = "they are read to report what is missing")
)]
struct Settings {
    url: String,
    certificates: Option<Vec<u8>>,
    prefix: Option<String>,
}

impl ConfiguredLimiter {
    /// Opens the backend of these environment variables. `None`: the first one is not set, so each
    /// process has limits of its own.
    ///
    /// | variable | setting |
    /// |---|---|
    /// | `HOOPAI_LIMITS` | `redis://…`, or with TLS `rediss://…` |
    /// | `HOOPAI_LIMITS_PREFIX` | what the names of entries begin with; the default is `hoopai`. Each private integration needs one of its own |
    /// | `HOOPAI_LIMITS_CA` | path of a PEM file, whose certificates are trusted instead of those of the operating system |
    ///
    /// A variable without contents counts as not set. The feature `redis` is needed. The server is
    /// connected at the first use.
    ///
    /// # Errors
    /// Fails if a variable is invalid; kind [`Config`](crate::ErrorKind::Config). The error names
    /// the variable, and does not show the password.
    pub fn from_env() -> Result<Option<Self>> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    /// Opens the backend of environment variables that a function returns; see
    /// [`from_env`](Self::from_env).
    ///
    /// # Errors
    /// Those of [`from_env`](Self::from_env).
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<Self>> {
        let url = read_variable(&variable, LIMITS_VARIABLE)?;
        let certificates = read_variable(&variable, CERTIFICATES_VARIABLE)?;
        let prefix = read_variable(&variable, PREFIX_VARIABLE)?;
        let Some(url) = url else {
            return match certificates.is_some() || prefix.is_some() {
                false => Ok(None),
                true => Err(Error::config(format!(
                    "the environment variable {LIMITS_VARIABLE} is not set: set it to {FORMS}, or remove {CERTIFICATES_VARIABLE} and {PREFIX_VARIABLE}"
                ))),
            };
        };
        let (scheme, _) = url.split_once(':').unwrap_or_default();
        if !matches!(scheme, "redis" | "rediss") {
            return Err(Error::config(format!(
                "the environment variable {LIMITS_VARIABLE} has an unknown form: set it to {FORMS}"
            )));
        }
        let settings = Settings {
            certificates: read_file(certificates, CERTIFICATES_VARIABLE)?,
            url,
            prefix,
        };
        Self::redis(settings).map(Some)
    }

    #[cfg(feature = "redis")]
    fn redis(settings: Settings) -> Result<Self> {
        let limiter = match &settings.certificates {
            Some(pem) => RedisLimiter::connect_with_root_certificates(&settings.url, pem),
            None => RedisLimiter::connect(&settings.url),
        };
        let limiter = limiter.map_err(|error| {
            Error::config(format!(
                "the environment variable {LIMITS_VARIABLE} is invalid: {error}"
            ))
        })?;
        Ok(Self(match settings.prefix {
            Some(prefix) => Arc::new(limiter.prefix(prefix)),
            None => Arc::new(limiter),
        }))
    }

    #[cfg(not(feature = "redis"))]
    fn redis(settings: Settings) -> Result<Self> {
        let Settings {
            url: _,
            certificates: _,
            prefix: _,
        } = settings;
        Err(Error::config(format!(
            "the environment variable {LIMITS_VARIABLE} needs the feature `redis` of the crate hoopai: enable it, or remove the variable"
        )))
    }
}

/// Hides the URL.
impl fmt::Debug for ConfiguredLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfiguredLimiter").finish_non_exhaustive()
    }
}

impl LimiterBackend for ConfiguredLimiter {
    fn exchange<'a>(
        &'a self,
        key: &'a LimitKey,
        report: &'a ShareReport,
    ) -> BoxFuture<'a, Result<ShareReply, LimiterError>> {
        self.0.exchange(key, report)
    }
}
