//! The statements of a store on its connections.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use hoopai_auth::{LeaseCommands, StoreError, StoreServer, Swap, TokenKey};
use hoopai_runtime::time::BoxFuture;
use tokio_postgres::types::ToSql;

use crate::connections::{self, durable};
use crate::error::{overdue, query, within};
use crate::schema::Statements;

/// What the clones of a store and its leases share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) pool: Pool,
    pub(crate) statements: Arc<Statements>,
    pub(crate) timeout: Duration,
}

impl Shared {
    async fn client(&self) -> Result<Object, StoreError> {
        connections::client(&self.pool).await
    }

    async fn change_lease(
        &self,
        statement: &str,
        key: &TokenKey,
        holder: &str,
        time: Option<Duration>,
    ) -> Result<bool, StoreError> {
        within(self.timeout, async {
            let (app, kind, account) = parts(key);
            let seconds = time.map(|time| time.as_secs_f64());
            let mut values: Vec<&(dyn ToSql + Sync)> = vec![&app, &kind, &account, &holder];
            values.extend(
                seconds
                    .as_ref()
                    .map(|seconds| seconds as &(dyn ToSql + Sync)),
            );
            let client = self.client().await?;
            let statement = client.prepare_cached(statement).await.map_err(query)?;
            let changed = client.execute(&statement, &values).await;
            changed.map(|rows| rows > 0).map_err(query)
        })
        .await
    }
}

impl StoreServer for Shared {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        Box::pin(async move {
            let client = self.client().await?;
            let statement = client.prepare_cached(&self.statements.load);
            let statement = statement.await.map_err(query)?;
            let (app, kind, account) = parts(key);
            let values: [&(dyn ToSql + Sync); 3] = [&app, &kind, &account];
            let row = client.query_opt(&statement, &values).await;
            let row = row.map_err(query)?;
            row.map(|row| row.try_get(0).map_err(query)).transpose()
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<(u64, Vec<u8>)>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(async move {
            let (app, kind, account) = parts(key);
            let statements = &self.statements;
            let mut client = self.client().await?;
            // A refresh token must not be lost by a crash.
            let transaction = durable(&mut client).await?;
            let new = new.map(|(revision, record)| (bits(revision), record));
            let changed = match (expected.map(bits), &new) {
                (None, Some((revision, record))) => {
                    let values: [&(dyn ToSql + Sync); 5] =
                        [&app, &kind, &account, revision, record];
                    transaction.execute(&statements.insert, &values).await
                }
                (Some(expected), Some((revision, record))) => {
                    let values: [&(dyn ToSql + Sync); 6] =
                        [&app, &kind, &account, revision, record, &expected];
                    transaction.execute(&statements.update, &values).await
                }
                (Some(expected), None) => {
                    let values: [&(dyn ToSql + Sync); 4] = [&app, &kind, &account, &expected];
                    transaction.execute(&statements.delete, &values).await
                }
                (None, None) => {
                    let values: [&(dyn ToSql + Sync); 3] = [&app, &kind, &account];
                    let row = transaction.query_opt(&statements.load, &values).await;
                    row.map(|row| u64::from(row.is_none()))
                }
            };
            let changed = changed.map_err(query)?;
            transaction.commit().await.map_err(query)?;
            Ok(match changed {
                0 => Swap::Conflict,
                _ => Swap::Done,
            })
        })
    }

    fn keys<'a>(&'a self, app: &'a str) -> BoxFuture<'a, Result<Vec<TokenKey>, StoreError>> {
        Box::pin(async move {
            let client = self.client().await?;
            let statement = client.prepare_cached(&self.statements.list);
            let statement = statement.await.map_err(query)?;
            let rows = client.query(&statement, &[&app]).await.map_err(query)?;
            let mut keys = Vec::with_capacity(rows.len());
            for row in rows {
                let (kind, id): (&str, &str) = (
                    row.try_get(0).map_err(query)?,
                    row.try_get(1).map_err(query)?,
                );
                keys.extend(TokenKey::of_parts(app, kind, id));
            }
            Ok(keys)
        })
    }

    fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    fn overdue(&self, timeout: Duration) -> StoreError {
        overdue(timeout)
    }
}

impl LeaseCommands for Shared {
    fn take<'a>(
        &'a self,
        key: &'a TokenKey,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(self.change_lease(&self.statements.lease, key, holder, Some(time)))
    }

    fn renew<'a>(
        &'a self,
        key: &'a TokenKey,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(self.change_lease(&self.statements.renew, key, holder, Some(time)))
    }

    fn release<'a>(
        &'a self,
        key: &'a TokenKey,
        holder: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let statement = &self.statements.release;
            self.change_lease(statement, key, holder, None)
                .await
                .map(drop)
        })
    }
}

/// The columns of a key.
fn parts(key: &TokenKey) -> (&str, &str, &str) {
    (&key.app, key.account.user_type().as_str(), key.account.id())
}

/// A revision as the table has it: the same bits with a sign.
fn bits(revision: u64) -> i64 {
    revision.cast_signed()
}
