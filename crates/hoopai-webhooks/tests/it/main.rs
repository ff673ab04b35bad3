//! Tests of the public interface.

mod forgeries;
mod node;
mod wycheproof;
