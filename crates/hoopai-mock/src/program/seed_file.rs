//! Seed files, in JSON or YAML.

use std::fs;
use std::io::Read;
use std::str::FromStr;

use serde_json::Value;

/// The longest file. Devices such as `/dev/zero` never end.
const LONGEST: u64 = 256 << 20;

/// The content of a seed file.
#[derive(Clone)]
pub(super) struct SeedFile {
    pub(super) content: Value,
}

impl FromStr for SeedFile {
    type Err = String;

    /// Reads the file of a path.
    fn from_str(path: &str) -> Result<Self, String> {
        let mut text = String::new();
        fs::File::open(path)
            .and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text))
            .map_err(|error| {
                format!("the file cannot be read: {error}; name an existing file in UTF-8")
            })?;
        if text.len() as u64 > LONGEST {
            return Err("the file is longer than 256 MiB; name a shorter one".to_owned());
        }
        let text = text.trim_start_matches('\u{feff}');
        let content = match path.ends_with(".json") {
            true => serde_json::from_str(text)
                .map_err(|error| format!("the file is not JSON: {error}; correct it"))?,
            false => serde_saphyr::from_str(text).map_err(|error| {
                let message = error.to_string();
                let first = message.lines().next().unwrap_or_default();
                format!("the file is not YAML: {first}; correct it")
            })?,
        };
        Ok(Self { content })
    }
}
