//! Issued tokens and codes, and installations of apps.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;

use super::claims::{Claims, TokenSpec};
use super::installation::Installation;
use super::refreshes::RefreshCounter;
use super::settings::{App, TokenSettings};
use crate::account::{AccountId, COMPANY};

/// The number of tokens of each kind that are kept; the oldest are removed first.
const CAPACITY: usize = 50_000;

/// The lifetime of an authorization code.
const CODE_LIFETIME: Duration = Duration::from_secs(600);

/// Tokens that were issued together.
pub(crate) struct IssuedTokens {
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    pub(crate) claims: Claims,
    pub(crate) company: String,
}

/// The reason why no tokens are issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IssueError {
    /// The code or refresh token is unknown, used, expired, revoked, or of another app.
    Invalid,
    /// The code is for the other user type.
    OtherUserType,
    /// The redirect URI differs from that of the code.
    OtherRedirectUri,
    /// The location is not active.
    InactiveLocation,
}

/// The tokens, codes and installations of a server. One lock covers all of them, so a refresh token
/// is used and replaced atomically.
pub(crate) struct TokenStore {
    settings: TokenSettings,
    inner: Mutex<Inner>,
    pub(crate) refreshes: RefreshCounter,
}

pub(super) struct Inner {
    pub(super) random: Rng,
    /// The number of token families. A family is all tokens of one authorization.
    pub(super) families: u64,
    /// The tokens of the settings, which are never removed.
    pub(super) configured: HashMap<String, AccessToken>,
    pub(super) access: BoundedMap<AccessToken>,
    pub(super) refresh: BoundedMap<RefreshToken>,
    pub(super) codes: BoundedMap<AuthorizationCode>,
    /// By client id and location.
    pub(super) installations: BTreeMap<(String, String), Installation>,
    pub(super) inactive_locations: HashSet<String>,
    pub(super) choice: AccountId,
}

pub(super) struct AccessToken {
    pub(super) claims: Claims,
    /// `None` for configured tokens.
    pub(super) expires: Option<Duration>,
    pub(super) family: Option<u64>,
    pub(super) revoked: bool,
}

impl AccessToken {
    /// A token that does not expire.
    fn private(claims: Claims) -> Self {
        Self {
            claims,
            expires: None,
            family: None,
            revoked: false,
        }
    }
}

pub(super) struct RefreshToken {
    pub(super) claims: Claims,
    pub(super) company: String,
    pub(super) expires: Duration,
    pub(super) family: u64,
    pub(super) used: Option<Rotation>,
    pub(super) revoked: bool,
}

/// The time at which a refresh token was used, and the tokens that replaced it.
pub(super) struct Rotation {
    pub(super) at: Duration,
    pub(super) access: String,
    pub(super) refresh: Option<String>,
}

pub(super) struct AuthorizationCode {
    pub(super) claims: Claims,
    pub(super) redirect_uri: Option<String>,
    pub(super) expires: Duration,
}

/// A map of bounded size that removes its oldest entries.
pub(super) struct BoundedMap<T> {
    entries: HashMap<String, T>,
    order: VecDeque<String>,
}

impl<T> Default for BoundedMap<T> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            order: VecDeque::new(),
        }
    }
}

impl<T> BoundedMap<T> {
    /// The entries, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &T)> {
        let keys = self.order.iter();
        keys.filter_map(|key| self.entries.get_key_value(key))
    }

    pub(super) fn insert(&mut self, key: String, value: T) {
        if self.entries.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > CAPACITY {
            if let Some(oldest) = self.order.pop_front() {
                self.entries.remove(&oldest);
            }
        }
    }
}

impl TokenStore {
    pub(crate) fn new(settings: TokenSettings, seed: u64) -> Self {
        Self {
            inner: Mutex::new(Inner::new(&settings, seed)),
            settings,
            refreshes: RefreshCounter::default(),
        }
    }

    /// Forgets all tokens but those of the settings, and all codes and installations.
    pub(crate) fn reset(&self, seed: u64) {
        *self.inner() = Inner::new(&self.settings, seed);
        self.refreshes.reset();
    }

