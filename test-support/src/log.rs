//! Log capture.
//!
//! One global subscriber serves all tests of a process: `tracing` caches for each callsite whether
//! a subscriber is interested, so subscribers of single tests would miss events.

use std::cell::RefCell;
use std::io::Write;
use std::sync::Once;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

thread_local! {
    static LINES: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Starts to capture the events and spans of the current thread.
pub fn capture() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(|| Lines)
            .init();
    });
    LINES.set(Some(Vec::new()));
}

/// Returns the lines of the workspace's crates since the last call, and continues to capture.
///
/// Lines of other crates (`reqwest`, `hyper`) are left out.
pub fn take() -> Vec<String> {
    let lines = LINES.replace(Some(Vec::new())).unwrap_or_default();
    let ours = lines.into_iter().filter(|line| line.contains("hoopai"));
    ours.collect()
}

struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.with_borrow_mut(|lines| {
            if let Some(lines) = lines {
                lines.push(String::from_utf8_lossy(bytes).into_owned());
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
