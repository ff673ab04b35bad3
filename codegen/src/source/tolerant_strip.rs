//! Strips a file of which some parts cannot be read.

use std::collections::BTreeMap;

use super::strip::{read, strip_document};
use crate::attention::Attention;
use crate::error::FileError;
use crate::recovery::{RECOVERY_LIMIT, recover};

/// Strips a file as [`strip`](super::strip::strip) does, without the parts that cannot be read. Returns them too.
///
/// # Errors
/// The file is not JSON, not OpenAPI 3, or has no paths.
pub fn strip_tolerantly(
    file: &str,
    bytes: &[u8],
    external: &BTreeMap<String, Vec<u8>>,
) -> Result<(Vec<u8>, Vec<Attention>), FileError> {
    let (mut document, mut external) = read(file, bytes, external)?;
    let mut attention = Vec::new();
    loop {
        let error = match strip_document(file, &document, &external) {
            Ok(stripped) => return Ok((stripped, attention)),
            Err(error) => error,
        };
        let damaged = match error.file == file {
            true => Some(&mut document),
            false => external.get_mut(&error.file),
        };
        let done = damaged
            .filter(|_| attention.len() < RECOVERY_LIMIT)
            .and_then(|damaged| recover(damaged, &error.pointer));
        match done {
            Some(done) => attention.push(Attention::new(error, done, None)),
            None => return Err(error),
        }
    }
}
