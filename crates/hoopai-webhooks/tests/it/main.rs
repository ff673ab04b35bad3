//! Tests of the public interface.

mod bulk_installation;
mod conformance;
mod dispatcher;
mod events;
mod forgeries;
mod lifecycle;
mod node;
mod replay;
mod server;
mod simulation;
mod support;
mod wycheproof;
