//! The connection of a store or guard.

use std::sync::Arc;
use std::time::Duration;

use hoopai_auth::StoreError;
use redis::Client;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use tokio::sync::OnceCell;

use crate::error::command;

/// The time within which an operation ends by default.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// A connection that clones share. It is opened at the first use, in the runtime of the caller.
#[derive(Clone)]
pub(crate) struct Connection {
    client: Client,
    opened: Arc<OnceCell<ConnectionManager>>,
}

impl Connection {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            opened: Arc::new(OnceCell::new()),
        }
    }

    pub(crate) fn of_url(url: &str) -> Result<Self, StoreError> {
        let client = Client::open(url).map_err(|_| {
            // The error can show the password.
            StoreError::new(
                "the URL of Redis cannot be read",
                "use redis://user:password@host:port/0 or rediss://…, percent-encoded",
            )
        })?;
        Ok(Self::new(client))
    }

    /// Returns the connection, for operations with this limit.
    pub(crate) async fn get(&self, limit: Duration) -> Result<ConnectionManager, StoreError> {
        let open = || async {
            // Limits are those of the whole operation.
            let settings = ConnectionManagerConfig::new()
                .set_response_timeout(None)
                .set_connection_timeout(None)
                .set_number_of_retries(2)
                .set_max_delay(limit / 10);
            self.client.get_connection_manager_lazy(settings)
        };
        let connection = self.opened.get_or_try_init(open).await;
        connection.cloned().map_err(command)
    }
}

/// A lifetime as commands have it. Zero is not allowed there.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}
