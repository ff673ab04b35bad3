//! JSON of any shape, for what the interface files leave open.

pub use serde_json::Value;

/// A JSON object of any shape.
pub type Map = serde_json::Map<String, Value>;
