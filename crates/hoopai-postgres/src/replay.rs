//! The replay guard.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Pool, Transaction};
use hoopai_auth::StoreError;
use hoopai_runtime::time::BoxFuture;
use hoopai_webhooks::{
    DeliveryKey, ReplayError, ReplayGuard, ReplayTimes, ReservationId, ReserveOutcome,
};
use rustls::ClientConfig;
use tokio_postgres::types::ToSql;

use crate::connections::{self, TIMEOUT};
use crate::error::{query, within};
use crate::schema::{self, DEFAULT_SCHEMA, quoted};

/// The number of connections of a guard that opens its own.
const CONNECTIONS: usize = 8;

/// The number of expired entries that each new reservation removes. As it is larger than one, the
/// number of expired entries falls while deliveries arrive.
const REMOVED_AT_ONCE: i64 = 8;

/// Remembers deliveries of webhooks in PostgreSQL, so that each is handled once by all machines.
/// Clones share their connections.
///
/// ```no_run
/// use hoopai_postgres::PostgresReplayGuard;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let guard = PostgresReplayGuard::connect(&std::env::var("DATABASE_URL")?)?;
/// guard.migrate().await?;
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
/// | [`schema`](Self::schema): the schema of the tables | `hoopai` |
///
/// Entries have a digest of the delivery's ids as their key and expire by the clock of the server.
/// Each new reservation removes up to eight expired entries. A late commit, after its reservation
/// has expired, counts, as the delivery was handled. A late release changes nothing.
///
/// Changes are committed with `synchronous_commit`, so they survive a crash of the server. If it
/// cannot be reached, operations fail. Deliveries are then answered with 503, and the platform
/// repeats them. A reservation of which the reply is lost expires by itself; until then the
/// delivery is answered with 503 as well.
///
/// With an asynchronous replica, a failover loses the last changes, and repetitions of their
/// deliveries are handled again.
#[derive(Clone)]
pub struct PostgresReplayGuard {
    pool: Pool,
    schema: String,
    statements: Arc<Statements>,
    times: ReplayTimes,
    timeout: Duration,
}

/// The statements with the name of the schema. Handled deliveries have no reservation.
struct Statements {
    reserve: String,
    find: String,
    remove_expired: String,
    commit: String,
    release: String,
}

impl Statements {
    fn new(schema: &str) -> Self {
        let table = format!("{schema}.deliveries");
        Self {
            reserve: format!(
                "INSERT INTO {table} AS delivery (key, reservation, expires_at) \
                 VALUES ($1, $2, clock_timestamp() + $3 * interval '1 second') \
                 ON CONFLICT (key) DO UPDATE \
                 SET reservation = EXCLUDED.reservation, expires_at = EXCLUDED.expires_at \
                 WHERE delivery.expires_at <= clock_timestamp()"
            ),
            find: format!("SELECT reservation IS NULL FROM {table} WHERE key = $1"),
            // Entries that another transaction is changing are left to it. The time is that of the
            // start of the transaction, which the index can be searched for.
            remove_expired: format!(
                "WITH expired AS MATERIALIZED ( \
                     SELECT key FROM {table} WHERE expires_at <= now() \
                     ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED \
                 ) DELETE FROM {table} USING expired WHERE deliveries.key = expired.key"
            ),
            commit: format!(
                "INSERT INTO {table} (key, reservation, expires_at) \
                 VALUES ($1, NULL, clock_timestamp() + $2 * interval '1 second') \
                 ON CONFLICT (key) DO UPDATE \
                 SET reservation = NULL, expires_at = EXCLUDED.expires_at"
            ),
            release: format!("DELETE FROM {table} WHERE key = $1 AND reservation = $2"),
        }
    }
}

impl PostgresReplayGuard {
    /// Creates a guard with up to eight connections of its own, as in
    /// `postgres://user:password@host/database?sslmode=require`. Connects at the first use.
    ///
    /// Connections to other machines use TLS, and the certificate of the server is verified by
    /// those of the operating system. Only `sslmode=disable` turns this off. Connections within
    /// this machine use TLS with `sslmode=require`.
    ///
    /// # Errors
    /// Fails if the URL cannot be read, or if the operating system has no certificates.
    pub fn connect(url: &str) -> Result<Self, StoreError> {
        connections::open(url, CONNECTIONS).map(Self::with_pool)
    }

    /// Creates a guard as [`connect`](Self::connect) does, which trusts the certificates of a PEM
    /// file instead of those of the operating system.
    ///
    /// # Errors
    /// Fails if the URL or the certificates cannot be read.
    pub fn connect_with_root_certificates(url: &str, pem: &[u8]) -> Result<Self, StoreError> {
        connections::open_with_roots(url, pem, CONNECTIONS).map(Self::with_pool)
    }

    /// Creates a guard with connections of its own, and with these settings of TLS.
    ///
    /// # Errors
    /// Fails if the URL cannot be read.
    pub fn connect_with_tls(url: &str, tls: ClientConfig) -> Result<Self, StoreError> {
        connections::open_with_tls(url, tls, CONNECTIONS).map(Self::with_pool)
    }

