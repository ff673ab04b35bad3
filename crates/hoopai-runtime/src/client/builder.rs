//! The settings of a client, and their checks.

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderValue;
use secrecy::SecretString;

use reqwest::{Certificate, Client, ClientBuilder, Identity, Proxy, tls};

use crate::client::connection::ConnectionSettings;
use crate::client::handle::limit_key;
use crate::drift::{DriftObserver, Reading};
use crate::request::base_url::BaseUrl;
use crate::send::auth::{
    AccountId, Credentials, LOCATION_TOKEN_PATH, ProviderContext, TOKEN_PATH, TokenProviderBuilder,
    TokenSource,
};
use crate::send::byte_stream::ReadTimeout;
use crate::send::context::{ClientState, HandleState};
use crate::send::observe::Observer;
use crate::send::rate_limit::{Backend, Limiter, LimiterBackend, Limiters, RateLimitSettings};
use crate::send::retry::{
    Backoff, DefaultRetryPolicy, FullJitter, RetryBudget, RetryPolicy, TokenBucket,
};
use crate::send::token_endpoint::HttpTokenEndpoint;
use crate::send::transport::Transport;
use crate::time::{Clock, SystemClock};
use crate::{DEFAULT_BASE_URL, Error, Handle};

/// The name and version of this crate, in every request. The edge in front of the platform refuses
/// requests without a user agent.
const USER_AGENT: &str = concat!("hoopai-rust/", env!("CARGO_PKG_VERSION"));

const TIMEOUT: Duration = Duration::from_secs(120);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
const RESPONSE_LIMIT: usize = 64 * 1024 * 1024;

/// The settings of a [`Handle`]. Only the credentials are required: a private token, a token
/// provider such as an OAuth app, or a token source.
#[must_use = "settings do nothing before `build`"]
pub struct HandleBuilder {
    token: Option<SecretString>,
    source: Option<Box<dyn TokenSource>>,
    token_provider: Option<Box<dyn TokenProviderBuilder>>,
    location: Option<String>,
    company: Option<String>,
    base_url: Option<String>,
    timeout: Duration,
    attempt_timeout: Duration,
    pub(crate) connection: ConnectionSettings,
    read_timeout: Duration,
    response_limit: usize,
    user_agent: Option<String>,
    api_version: Option<String>,
    limits: RateLimitSettings,
    token_limits: RateLimitSettings,
    limiter_backend: Option<Arc<dyn LimiterBackend>>,
    policy: Arc<dyn RetryPolicy>,
    backoff: Arc<dyn Backoff>,
    budget: Arc<dyn RetryBudget>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Fn() -> f64 + Send + Sync>,
    observer: Option<Arc<dyn Observer>>,
    reading: Reading,
}

impl Handle {
    /// Returns a builder of a new client.
    pub fn builder() -> HandleBuilder {
        HandleBuilder::new()
    }
}

/// The variable with the private integration token.
const TOKEN_VARIABLE: &str = "HOOPAI_TOKEN";
/// The variable with the id of the default location.
const LOCATION_VARIABLE: &str = "HOOPAI_LOCATION_ID";
/// The variable with the base URL.
const BASE_URL_VARIABLE: &str = "HOOPAI_BASE_URL";

