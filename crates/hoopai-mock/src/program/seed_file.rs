//! Seed files, in JSON or YAML.

use std::fs;
use std::str::FromStr;

use serde_json::Value;

/// The content of a seed file.
#[derive(Clone)]
pub(super) struct SeedFile {
    pub(super) content: Value,
}

impl FromStr for SeedFile {
    type Err = String;

    /// Reads the file of a path.
    fn from_str(path: &str) -> Result<Self, String> {
        let text = fs::read_to_string(path)
            .map_err(|error| format!("the file cannot be read: {error}; name an existing file"))?;
        let content = match path.ends_with(".json") {
            true => serde_json::from_str(&text)
                .map_err(|error| format!("the file is not JSON: {error}; correct it"))?,
            false => serde_saphyr::from_str(&text).map_err(|error| {
                let message = error.to_string();
                let first = message.lines().next().unwrap_or_default();
                format!("the file is not YAML: {first}; correct it")
            })?,
        };
        Ok(Self { content })
    }
}
