//! Deviations of replies from the interface files, and their observers.

mod counter;

use std::fmt;
use std::sync::Arc;

use crate::operation::Operation;

pub use crate::decode::drift::{Drift, DriftKind};

pub use counter::{DriftCount, DriftCounter};

/// Observes drift, to count it, log it, or fail a test. It is called while a reply is decoded, so
/// it must return quickly.
pub trait DriftObserver: Send + Sync {
    /// Called for each drift of a reply. `None` is a call by method and path.
    fn drift(&self, operation: Option<&'static Operation>, drift: &Drift);
}

impl<F: Fn(Option<&'static Operation>, &Drift) + Send + Sync> DriftObserver for F {
    fn drift(&self, operation: Option<&'static Operation>, drift: &Drift) {
        self(operation, drift);
    }
}

/// How replies are decoded.
#[derive(Clone, Default)]
pub(crate) struct Reading {
    /// Drift is an error.
    pub(crate) strict: bool,
    pub(crate) observer: Option<Arc<dyn DriftObserver>>,
}

impl Reading {
    /// Logs drift and calls the observer.
    #[cold]
    pub(crate) fn report(&self, origin: &crate::call_site::CallSite, drifts: &[Drift]) {
        for drift in drifts {
            let Drift {
                kind,
                path,
                expected,
                found,
            } = drift;
            macro_rules! event {
                ($level:ident) => {
                    tracing::$level!(
                        target: "hoopai::drift",
                        operation = %origin,
                        path,
                        expected = &**expected,
                        found,
                        kind = ?kind,
                        "{drift}"
                    )
                };
            }
            match kind {
                DriftKind::Coerced => event!(debug),
                DriftKind::Unparsed
                | DriftKind::Empty
                | DriftKind::UnknownShape
                | DriftKind::Repaired => event!(warn),
            }
            if let Some(observer) = &self.observer {
                observer.drift(origin.operation, drift);
            }
        }
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading")
            .field("strict", &self.strict)
            .field("observer", &self.observer.is_some())
            .finish()
    }
}
