//! Checks of limiter backends, for tests of your own implementation.
//!
//! ```
//! use hoopai_runtime::rate_limit::MemoryLimiter;
//! use hoopai_runtime::rate_limit::conformance::LimiterChecks;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), hoopai_runtime::rate_limit::conformance::Violation> {
//! let backend = MemoryLimiter::new();
//! LimiterChecks::new(backend.clone(), backend).run().await
//! # }
//! ```

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::shared::{
    DailyReport, Excess, FORGOTTEN_AFTER, LimitKey, LimiterBackend, LimiterError, ShareReply,
    ShareReport,
};
use crate::time::BoxFuture;

/// The interval of checks that wait.
const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(2);
const DAY: Duration = Duration::from_secs(600);
const MAX: u32 = 100;

type Wait = Arc<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>;

/// The checks of a limiter backend.
pub struct LimiterChecks {
    backends: [Arc<dyn LimiterBackend>; 2],
    wait: Wait,
    /// Makes keys different from those of other runs.
    run: u64,
}

/// A rule that a backend breaks.
#[derive(Debug)]
#[non_exhaustive]
pub struct Violation {
    /// The rule.
    pub rule: &'static str,
    /// What the backend did.
    pub found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the limiter backend breaks a rule: {}; {}",
            self.rule, self.found
        )
    }
}

impl std::error::Error for Violation {}

impl LimiterChecks {
    /// Checks a backend through two handles of the same data, as two processes open it. The limits
    /// have keys of their own.
    pub fn new(first: impl LimiterBackend, second: impl LimiterBackend) -> Self {
        Self {
            backends: [Arc::new(first), Arc::new(second)],
            wait: Arc::new(|time| Box::pin(tokio::time::sleep(time))),
            run: fastrand::u64(..),
        }
    }

    /// Sets how to wait; by default, in real time for about ten seconds in all, or half a minute if
    /// the backend is new and reserves slots at first.
    #[must_use]
    pub fn wait_by<F>(mut self, wait: impl Fn(Duration) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.wait = Arc::new(move |time| Box::pin(wait(time)));
        self
    }

    /// Runs all checks. Must be called in a Tokio runtime.
    ///
    /// # Errors
    /// Returns the first rule that the backend breaks.
    pub async fn run(&self) -> Result<(), Violation> {
        self.settled().await?;
        self.sums().await?;
        self.keys().await?;
        self.old_reports().await?;
        self.excess().await?;
        self.fairness().await?;
        self.silence().await?;
        self.losses().await?;
        self.daily().await
    }

    fn process(&self, resource: &str, interval: Duration) -> Process {
        Process::new(self.run, resource, interval)
    }

    /// A backend that was just created may have lost shares.
    async fn settled(&self) -> Result<(), Violation> {
        const RULE: &str = "a process that is alone can use the whole limit";
        let mut process = self.process("settled", LONG);
        let steps = LONG.as_millis() / SHORT.as_millis() * u128::from(FORGOTTEN_AFTER + 1);
        for _ in 0..steps {
            if process.exchange(self, RULE).await?.share == MAX {
                return Ok(());
            }
            (self.wait)(SHORT).await;
        }
        Err(violation(
            RULE,
            format!("its share stays {}", process.report.share),
        ))
    }

    async fn sums(&self) -> Result<(), Violation> {
        const RULE: &str = "the sum of all shares is at most the limit";
        let key = "sums";
        let processes: Vec<_> = (0..16)
            .map(|index| {
                let (backend, run) = (self.backends[index % 2].clone(), self.run);
                tokio::spawn(async move {
                    let mut process = Process::new(run, key, LONG);
                    let mut result = Ok(());
                    for demand in [1, 30, 100, 20] {
                        process.report.demand = demand.max(process.report.share);
                        process.report.need = process.report.demand;
                        result = process.send(&backend).await.map(drop);
                    }
                    (process, result)
                })
            })
            .collect();
        let mut sum = 0;
        let mut all = Vec::new();
        for process in processes {
            let (process, result) = process
                .await
                .map_err(|error| violation(RULE, error.to_string()))?;
            result.map_err(|error| failed(RULE, &error))?;
            sum += process.report.share;
            all.push(process);
        }
        if sum > MAX {
            return Err(violation(RULE, format!("it was {sum} of {MAX}")));
        }
        // Shares move only when their processes have lowered them.
        for _ in 0..4 {
            for process in &mut all {
                process.report.demand = MAX;
                process.report.need = MAX;
                process.exchange(self, RULE).await?;
            }
            let sum: u32 = all.iter().map(|process| process.report.share).sum();
            if sum > MAX {
                return Err(violation(RULE, format!("it was {sum} of {MAX}")));
            }
        }
        Ok(())
    }

