//! The settings of a server.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::account::{AccountId, LOCATION};
use crate::check::UndeclaredPolicy;
use crate::clock::Clock;
use crate::control::HostRules;
use crate::faults::FaultRule;
use crate::journal::Entry;
use crate::limits::RateLimitSettings;
use crate::mock::Mock;
use crate::server;
use crate::server_state::Settings;
use crate::sessions::Sessions;
use crate::state_folder::StateFolder;
use crate::tokens::{App, TokenSettings, TokenSpec};

/// The settings of a server.
pub struct MockBuilder {
    address: IpAddr,
    port: u16,
    clock: Clock,
    settings: Settings,
    body_limit: usize,
    idle_timeout: Duration,
    control: Option<HostRules>,
    state_folder: Option<PathBuf>,
}

impl Mock {
    /// Returns the default settings: any free port, the real clock, the platform's rate limits.
    pub fn builder() -> MockBuilder {
        MockBuilder {
            address: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            clock: Clock::real(),
            settings: Settings {
                limits: RateLimitSettings::default(),
                tokens: TokenSettings::default(),
                seed: 0,
                undeclared: UndeclaredPolicy::Reject,
                faults: Vec::new(),
                observer: None,
                initial: Vec::new(),
            },
            body_limit: 50 << 20,
            idle_timeout: Duration::from_secs(30),
            control: None,
            state_folder: None,
        }
    }
}

impl MockBuilder {
    /// Keeps items, tokens, installations and subscriptions of webhooks in a folder. The next server
    /// with the folder continues with them, and is not seeded again. Named sessions are not kept.
    ///
    /// The file is written after changes, and when the server stops; a server that is killed loses
    /// at most the changes that were not yet written.
    pub fn state_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.state_folder = Some(folder.into());
        self
    }

    /// Sets the address to listen on; the default is `127.0.0.1`. With any other than a loopback
    /// address, each machine that can reach this one can use the server.
    pub fn bind(mut self, address: IpAddr) -> Self {
        self.address = address;
        self
    }

    /// Serves the control interface under `/__hoopai/`, and a page at `/`. The default is not to.
    ///
    /// The interface requires no credentials. It refuses requests from web pages of other origins,
    /// and requests whose `Host` is neither an IP address, nor `localhost`, nor one of these
    /// names.
    pub fn control(mut self, host_names: &[&str]) -> Self {
        self.control = Some(HostRules::new(host_names));
        self
    }

    /// Seeds the server, and each new session of the control interface, with the content of a seed
    /// file. Later calls add to earlier ones. Resets seed again.
    ///
    /// [`start`](Self::start) fails if the content is wrong.
    pub fn seed_file(mut self, content: serde_json::Value) -> Self {
        self.settings.initial.push(content);
        self
    }

    /// Sets the port on the loopback address; 0 for any free port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the server's clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the rate limits.
    pub fn limits(mut self, limits: RateLimitSettings) -> Self {
        self.settings.limits = limits;
        self
    }

    /// Sets the seed of ids, made-up replies and random faults, which are reproducible by seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// Adds a fault rule. [`Mock::faults`] adds rules while the server runs.
    pub fn fault(mut self, rule: impl Into<FaultRule>) -> Self {
        self.settings.faults.push(rule.into());
        self
    }

    /// Sets the largest size of a request body in bytes; the default is 50 MiB. Larger bodies get
    /// 413. A body that is not multipart can have at most 1 MiB.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Sets whether undeclared query parameters and body fields are accepted, at every level of
    /// nesting. Accepted parameters are ignored; accepted fields are stored and returned.
    ///
    /// By default, both are rejected with 422, as on the platform. The platform accepts some fields
    /// that no interface declares. The header `x-hoopai-mock-undeclared`, `accept` or `refuse`,
    /// sets this for one request.
    pub fn accept_undeclared(mut self, accept: bool) -> Self {
        self.settings.undeclared = if accept {
            UndeclaredPolicy::Accept
        } else {
            UndeclaredPolicy::Reject
        };
        self
    }

    /// Sets the longest real time for which the server waits for a client: for the head of the next
    /// request, the next part of a body, or a read of the reply. The default is 30 seconds. The
    /// limit for a whole body is four times as long.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets a callback that is called with each request when it has ended.
    pub fn on_request(mut self, observer: impl Fn(&Entry) + Send + Sync + 'static) -> Self {
        self.settings.observer = Some(Arc::new(observer));
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    /// Fails if the port cannot be bound, if a seed is wrong, or if the folder of the state cannot
    /// be used.
    pub async fn start(self) -> std::io::Result<Mock> {
        let listener = TcpListener::bind((self.address, self.port)).await?;
        let address = listener.local_addr()?;
        let folder = self.state_folder.as_deref().map(StateFolder::open);
        let folder = folder.transpose()?.map(Arc::new);
        let sessions = Sessions::new(self.settings, self.clock);
        let is_restored = match &folder {
            Some(folder) => folder.restore(sessions.own())?,
            None => false,
        };
        if !is_restored {
            sessions
                .seed(sessions.own())
                .map_err(std::io::Error::other)?;
        }
        if let Some(folder) = &folder {
            folder.write(sessions.own())?;
        }
        let sessions = Arc::new(sessions);
        let (stop, stopped) = oneshot::channel();
        let server = Arc::clone(sessions.own());
        let task = tokio::spawn(async move {
            let (body_limit, idle_timeout) = (self.body_limit, self.idle_timeout);
            let served = (Arc::clone(&sessions), self.control);
            let serving = server::run(listener, served, body_limit, idle_timeout, stopped);
            let Some(folder) = folder else {
                return serving.await;
            };
            let (end, ended) = oneshot::channel();
            let writer = tokio::spawn(folder.follow(sessions, ended));
            serving.await;
            drop(end);
            let _ = writer.await;
        });
        Ok(Mock {
            server,
            address,
            stop,
            task,
        })
    }
}

