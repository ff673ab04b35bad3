//! The conformance checks of limiter backends: ours pass, and each wrong one is found.

use std::sync::Arc;
use std::time::Duration;

use hoopai_runtime::rate_limit::conformance::LimiterChecks;
use hoopai_runtime::rate_limit::{
    LimitKey, LimiterBackend, LimiterError, MemoryLimiter, ShareReply, ShareReport,
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
    reply: G,
}

impl<F, G> LimiterBackend for Wrong<F, G>
where
    F: Fn(&mut LimitKey, &mut ShareReport) + Send + Sync + 'static,
    G: Fn(&ShareReport, &mut ShareReply) + Send + Sync + 'static,
{
    fn exchange<'a>(
        &'a self,
        key: &'a LimitKey,
        report: &'a ShareReport,
    ) -> BoxFuture<'a, Result<ShareReply, LimiterError>> {
        Box::pin(async move {
            let (mut key, mut changed) = (key.clone(), report.clone());
            (self.report)(&mut key, &mut changed);
            let mut reply = self.inner.exchange(&key, &changed).await?;
            (self.reply)(report, &mut reply);
            Ok(reply)
        })
    }
}

type ChangeReport = fn(&mut LimitKey, &mut ShareReport);
type ChangeReply = fn(&ShareReport, &mut ShareReply);

#[tokio::test]
async fn wrong_backends_are_found() {
    let no_report: ChangeReport = |_, _| {};
    let no_change: ChangeReply = |_, _| {};
    let cases: [(&str, ChangeReport, ChangeReply); 8] = [
        ("the sum of all shares", no_report, |_, reply| {
            if reply.share < 100 {
                reply.share += 1;
                reply.target += 1;
            }
        }),
        ("a process that is alone", no_report, |_, reply| {
            reply.share = reply.share.min(99);
            reply.target = reply.target.min(99);
        }),
        (
            "each app and resource",
            |key, _| key.resource.clear(),
            no_change,
        ),
        (
            "a report that is not newer",
            |_, report| report.number += 1000 * u64::from(report.number == 0),
            no_change,
        ),
        (
            "slots beyond a share",
            |_, report| report.excess.clear(),
            no_change,
        ),
        (
            "slots beyond a share",
            |_, report| {
                for excess in &mut report.excess {
                    excess.free_in = Some(excess.free_in.unwrap_or(Duration::ZERO));
                }
            },
            no_change,
        ),
        ("processes that need more", no_report, |_, reply| {
            reply.target = reply.share
        }),
        ("processes share the daily", no_report, |report, reply| {
            if let (Some(daily), Some(reserved)) = (&report.daily, &mut reply.daily) {
                reserved.reserved = daily.budget.saturating_sub(daily.admitted);
            }
        }),
    ];
    for (rule, report, reply) in cases {
        let clock = ManualClock::new();
        let backend = Wrong {
            inner: MemoryLimiter::with_clock(clock.clone()),
            report,
            reply,
        };
        let violation = checks(&clock, backend).run().await.unwrap_err();
        assert!(violation.rule.starts_with(rule), "{rule}: {violation}");
    }
}
