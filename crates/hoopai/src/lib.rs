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
//! | OAuth apps and token stores | [`auth`], with an example from installation to first call |
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
///
/// # An OAuth app from the installation to the first call
///
/// A web application has two handlers: one redirects users to the platform, the other handles the
/// redirect back. All later calls, also after a restart, use the stored tokens.
///
/// ```no_run
/// # #[cfg(feature = "contacts")]
/// # mod example {
/// use hoopai::auth::{AccountId, FileStore, OAuthApp, states_match};
/// use hoopai::{Client, Error};
///
/// /// Builds the client once, when the application starts.
/// fn client() -> Result<Client, Box<dyn std::error::Error>> {
///     let redirect_uri = "https://example.com/oauth/callback";
///     let app = OAuthApp::new("client id", "client secret", redirect_uri).white_label();
///     let store = FileStore::open("tokens")?; // the default store loses its tokens at exit
///     Ok(Client::builder().oauth_app(app).token_store(store).build()?)
/// }
///
/// /// Returns the URL to redirect the user to, and the state to keep in the user's session.
/// fn install(client: &Client) -> Result<(String, String), Error> {
///     let scopes = ["contacts.readonly", "oauth.readonly", "oauth.write"];
///     let request = client.authorize_url(scopes)?;
///     Ok((request.url, request.state))
/// }
///
/// /// Handles `/oauth/callback?code=…&state=…`.
/// async fn callback(
///     client: &Client,
///     (code, state): (String, String),
///     state_of_session: &str,
/// ) -> Result<(), Box<dyn std::error::Error>> {
///     if !states_match(state_of_session, &state) {
///         return Err("the state is of another request".into());
///     }
///     let installation = client.exchange_code(code).await?; // the tokens are stored
///     match &installation.account {
///         AccountId::Location(id) => read_contacts(&client.as_location(id)).await?,
///         // The token of an agency yields those of the locations that have the app.
///         agency => {
///             let agency = client.as_company(agency.id());
///             for location in &installation.approved_locations {
///                 read_contacts(&agency.as_location(location)).await?;
///             }
///         }
///     }
///     Ok(())
/// }
///
/// async fn read_contacts(location: &Client) -> Result<(), Error> {
///     // The location of the client is added to the call.
///     let mut contacts = location.contacts().search_contacts().stream();
///     while let Some(contact) = contacts.next().await {
///         println!("{:?}", contact?.id);
///     }
///     Ok(())
/// }
/// # }
/// ```
///
/// If an agency's reply lists no locations, `client.oauth().list_installed_locations()` does. The
/// example `oauth_install` is a complete program, with a server for the redirect URI, and the
/// example `agency` calls all locations of an agency.
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
