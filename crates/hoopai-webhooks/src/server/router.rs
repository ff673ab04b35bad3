//! Handlers by kind of event.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use hoopai_runtime::time::BoxFuture;

use crate::events::{Event, EventKind};

/// The error of a handler. It is passed to the dead-letter callback and never logged, as it may
/// contain parts of the event.
pub type HandlerError = Box<dyn std::error::Error + Send + Sync>;

/// The handler of an event, in the form that the dispatcher calls.
pub(super) type Handler<S> =
    Arc<dyn Fn(Arc<Event>, S) -> BoxFuture<'static, Result<(), HandlerError>> + Send + Sync>;

/// Handlers by kind of event, which a [`Dispatcher`](crate::Dispatcher) calls.
///
/// A handler is an async function of the event and a state, which is cloned for each call.
///
/// ```
/// use std::sync::Arc;
///
/// use hoopai_webhooks::{Event, EventKind, EventRouter, HandlerError};
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
///     .on(EventKind::ContactCreate, contact_created)
///     .fallback(async |_event, _database: Database| Ok::<(), HandlerError>(()));
/// ```
#[must_use = "pass the router to `Dispatcher::builder`"]
pub struct EventRouter<S> {
    handlers: HashMap<EventKind, Handler<S>>,
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

    /// Sets the handler of a kind of event. It replaces an earlier one.
    ///
    /// It also receives events whose payload cannot be decoded, as
    /// [`Event::Unknown`](crate::Event::Unknown) with this kind.
    pub fn on<H, F, E>(mut self, kind: EventKind, handler: H) -> Self
    where
        H: Fn(Arc<Event>, S) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<HandlerError>,
    {
        self.handlers.insert(kind, erased(handler));
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

    pub(super) fn handler(&self, kind: Option<EventKind>) -> Option<&Handler<S>> {
        let handler = kind.and_then(|kind| self.handlers.get(&kind));
        handler.or(self.fallback.as_ref())
    }
}

impl<S: Send + 'static> Default for EventRouter<S> {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows the kinds of events.
impl<S> fmt::Debug for EventRouter<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kinds: Vec<_> = self.handlers.keys().collect();
        kinds.sort_unstable();
        f.debug_struct("EventRouter")
            .field("kinds", &kinds)
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
