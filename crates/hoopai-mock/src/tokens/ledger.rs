//! What was given out: access tokens, refresh tokens, codes; and where apps are installed.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;

use super::{AccountId, COMPANY, Grant, Installation, Settings};
use crate::oauth::RefreshCounter;

/// So many tokens of a kind are remembered, the youngest; so memory stays bounded however many are issued.
const REMEMBERED: usize = 50_000;

/// A code is to be spent within so long.
const CODE_LIFETIME: Duration = Duration::from_secs(600);

/// An app that may ask for tokens.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) redirect_uri: String,
    /// The scopes that it was registered with; `None` for all.
    pub(crate) scopes: Option<Vec<String>>,
}

impl App {
    /// The app's id in the marketplace: what stands before the hyphen of its client id.
    pub(crate) fn id(&self) -> &str {
        self.client_id.split('-').next().unwrap_or_default()
    }
}

/// A token pair as it was issued.
pub(crate) struct Issued {
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    pub(crate) grant: Grant,
    pub(crate) company: String,
}

/// Why no tokens were issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// Unknown, spent, expired, revoked, or another app's.
    Invalid,
    /// The code is for the other kind of resource than was asked for.
    OtherKind,
    /// The redirect URI is another than the code's.
    OtherRedirect,
    /// The location was deactivated.
    Inactive,
}

/// The tokens that a server has given out. One lock over all of it: spending a token and issuing its successor are one step.
pub(crate) struct Tokens {
    settings: Settings,
    ledger: Mutex<Ledger>,
    pub(crate) refreshes: RefreshCounter,
}

struct Ledger {
    random: Rng,
    families: u64,
    /// The tokens that the server was started with. They are never forgotten.
    lasting: HashMap<String, Access>,
    access: Youngest<Access>,
    refresh: Youngest<Refresh>,
    codes: Youngest<Code>,
    /// By client id and location.
    installations: BTreeMap<(String, String), Installation>,
    inactive: HashSet<String>,
    choice: AccountId,
}

struct Access {
    grant: Grant,
    /// `None` for a token that lasts.
    expires: Option<Duration>,
    family: Option<u64>,
    revoked: bool,
}

struct Refresh {
    grant: Grant,
    company: String,
    expires: Duration,
    family: u64,
    spent: Option<Spent>,
    revoked: bool,
}

/// When a refresh token was spent, and the tokens that replaced it.
struct Spent {
    at: Duration,
    access: String,
    refresh: Option<String>,
}

struct Code {
    grant: Grant,
    redirect_uri: Option<String>,
    expires: Duration,
}

/// A map that forgets its oldest entries.
struct Youngest<T> {
    entries: HashMap<String, T>,
    order: VecDeque<String>,
}

impl<T> Default for Youngest<T> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            order: VecDeque::new(),
        }
    }
}

impl<T> Youngest<T> {
    fn insert(&mut self, key: String, value: T) {
        if self.entries.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.entries.remove(&oldest);
            }
        }
    }
}

