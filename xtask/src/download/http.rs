//! Fetches one file over HTTP, within limits and with retries.

use std::{
    collections::HashSet,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use backon::{ExponentialBuilder, Retryable};
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
    redirect::{self, Policy},
};
use url::{Origin, Url};

use crate::{
    download::{
        content::{self, ExpectedContent},
        error::{FetchError, FetchErrorKind},
        source::{check_url, is_loopback},
    },
    error::{Result, error_chain, file_error},
};

const REDIRECTS: usize = 5;

/// The limits of a download.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Time to connect.
    pub connect: Duration,
    /// Time of one attempt, from connecting to the last byte.
    pub attempt: Duration,
    /// Time of one module: its file and the files that it refers to, with retries and delays.
    pub module: Duration,
    /// Size in bytes of one file, and of all files of one module.
    pub bytes: usize,
    /// Attempts after the first one.
    pub retries: usize,
    /// The longest delay that a server may request. A longer one ends the attempts.
    pub retry_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            attempt: Duration::from_secs(60),
            module: Duration::from_secs(300),
            bytes: 32 * 1024 * 1024,
            retries: 4,
            retry_after: Duration::from_secs(30),
        }
    }
}

type Sleep = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Downloads files over https, or http from this machine. Transient failures are retried.
#[derive(Clone)]
pub struct Fetcher {
    remote_client: reqwest::Client,
    local_client: reqwest::Client,
    limits: Limits,
    sleep: Sleep,
    /// Servers that could not be reached. Their other files are not retried.
    unreachable: Arc<Mutex<HashSet<Origin>>>,
}

impl Fetcher {
    /// Creates a fetcher that waits in real time.
    pub fn new(limits: Limits) -> Result<Self> {
        Self::with_sleep(limits, tokio::time::sleep)
    }

