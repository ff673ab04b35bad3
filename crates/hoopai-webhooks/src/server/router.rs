//! Handlers by event type.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use hoopai_runtime::time::BoxFuture;

use crate::events::Event;

/// The error of a handler. It is passed to the dead-letter callback and never logged, as it may
/// contain parts of the event.
pub type HandlerError = Box<dyn std::error::Error + Send + Sync>;

/// The handler of an event, in the form that the dispatcher calls.
pub(super) type Handler<S> =
    Arc<dyn Fn(Arc<Event>, S) -> BoxFuture<'static, Result<(), HandlerError>> + Send + Sync>;

/// Handlers by event type, which a [`Dispatcher`](crate::Dispatcher) calls.
///
/// A handler is an async function of the event and a state, which is cloned for each call.
///
/// ```
/// use std::sync::Arc;
///
/// use hoopai_webhooks::{Event, EventRouter, HandlerError};
///
/// #[derive(Clone)]
/// struct Database;
///
/// async fn contact_created(event: Arc<Event>, database: Database) -> Result<(), HandlerError> {
///     println!("{event:?}");
///     Ok(())
/// }
///
/// let router = EventRouter::new()
///     .on("ContactCreate", contact_created)
///     .fallback(async |_event, _database: Database| Ok::<(), HandlerError>(()));
/// ```
#[must_use = "pass the router to `Dispatcher::builder`"]
pub struct EventRouter<S> {
    handlers: HashMap<String, Handler<S>>,
    fallback: Option<Handler<S>>,
}

impl<S: Send + 'static> EventRouter<S> {
    /// Creates a router without handlers.
    pub fn new() -> Self {
        EventRouter {
            handlers: HashMap::new(),
            fallback: None,
        }
    }

    /// Sets the handler of an event type, such as `ContactCreate`. It replaces an earlier one.
    pub fn on<H, F, E>(mut self, event_type: impl Into<String>, handler: H) -> Self
    where
        H: Fn(Arc<Event>, S) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<HandlerError>,
    {
        self.handlers.insert(event_type.into(), erased(handler));
        self
    }

    /// Sets the handler of all other events. Without one, they are accepted and dropped.
    pub fn fallback<H, F, E>(mut self, handler: H) -> Self
    where
        H: Fn(Arc<Event>, S) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<HandlerError>,
    {
        self.fallback = Some(erased(handler));
        self
    }

    pub(super) fn handler(&self, event_type: &str) -> Option<&Handler<S>> {
        self.handlers.get(event_type).or(self.fallback.as_ref())
    }
}

impl<S: Send + 'static> Default for EventRouter<S> {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows the event types.
impl<S> fmt::Debug for EventRouter<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut types: Vec<_> = self.handlers.keys().collect();
        types.sort_unstable();
        f.debug_struct("EventRouter")
            .field("event_types", &types)
            .field("fallback", &self.fallback.is_some())
            .finish()
    }
}

fn erased<S, H, F, E>(handler: H) -> Handler<S>
where
    S: Send + 'static,
    H: Fn(Arc<Event>, S) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<HandlerError>,
{
    Arc::new(move |event, state| {
        let handled = handler(event, state);
        Box::pin(async { handled.await.map_err(Into::into) })
    })
}
