//! The tests of codegen: each pass, the emitted code, comparisons, overlays, paging, and hostile input.

mod diff;
mod distil;
mod documentation;
mod emitted;
mod examples;
mod hidden;
mod hostile;
mod idempotence;
mod overlay;
mod paging;
mod passes;
mod support;
