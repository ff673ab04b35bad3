//! The division of a limit among processes: backends keep shares, and the limiter of each process
//! keeps to its own.

mod backend;
#[cfg(feature = "limiter-backends")]
mod ledger;
#[cfg(feature = "limiter-backends")]
mod memory;

pub use backend::{
    DailyReply, DailyReport, Excess, FORGOTTEN_AFTER, LimitKey, LimiterBackend, LimiterError,
    ShareReply, ShareReport,
};
#[cfg(feature = "limiter-backends")]
pub use ledger::Ledger;
#[cfg(feature = "limiter-backends")]
pub use memory::MemoryLimiter;
