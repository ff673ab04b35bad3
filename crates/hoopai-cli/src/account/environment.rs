//! The environment variables that replace values of a profile.

use crate::failure::Result;
use crate::options::Options;
use crate::variable::variable;

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