    pub(crate) fn settings(&self) -> &TokenSettings {
        &self.settings
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the claims of a valid access token.
    pub(crate) fn claims(&self, token: &str, now: Duration) -> Option<Claims> {
        let inner = self.inner();
        let issued = || inner.access.entries.get(token);
        let access = inner.configured.get(token).or_else(issued)?;
        let is_valid = !access.revoked && access.expires.is_none_or(|at| now < at);
        is_valid.then(|| access.claims.clone())
    }

    /// Returns the app of a client id.
    pub(crate) fn app(&self, client_id: &str) -> Option<&App> {
        let mut apps = self.settings.apps.iter();
        apps.find(|app| app.client_id == client_id)
    }

    /// Issues an access token, without a refresh token.
    pub(crate) fn issue_access(&self, claims: Claims, now: Duration) -> IssuedTokens {
        let mut inner = self.inner();
        let company = inner.company_of(&claims.account);
        let access = inner.issue_access(&self.settings, claims.clone(), None, now);
        IssuedTokens {
            access,
            refresh: None,
            claims,
            company,
        }
    }

    /// Adds a private token, which is an app of its own. `token` is its value; `None` for a made-up
    /// one. Returns the value.
    pub(crate) fn add_private(&self, token: Option<&str>, spec: TokenSpec) -> String {
        let mut inner = self.inner();
        let number = inner.configured.len();
        let made_up = || {
            let (high, low) = (inner.random.u32(..), inner.random.u64(..) >> 16);
            format!("pit-{high:08x}-0000-4000-8000-{low:012x}")
        };
        let token = token.map_or_else(made_up, str::to_owned);
        let app = format!("private-{number}");
        let private = AccessToken::private(Claims::new(spec, app));
        inner.configured.insert(token.clone(), private);
        token
    }

    /// Returns the values that must not be shown: private tokens and secrets of apps. Issued
    /// tokens have a form of their own.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let inner = self.inner();
        let apps = self.settings.apps.iter();
        let secrets = apps.map(|app| app.client_secret.clone());
        secrets.chain(inner.configured.keys().cloned()).collect()
    }

    /// Issues an access token with a refresh token of a new family.
    pub(crate) fn issue_pair(
        &self,
        claims: Claims,
        company: Option<String>,
        now: Duration,
    ) -> Result<IssuedTokens, IssueError> {
        let mut inner = self.inner();
        inner.check_active(&claims.account)?;
        let company = company.unwrap_or_else(|| inner.company_of(&claims.account));
        let family = inner.new_family();
        Ok(inner.issue_pair(&self.settings, claims, company, family, now))
    }

    /// Issues an authorization code, and installs the app in these locations.
    pub(crate) fn issue_code(
        &self,
        claims: Claims,
        redirect_uri: Option<String>,
        locations: Vec<Installation>,
        now: Duration,
    ) -> String {
        let mut inner = self.inner();
        for location in locations {
            let key = (claims.app.clone(), location.location.clone());
            let installation = inner.installations.entry(key);
            installation.or_insert(location).is_installed = true;
        }
        let code = inner.secret("code");
        let expires = now.saturating_add(CODE_LIFETIME);
        let entry = AuthorizationCode {
            claims,
            redirect_uri,
            expires,
        };
        inner.codes.insert(code.clone(), entry);
        code
    }

    /// Exchanges an authorization code for tokens.
    pub(crate) fn redeem_code(
        &self,
        app: &App,
        code: &str,
        user_type: Option<&str>,
        redirect_uri: Option<&str>,
        now: Duration,
    ) -> Result<IssuedTokens, IssueError> {
        let mut inner = self.inner();
        let entry = inner.codes.entries.get(code);
        let entry = entry.filter(|entry| entry.claims.app == app.client_id && now < entry.expires);
        let entry = entry.ok_or(IssueError::Invalid)?;
        let own_type = entry.claims.account.user_type();
        if user_type.is_some_and(|asked| asked != own_type) {
            return Err(IssueError::OtherUserType);
        }
        let same = |asked: &str| entry.redirect_uri.as_deref().is_none_or(|own| own == asked);
        if !redirect_uri.is_none_or(same) {
            return Err(IssueError::OtherRedirectUri);
        }
        let claims = entry.claims.clone();
        inner.check_active(&claims.account)?;
        inner.codes.entries.remove(code);
        let family = inner.new_family();
        let company = inner.company_of(&claims.account);
        Ok(inner.issue_pair(&self.settings, claims, company, family, now))
    }

