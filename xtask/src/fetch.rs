//! One file over HTTP, whole or with the reason why not.

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
    Result,
    content::{self, Expected},
    fault::{chain, fault},
    source::{check_road, is_loopback},
};

const REDIRECTS: usize = 5;

/// How long and how much a download may be.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Time until a connection stands.
    pub connect: Duration,
    /// Time of one attempt, from connecting to the last byte.
    pub attempt: Duration,
    /// Time of one module: its file, the files that it refers to, retries and waits included.
    pub module: Duration,
    /// Size in bytes of one file, and of all files of one module.
    pub bytes: usize,
    /// Attempts after the first one.
    pub retries: usize,
    /// The longest wait that a server may ask for; above it the attempt is the last.
    pub wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            attempt: Duration::from_secs(60),
            module: Duration::from_secs(300),
            bytes: 32 * 1024 * 1024,
            retries: 4,
            wait: Duration::from_secs(30),
        }
    }
}

/// Why a file could not be had.
#[derive(Clone, Debug)]
pub(crate) struct Miss {
    pub(crate) problem: String,
    pub(crate) remedy: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The server does not hand it out: somebody else may.
    Absent,
    /// Another attempt may succeed, after the wait that the server asked for.
    Transient(Option<Duration>),
    /// The server cannot be reached; that may pass, but not for one file and then for the next.
    Unreachable,
    /// No attempt will.
    Last,
}

impl Miss {
    fn new(kind: Kind, problem: impl Into<String>, remedy: &str) -> Self {
        Self {
            problem: problem.into(),
            remedy: remedy.to_owned(),
            kind,
        }
    }

    pub(crate) fn absent(problem: impl Into<String>, remedy: &str) -> Self {
        Self::new(Kind::Absent, problem, remedy)
    }

    pub(crate) fn transient(problem: impl Into<String>, remedy: &str) -> Self {
        Self::new(Kind::Transient(None), problem, remedy)
    }

    pub(crate) fn last(problem: impl Into<String>, remedy: &str) -> Self {
        Self::new(Kind::Last, problem, remedy)
    }

    pub(crate) fn is_absent(&self) -> bool {
        self.kind == Kind::Absent
    }
}

type Sleep = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Downloads files: https or from this machine, within limits, again after a failure that may pass.
#[derive(Clone)]
pub struct Fetcher {
    web: reqwest::Client,
    local: reqwest::Client,
    limits: Limits,
    sleep: Sleep,
    /// Servers that stayed out of reach: for their other files one attempt is enough.
    unreachable: Arc<Mutex<HashSet<Origin>>>,
}

impl Fetcher {
    /// A fetcher that waits in real time.
    pub fn new(limits: Limits) -> Result<Self> {
        Self::with_sleep(limits, tokio::time::sleep)
    }

