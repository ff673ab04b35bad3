//! The client of all modules and its builder, both of which delegate to the runtime.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hoopai_auth::{AuthorizeUrl, Installation, OAuth, OAuthApp, TokenManager, TokenStore};
use hoopai_runtime::auth::{TokenProviderBuilder, TokenSource};
use hoopai_runtime::observe::Observer;
use hoopai_runtime::rate_limit::{LimiterBackend, RateLimitSettings};
use hoopai_runtime::retry::{Backoff, RetryBudget, RetryPolicy};
use hoopai_runtime::time::Clock;
use hoopai_runtime::{
    DriftObserver, Error, Handle, HandleBuilder, Method, RawRequest, SecretString, reqwest,
};

use crate::Result;

/// A client of all modules of the platform.
///
/// Each module has a method, such as `client.contacts()`, and a feature of the same name. Clients are
/// cheap to clone. Clones and module clients share settings, connections, credentials and rate
/// limits.
#[derive(Clone, Debug)]
pub struct Client {
    handle: Handle,
}

impl Client {
    /// Creates a builder. Only the credentials are required. It reads no environment variables:
    /// [`ClientBuilder::from_env`] does.
    pub fn builder() -> ClientBuilder {
        Handle::builder().into()
    }

    /// Creates a client with the settings of these environment variables:
    ///
    /// | variable | setting |
    /// |---|---|
    /// | `HOOPAI_TOKEN` | the private integration token; required |
    /// | `HOOPAI_LOCATION_ID` | the id of the default location |
    /// | `HOOPAI_BASE_URL` | the base URL, such as that of a mock server |
    ///
    /// A variable without contents counts as not set. For other settings as well, use
    /// [`ClientBuilder::from_env`].
    ///
    /// # Errors
    /// Fails if a variable is missing or invalid. The error names the variable.
    pub fn from_env() -> Result<Client> {
        ClientBuilder::from_env()?.build()
    }

    /// Creates a request by method and path, for operations that no module has. See
    /// [`Handle::request`].
    pub fn request(&self, method: Method, path: &str) -> RawRequest {
        self.handle.request(method, path)
    }

    /// Returns a client for a location (sub-account), with the same connections and settings. See
    /// [`Handle::as_location`].
    #[must_use]
    pub fn as_location(&self, id: impl Into<String>) -> Client {
        self.handle.as_location(id).into()
    }

    /// Returns a client for a company (agency), with the same connections and settings. See
    /// [`Handle::as_company`].
    #[must_use]
    pub fn as_company(&self, id: impl Into<String>) -> Client {
        self.handle.as_company(id).into()
    }

    /// Returns the token manager of the OAuth app, which imports and removes tokens of accounts.
    ///
    /// An installation needs only [`authorize_url`](Client::authorize_url) and
    /// [`exchange_code`](Client::exchange_code).
    ///
    /// # Errors
    /// Fails if the client has no OAuth app.
    pub fn tokens(&self) -> Result<TokenManager> {
        TokenManager::of(&self.handle)
    }

    /// Returns the URL where a user installs the OAuth app and grants these scopes. See
    /// [`TokenManager::authorize_url`].
    ///
    /// # Errors
    /// Fails if the client has no OAuth app.
    pub fn authorize_url<S: AsRef<str>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
    ) -> Result<AuthorizeUrl> {
        self.tokens()?.authorize_url(scopes)
    }

    /// Exchanges the authorization code of an installation for tokens and stores them. See
    /// [`TokenManager::exchange_code`].
    ///
    /// # Errors
    /// Fails if the client has no OAuth app, the platform rejects the code, or the store fails.
    pub async fn exchange_code(&self, code: impl Into<SecretString>) -> Result<Installation> {
        self.tokens()?.exchange_code(code).await
    }

    /// Returns the time that a call would wait for the rate limit now.
    pub fn rate_limit_delay(&self) -> Duration {
        self.handle.rate_limit_delay()
    }

    /// Returns the handle that all modules share. A module crate creates its client from a handle.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl From<Handle> for Client {
    fn from(handle: Handle) -> Self {
        Client { handle }
    }
}

impl From<Client> for Handle {
    fn from(client: Client) -> Self {
        client.handle
    }
}

