//! Comparison of a job's folder with its journal.

use std::path::Path;

use crate::error::{BulkError, BulkErrorKind};
use crate::export::verify_export;
use crate::job;
use crate::verified::VerifyReport;

/// Compares the files of an export with its journal: sizes and checksums. Of a copy that is kept up
/// to date, it checks the database. It changes nothing, and reads all files.
///
/// # Errors
/// The folder holds no job, or an import, whose files are not compared; the journal or the database
/// is damaged; a file cannot be read.
pub fn verify(folder: impl AsRef<Path>) -> Result<VerifyReport, BulkError> {
    let folder = folder.as_ref();
    match job::kind(folder)?.as_str() {
        "export" => verify_export(folder),
        #[cfg(feature = "sync")]
        "sync" => crate::sync::verify_database(folder),
        kind => Err(BulkError::new(
            BulkErrorKind::Invalid,
            format!("the files of a job of the kind `{kind}` cannot be compared"),
            "pass the folder of an export or of a copy",
        )
        .at(folder)),
    }
}
