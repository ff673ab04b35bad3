//! Webhooks: events of the platform, signed and sent to subscribed URLs, with the platform's
//! retries.
//!
//! `rules` say which changes of items cause which events; `payload` makes the body; `sender` sends
//! it. May depend on `account`, `clock`, `closest`, `state` and `time`.

mod attempt;
mod definition;
mod payload;
mod rules;
mod sender;
mod shared;
mod signature;
mod subscription;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

pub use attempt::{DeliveryAttempt, DeliveryOutcome};
pub use signature::SignatureMode;

use crate::account::CLIENT_ID;
use crate::clock::Clock;
use crate::state::Change;
use definition::Definition;
use payload::Event;
use shared::Shared;
use subscription::Subscription;

/// The webhooks of a server: events are sent to subscribed URLs as the platform sends them.
///
/// Changes by requests cause events. Seeds cause none. [`trigger`](Self::trigger) sends any event.
/// An answer other than 2xx, or none within 10 s of real time, is retried up to 12 times by the
/// server's clock. The platform does not publish its delays; here the first is 10 s, and each
/// further one doubles, with a tenth of jitter.
///
/// ```no_run
/// # async fn run() -> std::io::Result<()> {
/// use hoopai_mock::Mock;
/// use hoopai_mock::serde_json::json;
///
/// let mock = Mock::builder().start().await?;
/// mock.webhooks().subscribe("http://127.0.0.1:3000/webhooks");
/// mock.webhooks().trigger("ContactCreate", &json!({ "id": "c1" }));
/// # Ok(())
/// # }
/// ```
pub struct Webhooks {
    shared: Arc<Shared>,
    runtime: Handle,
    tasks: Mutex<Vec<AbortHandle>>,
}

impl Webhooks {
    /// Creates the webhooks of a server's app. Must be called in a Tokio runtime.
    pub(crate) fn new(clock: Clock, seed: u64, client_id: Option<&str>) -> Self {
        let client_id = client_id.unwrap_or(CLIENT_ID);
        let app = client_id.split('-').next().unwrap_or(client_id);
        let shared = Shared::new(clock, seed, app);
        Self {
            shared: Arc::new(shared),
            runtime: Handle::current(),
            tasks: Mutex::default(),
        }
    }

    /// Sends all events to this URL from now on.
    ///
    /// # Panics
    /// Panics if the URL is not an `http` URL of this machine: `127.0.0.1`, `[::1]` or `localhost`.
    #[track_caller]
    pub fn subscribe(&self, url: &str) {
        self.subscribe_to(url, &[]);
    }

    /// Sends these events to this URL from now on. Lifecycle events (`AppInstall`, `AppUninstall`)
    /// are always sent, as by the platform.
    ///
    /// # Panics
    /// Panics if the URL is not an `http` URL of this machine, or if an event is unknown. The
    /// message suggests the closest names.
    #[track_caller]
    pub fn subscribe_to(&self, url: &str, events: &[&str]) {
        if let Err(message) = self.try_subscribe(url, events) {
            panic!("{message}");
        }
    }

    /// Like [`subscribe_to`](Self::subscribe_to), but returns an error message. Returns the index
    /// of the subscription.
    pub(crate) fn try_subscribe(&self, url: &str, events: &[&str]) -> Result<usize, String> {
        let target = subscription::target(url)?;
        let events = events.iter().map(|name| Definition::named(name));
        let events = events.map(|event| event.map(|event| event.name.clone()));
        let subscription = Subscription::new(url, events.collect::<Result<_, _>>()?);
        let index = {
            let mut state = self.shared.state();
            state.subscriptions.push(subscription);
            state.subscriptions.len() - 1
        };
        let shared = Arc::clone(&self.shared);
        let task = self.runtime.spawn(sender::run(shared, index, target));
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.push(task.abort_handle());
        Ok(index)
    }

    /// Returns the subscriptions: index, URL, and names of events; no names for all events.
    pub(crate) fn subscriptions(&self) -> Vec<(usize, String, Vec<String>)> {
        let state = self.shared.state();
        let all = state.subscriptions.iter().enumerate();
        all.filter(|(_, subscription)| !subscription.closed)
            .map(|(index, subscription)| {
                let events = subscription.events().map(str::to_owned).collect();
                (index, subscription.url.clone(), events)
            })
            .collect()
    }

    /// Removes a subscription, with the deliveries that wait. Returns whether it exists.
    pub(crate) fn unsubscribe(&self, index: usize) -> bool {
        let mut state = self.shared.state();
        let found = state.subscriptions.get_mut(index);
        let found = found.filter(|subscription| !subscription.closed);
        let is_found = found.is_some();
        if let Some(subscription) = found {
            subscription.close();
        }
        is_found
    }

    /// Removes all subscriptions, attempts and events, and returns to the initial settings.
    pub(crate) fn reset(&self) {
        let mut state = self.shared.state();
        for subscription in &mut state.subscriptions {
            subscription.close();
        }
        state.attempts.clear();
        state.events.clear();
        state.events_made = 0;
        (state.signature, state.duplicates) = (SignatureMode::default(), 0);
        state.reordering = false;
        drop(state);
        self.shared.ended.send_replace(0);
    }

