//! The writer of a dry run.

use std::sync::atomic::{AtomicU64, Ordering};

use hoopai_bulk::{Found, MappedWriter, Row, RowError, RowWriter, Written};
use hoopai_runtime::Error;
use hoopai_runtime::time::BoxFuture;

/// Writes rows to a mock server, which has none of the account's records. A row that names one of
/// them, such as the contact of a tag, is not rejected for that.
pub(super) struct Trial {
    writer: MappedWriter,
    /// The number of rows that name a record.
    pub(super) unknown: AtomicU64,
}

impl Trial {
    pub(super) fn new(writer: MappedWriter) -> Self {
        Trial {
            writer,
            unknown: AtomicU64::new(0),
        }
    }
}

impl RowWriter for Trial {
    fn check_columns(&self, columns: &[String]) -> Result<(), RowError> {
        self.writer.check_columns(columns)
    }

    fn check(&self, row: &Row) -> Result<(), RowError> {
        self.writer.check(row)
    }

    fn keys(&self, row: &Row) -> Vec<String> {
        self.writer.keys(row)
    }

    fn check_before<'a>(
        &'a self,
        row: &'a Row,
    ) -> Option<BoxFuture<'a, Result<Option<RowError>, Error>>> {
        self.writer.check_before(row)
    }

    async fn write(&self, row: &Row) -> Result<Written, Error> {
        match self.writer.write(row).await {
            Err(error) if error.is_not_found() => {
                self.unknown.fetch_add(1, Ordering::Relaxed);
                Ok(String::new().into())
            }
            result => result,
        }
    }

    async fn find(&self, row: &Row) -> Result<Found, Error> {
        self.writer.find(row).await
    }
}
