//! Where the limit is shared: the environment variables that `ConfiguredLimiter` reads, too.

use crate::failure::{Failure, Result};
use crate::variable::variable;

/// The variable with the URL of the server.
const LIMITS: &str = "HOOPAI_LIMITS";
/// The variable with the path of the certificates that the server is verified with.
const CERTIFICATES: &str = "HOOPAI_LIMITS_CA";
/// The variable with what the names of entries begin with.
const PREFIX: &str = "HOOPAI_LIMITS_PREFIX";

const FORMS: &str = "redis://user:password@host:6379/0, or with TLS rediss://…";

/// The server that machines share the limit on.
#[derive(Default)]
pub(crate) struct LimitSettings {
    #[cfg(feature = "redis")]
    pub(super) server: Option<hoopai_redis::RedisValues>,
}

impl LimitSettings {
    /// Reads the variables. No connection is made.
    pub(crate) fn read() -> Result<Self> {
        let (url, certificates, prefix) = (
            variable(LIMITS)?,
            variable(CERTIFICATES)?,
            variable(PREFIX)?,
        );
        let Some(url) = url else {
            return match certificates.is_some() || prefix.is_some() {
                false => Ok(Self::default()),
                true => Err(Failure::usage(format_args!(
                    "the environment variable {LIMITS} is not set: set it to {FORMS}, or remove \
                     {CERTIFICATES} and {PREFIX}"
                ))),
            };
        };
        if !url.starts_with("redis://") && !url.starts_with("rediss://") {
            return Err(Failure::usage(format_args!(
                "the environment variable {LIMITS} has an unknown form: set it to {FORMS}"
            )));
        }
        Self::of_redis(&url, certificates.as_deref(), prefix)
    }

    #[cfg(feature = "redis")]
    fn of_redis(url: &str, certificates: Option<&str>, prefix: Option<String>) -> Result<Self> {
        use hoopai_redis::RedisValues;

        let values = match certificates {
            None => RedisValues::connect(url),
            Some(path) => {
                let pem = std::fs::read(path).map_err(|error| {
                    Failure::usage(format_args!(
                        "the file {path} of the environment variable {CERTIFICATES} cannot be \
                         read: {error}"
                    ))
                })?;
                RedisValues::connect_with_root_certificates(url, &pem)
            }
        };
        let values = values.map_err(|error| {
            Failure::usage(format_args!(
                "the environment variable {LIMITS} is invalid: {error}"
            ))
        })?;
        let server = match prefix {
            Some(prefix) => values.prefix(prefix),
            None => values,
        };
        Ok(LimitSettings {
            server: Some(server),
        })
    }

    #[cfg(not(feature = "redis"))]
    fn of_redis(_: &str, _: Option<&str>, _: Option<String>) -> Result<Self> {
        Err(Failure::usage(format_args!(
            "the environment variable {LIMITS} needs the feature `redis` of hoopai-cli: install \
             the program with it, or remove the variable"
        )))
    }
}
