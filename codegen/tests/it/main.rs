//! The tests of codegen: each pass, the emitted code, comparisons, overlays, and hostile input.

mod diff;
mod distil;
mod documentation;
mod emitted;
mod examples;
mod hostile;
mod overlay;
mod passes;
mod support;
