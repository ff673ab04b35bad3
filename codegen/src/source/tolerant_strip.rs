//! Strips a file of which some parts cannot be read.

use std::collections::BTreeMap;

use super::strip::strip;
use crate::attention::Attention;
use crate::error::FileError;
use crate::json;
use crate::recovery::{RECOVERY_LIMIT, recover};

/// Strips a file as [`strip`] does, without the parts that cannot be read. Returns them too.
///
/// # Errors
/// The file is not JSON, not OpenAPI 3.0, or has no paths.
pub fn strip_tolerantly(
    file: &str,
    bytes: &[u8],
    external: &BTreeMap<String, Vec<u8>>,
) -> Result<(Vec<u8>, Vec<Attention>), FileError> {
    let mut attention = Vec::new();
    let mut error = match strip(file, bytes, external) {
        Ok(stripped) => return Ok((stripped, attention)),
        Err(error) => error,
    };
    let mut document = json::parse(file, bytes)?;
    while attention.len() < RECOVERY_LIMIT && error.file == file {
        let Some(done) = recover(&mut document, &error.pointer) else {
            break;
        };
        attention.push(Attention::new(error, done, None));
        error = match strip(file, document.to_string().as_bytes(), external) {
            Ok(stripped) => return Ok((stripped, attention)),
            Err(error) => error,
        };
    }
    Err(error)
}
