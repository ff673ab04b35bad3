//! The client of the whole platform, and its settings. All that they do is the runtime's.

use std::time::Duration;

use hoopai_runtime::{
    DriftObserver, Handle, HandleBuilder, Method, RawRequest, SecretString, reqwest,
};

use crate::Result;

/// The client of the whole platform. A clone is cheap and shares settings and connections.
///
/// Each module is a method, behind a feature of its name: `client.contacts()`. A view of a module is cheap, too.
#[derive(Clone, Debug)]
pub struct Client {
    handle: Handle,
}

impl Client {
    /// Settings for a new client. Only the token is needed.
    pub fn builder() -> ClientBuilder {
        ClientBuilder {
            inner: Handle::builder(),
        }
    }

    /// A call by method and path, for operations that no module lists; see [`Handle::request`].
    pub fn request(&self, method: Method, path: &str) -> RawRequest {
        self.handle.request(method, path)
    }

    /// The handle that all modules share. It is what the client of a module crate is made of.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl From<Handle> for Client {
    fn from(handle: Handle) -> Self {
        Client { handle }
    }
}

impl From<Client> for Handle {
    fn from(client: Client) -> Self {
        client.handle
    }
}

impl From<&Client> for Handle {
    fn from(client: &Client) -> Self {
        client.handle.clone()
    }
}

/// The settings of a [`Client`]: those of [`HandleBuilder`], which says more on each.
#[derive(Debug)]
#[must_use = "settings do nothing before `build`"]
pub struct ClientBuilder {
    inner: HandleBuilder,
}

/// A setter for each setting of the runtime, by the same name.
macro_rules! settings {
    ($($(#[$meta:meta])* $name:ident($type:ty);)*) => {
        impl ClientBuilder {
            $(
                $(#[$meta])*
                #[doc = concat!("\n\nSee [`HandleBuilder::", stringify!($name), "`].")]
                pub fn $name(self, value: impl Into<$type>) -> Self {
                    ClientBuilder { inner: self.inner.$name(value.into()) }
                }
            )*
        }
    };
}

settings! {
    /// The private integration token.
    private_token(SecretString);
    /// The id of the location that calls act on where they name none.
    location(String);
    /// Another address of the platform: https, or http on a loopback address.
    base_url(String);
    /// How long one call may take, reply included.
    timeout(Duration);
    /// How long a reply may be, in bytes.
    response_limit(usize);
    /// The caller's own name and version, sent in front of ours.
    user_agent(String);
    /// One API version for all calls.
    api_version(String);
    /// An HTTP client of the caller's own.
    http_client(reqwest::Client);
    /// Makes a reply that is not as declared an error.
    strict(bool);
}

impl ClientBuilder {
    /// Hears of every place where a reply is not as declared.
    ///
    /// See [`HandleBuilder::drift_observer`].
    pub fn drift_observer(self, observer: impl DriftObserver + 'static) -> Self {
        ClientBuilder {
            inner: self.inner.drift_observer(observer),
        }
    }

    /// Checks the settings and makes the client. Nothing is sent.
    ///
    /// # Errors
    /// No token, or a setting that cannot be used.
    pub fn build(self) -> Result<Client> {
        Ok(Client {
            handle: self.inner.build()?,
        })
    }
}
