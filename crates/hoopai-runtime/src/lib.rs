//! The request pipeline that all HoopAI module crates share.
//!
//! A module crate is data: an operation table, models, and builders with named parameters. The
//! runtime sends and decodes: settings and credentials ([`Handle`]), requests ([`Call`]), rate
//! limits, retries, replies ([`Response`]) and errors ([`Error`]).
//!
//! ```no_run
//! # async fn run() -> Result<(), hoopai_runtime::Error> {
//! use hoopai_runtime::{Handle, Method};
//!
//! let handle = Handle::builder().private_token("pit-…").location("Lq3Tz8Wn5Rk1Yb6Hd0Vx").build()?;
//! let reply = handle.request(Method::GET, "/contacts/{id}").path("id", "Cm7Pj2Xs9Gf4Ua1Ne6Kt").send().await?;
//! println!("{}", reply["contact"]["firstName"]);
//! # Ok(())
//! # }
//! ```

mod call_site;
mod client;
mod decode;
pub mod drift;
pub mod error;
mod model;
pub mod operation;
pub mod paging;
mod raw;
mod redact;
mod reply;
mod request;
mod send;
pub mod testing;
pub mod time;

pub use client::builder::HandleBuilder;
#[doc(hidden)]
pub use client::call::Call;
pub use client::handle::Handle;
pub use drift::{Drift, DriftCounter, DriftKind, DriftObserver};
pub use error::Error;
pub use model::custom_field::{CustomFieldFile, CustomFieldFileMeta, CustomFieldValue};
pub use model::date::{Date, ParseDateError};
pub use model::decimal::{Decimal, ParseDecimalError};
pub use model::extra::Extra;
#[doc(hidden)]
pub use model::open_enum;
pub use model::open_enum::Unrecognized;
pub use model::timestamp::{ParseTimestampError, Timestamp};
#[doc(hidden)]
pub use model::traits::Redact;
pub use operation::Method;
pub use raw::RawRequest;
pub use reply::json;
pub use reply::response::Response;
pub use reply::response_future::ResponseFuture;
pub use request::field::IntoField;
#[doc(hidden)]
pub use request::field::Scalar;
pub use request::multipart::Part;
pub use request::param::{ParamValue, ParamWriter};
pub use reqwest;
#[cfg(feature = "schemars")]
pub use schemars;
pub use secrecy::SecretString;
pub use send::byte_stream::ByteStream;
pub use send::options::CallOptions;
pub use send::{auth, observe, rate_limit, retry};
pub use serde_json;

/// The API version that is sent if neither the caller nor the operation sets one.
///
/// The platform rejects requests without a version. HoopAI's guide names this one for all of its
/// operations.
pub const DEFAULT_API_VERSION: &str = "2021-07-28";

/// The base URL of the platform.
pub const DEFAULT_BASE_URL: &str = "https://services.leadconnectorhq.com";

/// Support for the macros of this crate. It is not part of the public API.
#[doc(hidden)]
pub mod __private {
    pub use serde::de::MapAccess;
    pub use serde::ser::SerializeMap;
    pub use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub use crate::model::confirmation::is_success;
    pub use crate::model::debug::debug_model;
    pub use crate::model::open_enum::{deserialize_enum, parse_enum, serialize_enum};
    #[cfg(feature = "schemars")]
    pub use crate::model::schema::{enum_schema, model_schema};
    pub use crate::model::traits::{Described, Model, Visit};
    pub use crate::model::{deserialize_model, read, serialize_model, set, set_null, unnamed};
    pub use crate::paging::{item_stream, page_stream};
}
