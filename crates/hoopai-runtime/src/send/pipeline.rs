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
use crate::send::auth::{BearerToken, Credentials};
use crate::send::context::{ClientState, HandleState};
use crate::send::observe::{CallInfo, CallOutcome, WaitReason};
use crate::send::rate_limit::{Permit, RateLimitReason, RateLimited};
use crate::send::retry::{Failure, FailureKind};
use crate::send::retry_after::server_wait;
use crate::send::transport::{ErrorReply, PreparedRequest, RawReply};
use crate::time::{Elapsed, format_wait, millis, poll_once, within};

/// Sends a call until it succeeds or may not be retried. Any status other than 2xx is an error.
pub(crate) async fn send_with_retries(
    handle: &HandleState,
    prepared: &mut PreparedRequest,
) -> Result<RawReply, Error> {
    let span = call_span(&handle.shared, &prepared.call_site);
    let started = handle.shared.clock.now();
    let timeout = prepared.options.timeout.unwrap_or(handle.shared.timeout);
    let mut execution = Execution {
        handle,
        shared: &handle.shared,
        call_site: prepared.call_site.clone(),
        started,
        now: started,
        timeout,
        deadline: started.checked_add(timeout),
        attempts: 0,
        sent: 0,
    };
    let result = in_span(&span, pin!(execution.run(prepared))).await;
    let result = result.map_err(|error| {
        error
            .of_call(&prepared.call_site)
            .with_idempotent(prepared.options.idempotent)
            .with_attempts(execution.attempts, execution.sent)
    });
    execution.finish(&span, &result);
    result.map(|reply| RawReply {
        attempts: (execution.attempts, execution.sent),
        ..reply
    })
}

struct Execution<'a> {
    handle: &'a HandleState,
    shared: &'a ClientState,
    call_site: CallSite,
    started: Instant,
    /// The time after the last wait. Reading the clock costs more than the work in between.
    now: Instant,
    timeout: Duration,
    /// `None`: beyond the range of the clock.
    deadline: Option<Instant>,
    /// The number of attempts.
    attempts: u32,
    /// The number of attempts whose request was sent.
    sent: u32,
}

