//! Installations and uninstallations of an app.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use hoopai_auth::{AccountId, Installation, TokenManager, UserType};
use hoopai_runtime::Error;
use hoopai_runtime::auth::TokenProvider;

use crate::events::{Event, EventKind};

/// The number of accounts of which times are kept. Then the older half is dropped.
const MAX_ACCOUNTS: usize = 100_000;

/// Updates the tokens of `hoopai-auth` by the events `INSTALL` and `UNINSTALL`. Clones are the same.
///
/// - `INSTALL` of a location whose agency authorized the app: the location's tokens are requested
///   with those of the agency. A bulk installation sends such an event for each location.
/// - `INSTALL` that arrives before the authorization code is exchanged waits for
///   [`code_exchanged`](Lifecycle::code_exchanged).
/// - `UNINSTALL` removes the tokens of the account. That of an agency also removes the tokens of
///   locations that were requested with its tokens; locations that authorized the app themselves
///   keep theirs. If the token store cannot
///   [list its keys](hoopai_auth::TokenStore::keys), only locations that this process has used are
///   found.
/// - An event that is older than a later one, or an uninstallation that is older than the tokens,
///   changes nothing: the platform promises no order. The same holds for an installation in a
///   location that is older than the uninstallation of its agency.
/// - Events of other apps change nothing. Their signatures are valid as well, since the platform
///   signs the deliveries of all apps with one key.
///
/// Times of events are compared with the times at which tokens were requested, so the clock of this
/// machine should be right.
///
/// Events that wait are kept in memory. If they are lost, the location's tokens are requested when
/// it is first used through its agency.
///
/// ```
/// use std::sync::Arc;
///
/// use hoopai_auth::TokenManager;
/// use hoopai_webhooks::{Event, EventKind, EventRouter, Lifecycle};
///
/// async fn lifecycle(event: Arc<Event>, lifecycle: Lifecycle) -> Result<(), hoopai_runtime::Error> {
///     lifecycle.apply(&event).await?;
///     Ok(())
/// }
///
/// # fn router(tokens: TokenManager) {
/// let state = Lifecycle::new(tokens);
/// let router = EventRouter::new().on(EventKind::AppInstall, lifecycle).on(EventKind::AppUninstall, lifecycle);
/// # let _: EventRouter<Lifecycle> = router;
/// # }
/// ```
#[derive(Clone)]
pub struct Lifecycle(Arc<Inner>);

struct Inner {
    tokens: TokenManager,
    app_id: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    installed: Recent<SystemTime>,
    uninstalled: Recent<SystemTime>,
    /// Installations without tokens, with their company.
    waiting: Recent<Option<String>>,
}

impl State {
    /// Ends the installations of an agency's locations that were waiting when it was uninstalled.
    fn end_waiting_of(&mut self, company: &str, time: SystemTime) {
        let installed = &self.installed;
        let waiting = &mut self.waiting.values;
        waiting.retain(|location, (_, named)| {
            named.as_deref() != Some(company) || installed.is_after(location, time)
        });
    }
}

/// What an event changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LifecycleOutcome {
    /// The tokens of the location were requested and stored.
    Installed,
    /// The account has tokens.
    HasTokens,
    /// The account has no tokens yet, and waits for the exchange of an authorization code.
    Waiting,
    /// The account has no tokens any more.
    Uninstalled,
    /// Nothing: a later event or later tokens are known.
    Stale,
    /// Nothing: the event is of another app.
    OtherApp,
    /// Nothing: the event is no installation or uninstallation, or names no account or time.
    Ignored,
}

/// The values of a lifecycle event.
struct Notice {
    is_install: bool,
    app_id: Option<String>,
    account: AccountId,
    company: Option<String>,
    time: SystemTime,
}

impl Notice {
    fn of(event: &Event) -> Option<Self> {
        let is_install = match event.kind()? {
            EventKind::AppInstall => true,
            EventKind::AppUninstall => false,
            _ => return None,
        };
        let company = event.company_id();
        let account = match (event.location_id(), company) {
            (Some(location), _) => AccountId::location(location),
            (None, Some(company)) => AccountId::company(company),
            (None, None) => return None,
        };
        Some(Notice {
            is_install,
            app_id: event.app_id().map(str::to_owned),
            account,
            company: company.map(str::to_owned),
            time: event.timestamp()?.to_system_time(),
        })
    }
}

