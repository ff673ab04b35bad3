//! Refreshes the tokens of all known accounts before they expire, one at a time.
//!
//! One process of those with a common store is the leader: it holds the lease of a reserved key.
//! `plan` selects the accounts. Each refresh is that of a call (`refresh`), with its lease.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use hoopai_runtime::Error;
use hoopai_runtime::auth::{AccountId, BearerToken};
use hoopai_runtime::error::AuthErrorKind;
use hoopai_runtime::time::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::account::Account;
use super::accounts::Accounts;
use super::lease::ActiveLease;
use super::plan::{Entry, Plan};
use super::receive::unknown_account;
use super::schedule::with_jitter;
use super::token_manager::TokenManager;
use crate::record::{Record, TokenKey};
use crate::store_error::StoreError;
use crate::util::sync::lock;

/// The maximum time for which another process waits after a leader that hangs. Stores that detect
/// the end of a process free its lease sooner.
const LEADER_TTL: Duration = Duration::from_secs(10 * 60);

/// How often other processes try to become the leader.
const STANDBY_PAUSE: Duration = Duration::from_secs(30);

/// How often the leader searches for new and removed accounts.
const SEARCH_PAUSE: Duration = Duration::from_secs(10 * 60);

/// The pause after a search that failed.
const SEARCH_RETRY: Duration = Duration::from_secs(60);

/// After this time, accounts without tokens to refresh are examined again.
const SKIP: Duration = Duration::from_secs(60 * 60);

/// The reserved id whose lease the leader holds.
const LEADER_ID: &str = "hoopai-refresh-schedule";

/// Settings of [`TokenManager::schedule_refreshes`].
#[derive(Clone, Debug)]
#[must_use = "settings have no effect until they are passed to `schedule_refreshes`"]
pub struct ScheduleSettings {
    limit: u32,
    reserve: u32,
}

impl ScheduleSettings {
    /// The default settings: 5 requests a minute, of which 1 is reserved.
    pub fn new() -> Self {
        ScheduleSettings {
            limit: 5,
            reserve: 1,
        }
    }

    /// Sets the number of requests that the token endpoint admits in a minute for the app, over
    /// all machines. Default: 5. Zero counts as one.
    ///
    /// The rate limiter of the handle still applies: it sends 5 requests a minute at most.
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// Sets the part of the limit that the scheduler leaves to refreshes on demand and exchanges of
    /// authorization codes. Default: 1. At least one request a minute is left to the scheduler.
    pub fn reserve(mut self, reserve: u32) -> Self {
        self.reserve = reserve;
        self
    }

    fn per_minute(&self) -> u32 {
        self.limit.saturating_sub(self.reserve).max(1)
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(60) / self.per_minute()
    }
}

impl Default for ScheduleSettings {
    fn default() -> Self {
        Self::new()
    }
}

/// Figures of a [`RefreshScheduler`], for metrics. Those of accounts are zero in processes that are
/// not the leader.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScheduleStatus {
    /// Whether this process is the leader.
    pub is_leader: bool,
    /// The number of accounts that are refreshed.
    pub known: usize,
    /// The number of accounts whose time to be refreshed has come: 90 minutes before their tokens
    /// expire, or an eighth of a shorter lifetime. It stays near zero unless the budget is short.
    pub due: usize,
    /// The number of accounts whose tokens have expired, or expire before their turn within the
    /// limit. More than zero means that calls can fail or wait for a token.
    pub backlog: usize,
    /// When the next refresh starts.
    pub next: Option<SystemTime>,
    /// The maximum number of accounts that can be refreshed once a day.
    pub ceiling: usize,
    /// The number of successful refreshes of this process.
    pub refreshed: u64,
    /// The number of failed refreshes of this process.
    pub failed: u64,
}

/// Refreshes tokens in the background, until it is stopped or dropped. See
/// [`TokenManager::schedule_refreshes`].
#[must_use = "dropping the scheduler stops it"]
pub struct RefreshScheduler {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    /// `None` after the stop.
    task: Option<JoinHandle<()>>,
}

impl RefreshScheduler {
    /// Returns the current figures.
    pub fn status(&self) -> ScheduleStatus {
        self.shared.status()
    }

    /// Stops the scheduler, and waits for a refresh that is running. Another process can be the
    /// leader when this returns.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            // An error means that the task ended with its runtime.
            let _ = task.await;
        }
    }
}

