//! The handle that all clients of modules share.

use std::fmt;
use std::sync::Arc;

use crate::base_url::BaseUrl;
use crate::drift::Reading;
use crate::operation::Method;
use crate::transport::Transport;
use crate::{HandleBuilder, RawRequest};

/// The road to the platform: settings, credentials and connections. A clone is cheap and shares all of them, so that the
/// clients of all modules act as one.
#[derive(Clone)]
pub struct Handle(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) base_url: BaseUrl,
    pub(crate) location: Option<String>,
    pub(crate) api_version: Option<String>,
    pub(crate) transport: Transport,
    pub(crate) reading: Reading,
}

impl Handle {
    /// Settings for a new handle.
    pub fn builder() -> HandleBuilder {
        HandleBuilder::new()
    }

    /// A call by method and path, for operations that no interface file lists.
    ///
    /// The path begins with `/` and continues the base URL. Give values apart, as in `/contacts/{id}` with
    /// [`path`](RawRequest::path): so they are encoded, and stay out of errors.
    pub fn request(&self, method: Method, path: &str) -> RawRequest {
        RawRequest::new(self, method, path)
    }

    /// The id of the location that calls act on where they name none.
    pub fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// The API version that is fixed for all calls.
    pub fn api_version(&self) -> Option<&str> {
        self.0.api_version.as_deref()
    }

    pub(crate) fn base_url(&self) -> &BaseUrl {
        &self.0.base_url
    }

    pub(crate) fn reading(&self) -> &Reading {
        &self.0.reading
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.0.transport
    }
}

impl From<&Handle> for Handle {
    fn from(handle: &Handle) -> Self {
        handle.clone()
    }
}

/// Shows the host and which settings there are, no token and no id.
impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("host", &self.0.base_url)
            .field(
                "location",
                &self.0.location.as_ref().map(|_| format_args!("[hidden]")),
            )
            .field("api_version", &self.0.api_version)
            .finish_non_exhaustive()
    }
}
