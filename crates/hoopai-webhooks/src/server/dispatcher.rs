//! Handles events after the reply.
//!
//! A delivery goes through these steps: verified, not accepted before, a place in the queue,
//! reserved, the reply 200, the handler with its retries, committed or passed to the dead-letter
//! callback.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum_core::response::{IntoResponse, Response};
use bytes::Bytes;
use hoopai_runtime::retry::{Backoff, FullJitter};
use hoopai_runtime::time::{BoxFuture, Clock, SystemClock};
use http::request::Parts;
use http::{HeaderMap, Request, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower_service::Service;

use super::delivery::Delivery;
use super::receiver::Receiver;
use super::rejection::{Rejection, status_only};
use super::router::{EventRouter, Handler, HandlerError};
use crate::events::Event;
use crate::replay::{DeliveryKey, ReplayError, Reservation};
use crate::verify::Verified;

const DEFAULT_QUEUE: u32 = 1024;
const DEFAULT_CONCURRENCY: u32 = 32;
const DEFAULT_ATTEMPTS: u32 = 5;

/// Replies to deliveries at once, and handles their events from a bounded queue.
///
/// It is a service of tower: mount it with `route_service` of axum. For other servers there is
/// [`accept`](Dispatcher::accept). Clones are the same dispatcher.
///
/// - A delivery is answered 200 once it has a place in the queue. If the queue is full the reply is
///   503, and the platform repeats the delivery later.
/// - Each event of a list of several is accepted and handled by itself.
/// - A handler that fails or panics is called again after a wait. After the last attempt the event
///   is passed to the [dead-letter callback](DispatcherBuilder::dead_letter), and its reservation
///   is released, so that a user can resend it.
/// - Call [`shutdown`](Dispatcher::shutdown) before the process ends: it waits until all accepted
///   events are handled. Events in the queue are lost if the process ends without it. For events
///   that may not be lost, handle them before the reply: [`WebhookLayer`](crate::WebhookLayer).
/// - Events are handled concurrently, in no particular order, as the platform promises none.
///
/// ```
/// use hoopai_webhooks::{Dispatcher, EventKind, EventRouter, HandlerError, Receiver, Verifier};
///
/// # async fn run() {
/// let router = EventRouter::new().on(EventKind::ContactCreate, async |event, _state: ()| {
///     println!("{event:?}");
///     Ok::<(), HandlerError>(())
/// });
/// let dispatcher = Dispatcher::builder(Receiver::new(Verifier::new()), router, ())
///     .dead_letter(async |letter| eprintln!("not handled: {letter:?}"))
///     .build();
/// let app: axum::Router = axum::Router::new().route_service("/webhooks", dispatcher.clone());
/// // Serve `app` until the process is asked to end.
/// dispatcher.shutdown().await;
/// # }
/// ```
pub struct Dispatcher<S>(Arc<Inner<S>>);

struct Inner<S> {
    receiver: Receiver,
    router: EventRouter<S>,
    state: S,
    settings: Settings,
    /// A permit per accepted event, from its acceptance until nothing is left to do for it.
    queue: Arc<Semaphore>,
    /// A permit per running handler.
    running: Semaphore,
    is_closing: watch::Sender<bool>,
    /// The keys of accepted events, which are in the queue or being handled.
    accepted: Mutex<HashSet<DeliveryKey>>,
}

struct Settings {
    queue: u32,
    concurrency: u32,
    attempts: u32,
    backoff: Arc<dyn Backoff>,
    clock: Arc<dyn Clock>,
    dead_letter: Option<DeadLetterCallback>,
}

type DeadLetterCallback = Arc<dyn Fn(DeadLetter) -> BoxFuture<'static, ()> + Send + Sync>;

/// An event whose handler failed in all attempts.
#[non_exhaustive]
pub struct DeadLetter {
    /// The event.
    pub event: Arc<Event>,
    /// The body, such as for storing it.
    pub body: Bytes,
    /// The key of the delivery.
    pub key: DeliveryKey,
    /// The number of attempts.
    pub attempts: u32,
    /// The error of the last attempt.
    pub error: HandlerError,
}

/// Shows neither the event nor the error, which may contain parts of it.
impl fmt::Debug for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetter")
            .field("key", &self.key)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// Builds a [`Dispatcher`].
#[must_use = "call `build` to create the dispatcher"]
pub struct DispatcherBuilder<S> {
    receiver: Receiver,
    router: EventRouter<S>,
    state: S,
    settings: Settings,
}

impl<S> DispatcherBuilder<S> {
    /// Sets how many accepted events can wait or be handled at once. The default is 1024.
    pub fn queue(mut self, events: u32) -> Self {
        self.settings.queue = events;
        self
    }

    /// Sets how many handlers run at once, at least one. The default is 32.
    pub fn concurrency(mut self, handlers: u32) -> Self {
        self.settings.concurrency = handlers.max(1);
        self
    }

    /// Sets how often a handler is called for an event that it fails for, at least once. The
    /// default is 5.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.settings.attempts = attempts.max(1);
        self
    }

    /// Sets the waits between attempts. The default is [`FullJitter`].
    ///
    /// All attempts of an event must end before its reservation expires, or another process can
    /// handle it as well.
    pub fn backoff(mut self, backoff: impl Backoff) -> Self {
        self.settings.backoff = Arc::new(backoff);
        self
    }

    /// Sets the clock on which waits between attempts sleep.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Sets a callback for events whose handler failed in all attempts. Without one, each such event
    /// is logged as an error with its key.
    pub fn dead_letter<C, F>(mut self, callback: C) -> Self
    where
        C: Fn(DeadLetter) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        self.settings.dead_letter = Some(Arc::new(move |letter| Box::pin(callback(letter))));
        self
    }

    /// Creates the dispatcher.
    pub fn build(self) -> Dispatcher<S> {
        let permits = |number: u32| (number as usize).min(Semaphore::MAX_PERMITS);
        Dispatcher(Arc::new(Inner {
            queue: Arc::new(Semaphore::new(permits(self.settings.queue))),
            running: Semaphore::new(permits(self.settings.concurrency)),
            is_closing: watch::Sender::new(false),
            accepted: Mutex::default(),
            receiver: self.receiver,
            router: self.router,
            state: self.state,
            settings: self.settings,
        }))
    }
}

