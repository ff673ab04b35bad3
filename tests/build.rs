//! Makes tables of all operations for tests, taken from the builders of the module crates, in which each setter and each reply
//! stands on a line of its own: how a reply is read, how a body is read, and a call with all that the operation takes.

use std::collections::{BTreeMap, BTreeSet};
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
    let mut tables = Tables::default();
    for folder in folders {
        let file = folder.join("src/client.rs");
        println!("cargo::rerun-if-changed={}", file.display());
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        let types = folder.join("src/types.rs");
        println!("cargo::rerun-if-changed={}", types.display());
        let types = fs::read_to_string(&types).unwrap_or_default();
        let name = folder.file_name().and_then(|name| name.to_str());
        let confirming = confirming(&types);
        tables.module(&name.expect("a name").replace('-', "_"), &text, &confirming);
    }
    let out = env::var_os("OUT_DIR").expect("a build script's folder");
    for (file, rows) in [
        ("replies.rs", tables.replies),
        ("confirmations.rs", tables.confirmations),
        ("bodies.rs", tables.bodies),
        ("calls.rs", tables.calls),
        ("setters.rs", tables.setters),
    ] {
        fs::write(Path::new(&out).join(file), format!("&[\n{rows}]")).expect("a table");
    }
}

/// Rows of Rust, each an operation and what belongs to it.
#[derive(Default)]
struct Tables {
    replies: String,
    confirmations: String,
    bodies: String,
    calls: String,
    setters: String,
}

/// A builder that is being read: the constant of its operation, and the setters of a call.
struct Builder<'a> {
    operation: &'a str,
    /// Statements that call the setters whose values are given.
    setters: String,
    /// Part, name on the wire and name of each setter.
    names: String,
    body: Option<String>,
}

impl Tables {
    fn module(&mut self, module: &str, text: &str, confirming: &BTreeSet<&str>) {
        let methods: BTreeMap<&str, &str> = text.lines().filter_map(method).collect();
        let mut builders: BTreeMap<&str, Builder<'_>> = BTreeMap::new();
        let mut current = "";
        for line in text.lines().map(str::trim) {
            if let Some((name, operation, multipart, reply)) = operation(line) {
                let read = match reply.strip_prefix("json ") {
                    Some(ty) => format!("Some(decode::<{}>)", public(ty, module)),
                    None => "None".to_owned(),
                };
                writeln!(
                    self.replies,
                    "    (&hoopai::{module}::{operation}, {read}),"
                )
                .expect("text");
                if let Some(ty) = reply.strip_prefix("json types::")
                    && confirming.contains(ty)
                {
                    writeln!(
                        self.confirmations,
                        "    (&hoopai::{module}::{operation}, |body| from_slice::<hoopai::{module}::types::{ty}>(body).map(|read| read.value.is_success())),"
                    )
                    .expect("text");
                }
                let builder = Builder {
                    operation,
                    setters: if multipart { PART } else { "" }.to_owned(),
                    names: String::new(),
                    body: None,
                };
                builders.insert(name, builder);
            } else if let Some(name) = line
                .strip_suffix(" {")
                .filter(|name| builders.contains_key(name))
            {
                current = name;
            } else if let Some(builder) = builders.get_mut(current) {
                builder.line(line, module);
            }
        }
        for (
            name,
            Builder {
                operation,
                setters,
                names,
                body,
            },
        ) in builders
        {
            let method = methods[name];
            let call = if setters.is_empty() {
                "call"
            } else {
                "mut call"
            };
            writeln!(
                self.calls,
                "    (&hoopai::{module}::{operation}, |client, input| {{ let {call} = client.{module}().{method}();{setters}\n        discard_reply(call.options(input.options.clone()).send()) }}),"
            )
            .expect("text");
            writeln!(
                self.setters,
                "    (&hoopai::{module}::{operation}, &[{names}]),"
            )
            .expect("text");
            if let Some(ty) = body {
                writeln!(
                    self.bodies,
                    "    (&hoopai::{module}::{operation}, Some(decode::<{ty}>)),"
                )
                .expect("text");
            }
        }
    }
}

impl Builder<'_> {
    /// Takes a line such as `query limit: i64 = "limit",` or `json body: types::CreateContactRequest,`.
    fn line(&mut self, line: &str, module: &str) {
        let Some((place, rest)) = line.strip_suffix(',').and_then(|line| line.split_once(' '))
        else {
            return;
        };
        let (setter, wire) = match rest.split_once(" = ") {
            Some((setter, wire)) => (setter, wire),
            None => (rest, "\"\""),
        };
        let (setter, ty) = setter.split_once(": ").unwrap_or((setter, ""));
        let value = match place {
            "json" | "form" => {
                let ty = public(ty, module);
                let value = format!("input.body::<{ty}>()");
                self.body = Some(ty);
                value
            }
            // A file of the file's own: none of a name that is only known at run time is needed.
            "part" => {
                self.setters = self.setters.replace(PART, "");
                format!("input.file({wire})")
            }
            "path" | "query" | "header" | "text" => {
                let kind = match ty {
                    "i64" => "integer",
                    "f64" => "number",
                    "bool" => "boolean",
                    "hoopai_runtime::Timestamp" => "timestamp",
                    list if list.starts_with("Vec<") => "strings",
                    // Open enums are made of their texts.
                    _ => "string",
                };
                format!("input.{kind}({place:?}, {wire})")
            }
            _ => return,
        };
        let place = match place {
            "json" | "form" => "body",
            "part" => "file",
            other => other,
        };
        write!(
            self.setters,
            "\n        if input.has({place:?}, {wire}) {{ call = call.{setter}({value}); }}"
        )
        .expect("text");
        write!(self.names, "({place:?}, {wire}, {setter:?}), ").expect("text");
    }
}

/// The call of a part under a name that is only known at run time.
const PART: &str = "\n        if input.has(\"file\", \"FIELD_1\") { call = call.part(\"FIELD_1\", input.file(\"FIELD_1\")); }";

/// The replies that have `is_success`.
fn confirming(types: &str) -> BTreeSet<&str> {
    types
        .lines()
        .skip_while(|line| *line != "hoopai_runtime::confirmations! {")
        .skip(1)
        .take_while(|line| *line != "}")
        .map(|line| line.trim().trim_end_matches(','))
        .collect()
}

/// Builder and name of a line such as `pub fn get_contact(&self) -> builder::GetContact {`.
fn method(line: &str) -> Option<(&str, &str)> {
    let (name, builder) = line
        .trim()
        .strip_prefix("pub fn ")?
        .split_once("(&self) -> builder::")?;
    Some((builder.strip_suffix(" {")?, name))
}

/// The parts of a line such as `pub GetContact(operations::GET_CONTACT) -> json types::GetContactResponse`, after which the
/// type of an item may stand: `, paged types::Contact`.
fn operation(line: &str) -> Option<(&str, &str, bool, &str)> {
    let (builder, reply) = line.strip_prefix("pub ")?.split_once(") ")?;
    let (name, operation) = builder.split_once('(')?;
    let (flags, reply) = reply.split_once("-> ")?;
    let reply = reply
        .split_once(", paged ")
        .map_or(reply, |(reply, _)| reply);
    operation.starts_with("operations::").then_some((
        name,
        operation,
        flags.trim() == "multipart",
        reply,
    ))
}

/// A type as the facade names it.
fn public(ty: &str, module: &str) -> String {
    ty.replace("hoopai_runtime::", "hoopai::runtime::")
        .replace("types::", &format!("hoopai::{module}::types::"))
}
