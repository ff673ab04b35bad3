//! The client of the whole platform, and its settings. All that they do is the runtime's.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hoopai_auth::{AuthorizeUrl, Installation, OAuth, OAuthApp, TokenManager, TokenStore};
use hoopai_runtime::auth::{TokenProviderBuilder, TokenSource};
use hoopai_runtime::observe::Observer;
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::retry::{Backoff, RetryBudget, RetryPolicy};
use hoopai_runtime::time::Clock;
use hoopai_runtime::{
    DriftObserver, Error, Handle, HandleBuilder, Method, RawRequest, SecretString, reqwest,
};

use crate::Result;

/// The client of the whole platform. A clone is cheap and shares settings and connections.
///
/// Each module is a method, behind a feature of its name: `client.contacts()`. A view of a module is cheap, too.
#[derive(Clone, Debug)]
pub struct Client {
    handle: Handle,
}

impl Client {
    /// Settings for a new client. Only the token is needed.
    pub fn builder() -> ClientBuilder {
        ClientBuilder {
            inner: Handle::builder(),
            app: None,
            store: None,
            token_provider: false,
        }
    }

    /// A call by method and path, for operations that no module lists; see [`Handle::request`].
    pub fn request(&self, method: Method, path: &str) -> RawRequest {
        self.handle.request(method, path)
    }

    /// A client that acts on a location, over the same connections and settings; see [`Handle::as_location`].
    #[must_use]
    pub fn as_location(&self, id: impl Into<String>) -> Client {
        self.handle.as_location(id).into()
    }

    /// A client that acts on a company (agency), over the same connections and settings; see [`Handle::as_company`].
    #[must_use]
    pub fn as_company(&self, id: impl Into<String>) -> Client {
        self.handle.as_company(id).into()
    }

    /// The tokens of the client's OAuth app: to take over tokens that were got elsewhere, or to forget those of an account that
    /// uninstalled it. What is needed most is here: [`authorize_url`](Client::authorize_url) and
    /// [`exchange_code`](Client::exchange_code).
    ///
    /// # Errors
    /// The client has no OAuth app.
    pub fn tokens(&self) -> Result<TokenManager> {
        TokenManager::of(&self.handle)
    }

    /// Where a user goes to install the app; see [`TokenManager::authorize_url`].
    ///
    /// # Errors
    /// The client has no OAuth app.
    pub fn authorize_url<S: AsRef<str>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
    ) -> Result<AuthorizeUrl> {
        self.tokens()?.authorize_url(scopes)
    }

    /// Turns the code that came back from the installation into tokens, and saves them; see [`TokenManager::exchange_code`].
    ///
    /// # Errors
    /// The client has no OAuth app, the platform refuses the code, or the store fails.
    pub async fn exchange_code(&self, code: impl Into<SecretString>) -> Result<Installation> {
        self.tokens()?.exchange_code(code).await
    }

    /// How long a call that is made now would wait for the rate limit.
    pub fn rate_limit_delay(&self) -> Duration {
        self.handle.rate_limit_delay()
    }

    /// The handle that all modules share. It is what the client of a module crate is made of.
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

/// The settings of a [`Client`]: those of [`HandleBuilder`], which says more on each.
#[must_use = "settings do nothing before `build`"]
pub struct ClientBuilder {
    inner: HandleBuilder,
    app: Option<OAuthApp>,
    store: Option<Arc<dyn TokenStore>>,
    /// Whether a token provider of the caller's own is set.
    token_provider: bool,
}

