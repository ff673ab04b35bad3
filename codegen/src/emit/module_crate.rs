//! The files of a module crate.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use super::input::{HEADER, Input, checked};
use super::{client, models, operation_table};
use crate::error::FileError;
use crate::model::Operation;
use crate::modules::Module;
use crate::text::write_docs;

/// The heading of operations without a tag.
const OTHER: &str = "Other";

/// The files of the module's crate: path from the crate's folder, content.
pub(crate) fn files(input: &Input<'_>) -> Result<BTreeMap<String, String>, FileError> {
    checked(BTreeMap::from([
        ("Cargo.toml".to_owned(), manifest(input.module)),
        ("README.md".to_owned(), readme(input)),
        ("src/lib.rs".to_owned(), library(input)),
        ("src/client.rs".to_owned(), client::file(input)),
        ("src/operations.rs".to_owned(), operation_table::file(input)),
        (
            "src/types.rs".to_owned(),
            models::file(input, "The models of requests and replies."),
        ),
    ]))
}

fn manifest(module: &Module) -> String {
    format!(
        r#"# {HEADER}
[package]
name = "{}"
description = "HoopAI Platform API, module {}: typed calls and models"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
homepage.workspace = true
keywords.workspace = true
categories.workspace = true
readme = "README.md"

[package.metadata.docs.rs]
all-features = true

# The workspace's `tests` and `codegen` test the generated crates. The examples are tested here.
[lib]
test = false

[lints]
workspace = true

[features]
# JSON schemas of the models.
schemars = ["hoopai-runtime/schemars"]

[dependencies]
hoopai-runtime.workspace = true
"#,
        module.crate_name(),
        module.product,
    )
}

/// The README of the crate.
fn readme(input: &Input<'_>) -> String {
    let module = input.module;
    let (name, ident) = (module.crate_name(), module.ident());
    format!(
        r#"<!-- {HEADER} -->

# {name}

{product} of the HoopAI Platform API in Rust: {operations}, with typed models.

```rust
let handle = {crate_ident}::Handle::builder().private_token("…").location("…").build()?;
let {ident} = {crate_ident}::Client::new(handle);
```

The crate `hoopai` has the same client as `client.{ident}()` with its feature `{feature}`, besides those of all other modules.
There, all modules share credentials, rate limits and connections. Use this crate if you need no other module.

Licensed under either of [MIT](LICENSE-MIT) or [Apache-2.0](LICENSE-APACHE) at your option.
"#,
        product = module.product,
        operations = match input.operations.len() {
            1 => "its one operation as a builder method".to_owned(),
            many => format!("all {many} operations as builder methods"),
        },
        crate_ident = name.replace('-', "_"),
        feature = module.name,
    )
}

fn library(input: &Input<'_>) -> String {
    let module = input.module;
    let ident = module.ident();
    let info = input
        .document
        .get("info")
        .and_then(|info| info.get("description"))
        .and_then(Value::as_str);
    let mut out = format!(
        "// {HEADER}\n\n//! {} of the HoopAI Platform API: {} operations.\n",
        module.product,
        input.operations.len()
    );
    if module.deprecated {
        let _ = writeln!(out, "//!\n//! {}", module.deprecation());
    }
    if let Some(info) = info {
        out.push_str("//!\n");
        write_docs(&mut out, "", "//!", info);
    }
    let _ = write!(
        out,
        r#"//!
//! ```no_run
//! # fn main() -> Result<(), hoopai_{ident}::Error> {{
//! let handle = hoopai_{ident}::Handle::builder().private_token("…").location("…").build()?;
//! let {ident} = hoopai_{ident}::Client::new(handle);
//! # Ok(())
//! # }}
//! ```
//!
//! The facade crate `hoopai` offers the same [`Client`] as `client.{ident}()`.
"#
    );
    operations(&mut out, input);
    out.push_str(
        r#"
pub use hoopai_runtime as runtime;
pub use hoopai_runtime::{Error, Handle, Response};

#[rustfmt::skip]
mod client;
#[rustfmt::skip]
pub mod operations;
#[rustfmt::skip]
pub mod types;

pub use client::{Client, builder};
"#,
    );
    out
}

/// The operations, grouped by their tags.
fn operations(out: &mut String, input: &Input<'_>) {
    let mut groups: Vec<(&str, Vec<&Operation>)> = Vec::new();
    for operation in input.operations {
        let tag = operation.tag.as_deref().unwrap_or(OTHER);
        match groups.iter_mut().find(|(name, _)| *name == tag) {
            Some((_, operations)) => operations.push(operation),
            None => groups.push((tag, vec![operation])),
        }
    }
    groups.sort_by_key(|(name, _)| (*name != input.module.product, *name == OTHER));
    out.push_str("//!\n//! # Operations\n");
    for (name, operations) in &groups {
        if groups.len() > 1 {
            out.push_str("//!\n");
            write_docs(out, "", "//!", &format!("## {name}"));
        }
        out.push_str("//!\n//! | operation | |\n//! |---|---|\n");
        for operation in operations {
            let name = &operation.name;
            let summary = operation.summary.as_deref().unwrap_or_default();
            let row = format!(
                "| [`{name}`](Client::{name}) | {} |",
                summary.replace('|', "\\|")
            );
            write_docs(out, "", "//!", &row);
        }
    }
}
