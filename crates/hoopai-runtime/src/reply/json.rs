//! JSON of any shape, and the tolerant decoder for JSON that does not come from a call.

use serde::de::DeserializeOwned;
pub use serde_json::Value;

use crate::Error;
use crate::decode;
pub use crate::decode::Decoded;
use crate::decode::{DecodeErrorKind, Repaired};
use crate::redact::SentValues;

/// A JSON object of any shape.
pub type Map = serde_json::Map<String, Value>;

/// Decodes JSON in the way of replies: values that do not fit are kept and reported, and the rest
/// is typed. It is for JSON from other sources, such as webhooks. Stray bytes and other encodings
/// are accepted and reported as [`Repaired`](crate::DriftKind::Repaired).
///
/// ```
/// hoopai_runtime::model! {
///     /// A task.
///     pub struct Task {
///         pub title: String = "title",
///         pub done: bool = "done",
///         pub tags: Vec<String> = "tags",
///     }
/// }
/// # fn main() -> Result<(), hoopai_runtime::Error> {
/// use hoopai_runtime::json;
///
/// let task = json::from_slice::<Task>(br#"{"title":12,"done":"false","tags":{"a":1},"colour":"red"}"#)?;
/// assert_eq!((task.value.title.as_deref(), task.value.done), (Some("12"), Some(false)));
/// assert_eq!((task.value.tags, &task.value.extra.get("tags").unwrap()["a"]), (None, &1.into()));
/// assert_eq!(task.drift[2].to_string(), "`tags`: an object where a list is declared was set aside");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The text is not JSON, is nested too deeply, or is a value of another kind than a `T` without an
/// empty value, such as a `bool`.
pub fn from_slice<T: DeserializeOwned>(json: &[u8]) -> Result<Decoded<T>, Error> {
    let mut repaired: Option<Repaired> = None;
    loop {
        let text = repaired.as_ref().map_or(json, |made| made.text.as_bytes());
        let fault = match decode::read::<T>(text) {
            Ok(mut decoded) => {
                if let Some(made) = repaired {
                    decoded.drift.splice(..0, made.drift);
                }
                return Ok(decoded);
            }
            Err(fault) => fault,
        };
        let again = match (&repaired, fault.cause()) {
            (None, DecodeErrorKind::Broken) => decode::repair(json, None),
            _ => None,
        };
        match again {
            Some(made) => repaired = Some(made),
            None => {
                let body = json.to_vec().into();
                return Err(Error::decode(
                    None,
                    &fault,
                    text,
                    body,
                    SentValues::default(),
                ));
            }
        }
    }
}
