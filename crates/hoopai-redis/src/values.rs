//! Small values that processes of several machines change in turn.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hoopai_auth::StoreError;
use redis::Script;

use crate::connection::{Connection, constructors, millis};
use crate::error::command;
use crate::store;

/// Returns the value, and the time of the server in microseconds.
const READ: &str = "local time = redis.call('TIME')
return {redis.call('GET', KEYS[1]) or '', tonumber(time[1]) * 1000000 + tonumber(time[2])}";

/// Replaces the value that was read.
const REPLACE: &str = "if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1";

/// The time within which a change ends by default.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The longest pause before a change is tried again, in milliseconds.
const LONGEST_PAUSE: u64 = 10;

/// Named values that all processes of several machines change, each change by compare-and-swap.
/// Clones share one connection, which is opened at the first use.
///
/// The command line keeps the window of a rate limit in one: a process that lives for one request
/// is too short for the shares of a [`RedisLimiter`](crate::RedisLimiter).
#[derive(Clone)]
pub struct RedisValues {
    connection: Connection,
    scripts: Arc<(Script, Script)>,
    prefix: String,
    timeout: Duration,
}

constructors!(RedisValues);

impl RedisValues {
    fn with_connection(connection: Connection) -> Self {
        Self {
            connection,
            scripts: Arc::new((Script::new(READ), Script::new(REPLACE))),
            prefix: store::DEFAULT_PREFIX.to_owned(),
            timeout: TIMEOUT,
        }
    }

    /// Sets what the names of all entries begin with; the default is `hoopai`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the time within which every change ends; the default is a second.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Replaces a value by the result of a function, and returns the other part of its result. The
    /// function receives the value, which is empty at first, and the time of the server since 1970.
    /// It is called again if another process changed the value meanwhile. The value is removed
    /// `keep` after its last change.
    ///
    /// # Errors
    /// Fails if the server cannot be reached within the [timeout](Self::timeout), or rejects the
    /// commands. The value may have been replaced then.
    pub async fn change<T>(
        &self,
        name: &str,
        keep: Duration,
        change: impl FnMut(&[u8], Duration) -> (Vec<u8>, T),
    ) -> Result<T, StoreError> {
        let work = self.replace(name, keep, change);
        self.connection.within(self.timeout, work).await
    }

    async fn replace<T>(
        &self,
        name: &str,
        keep: Duration,
        mut change: impl FnMut(&[u8], Duration) -> (Vec<u8>, T),
    ) -> Result<T, StoreError> {
        let mut connection = self.connection.get(self.timeout).await?;
        let (read, replace) = &*self.scripts;
        let key = format!("{}:value:{name}", self.prefix);
        loop {
            let (old, micros): (Vec<u8>, u64) = read
                .key(&key)
                .invoke_async(&mut connection)
                .await
                .map_err(command)?;
            let (new, result) = change(&old, Duration::from_micros(micros));
            let is_replaced: bool = replace
                .key(&key)
                .arg(old)
                .arg(new)
                .arg(millis(keep))
                .invoke_async(&mut connection)
                .await
                .map_err(command)?;
            if is_replaced {
                return Ok(result);
            }
            // At random, so that processes do not meet again.
            let pause = Duration::from_millis(micros % LONGEST_PAUSE);
            tokio::time::sleep(pause).await;
        }
    }
}

/// Hides the URL.
impl fmt::Debug for RedisValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisValues")
            .field("prefix", &self.prefix)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
