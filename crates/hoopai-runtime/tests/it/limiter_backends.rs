//! The conformance checks of limiter backends: ours pass, and each wrong one is found.

use std::sync::Arc;
use std::time::Duration;

use hoopai_runtime::rate_limit::conformance::LimiterChecks;
use hoopai_runtime::rate_limit::{
    LimitKey, LimiterBackend, LimiterError, MemoryLimiter, ShareGrant, ShareReport,
};
use hoopai_runtime::time::{BoxFuture, ManualClock};

/// The checks of a backend, whose clock moves instead of waits.
fn checks(clock: &ManualClock, backend: impl LimiterBackend) -> LimiterChecks {
    let clock = clock.clone();
    let backend: Arc<dyn LimiterBackend> = Arc::new(backend);
    LimiterChecks::new(backend.clone(), backend).wait_by(move |time| {
        clock.advance(time);
        std::future::ready(())
    })
}

#[tokio::test]
async fn memory_conforms() {
    let clock = ManualClock::new();
    let backend = MemoryLimiter::with_clock(clock.clone());
    checks(&clock, backend).run().await.unwrap();
}

/// A backend whose reports or replies are changed.
struct Wrong<F, G> {
    inner: MemoryLimiter,
    report: F,
    grant: G,
}

impl<F, G> LimiterBackend for Wrong<F, G>
where
    F: Fn(&mut LimitKey, &mut ShareReport) + Send + Sync + 'static,
    G: Fn(&ShareReport, &mut ShareGrant) + Send + Sync + 'static,
{
    fn exchange<'a>(
        &'a self,
        key: &'a LimitKey,
        report: &'a ShareReport,
    ) -> BoxFuture<'a, Result<ShareGrant, LimiterError>> {
        Box::pin(async move {
            let (mut key, mut changed) = (key.clone(), report.clone());
            (self.report)(&mut key, &mut changed);
            let mut grant = self.inner.exchange(&key, &changed).await?;
            (self.grant)(report, &mut grant);
            Ok(grant)
        })
    }
}

type ChangeReport = fn(&mut LimitKey, &mut ShareReport);
type ChangeGrant = fn(&ShareReport, &mut ShareGrant);

#[tokio::test]
async fn wrong_backends_are_found() {
    let no_report: ChangeReport = |_, _| {};
    let no_grant: ChangeGrant = |_, _| {};
    let cases: [(&str, ChangeReport, ChangeGrant); 8] = [
        ("the sum of all shares", no_report, |_, grant| {
            if grant.share < 100 {
                grant.share += 1;
                grant.target += 1;
            }
        }),
        ("a process that is alone", no_report, |_, grant| {
            grant.share = grant.share.min(99);
            grant.target = grant.target.min(99);
        }),
        (
            "each app and resource",
            |key, _| key.resource.clear(),
            no_grant,
        ),
        (
            "a report that is not newer",
            |_, report| report.number += 1000 * u64::from(report.number == 0),
            no_grant,
        ),
        (
            "slots beyond a share",
            |_, report| report.excess.clear(),
            no_grant,
        ),
        (
            "slots beyond a share",
            |_, report| {
                for excess in &mut report.excess {
                    excess.free_in = Some(excess.free_in.unwrap_or(Duration::ZERO));
                }
            },
            no_grant,
        ),
        ("processes that need more", no_report, |_, grant| {
            grant.target = grant.share
        }),
        ("processes share the daily", no_report, |report, grant| {
            if let (Some(daily), Some(held)) = (&report.daily, &mut grant.daily) {
                held.held = daily.budget.saturating_sub(daily.admitted);
            }
        }),
    ];
    for (rule, report, grant) in cases {
        let clock = ManualClock::new();
        let backend = Wrong {
            inner: MemoryLimiter::with_clock(clock.clone()),
            report,
            grant,
        };
        let violation = checks(&clock, backend).run().await.unwrap_err();
        assert!(violation.rule.starts_with(rule), "{rule}: {violation}");
    }
}