/// A setter for each setting of the runtime, by the same name.
macro_rules! settings {
    ($($(#[$meta:meta])* $name:ident($($type:tt)+);)*) => {
        impl ClientBuilder {
            $(
                $(#[$meta])*
                #[doc = concat!("\n\nSee [`HandleBuilder::", stringify!($name), "`].")]
                pub fn $name(self, value: $($type)+) -> Self {
                    ClientBuilder { inner: self.inner.$name(value), ..self }
                }
            )*
        }
    };
}

settings! {
    /// The private integration token.
    private_token(impl Into<SecretString>);
    /// A source of tokens of the caller's own.
    token_source(impl TokenSource);
    /// The id of the location that calls act on where they name none.
    location(impl Into<String>);
    /// The id of the company whose token calls carry.
    company(impl Into<String>);
    /// Another address of the platform: https, or http on a loopback address.
    base_url(impl Into<String>);
    /// How long one call may take in all: waits, attempts and the reply.
    timeout(Duration);
    /// How long one attempt may take, reply included.
    attempt_timeout(Duration);
    /// How long connecting may take.
    connect_timeout(Duration);
    /// How long a connection may stay silent in the middle of a reply.
    read_timeout(Duration);
    /// How long a reply may be, in bytes.
    response_limit(usize);
    /// The caller's own name and version, sent in front of ours.
    user_agent(impl Into<String>);
    /// One API version for all calls.
    api_version(impl Into<String>);
    /// The rate limit to begin with.
    limits(RateLimitSettings);
    /// What decides whether a call is sent again.
    retry(impl RetryPolicy);
    /// How long to wait before a call is sent again.
    backoff(impl Backoff);
    /// How often calls may be sent again, all together.
    retry_budget(impl RetryBudget);
    /// What tells the time and waits.
    clock(impl Clock);
    /// What waits are drawn with.
    random(impl Fn() -> f64 + Send + Sync + 'static);
    /// Is told what happens, for metrics.
    observer(impl Observer);
    /// A proxy for all requests.
    proxy(reqwest::Proxy);
    /// A root certificate to trust as well.
    add_root_certificate(reqwest::Certificate);
    /// Whether only the added root certificates are trusted.
    only_added_root_certificates(bool);
    /// A certificate of the client.
    identity(reqwest::Identity);
    /// The oldest version of TLS that is accepted.
    min_tls_version(reqwest::tls::Version);
    /// How long connections may be idle before they are closed.
    pool_idle_timeout(Duration);
    /// How many idle connections are kept.
    pool_max_idle(usize);
    /// A builder of the caller's own for the HTTP client.
    http_client_builder(reqwest::ClientBuilder);
    /// An HTTP client of the caller's own.
    http_client(reqwest::Client);
    /// Makes a reply that is not as declared an error.
    strict(bool);
    /// Hears of every place where a reply is not as declared.
    drift_observer(impl DriftObserver + 'static);
}

impl ClientBuilder {
    /// The address of a host, in place of the one that DNS has.
    ///
    /// See [`HandleBuilder::resolve`].
    pub fn resolve(self, host: impl Into<String>, address: SocketAddr) -> Self {
        ClientBuilder {
            inner: self.inner.resolve(host, address),
            ..self
        }
    }

    /// An OAuth app, in place of a private token. Its tokens are in the [`token_store`](ClientBuilder::token_store), and are renewed
    /// before they expire.
    ///
    /// The client acts on the account that [`location`](ClientBuilder::location) or [`company`](ClientBuilder::company) names;
    /// without either, [`Client::as_location`] and [`Client::as_company`] give clients that do.
    pub fn oauth_app(mut self, app: OAuthApp) -> Self {
        self.app = Some(app);
        self
    }

    /// Where the tokens of an OAuth app are kept. Without it they are kept in memory and lost with the process, after which
    /// the app must be installed again.
    pub fn token_store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// What has the tokens of many accounts, in place of an OAuth app: see [`TokenProvider`](crate::auth::TokenProvider).
    pub fn token_provider(mut self, token_provider: impl TokenProviderBuilder) -> Self {
        self.inner = self.inner.token_provider(token_provider);
        self.token_provider = true;
        self
    }

    /// Checks the settings and makes the client. Nothing is sent.
    ///
    /// # Errors
    /// No credentials or more than one kind of them, or a setting that cannot be used.
    pub fn build(self) -> Result<Client> {
        if self.token_provider && self.app.is_some() {
            return Err(Error::config(
                "both `oauth_app` and `token_provider` are set, and each has the tokens of all accounts: give one of them",
            ));
        }
        let handle = match (self.app, self.store) {
            (Some(app), Some(store)) => self
                .inner
                .token_provider(OAuth::new(app).token_store(store)),
            (Some(app), None) => self.inner.token_provider(OAuth::new(app)),
            (None, None) => self.inner,
            (None, Some(_)) => {
                return Err(Error::config(
                    "`token_store` keeps the tokens of an OAuth app, and there is none: give one to `oauth_app`",
                ));
            }
        };
        Ok(Client {
            handle: handle.build()?,
        })
    }
}

/// Shows which settings there are, and none of those that can hold a secret or an id.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("settings", &self.inner)
            .field("oauth_app", &self.app.is_some())
            .field("token_store", &self.store.is_some())
            .finish()
    }
}