    /// Creates a fetcher with another sleep function, for the delays between attempts and the time
    /// limit of a module.
    pub fn with_sleep<F, Fut>(limits: Limits, sleep: F) -> Result<Self>
    where
        F: Fn(Duration) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let client = |local: bool| {
            let builder = reqwest::Client::builder()
                .user_agent(concat!("hoopai-xtask/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(limits.connect)
                .timeout(limits.attempt)
                .redirect(Policy::custom(follow));
            // A proxy cannot reach the servers of this machine.
            let builder = if local { builder.no_proxy() } else { builder };
            builder.build().map_err(|error| {
                let remedy = "check the proxy variables and the certificates of this machine";
                file_error(
                    "network",
                    format!("cannot be set up: {}", error_chain(&error)),
                    remedy,
                )
            })
        };
        Ok(Self {
            remote_client: client(false)?,
            local_client: client(true)?,
            sleep: Arc::new(move |wait| Box::pin(sleep(wait))),
            limits,
            unreachable: Arc::default(),
        })
    }

    /// Waits for the time limit of one module.
    pub(crate) async fn module_timeout(&self) {
        (self.sleep)(self.limits.module).await;
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Fetches the file at `url`. `retrying` is called with each error that is retried, and the
    /// delay.
    pub(crate) async fn fetch(
        &self,
        url: &Url,
        expected: ExpectedContent,
        retrying: impl Fn(&FetchError, Duration),
    ) -> std::result::Result<Vec<u8>, FetchError> {
        let sleep = self.sleep.clone();
        let delays = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(500))
            .with_max_delay(Duration::from_secs(10))
            .with_max_times(self.limits.retries)
            .with_jitter();
        let attempt = || async {
            let bytes = self.attempt(url).await?;
            content::check(&bytes, expected)?;
            Ok(bytes)
        };
        let unreachable_servers = || {
            let unreachable = self.unreachable.lock();
            unreachable.unwrap_or_else(PoisonError::into_inner)
        };
        let fetched = attempt
            .retry(delays)
            .sleep(move |wait| sleep(wait))
            .when(|error: &FetchError| match error.kind {
                FetchErrorKind::Transient(_) => true,
                FetchErrorKind::Unreachable => !unreachable_servers().contains(&url.origin()),
                FetchErrorKind::Unavailable
                | FetchErrorKind::Missing
                | FetchErrorKind::Permanent => false,
            })
            .adjust(|error, delay| match error.kind {
                FetchErrorKind::Transient(Some(wait)) if wait > self.limits.retry_after => None,
                FetchErrorKind::Transient(Some(wait)) => delay.map(|delay| delay.max(wait)),
                _ => delay,
            })
            .notify(retrying)
            .await;
        if fetched
            .as_ref()
            .is_err_and(|error| error.kind == FetchErrorKind::Unreachable)
        {
            unreachable_servers().insert(url.origin());
        }
        fetched
    }

    async fn attempt(&self, url: &Url) -> std::result::Result<Vec<u8>, FetchError> {
        let client = if is_loopback(url) {
            &self.local_client
        } else {
            &self.remote_client
        };
        let response = client.get(url.clone()).send().await;
        let mut response = response.map_err(|error| self.request_error(error))?;
        if !response.status().is_success() {
            return Err(status_error(response.status(), response.headers()));
        }
        let limit = self.limits.bytes;
        let too_large = || {
            let size = limit.div_ceil(1024);
            FetchError::permanent(
                format!("exceeds the limit of {size} KiB"),
                "check the address: no interface file is that large",
            )
        };
        if response
            .content_length()
            .is_some_and(|length| length > limit as u64)
        {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.request_error(error))?
        {
            if bytes.len() + chunk.len() > limit {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn request_error(&self, error: reqwest::Error) -> FetchError {
        let error = error.without_url();
        let causes = error_chain(&error);
        if error.is_redirect() {
            FetchError::permanent(
                causes,
                "check the address, or name a --source that needs no redirect",
            )
        } else if error.is_timeout() && error.is_connect() {
            let limit = self.limits.connect.as_secs_f32();
            FetchError::new(
                FetchErrorKind::Unreachable,
                format!("no connection within {limit} s"),
                "check the network and the proxy, or use another --source",
            )
        } else if error.is_timeout() {
            let limit = self.limits.attempt.as_secs_f32();
            FetchError::transient(
                format!("not complete within {limit} s"),
                "run the command again when the network is faster",
            )
        } else if error.is_connect() {
            FetchError::new(
                FetchErrorKind::Unreachable,
                format!("cannot be reached: {causes}"),
                "check the network, the proxy and the address, or use another --source",
            )
        } else if error.is_body() || error.is_decode() {
            FetchError::transient(format!("was cut off: {causes}"), "run the command again")
        } else {
            FetchError::transient(
                format!("cannot be loaded: {causes}"),
                "run the command again",
            )
        }
    }
}

/// Follows redirects within the origin (scheme, host and port) of `--source` only, since downloads
/// become code.
fn follow(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let to = attempt.url();
    let previous = attempt.previous();
    let origin = to.origin();
    let problem = if previous.len() > REDIRECTS {
        Some(format!("redirects more than {REDIRECTS} times"))
    } else if previous.iter().any(|from| from.origin() != origin) {
        Some(format!(
            "redirects to {}: no redirect to another server is followed",
            origin.ascii_serialization()
        ))
    } else if let Err(problem) = check_url(to) {
        Some(format!(
            "redirects to {}: {problem}",
            origin.ascii_serialization()
        ))
    } else {
        None
    };
    match problem {
        Some(problem) => attempt.error(problem),
        None => attempt.follow(),
    }
}

/// The error for a status other than success.
fn status_error(status: StatusCode, headers: &HeaderMap) -> FetchError {
    let problem = format!("the server returns {status}");
    match status.as_u16() {
        404 | 410 => FetchError::missing(
            problem,
            "check the module's name in specs/modules.toml, or use another --source",
        ),
        401 | 403 => FetchError::unavailable(
            problem,
            "this server does not provide it, use another --source",
        ),
        408 | 429 | 500..=599 => {
            let wait = retry_after(headers);
            let problem = match wait {
                Some(wait) => format!("{problem} and requests a delay of {} s", wait.as_secs()),
                None => problem,
            };
            FetchError::new(
                FetchErrorKind::Transient(wait),
                problem,
                "run the command again later, or use another --source",
            )
        }
        _ => FetchError::permanent(problem, "check the address, or use another --source"),
    }
}

/// The delay of `Retry-After`, in seconds or as a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    Some(until.duration_since(SystemTime::now()).unwrap_or_default())
}