    /// A fetcher with a sleep of its own: it is used for the waits between attempts and for the time of a module.
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
                fault(
                    "network",
                    format!("cannot be set up: {}", chain(&error)),
                    remedy,
                )
            })
        };
        Ok(Self {
            web: client(false)?,
            local: client(true)?,
            sleep: Arc::new(move |wait| Box::pin(sleep(wait))),
            limits,
            unreachable: Arc::default(),
        })
    }

    /// Waits as long as one module may take.
    pub(crate) async fn module_time(&self) {
        (self.sleep)(self.limits.module).await;
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The file at `url`. `retrying` is told of each failure that is tried again, and of the wait before that.
    pub(crate) async fn fetch(
        &self,
        url: &Url,
        expected: Expected,
        retrying: impl Fn(&Miss, Duration),
    ) -> std::result::Result<Vec<u8>, Miss> {
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
        let given_up = || {
            let unreachable = self.unreachable.lock();
            unreachable.unwrap_or_else(PoisonError::into_inner)
        };
        let fetched = attempt
            .retry(delays)
            .sleep(move |wait| sleep(wait))
            .when(|miss: &Miss| match miss.kind {
                Kind::Transient(_) => true,
                Kind::Unreachable => !given_up().contains(&url.origin()),
                Kind::Absent | Kind::Last => false,
            })
            .adjust(|miss, delay| match miss.kind {
                Kind::Transient(Some(wait)) if wait > self.limits.wait => None,
                Kind::Transient(Some(wait)) => delay.map(|delay| delay.max(wait)),
                _ => delay,
            })
            .notify(retrying)
            .await;
        if fetched
            .as_ref()
            .is_err_and(|miss| miss.kind == Kind::Unreachable)
        {
            given_up().insert(url.origin());
        }
        fetched
    }

    async fn attempt(&self, url: &Url) -> std::result::Result<Vec<u8>, Miss> {
        let client = if is_loopback(url) {
            &self.local
        } else {
            &self.web
        };
        let answer = client.get(url.clone()).send().await;
        let mut answer = answer.map_err(|error| self.explain(error))?;
        if !answer.status().is_success() {
            return Err(refusal(answer.status(), answer.headers()));
        }
        let limit = self.limits.bytes;
        let too_large = || {
            let size = limit.div_ceil(1024);
            Miss::last(
                format!("is larger than the {size} KiB that are taken"),
                "check the address: no interface file is that large",
            )
        };
        if answer
            .content_length()
            .is_some_and(|length| length > limit as u64)
        {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.explain(error))? {
            if bytes.len() + chunk.len() > limit {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn explain(&self, error: reqwest::Error) -> Miss {
        let error = error.without_url();
        let causes = chain(&error);
        if error.is_redirect() {
            Miss::last(
                causes,
                "check the address, or name a --source that needs no redirect",
            )
        } else if error.is_timeout() && error.is_connect() {
            let limit = self.limits.connect.as_secs_f32();
            Miss::new(
                Kind::Unreachable,
                format!("no connection within {limit} s"),
                "check the network and the proxy, or take another --source",
            )
        } else if error.is_timeout() {
            let limit = self.limits.attempt.as_secs_f32();
            Miss::transient(
                format!("not complete within {limit} s"),
                "run the command again when the network is faster",
            )
        } else if error.is_connect() {
            Miss::new(
                Kind::Unreachable,
                format!("cannot be reached: {causes}"),
                "check the network, the proxy and the address, or take another --source",
            )
        } else if error.is_body() || error.is_decode() {
            Miss::transient(format!("was cut off: {causes}"), "run the command again")
        } else {
            Miss::transient(
                format!("cannot be loaded: {causes}"),
                "run the command again",
            )
        }
    }
}

/// A redirect stays on the server that was asked: same scheme, host and port. Downloads become code, so another server is
/// only asked if `--source` names it.
fn follow(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let to = attempt.url();
    let came_from = attempt.previous();
    let origin = to.origin();
    let problem = if came_from.len() > REDIRECTS {
        Some(format!("redirects more than {REDIRECTS} times"))
    } else if came_from.iter().any(|from| from.origin() != origin) {
        Some(format!(
            "redirects to {}: no redirect to another server is followed",
            origin.ascii_serialization()
        ))
    } else if let Err(problem) = check_road(to) {
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

/// What a status other than success means here.
fn refusal(status: StatusCode, headers: &HeaderMap) -> Miss {
    let problem = format!("the server answers {status}");
    match status.as_u16() {
        404 | 410 => Miss::absent(
            problem,
            "check the module's name in specs/modules.toml, or take another --source",
        ),
        401 | 403 => Miss::absent(
            problem,
            "this server does not hand it out, take another --source",
        ),
        408 | 429 | 500..=599 => {
            let wait = retry_after(headers);
            let problem = match wait {
                Some(wait) => format!("{problem} and asks to wait {} s", wait.as_secs()),
                None => problem,
            };
            Miss::new(
                Kind::Transient(wait),
                problem,
                "run the command again later, or take another --source",
            )
        }
        _ => Miss::last(problem, "check the address, or take another --source"),
    }
}

/// `Retry-After`, in seconds or as a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    Some(until.duration_since(SystemTime::now()).unwrap_or_default())
}