impl Execution<'_> {
    async fn run(&mut self, prepared: &mut PreparedRequest) -> Result<RawReply, Error> {
        let mut refreshed = false;
        let mut retries = 0;
        let mut retried_unprocessed = false;
        let mut last_error: Option<Error> = None;
        loop {
            let mut permit = match self.acquire_permit(prepared).await {
                Ok(permit) => permit,
                Err(limited) => return Err(self.rate_limit_error(limited, last_error)),
            };
            let credentials = &self.handle.credentials;
            let Some(token) = self
                .within_deadline(pin!(credentials.bearer_token(None)))
                .await?
            else {
                return Err(Credentials::no_account());
            };
            if !permit.may_send() {
                self.update_now();
                continue;
            }
            let error = match self.attempt(prepared, &mut permit, &token).await {
                Ok(reply) => {
                    self.shared.budget.deposit();
                    return Ok(reply);
                }
                Err(error) => error,
            };
            self.update_now();

            let replayable = prepared.payload.is_replayable();
            if error
                .api_error_kind()
                .is_some_and(ApiErrorKind::is_expired_token)
            {
                if refreshed || !replayable {
                    return Err(error);
                }
                refreshed = true;
                let refresh = pin!(credentials.bearer_token(Some(&token)));
                if self.within_deadline(refresh).await?.is_none() {
                    return Err(error);
                }
                last_error = Some(error);
                continue;
            }

            let wait = server_wait(error.headers(), self.shared.clock.system_time());
            let error = error.with_retry_after(wait);
            if !replayable || !self.may_retry(prepared, &error, wait) {
                return Err(error);
            }
            let kind = FailureKind::of(&error);
            if kind == FailureKind::Unprocessed && std::mem::replace(&mut retried_unprocessed, true)
            {
                return Err(error);
            }
            retries += 1;
            let delay = self
                .shared
                .backoff
                .delay(retries, (self.shared.random)())
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
            self.observe_wait(WaitReason::Retry, delay);
            self.shared.clock.sleep(delay).await;
            self.update_now();
            last_error = Some(error);
        }
    }

    /// Acquires a permit of the rate limiter.
    async fn acquire_permit(&mut self, prepared: &PreparedRequest) -> Result<Permit, RateLimited> {
        let limiter = &self.handle.limiter;
        let max_wait = match prepared.options.max_wait {
            Some(wait) => Some(wait.min(self.time_left())),
            None => Some(self.time_left()).filter(|left| *left < limiter.settings().max_wait),
        };
        let mut acquire = pin!(limiter.acquire(max_wait));
        if let Some(result) = poll_once(acquire.as_mut()).await {
            return result;
        }
        let before = self.now;
        let permit = acquire.await?;
        self.update_now();
        let waited = self.now.saturating_duration_since(before);
        debug!(target: "hoopai", wait_ms = millis(waited), "waited for the rate limit");
        self.observe_wait(WaitReason::RateLimit, waited);
        Ok(permit)
    }

    /// The error of a call without a permit. A call that was sent before keeps its error, with the
    /// wait.
    fn rate_limit_error(&self, limited: RateLimited, last_error: Option<Error>) -> Error {
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
        Error::rate_limit(Some(self.call_site.clone()), limited.wait, text)
    }

    /// Sends one request and reads its reply.
    async fn attempt(
        &mut self,
        prepared: &mut PreparedRequest,
        permit: &mut Permit,
        token: &BearerToken,
    ) -> Result<RawReply, Error> {
        let call_time = self.time_left();
        let attempt_time = prepared
            .options
            .attempt_timeout
            .unwrap_or(self.shared.attempt_timeout);
        self.attempts += 1;
        let number = self.attempts;
        let span = attempt_span(number);
        if let Some(observer) = &self.shared.observer {
            observer.on_send(&CallInfo::of(&self.call_site), number);
        }
        permit.sent();
        let started = self.now;
        let mut error_reply = ErrorReply::default();
        let result = {
            prepared.authorize(token.header());
            let clock = &*self.shared.clock;
            let transport = &self.shared.transport;
            // Boxed, so that the future of a call stays below the size from which allocators are
            // slow.
            let mut attempt = Box::pin(attempt(
                transport,
                clock,
                prepared,
                permit,
                &mut error_reply,
            ));
            let attempt = pin!(in_span(&span, attempt.as_mut()));
            within(clock, attempt_time.min(call_time), attempt).await
        };
        let result = result.unwrap_or_else(|Elapsed| {
            if let Some(error) = error_reply.take_error(&self.call_site) {
                return Err(error);
            }
            let (time, setting) = if call_time < attempt_time {
                (self.timeout, "timeout")
            } else {
                (attempt_time, "attempt_timeout")
            };
            Err(Error::timed_out(self.call_site.clone(), time, setting))
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
                duration: now.saturating_duration_since(started),
                attempts: number,
            };
            observer.on_attempt(&CallInfo::of(&self.call_site), &outcome);
        }
        result
    }

    /// Whether a retry is safe, and the policy allows it.
    fn may_retry(&self, prepared: &PreparedRequest, error: &Error, wait: Option<Duration>) -> bool {
        let kind = FailureKind::of(error);
        let idempotent = prepared
            .options
            .idempotent
            .unwrap_or_else(|| self.call_site.is_idempotent());
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
        mut work: Pin<&mut impl Future<Output = Result<T, Error>>>,
    ) -> Result<T, Error> {
        if let Some(result) = poll_once(work.as_mut()).await {
            return result;
        }
        let result = within(&*self.shared.clock, self.time_left(), work).await;
        self.update_now();
        result.unwrap_or_else(|Elapsed| {
            let call_site = self.call_site.clone();
            Err(Error::timed_out(call_site, self.timeout, "timeout"))
        })
    }

    fn observe_wait(&self, reason: WaitReason, wait: Duration) {
        if let Some(observer) = &self.shared.observer {
            observer.on_wait(&CallInfo::of(&self.call_site), reason, wait);
        }
    }

    fn finish(&self, span: &Span, result: &Result<RawReply, Error>) {
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
            observer.on_call(&CallInfo::of(&self.call_site), &outcome);
        }
    }
}

/// The status of a reply, if there is one.
fn status(result: &Result<RawReply, Error>) -> Option<u16> {
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