impl<S> fmt::Debug for DispatcherBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DispatcherBuilder")
            .field("receiver", &self.receiver)
            .field("router", &self.router)
            .field("queue", &self.settings.queue)
            .field("concurrency", &self.settings.concurrency)
            .field("attempts", &self.settings.attempts)
            .finish_non_exhaustive()
    }
}

impl<S: Clone + Send + Sync + 'static> Dispatcher<S> {
    /// Returns a builder. Each call of a handler receives a clone of the state.
    pub fn builder(receiver: Receiver, router: EventRouter<S>, state: S) -> DispatcherBuilder<S> {
        DispatcherBuilder {
            receiver,
            router,
            state,
            settings: Settings {
                queue: DEFAULT_QUEUE,
                concurrency: DEFAULT_CONCURRENCY,
                attempts: DEFAULT_ATTEMPTS,
                backoff: Arc::new(FullJitter::new()),
                clock: Arc::new(SystemClock),
                dead_letter: None,
            },
        }
    }

    /// Accepts a delivery from its headers and its body, for servers other than axum.
    ///
    /// After `Ok` reply with 200. After an error reply with its
    /// [`status`](Rejection::status).
    ///
    /// # Errors
    /// The delivery is not accepted, or is a repetition.
    pub async fn accept(&self, headers: &HeaderMap, body: Bytes) -> Result<(), Rejection> {
        let result = match self.0.check_open() {
            Ok(()) => self.verify_and_accept(headers, body).await,
            Err(rejection) => Err(rejection),
        };
        result.inspect_err(Rejection::log)
    }

    async fn verify_and_accept(&self, headers: &HeaderMap, body: Bytes) -> Result<(), Rejection> {
        let verified = self.0.receiver.verify(headers, body)?;
        let mut is_accepted = false;
        let mut failure = None;
        // If an event of a list is not accepted now, the repetition of the list is: the others are
        // duplicates then.
        for event in verified.divide() {
            match self.accept_verified(event).await {
                Ok(()) => is_accepted = true,
                Err(Rejection::Duplicate) => {}
                Err(rejection) => failure = Some(rejection),
            }
        }
        match failure {
            Some(rejection) => Err(rejection),
            None if is_accepted => Ok(()),
            None => Err(Rejection::Duplicate),
        }
    }

    async fn accept_request<B>(&self, parts: &Parts, body: B) -> Result<(), Rejection>
    where
        B: http_body::Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.0.check_open()?;
        let body = self.0.receiver.read(parts, body).await?;
        self.verify_and_accept(&parts.headers, body).await
    }

    async fn accept_verified(&self, verified: Verified) -> Result<(), Rejection> {
        let inner = &self.0;
        let key = DeliveryKey::of_body(verified.body());
        if inner.accepted().contains(&key) {
            return Err(Rejection::Duplicate);
        }
        // The place in the queue comes first, so that a reserved delivery is always accepted.
        let permit = inner.queue.clone().try_acquire_owned();
        let permit = permit.map_err(|_| inner.full_or_closing())?;
        // Again: a shutdown waits for places that are taken before it starts, and for no later one.
        inner.check_open()?;
        let runtime = tokio::runtime::Handle::try_current();
        let runtime = runtime.map_err(|_| Rejection::ShuttingDown)?;
        let delivery = match inner.receiver.reserve(verified).await {
            Ok(delivery) => delivery,
            // Between the check above and the reservation another request may have been accepted.
            Err(Rejection::Pending) if inner.accepted().contains(&key) => {
                return Err(Rejection::Duplicate);
            }
            Err(rejection) => return Err(rejection),
        };
        // From here on nothing waits, so that an accepted delivery cannot be cancelled.
        if !inner.accepted().insert(key) {
            // An expired reservation: the event is still being handled.
            return Err(Rejection::Duplicate);
        }
        let place = Place {
            inner: inner.clone(),
            key,
            is_done: false,
            _permit: permit,
        };
        let work: BoxFuture<'static, ()> = Box::pin(process(place, delivery));
        runtime.spawn(work);
        Ok(())
    }

    /// Stops accepting deliveries, and waits until all accepted events are handled or passed to the
    /// dead-letter callback.
    ///
    /// New deliveries are answered 503. Handlers that failed are called again without a wait. A
    /// handler that does not end delays this without limit: wrap the call in a timeout.
    pub async fn shutdown(&self) {
        self.0.is_closing.send_replace(true);
        // All permits: no event is left, and no later one is accepted.
        let all = self.0.settings.queue.min(max_permits());
        if let Ok(permits) = self.0.queue.acquire_many(all).await {
            drop(permits);
        }
    }

    /// The number of accepted events that are waiting or being handled.
    pub fn unfinished(&self) -> usize {
        self.0.accepted().len()
    }
}

