//! The replay guard.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hoopai_auth::StoreError;
use hoopai_runtime::time::BoxFuture;
use hoopai_webhooks::{
    DeliveryKey, ReplayError, ReplayGuard, ReplayTimes, ReservationId, ReserveOutcome,
};
use redis::Script;
use redis::aio::ConnectionManager;

use crate::connection::{Connection, TIMEOUT, constructors, millis};
use crate::error::command;
use crate::shared::RELEASE;
use crate::{durability, store};

/// The value of a handled delivery. The value of a reserved one is the id of its reservation.
const HANDLED: &str = "handled";

/// Creates an entry unless there is one. Returns the value of that one.
const RESERVE: &str = r"
local current = redis.call('GET', KEYS[1])
if current then return current end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
";

/// Remembers deliveries of webhooks in Redis, so that each is handled once by all machines. Clones
/// share one connection, which is opened at the first use and opened again when it breaks.
///
/// ```no_run
/// use hoopai_redis::RedisReplayGuard;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let guard = RedisReplayGuard::connect("rediss://redis.internal:6379")?;
/// guard.check_durability().await?;
/// // Then, with the feature `axum`: Receiver::new(verifier).replay_guard(guard)
/// # Ok(())
/// # }
/// ```
///
/// | setting | default |
/// |---|---|
/// | [`window`](Self::window): how long a handled delivery is remembered | 72 hours |
/// | [`reservation_time`](Self::reservation_time): when a reservation expires | 15 minutes |
/// | [`timeout`](Self::timeout): the time within which an operation ends | 10 seconds |
/// | [`prefix`](Self::prefix): what the names of entries begin with | `hoopai` |
///
/// Entries have a digest of the delivery's ids as their name and expire by the clock of the server.
/// A late commit, after its reservation has expired, counts, as the delivery was handled. A late
/// release changes nothing.
///
/// If the server cannot be reached, operations fail. Deliveries are then answered with 503, and the
/// platform repeats them. A reservation of which the reply is lost expires by itself; until then
/// the delivery is answered with 503 as well.
///
/// Redis can lose acknowledged writes, in a crash or at a failover. A repetition of a delivery that
/// is lost in this way is handled again. With a `maxmemory-policy` that evicts entries, the same
/// happens whenever memory is short. [`check_durability`](Self::check_durability) reads the
/// settings of the server.
#[derive(Clone)]
pub struct RedisReplayGuard {
    settings: Settings,
    connection: Connection,
    scripts: Arc<Scripts>,
}

#[derive(Clone)]
struct Settings {
    prefix: String,
    times: ReplayTimes,
    timeout: Duration,
}

struct Scripts {
    reserve: Script,
    release: Script,
}

constructors!(RedisReplayGuard);

impl RedisReplayGuard {
    fn with_connection(connection: Connection) -> Self {
        Self {
            settings: Settings {
                prefix: store::DEFAULT_PREFIX.to_owned(),
                times: ReplayTimes::default(),
                timeout: TIMEOUT,
            },
            connection,
            scripts: Arc::new(Scripts {
                reserve: Script::new(RESERVE),
                release: Script::new(RELEASE),
            }),
        }
    }

    /// Sets the time for which handled deliveries are remembered; the default is 72 hours.
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        self.settings.times = self.settings.times.with_window(window);
        self
    }

    /// Sets the time after which reservations expire; the default is 15 minutes. Choose a time that
    /// is longer than a handler can take, with all its retries.
    #[must_use]
    pub fn reservation_time(mut self, time: Duration) -> Self {
        self.settings.times = self.settings.times.with_reservation_time(time);
        self
    }

    /// Sets the time within which every operation ends; the default is 10 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// Sets what the names of all entries begin with; the default is `hoopai`. Apps may share it:
    /// names differ by the id of the app.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.settings.prefix = prefix.into();
        self
    }

    /// Checks that the server keeps what it has acknowledged: `appendonly yes`,
    /// `appendfsync always` and `maxmemory-policy noeviction`.
    ///
    /// # Errors
    /// Fails if a setting has another value, or if the server does not show its settings. Managed
    /// servers often hide them; check them there by the means of the provider.
    pub async fn check_durability(&self) -> Result<(), StoreError> {
        self.connection
            .within(self.settings.timeout, async {
                durability::check(&mut self.connection().await?).await
            })
            .await
    }

    async fn connection(&self) -> Result<ConnectionManager, StoreError> {
        self.connection.get(self.settings.timeout).await
    }

    fn name(&self, key: &DeliveryKey) -> String {
        format!("{}:deliveries:{key}", self.settings.prefix)
    }

    /// Runs an operation within the timeout.
    async fn run<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, ReplayError> {
        let result = self.connection.within(self.settings.timeout, work).await;
        result.map_err(ReplayError::store)
    }
}

/// Hides the URL.
impl fmt::Debug for RedisReplayGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisReplayGuard")
            .field("prefix", &self.settings.prefix)
            .field("window", &self.settings.times.window())
            .field("reservation_time", &self.settings.times.reservation_time())
            .finish_non_exhaustive()
    }
}

impl ReplayGuard for RedisReplayGuard {
    fn reserve<'a>(
        &'a self,
        key: &'a DeliveryKey,
    ) -> BoxFuture<'a, Result<ReserveOutcome, ReplayError>> {
        Box::pin(self.run(async move {
            let id = ReservationId::random();
            let mut connection = self.connection().await?;
            let mut reserve = self.scripts.reserve.key(self.name(key));
            reserve
                .arg(id.get())
                .arg(millis(self.settings.times.reservation_time()));
            let found: Option<String> = reserve
                .invoke_async(&mut connection)
                .await
                .map_err(command)?;
            Ok(match found.as_deref() {
                None => ReserveOutcome::New(id),
                Some(HANDLED) => ReserveOutcome::Duplicate,
                Some(_) => ReserveOutcome::Pending,
            })
        }))
    }

    fn commit<'a>(
        &'a self,
        key: &'a DeliveryKey,
        _id: ReservationId,
    ) -> BoxFuture<'a, Result<(), ReplayError>> {
        Box::pin(self.run(async move {
            let mut connection = self.connection().await?;
            let mut set = redis::cmd("SET");
            set.arg(self.name(key)).arg(HANDLED);
            set.arg("PX").arg(millis(self.settings.times.window()));
            set.query_async(&mut connection).await.map_err(command)
        }))
    }

    fn release<'a>(
        &'a self,
        key: &'a DeliveryKey,
        id: ReservationId,
    ) -> BoxFuture<'a, Result<(), ReplayError>> {
        Box::pin(self.run(async move {
            let mut connection = self.connection().await?;
            let mut release = self.scripts.release.key(self.name(key));
            release.arg(id.get());
            let released: Result<u64, _> = release.invoke_async(&mut connection).await;
            released.map(drop).map_err(command)
        }))
    }
}
