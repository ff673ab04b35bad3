//! Tests of the public interface.

mod forgeries;
mod node;
mod replay;
mod wycheproof;
