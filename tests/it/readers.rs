//! How the reply and the body of each operation are read.

use std::sync::LazyLock;

use hoopai::runtime::json::{Decoded, from_slice};
use hoopai::runtime::operation::Operation;
use hoopai::runtime::{Drift, Error};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::operations;

pub(crate) type Read = fn(&[u8]) -> Result<Outcome, Error>;

pub(crate) type Confirms = fn(&[u8]) -> Result<bool, Error>;

/// A row for each operation; `None` for those whose reply is no JSON or of no use.
pub(crate) static REPLIES: LazyLock<Vec<(&Operation, Option<Read>)>> = LazyLock::new(|| {
    operations::all()
        .map(|row| (row.operation, row.reply))
        .collect()
});

/// A row for each operation that takes a body which is one value.
pub(crate) static BODIES: LazyLock<Vec<(&Operation, Option<Read>)>> = LazyLock::new(|| {
    let bodies = operations::all().filter(|row| row.body.is_some());
    bodies.map(|row| (row.operation, row.body)).collect()
});

/// A row for each operation whose reply has `is_success`, which is called on what is read.
pub(crate) static CONFIRMATIONS: LazyLock<Vec<(&Operation, Confirms)>> = LazyLock::new(|| {
    let confirmations = operations::all().filter_map(|row| Some((row.operation, row.is_success?)));
    confirmations.collect()
});

/// What was made of a text.
pub(crate) struct Outcome {
    /// The value, written again.
    pub(crate) back: Vec<u8>,
    pub(crate) drift: Vec<Drift>,
    pub(crate) raw: Option<Value>,
}

pub(crate) fn read<T: DeserializeOwned + Serialize>(body: &[u8]) -> Result<Outcome, Error> {
    let Decoded {
        value, drift, raw, ..
    } = from_slice::<T>(body)?;
    let back = serde_json::to_vec(&value).expect("what was read can be written");
    Ok(Outcome { back, drift, raw })
}
