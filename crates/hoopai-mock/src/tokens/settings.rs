//! What tests and users set about tokens and apps: before the start on the builder, afterwards on the server.

use std::time::Duration;

use http::StatusCode;

use super::{
    AccountId, App, CLIENT_ID, CLIENT_SECRET, COMPANY, Grant, LOCATION, REDIRECT_URI, TOKEN,
    TokenSpec,
};
use crate::builder::{Mock, MockBuilder};
use crate::oauth::Refreshes;

/// How a server deals with tokens.
pub(crate) struct Settings {
    tokens: Vec<(String, TokenSpec)>,
    pub(crate) apps: Vec<App>,
    pub(crate) access_lifetime: Duration,
    pub(crate) refresh_lifetime: Duration,
    pub(crate) revoke_family_on_reuse: bool,
    pub(crate) refresh_grace: Duration,
    pub(crate) token_endpoint_delay: Duration,
    pub(crate) scope_status: StatusCode,
    pub(crate) choice: AccountId,
}

impl Default for Settings {
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

impl Settings {
    /// The same with a token and an app, where none were given.
    pub(crate) fn complete(mut self) -> Self {
        if self.tokens.is_empty() {
            self.tokens.push((TOKEN.to_owned(), TokenSpec::private()));
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

    /// Adds an app, in place of one of the same client id.
    fn add(&mut self, app: App) {
        self.apps.retain(|other| other.client_id != app.client_id);
        self.apps.push(app);
    }

    /// The tokens that last. Each is an app of its own, as each private integration is, and so has limits of its own.
    pub(super) fn lasting_tokens(&self) -> impl Iterator<Item = (String, Grant)> {
        self.tokens
            .iter()
            .enumerate()
            .map(|(index, (token, spec))| {
                let app = format!("private-{index}");
                (token.clone(), Grant::of(spec.clone(), app))
            })
    }
}

/// An app in a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// The location's id.
    pub location: String,
    /// The company that the location belongs to.
    pub company: String,
    /// The location's name.
    pub name: String,
    /// The location's address.
    pub address: String,
    /// `false` once the app was removed.
    pub is_installed: bool,
    /// Whether the location tries the app out.
    pub on_trial: bool,
    /// The plan of the app that the location is on.
    pub plan_id: Option<String>,
    /// The version of the app.
    pub version_id: Option<String>,
}

impl From<&str> for Installation {
    /// An app in this location of [`COMPANY`], with a made-up name and address.
    fn from(location: &str) -> Self {
        Self {
            location: location.to_owned(),
            company: COMPANY.to_owned(),
            name: format!("Location {location}"),
            address: "1 Main Street".to_owned(),
            is_installed: true,
            on_trial: false,
            plan_id: None,
            version_id: None,
        }
    }
}

impl From<String> for Installation {
    /// An app in this location of [`COMPANY`], with a made-up name and address.
    fn from(location: String) -> Self {
        Self::from(location.as_str())
    }
}

/// Tokens and apps.
impl MockBuilder {
    /// A private token like [`TOKEN`](crate::TOKEN): valid for every operation with all scopes, and restricted to the data of
    /// [`LOCATION`](crate::LOCATION) and [`COMPANY`](crate::COMPANY). Without any token, the server has that one.
    ///
    /// Tokens named here last until they are revoked or expired by hand.
    pub fn token(self, token: impl Into<String>) -> Self {
        self.token_with(token, TokenSpec::private())
    }

    /// A token of one location or company, or [of everything](TokenSpec::everything), with all scopes or some.
    pub fn token_with(mut self, token: impl Into<String>, spec: TokenSpec) -> Self {
        self.auth.tokens.push((token.into(), spec));
        self
    }

    /// An app that may ask for tokens with these scopes. Without any, the server knows [`CLIENT_ID`](crate::CLIENT_ID), which may have all scopes.
    pub fn app(
        mut self,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
        redirect_uri: impl Into<String>,
        scopes: &[&str],
    ) -> Self {
        let app = App {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            redirect_uri: redirect_uri.into(),
            scopes: Some(scopes.iter().map(|&scope| scope.to_owned()).collect()),
        };
        self.auth.add(app);
        self
    }

    /// An app that may ask for tokens with all scopes; the server that was given no app has one of this kind.
    pub fn app_with_all_scopes(
        mut self,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
        redirect_uri: impl Into<String>,
    ) -> Self {
        self.auth.add(App {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            redirect_uri: redirect_uri.into(),
            scopes: None,
        });
        self
    }