impl Tokens {
    pub(crate) fn new(settings: Settings, seed: u64) -> Self {
        let mut ledger = Ledger {
            random: Rng::with_seed(seed),
            families: 0,
            lasting: HashMap::new(),
            access: Youngest::default(),
            refresh: Youngest::default(),
            codes: Youngest::default(),
            installations: BTreeMap::new(),
            inactive: HashSet::new(),
            choice: settings.choice.clone(),
        };
        for (token, grant) in settings.lasting_tokens() {
            let access = Access {
                grant,
                expires: None,
                family: None,
                revoked: false,
            };
            ledger.lasting.insert(token, access);
        }
        Self {
            settings,
            ledger: Mutex::new(ledger),
            refreshes: RefreshCounter::default(),
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What an access token grants now.
    pub(crate) fn grant(&self, token: &str, now: Duration) -> Option<Grant> {
        let ledger = self.ledger();
        let issued = || ledger.access.entries.get(token);
        let access = ledger.lasting.get(token).or_else(issued)?;
        let live = !access.revoked && access.expires.is_none_or(|at| now < at);
        live.then(|| access.grant.clone())
    }

    pub(crate) fn app(&self, client_id: &str) -> Option<&App> {
        let mut apps = self.settings.apps.iter();
        apps.find(|app| app.client_id == client_id)
    }

    /// Issues an access token, without a refresh token.
    pub(crate) fn issue_access(&self, grant: Grant, now: Duration) -> Issued {
        let mut ledger = self.ledger();
        let company = ledger.company_of(&grant.resource);
        let access = ledger.issue_access(&self.settings, grant.clone(), None, now);
        Issued {
            access,
            refresh: None,
            grant,
            company,
        }
    }

    /// Issues an access token with a refresh token of a new family.
    pub(crate) fn issue_pair(
        &self,
        grant: Grant,
        company: Option<String>,
        now: Duration,
    ) -> Result<Issued, Denied> {
        let mut ledger = self.ledger();
        ledger.check_active(&grant.resource)?;
        let company = company.unwrap_or_else(|| ledger.company_of(&grant.resource));
        ledger.families += 1;
        let family = ledger.families;
        Ok(ledger.issue_pair(&self.settings, grant, company, family, now))
    }

    /// Makes a code for an app and what its user chose, and installs the app in these locations.
    pub(crate) fn issue_code(
        &self,
        grant: Grant,
        redirect_uri: Option<String>,
        locations: Vec<Installation>,
        now: Duration,
    ) -> String {
        let mut ledger = self.ledger();
        for location in locations {
            let key = (grant.app.clone(), location.location.clone());
            let installation = ledger.installations.entry(key);
            installation.or_insert(location).is_installed = true;
        }
        let code = ledger.secret("code");
        let expires = now.saturating_add(CODE_LIFETIME);
        let entry = Code {
            grant,
            redirect_uri,
            expires,
        };
        ledger.codes.insert(code.clone(), entry);
        code
    }

    /// Spends a code.
    pub(crate) fn spend_code(
        &self,
        app: &App,
        code: &str,
        wants: Option<&str>,
        redirect_uri: Option<&str>,
        now: Duration,
    ) -> Result<Issued, Denied> {
        let mut ledger = self.ledger();
        let entry = ledger.codes.entries.get(code);
        let entry = entry.filter(|entry| entry.grant.app == app.client_id && now < entry.expires);
        let entry = entry.ok_or(Denied::Invalid)?;
        let kind = entry.grant.resource.kind();
        if wants.is_some_and(|wants| wants != kind) {
            return Err(Denied::OtherKind);
        }
        let same = |asked: &str| entry.redirect_uri.as_deref().is_none_or(|own| own == asked);
        if !redirect_uri.is_none_or(same) {
            return Err(Denied::OtherRedirect);
        }
        let grant = entry.grant.clone();
        ledger.check_active(&grant.resource)?;
        ledger.codes.entries.remove(code);
        ledger.families += 1;
        let family = ledger.families;
        let company = ledger.company_of(&grant.resource);
        Ok(ledger.issue_pair(&self.settings, grant, company, family, now))
    }

    /// Spends a refresh token. One that was spent before may cost its family, as the settings have it.
    pub(crate) fn spend_refresh(
        &self,
        app: &App,
        token: &str,
        now: Duration,
    ) -> Result<Issued, Denied> {
        let mut ledger = self.ledger();
        let entry = ledger.refresh.entries.get(token);
        let entry = entry.filter(|entry| entry.grant.app == app.client_id);
        let entry = entry.ok_or(Denied::Invalid)?;
        let family = entry.family;
        if let Some(spent) = &entry.spent {
            let age = now.saturating_sub(spent.at);
            if age < self.settings.refresh_grace && !entry.revoked {
                return Ok(Issued {
                    access: spent.access.clone(),
                    refresh: spent.refresh.clone(),
                    grant: entry.grant.clone(),
                    company: entry.company.clone(),
                });
            }
            if self.settings.revoke_family_on_reuse {
                ledger.revoke_family(family);
            }
            return Err(Denied::Invalid);
        }
        if entry.revoked || now >= entry.expires {
            return Err(Denied::Invalid);
        }
        let (grant, company) = (entry.grant.clone(), entry.company.clone());
        ledger.check_active(&grant.resource)?;
        let issued = ledger.issue_pair(&self.settings, grant, company, family, now);
        if let Some(entry) = ledger.refresh.entries.get_mut(token) {
            entry.spent = Some(Spent {
                at: now,
                access: issued.access.clone(),
                refresh: issued.refresh.clone(),
            });
        }
        Ok(issued)
    }

    /// What a refresh token is for, spent or not.
    pub(crate) fn refreshed(&self, token: &str) -> Option<(String, AccountId)> {
        let ledger = self.ledger();
        let grant = &ledger.refresh.entries.get(token)?.grant;
        Some((grant.app.clone(), grant.resource.clone()))
    }

    /// Revokes a token of any kind; whether there is such a one.
    pub(crate) fn revoke(&self, token: &str) -> bool {
        let mut ledger = self.ledger();
        if let Some(access) = ledger.access_mut(token) {
            access.revoked = true;
            return true;
        }
        let refresh = ledger.refresh.entries.get_mut(token);
        refresh.map(|refresh| refresh.revoked = true).is_some()
    }

    /// Ends a token's life now; whether there is such a one.
    pub(crate) fn expire(&self, token: &str, now: Duration) -> bool {
        let mut ledger = self.ledger();
        if let Some(access) = ledger.access_mut(token) {
            access.expires = Some(now);
            return true;
        }
        let refresh = ledger.refresh.entries.get_mut(token);
        refresh.map(|refresh| refresh.expires = now).is_some()
    }

    pub(crate) fn set_location_active(&self, location: &str, active: bool) {
        let mut ledger = self.ledger();
        if active {
            ledger.inactive.remove(location);
        } else {
            ledger.inactive.insert(location.to_owned());
        }
    }

    pub(crate) fn install(&self, client_id: &str, installation: Installation) {
        let key = (client_id.to_owned(), installation.location.clone());
        self.ledger().installations.insert(key, installation);
    }

    pub(crate) fn uninstall(&self, client_id: &str, location: &str) -> bool {
        let key = (client_id.to_owned(), location.to_owned());
        let mut ledger = self.ledger();
        ledger.revoke_all(client_id, location);
        let installation = ledger.installations.get_mut(&key);
        installation
            .map(|installation| installation.is_installed = false)
            .is_some()
    }

    /// Where an app is installed, or was, by location.
    pub(crate) fn installations(&self, client_id: &str) -> Vec<Installation> {
        let ledger = self.ledger();
        let all = ledger.installations.iter();
        all.filter(|((app, _), _)| app == client_id)
            .map(|(_, installation)| installation.clone())
            .collect()
    }

    pub(crate) fn choice(&self) -> AccountId {
        self.ledger().choice.clone()
    }

    pub(crate) fn set_choice(&self, choice: AccountId) {
        self.ledger().choice = choice;
    }
}

impl AccountId {
    /// The platform's word for the kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Location(_) => "Location",
            Self::Company(_) => "Company",
        }
    }
}

