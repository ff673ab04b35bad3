//! Tests of the public interface.

mod events;
mod forgeries;
mod node;
mod replay;
mod wycheproof;