impl Lifecycle {
    /// Creates the helper. The id of the app is the part of its client id before the first `-`.
    pub fn new(tokens: TokenManager) -> Self {
        let client_id = tokens.app().client_id();
        let app_id = client_id.split('-').next().unwrap_or(client_id).to_owned();
        Self::with_app_id(tokens, app_id)
    }

    /// Creates the helper of an app whose `appId` is not a part of its client id.
    pub fn with_app_id(tokens: TokenManager, app_id: impl Into<String>) -> Self {
        Lifecycle(Arc::new(Inner {
            tokens,
            app_id: app_id.into(),
            state: Mutex::default(),
        }))
    }

    /// Applies an event. Events that are no installations or uninstallations change nothing.
    ///
    /// # Errors
    /// The store fails, or the location's tokens cannot be requested. Apply the event again.
    pub async fn apply(&self, event: &Event) -> Result<LifecycleOutcome, Error> {
        let Some(notice) = Notice::of(event) else {
            return Ok(LifecycleOutcome::Ignored);
        };
        if notice.app_id.as_ref() != Some(&self.0.app_id) {
            tracing::warn!("an installation or uninstallation of another app was delivered");
            return Ok(LifecycleOutcome::OtherApp);
        }
        match notice.is_install {
            true => self.install(notice).await,
            false => self.uninstall(notice).await,
        }
    }

    /// Requests the tokens of locations whose installation was waiting for this exchange of an
    /// authorization code. Call it after [`TokenManager::exchange_code`]. Returns these locations.
    ///
    /// # Errors
    /// The tokens of a location cannot be requested. All locations were tried, and those that failed
    /// still wait: call it again.
    pub async fn code_exchanged(
        &self,
        installation: &Installation,
    ) -> Result<Vec<AccountId>, Error> {
        self.lock().waiting.remove(&installation.account);
        let AccountId::Company(company) = &installation.account else {
            return Ok(Vec::new());
        };
        let is_approved = |location: &AccountId| {
            let mut approved = installation.approved_locations.iter();
            approved.any(|approved| approved == location.id())
        };
        let waiting: Vec<AccountId> = {
            let state = self.lock();
            let waiting = state.waiting.iter().filter(|(account, named)| {
                account.user_type() == UserType::Location
                    && match named {
                        Some(named) => named == company,
                        None => is_approved(account),
                    }
            });
            waiting.map(|(account, _)| account.clone()).collect()
        };
        let mut installed = Vec::new();
        let mut failure = None;
        for location in waiting {
            match self.request_tokens(&location, company).await {
                Ok(true) => installed.push(location),
                Ok(false) => {}
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            None => Ok(installed),
            Some(error) => Err(error),
        }
    }

    async fn install(&self, notice: Notice) -> Result<LifecycleOutcome, Error> {
        let Notice {
            account,
            company,
            time,
            ..
        } = notice;
        {
            let mut state = self.lock();
            let agency = company.as_ref().map(AccountId::company);
            let mut accounts = std::iter::once(&account).chain(&agency);
            if accounts.any(|account| state.uninstalled.is_after(account, time)) {
                return Ok(LifecycleOutcome::Stale);
            }
            state.installed.set_latest(&account, time);
            // Before the store is read, so that a code that is exchanged meanwhile is noticed.
            state.waiting.set(&account, company.clone());
        }
        let tokens = &self.0.tokens;
        if tokens.has_tokens(account.clone()).await? {
            self.lock().waiting.remove(&account);
            return Ok(LifecycleOutcome::HasTokens);
        }
        match company {
            Some(company)
                if account.user_type() == UserType::Location
                    && tokens.has_tokens(AccountId::company(&company)).await? =>
            {
                Ok(match self.request_tokens(&account, &company).await? {
                    true => LifecycleOutcome::Installed,
                    false => LifecycleOutcome::Stale,
                })
            }
            _ => Ok(LifecycleOutcome::Waiting),
        }
    }

    async fn uninstall(&self, notice: Notice) -> Result<LifecycleOutcome, Error> {
        let Notice { account, time, .. } = notice;
        {
            let mut state = self.lock();
            if state.installed.is_after(&account, time) {
                return Ok(LifecycleOutcome::Stale);
            }
            state.uninstalled.set_latest(&account, time);
            state.waiting.remove(&account);
            if account.user_type() == UserType::Company {
                state.end_waiting_of(account.id(), time);
            }
        }
        let tokens = &self.0.tokens;
        if !tokens
            .forget_requested_before(account.clone(), time)
            .await?
        {
            return Ok(LifecycleOutcome::Stale);
        }
        // After the agency, whose tokens could request those of a location again.
        if account.user_type() == UserType::Company {
            tokens
                .forget_locations_requested_before(account.id(), time)
                .await?;
        }
        Ok(LifecycleOutcome::Uninstalled)
    }

    /// Requests the tokens of a location with those of its company, unless it has some. Returns
    /// `false` if the location or its company was uninstalled meanwhile.
    async fn request_tokens(&self, location: &AccountId, company: &str) -> Result<bool, Error> {
        let tokens = &self.0.tokens;
        let agency = AccountId::company(company);
        let access = tokens.account(agency.clone());
        access.for_account(location.clone()).authorization().await?;
        let uninstalled = {
            let mut state = self.lock();
            state.waiting.remove(location);
            let installed = state.installed.get(location);
            let uninstalled = [location, &agency].map(|account| state.uninstalled.get(account));
            let uninstalled = uninstalled.into_iter().flatten().max();
            uninstalled.filter(|time| installed.is_none_or(|installed| installed < *time))
        };
        // The tokens were stored after the uninstallation removed the earlier ones.
        match uninstalled {
            Some(time) => {
                let location = location.clone();
                let removed = tokens.forget_requested_before(location, time).await?;
                Ok(!removed)
            }
            None => Ok(true),
        }
    }

    /// Locks the state, even after a panic: it is consistent at every moment.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows the number of installations that wait.
impl fmt::Debug for Lifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lifecycle")
            .field("tokens", &self.0.tokens)
            .field("waiting", &self.lock().waiting.iter().count())
            .finish_non_exhaustive()
    }
}