    /// Returns signature mode, number of duplicates, and whether deliveries are reordered.
    pub(crate) fn settings(&self) -> (SignatureMode, u32, bool) {
        let state = self.shared.state();
        (state.signature, state.duplicates, state.reordering)
    }

    /// Sends an event, named as on the platform's pages (`ContactCreate`, `AppInstall`), with these
    /// fields. The envelope (`type`, `locationId`, `appId`, `timestamp`, `webhookId`, …) is added;
    /// fields of the envelope that are given replace it. Returns the event's `webhookId`.
    ///
    /// # Panics
    /// Panics if the event is unknown, or `fields` is not an object. The message suggests the
    /// closest names.
    #[track_caller]
    pub fn trigger(&self, event: &str, fields: &Value) -> String {
        match self.try_trigger(event, fields) {
            Ok(id) => id,
            Err(message) => panic!("{message}"),
        }
    }

    /// Like [`trigger`](Self::trigger), but returns an error message.
    pub(crate) fn try_trigger(&self, event: &str, fields: &Value) -> Result<String, String> {
        let definition = Definition::named(event)?;
        let Value::Object(fields) = fields else {
            return Err(format!("the fields of {event} are no JSON object"));
        };
        let envelope = self.shared.envelope(None);
        let event = payload::triggered(definition, fields, &envelope);
        let id = event.webhook_id.clone();
        self.shared.send(event);
        Ok(id)
    }

    /// Sends this body as it is, signed. Returns the `webhookId` in it, or an empty text.
    pub fn trigger_raw(&self, body: impl Into<Vec<u8>>) -> String {
        let event = Event::raw(body.into());
        let id = event.webhook_id.clone();
        self.shared.send(event);
        id
    }

    /// Sends the stored body of an event again, as the button in the platform's log does. Returns
    /// whether the event exists.
    pub fn resend(&self, webhook_id: &str) -> bool {
        let event = {
            let state = self.shared.state();
            let mut events = state.events.iter();
            events.find(|event| event.webhook_id == webhook_id).cloned()
        };
        let found = event.is_some();
        if let Some(event) = event {
            self.shared.plan(&event);
        }
        found
    }

    /// Sets how deliveries are signed from now on, retries included.
    pub fn set_signature(&self, mode: SignatureMode) {
        self.shared.state().signature = mode;
    }

    /// Sets how many more times each new event is delivered; the default is 0.
    pub fn set_duplicates(&self, duplicates: u32) {
        self.shared.state().duplicates = duplicates;
    }

    /// Sets whether deliveries that wait at the same time are sent in random order, which the
    /// server's seed determines; the default is `false`.
    pub fn set_reordering(&self, reordering: bool) {
        self.shared.state().reordering = reordering;
    }

    /// Returns the public key of the signatures as base64 of its DER (SubjectPublicKeyInfo), the
    /// form in which the platform publishes its own. All servers have the same key, which is for
    /// tests only.
    pub fn public_key(&self) -> String {
        self.shared.key.public_key()
    }

    /// Returns all attempts that ended, in order.
    pub fn attempts(&self) -> Vec<DeliveryAttempt> {
        self.shared.state().attempts.iter().cloned().collect()
    }

    /// Returns the number of deliveries that wait for their first attempt or a retry, or are being
    /// sent.
    pub fn pending(&self) -> usize {
        let state = self.shared.state();
        let subscriptions = state.subscriptions.iter();
        subscriptions.map(Subscription::pending).sum()
    }

    /// Waits until this number of attempts has ended. Returns `false` after this real time.
    pub async fn wait_for(&self, attempts: usize, timeout: Duration) -> bool {
        let attempts = u64::try_from(attempts).unwrap_or(u64::MAX);
        let mut ended = self.shared.ended.subscribe();
        let reached = ended.wait_for(|ended| *ended >= attempts);
        matches!(tokio::time::timeout(timeout, reached).await, Ok(Ok(_)))
    }

    /// Whether changes are to be reported.
    pub(crate) fn is_subscribed(&self) -> bool {
        let state = self.shared.state();
        state.subscriptions.iter().any(|one| !one.closed)
    }

    /// Sends the events of changes.
    pub(crate) fn report(&self, changes: &[Change]) {
        for change in changes {
            for rule in rules::matching(change) {
                let Some(definition) = Definition::find(rule.event) else {
                    continue;
                };
                let envelope = self.shared.envelope(Some(change));
                let event = payload::of_change(definition, rule, change, &envelope);
                self.shared.send(event);
            }
        }
    }

    /// Sends a lifecycle event of the app of this server.
    pub(crate) fn report_installation(&self, event: &str, location: &str, company: Option<&str>) {
        if let Some(definition) = Definition::find(event) {
            let envelope = self.shared.installation_envelope(location, company);
            let event = payload::triggered(definition, &payload::installation(event), &envelope);
            self.shared.send(event);
        }
    }

    /// Whether this client id belongs to the app whose events are sent.
    pub(crate) fn is_of_app(&self, client_id: &str) -> bool {
        client_id.split('-').next() == Some(self.shared.app.as_str())
    }
}

impl Drop for Webhooks {
    fn drop(&mut self) {
        let tasks = self.tasks.get_mut().unwrap_or_else(PoisonError::into_inner);
        for task in tasks {
            task.abort();
        }
    }
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks")
            .field("pending", &self.pending())
            .finish_non_exhaustive()
    }
}
