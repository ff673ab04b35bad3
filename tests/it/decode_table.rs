//! Functions that decode the reply and the body of each operation.

use hoopai::runtime::json::{Decoded, from_slice};
use hoopai::runtime::operation::Operation;
use hoopai::runtime::{Drift, Error};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) type DecodeFn = fn(&[u8]) -> Result<DecodedReply, Error>;

pub(crate) type IsSuccessFn = fn(&[u8]) -> Result<bool, Error>;

/// A row for each operation; `None` if its reply is no JSON.
pub(crate) static REPLIES: &[(&Operation, Option<DecodeFn>)] =
    include!(concat!(env!("OUT_DIR"), "/replies.rs"));

/// A row for each operation whose body is JSON or a form.
pub(crate) static BODIES: &[(&Operation, Option<DecodeFn>)] =
    include!(concat!(env!("OUT_DIR"), "/bodies.rs"));

/// A row for each operation whose reply has `is_success`: decodes a reply and calls it.
pub(crate) static CONFIRMATIONS: &[(&Operation, IsSuccessFn)] =
    include!(concat!(env!("OUT_DIR"), "/confirmations.rs"));

/// A decoded reply.
pub(crate) struct DecodedReply {
    /// The decoded value, encoded as JSON.
    pub(crate) encoded: Vec<u8>,
    pub(crate) drift: Vec<Drift>,
    pub(crate) raw: Option<Value>,
}

fn decode<T: DeserializeOwned + Serialize>(body: &[u8]) -> Result<DecodedReply, Error> {
    let Decoded {
        value, drift, raw, ..
    } = from_slice::<T>(body)?;
    let encoded = serde_json::to_vec(&value).expect("a decoded value can be encoded");
    Ok(DecodedReply {
        encoded,
        drift,
        raw,
    })
}
