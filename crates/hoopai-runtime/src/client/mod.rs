//! The client: settings, credentials and connections that all calls share.
//!
//! A [`HandleBuilder`](builder::HandleBuilder) makes a [`Handle`](handle::Handle). Calls read it; it depends on no stage of a call.

pub(crate) mod base_url;
pub(crate) mod builder;
pub(crate) mod connection;
pub(crate) mod handle;
pub(crate) mod options;
pub(crate) mod shared;
