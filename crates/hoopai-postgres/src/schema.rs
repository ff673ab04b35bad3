//! The tables, and their version.

use deadpool_postgres::Transaction;
use hoopai_auth::StoreError;

use crate::error::query;

/// The version of the tables that this crate reads and writes.
const VERSION: i32 = 1;

/// Excludes concurrent migrations; the number has no meaning.
const LOCK: i64 = 0x686f_6f70_6169;

/// The statements with the name of the schema.
pub(crate) struct Statements {
    pub(crate) load: String,
    pub(crate) list: String,
    pub(crate) insert: String,
    pub(crate) update: String,
    pub(crate) delete: String,
    pub(crate) lease: String,
    pub(crate) renew: String,
    pub(crate) release: String,
    schema: String,
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

    /// Creates or changes the tables.
    pub(crate) async fn migrate(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        let schema = &self.schema;
        let lock = "SELECT pg_advisory_xact_lock($1)";
        transaction.execute(lock, &[&LOCK]).await.map_err(query)?;
        let create = format!(
            "CREATE SCHEMA IF NOT EXISTS {schema};
             CREATE TABLE IF NOT EXISTS {schema}.version (version integer NOT NULL);"
        );
        transaction.batch_execute(&create).await.map_err(query)?;
        let select = format!("SELECT version FROM {schema}.version");
        let found = transaction.query_opt(&select, &[]).await.map_err(query)?;
        match found.map(|row| row.get::<_, i32>(0)) {
            Some(version) if version > VERSION => Err(StoreError::new(
                format!(
                    "the tables for tokens have version {version}; this library knows {VERSION}"
                ),
                "use a newer version of hoopai-postgres, as the other machines do",
            )),
            Some(_) => Ok(()),
            None => {
                let tables = format!(
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
                     );
                     INSERT INTO {schema}.version VALUES ({VERSION});"
                );
                transaction.batch_execute(&tables).await.map_err(query)
            }
        }
    }
}

/// A quoted name of SQL.
fn quoted(name: &str) -> String {
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