    async fn keys(&self) -> Result<(), Violation> {
        const RULE: &str = "each app and resource has a limit of its own";
        let names = [
            ("a", "b"),
            ("a", "B"),
            ("ab", ""),
            ("", "ab"),
            ("a:b", "c"),
            ("a", "b:c"),
        ];
        for (app, resource) in names {
            let mut process = self.process(resource, LONG);
            process.key.app = format!("{}{app}", process.key.app);
            let share = process.exchange(self, RULE).await?.share;
            if share < MAX {
                return Err(violation(RULE, format!("the first share was {share}")));
            }
        }
        Ok(())
    }

    async fn old_reports(&self) -> Result<(), Violation> {
        const RULE: &str = "a report that is not newer than an earlier one changes nothing";
        let (mut one, mut other) = (self.process("old", LONG), self.process("old", LONG));
        let old = one.report.clone();
        one.exchange(self, RULE).await?;
        let mut again = Process {
            report: old,
            ..one.clone()
        };
        // As it was, without a share and without demand.
        again.report.number -= 1;
        (again.report.demand, again.report.need) = (0, 0);
        again.exchange(self, RULE).await?;
        let share = other.exchange(self, RULE).await?.share;
        if share > 0 {
            return Err(violation(
                RULE,
                format!("{share} slots were given twice after a delayed report"),
            ));
        }
        Ok(())
    }

    async fn excess(&self) -> Result<(), Violation> {
        const RULE: &str = "slots beyond a share are free when the process says so";
        let (mut one, mut other) = (self.process("excess", SHORT), self.process("excess", SHORT));
        one.exchange(self, RULE).await?;
        one.report.share = 0;
        one.report.excess = vec![Excess::new(Some(SHORT), MAX - 2), Excess::new(None, 2)];
        (one.report.demand, one.report.need) = (1, 1);
        one.exchange(self, RULE).await?;
        let early = other.exchange(self, RULE).await?.share;
        if early > 0 {
            return Err(violation(RULE, format!("{early} were given early")));
        }
        (self.wait)(SHORT + SHORT / 4).await;
        let share = other.exchange(self, RULE).await?.share;
        match share {
            0 => Err(violation(RULE, "they were not given later")),
            _ if share >= MAX - 1 => Err(violation(
                RULE,
                "one was given while its request was in flight",
            )),
            _ => Ok(()),
        }
    }

    async fn fairness(&self) -> Result<(), Violation> {
        const RULE: &str = "processes that need more than their part have equal shares";
        let mut processes = vec![self.process("fair", LONG)];
        processes[0].exchange(self, RULE).await?;
        processes.extend((0..3).map(|_| self.process("fair", LONG)));
        let mut small = self.process("fair", LONG);
        (small.report.demand, small.report.need) = (4, 4);
        for _ in 0..4 {
            for process in &mut processes {
                process.exchange(self, RULE).await?;
            }
            small.exchange(self, RULE).await?;
        }
        let shares: Vec<u32> = processes
            .iter()
            .map(|process| process.report.share)
            .collect();
        let is_fair = shares.iter().all(|share| (23..=25).contains(share));
        if !is_fair || small.report.share != 4 {
            return Err(violation(
                RULE,
                format!("they were {shares:?}, and {} of 4", small.report.share),
            ));
        }
        Ok(())
    }

