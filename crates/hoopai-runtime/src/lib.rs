//! The road to the wire that all HoopAI module crates share.
//!
//! A module crate is data: an operation table, models, and builders that name the parameters. What happens between
//! `send()` and the reply is here, once: settings and credentials ([`Handle`]), paths, queries and bodies ([`Call`]), the
//! single hop to the network, replies ([`Response`]) and errors ([`Error`]).
//!
//! ```no_run
//! # async fn run() -> Result<(), hoopai_runtime::Error> {
//! use hoopai_runtime::{Handle, operation::Method};
//!
//! let handle = Handle::builder().private_token("pit-…").location("Lq3Tz8Wn5Rk1Yb6Hd0Vx").build()?;
//! let reply = handle.request(Method::Get, "/contacts/{id}").path("id", "Cm7Pj2Xs9Gf4Ua1Ne6Kt").send().await?;
//! println!("{}", reply["contact"]["firstName"]);
//! # Ok(())
//! # }
//! ```

mod call_site;
mod client;
mod decode;
pub mod drift;
pub mod error;
pub mod model;
pub mod operation;
pub mod paging;
mod raw;
mod redact;
mod reply;
mod request;
mod send;
pub mod time;

pub use client::builder::HandleBuilder;
pub use client::call::Call;
pub use client::handle::Handle;
pub use drift::{Drift, DriftCounter, DriftKind, DriftObserver};
pub use error::Error;
pub use model::custom_field::{CustomFieldFile, CustomFieldFileMeta, CustomFieldValue};
pub use model::decimal::{Decimal, ParseDecimalError};
pub use model::extra::Extra;
pub use model::open_enum;
pub use model::timestamp::{ParseTimestampError, Timestamp};
pub use model::traits::Redact;
pub use operation::Method;
pub use raw::RawRequest;
pub use reply::json;
pub use reply::response::Response;
pub use reply::response_future::ResponseFuture;
pub use request::field::{IntoField, Scalar};
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

/// The API version that is sent where neither the caller nor the operation names one.
///
/// The platform refuses a request without version; HoopAI's guide names this one for all of its operations.
pub const DEFAULT_API_VERSION: &str = "2021-07-28";

/// The address of the platform.
pub const DEFAULT_BASE_URL: &str = "https://services.leadconnectorhq.com";

/// What the macros of this crate expand to. Nothing here is for use by hand.
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
    pub use crate::model::traits::Described;
    pub use crate::model::{deserialize_model, read, serialize_model, set, set_null, unnamed};
    pub use crate::paging::{item_stream, page_stream};
}