/// Stops without waiting. A refresh that is running continues.
impl Drop for RefreshScheduler {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl fmt::Debug for RefreshScheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshScheduler")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

impl TokenManager {
    /// Starts to refresh the tokens of all known accounts before they expire, at an even pace within
    /// the limit of the token endpoint.
    ///
    /// Without a scheduler, a token is refreshed when a call finds it close to its end. The token
    /// endpoint admits 5 requests a minute, so most calls fail if the tokens of 1,000 accounts
    /// expire together. A scheduler with `L` requests a minute keeps the tokens of about
    /// `L * 60 * 24` accounts valid, as they are valid for 24 hours: 5,760 with the default
    /// settings, 7,200 without a reserve. Since tokens are refreshed 90 minutes early, stay 6 %
    /// below.
    ///
    /// - Start one in each process. One process of those that share a store is the leader and
    ///   refreshes; another one takes over when it ends.
    /// - The accounts are those that the store lists
    ///   ([`TokenStore::keys`](crate::TokenStore::keys)). If it cannot list them, they are those
    ///   that this process uses.
    /// - While the budget is short, accounts that this process used most recently are first.
    ///   Which accounts other processes use is not considered.
    /// - Locations whose agency has installed the app are left out, as they can get tokens
    ///   through the agency.
    ///
    /// ```no_run
    /// use hoopai_auth::{ScheduleSettings, TokenManager};
    /// # async fn run(handle: hoopai_runtime::Handle) -> Result<(), hoopai_runtime::Error> {
    /// let tokens = TokenManager::of(&handle)?;
    /// let scheduler = tokens.schedule_refreshes(ScheduleSettings::new())?;
    /// // For metrics:
    /// let status = scheduler.status();
    /// println!("{} of {} accounts are late", status.backlog, status.known);
    /// // Before the process ends:
    /// scheduler.stop().await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// There is no Tokio runtime; kind [`Config`](hoopai_runtime::error::ErrorKind::Config).
    pub fn schedule_refreshes(
        &self,
        settings: ScheduleSettings,
    ) -> Result<RefreshScheduler, Error> {
        let runtime = Handle::try_current().map_err(|_| {
            Error::config("refreshes can be scheduled in a Tokio runtime only: call this in an async function that runs there")
        })?;
        let now = self.0.context.clock.system_time();
        let shared = Arc::new(Shared {
            accounts: self.0.clone(),
            state: Mutex::new(State {
                plan: Plan::new(settings.interval(), now),
                is_leader: false,
                refreshed: 0,
                failed: 0,
            }),
            settings,
        });
        let (stop, stopped) = watch::channel(false);
        let task: BoxFuture<'static, ()> = Box::pin(
            Scheduler {
                shared: shared.clone(),
                stopped,
                companies: HashMap::new(),
            }
            .run(),
        );
        Ok(RefreshScheduler {
            shared,
            stop,
            task: Some(runtime.spawn(task)),
        })
    }
}

/// What the task and its handle share.
struct Shared {
    accounts: Arc<Accounts>,
    settings: ScheduleSettings,
    state: Mutex<State>,
}

struct State {
    plan: Plan,
    is_leader: bool,
    refreshed: u64,
    failed: u64,
}

impl Shared {
    fn now(&self) -> Instant {
        self.accounts.context.clock.now()
    }

    fn system_time(&self) -> SystemTime {
        self.accounts.context.clock.system_time()
    }

    fn key(&self, account: AccountId) -> TokenKey {
        TokenKey::new(self.accounts.context.app.client_id(), account)
    }

    /// Returns the time to the next refresh. `None`: there is no account to refresh.
    fn until_next(&self) -> Option<Duration> {
        let next_at = lock(&self.state).plan.next_at()?;
        let left = next_at.duration_since(self.system_time());
        Some(left.unwrap_or_default())
    }

    fn status(&self) -> ScheduleStatus {
        let state = lock(&self.state);
        let plan = state.plan.status(self.system_time());
        ScheduleStatus {
            is_leader: state.is_leader,
            known: plan.known,
            due: plan.due,
            backlog: plan.backlog,
            next: plan.next_at,
            ceiling: self.settings.per_minute() as usize * 60 * 24,
            refreshed: state.refreshed,
            failed: state.failed,
        }
    }

