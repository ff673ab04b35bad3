//! Lists over many pages.

mod book;
mod styles;