    /// Creates a guard that uses the connections of your own pool.
    pub fn with_pool(pool: Pool) -> Self {
        let schema = quoted(DEFAULT_SCHEMA);
        Self {
            pool,
            statements: Arc::new(Statements::new(&schema)),
            schema,
            times: ReplayTimes::default(),
            timeout: TIMEOUT,
        }
    }

    /// Sets the schema of the tables; the default is `hoopai`.
    #[must_use]
    pub fn schema(mut self, name: &str) -> Self {
        self.schema = quoted(name);
        self.statements = Arc::new(Statements::new(&self.schema));
        self
    }

    /// Sets the time for which handled deliveries are remembered; the default is 72 hours.
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        self.times = self.times.with_window(window);
        self
    }

    /// Sets the time after which reservations expire; the default is 15 minutes. Choose a time that
    /// is longer than a handler can take, with all its retries.
    #[must_use]
    pub fn reservation_time(mut self, time: Duration) -> Self {
        self.times = self.times.with_reservation_time(time);
        self
    }

    /// Sets the time within which every operation ends, the wait for a connection included; the
    /// default is 10 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Creates the tables unless they exist, and changes tables of older versions, as
    /// [`PostgresStore::migrate`](crate::PostgresStore::migrate) does. Machines can do this at the
    /// same time.
    ///
    /// # Errors
    /// Fails if the database cannot be reached, the role may not create the tables, or they have a
    /// newer version.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        schema::migrate(&self.pool, &self.schema, self.timeout).await
    }

    async fn reserve_with(
        &self,
        key: &DeliveryKey,
        id: ReservationId,
    ) -> Result<ReserveOutcome, StoreError> {
        let key = &key.as_bytes()[..];
        let statements = &self.statements;
        let mut client = connections::client(&self.pool).await?;
        let transaction = connections::durable(&mut client).await?;
        let seconds = self.times.reservation_time().as_secs_f64();
        let values: [&(dyn ToSql + Sync); 3] = [&key, &bits(id), &seconds];
        let is_new = change(&transaction, &statements.reserve, &values).await? > 0;
        let outcome = if is_new {
            change(
                &transaction,
                &statements.remove_expired,
                &[&REMOVED_AT_ONCE],
            )
            .await?;
            ReserveOutcome::New(id)
        } else {
            let find = transaction.prepare_cached(&statements.find).await;
            let find = find.map_err(query)?;
            let found = transaction.query_opt(&find, &[&key]).await.map_err(query)?;
            match found {
                Some(row) if row.try_get(0).map_err(query)? => ReserveOutcome::Duplicate,
                // Without an entry, a reservation was released a moment ago. A repetition can have
                // the next one.
                Some(_) | None => ReserveOutcome::Pending,
            }
        };
        transaction.commit().await.map_err(query)?;
        Ok(outcome)
    }

    /// Runs a statement in a transaction of its own, within the timeout.
    async fn execute(
        &self,
        statement: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<(), ReplayError> {
        let work = async {
            let mut client = connections::client(&self.pool).await?;
            let transaction = connections::durable(&mut client).await?;
            change(&transaction, statement, values).await?;
            transaction.commit().await.map_err(query)
        };
        let result = within(self.timeout, work).await;
        result.map_err(ReplayError::store)
    }
}

/// Runs a statement and returns the number of rows that it changed.
async fn change(
    transaction: &Transaction<'_>,
    statement: &str,
    values: &[&(dyn ToSql + Sync)],
) -> Result<u64, StoreError> {
    let statement = transaction.prepare_cached(statement).await;
    let statement = statement.map_err(query)?;
    transaction.execute(&statement, values).await.map_err(query)
}

/// An id as the table has it: the same bits with a sign.
fn bits(id: ReservationId) -> i64 {
    id.get().cast_signed()
}

/// Hides the URL.
impl fmt::Debug for PostgresReplayGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresReplayGuard")
            .field("schema", &self.schema)
            .field("window", &self.times.window())
            .field("reservation_time", &self.times.reservation_time())
            .finish_non_exhaustive()
    }
}

impl ReplayGuard for PostgresReplayGuard {
    fn reserve<'a>(
        &'a self,
        key: &'a DeliveryKey,
    ) -> BoxFuture<'a, Result<ReserveOutcome, ReplayError>> {
        Box::pin(async {
            let id = ReservationId::random();
            let outcome = within(self.timeout, self.reserve_with(key, id)).await;
            outcome.map_err(ReplayError::store)
        })
    }

    fn commit<'a>(
        &'a self,
        key: &'a DeliveryKey,
        _id: ReservationId,
    ) -> BoxFuture<'a, Result<(), ReplayError>> {
        Box::pin(async {
            let key = &key.as_bytes()[..];
            let seconds = self.times.window().as_secs_f64();
            self.execute(&self.statements.commit, &[&key, &seconds])
                .await
        })
    }

    fn release<'a>(
        &'a self,
        key: &'a DeliveryKey,
        id: ReservationId,
    ) -> BoxFuture<'a, Result<(), ReplayError>> {
        Box::pin(async move {
            let key = &key.as_bytes()[..];
            self.execute(&self.statements.release, &[&key, &bits(id)])
                .await
        })
    }
}
