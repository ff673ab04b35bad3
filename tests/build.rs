//! Makes a table of what every operation answers, for tests that read recorded replies: `operation -> type`, taken from the
//! builders of the module crates, in which each stands on a line of its own.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

fn main() {
    let modules = Path::new("../crates/api");
    println!("cargo::rerun-if-changed={}", modules.display());
    let mut folders: Vec<_> = fs::read_dir(modules)
        .expect("the module crates")
        .map(|entry| entry.expect("a folder").path())
        .collect();
    folders.sort();
    let mut table = String::from("&[\n");
    for folder in folders {
        let file = folder.join("src/client.rs");
        println!("cargo::rerun-if-changed={}", file.display());
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        let name = folder.file_name().and_then(|name| name.to_str());
        let module = format!("hoopai::{}", name.expect("a name").replace('-', "_"));
        for line in text.lines() {
            if let Some((operation, read)) = row(line, &module) {
                writeln!(table, "    (&{module}::{operation}, {read}),").expect("text");
            }
        }
    }
    table.push(']');
    let out = env::var_os("OUT_DIR").expect("a build script's folder");
    fs::write(Path::new(&out).join("replies.rs"), table).expect("a table");
}

/// The row and the reader of a line such as `pub GetContact(operations::GET_CONTACT) -> json types::GetContactResponse`.
fn row(line: &str, module: &str) -> Option<(String, String)> {
    let (builder, reply) = line.trim().strip_prefix("pub ")?.split_once(") ")?;
    let (_, operation) = builder.split_once('(')?;
    let (_, reply) = reply.split_once("-> ")?;
    let read = match reply.strip_prefix("json ") {
        Some(ty) => {
            let ty = ty.replace("types::", &format!("{module}::types::"));
            let ty = ty.replace("hoopai_runtime::", "hoopai::runtime::");
            format!("Some(read::<{ty}>)")
        }
        None => "None".to_owned(),
    };
    operation
        .starts_with("operations::")
        .then(|| (operation.to_owned(), read))
}