    /// Exchanges a refresh token for new tokens. The settings decide about a token that was used
    /// before: the same new tokens again, an error, or an error and the end of its family.
    pub(crate) fn rotate(
        &self,
        app: &App,
        token: &str,
        now: Duration,
    ) -> Result<IssuedTokens, IssueError> {
        let mut inner = self.inner();
        let entry = inner.refresh.entries.get(token);
        let entry = entry.filter(|entry| entry.claims.app == app.client_id);
        let entry = entry.ok_or(IssueError::Invalid)?;
        let family = entry.family;
        if let Some(rotation) = &entry.used {
            let age = now.saturating_sub(rotation.at);
            if age < self.settings.refresh_grace && !entry.revoked {
                return Ok(IssuedTokens {
                    access: rotation.access.clone(),
                    refresh: rotation.refresh.clone(),
                    claims: entry.claims.clone(),
                    company: entry.company.clone(),
                });
            }
            if self.settings.revoke_family_on_reuse {
                inner.revoke_family(family);
            }
            return Err(IssueError::Invalid);
        }
        if entry.revoked || now >= entry.expires {
            return Err(IssueError::Invalid);
        }
        let (claims, company) = (entry.claims.clone(), entry.company.clone());
        inner.check_active(&claims.account)?;
        let issued = inner.issue_pair(&self.settings, claims, company, family, now);
        if let Some(entry) = inner.refresh.entries.get_mut(token) {
            entry.used = Some(Rotation {
                at: now,
                access: issued.access.clone(),
                refresh: issued.refresh.clone(),
            });
        }
        Ok(issued)
    }

    /// Returns app and account of a refresh token, used or not.
    pub(crate) fn refresh_account(&self, token: &str) -> Option<(String, AccountId)> {
        let inner = self.inner();
        let claims = &inner.refresh.entries.get(token)?.claims;
        Some((claims.app.clone(), claims.account.clone()))
    }

    /// Revokes an access token or refresh token. Returns whether the token exists.
    pub(crate) fn revoke(&self, token: &str) -> bool {
        let mut inner = self.inner();
        if let Some(access) = inner.access_mut(token) {
            access.revoked = true;
        } else if let Some(refresh) = inner.refresh.entries.get_mut(token) {
            refresh.revoked = true;
        } else {
            return false;
        }
        true
    }

    /// Expires an access token or refresh token. Returns whether the token exists.
    pub(crate) fn expire(&self, token: &str, now: Duration) -> bool {
        let mut inner = self.inner();
        if let Some(access) = inner.access_mut(token) {
            access.expires = Some(now);
        } else if let Some(refresh) = inner.refresh.entries.get_mut(token) {
            refresh.expires = now;
        } else {
            return false;
        }
        true
    }

    pub(crate) fn set_location_active(&self, location: &str, active: bool) {
        let mut inner = self.inner();
        if active {
            inner.inactive_locations.remove(location);
        } else {
            inner.inactive_locations.insert(location.to_owned());
        }
    }

    pub(crate) fn install(&self, client_id: &str, installation: Installation) {
        let key = (client_id.to_owned(), installation.location.clone());
        self.inner().installations.insert(key, installation);
    }

    pub(crate) fn uninstall(&self, client_id: &str, location: &str) -> bool {
        let key = (client_id.to_owned(), location.to_owned());
        let mut inner = self.inner();
        inner.revoke_location(client_id, location);
        let installation = inner.installations.get_mut(&key);
        installation
            .map(|installation| installation.is_installed = false)
            .is_some()
    }

    /// Returns the present and former installations of an app, sorted by location.
    pub(crate) fn installations(&self, client_id: &str) -> Vec<Installation> {
        let inner = self.inner();
        let all = inner.installations.iter();
        all.filter(|((app, _), _)| app == client_id)
            .map(|(_, installation)| installation.clone())
            .collect()
    }

    pub(crate) fn choice(&self) -> AccountId {
        self.inner().choice.clone()
    }

    pub(crate) fn set_choice(&self, choice: AccountId) {
        self.inner().choice = choice;
    }
}

