//! Sessions: isolated servers behind one address, for tests that run at the same time.
//!
//! A request with the header `X-Hoopai-Session` is handled by the session of that name, which
//! exists from its first use. Each session has state, tokens, limits, faults, webhooks, journal and
//! clock of its own. All other requests are handled by the server's own session.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{Method, StatusCode};
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::exchange::Request;
use crate::problem::Problem;
use crate::seed_content;
use crate::server_state::{ServerState, Settings};

/// The header that selects a session.
pub(crate) const HEADER: &str = "x-hoopai-session";

/// The largest number of named sessions.
pub(crate) const MAX_SESSIONS: usize = 100;
/// The largest length of a name.
const MAX_NAME: usize = 64;

/// The sessions of a server.
pub(crate) struct Sessions {
    settings: Settings,
    own: Arc<ServerState>,
    named: Mutex<BTreeMap<String, Arc<ServerState>>>,
    /// Notified after requests that may have changed the server's own session.
    pub(crate) changed: Notify,
}

impl Sessions {
    /// Creates the server's own session, without seeds. Must be called in a Tokio runtime.
    pub(crate) fn new(settings: Settings, clock: Clock) -> Self {
        let own = Arc::new(ServerState::new(settings.clone(), clock));
        Self {
            settings,
            own,
            named: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Applies the seeds of the settings to a session.
    ///
    /// # Errors
    /// Fails with a message if a seed is wrong.
    pub(crate) fn seed(&self, session: &ServerState) -> Result<(), String> {
        for content in &self.settings.initial {
            seed_content::seed(session, content)?;
        }
        Ok(())
    }

    /// Returns the server's own session.
    pub(crate) fn own(&self) -> &Arc<ServerState> {
        &self.own
    }

    /// Returns the session of a request; a new one if there is none of its name.
    pub(crate) fn of(&self, request: &Request) -> Result<Arc<ServerState>, Problem> {
        let Some(value) = request.headers.get(HEADER) else {
            return Ok(Arc::clone(&self.own));
        };
        let name = value.to_str().unwrap_or_default();
        self.named(name)
    }

    fn named(&self, name: &str) -> Result<Arc<ServerState>, Problem> {
        let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(is_valid) {
            return Err(Problem::invalid(format!(
                "the header {HEADER} names no session; write 1 to {MAX_NAME} letters, digits, \
                 dots, hyphens and underscores"
            )));
        }
        let mut named = self.lock();
        if let Some(session) = named.get(name) {
            return Ok(Arc::clone(session));
        }
        if named.len() >= MAX_SESSIONS {
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                format!(
                    "there are {MAX_SESSIONS} sessions already; remove those that ended with \
                     DELETE /__hoopai/sessions/NAME"
                ),
            ));
        }
        let session = ServerState::new(self.settings.clone(), self.own.clock.fresh());
        self.seed(&session).map_err(Problem::invalid)?;
        let session = Arc::new(session);
        named.insert(name.to_owned(), Arc::clone(&session));
        Ok(session)
    }

    /// Returns the names of the named sessions with the numbers of their requests.
    pub(crate) fn list(&self) -> Vec<(String, usize)> {
        let named = self.lock();
        let listed = named.iter();
        listed
            .map(|(name, session)| (name.clone(), session.journal.count()))
            .collect()
    }

    /// Removes a named session. Returns whether it exists.
    pub(crate) fn remove(&self, name: &str) -> bool {
        self.lock().remove(name).is_some()
    }

    /// Removes all named sessions. Returns their number.
    pub(crate) fn clear(&self) -> usize {
        std::mem::take(&mut *self.lock()).len()
    }

    /// Returns a session to its initial state.
    ///
    /// # Errors
    /// Fails with a message if a seed of the settings is wrong.
    pub(crate) fn reset(&self, session: &ServerState) -> Result<(), String> {
        session.reset(self.settings.clone());
        self.seed(session)
    }

    /// Reports that a request was handled.
    pub(crate) fn handled(&self, session: &Arc<ServerState>, request: &Request) {
        let reads = request.method == Method::GET && !request.path.contains("chooselocation");
        if !reads && Arc::ptr_eq(session, &self.own) {
            self.changed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<ServerState>>> {
        self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
