//! Files that are replaced only when they are complete.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::error::BulkError;

/// Writes a file under another name, and gives it its name when it is on the disk. The function
/// returns the file with all of its content.
pub(crate) fn replace<T>(
    path: &Path,
    what: &str,
    write: impl FnOnce(File) -> Result<(File, T), BulkError>,
) -> Result<T, BulkError> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let failed = |cause: io::Error| BulkError::io(what, path, cause);
    let file = File::create(&new).map_err(failed)?;
    let written = write(file).and_then(|(file, value)| {
        file.sync_all().map_err(failed)?;
        fs::rename(&new, path).map_err(failed)?;
        Ok(value)
    });
    if written.is_err() {
        // The error to report is the first one.
        let _ = fs::remove_file(&new);
    }
    written
}
