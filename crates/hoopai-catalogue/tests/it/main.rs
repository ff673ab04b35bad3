//! Tests of the catalogue's public interface.

mod effects;
mod lookups;
mod requests;
mod size;
