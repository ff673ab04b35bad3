//! Settings of tokens and apps.

use std::time::Duration;

use http::StatusCode;

use super::claims::{Claims, TokenSpec};
use crate::account::{
    AGENCY_TOKEN, AccountId, CLIENT_ID, CLIENT_SECRET, COMPANY, LOCATION, REDIRECT_URI, TOKEN,
};

/// Settings of tokens and apps.
#[derive(Clone)]
pub(crate) struct TokenSettings {
    pub(crate) tokens: Vec<(String, TokenSpec)>,
    pub(crate) apps: Vec<App>,
    pub(crate) access_lifetime: Duration,
    pub(crate) refresh_lifetime: Duration,
    pub(crate) revoke_family_on_reuse: bool,
    pub(crate) refresh_grace: Duration,
    pub(crate) token_endpoint_delay: Duration,
    pub(crate) scope_status: StatusCode,
    pub(crate) choice: AccountId,
}

/// An OAuth app.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) redirect_uri: String,
    /// The registered scopes; `None` for all.
    pub(crate) scopes: Option<Vec<String>>,
}

impl App {
    /// Returns the app's id in the marketplace: the part of the client id before the hyphen.
    pub(crate) fn id(&self) -> &str {
        self.client_id.split('-').next().unwrap_or_default()
    }
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self {
            tokens: Vec::new(),
            apps: Vec::new(),
            access_lifetime: Duration::from_secs(86_399),
            refresh_lifetime: Duration::from_secs(365 * 86_400),
            revoke_family_on_reuse: false,
            refresh_grace: Duration::ZERO,
            token_endpoint_delay: Duration::ZERO,
            scope_status: StatusCode::FORBIDDEN,
            choice: AccountId::Location(LOCATION.to_owned()),
        }
    }
}

impl TokenSettings {
    /// Adds the default tokens and the default app if there are none.
    pub(crate) fn with_defaults(mut self) -> Self {
        if self.tokens.is_empty() {
            self.tokens = vec![
                (TOKEN.to_owned(), TokenSpec::location(LOCATION)),
                (AGENCY_TOKEN.to_owned(), TokenSpec::company(COMPANY)),
            ];
        }
        if self.apps.is_empty() {
            self.apps.push(App {
                client_id: CLIENT_ID.to_owned(),
                client_secret: CLIENT_SECRET.to_owned(),
                redirect_uri: REDIRECT_URI.to_owned(),
                scopes: None,
            });
        }
        self
    }

    /// Adds an app, and replaces an app of the same client id.
    pub(crate) fn add_app(&mut self, app: App) {
        self.apps.retain(|other| other.client_id != app.client_id);
        self.apps.push(app);
    }

    /// Returns the configured tokens. Each is an app of its own, as each private integration is, so
    /// it has its own rate limits.
    pub(super) fn configured_tokens(&self) -> impl Iterator<Item = (String, Claims)> {
        self.tokens
            .iter()
            .enumerate()
            .map(|(index, (token, spec))| {
                let app = format!("private-{index}");
                (token.clone(), Claims::new(spec.clone(), app))
            })
    }
}
