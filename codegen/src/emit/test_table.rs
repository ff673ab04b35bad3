//! The table of a module's operations for the workspace's tests: a call of each operation through
//! its builder, and how its body and reply are decoded.

use std::fmt::Write;

use super::input::{HEADER, Input};
use super::models::confirmations;
use super::operation_table;
use crate::model::{Body, Operation};
use crate::rust_types::{OperationTypes, RustType};
use crate::text::literal;

/// The folder of the test tables.
pub(super) const FOLDER: &str = "tests/generated";

/// A part that is added under a name which is only known at run time.
const UNDECLARED_FILE: &str = "FIELD_1";

/// The module's test table: path from the workspace's root, content.
pub(crate) fn test_table(input: &Input<'_>) -> (String, String) {
    let ident = input.module.ident();
    let mut out = format!(
        "// {HEADER}\n\n//! The operations of {}, for tests.\n\nuse super::*;\n\npub(super) static OPERATIONS: &[TestOperation] = &[\n",
        input.module.product
    );
    let confirmations = confirmations(input);
    for (operation, _, types) in input.operations() {
        let confirms = match &types.reply {
            Some(RustType::Named(name)) if confirmations.contains(name.as_str()) => {
                format!(
                    "Some(|reply| Ok(value::<hoopai::{ident}::types::{name}>(reply)?.is_success()))"
                )
            }
            _ => "None".to_owned(),
        };
        let read = |ty: &Option<RustType>| match ty {
            Some(ty) => format!("Some(decode::<{}>)", path(ty, &ident)),
            None => "None".to_owned(),
        };
        let setters = setters(operation, types, &ident);
        let names: Vec<String> = setters.iter().filter_map(Setter::row).collect();
        let calls: String = setters.iter().map(Setter::call).collect();
        let mutable = if setters.is_empty() { "" } else { "mut " };
        let _ = write!(
            out,
            "    TestOperation {{
        operation: &hoopai::{ident}::operations::{constant},
        reply: {reply},
        is_success: {confirms},
        body: {body},
        setters: &[{names}],
        call: |client, values| {{
            let {mutable}call = client.{ident}().{method}();
{calls}            discard_reply(call.options(values.options.clone()).send())
        }},
    }},
",
            constant = operation_table::constant(operation),
            reply = read(&types.reply),
            body = read(&types.body),
            names = names.join(", "),
            method = operation.name,
        );
    }
    out.push_str("];\n");
    (format!("{FOLDER}/{ident}.rs"), out)
}

/// A setter of a builder and the value that a test gives it.
struct Setter<'a> {
    part: &'a str,
    wire_name: String,
    /// `None` for the file of an undeclared name, which is no setter of its own.
    ident: Option<&'a str>,
    value: String,
}

impl Setter<'_> {
    fn row(&self) -> Option<String> {
        let ident = self.ident?;
        Some(format!("({:?}, {}, {ident:?})", self.part, self.wire_name))
    }

    fn call(&self) -> String {
        let Setter {
            part,
            wire_name,
            value,
            ..
        } = self;
        let call = match self.ident {
            Some(ident) => format!("{ident}({value})"),
            None => format!("part({wire_name}, {value})"),
        };
        format!("            if values.has({part:?}, {wire_name}) {{ call = call.{call}; }}\n")
    }
}

fn setters<'a>(operation: &'a Operation, types: &OperationTypes, module: &str) -> Vec<Setter<'a>> {
    let text = |part: &'a str, ident: &'a str, wire_name: &str, ty: &RustType| {
        let wire_name = literal(wire_name);
        Setter {
            part,
            ident: Some(ident),
            value: format!("values.{}({part:?}, {wire_name})", accessor(ty)),
            wire_name,
        }
    };
    let parameters = operation.parameters.iter().zip(&types.parameters);
    let mut setters: Vec<Setter<'_>> = parameters
        .map(|(one, ty)| text(one.part.name(), &one.ident, &one.wire_name, ty))
        .collect();
    let Some(body) = &operation.body else {
        return setters;
    };
    if operation.is_multipart() {
        parts(&mut setters, body, types, text);
    } else if let Some(ty) = &types.body {
        setters.push(Setter {
            part: "body",
            wire_name: literal(""),
            ident: Some("body"),
            value: format!("values.body::<{}>()", path(ty, module)),
        });
    }
    setters
}

fn parts<'a>(
    setters: &mut Vec<Setter<'a>>,
    body: &'a Body,
    types: &OperationTypes,
    text: impl Fn(&'a str, &'a str, &str, &RustType) -> Setter<'a>,
) {
    let file = |ident: Option<&'a str>, wire_name: &str| {
        let wire_name = literal(wire_name);
        Setter {
            part: "file",
            ident,
            value: format!("values.file({wire_name})"),
            wire_name,
        }
    };
    // A body without declared files takes files of any name.
    if !body.parts.iter().any(|part| part.is_file) {
        setters.insert(0, file(None, UNDECLARED_FILE));
    }
    for (part, ty) in body.parts.iter().zip(&types.parts) {
        setters.push(if part.is_file {
            file(Some(&part.ident), &part.wire_name)
        } else {
            text("text", &part.ident, &part.wire_name, ty)
        });
    }
}

/// The method that converts a sample value to the type of a parameter.
fn accessor(ty: &RustType) -> &'static str {
    match ty {
        RustType::Integer => "integer",
        RustType::Number => "number",
        RustType::Boolean => "boolean",
        RustType::Runtime(runtime) if runtime.name() == "Date" => "date",
        RustType::Runtime(runtime) if runtime.is_time() => "timestamp",
        RustType::List(_) => "strings",
        // Open enums are created from their texts.
        _ => "string",
    }
}

/// The path of a type in the facade.
fn path(ty: &RustType, module: &str) -> String {
    ty.in_builders()
        .replace("hoopai_runtime::", "hoopai::runtime::")
        .replace("types::", &format!("hoopai::{module}::types::"))
}
