//! The tables, and their version.

use std::time::Duration;

use deadpool_postgres::{Pool, Transaction};
use hoopai_auth::StoreError;

use crate::connections::client;
use crate::error::{query, within};

/// The version of the tables that this crate reads and writes.
const VERSION: i32 = 2;

pub(crate) const DEFAULT_SCHEMA: &str = "hoopai";

/// Excludes concurrent migrations; the number has no meaning.
const LOCK: i64 = 0x686f_6f70_6169;

/// The statements of a token store with the name of the schema.
pub(crate) struct Statements {
    pub(crate) load: String,
    pub(crate) list: String,
    pub(crate) insert: String,
    pub(crate) update: String,
    pub(crate) delete: String,
    pub(crate) lease: String,
    pub(crate) renew: String,
    pub(crate) release: String,
    /// The quoted name of the schema.
    pub(crate) schema: String,
}

impl Statements {
    pub(crate) fn new(schema: &str) -> Self {
        let schema = quoted(schema);
        let key = "app = $1 AND account_kind = $2 AND account = $3";
        let names = "(app, account_kind, account";
        Self {
            load: format!("SELECT record FROM {schema}.tokens WHERE {key}"),
            list: format!("SELECT account_kind, account FROM {schema}.tokens WHERE app = $1"),
            insert: format!(
                "INSERT INTO {schema}.tokens {names}, revision, record) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"
            ),
            update: format!(
                "UPDATE {schema}.tokens SET revision = $4, record = $5, \
                 updated_at = clock_timestamp() WHERE {key} AND revision = $6"
            ),
            delete: format!("DELETE FROM {schema}.tokens WHERE {key} AND revision = $4"),
            lease: format!(
                "INSERT INTO {schema}.leases AS lease {names}, holder, expires_at) \
                 VALUES ($1, $2, $3, $4, clock_timestamp() + $5 * interval '1 second') \
                 ON CONFLICT {names}) DO UPDATE \
                 SET holder = EXCLUDED.holder, expires_at = EXCLUDED.expires_at \
                 WHERE lease.expires_at <= clock_timestamp()"
            ),
            renew: format!(
                "UPDATE {schema}.leases \
                 SET expires_at = clock_timestamp() + $5 * interval '1 second' \
                 WHERE {key} AND holder = $4"
            ),
            release: format!("DELETE FROM {schema}.leases WHERE {key} AND holder = $4"),
            schema,
        }
    }
}

/// Creates the tables in a schema, or changes those of an older version.
pub(crate) async fn migrate(
    connections: &Pool,
    schema: &str,
    limit: Duration,
) -> Result<(), StoreError> {
    within(limit, async {
        let mut client = client(connections).await?;
        let transaction = client.transaction().await.map_err(query)?;
        migrate_in(&transaction, schema).await?;
        transaction.commit().await.map_err(query)
    })
    .await
}

async fn migrate_in(transaction: &Transaction<'_>, schema: &str) -> Result<(), StoreError> {
    let lock = "SELECT pg_advisory_xact_lock($1)";
    transaction.execute(lock, &[&LOCK]).await.map_err(query)?;
    let create = format!(
        "CREATE SCHEMA IF NOT EXISTS {schema};
         CREATE TABLE IF NOT EXISTS {schema}.version (version integer NOT NULL);"
    );
    transaction.batch_execute(&create).await.map_err(query)?;
    let select = format!("SELECT version FROM {schema}.version");
    let found = transaction.query_opt(&select, &[]).await.map_err(query)?;
    let found = found.map_or(0, |row| row.get::<_, i32>(0));
    if found > VERSION {
        return Err(StoreError::new(
            format!("the tables have version {found}; this library supports {VERSION}"),
            "use a newer version of hoopai-postgres, as the other machines do",
        ));
    }
    for (version, change) in (1..).zip(changes(schema)) {
        if version > found {
            transaction.batch_execute(&change).await.map_err(query)?;
        }
    }
    if found < VERSION {
        let set = format!(
            "DELETE FROM {schema}.version; INSERT INTO {schema}.version VALUES ({VERSION});"
        );
        transaction.batch_execute(&set).await.map_err(query)?;
    }
    Ok(())
}

/// The statements that lead to each version from the one before it. They are never edited, as
/// databases exist that have run them.
fn changes(schema: &str) -> [String; 2] {
    [
        format!(
            "CREATE TABLE {schema}.tokens (
                 app text NOT NULL,
                 account_kind text NOT NULL,
                 account text NOT NULL,
                 revision bigint NOT NULL,
                 record bytea NOT NULL,
                 updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
                 PRIMARY KEY (app, account_kind, account)
             );
             CREATE TABLE {schema}.leases (
                 app text NOT NULL,
                 account_kind text NOT NULL,
                 account text NOT NULL,
                 holder text NOT NULL,
                 expires_at timestamptz NOT NULL,
                 PRIMARY KEY (app, account_kind, account)
             );"
        ),
        format!(
            "CREATE TABLE {schema}.deliveries (
                 key bytea PRIMARY KEY,
                 reservation bigint,
                 expires_at timestamptz NOT NULL
             );
             CREATE INDEX deliveries_expires_at ON {schema}.deliveries (expires_at);"
        ),
    ]
}

/// A quoted name of SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn names_cannot_end_their_quotes() {
        assert_eq!(
            quoted("a\"; DROP TABLE x; --"),
            "\"a\"\"; DROP TABLE x; --\""
        );
    }
}
