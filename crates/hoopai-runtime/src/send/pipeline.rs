//! The pipeline of a prepared call, up to its reply:
//!
//! 1. Acquire a permit of the rate limiter, or fail if the wait would be too long.
//! 2. Obtain a token, which is refreshed first if it has expired.
//! 3. Continue at 1 if the share of the rate limit that admitted the call has ended meanwhile.
//! 4. Make one attempt, within the timeouts of the attempt and of the call.
//! 5. Return the reply or the error; or refresh the token, once, and continue at 1; or wait and
//!    continue at 1.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use tracing::{Span, debug, warn};

use crate::call_site::CallSite;
use crate::error::{ApiErrorKind, Error, ErrorKind};
use crate::send::attempt::attempt;
use crate::send::auth::Credentials;
use crate::send::context::{ClientState, HandleState};
use crate::send::observe::{CallInfo, CallOutcome, WaitReason};
use crate::send::rate_limit::{Entry, Permit, RateLimitReason, RateLimited};
use crate::send::retry::{Failure, FailureKind};
use crate::send::retry_after::server_wait;
use crate::send::transport::{ErrorReply, PreparedRequest, RawReply};
use crate::time::{Elapsed, format_wait, millis, poll_once, within};

/// Sends a call until it succeeds or may not be retried. Any status other than 2xx is an error.
pub(crate) async fn send_with_retries(
    handle: &HandleState,
    prepared: &mut PreparedRequest,
) -> Result<Box<RawReply>, Error> {
    let span = call_span(&handle.shared, &prepared.call_site);
    let mut execution = Execution::new(handle, prepared);
    let result = in_span(&span, pin!(execution.run(prepared))).await;
    let result = result.map_err(|error| {
        error
            .of_call(&prepared.call_site)
            .with_idempotent(prepared.options.idempotent)
            .with_attempts(execution.attempts, execution.sent)
    });
    execution.finish(&prepared.call_site, &span, &result);
    result.map(|mut reply| {
        reply.attempts = (execution.attempts, execution.sent);
        reply
    })
}

/// The state of a call besides its request. What is constant is not copied, so that the future of a
/// call stays below the size from which allocators are slow.
struct Execution<'a> {
    handle: &'a HandleState,
    shared: &'a ClientState,
    started: Instant,
    /// The time after the last wait. Reading the clock costs more than the work in between.
    now: Instant,
    /// `None`: beyond the range of the clock.
    deadline: Option<Instant>,
    /// The number of attempts.
    attempts: u32,
    /// The number of attempts whose request was sent.
    sent: u32,
}

/// The failed attempts of a call.
#[derive(Default)]
struct Failures {
    /// Whether a token was refreshed.
    refreshed: bool,
    /// Whether the server stated that it did not process the request.
    unprocessed: bool,
    /// The number of waits before a retry.
    retries: u32,
    last: Option<Error>,
}

impl<'a> Execution<'a> {
    fn new(handle: &'a HandleState, prepared: &PreparedRequest) -> Self {
        let shared = &*handle.shared;
        let started = shared.clock.now();
        Execution {
            handle,
            shared,
            started,
            now: started,
            deadline: started.checked_add(timeout(shared, prepared)),
            attempts: 0,
            sent: 0,
        }
    }

    async fn run(&mut self, prepared: &mut PreparedRequest) -> Result<Box<RawReply>, Error> {
        let mut failures = Failures::default();
        loop {
            let mut permit = match self.acquire_permit(prepared).await {
                Ok(permit) => permit,
                Err(limited) => {
                    return Err(rate_limit_error(prepared, limited, failures.last));
                }
            };
            self.authorize(prepared).await?;
            if !permit.may_send() {
                self.update_now();
                continue;
            }
            let error = match self.attempt(prepared, &mut permit).await {
                Ok(reply) => {
                    self.shared.budget.deposit();
                    return Ok(reply);
                }
                Err(error) => error,
            };
            // Boxed, which keeps its code apart from that of calls that succeed.
            Box::pin(self.recover(error, prepared, &mut failures)).await?;
        }
    }

    /// Sets the token of the request.
    async fn authorize(&mut self, prepared: &mut PreparedRequest) -> Result<(), Error> {
        let token = pin!(self.handle.credentials.bearer_token());
        match self.within_deadline(prepared, token).await? {
            Some(token) => prepared.authorize(token),
            None => return Err(Credentials::no_account()),
        }
        Ok(())
    }

