//! The commands of a store on its connection.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use hoopai_auth::{LeaseCommands, StoreError, StoreServer, Swap, TokenKey};
use hoopai_runtime::time::BoxFuture;
use redis::aio::ConnectionManager;
use redis::{RedisError, Script};

use crate::connection::{Connection, millis};
use crate::error::command;

/// Replaces the record of a key if its revision is the expected one; empty for no record.
const SWAP: &str = r"
local current = redis.call('HGET', KEYS[1], 'revision')
if (current or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'revision', ARGV[2], 'record', ARGV[3])
end
return 1
";

/// Removes a lease of this holder, or a reservation with this id.
pub(crate) const RELEASE: &str = r"
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
";

/// Extends a lease of this holder.
const RENEW: &str = r"
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
";

/// The number of entries that one step of a listing reads.
const SCAN_COUNT: u32 = 1_000;

pub(crate) struct Scripts {
    swap: Script,
    renew: Script,
    release: Script,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        Self {
            swap: Script::new(SWAP),
            renew: Script::new(RENEW),
            release: Script::new(RELEASE),
        }
    }
}

/// What the clones of a store and its leases share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) connection: Connection,
    pub(crate) scripts: Arc<Scripts>,
    pub(crate) prefix: String,
    pub(crate) replicas: u32,
    pub(crate) timeout: Duration,
}

impl Shared {
    pub(crate) async fn connection(&self) -> Result<ConnectionManager, StoreError> {
        self.connection.get(self.timeout).await
    }

    /// Waits until replicas have received the writes of this connection.
    async fn wait(&self, connection: &mut ConnectionManager) -> Result<(), StoreError> {
        if self.replicas == 0 {
            return Ok(());
        }
        let limit = u64::try_from((self.timeout / 2).as_millis()).unwrap_or(u64::MAX);
        let mut wait = redis::cmd("WAIT");
        wait.arg(self.replicas).arg(limit.max(1));
        let received: u32 = wait.query_async(connection).await.map_err(command)?;
        if received >= self.replicas {
            return Ok(());
        }
        Err(StoreError::new(
            format!(
                "the change was received by {received} replicas instead of {}",
                self.replicas
            ),
            "check the replicas of the Redis server",
        ))
    }

    /// The name of an entry, unambiguous whatever the ids are.
    fn name(&self, kind: &str, key: &TokenKey) -> String {
        format!(
            "{}:{kind}:{}:{}:{}:{}",
            self.prefix,
            key.app.len(),
            key.app,
            key.account.user_type().as_str(),
            key.account.id()
        )
    }
}

impl StoreServer for Shared {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        Box::pin(async move {
            let mut connection = self.connection().await?;
            let mut get = redis::cmd("HGET");
            get.arg(self.name("tokens", key)).arg("record");
            let mut stored: Result<Option<Vec<u8>>, _> = get.query_async(&mut connection).await;
            // The server may have closed the connection long ago, as it restarted.
            let is_dropped = RedisError::is_connection_dropped;
            if stored.as_ref().is_err_and(is_dropped) {
                stored = get.query_async(&mut connection).await;
            }
            stored.map_err(command)
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<(u64, Vec<u8>)>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(async move {
            let revision =
                |revision: Option<u64>| revision.map_or_else(String::new, |n| n.to_string());
            let (new, record) = new.unzip();
            let mut connection = self.connection().await?;
            let mut swap = self.scripts.swap.key(self.name("tokens", key));
            swap.arg(revision(expected))
                .arg(revision(new))
                .arg(record.unwrap_or_default());
            let changed: u64 = swap.invoke_async(&mut connection).await.map_err(command)?;
            if changed == 0 {
                return Ok(Swap::Conflict);
            }
            self.wait(&mut connection).await?;
            Ok(Swap::Done)
        })
    }

    /// Lists keys by `SCAN`, which reads all entries of the database in steps.
    fn keys<'a>(&'a self, app: &'a str) -> BoxFuture<'a, Result<Vec<TokenKey>, StoreError>> {
        Box::pin(async move {
            let prefix = format!("{}:tokens:{}:{app}:", self.prefix, app.len());
            let pattern = format!("{}*", escaped(&prefix));
            let mut connection = self.connection().await?;
            let (mut names, mut cursor) = (BTreeSet::new(), 0_u64);
            loop {
                let mut scan = redis::cmd("SCAN");
                scan.arg(cursor).arg("MATCH").arg(&pattern);
                scan.arg("COUNT").arg(SCAN_COUNT);
                let step: Result<(u64, Vec<String>), _> = scan.query_async(&mut connection).await;
                let (next, found) = step.map_err(command)?;
                // The server can return a name more than once.
                names.extend(found);
                cursor = next;
                if cursor == 0 {
                    break;
                }
            }
            let key = |name: &String| {
                let (kind, id) = name.strip_prefix(&prefix)?.split_once(':')?;
                TokenKey::of_parts(app, kind, id)
            };
            Ok(names.iter().filter_map(key).collect())
        })
    }

    fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    fn overdue(&self, timeout: Duration) -> StoreError {
        self.connection.give_up(timeout)
    }
}

impl LeaseCommands for Shared {
    fn take<'a>(
        &'a self,
        key: &'a TokenKey,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(self.connection.within(self.timeout, async move {
            let mut connection = self.connection().await?;
            let mut set = redis::cmd("SET");
            set.arg(self.name("lease", key)).arg(holder);
            set.arg("NX").arg("PX").arg(millis(time));
            let taken: Result<Option<String>, _> = set.query_async(&mut connection).await;
            taken.map(|taken| taken.is_some()).map_err(command)
        }))
    }

    fn renew<'a>(
        &'a self,
        key: &'a TokenKey,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(self.connection.within(self.timeout, async move {
            let mut connection = self.connection().await?;
            let mut renew = self.scripts.renew.key(self.name("lease", key));
            renew.arg(holder).arg(millis(time));
            let renewed: Result<u64, _> = renew.invoke_async(&mut connection).await;
            renewed.map(|renewed| renewed > 0).map_err(command)
        }))
    }

    fn release<'a>(
        &'a self,
        key: &'a TokenKey,
        holder: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.connection.within(self.timeout, async move {
            let mut connection = self.connection().await?;
            let mut release = self.scripts.release.key(self.name("lease", key));
            release.arg(holder);
            let released: Result<u64, _> = release.invoke_async(&mut connection).await;
            released.map(drop).map_err(command)
        }))
    }
}

/// Escapes the special characters of a pattern.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '^' | '-' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
