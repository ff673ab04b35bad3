//! Errors of Redis as errors of a store.

use std::time::Duration;

use hoopai_auth::{StoreError, tls};
use redis::{ErrorKind, RedisError, ServerErrorKind};

pub(crate) fn overdue(limit: Duration) -> StoreError {
    StoreError::new(
        format!("Redis did not answer within {limit:?}"),
        "check the load of the server, and the network",
    )
}

/// The messages of a server can contain values, so they are in the cause only.
pub(crate) fn command(error: RedisError) -> StoreError {
    if let Some(error) = tls::error("Redis", &error) {
        return error;
    }
    let (message, remedy) = match error.kind() {
        ErrorKind::AuthenticationFailed => (
            "Redis rejected the user or the password".to_owned(),
            "check them in the URL, redis://user:password@host:port",
        ),
        ErrorKind::Server(ServerErrorKind::ReadOnly) => (
            "this Redis server is a replica, which is read-only".to_owned(),
            "connect to the primary server",
        ),
        ErrorKind::Server(ServerErrorKind::BusyLoading | ServerErrorKind::MasterDown) => (
            "the Redis server is starting, or lost its primary server".to_owned(),
            "try again in a moment",
        ),
        _ if error.is_connection_refusal() || error.is_io_error() || error.is_timeout() => (
            "the connection to Redis failed".to_owned(),
            "check that the server runs, and the scheme, host and port of the URL: rediss://… for \
             TLS, redis://… without",
        ),
        _ => (
            format!(
                "Redis rejected the command, code {}",
                error.code().unwrap_or("unknown")
            ),
            "check the permissions of the user (EVAL, HGET, HSET, DEL, SET, PEXPIRE), and the log \
             of the server",
        ),
    };
    StoreError::new(message, remedy).caused_by(error)
}