    /// Starts or ends the leadership of this process. The plan starts anew.
    fn set_leader(&self, is_leader: bool) {
        let now = self.system_time();
        let mut state = lock(&self.state);
        if state.is_leader != is_leader {
            tracing::info!(is_leader, "the leader of scheduled refreshes has changed");
            state.is_leader = is_leader;
            state.plan = Plan::new(self.settings.interval(), now);
        }
    }
}

/// The task of a scheduler.
struct Scheduler {
    shared: Arc<Shared>,
    stopped: watch::Receiver<bool>,
    /// The agencies of locations, and whether the app is installed there. Cleared by each search.
    companies: HashMap<String, bool>,
}

/// A lease and the time to take a new one.
struct Leadership {
    lease: ActiveLease,
    renew_at: Instant,
}

impl Scheduler {
    async fn run(mut self) {
        let mut leadership = None;
        let mut search_at = self.shared.now();
        while !*self.stopped.borrow() {
            leadership = self.lead(leadership).await;
            let Some(leading) = &leadership else {
                search_at = self.shared.now();
                self.sleep(with_jitter(STANDBY_PAUSE)).await;
                continue;
            };
            if self.shared.now() >= search_at {
                let pause = match self.search().await {
                    Ok(()) => SEARCH_PAUSE,
                    Err(error) => {
                        tracing::warn!("the accounts to refresh could not be searched: {error}");
                        SEARCH_RETRY
                    }
                };
                search_at = self.shared.now() + pause;
            }
            let wake_at = search_at.min(leading.renew_at);
            let left = wake_at.saturating_duration_since(self.shared.now());
            let until_next = self.shared.until_next();
            if !left.is_zero() && until_next.is_some_and(|wait| wait.is_zero()) {
                self.refresh_next().await;
            } else {
                self.sleep(until_next.map_or(left, |wait| wait.min(left)))
                    .await;
            }
        }
        self.shared.set_leader(false);
        if let Some(leading) = leadership {
            leading.lease.release().await;
        }
    }

