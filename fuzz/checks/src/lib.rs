//! The bodies of the fuzz targets: functions that take an input and panic if a promise is broken.
//!
//! They use the public interface of the crates only, so that they run on stable Rust as well: `tests/replay.rs` puts each
//! file of `fuzz/corpus/<target>` through the function of that name.

mod codegen;
mod decode;
mod limits;
mod pages;
mod redaction;
mod stub;
mod tokens;

pub use codegen::codegen;
pub use decode::decode;
pub use limits::limits;
pub use pages::pages;
pub use redaction::redaction;
pub use tokens::tokens;

/// A check: the name of the target, which is that of its corpus, and the function.
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
