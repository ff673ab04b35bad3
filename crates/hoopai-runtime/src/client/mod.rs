//! The client: settings, credentials and connections that all calls share.
//!
//! A [`HandleBuilder`](builder::HandleBuilder) creates a [`Handle`](handle::Handle), and a
//! [`Call`](call::Call) collects the values of one call. `send` does not depend on this folder.

pub(crate) mod builder;
pub(crate) mod call;
pub(crate) mod connection;
pub(crate) mod handle;
mod missing;
mod setters;
