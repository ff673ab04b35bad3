//! Log capture.
//!
//! One global subscriber serves all tests of a process: `tracing` caches for each callsite whether
//! a subscriber is interested, so subscribers of single tests would miss events.

use std::cell::RefCell;
use std::io::Write;
use std::sync::Once;

use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::prelude::*;

thread_local! {
    static LINES: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Starts to capture the events and spans that this workspace's crates emit on the current thread.
pub fn capture() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let layer = tracing_subscriber::fmt::layer()
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(|| Lines)
            .with_filter(dynamic_filter_fn(|metadata, _| {
                metadata.target().starts_with("hoopai") && LINES.with_borrow(Option::is_some)
            }));
        tracing_subscriber::registry().with(layer).init();
    });
    LINES.set(Some(Vec::new()));
}

/// Returns the lines since the last call, and continues to capture.
pub fn take() -> Vec<String> {
    LINES.replace(Some(Vec::new())).unwrap_or_default()
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
