//! The tests of codegen, a file for each stage.

mod diff;
mod documentation;
mod emit;
mod events;
mod example_types;
mod idempotency;
mod invisible_characters;
mod moments;
mod normalise;
mod overlay;
mod paging;
mod robustness;
mod strip;
mod support;
mod type_names;
