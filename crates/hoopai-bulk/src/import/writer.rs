//! What writes the rows of an import.

use std::borrow::Cow;

use hoopai_runtime::Error;
use hoopai_runtime::time::BoxFuture;

use super::Row;

/// Writes the rows of an [`Import`](super::Import): how a row is checked, sent, and found again.
///
/// `write` is called again for a row only after `find` found nothing, so an implementation of
/// `find` that is right makes each record once.
pub trait RowWriter: Send + Sync {
    /// Checks the columns of a CSV file, before its rows are checked.
    ///
    /// # Errors
    /// The columns cannot be used. The import ends with this reason.
    fn check_columns(&self, columns: &[String]) -> Result<(), RowError> {
        let _ = columns;
        Ok(())
    }

    /// Checks a row. It is called for all rows before the first is sent.
    ///
    /// # Errors
    /// The row cannot be sent. It is rejected.
    fn check(&self, row: &Row) -> Result<(), RowError> {
        let _ = row;
        Ok(())
    }

    /// What identifies the record of a row, such as an email address. A row with the key of an
    /// earlier row is rejected. `None`: the row has no key.
    fn key(&self, row: &Row) -> Option<String> {
        let _ = row;
        None
    }

    /// All of what identifies the record of a row, such as its email address and its telephone
    /// number. A row that has one of an earlier row is rejected.
    fn keys(&self, row: &Row) -> Vec<String> {
        self.key(row).into_iter().collect()
    }

    /// A request before a row is sent, whose reply can reject the row. `None`: there is none.
    fn check_before<'a>(
        &'a self,
        row: &'a Row,
    ) -> Option<BoxFuture<'a, Result<Option<RowError>, Error>>> {
        let _ = row;
        None
    }

    /// Sends a row, and returns its record.
    ///
    /// # Errors
    /// The call failed. A reply with status 400, 404, 409 or 422 rejects the row; after another
    /// error the row is looked up when the job continues.
    fn write(&self, row: &Row) -> impl Future<Output = Result<Written, Error>> + Send;

    /// Finds the record of a row that was sent without an answer.
    ///
    /// # Errors
    /// The call failed.
    fn find(&self, row: &Row) -> impl Future<Output = Result<Found, Error>> + Send;
}

/// The record of a row that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub(super) id: String,
    pub(super) created: Option<bool>,
    pub(super) problem: Option<RowError>,
}

impl Written {
    /// The row created a record with this id. [`Undo`](super::Undo) removes it.
    pub fn created(id: impl Into<String>) -> Self {
        Written {
            created: Some(true),
            ..id.into().into()
        }
    }

    /// The row updated the record with this id.
    pub fn updated(id: impl Into<String>) -> Self {
        Written {
            created: Some(false),
            ..id.into().into()
        }
    }

    /// States that the record lacks something of the row, which is therefore rejected.
    #[must_use]
    pub fn lacks(mut self, problem: RowError) -> Self {
        self.problem = Some(problem);
        self
    }
}

/// The record has this id. Whether the row created it is not stated.
impl From<String> for Written {
    fn from(id: String) -> Self {
        Written {
            id,
            created: None,
            problem: None,
        }
    }
}

/// The result of a search for the record of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The record exists and has this id.
    Record(String),
    /// The record does not exist.
    Nothing,
    /// There is no way to find out. The row is sent again, so its record may be made twice.
    Unknown,
}

/// The reason why a row is rejected: a field and a text, neither of which may contain a value of the
/// row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    pub(super) field: Option<String>,
    pub(super) message: Cow<'static, str>,
}

impl RowError {
    /// The row is rejected for this reason.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        RowError {
            field: None,
            message: message.into(),
        }
    }

    /// What the reply to a call says about a row, if it is about the row.
    pub(super) fn of_reply(error: &Error) -> Option<Self> {
        let about_row = matches!(error.status()?.as_u16(), 400 | 404 | 409 | 422);
        about_row.then(|| RowError {
            field: error.parameter().map(str::to_owned),
            message: error.to_string().into(),
        })
    }

    /// The name of the field, if the reason is about one.
    pub fn field_name(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// The reason.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Names the field.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>) -> Self {
        self.field = Some(name.into());
        self
    }
}
