//! The connection of a store or guard.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hoopai_auth::StoreError;
use redis::Client;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use crate::error::{command, within};

/// A connection that clones share. It is opened at the first use, in the runtime of the caller.
#[derive(Clone)]
pub(crate) struct Connection {
    client: Client,
    opened: Arc<Mutex<Option<ConnectionManager>>>,
}

impl Connection {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            opened: Arc::default(),
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
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = &*opened {
            return Ok(connection.clone());
        }
        // Limits are those of the whole operation.
        let settings = ConnectionManagerConfig::new()
            .set_response_timeout(None)
            .set_connection_timeout(None)
            .set_number_of_retries(2)
            .set_max_delay(limit / 10);
        let connection = self.client.get_connection_manager_lazy(settings);
        let connection = connection.map_err(command)?;
        Ok(opened.insert(connection).clone())
    }

    /// Waits for a result of the server, for a limited time. After that time the connection is
    /// given up, as one that the network has lost never answers.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let mut has_ended = false;
        let result = within(limit, async {
            let result = work.await;
            has_ended = true;
            result
        });
        let result = result.await;
        if !has_ended {
            *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        result
    }
}

/// A lifetime as commands have it. Zero is not allowed there.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}