    /// How long issued access tokens live by the server's clock; 86,399 s without this.
    pub fn access_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.auth.access_lifetime = lifetime;
        self
    }

    /// How long refresh tokens live by the server's clock; 365 days without this.
    pub fn refresh_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.auth.refresh_lifetime = lifetime;
        self
    }

    /// Whether a refresh token that is spent twice costs all tokens that came of the same authorization; not without this.
    pub fn revoke_family_on_reuse(mut self, revoke: bool) -> Self {
        self.auth.revoke_family_on_reuse = revoke;
        self
    }

    /// For how long a refresh token that was spent gets the same new tokens again, by the server's clock; 0 without this: it is refused at
    /// once. The platform's changelog says 30 s, which is not confirmed.
    pub fn refresh_grace(mut self, grace: Duration) -> Self {
        self.auth.refresh_grace = grace;
        self
    }

    /// How long the token endpoint holds its reply back, in real time. What it was asked is done before the wait, so that a caller who
    /// gives up has lost the new tokens.
    pub fn token_endpoint_delay(mut self, delay: Duration) -> Self {
        self.auth.token_endpoint_delay = delay;
        self
    }

    /// The status for a token that lacks a scope: 403 without this. The platform was seen to say 401 in the same words; a client
    /// that must not take that for an expired token is tested with 401 here.
    pub fn scope_status(mut self, status: u16) -> Self {
        self.auth.scope_status = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
        self
    }

    /// What users choose on the page where an app is installed; [`LOCATION`](crate::LOCATION) without this.
    pub fn choice(mut self, choice: AccountId) -> Self {
        self.auth.choice = choice;
        self
    }
}

/// Tokens and apps.
impl Mock {
    /// Issues an access token to the server's first app. It lives as long as those that the token endpoint issues.
    pub fn issue_token(&self, spec: TokenSpec) -> String {
        let world = self.world();
        let app = world.tokens.settings().apps.first();
        let client_id = app.map(|app| app.client_id.clone()).unwrap_or_default();
        let grant = Grant::of(spec, client_id);
        world.tokens.issue_access(grant, world.clock.now()).access
    }

    /// Revokes an access token, a private token or a refresh token; whether there is such a one.
    pub fn revoke(&self, token: &str) -> bool {
        self.world().tokens.revoke(token)
    }

    /// Lets an access token, a private token or a refresh token expire now; whether there is such a one.
    pub fn expire(&self, token: &str) -> bool {
        let world = self.world();
        world.tokens.expire(token, world.clock.now())
    }

    /// Makes an authorization code, as the page where users install an app does, and installs the app there: in the location, or in
    /// every location that the company has by now. The code is good once and
    /// for ten minutes, for all scopes of the app.
    pub fn authorize(&self, client_id: &str, resource: AccountId) -> String {
        let world = self.world();
        let app = world.tokens.app(client_id);
        let scopes = app.and_then(|app| app.scopes.clone());
        let grant = Grant::own(resource, scopes, client_id);
        let locations = world.state.locations(&grant.resource);
        let now = world.clock.now();
        world.tokens.issue_code(grant, None, locations, now)
    }

    /// What users choose from now on where an app is installed.
    pub fn set_choice(&self, choice: AccountId) {
        self.world().tokens.set_choice(choice);
    }

    /// Installs an app in a location: an id, or all that is known of it.
    pub fn install(&self, client_id: &str, installation: impl Into<Installation>) {
        self.world().tokens.install(client_id, installation.into());
    }

    /// Removes an app from a location, and revokes the tokens that the app has for it: requests with them are answered 401. The
    /// installation is still listed, with `isInstalled: false`. Returns whether there was one.
    pub fn uninstall(&self, client_id: &str, location: &str) -> bool {
        self.world().tokens.uninstall(client_id, location)
    }

    /// Whether tokens are issued for a location at all. Where not, the platform says 400 `Location is not active`, and
    /// codes and refresh tokens stay unspent.
    pub fn set_location_active(&self, location: &str, active: bool) {
        self.world().tokens.set_location_active(location, active);
    }

    /// The refreshes that the token endpoint was asked for so far.
    pub fn refreshes(&self) -> Refreshes {
        self.world().tokens.refreshes.counts()
    }
}
