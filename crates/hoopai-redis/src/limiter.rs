//! The limiter backend.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hoopai_auth::StoreError;
use hoopai_runtime::rate_limit::{
    FORGOTTEN_AFTER, LimitKey, LimiterBackend, LimiterError, ShareReply, ShareReport,
};
use hoopai_runtime::time::BoxFuture;
use redis::Script;

use crate::connection::{Connection, constructors};
use crate::error::command;
use crate::store;

const EXCHANGE: &str = include_str!("limiter.lua");

/// The time within which an exchange ends by default.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Divides rate limits among all processes of an app by a Redis server. Clones share one connection,
/// which is opened at the first use and opened again when it breaks.
///
/// ```no_run
/// use hoopai_redis::RedisLimiter;
///
/// # fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let limiter = RedisLimiter::connect("rediss://redis.internal:6379")?;
/// let builder = hoopai_runtime::Handle::builder().limiter_backend(limiter);
/// # Ok(())
/// # }
/// ```
///
/// | setting | default |
/// |---|---|
/// | [`timeout`](Self::timeout): the time within which an exchange ends | 1 second |
/// | [`prefix`](Self::prefix): what the names of entries begin with | `hoopai` |
///
/// Each process has a share of the limit, and keeps to it in any interval by itself. Shares are
/// exchanged by a script, on the clock of the server, once for many calls: eight processes that use
/// the whole limit of 100 calls in 10 seconds need less than one operation for five calls.
///
/// After the server lost its entries, processes keep the shares that they have, and the other slots
/// are reserved, since processes may still use them: all of them for three intervals, and seven
/// eighths until [`FORGOTTEN_AFTER`] intervals have passed. A server that is new looks the same. If no
/// process has used the limits before, `SET hoopai:limits-since 0 EX 60` (with your prefix) ends this at
/// once, until the server restarts. Entries expire by themselves. The server needs
/// `maxmemory-policy noeviction`, since an evicted entry is a lost one. The script has two keys, so
/// Redis Cluster is not supported.
#[derive(Clone)]
pub struct RedisLimiter {
    connection: Connection,
    script: Arc<Script>,
    prefix: String,
    timeout: Duration,
}

constructors!(RedisLimiter);

impl RedisLimiter {
    fn with_connection(connection: Connection) -> Self {
        Self {
            connection,
            script: Arc::new(Script::new(EXCHANGE)),
            prefix: store::DEFAULT_PREFIX.to_owned(),
            timeout: TIMEOUT,
        }
    }

    /// Sets what the names of all entries begin with; the default is `hoopai`. Limits of several
    /// apps are separate. Private integrations have no app id: give each a prefix of its own.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the time within which every exchange ends; the default is a second. The shorter time of
    /// this one and that of `RateLimitSettings::exchange_timeout` applies.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    async fn run(
        &self,
        key: &LimitKey,
        report: &ShareReport,
        time: Option<Duration>,
    ) -> Result<ShareReply, StoreError> {
        let mut connection = self.connection.get(self.timeout).await?;
        let mut call = self.script.key(format!(
            "{}:limit:{}:{}:{}",
            self.prefix,
            key.app.len(),
            key.app,
            key.resource
        ));
        call.key(format!("{}:limits-since", self.prefix));
        for argument in arguments(report, time) {
            call.arg(argument);
        }
        let reply: Vec<i64> = call.invoke_async(&mut connection).await.map_err(command)?;
        share_reply(&reply).ok_or_else(|| {
            StoreError::new(
                "the reply of the script cannot be read",
                "check that no other program changes the entries of this prefix",
            )
        })
    }
}

/// The arguments of the script. `time` replaces the time of the server.
fn arguments(report: &ShareReport, time: Option<Duration>) -> Vec<String> {
    let daily = report.daily.as_ref();
    let mut arguments = vec![
        time.map_or_else(String::new, |time| micros(time).to_string()),
        // In the order of numbers.
        format!("{:016x}", report.client),
    ];
    let flag = |is_set: bool| i64::from(is_set);
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX).min(1 << 50);
    let numbers = [
        number(report.number),
        i64::from(report.share),
        i64::from(report.demand),
        i64::from(report.need),
        i64::from(report.max),
        micros(report.interval),
        flag(report.declared),
        report.counted.map_or(-1, i64::from),
        flag(report.refused),
        flag(daily.is_some()),
        daily.map_or(0, |daily| number(daily.budget)),
        daily.map_or(0, |daily| number(daily.admitted)),
        daily.map_or(0, |daily| number(daily.reserved)),
        daily.and_then(|daily| daily.left).map_or(-1, number),
        daily.map_or(0, |daily| micros(daily.resets_in)),
        i64::from(FORGOTTEN_AFTER),
    ];
    arguments.extend(numbers.map(|number| number.to_string()));
    for excess in &report.excess {
        arguments.push(excess.free_in.map_or(-1, micros).to_string());
        arguments.push(excess.slots.to_string());
    }
    arguments
}