impl Inner {
    fn new(settings: &TokenSettings, seed: u64) -> Self {
        let configured = settings.configured_tokens();
        let configured = configured.map(|(token, claims)| (token, AccessToken::private(claims)));
        Self {
            random: Rng::with_seed(seed),
            families: 0,
            configured: configured.collect(),
            access: BoundedMap::default(),
            refresh: BoundedMap::default(),
            codes: BoundedMap::default(),
            installations: BTreeMap::new(),
            inactive_locations: HashSet::new(),
            choice: settings.choice.clone(),
        }
    }

    fn new_family(&mut self) -> u64 {
        self.families += 1;
        self.families
    }

    fn secret(&mut self, prefix: &str) -> String {
        let (high, low) = (self.random.u64(..), self.random.u64(..));
        format!("{prefix}-{high:016x}{low:016x}")
    }

    fn access_mut(&mut self, token: &str) -> Option<&mut AccessToken> {
        let configured = self.configured.get_mut(token);
        configured.or_else(|| self.access.entries.get_mut(token))
    }

    fn check_active(&self, account: &AccountId) -> Result<(), IssueError> {
        match account {
            AccountId::Location(id) if self.inactive_locations.contains(id) => {
                Err(IssueError::InactiveLocation)
            }
            _ => Ok(()),
        }
    }

    fn company_of(&self, account: &AccountId) -> String {
        match account {
            AccountId::Company(id) => id.clone(),
            AccountId::Location(id) => self
                .installations
                .values()
                .find(|installation| installation.location == *id)
                .map_or_else(|| COMPANY.to_owned(), |found| found.company.clone()),
        }
    }

    fn issue_access(
        &mut self,
        settings: &TokenSettings,
        claims: Claims,
        family: Option<u64>,
        now: Duration,
    ) -> String {
        let token = self.secret("at");
        let access = AccessToken {
            claims,
            expires: Some(now.saturating_add(settings.access_lifetime)),
            family,
            revoked: false,
        };
        self.access.insert(token.clone(), access);
        token
    }

    fn issue_pair(
        &mut self,
        settings: &TokenSettings,
        claims: Claims,
        company: String,
        family: u64,
        now: Duration,
    ) -> IssuedTokens {
        let access = self.issue_access(settings, claims.clone(), Some(family), now);
        let token = self.secret("rt");
        let refresh = RefreshToken {
            claims: claims.clone(),
            company: company.clone(),
            expires: now.saturating_add(settings.refresh_lifetime),
            family,
            used: None,
            revoked: false,
        };
        self.refresh.insert(token.clone(), refresh);
        IssuedTokens {
            access,
            refresh: Some(token),
            claims,
            company,
        }
    }

    /// Revokes the access tokens, refresh tokens and codes of an app for a location. Tokens of
    /// agencies stay valid.
    fn revoke_location(&mut self, client_id: &str, location: &str) {
        let is_of = |claims: &Claims| {
            let is_location = matches!(&claims.account, AccountId::Location(id) if id == location);
            is_location && claims.app == client_id
        };
        for access in self.access.entries.values_mut() {
            access.revoked |= is_of(&access.claims);
        }
        for refresh in self.refresh.entries.values_mut() {
            refresh.revoked |= is_of(&refresh.claims);
        }
        self.codes.entries.retain(|_, code| !is_of(&code.claims));
    }

    fn revoke_family(&mut self, family: u64) {
        for refresh in self.refresh.entries.values_mut() {
            refresh.revoked |= refresh.family == family;
        }
        for access in self.access.entries.values_mut() {
            access.revoked |= access.family == Some(family);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::TOKEN;

    #[test]
    fn issued_tokens_are_bounded_and_configured_tokens_stay() {
        let tokens = TokenStore::new(TokenSettings::default().with_defaults(), 0);
        let claims = Claims::own(AccountId::Company(COMPANY.to_owned()), None, "app");
        let issue = || tokens.issue_pair(claims.clone(), None, Duration::ZERO);
        let first = issue().map(|issued| issued.access).unwrap_or_default();
        let mut last = String::new();
        for _ in 0..CAPACITY {
            last = issue().map(|issued| issued.access).unwrap_or_default();
        }
        let is_valid = |token: &str| tokens.claims(token, Duration::ZERO).is_some();
        assert!(!is_valid(&first) && is_valid(&last) && is_valid(TOKEN));
        let inner = tokens.inner();
        assert_eq!(inner.access.entries.len(), CAPACITY);
        assert_eq!(inner.refresh.order.len(), CAPACITY);
    }
}