impl Ledger {
    fn secret(&mut self, prefix: &str) -> String {
        let (high, low) = (self.random.u64(..), self.random.u64(..));
        format!("{prefix}-{high:016x}{low:016x}")
    }

    fn access_mut(&mut self, token: &str) -> Option<&mut Access> {
        match self.lasting.get_mut(token) {
            Some(access) => Some(access),
            None => self.access.entries.get_mut(token),
        }
    }

    fn check_active(&self, resource: &AccountId) -> Result<(), Denied> {
        match resource {
            AccountId::Location(id) if self.inactive.contains(id) => Err(Denied::Inactive),
            _ => Ok(()),
        }
    }

    fn company_of(&self, resource: &AccountId) -> String {
        match resource {
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
        settings: &Settings,
        grant: Grant,
        family: Option<u64>,
        now: Duration,
    ) -> String {
        let token = self.secret("at");
        let access = Access {
            grant,
            expires: Some(now.saturating_add(settings.access_lifetime)),
            family,
            revoked: false,
        };
        self.access.insert(token.clone(), access);
        token
    }

    fn issue_pair(
        &mut self,
        settings: &Settings,
        grant: Grant,
        company: String,
        family: u64,
        now: Duration,
    ) -> Issued {
        let access = self.issue_access(settings, grant.clone(), Some(family), now);
        let token = self.secret("rt");
        let refresh = Refresh {
            grant: grant.clone(),
            company: company.clone(),
            expires: now.saturating_add(settings.refresh_lifetime),
            family,
            spent: None,
            revoked: false,
        };
        self.refresh.insert(token.clone(), refresh);
        Issued {
            access,
            refresh: Some(token),
            grant,
            company,
        }
    }

    /// Revokes the access tokens, refresh tokens and codes that an app has for a location. Tokens of agencies stay valid.
    fn revoke_all(&mut self, client_id: &str, location: &str) {
        let of = |grant: &Grant| {
            let is_location = matches!(&grant.resource, AccountId::Location(id) if id == location);
            is_location && grant.app == client_id
        };
        for access in self.access.entries.values_mut() {
            access.revoked |= of(&access.grant);
        }
        for refresh in self.refresh.entries.values_mut() {
            refresh.revoked |= of(&refresh.grant);
        }
        self.codes.entries.retain(|_, code| !of(&code.grant));
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
    use crate::tokens::TOKEN;

    #[test]
    fn what_is_issued_is_bounded_and_what_was_configured_stays() {
        let tokens = Tokens::new(Settings::default().complete(), 0);
        let grant = Grant::own(AccountId::Company(COMPANY.to_owned()), None, "app");
        let issue = || tokens.issue_pair(grant.clone(), None, Duration::ZERO);
        let first = issue().map(|issued| issued.access).unwrap_or_default();
        let mut last = String::new();
        for _ in 0..REMEMBERED {
            last = issue().map(|issued| issued.access).unwrap_or_default();
        }
        let live = |token: &str| tokens.grant(token, Duration::ZERO).is_some();
        assert!(!live(&first) && live(&last) && live(TOKEN));
        let ledger = tokens.ledger();
        assert_eq!(ledger.access.entries.len(), REMEMBERED);
        assert_eq!(ledger.refresh.order.len(), REMEMBERED);
    }
}