/// Tokens and apps.
impl MockBuilder {
    /// Adds a private token like [`TOKEN`](crate::TOKEN): of the location
    /// [`LOCATION`](crate::LOCATION), with all scopes.
    ///
    /// Without configured tokens, the server has `TOKEN` and
    /// [`AGENCY_TOKEN`](crate::AGENCY_TOKEN). Configured tokens are valid until they
    /// are revoked or expired by [`Mock::revoke`] or [`Mock::expire`].
    pub fn token(self, token: impl Into<String>) -> Self {
        self.token_with(token, TokenSpec::location(LOCATION))
    }

    /// Adds a token with these properties.
    pub fn token_with(mut self, token: impl Into<String>, spec: TokenSpec) -> Self {
        self.settings.tokens.tokens.push((token.into(), spec));
        self
    }

    /// Adds an OAuth app with these scopes. Without configured apps, the server has
    /// [`CLIENT_ID`](crate::CLIENT_ID) with all scopes.
    pub fn app(
        self,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
        redirect_uri: impl Into<String>,
        scopes: &[&str],
    ) -> Self {
        let mut builder = self.app_with_all_scopes(client_id, client_secret, redirect_uri);
        if let Some(app) = builder.settings.tokens.apps.last_mut() {
            app.scopes = Some(scopes.iter().map(|&scope| scope.to_owned()).collect());
        }
        builder
    }

    /// Adds an OAuth app with all scopes.
    pub fn app_with_all_scopes(
        mut self,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
        redirect_uri: impl Into<String>,
    ) -> Self {
        self.settings.tokens.add_app(App {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            redirect_uri: redirect_uri.into(),
            scopes: None,
        });
        self
    }

    /// Sets the lifetime of issued access tokens by the server's clock; the default is 86,399 s.
    pub fn access_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.tokens.access_lifetime = lifetime;
        self
    }

    /// Sets the lifetime of refresh tokens by the server's clock; the default is 365 days.
    pub fn refresh_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.tokens.refresh_lifetime = lifetime;
        self
    }

    /// Sets whether the second use of a refresh token revokes all tokens of the same authorization;
    /// the default is `false`.
    pub fn revoke_family_on_reuse(mut self, revoke: bool) -> Self {
        self.settings.tokens.revoke_family_on_reuse = revoke;
        self
    }

    /// Sets the time for which a used refresh token returns the same new tokens again, by the
    /// server's clock. By default a used refresh token is rejected. The platform's changelog names
    /// 30 s, which is not confirmed.
    pub fn refresh_grace(mut self, grace: Duration) -> Self {
        self.settings.tokens.refresh_grace = grace;
        self
    }

    /// Sets the real time by which the token endpoint delays its replies. The request is processed
    /// before the delay, so a client that disconnects loses the new tokens.
    pub fn token_endpoint_delay(mut self, delay: Duration) -> Self {
        self.settings.tokens.token_endpoint_delay = delay;
        self
    }

    /// Sets the status for a token that lacks a scope; the default is 403. The platform has been
    /// observed to send 401 with the same message. A client must not treat that 401 as an expired
    /// token.
    pub fn scope_status(mut self, status: u16) -> Self {
        self.settings.tokens.scope_status =
            StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
        self
    }

    /// Sets the account that users choose when they install an app; the default is
    /// [`LOCATION`](crate::LOCATION).
    pub fn choice(mut self, choice: AccountId) -> Self {
        self.settings.tokens.choice = choice;
        self
    }
}

impl fmt::Debug for MockBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockBuilder")
            .field("port", &self.port)
            .field("seed", &self.settings.seed)
            .finish_non_exhaustive()
    }
}