fn max_permits() -> u32 {
    u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX)
}

impl<S> Inner<S> {
    /// Locks the set, even after a panic: it is consistent at every moment.
    fn accepted(&self) -> MutexGuard<'_, HashSet<DeliveryKey>> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_open(&self) -> Result<(), Rejection> {
        match *self.is_closing.borrow() {
            true => Err(Rejection::ShuttingDown),
            false => Ok(()),
        }
    }

    fn full_or_closing(&self) -> Rejection {
        self.check_open().err().unwrap_or(Rejection::QueueFull)
    }
}

/// The place of an accepted event in the queue, until nothing is left to do for the event.
struct Place<S> {
    inner: Arc<Inner<S>>,
    key: DeliveryKey,
    is_done: bool,
    _permit: OwnedSemaphorePermit,
}

impl<S> Drop for Place<S> {
    fn drop(&mut self) {
        if !self.is_done {
            tracing::error!(
                delivery = %self.key,
                "an accepted event was not handled, as its runtime was shut down: call `shutdown` of the dispatcher before"
            );
        }
        self.inner.accepted().remove(&self.key);
    }
}

/// Handles an event, with retries.
async fn process<S: Clone + Send + Sync + 'static>(mut place: Place<S>, delivery: Delivery) {
    let inner = place.inner.clone();
    let Delivery {
        event,
        verified,
        mut reservation,
    } = delivery;
    if let Some(handler) = inner.router.handler(event.kind()) {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let Err(error) = inner.call(handler, &event).await else {
                break;
            };
            if attempts >= inner.settings.attempts {
                let letter = DeadLetter {
                    event,
                    body: verified.body().clone(),
                    key: place.key,
                    attempts,
                    error,
                };
                inner.report_failure(letter).await;
                release(reservation).await;
                place.is_done = true;
                return;
            }
            tracing::warn!(delivery = %place.key, attempts, "the handler of an event failed and is called again after a wait");
            inner.pause(attempts).await;
        }
    } else {
        tracing::debug!(delivery = %place.key, "an event has no handler");
    }
    inner.commit(&mut reservation).await;
    place.is_done = true;
}

