//! The division of a limit among processes: backends keep shares, and the limiter of each process
//! keeps to its own.

mod backend;
mod ledger;
mod memory;

pub use backend::{
    DailyReply, DailyReport, Excess, FORGOTTEN_AFTER, LimitKey, LimiterBackend, LimiterError,
    ShareReply, ShareReport,
};
pub use ledger::Ledger;
pub use memory::MemoryLimiter;
