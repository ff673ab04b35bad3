//! The parts of one server, and the settings that they are made from.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use crate::account::AccountId;
use crate::check::UndeclaredPolicy;
use crate::clock::Clock;
use crate::faults::{FaultRule, Faults};
use crate::journal::{Entry, Journal};
use crate::limits::{RateLimitSettings, RateLimiter};
use crate::state::State;
use crate::tokens::{Claims, Installation, TokenSettings, TokenSpec, TokenStore};
use crate::webhooks::Webhooks;

/// A callback that is called with each request when it has ended.
pub(crate) type Observer = Arc<dyn Fn(&Entry) + Send + Sync>;

/// The settings of a server, and of its sessions.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) limits: RateLimitSettings,
    pub(crate) tokens: TokenSettings,
    pub(crate) seed: u64,
    pub(crate) undeclared: UndeclaredPolicy,
    pub(crate) faults: Vec<FaultRule>,
    pub(crate) observer: Option<Observer>,
    /// The seeds that are applied at the start and after a reset.
    pub(crate) initial: Vec<Value>,
}

/// The parts of one running server. Each part has its own lock, which is never held while another
/// part is called.
pub(crate) struct ServerState {
    pub(crate) clock: Clock,
    pub(crate) tokens: TokenStore,
    pub(crate) limiter: RateLimiter,
    pub(crate) state: State,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) webhooks: Webhooks,
    /// The seed of ids, made-up replies and random faults.
    pub(crate) seed: u64,
    pub(crate) undeclared: UndeclaredPolicy,
    requests: AtomicU64,
}

impl ServerState {
    /// Creates the parts. Must be called in a Tokio runtime.
    pub(crate) fn new(settings: Settings, clock: Clock) -> Self {
        let seed = settings.seed;
        let app = settings.tokens.apps.first();
        let app = app.map(|app| app.client_id.as_str());
        Self {
            webhooks: Webhooks::new(clock.clone(), seed, app),
            limiter: RateLimiter::new(settings.limits, clock.started()),
            state: State::new(seed, clock.unix()),
            tokens: TokenStore::new(settings.tokens.with_defaults(), seed),
            faults: Faults::new(settings.faults),
            journal: Journal::new(settings.observer),
            clock,
            seed,
            undeclared: settings.undeclared,
            requests: AtomicU64::new(0),
        }
    }

    /// Returns all parts to their initial state, and the clock to real time.
    pub(crate) fn reset(&self, settings: Settings) {
        self.clock.reset();
        self.webhooks.reset();
        self.state.reset(self.seed, self.clock.unix());
        self.tokens.reset(self.seed);
        self.limiter.reset(settings.limits);
        self.faults.reset(settings.faults);
        self.journal.clear();
    }

    /// Returns the number of the next request, from 0.
    pub(crate) fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }

    /// Issues an access token of the first app.
    pub(crate) fn issue_token(&self, spec: TokenSpec) -> String {
        let app = self.tokens.settings().apps.first();
        let client_id = app.map(|app| app.client_id.clone()).unwrap_or_default();
        let claims = Claims::new(spec, client_id);
        self.tokens.issue_access(claims, self.clock.now()).access
    }

    /// Issues an authorization code, and installs the app in the locations of the account.
    pub(crate) fn authorize(&self, client_id: &str, account: AccountId) -> String {
        let app = self.tokens.app(client_id);
        let scopes = app.and_then(|app| app.scopes.clone());
        let claims = Claims::own(account, scopes, client_id);
        let locations = self.state.locations(&claims.account);
        for location in &locations {
            self.report_installation(client_id, location);
        }
        let now = self.clock.now();
        self.tokens.issue_code(claims, None, locations, now)
    }

    /// Installs an app in a location.
    pub(crate) fn install(&self, client_id: &str, installation: Installation) {
        self.report_installation(client_id, &installation);
        self.tokens.install(client_id, installation);
    }

    /// Removes an app from a location. Returns whether it was installed.
    pub(crate) fn uninstall(&self, client_id: &str, location: &str) -> bool {
        if self.webhooks.is_of_app(client_id) {
            let webhooks = &self.webhooks;
            webhooks.report_installation("AppUninstall", location, None);
        }
        self.tokens.uninstall(client_id, location)
    }

    fn report_installation(&self, client_id: &str, installation: &Installation) {
        if self.webhooks.is_of_app(client_id) {
            let (location, company) = (&installation.location, &installation.company);
            let webhooks = &self.webhooks;
            webhooks.report_installation("AppInstall", location, Some(company));
        }
    }
}