    /// Prepares a further attempt after one that failed: obtains a new token, or waits. Returns the
    /// error if there may be no further attempt.
    async fn recover(
        &mut self,
        error: Error,
        prepared: &PreparedRequest,
        failures: &mut Failures,
    ) -> Result<(), Error> {
        self.update_now();
        let replayable = prepared.payload.is_replayable();
        if let Some(token) = &prepared.token
            && error
                .api_error_kind()
                .is_some_and(ApiErrorKind::is_expired_token)
        {
            if failures.refreshed || !replayable {
                return Err(error);
            }
            failures.refreshed = true;
            let refresh = pin!(self.handle.credentials.replacement(token));
            if self.within_deadline(prepared, refresh).await?.is_none() {
                return Err(error);
            }
            failures.last = Some(error);
            return Ok(());
        }

        let wait = server_wait(error.headers(), self.shared.clock.system_time());
        let error = error.with_retry_after(wait);
        if !replayable || !self.may_retry(prepared, &error, wait) {
            return Err(error);
        }
        let kind = FailureKind::of(&error);
        if kind == FailureKind::Unprocessed && std::mem::replace(&mut failures.unprocessed, true) {
            return Err(error);
        }
        failures.retries += 1;
        let delay = self
            .shared
            .backoff
            .delay(failures.retries, (self.shared.random)())
            .max(wait.unwrap_or_default());
        if self.time_left() <= delay {
            return Err(error);
        }
        if kind != FailureKind::RateLimited && !self.shared.budget.withdraw() {
            warn!(target: "hoopai", ?kind, "not retried: the retry budget is used up");
            return Err(error);
        }
        warn!(
            target: "hoopai",
            ?kind,
            status = error.status().map(|status| status.as_u16()),
            delay_ms = millis(delay),
            "retried after a wait"
        );
        self.observe_wait(prepared, WaitReason::Retry, delay);
        self.shared.clock.sleep(delay).await;
        self.update_now();
        failures.last = Some(error);
        Ok(())
    }

    /// Acquires a permit of the rate limiter.
    async fn acquire_permit(&mut self, prepared: &PreparedRequest) -> Result<Permit, RateLimited> {
        let limiter = &self.handle.limiter;
        let max_wait = match prepared.options.max_wait {
            Some(wait) => Some(wait.min(self.time_left())),
            None => Some(self.time_left()).filter(|left| *left < limiter.settings().max_wait),
        };
        let waiter = match limiter.enter(max_wait) {
            Entry::Decided(result) => return result,
            Entry::Queued(waiter) => waiter,
        };
        let before = self.now;
        let permit = waiter.await?;
        self.update_now();
        let waited = self.now.saturating_duration_since(before);
        debug!(target: "hoopai", wait_ms = millis(waited), "waited for the rate limit");
        self.observe_wait(prepared, WaitReason::RateLimit, waited);
        Ok(permit)
    }

    /// Sends one request and reads its reply.
    async fn attempt(
        &mut self,
        prepared: &mut PreparedRequest,
        permit: &mut Permit,
    ) -> Result<Box<RawReply>, Error> {
        let call_time = self.time_left();
        let attempt_time = prepared
            .options
            .attempt_timeout
            .unwrap_or(self.shared.attempt_timeout);
        self.attempts += 1;
        let span = attempt_span(self.attempts);
        if let Some(observer) = &self.shared.observer {
            observer.on_send(&CallInfo::of(&prepared.call_site), self.attempts);
        }
        permit.sent();
        let mut error_reply = ErrorReply::default();
        let result = {
            let clock = &*self.shared.clock;
            let transport = &self.shared.transport;
            let attempt = pin!(attempt(
                transport,
                clock,
                prepared,
                permit,
                &mut error_reply,
            ));
            let attempt = pin!(in_span(&span, attempt));
            within(clock, attempt_time.min(call_time), attempt).await
        };
        let result = result.unwrap_or_else(|Elapsed| {
            if let Some(error) = error_reply.take_error(&prepared.call_site) {
                return Err(error);
            }
            let (time, setting) = if call_time < attempt_time {
                (timeout(self.shared, prepared), "timeout")
            } else {
                (attempt_time, "attempt_timeout")
            };
            Err(Error::timed_out(prepared.call_site.clone(), time, setting))
        });
        let result = result.map_err(|error| {
            let agent = &self.shared.transport.user_agent;
            error.masking(&prepared.sent_request(agent, self.handle.location.as_deref()))
        });
        let sent = match &result {
            Ok(_) => true,
            Err(error) => !matches!(error.kind(), ErrorKind::Connect | ErrorKind::Request),
        };
        self.sent += u32::from(sent);
        if result.is_err() {
            permit.failed(sent);
        }
        let status = status(&result);
        if let Some(status) = status {
            span.record("http.response.status_code", status);
        }
        if let Some(observer) = &self.shared.observer {
            let now = self.shared.clock.now();
            let outcome = CallOutcome {
                status,
                error: result.as_ref().err().map(Error::kind),
                duration: now.saturating_duration_since(self.now),
                attempts: self.attempts,
            };
            observer.on_attempt(&CallInfo::of(&prepared.call_site), &outcome);
        }
        result
    }

    /// Whether a retry is safe, and the policy allows it.
    fn may_retry(&self, prepared: &PreparedRequest, error: &Error, wait: Option<Duration>) -> bool {
        let kind = FailureKind::of(error);
        let idempotent = prepared
            .options
            .idempotent
            .unwrap_or_else(|| prepared.call_site.is_idempotent());
        if kind.may_have_acted() && !idempotent {
            return false;
        }
        let failure = Failure {
            kind,
            error,
            attempts: self.attempts,
            server_wait: wait,
        };
        let policy = prepared.options.policy.as_ref();
        policy.unwrap_or(&self.shared.policy).should_retry(&failure)
    }