    async fn silence(&self) -> Result<(), Violation> {
        const RULE: &str = "a silent process keeps its share for some intervals, and not for ever";
        let (mut silent, mut other) =
            (self.process("silent", SHORT), self.process("silent", SHORT));
        silent.exchange(self, RULE).await?;
        for step in 0..FORGOTTEN_AFTER * 4 {
            let share = other.exchange(self, RULE).await?.share;
            let is_early = step < FORGOTTEN_AFTER;
            if is_early && share > 0 {
                return Err(violation(
                    RULE,
                    format!("it was given away after {step} intervals"),
                ));
            }
            if share > 0 {
                return Ok(());
            }
            (self.wait)(SHORT / 2).await;
        }
        Err(violation(RULE, "it was not given away"))
    }

    async fn losses(&self) -> Result<(), Violation> {
        const RULE: &str = "shares that the backend lost are reserved for some intervals";
        let (mut one, mut other) = (self.process("lost", SHORT), self.process("lost", SHORT));
        // An earlier backend granted it. Processes that are silent may have the rest.
        one.report.share = 40;
        for step in 0..FORGOTTEN_AFTER * 4 {
            one.exchange(self, RULE).await?;
            other.exchange(self, RULE).await?;
            let sum = one.report.share + other.report.share;
            // Processes use at most seven eighths of the other 60 without the backend.
            if step < 8 && sum > 48 {
                return Err(violation(
                    RULE,
                    format!("a process reported 40 slots, and {sum} of {MAX} were granted"),
                ));
            }
            if sum == MAX {
                return Ok(());
            }
            (self.wait)(SHORT / 2).await;
        }
        Err(violation(RULE, "they were reserved for longer"))
    }

    async fn daily(&self) -> Result<(), Violation> {
        const RULE: &str = "processes share the daily budget";
        let mut processes = [self.process("daily", LONG), self.process("daily", LONG)];
        let mut sent = 0;
        for _ in 0..40 {
            for process in &mut processes {
                let daily = process
                    .report
                    .daily
                    .get_or_insert(DailyReport::new(50, DAY));
                let reserved = daily.reserved;
                (daily.reserved, daily.admitted) = (0, daily.admitted + reserved);
                sent += reserved;
                let reply = process.exchange(self, RULE).await?.daily;
                let reply = reply.ok_or_else(|| violation(RULE, "the reply had no budget"))?;
                if let Some(daily) = &mut process.report.daily {
                    daily.reserved = reply.reserved;
                }
            }
        }
        if sent == 50 {
            return Ok(());
        }
        Err(violation(
            RULE,
            format!("{sent} of 50 requests were granted"),
        ))
    }
}

impl fmt::Debug for LimiterChecks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimiterChecks").finish_non_exhaustive()
    }
}

/// A process that lowers its share when it is asked to, and uses alternating handles.
#[derive(Clone)]
struct Process {
    key: LimitKey,
    report: ShareReport,
}

impl Process {
    fn new(run: u64, resource: &str, interval: Duration) -> Self {
        let mut report = ShareReport::new(fastrand::u64(..), MAX, interval);
        (report.demand, report.need) = (MAX, MAX);
        Process {
            key: LimitKey::new(format!("conformance-{run}"), resource),
            report,
        }
    }

    async fn exchange(
        &mut self,
        checks: &LimiterChecks,
        rule: &'static str,
    ) -> Result<ShareReply, Violation> {
        let backend = &checks.backends[usize::from(self.report.number.is_multiple_of(2))];
        self.send(backend)
            .await
            .map_err(|error| failed(rule, &error))
    }

    async fn send(
        &mut self,
        backend: &Arc<dyn LimiterBackend>,
    ) -> Result<ShareReply, LimiterError> {
        let reply = backend.exchange(&self.key, &self.report).await?;
        self.report.number += 1;
        self.report.share = reply.share.min(reply.target);
        Ok(reply)
    }
}

fn failed(rule: &'static str, error: &LimiterError) -> Violation {
    violation(rule, format!("there was an error: {error}"))
}

fn violation(rule: &'static str, found: impl Into<String>) -> Violation {
    Violation {
        rule,
        found: found.into(),
    }
}
