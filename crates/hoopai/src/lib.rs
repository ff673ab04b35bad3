//! Rust SDK for the HoopAI platform.
//!
//! A [`Client`] holds the settings once; every module of the platform is a view of it, behind a feature of its own name, and
//! `full` is all of them. The modules share one pool of connections, one set of credentials and one set of limits.
//!
//! ```no_run
//! # async fn run() -> hoopai::Result<()> {
//! use hoopai::{Client, Method};
//!
//! let client = Client::builder().private_token("pit-…").location("Lq3Tz8Wn5Rk1Yb6Hd0Vx").build()?;
//!
//! // Any operation, by method and path, whether a module lists it or not.
//! let reply = client.request(Method::Get, "/contacts/{id}").path("id", "Cm7Pj2Xs9Gf4Ua1Ne6Kt").send().await?;
//! println!("{}", reply["contact"]["firstName"]);
//! # Ok(())
//! # }
//! ```
//!
//! Lists that come in pages are read as one; see [`paging`].
//!
//! ```no_run
//! # #[cfg(feature = "contacts")]
//! # async fn run(client: hoopai::Client) -> hoopai::Result<()> {
//! let search = client.contacts().search_contacts().extra_body("locationId", "Lq3Tz8Wn5Rk1Yb6Hd0Vx");
//! let mut contacts = search.stream();
//! while let Some(contact) = contacts.next().await {
//!     println!("{:?}", contact?.email);
//! }
//! # Ok(())
//! # }
//! ```

// Where docs.rs builds this, each item says which feature it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
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
    ByteStream, CallOptions, CustomFieldFile, CustomFieldFileMeta, CustomFieldValue, Decimal,
    Drift, DriftCounter, DriftKind, DriftObserver, Error, Extra, Handle, Method, Part, RawRequest,
    Response, ResponseFuture, SecretString, Timestamp, json, observe, paging, rate_limit, reqwest,
    retry, serde_json, time,
};
#[allow(unused_imports, reason = "no module feature may be on")]
pub use modules::*;

/// Credentials: OAuth apps, stores of their tokens, and token sources of your own.
///
/// [`ClientBuilder::oauth_app`] takes an [`OAuthApp`](auth::OAuthApp), [`ClientBuilder::token_source`] a
/// [`TokenSource`](auth::TokenSource).
pub mod auth {
    pub use hoopai_auth::*;
    pub use hoopai_runtime::auth::*;
}

/// The runtime that all modules share, for what is seldom needed.
pub use hoopai_runtime as runtime;

/// What a call gives: its reply, or what went wrong.
pub type Result<T, E = Error> = std::result::Result<T, E>;
