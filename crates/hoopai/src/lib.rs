//! Client for the HoopAI Platform API (LeadConnector / HighLevel).
//!
//! A [`Client`] has a method for each module of the platform, such as
//! `client.contacts()`, and each operation of a module has a builder. Each module is
//! behind a feature of its name; `full` enables all modules.
//!
//! ```no_run
//! # #[cfg(feature = "contacts")]
//! # async fn run() -> hoopai::Result<()> {
//! use hoopai::{Client, contacts::types::CreateContactRequest};
//!
//! let client = Client::builder()
//!     .private_token("pit-…")
//!     .location("Lq3Tz8Wn5Rk1Yb6Hd0Vx")
//!     .build()?;
//!
//! let contact = CreateContactRequest::new().first_name("Jane").email("jane@example.com");
//! let reply = client.contacts().create_contact().body(contact).send().await?;
//! println!("{:?}", reply.contact.as_ref().and_then(|contact| contact.id.as_deref()));
//! # Ok(())
//! # }
//! ```
//!
//! A list is a stream of its items, which requests pages as needed. See [`paging`].
//!
//! ```no_run
//! # #[cfg(feature = "contacts")]
//! # async fn run(client: hoopai::Client) -> hoopai::Result<()> {
//! let mut contacts = client.contacts().search_contacts().stream();
//! while let Some(contact) = contacts.next().await {
//!     println!("{:?}", contact?.email);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`Client::request`] calls an operation by method and path, for operations that no module has.
//!
//! ```no_run
//! # async fn run(client: hoopai::Client) -> hoopai::Result<()> {
//! use hoopai::Method;
//!
//! let call = client.request(Method::GET, "/contacts/{id}").path("id", "Cm7Pj2Xs9Gf4Ua1Ne6Kt");
//! println!("{}", call.send().await?["contact"]["firstName"]);
//! # Ok(())
//! # }
//! ```
//!
//! | to configure | see |
//! |---|---|
//! | credentials, timeouts, connections | [`ClientBuilder`] |
//! | OAuth apps and token stores | [`auth`] |
//! | rate limits | [`rate_limit`] |
//! | retries | [`retry`] |
//! | errors | [`Error`] |
//! | metrics | [`observe`] |
//! | one call | [`CallOptions`] |
//! | webhooks, with the feature `webhooks` | the crate `hoopai-webhooks`, as `hoopai::webhooks` |
//!
//! | feature | effect |
//! |---|---|
//! | `contacts`, `calendars`, … | a module; `contacts` and `locations` are enabled by default |
//! | `full` | all modules |
//! | `jiff`, `chrono` | setters accept moments and days of these crates |
//! | `schemars` | JSON schemas of the models |
//! | `postgres`, `redis` | token stores and limits for several machines |
//! | `webhooks` | verification and events of webhooks |
//! | `webhooks-axum` | a receiver of webhooks for axum |
//! | `webhooks-rsa` | the legacy signature of webhooks |
//! | `webhooks-testing` | a signer of webhooks for tests |

// On docs.rs each item shows its feature.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
mod configured_limiter;
mod configured_store;
#[rustfmt::skip]
mod modules;

pub use client::{Client, ClientBuilder};
pub use hoopai_runtime::error::{
    ApiErrorKind, AuthErrorKind, ErrorKind, FieldError, PagingErrorKind,
};
pub use hoopai_runtime::paging::{
    CollectFuture, ItemStream, ListPosition, ListProgress, Page, PageStream,
};
pub use hoopai_runtime::{
    ByteStream, CallOptions, CustomFieldFile, CustomFieldFileMeta, CustomFieldValue, Date, Decimal,
    Drift, DriftCounter, DriftKind, DriftObserver, Error, Extra, Handle, Method, Part, RawRequest,
    Response, ResponseFuture, SecretString, Timestamp, Unrecognized, json, observe, paging,
    reqwest, retry, serde_json, testing, time,
};
#[allow(unused_imports, reason = "all module features may be disabled")]
pub use modules::*;

/// Credentials: OAuth apps, token stores and custom token sources.
///
/// [`ClientBuilder::oauth_app`] sets an [`OAuthApp`](auth::OAuthApp) and
/// [`ClientBuilder::token_source`] sets a [`TokenSource`](auth::TokenSource).
pub mod auth {
    pub use crate::configured_store::ConfiguredStore;
    pub use hoopai_auth::*;
    pub use hoopai_runtime::auth::*;
}

/// Rate limits, and backends that divide them among processes.
pub mod rate_limit {
    pub use crate::configured_limiter::ConfiguredLimiter;
    pub use hoopai_runtime::rate_limit::*;
}

#[cfg(feature = "webhooks")]
#[doc(inline)]
pub use hoopai_webhooks as webhooks;

/// The runtime that all modules share, for rarely used items.
pub use hoopai_runtime as runtime;

/// The result of a call or of building a client.
pub type Result<T, E = Error> = std::result::Result<T, E>;
