//! The settings of a server that decide whether it can lose entries.

use std::collections::HashMap;

use hoopai_auth::{StoreError, StoreErrorKind};
use redis::aio::ConnectionManager;

/// A setting, the value that keeps entries, and what happens with others.
const SETTINGS: [(&str, &str, &str); 3] = [
    ("appendonly", "yes", "a restart loses entries"),
    (
        "appendfsync",
        "always",
        "a crash loses the changes of the last second",
    ),
    (
        "maxmemory-policy",
        "noeviction",
        "entries are removed when memory is short",
    ),
];

pub(crate) async fn check(connection: &mut ConnectionManager) -> Result<(), StoreError> {
    let mut command = redis::cmd("CONFIG");
    command.arg("GET");
    for (name, _, _) in SETTINGS {
        command.arg(name);
    }
    let found: HashMap<String, String> =
        command.query_async(connection).await.map_err(|error| {
            StoreError::new(
                "the Redis server does not show its settings",
                "allow CONFIG GET, or check appendonly, appendfsync and maxmemory-policy yourself",
            )
            .caused_by(error)
        })?;
    let mut problems = Vec::new();
    for (name, expected, consequence) in SETTINGS {
        let value = found.get(name).map_or("unknown", String::as_str);
        if value != expected {
            problems.push(format!("{name} is {value}: {consequence}"));
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    let changes: Vec<String> = SETTINGS
        .iter()
        .map(|(name, expected, _)| format!("{name} {expected}"))
        .collect();
    Err(StoreError::of_kind(
        StoreErrorKind::Unsafe,
        format!(
            "Redis does not keep entries safely: {}",
            problems.join("; ")
        ),
        format!("set {}, or use hoopai-postgres", changes.join(", ")),
    ))
}