impl<S: Clone + Send + Sync + 'static> Inner<S> {
    /// Calls a handler in a task of its own, so that a panic is an error.
    async fn call(&self, handler: &Handler<S>, event: &Arc<Event>) -> Result<(), HandlerError> {
        // The semaphore is never closed.
        let _permit = self.running.acquire().await;
        let (handler, event, state) = (handler.clone(), event.clone(), self.state.clone());
        let call = tokio::spawn(async move { handler(event, state).await });
        match call.await {
            Ok(result) => result,
            Err(_) => Err("the handler panicked, or its runtime was shut down".into()),
        }
    }

    /// Waits before the next attempt, or until the dispatcher shuts down.
    async fn pause(&self, attempts: u32) {
        let delay = self.settings.backoff.delay(attempts, fastrand::f64());
        let mut sleep = self.settings.clock.sleep(delay);
        let mut closing = self.is_closing.subscribe();
        let mut closing = pin!(closing.wait_for(|is_closing| *is_closing));
        std::future::poll_fn(|context| {
            if closing.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            sleep.as_mut().poll(context)
        })
        .await;
    }

    async fn report_failure(&self, letter: DeadLetter) {
        let (key, attempts) = (letter.key, letter.attempts);
        let Some(callback) = self.settings.dead_letter.clone() else {
            tracing::error!(delivery = %key, attempts, "the handler of an event failed in all attempts, and there is no dead-letter callback: the event can be resent from the log of the app");
            return;
        };
        tracing::warn!(delivery = %key, attempts, "the handler of an event failed in all attempts");
        let call = tokio::spawn(async move { callback(letter).await });
        if call.await.is_err() {
            tracing::error!(delivery = %key, "the dead-letter callback panicked: the event can be resent from the log of the app");
        }
    }

    /// Commits the reservation of a handled event, with as many attempts as a handler has.
    async fn commit(&self, reservation: &mut Reservation) {
        for attempt in 1.. {
            let Err(error) = reservation.commit().await else {
                return;
            };
            if attempt >= self.settings.attempts {
                let delivery = reservation.key();
                tracing::error!(%delivery, "a handled delivery was not recorded and is handled again if it is repeated: {error}");
                return;
            }
            self.pause(attempt).await;
        }
    }
}

async fn release(reservation: Reservation) {
    let key = *reservation.key();
    let released: Result<(), ReplayError> = reservation.release().await;
    if let Err(error) = released {
        tracing::warn!(delivery = %key, "a reservation was not released and remains until it expires: {error}");
    }
}

impl<S, B> Service<Request<B>> for Dispatcher<S>
where
    S: Clone + Send + Sync + 'static,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let dispatcher = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            Ok(match dispatcher.accept_request(&parts, body).await {
                Ok(()) => status_only(StatusCode::OK),
                Err(rejection) => {
                    rejection.log();
                    rejection.into_response()
                }
            })
        })
    }
}

impl<S> Clone for Dispatcher<S> {
    fn clone(&self) -> Self {
        Dispatcher(self.0.clone())
    }
}

impl<S> fmt::Debug for Dispatcher<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher")
            .field("receiver", &self.0.receiver)
            .field("router", &self.0.router)
            .field("unfinished", &self.0.accepted().len())
            .finish_non_exhaustive()
    }
}