impl HandleBuilder {
    /// Creates a builder with the settings of these environment variables:
    ///
    /// | variable | setting |
    /// |---|---|
    /// | `HOOPAI_TOKEN` | [`private_token`](HandleBuilder::private_token); required |
    /// | `HOOPAI_LOCATION_ID` | [`location`](HandleBuilder::location) |
    /// | `HOOPAI_BASE_URL` | [`base_url`](HandleBuilder::base_url) |
    ///
    /// A variable without contents counts as not set.
    ///
    /// # Errors
    /// A variable is missing or invalid; kind [`Config`](crate::error::ErrorKind::Config). The error
    /// names the variable.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    /// Creates a builder with the settings of environment variables that a function returns; see
    /// [`from_env`](HandleBuilder::from_env).
    ///
    /// # Errors
    /// Those of [`from_env`](HandleBuilder::from_env).
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let read = |name: &str| match variable(name) {
            None => Ok(None),
            Some(value) => match value.into_string() {
                Ok(text) if text.trim().is_empty() => Ok(None),
                Ok(text) => Ok(Some(text.trim().to_owned())),
                Err(_) => Err(Error::config(format!(
                    "the environment variable {name} is not UTF-8: set it again"
                ))),
            },
        };
        let invalid = |name: &str, error: &Error| {
            Error::config(format!(
                "the environment variable {name} is invalid: {error}"
            ))
        };
        let mut builder = HandleBuilder::new();
        match read(TOKEN_VARIABLE)? {
            Some(token) => {
                let token = SecretString::from(token);
                Credentials::private_token(Some(&token))
                    .map_err(|error| invalid(TOKEN_VARIABLE, &error))?;
                builder.token = Some(token);
            }
            None => {
                return Err(Error::config(format!(
                    "the environment variable {TOKEN_VARIABLE} is not set: set it to the token of a private integration, which you create in the account under Settings > Integrations"
                )));
            }
        }
        builder.location = read(LOCATION_VARIABLE)?;
        if let Some(id @ ("." | "..")) = builder.location.as_deref() {
            return Err(Error::config(format!(
                "the environment variable {LOCATION_VARIABLE} is invalid: `{id}` is not the id of a location"
            )));
        }
        builder.base_url = read(BASE_URL_VARIABLE)?;
        if let Some(url) = &builder.base_url {
            BaseUrl::parse(url).map_err(|error| invalid(BASE_URL_VARIABLE, &error))?;
        }
        Ok(builder)
    }

    pub(crate) fn new() -> Self {
        HandleBuilder {
            token: None,
            source: None,
            token_provider: None,
            location: None,
            company: None,
            base_url: None,
            timeout: TIMEOUT,
            attempt_timeout: ATTEMPT_TIMEOUT,
            connection: ConnectionSettings::default(),
            read_timeout: ATTEMPT_TIMEOUT,
            response_limit: RESPONSE_LIMIT,
            user_agent: None,
            api_version: None,
            limits: RateLimitSettings::default(),
            token_limits: RateLimitSettings::token_endpoint(),
            limiter_backend: None,
            policy: Arc::new(DefaultRetryPolicy::new()),
            backoff: Arc::new(FullJitter::new()),
            budget: Arc::new(TokenBucket::new()),
            clock: Arc::new(SystemClock),
            random: Arc::new(fastrand::f64),
            observer: None,
            reading: Reading::default(),
        }
    }

    /// Sets the private integration token, which every request carries. Create it in the account,
    /// under Settings > Integrations.
    pub fn private_token(mut self, token: impl Into<SecretString>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sets the token provider, such as `OAuth` of the crate `hoopai-auth`, which refreshes the
    /// tokens of an OAuth app before they expire.
    ///
    /// The handle acts on the account that [`location`](HandleBuilder::location) or
    /// [`company`](HandleBuilder::company) names. Without either, [`Handle::as_location`] and
    /// [`Handle::as_company`] return handles of an account.
    pub fn token_provider(mut self, token_provider: impl TokenProviderBuilder) -> Self {
        self.token_provider = Some(Box::new(token_provider));
        self
    }

    /// Sets a token source of the application.
    pub fn token_source(mut self, source: impl TokenSource) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// Sets the id of the location (sub-account) that calls act on. It is used in operations with a
    /// location if the call sets none. With a token provider, calls use the token of the location,
    /// unless [`company`](HandleBuilder::company) is set.
    pub fn location(mut self, id: impl Into<String>) -> Self {
        self.location = Some(id.into());
        self
    }

    /// Sets the id of the company (agency) whose token calls use, with a token provider such as an
    /// OAuth app.
    pub fn company(mut self, id: impl Into<String>) -> Self {
        self.company = Some(id.into());
        self
    }

    /// Sets the base URL in place of [`DEFAULT_BASE_URL`]: https, or http on a loopback address. A
    /// path in it is kept as a prefix.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Sets the total time of a call: waits, attempts and the reply. Default: 120 seconds. For a
    /// reply that is read in chunks, it ends with the reply's headers.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the time of one attempt, from connecting to the end of its reply. Default: 30 seconds.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// Sets how long a reply that is read in chunks may be idle. Default: 30 seconds.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// Sets the maximum length of a reply in bytes. Default: 64 MiB. A reply that is read in chunks
    /// has no limit.
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.response_limit = bytes;
        self
    }

    /// Sets the name and version of the application, such as `acme-sync/2.1`. It precedes those of
    /// this crate in the user agent.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = Some(name.into());
        self
    }

    /// Sets the API version (a date such as `2021-07-28`) of all calls, in place of those that
    /// operations declare.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = Some(version.into());
        self
    }

    /// Sets the initial rate limit of each account. Default: 100 calls in 10 seconds and 200,000 a
    /// day. Limits in the platform's replies replace it.
    pub fn limits(mut self, limits: RateLimitSettings) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the limit of the token endpoint. Default: 5 requests in a minute, see
    /// [`RateLimitSettings::token_endpoint`].
    pub fn token_limits(mut self, limits: RateLimitSettings) -> Self {
        self.token_limits = limits;
        self
    }

    /// Sets the backend that divides all limits among the processes of the app, such as
    /// `RedisLimiter` of the crate `hoopai-redis`. Default: none; each process has its own limiter,
    /// and takes calls of others into account as replies report them.
    pub fn limiter_backend(mut self, backend: impl LimiterBackend) -> Self {
        self.limiter_backend = Some(Arc::new(backend));
        self
    }

    /// Sets the policy that decides on retries. Default: [`DefaultRetryPolicy`].
    pub fn retry(mut self, policy: impl RetryPolicy) -> Self {
        self.policy = Arc::new(policy);
        self
    }

    /// Sets the delay before retries. Default: [`FullJitter`].
    pub fn backoff(mut self, backoff: impl Backoff) -> Self {
        self.backoff = Arc::new(backoff);
        self
    }

    /// Sets the budget of retries that all calls share. Default: a [`TokenBucket`].
    pub fn retry_budget(mut self, budget: impl RetryBudget) -> Self {
        self.budget = Arc::new(budget);
        self
    }

    /// Sets the clock; for tests, a [`ManualClock`](crate::time::ManualClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the random numbers for delays: a function that returns numbers in `0.0..1.0`.
    pub fn random(mut self, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// Sets the observer that receives the events of calls, for metrics.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Makes replies that deviate from their schema errors of kind
    /// [`Decode`](crate::error::ErrorKind::Decode), with the path of the first deviation, after all
    /// are reported. By default such replies still decode: see [`Drift`](crate::drift::Drift).
    /// [`CallOptions::strict`](crate::CallOptions::strict) overrides it for a call.
    pub fn strict(mut self, strict: bool) -> Self {
        self.reading.strict = strict;
        self
    }

    /// Sets the observer of deviations of replies from their schemas.
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

    /// Checks the settings and creates the handle. Nothing is sent.
    ///
    /// # Errors
    /// There are no credentials or several kinds of them, or a setting is invalid; kind
    /// [`Config`](crate::error::ErrorKind::Config).
    pub fn build(mut self) -> Result<Handle, Error> {
        self.check()?;
        let base_url = BaseUrl::parse(self.base_url.as_deref().unwrap_or(DEFAULT_BASE_URL))?;
        let user_agent = match &self.user_agent {
            Some(name) => format!("{} {USER_AGENT}", name.trim()),
            None => USER_AGENT.to_owned(),
        };
        let user_agent = HeaderValue::from_str(user_agent.trim()).map_err(|_| {
            Error::config(
                "the user agent cannot be sent: it contains characters that are not allowed in headers",
            )
        })?;
        let http = self.connection.for_calls(&base_url)?;
        let transport = Transport {
            http,
            user_agent,
            response_limit: self.response_limit,
            read_timeout: ReadTimeout {
                clock: self.clock.clone(),
                time: self.read_timeout,
            },
        };
        let app = self.token_provider.as_ref();
        let app = app.and_then(|provider| provider.app_id()).unwrap_or("");
        let backend = self.limiter_backend.map(|limiter| Backend {
            limiter,
            app: app.to_owned(),
            observer: self.observer.clone(),
        });
        let limiters = Limiters::new(self.limits.clone(), self.clock.clone(), backend.clone());

        let token_provider = match self.token_provider {
            Some(token_provider) => {
                let transport = Transport {
                    http: self.connection.for_tokens(&transport.http, &base_url)?,
                    ..transport.clone()
                };
                let limiter = |settings, path| match &backend {
                    Some(backend) => {
                        Limiter::shared(settings, self.clock.clone(), backend.clone(), path)
                    }
                    None => Limiter::new(settings, self.clock.clone()),
                };
                let endpoint = HttpTokenEndpoint::new(
                    transport,
                    base_url.clone(),
                    [
                        limiter(self.token_limits, TOKEN_PATH),
                        limiter(RateLimitSettings::default(), LOCATION_TOKEN_PATH),
                    ],
                    self.clock.clone(),
                    self.attempt_timeout,
                );
                Some(token_provider.open(ProviderContext {
                    endpoint: Arc::new(endpoint),
                    clock: self.clock.clone(),
                    observer: self.observer.clone(),
                })?)
            }
            None => None,
        };
        let account_id = match (&token_provider, &self.company, &self.location) {
            (Some(_), Some(id), _) => Some(AccountId::Company(id.clone())),
            (_, _, Some(id)) => Some(AccountId::Location(id.clone())),
            (_, Some(id), None) => Some(AccountId::Company(id.clone())),
            (_, None, None) => None,
        };
        let credentials = match (&token_provider, self.source) {
            (Some(token_provider), _) => {
                let none = Credentials::NoAccount(token_provider.clone());
                match &account_id {
                    Some(account_id) => none.for_account(account_id.clone()),
                    None => none,
                }
            }
            (None, Some(source)) => Credentials::source(source),
            (None, None) => Credentials::private_token(self.token.as_ref())?,
        };
        Ok(Handle(Arc::new(HandleState {
            limiter: limiters.get(&limit_key(account_id.as_ref())),
            location: self.location,
            credentials,
            shared: Arc::new(ClientState {
                base_url,
                api_version: self.api_version,
                transport,
                timeout: self.timeout,
                attempt_timeout: self.attempt_timeout,
                policy: self.policy,
                backoff: self.backoff,
                budget: self.budget,
                random: self.random,
                clock: self.clock,
                observer: self.observer,
                limiters,
                token_provider,
                reading: self.reading,
            }),
        })))
    }

    fn check(&self) -> Result<(), Error> {
        let kinds = [
            self.token.is_some(),
            self.token_provider.is_some(),
            self.source.is_some(),
        ];
        if kinds.into_iter().filter(|kind| *kind).count() > 1 {
            return Err(Error::config(
                "more than one kind of credentials is set: set one of `private_token`, `oauth_app` (or another `token_provider`) and `token_source`",
            ));
        }
        for (name, id) in [("location", &self.location), ("company", &self.company)] {
            if matches!(id.as_deref(), Some("" | "." | "..")) {
                return Err(Error::config(format!(
                    "the {name} is empty: set its id, or leave `{name}` out"
                )));
            }
        }
        if self
            .api_version
            .as_deref()
            .is_some_and(|version| version.is_empty() || HeaderValue::from_str(version).is_err())
        {
            return Err(Error::config(
                "the API version cannot be sent: set a date such as 2021-07-28",
            ));
        }
        Ok(())
    }
}