    /// The time left until the deadline of the call.
    fn time_left(&self) -> Duration {
        self.deadline.map_or(Duration::MAX, |deadline| {
            deadline.saturating_duration_since(self.now)
        })
    }

    fn update_now(&mut self) {
        self.now = self.shared.clock.now();
    }

    /// Does work that precedes the sending, within the deadline of the call.
    async fn within_deadline<T>(
        &mut self,
        prepared: &PreparedRequest,
        mut work: Pin<&mut impl Future<Output = Result<T, Error>>>,
    ) -> Result<T, Error> {
        if let Some(result) = poll_once(work.as_mut()).await {
            return result;
        }
        let result = within(&*self.shared.clock, self.time_left(), work).await;
        self.update_now();
        result.unwrap_or_else(|Elapsed| {
            let time = timeout(self.shared, prepared);
            Err(Error::timed_out(
                prepared.call_site.clone(),
                time,
                "timeout",
            ))
        })
    }

    fn observe_wait(&self, prepared: &PreparedRequest, reason: WaitReason, wait: Duration) {
        if let Some(observer) = &self.shared.observer {
            observer.on_wait(&CallInfo::of(&prepared.call_site), reason, wait);
        }
    }

    fn finish(&self, call_site: &CallSite, span: &Span, result: &Result<Box<RawReply>, Error>) {
        let status = status(result);
        if !span.is_disabled() {
            if let Some(status) = status {
                span.record("http.response.status_code", status);
            }
            if self.sent > 1 {
                span.record("http.request.resend_count", self.sent - 1);
            }
            if let Err(error) = result {
                match status {
                    Some(status) => span.record("error.type", status),
                    None => span.record("error.type", tracing::field::debug(error.kind())),
                };
                span.record("otel.status_code", "ERROR");
            }
        }
        if let Some(observer) = &self.shared.observer {
            let outcome = CallOutcome {
                status,
                error: result.as_ref().err().map(Error::kind),
                duration: self
                    .shared
                    .clock
                    .now()
                    .saturating_duration_since(self.started),
                attempts: self.sent,
            };
            observer.on_call(&CallInfo::of(call_site), &outcome);
        }
    }
}

/// The error of a call without a permit. A call that was sent before keeps its error, with the
/// wait.
fn rate_limit_error(
    prepared: &PreparedRequest,
    limited: RateLimited,
    last_error: Option<Error>,
) -> Error {
    debug!(target: "hoopai", wait_ms = millis(limited.wait), reason = ?limited.reason, "rejected by the rate limiter");
    if let Some(error) = last_error {
        return error.with_retry_after(Some(limited.wait));
    }
    let wait = format_wait(limited.wait);
    let text = match limited.reason {
        RateLimitReason::Daily => {
            format!("not sent: the daily limit is used up: try again in {wait}")
        }
        _ => format!(
            "not sent: the rate limit requires a wait of {wait}, which is longer than the call may wait: try again then, or set a longer `max_wait` and `timeout`"
        ),
    };
    Error::rate_limit(Some(prepared.call_site.clone()), limited.wait, text)
}

/// The time that a call may take.
fn timeout(shared: &ClientState, prepared: &PreparedRequest) -> Duration {
    prepared.options.timeout.unwrap_or(shared.timeout)
}

/// The status of a reply, if there is one.
fn status(result: &Result<Box<RawReply>, Error>) -> Option<u16> {
    let status = match result {
        Ok(reply) => Some(reply.status),
        Err(error) => error.status(),
    };
    status.map(|status| status.as_u16())
}

/// Polls a future inside a span.
pub(crate) fn in_span<F: Future>(
    span: &Span,
    mut work: Pin<&mut F>,
) -> impl Future<Output = F::Output> {
    poll_fn(move |context| {
        let _entered = span.enter();
        work.as_mut().poll(context)
    })
}

fn call_span(shared: &ClientState, call_site: &CallSite) -> Span {
    if !tracing::span_enabled!(target: "hoopai", tracing::Level::INFO) {
        return Span::none();
    }
    let info = CallInfo::of(call_site);
    let operation = call_site
        .operation
        .map(|operation| format!("{}.{}", operation.module, operation.name));
    tracing::info_span!(
        target: "hoopai",
        "call",
        otel.name = format!("{} {}", call_site.method, info.path_template),
        otel.kind = "client",
        otel.status_code = tracing::field::Empty,
        http.request.method = call_site.method.as_str(),
        url.template = &*info.path_template,
        server.address = shared.base_url.host(),
        server.port = shared.base_url.port(),
        hoopai.operation = operation,
        http.response.status_code = tracing::field::Empty,
        http.request.resend_count = tracing::field::Empty,
        "error.type" = tracing::field::Empty,
    )
}

fn attempt_span(number: u32) -> Span {
    // A disabled span still has its metadata and records fields to `log`.
    if !tracing::span_enabled!(target: "hoopai", tracing::Level::DEBUG) {
        return Span::none();
    }
    tracing::debug_span!(
        target: "hoopai",
        "attempt",
        number,
        http.response.status_code = tracing::field::Empty,
    )
}
