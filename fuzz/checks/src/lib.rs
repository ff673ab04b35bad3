//! The checks of the fuzz targets: functions that panic if an input violates a guarantee.
//!
//! They use only public interfaces and stable Rust. `tests/replay.rs` runs each file of
//! `fuzz/corpus/<target>` through the check of that name.

mod codegen;
mod decode;
mod limits;
mod pages;
mod redaction;
mod stub_server;
mod tokens;

pub use codegen::codegen;
pub use decode::decode;
pub use limits::limits;
pub use pages::pages;
pub use redaction::redaction;
pub use tokens::tokens;

/// The name of a target, which is also that of its corpus, and its check.
pub type Check = (&'static str, fn(&[u8]));

/// All checks.
pub const CHECKS: [Check; 6] = [
    ("decode", decode),
    ("pages", pages),
    ("redaction", redaction),
    ("limits", limits),
    ("tokens", tokens),
    ("codegen", codegen),
];