impl From<&Client> for Handle {
    fn from(client: &Client) -> Self {
        client.handle.clone()
    }
}

/// A builder of a [`Client`].
///
/// One kind of credentials is required: [`private_token`](ClientBuilder::private_token),
/// [`oauth_app`](ClientBuilder::oauth_app), [`token_source`](ClientBuilder::token_source) or
/// [`token_provider`](ClientBuilder::token_provider). All other settings have defaults.
#[must_use = "a builder does nothing before `build`"]
pub struct ClientBuilder {
    inner: HandleBuilder,
    app: Option<OAuthApp>,
    store: Option<Arc<dyn TokenStore>>,
    has_token_provider: bool,
}

/// Defines setters that delegate to [`HandleBuilder`].
macro_rules! settings {
    ($($(#[$meta:meta])* $name:ident($($type:tt)+);)*) => {
        impl ClientBuilder {
            $(
                $(#[$meta])*
                #[doc = concat!("\n\nSee also [`HandleBuilder::", stringify!($name), "`].")]
                pub fn $name(self, value: $($type)+) -> Self {
                    ClientBuilder { inner: self.inner.$name(value), ..self }
                }
            )*
        }
    };
}

settings! {
    /// Sets the private integration token of the account.
    private_token(impl Into<SecretString>);
    /// Sets a source that returns the token of each call.
    token_source(impl TokenSource);
    /// Sets the id of the default location (sub-account), which is added to calls without a
    /// location. Default: none.
    location(impl Into<String>);
    /// Sets the id of the company (agency) whose token is used. Default: none. It is not added to
    /// calls: operations that require it have a setter `company_id`.
    company(impl Into<String>);
    /// Sets the base URL: https, or http with a loopback address. Default:
    /// [`DEFAULT_BASE_URL`](crate::runtime::DEFAULT_BASE_URL).
    base_url(impl Into<String>);
    /// Limits the duration of a call, including waits, all attempts and the reply. Default: 120
    /// seconds.
    timeout(Duration);
    /// Limits the duration of an attempt, including the reply. Default: 30 seconds.
    attempt_timeout(Duration);
    /// Limits the duration of a connection attempt. Default: 10 seconds.
    connect_timeout(Duration);
    /// Limits the time between two chunks of a streamed reply. Default: 30 seconds.
    read_timeout(Duration);
    /// Limits the length of a reply, in bytes. Default: 64 MiB. Streamed replies have no limit.
    response_limit(usize);
    /// Sets a name and version, such as `acme-sync/2.1`, which precede those of this crate in the
    /// `User-Agent` header. Default: none.
    user_agent(impl Into<String>);
    /// Sets the API version of all calls, such as `2021-07-28`. Default: the version that each
    /// operation declares.
    api_version(impl Into<String>);
    /// Sets the initial rate limit of each account, which reply headers correct. Default: 100 calls
    /// in 10 seconds and 200,000 calls a day.
    limits(RateLimitSettings);
    /// Sets the limit of the token endpoint. Default: 5 requests in a minute.
    token_limits(RateLimitSettings);
    /// Sets the backend that divides all limits among the processes of the app. Default: none.
    limiter_backend(impl LimiterBackend);
    /// Sets the policy that decides whether a failed attempt is retried. Default:
    /// [`DefaultRetryPolicy`](crate::retry::DefaultRetryPolicy), with 5 attempts.
    retry(impl RetryPolicy);
    /// Sets the delay before a retry. Default: [`FullJitter`](crate::retry::FullJitter), a random
    /// delay up to a bound that grows from 0.5 to 20 seconds.
    backoff(impl Backoff);
    /// Sets the budget for the retries of all calls. Default:
    /// [`TokenBucket`](crate::retry::TokenBucket), with 100 retries and 0.1 more for each success.
    retry_budget(impl RetryBudget);
    /// Sets the clock. Default: the system clock. Tests use a
    /// [`ManualClock`](crate::time::ManualClock).
    clock(impl Clock);
    /// Sets the source of random numbers from 0 to 1 for jitter. Default: a
    /// pseudo-random generator.
    random(impl Fn() -> f64 + Send + Sync + 'static);
    /// Sets the observer of calls and attempts, for metrics. Default: none.
    observer(impl Observer);
    /// Sets a proxy for all requests. Default: the proxy of the environment.
    proxy(reqwest::Proxy);
    /// Adds a trusted root certificate. Default: the certificates of the system.
    add_root_certificate(reqwest::Certificate);
    /// Sets whether only added root certificates are trusted. Default: `false`.
    only_added_root_certificates(bool);
    /// Sets the client certificate. Default: none.
    identity(reqwest::Identity);
    /// Sets the minimum TLS version. Default: TLS 1.2.
    min_tls_version(reqwest::tls::Version);
    /// Sets the time after which an idle connection is closed. Default: 90 seconds.
    pool_idle_timeout(Duration);
    /// Limits the number of idle connections. Default: no limit.
    pool_max_idle(usize);
    /// Sets a reqwest builder, for settings that have no method here. Default: none.
    http_client_builder(reqwest::ClientBuilder);
    /// Sets a reqwest client, to share its connections. Default: a client of its own.
    http_client(reqwest::Client);
    /// Sets whether a reply that deviates from its schema is an error. Default: `false`.
    strict(bool);
    /// Sets the observer of replies that deviate from their schema. Default: none.
    drift_observer(impl DriftObserver + 'static);
}

impl From<HandleBuilder> for ClientBuilder {
    fn from(inner: HandleBuilder) -> Self {
        ClientBuilder {
            inner,
            app: None,
            store: None,
            has_token_provider: false,
        }
    }
}

impl ClientBuilder {
    /// Creates a builder with the settings of the environment variables of [`Client::from_env`].
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use hoopai::ClientBuilder;
    ///
    /// # fn run() -> hoopai::Result<()> {
    /// let client = ClientBuilder::from_env()?.timeout(Duration::from_secs(60)).build()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Fails if a variable is missing or invalid. The error names the variable.
    pub fn from_env() -> Result<Self> {
        HandleBuilder::from_env().map(Self::from)
    }

    /// Sets an address of a host, which replaces DNS. Default: DNS.
    ///
    /// See also [`HandleBuilder::resolve`].
    pub fn resolve(self, host: impl Into<String>, address: SocketAddr) -> Self {
        let inner = self.inner.resolve(host, address);
        ClientBuilder { inner, ..self }
    }

    /// Sets the OAuth app, whose tokens are refreshed before they expire.
    ///
    /// The client acts for the account of [`location`](ClientBuilder::location) or
    /// [`company`](ClientBuilder::company). Without either, [`Client::as_location`] and
    /// [`Client::as_company`] return clients of accounts.
    pub fn oauth_app(mut self, app: OAuthApp) -> Self {
        self.app = Some(app);
        self
    }

    /// Sets the store for the tokens of the OAuth app. Default: memory.
    ///
    /// Tokens in memory are lost when the process ends; then each account must install the app
    /// again.
    pub fn token_store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Sets a provider of the tokens of many accounts, which replaces an OAuth app. See
    /// [`TokenProvider`](crate::auth::TokenProvider).
    pub fn token_provider(self, token_provider: impl TokenProviderBuilder) -> Self {
        ClientBuilder {
            inner: self.inner.token_provider(token_provider),
            has_token_provider: true,
            ..self
        }
    }

    /// Checks the settings and creates the client, without sending a request.
    ///
    /// # Errors
    /// Fails if there is not exactly one kind of credentials, or if a setting is invalid.
    pub fn build(self) -> Result<Client> {
        let builder = match (self.app, self.store) {
            (Some(_), _) if self.has_token_provider => {
                return Err(Error::config(
                    "both `oauth_app` and `token_provider` are set: remove one of them",
                ));
            }
            (Some(app), Some(store)) => self
                .inner
                .token_provider(OAuth::new(app).token_store(store)),
            (Some(app), None) => self.inner.token_provider(OAuth::new(app)),
            (None, None) => self.inner,
            (None, Some(_)) => {
                return Err(Error::config(
                    "`token_store` is set without `oauth_app`: set `oauth_app` or remove `token_store`",
                ));
            }
        };
        builder.build().map(Client::from)
    }
}

/// Shows which settings are set, without secrets and ids.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("settings", &self.inner)
            .field("oauth_app", &self.app.is_some())
            .field("token_store", &self.store.is_some())
            .finish()
    }
}