/// Values by account, of the latest accounts.
struct Recent<V> {
    values: HashMap<AccountId, (u64, V)>,
    writes: u64,
}

impl<V> Default for Recent<V> {
    fn default() -> Self {
        Recent {
            values: HashMap::new(),
            writes: 0,
        }
    }
}

impl<V> Recent<V> {
    fn set(&mut self, account: &AccountId, value: V) {
        self.writes += 1;
        self.values.insert(account.clone(), (self.writes, value));
        drop_older_half(&mut self.values, MAX_ACCOUNTS);
    }

    fn remove(&mut self, account: &AccountId) {
        self.values.remove(account);
    }

    fn iter(&self) -> impl Iterator<Item = (&AccountId, &V)> {
        let values = self.values.iter();
        values.map(|(account, (_, value))| (account, value))
    }
}

impl Recent<SystemTime> {
    fn get(&self, account: &AccountId) -> Option<SystemTime> {
        let known = self.values.get(account);
        known.map(|(_, time)| *time)
    }

    fn is_after(&self, account: &AccountId, time: SystemTime) -> bool {
        self.get(account).is_some_and(|known| known > time)
    }

    fn set_latest(&mut self, account: &AccountId, time: SystemTime) {
        if !self.is_after(account, time) {
            self.set(account, time);
        }
    }
}

/// Drops the values that were written first if there are more than a maximum.
fn drop_older_half<K: Eq + Hash, V>(values: &mut HashMap<K, (u64, V)>, max: usize) {
    if values.len() <= max {
        return;
    }
    let mut writes: Vec<u64> = values.values().map(|(write, _)| *write).collect();
    let middle = writes.len() / 2;
    let (_, middle, _) = writes.select_nth_unstable(middle);
    let middle = *middle;
    values.retain(|_, (write, _)| *write >= middle);
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::drop_older_half;

    #[test]
    fn the_latest_values_remain() {
        let mut values: HashMap<u64, (u64, ())> = (0..10).map(|key| (key, (key, ()))).collect();
        drop_older_half(&mut values, 10);
        assert_eq!(values.len(), 10);
        drop_older_half(&mut values, 9);
        let mut keys: Vec<u64> = values.into_keys().collect();
        keys.sort_unstable();
        assert_eq!(keys, [5, 6, 7, 8, 9]);
    }
}
