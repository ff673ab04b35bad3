//! The window of an app in an account, on a Redis server that several machines share.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hoopai_auth::StoreError;
use hoopai_redis::RedisValues;
use tokio::task::JoinSet;

use super::window::Window;

/// The time after which the window of an unused account is removed. Its limit is unknown then, and
/// counts as the usual one until a reply declares it.
const KEEP: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A window on a server.
pub(super) struct LimitServer {
    values: RedisValues,
    name: String,
    /// Whether the server failed in this process. It is not asked for slots then.
    failed: AtomicBool,
    /// Changes that no request waits for.
    changes: Mutex<JoinSet<()>>,
}

impl LimitServer {
    pub(super) fn new(values: RedisValues, name: &str) -> Self {
        LimitServer {
            values,
            name: format!("window:{name}"),
            failed: AtomicBool::new(false),
            changes: Mutex::default(),
        }
    }

    /// Changes the window. `None`: the server failed, now or before, which is reported once.
    pub(super) async fn change<T>(&self, change: impl FnMut(&mut Window, u64) -> T) -> Option<T> {
        if self.failed.load(Ordering::Relaxed) {
            return None;
        }
        match of_values(&self.values, &self.name, change).await {
            Ok(result) => Some(result),
            Err(error) => {
                if !self.failed.swap(true, Ordering::Relaxed) {
                    eprintln!(
                        "warning: the rate limit cannot be shared with other machines: {error}. \
                         This machine uses an eighth of the limit, for this command."
                    );
                }
                None
            }
        }
    }

    /// Changes the window in the background; see [`finish`](Self::finish). Errors are ignored: slots
    /// stay taken for longer then.
    pub(super) fn change_later(&self, mut change: impl FnMut(&mut Window, u64) + Send + 'static) {
        let (values, name) = (self.values.clone(), self.name.clone());
        let mut changes = self
            .changes
            .lock()
            .unwrap_or_else(|error| error.into_inner());
        while changes.try_join_next().is_some() {}
        changes.spawn(async move {
            let _ = of_values(&values, &name, &mut change).await;
        });
    }

    /// Waits for the changes in the background. Each of them ends within a second.
    pub(super) async fn finish(&self) {
        let mut changes = {
            let mut changes = self
                .changes
                .lock()
                .unwrap_or_else(|error| error.into_inner());
            std::mem::take(&mut *changes)
        };
        while changes.join_next().await.is_some() {}
    }
}

async fn of_values<T>(
    values: &RedisValues,
    name: &str,
    mut change: impl FnMut(&mut Window, u64) -> T,
) -> Result<T, StoreError> {
    let change = |stored: &[u8], now: Duration| {
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let mut window = Window::read(stored, now);
        let result = change(&mut window, now);
        (window.write(), result)
    };
    values.change(name, KEEP, change).await
}
