//! The client: settings, credentials and connections that all calls share.
//!
//! A [`HandleBuilder`](builder::HandleBuilder) makes a [`Handle`](handle::Handle). Calls read it; it depends on no stage of a call.

pub(crate) mod builder;
pub(crate) mod call;
pub(crate) mod connection;
pub(crate) mod handle;
mod missing;
mod setters;
