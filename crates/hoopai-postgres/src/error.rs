//! Errors of the database as errors of a store.

use std::time::Duration;

use deadpool_postgres::PoolError;
use hoopai_auth::{StoreError, tls};
use tokio_postgres::error::SqlState;

/// Waits for a result of the database, for a limited time.
pub(crate) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    hoopai_auth::within(limit, || overdue(limit), work).await
}

pub(crate) fn overdue(limit: Duration) -> StoreError {
    StoreError::new(
        format!("the database did not answer within {limit:?}"),
        "check the load of the server, locks on the tables of the schema, and the network",
    )
}

pub(crate) fn pool(error: PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) => query(error),
        PoolError::Timeout(_) => StoreError::new(
            "no connection to the database became free in time",
            "raise the size of the pool, or check for connections that are never returned",
        ),
        error => StoreError::new(
            "the pool gave no connection to the database",
            "check that the pool is open and belongs to this Tokio runtime",
        )
        .caused_by(error),
    }
}

/// The messages of a database can contain values, so they are in the cause only.
pub(crate) fn query(error: tokio_postgres::Error) -> StoreError {
    let Some(state) = error.code().cloned() else {
        return connection(error);
    };
    let stopping = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
    ];
    let missing = [
        SqlState::UNDEFINED_TABLE,
        SqlState::INVALID_SCHEMA_NAME,
        SqlState::UNDEFINED_COLUMN,
    ];
    let (message, remedy) = if stopping.contains(&state) {
        (
            "the database server is stopping or starting",
            "try again in a moment",
        )
    } else if missing.contains(&state) {
        (
            "tables are missing or have an older version",
            "call `migrate` of the store or guard once, with a role that may create a schema",
        )
    } else if state == SqlState::INSUFFICIENT_PRIVILEGE {
        (
            "the role has no access to the tables",
            "grant it USAGE of the schema, and SELECT, INSERT, UPDATE, DELETE on its tables",
        )
    } else if state == SqlState::READ_ONLY_SQL_TRANSACTION {
        (
            "the database is read-only",
            "connect to the primary server, with target_session_attrs=read-write in the URL",
        )
    } else if [
        SqlState::INVALID_PASSWORD,
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
    ]
    .contains(&state)
    {
        (
            "the database rejected the role or its password",
            "check the user and the password of the URL, and whether the server demands TLS, as in \
             sslmode=require",
        )
    } else if state == SqlState::INVALID_CATALOG_NAME {
        (
            "the database does not exist",
            "create it, or check its name in the URL",
        )
    } else {
        return StoreError::new(
            format!(
                "the database rejected the statement, SQLSTATE {}",
                state.code()
            ),
            "see the log of the database server",
        )
        .caused_by(error);
    };
    StoreError::new(message, remedy).caused_by(error)
}

fn connection(error: tokio_postgres::Error) -> StoreError {
    if let Some(error) = tls::error("the database", &error) {
        return error;
    }
    let cause = std::error::Error::source(&error);
    let cause = cause.map_or_else(|| error.to_string(), ToString::to_string);
    StoreError::new(
        format!("the connection to the database failed: {cause}"),
        "check that the server runs, and the host, port and sslmode of the URL: other machines \
         need TLS, or sslmode=disable in a trusted network",
    )
    .caused_by(error)
}
