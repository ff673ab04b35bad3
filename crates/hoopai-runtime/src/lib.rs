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

pub mod auth;
mod base_url;
mod body;
mod builder;
mod call;
mod confirmation;
mod connection;
mod custom_field;
mod debug;
mod decimal;
mod decode;
pub mod drift;
pub mod error;
mod extra;
mod field;
mod handle;
pub mod json;
mod json_writer;
pub mod limit;
mod missing;
pub mod model;
mod multipart;
pub mod observe;
pub mod open_enum;
pub mod operation;
mod options;
pub mod paging;
mod param;
mod path;
mod query;
mod raw;
mod response;
pub mod retry;
mod road;
mod schema;
mod sending;
mod setters;
mod shared;
mod stream;
pub mod time;
mod timestamp;
mod token_endpoint;
mod transport;

pub use builder::HandleBuilder;
pub use call::Call;
pub use custom_field::{CustomFieldFile, CustomFieldFileMeta, CustomFieldValue};
pub use debug::Redact;
pub use decimal::{Decimal, NoDecimal};
pub use drift::{Drift, DriftCounter, DriftKind, DriftObserver};
pub use error::Error;
pub use extra::Extra;
pub use field::{IntoField, Scalar};
pub use handle::Handle;
pub use multipart::Part;
pub use operation::Method;
pub use options::CallOptions;
pub use param::{ParamValue, ParamWriter};
pub use raw::RawRequest;
pub use reqwest;
pub use response::Response;
#[cfg(feature = "schemars")]
pub use schemars;
pub use secrecy::SecretString;
pub use sending::Sending;
pub use serde_json;
pub use stream::ByteStream;
pub use timestamp::{NoTimestamp, Timestamp};

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

    pub use crate::confirmation::is_success;
    pub use crate::debug::debug_model;
    pub use crate::model::{deserialize_model, read, serialize_model, set, set_null, unnamed};
    pub use crate::open_enum::{deserialize_enum, parse_enum, serialize_enum};
    pub use crate::schema::Described;
    #[cfg(feature = "schemars")]
    pub use crate::schema::{enum_schema, model_schema};
}
