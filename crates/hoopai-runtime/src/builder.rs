//! Settings, and what is made of them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderValue;
use secrecy::SecretString;

use crate::auth::Credentials;
use crate::base_url::BaseUrl;
use crate::drift::{DriftObserver, Reading};
use crate::handle::Inner;
use crate::transport::Transport;
use crate::{DEFAULT_BASE_URL, Error, Handle};

/// Our name and version, in every request. The edge before the platform refuses requests without a name.
const USER_AGENT: &str = concat!("hoopai-rust/", env!("CARGO_PKG_VERSION"));

const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const RESPONSE_LIMIT: usize = 64 * 1024 * 1024;

/// The settings of a [`Handle`]. Only the token is needed.
#[must_use = "settings do nothing before `build`"]
pub struct HandleBuilder {
    token: Option<SecretString>,
    location: Option<String>,
    base_url: Option<String>,
    timeout: Duration,
    response_limit: usize,
    user_agent: Option<String>,
    api_version: Option<String>,
    http: Option<reqwest::Client>,
    reading: Reading,
}

impl HandleBuilder {
    pub(crate) fn new() -> Self {
        HandleBuilder {
            token: None,
            location: None,
            base_url: None,
            timeout: TIMEOUT,
            response_limit: RESPONSE_LIMIT,
            user_agent: None,
            api_version: None,
            http: None,
            reading: Reading::default(),
        }
    }

    /// The private integration token, which every request carries. It is made in the account, under Settings > Integrations.
    pub fn private_token(mut self, token: impl Into<SecretString>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The id of the location (sub-account) that calls act on. It is filled in where an operation takes a location and the
    /// call names none.
    pub fn location(mut self, id: impl Into<String>) -> Self {
        self.location = Some(id.into());
        self
    }

    /// Another address than [`DEFAULT_BASE_URL`]: https, or http on a loopback address. A path in it is kept as a prefix.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// How long one call may take, from connecting to the end of its reply. 30 seconds unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a reply may be, in bytes. 64 MiB unless set. A reply that is read piece by piece has no limit.
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.response_limit = bytes;
        self
    }

    /// The caller's own name and version, such as `acme-sync/2.1`. It is sent in front of ours.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = Some(name.into());
        self
    }

    /// Fixes the API version (a date such as `2021-07-28`) for all calls, whatever their operations declare.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = Some(version.into());
        self
    }

    /// An HTTP client of the caller's own, in place of ours, with its pool, proxies, certificates and redirect policy. Ours follows no
    /// redirects, and connects within 10 seconds or not at all.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http = Some(client);
        self
    }

    /// Makes a reply that is not as declared an error, of kind [`Decode`](crate::error::ErrorKind::Decode) with the place of the
    /// first drift, after all are reported. Unless set, such a reply is read as far as it goes: see
    /// [`Drift`](crate::drift::Drift). A call can say otherwise with `strict`.
    pub fn strict(mut self, strict: bool) -> Self {
        self.reading.strict = strict;
        self
    }

    /// Hears of every place where a reply is not as declared.
    ///
    /// ```
    /// use hoopai_runtime::{Drift, Handle, operation::Operation};
    ///
    /// let builder = Handle::builder().drift_observer(|operation: Option<&'static Operation>, drift: &Drift| {
    ///     eprintln!("{}: {drift}", operation.map_or("a call by path", |operation| operation.name));
    /// });
    /// ```
    pub fn drift_observer(mut self, observer: impl DriftObserver + 'static) -> Self {
        self.reading.observer = Some(Arc::new(observer));
        self
    }

    /// Checks the settings and makes the handle. Nothing is sent.
    ///
    /// # Errors
    /// No token, or a setting that cannot be used; kind [`Config`](crate::error::ErrorKind::Config).
    pub fn build(self) -> Result<Handle, Error> {
        let credentials = Credentials::private_token(self.token.as_ref())?;
        let base_url = BaseUrl::parse(self.base_url.as_deref().unwrap_or(DEFAULT_BASE_URL))?;
        if self
            .location
            .as_deref()
            .is_some_and(|id| matches!(id, "" | "." | ".."))
        {
            return Err(Error::config(
                "the location is empty: give its id, or leave `location` out",
            ));
        }
        if self
            .api_version
            .as_deref()
            .is_some_and(|version| version.is_empty() || HeaderValue::from_str(version).is_err())
        {
            return Err(Error::config(
                "the API version cannot be sent: give a date such as 2021-07-28",
            ));
        }
        let user_agent = match &self.user_agent {
            Some(own) => format!("{} {USER_AGENT}", own.trim()),
            None => USER_AGENT.to_owned(),
        };
        let user_agent = HeaderValue::from_str(user_agent.trim()).map_err(|_| {
            Error::config(
                "the user agent cannot be sent: it holds characters that no header may have",
            )
        })?;
        let http = match self.http {
            Some(client) => client,
            None => http_client(&base_url)?,
        };
        let transport = Transport {
            http,
            credentials,
            user_agent,
            timeout: self.timeout,
            response_limit: self.response_limit,
        };
        Ok(Handle(Arc::new(Inner {
            base_url,
            location: self.location,
            api_version: self.api_version,
            transport,
            reading: self.reading,
        })))
    }
}

/// Shows which settings there are, and none of those that can hold a secret or an id.
impl fmt::Debug for HandleBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandleBuilder")
            .field("private_token", &self.token.is_some())
            .field("location", &self.location.is_some())
            .field("base_url", &self.base_url.is_some())
            .field("timeout", &self.timeout)
            .field("response_limit", &self.response_limit)
            .field("user_agent", &self.user_agent)
            .field("api_version", &self.api_version)
            .field("http_client", &self.http.is_some())
            .field("reading", &self.reading)
            .finish()
    }
}

fn http_client(base_url: &BaseUrl) -> Result<reqwest::Client, Error> {
    let mut builder = reqwest::Client::builder()
        // A redirect is an answer to be reported: followed, it could carry the token elsewhere.
        .redirect(reqwest::redirect::Policy::none())
        // Whether a call is sent again is decided by this crate, which knows what may be.
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT);
    if base_url.is_loopback() {
        builder = builder.no_proxy();
    }
    builder.build().map_err(Error::no_client)
}
