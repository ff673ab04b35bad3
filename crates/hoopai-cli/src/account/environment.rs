//! The environment variables of the program. A variable without contents counts as not set.

use crate::failure::{Failure, Result};
use crate::options::Options;

pub(crate) const TOKEN: &str = "HOOPAI_TOKEN";
pub(crate) const LOCATION: &str = "HOOPAI_LOCATION_ID";
pub(crate) const COMPANY: &str = "HOOPAI_COMPANY_ID";
pub(crate) const BASE_URL: &str = "HOOPAI_BASE_URL";
pub(crate) const CLIENT_SECRET: &str = "HOOPAI_CLIENT_SECRET";

/// The variables that replace values of a profile.
#[derive(Default)]
pub(crate) struct Environment {
    pub(crate) token: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) company: Option<String>,
    pub(crate) base_url: Option<String>,
    pub(crate) client_secret: Option<String>,
}

impl Environment {
    /// Reads the variables. Options precede them.
    pub(crate) fn read(options: &Options) -> Result<Self> {
        Ok(Environment {
            token: variable(TOKEN)?,
            location: variable(LOCATION)?,
            company: variable(COMPANY)?,
            base_url: match &options.base_url {
                Some(url) => Some(url.clone()),
                None => variable(BASE_URL)?,
            },
            client_secret: variable(CLIENT_SECRET)?,
        })
    }
}

pub(crate) fn variable(name: &str) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Failure::usage(format_args!(
            "the environment variable {name} is not UTF-8: set it again"
        ))),
    }
}