    /// Waits, or until the stop.
    async fn sleep(&mut self, time: Duration) {
        let mut sleep = self.shared.accounts.context.clock.sleep(time);
        let mut stopped = std::pin::pin!(self.stopped.wait_for(|stopped| *stopped));
        std::future::poll_fn(|context| match stopped.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(()),
            Poll::Pending => sleep.as_mut().poll(context),
        })
        .await;
    }

    /// Keeps or takes the lease of the leader. `None`: another process has it, or the store fails.
    ///
    /// A store ends a lease after its time even if its holder lives. So the leader releases it
    /// sooner and takes a new one; in rare cases another process is faster.
    async fn lead(&self, leadership: Option<Leadership>) -> Option<Leadership> {
        let context = &self.shared.accounts.context;
        if let Some(leading) = leadership {
            if self.shared.now() < leading.renew_at && !leading.lease.is_expired(&*context.clock) {
                return Some(leading);
            }
            leading.lease.release().await;
        }
        let key = self.shared.key(AccountId::company(LEADER_ID));
        let (store, clock) = (&*context.store, &*context.clock);
        let renew_at = clock.now() + LEADER_TTL / 2;
        let lease = ActiveLease::try_acquire_for(store, clock, &key, LEADER_TTL).await;
        let lease = lease.unwrap_or_else(|error| {
            tracing::warn!("the lease of scheduled refreshes could not be taken: {error}");
            None
        });
        self.shared.set_leader(lease.is_some());
        lease.map(|lease| Leadership { lease, renew_at })
    }

    /// Adds new accounts to the plan and removes those that have no tokens now.
    async fn search(&mut self) -> Result<(), StoreError> {
        self.companies.clear();
        let shared = self.shared.clone();
        let context = &shared.accounts.context;
        let listed = context.store.keys(context.app.client_id()).await?;
        let accounts = match listed {
            Some(keys) => keys.into_iter().map(|key| key.account).collect::<Vec<_>>(),
            None => {
                let states = shared.accounts.all();
                states
                    .iter()
                    .map(|state| state.key.account.clone())
                    .collect()
            }
        };
        let accounts = accounts.into_iter().filter(|account| {
            *account != unknown_account() && *account != AccountId::company(LEADER_ID)
        });
        let unread = lock(&shared.state)
            .plan
            .retain(accounts.collect(), shared.system_time());
        for account in unread {
            if *self.stopped.borrow() {
                return Ok(());
            }
            // A damaged record must not hide the others.
            match self.read(&account).await {
                Ok(read) => self.add(account, read.map(|(entry, _)| entry)),
                Err(error) => {
                    tracing::warn!("the stored tokens of an account could not be read: {error}");
                    self.add(account, None);
                }
            }
        }
        lock(&shared.state).plan.update_pace(shared.system_time());
        let status = shared.status();
        tracing::debug!(
            known = status.known,
            due = status.due,
            backlog = status.backlog,
            ceiling = status.ceiling,
            "the accounts to refresh were searched"
        );
        if status.backlog > 0 {
            tracing::warn!(
                known = status.known,
                backlog = status.backlog,
                ceiling = status.ceiling,
                "the tokens of some accounts expire before they can be refreshed within the limit of the token endpoint"
            );
        }
        Ok(())
    }

    fn add(&self, account: AccountId, entry: Option<Entry>) {
        let plan = &mut lock(&self.shared.state).plan;
        match entry {
            Some(entry) => plan.set(account, entry),
            None => plan.skip(account, self.shared.system_time() + SKIP),
        }
    }

    /// Reads the times and the access token of an account. `None`: there is nothing to refresh.
    async fn read(
        &mut self,
        account: &AccountId,
    ) -> Result<Option<(Entry, BearerToken)>, StoreError> {
        let key = self.shared.key(account.clone());
        let record = self.shared.accounts.context.store.load(&key).await?;
        let Some(record) = record.filter(can_be_refreshed) else {
            return Ok(None);
        };
        if let (AccountId::Location(_), Some(company)) = (account, &record.tokens.company_id)
            && self.is_installed_in(company).await?
        {
            return Ok(None);
        }
        let token = BearerToken::new(&record.tokens.access_token);
        Ok(token.map(|token| (Entry::of(&record.tokens), token)))
    }

    async fn is_installed_in(&mut self, company: &str) -> Result<bool, StoreError> {
        if let Some(is_installed) = self.companies.get(company) {
            return Ok(*is_installed);
        }
        let key = self.shared.key(AccountId::company(company));
        let is_installed = self
            .shared
            .accounts
            .context
            .store
            .load(&key)
            .await?
            .is_some();
        self.companies.insert(company.to_owned(), is_installed);
        Ok(is_installed)
    }

    /// Refreshes the account whose turn it is. If it was refreshed elsewhere since, only the plan
    /// changes.
    async fn refresh_next(&mut self) {
        let shared = self.shared.clone();
        let now = shared.system_time();
        let (account, planned) = {
            let plan = &mut lock(&shared.state).plan;
            let accounts = &shared.accounts;
            let Some(account) = plan.choose(now, |account| accounts.last_use(account)) else {
                return plan.started(now, fastrand::f64());
            };
            let planned = plan.entry(&account);
            (account, planned)
        };
        let (entry, token) = match self.read(&account).await {
            Ok(Some(read)) => read,
            Ok(None) => return self.add(account, None),
            Err(error) => {
                tracing::warn!("the stored tokens of an account could not be read: {error}");
                let plan = &mut lock(&shared.state).plan;
                plan.started(now, fastrand::f64());
                return plan.failed(&account, now);
            }
        };
        if planned.is_some_and(|planned| planned.expires_at != entry.expires_at) {
            return self.add(account, Some(entry));
        }
        lock(&shared.state).plan.started(now, fastrand::f64());
        let tokens = Account::new(shared.accounts.clone(), account.clone(), None);
        let result = tokens.refresh_ahead(token).await;
        drop(tokens);
        let now = shared.system_time();
        let is_lost = |kind| {
            matches!(
                kind,
                AuthErrorKind::NotInstalled | AuthErrorKind::ReinstallNeeded
            )
        };
        match result {
            Ok(()) => {
                lock(&shared.state).refreshed += 1;
                match self.read(&account).await {
                    Ok(read) => self.add(account, read.map(|(entry, _)| entry)),
                    Err(_) => lock(&shared.state).plan.failed(&account, now),
                }
            }
            Err(error) => {
                lock(&shared.state).failed += 1;
                tracing::debug!(kind = ?error.kind(), "a scheduled refresh failed");
                if is_lost(error.kind()) {
                    self.add(account, None);
                } else {
                    lock(&shared.state).plan.failed(&account, now);
                }
            }
        }
    }
}

fn can_be_refreshed(record: &Record) -> bool {
    record.rejected_at.is_none() && record.tokens.refresh_token.is_some()
}