fn share_reply(numbers: &[i64]) -> Option<ShareReply> {
    let &[
        share,
        target,
        prospect,
        members,
        renew_after,
        max,
        interval,
        left,
        reserved,
        resets_in,
        recovering,
    ] = numbers
    else {
        return None;
    };
    let small = |number: i64| u32::try_from(number).ok();
    let time = |number: i64| Some(Duration::from_micros(u64::try_from(number).ok()?));
    let mut reply = ShareReply::new(small(share)?, small(max)?, time(interval)?);
    reply.target = small(target)?;
    reply.prospect = small(prospect)?;
    reply.members = small(members)?;
    reply.renew_after = time(renew_after)?;
    reply.is_recovering = recovering == 1;
    match u64::try_from(left) {
        Ok(left) => Some(reply.with_daily(left, u64::try_from(reserved).ok()?, time(resets_in)?)),
        Err(_) => Some(reply),
    }
}

/// Numbers of scripts are exact up to 2^53.
fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros())
        .unwrap_or(i64::MAX)
        .min(1 << 51)
}

/// An exchange that may be dropped, because its caller waits for a shorter time. As one that takes too
/// long, it gives up the connection: one that the network has lost never answers.
struct Unfinished<'a>(Option<&'a RedisLimiter>);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(limiter) = self.0 {
            let _ = limiter.connection.give_up(limiter.timeout);
        }
    }
}

/// Hides the URL.
impl fmt::Debug for RedisLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLimiter")
            .field("prefix", &self.prefix)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl LimiterBackend for RedisLimiter {
    fn exchange<'a>(
        &'a self,
        key: &'a LimitKey,
        report: &'a ShareReport,
    ) -> BoxFuture<'a, Result<ShareReply, LimiterError>> {
        Box::pin(async move {
            let mut unfinished = Unfinished(Some(self));
            let exchange = self.run(key, report, None);
            let result = self.connection.within(self.timeout, exchange).await;
            unfinished.0 = None;
            result.map_err(|error| LimiterError::new(error.to_string()).caused_by(error))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fastrand::Rng;
    use hoopai_runtime::rate_limit::{DailyReport, Excess, Ledger, LimitKey, ShareReport};
    use hoopai_test_support::{RedisServer, seed};

    use super::RedisLimiter;

    /// Random reports, to the script and to the ledger of the runtime, at the same times.
    #[tokio::test]
    async fn script_and_ledger_agree() {
        let Some(server) = RedisServer::start_with("--appendonly no") else {
            return;
        };
        let mut random = Rng::with_seed(seed());
        for run in 0..40 {
            let limiter = RedisLimiter::connect(&server.url()).unwrap();
            let limiter = limiter.prefix(format!("run-{run}"));
            let key = LimitKey::new("app", "location:1");
            let interval = Duration::from_micros(random.u64(1_000..20_000_000));
            let mut now = Duration::from_secs(1_900_000_000);
            // The script has used the database since its first report.
            let mut ledger: Option<Ledger> = None;
            let mut clients: Vec<ShareReport> = (0..random.usize(1..10))
                .map(|_| ShareReport::new(random.u64(..), random.u32(1..200), interval))
                .collect();
            for step in 0..60 {
                now += interval.mul_f64(random.f64() * random.f64());
                let client = random.usize(0..clients.len());
                let report = &mut clients[client];
                report.number += u64::from(random.u32(0..10) > 0);
                report.demand = random.u32(0..200);
                report.need = random.u32(0..=report.demand);
                report.declared = random.u32(0..10) == 0;
                report.refused = random.u32(0..20) == 0;
                report.counted = (random.u32(0..4) == 0).then(|| random.u32(0..200));
                report.excess.clear();
                for _ in 0..random.u32(0..4) {
                    let free = interval.mul_f64(random.f64());
                    let free = Duration::from_micros(free.as_micros() as u64);
                    let free_in = random.bool().then_some(free);
                    report.excess.push(Excess::new(free_in, random.u32(1..20)));
                }
                if random.bool() {
                    let mut daily = DailyReport::new(1000, interval * 20);
                    daily.admitted = report.daily.map_or(0, |old| old.admitted) + random.u64(0..9);
                    daily.reserved = report.daily.map_or(0, |old| old.reserved);
                    daily.left = random.bool().then(|| random.u64(0..1000));
                    report.daily = Some(daily);
                }
                let ledger = ledger.get_or_insert_with(|| Ledger::recovering(now));
                let expected = ledger.exchange(now, report);
                let found = limiter.run(&key, report, Some(now)).await.unwrap();
                assert_eq!(found, expected, "run {run}, step {step}: {report:?}");
                report.share = found.target.min(random.u32(0..200));
                if let (Some(daily), Some(reply)) = (&mut report.daily, found.daily) {
                    daily.reserved = reply.reserved;
                }
            }
        }
    }
}
