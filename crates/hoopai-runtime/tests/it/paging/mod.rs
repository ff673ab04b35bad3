//! Lists over many pages.

mod book;
mod collect;
mod drift;
mod ends;
mod flights;
mod positions;
mod random;
mod styles;
mod traps;
mod wire;