/// Settings of connections.
impl HandleBuilder {
    /// Sets the time limit of connecting. Default: 10 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connection.connect_timeout = Some(timeout);
        self
    }

    /// Sends all requests through a proxy. By default, the environment determines it.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.connection.proxy = Some(proxy);
        self
    }

    /// Also trusts this root certificate, such as that of a proxy that inspects TLS. It can be
    /// called several times.
    pub fn add_root_certificate(mut self, certificate: Certificate) -> Self {
        self.connection.roots.push(certificate);
        self
    }

    /// Trusts only the certificates given to
    /// [`add_root_certificate`](HandleBuilder::add_root_certificate), not those of the system.
    pub fn only_added_root_certificates(mut self, only: bool) -> Self {
        self.connection.only_these_roots = only;
        self
    }

    /// Sets the client certificate, for a proxy or gateway that requires one.
    pub fn identity(mut self, identity: Identity) -> Self {
        self.connection.identity = Some(identity);
        self
    }

    /// Rejects servers with an older version of TLS. Default: TLS 1.2.
    pub fn min_tls_version(mut self, version: tls::Version) -> Self {
        self.connection.min_tls_version = Some(version);
        self
    }

    /// Connects to this address in place of the host's addresses in DNS; the port is used if it is
    /// not 0. Several addresses for a host are tried in turn.
    pub fn resolve(mut self, host: impl Into<String>, address: SocketAddr) -> Self {
        let host = host.into();
        let addresses = &mut self.connection.addresses;
        match addresses.iter_mut().find(|(known, _)| *known == host) {
            Some((_, addresses)) => addresses.push(address),
            None => addresses.push((host, vec![address])),
        }
        self
    }

    /// Closes connections that are idle for this time. Default: 90 seconds.
    pub fn pool_idle_timeout(mut self, timeout: Duration) -> Self {
        self.connection.pool_idle_timeout = Some(timeout);
        self
    }

    /// Limits the number of idle connections. Default: no limit.
    pub fn pool_max_idle(mut self, connections: usize) -> Self {
        self.connection.pool_max_idle = Some(connections);
        self
    }

    /// Sets a builder of the HTTP client, for settings that have no method here. Redirects and
    /// retries are disabled in it: a redirect could send tokens to another server, and this crate
    /// decides which calls are retried. The other settings of this builder are applied to it.
    pub fn http_client_builder(mut self, builder: ClientBuilder) -> Self {
        self.connection.builder = Some(builder);
        self
    }

    /// Sets an HTTP client, to share its connections. Prefer
    /// [`http_client_builder`](HandleBuilder::http_client_builder), and set
    /// `redirect::Policy::none()` in the client.
    ///
    /// A client that follows redirects has sent the request to another URL before this crate
    /// receives the reply. Such a reply is an error, and the call is not retried. Token requests
    /// never use the client, because their bodies contain secrets.
    pub fn http_client(mut self, client: Client) -> Self {
        self.connection.client = Some(client);
        self
    }
}

/// Shows which settings are set, and no setting that can contain a secret or an id.
impl fmt::Debug for HandleBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandleBuilder")
            .field("private_token", &self.token.is_some())
            .field("token_provider", &self.token_provider.is_some())
            .field("token_source", &self.source.is_some())
            .field("location", &self.location.is_some())
            .field("company", &self.company.is_some())
            .field("base_url", &self.base_url.is_some())
            .field("timeout", &self.timeout)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("response_limit", &self.response_limit)
            .field("user_agent", &self.user_agent)
            .field("api_version", &self.api_version)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
