//! The tests of codegen, a file for each stage.

mod changes;
mod diff;
mod documentation;
mod edits;
mod effects;
mod emit;
mod events;
mod example_types;
mod export;
mod idempotency;
mod invisible_characters;
mod moments;
mod normalise;
mod openapi31;
mod overlay;
mod paging;
mod planted_changes;
mod robustness;
mod rustc_verdicts;
mod strip;
mod support;
mod type_names;
