//! `types.rs`: the models and the enums.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{HEADER, Input, code, docs, literal};
use crate::fault::{At, Fault};
use crate::generator::Type;
use crate::lower::Field;
use crate::names;

pub(super) fn file(input: &Input<'_>, at: &At<'_>) -> Result<String, Fault> {
    let (lowered, types) = (input.lowered, input.types);
    let mut used = Vec::new();
    // What must be there is worth saying only of what is sent: replies are read as they come.
    let requests: BTreeSet<&str> = types
        .operations
        .values()
        .filter_map(|operation| match operation.body.as_ref()? {
            Type::Named(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let mut models = String::new();
    for (name, shape) in &lowered.structs {
        let missing = || {
            at.fault(
                format!("the generator made no type `{name}`"),
                "correct what is odd there in the module's overlay, or report it with the file",
            )
        };
        let generated = types.structs.get(name).ok_or_else(missing)?;
        match &shape.description {
            Some(description) => docs(&mut models, "    ", "///", description),
            None => {
                let _ = writeln!(
                    models,
                    "    /// {} of {}.",
                    code(shape.alias.as_deref().unwrap_or(name)),
                    input.module.product
                );
            }
        }
        if let Some(alias) = shape.alias.as_deref().filter(|alias| is_alias(alias)) {
            let _ = writeln!(models, "    #[doc(alias = {})]", literal(alias));
        }
        // The generator has what stands under other keys in a field of its own.
        if let Some(Type::Table(values)) = generated.get("extra") {
            let runtime = **values == Type::CustomFieldValue;
            let values = values.in_types();
            let link = if runtime {
                format!("[{}](hoopai_runtime::{values})", code(&values))
            } else if values.contains('<') || !lowered.structs.contains_key(&values) {
                code(&values)
            } else {
                format!("[{}]", code(&values))
            };
            docs(
                &mut models,
                "    ",
                "///",
                &format!(
                    "\nFields that are not named here hold {link}: `extra.typed::<{values}>()` reads them."
                ),
            );
        }
        let _ = writeln!(models, "    pub struct {name} {{");
        let mut fields: Vec<_> = shape.fields.iter().collect();
        fields.sort_by(|a, b| a.1.wire.cmp(&b.1.wire));
        for (key, field) in fields {
            let ty = generated.get(key).ok_or_else(missing)?;
            docs(
                &mut models,
                "        ",
                "///",
                &field_docs(field, field.required && requests.contains(name.as_str())),
            );
            let _ = writeln!(
                models,
                "        pub {}: {} = {},",
                field.ident,
                ty.in_types(),
                literal(&field.wire)
            );
            used.push(ty.clone());
        }
        models.push_str("    }\n");
    }
    let mut out = format!("// {HEADER}\n\n//! The models: what requests take and replies bring.\n");
    imports(&mut out, &used);
    if !models.is_empty() {
        let _ = write!(out, "\nhoopai_runtime::model! {{\n{models}}}\n");
    }
    let confirming = confirmations(input);
    if !confirming.is_empty() {
        out.push_str("\nhoopai_runtime::confirmations! {\n");
        for name in confirming {
            let _ = writeln!(out, "    {name},");
        }
        out.push_str("}\n");
    }
    if !lowered.enums.is_empty() {
        out.push_str("\nhoopai_runtime::open_enum! {\n");
        for (name, values) in &lowered.enums {
            let _ = writeln!(
                out,
                "    /// Values of {}.",
                code(values.alias.as_deref().unwrap_or(name))
            );
            if let Some(alias) = values.alias.as_deref().filter(|alias| is_alias(alias)) {
                let _ = writeln!(out, "    #[doc(alias = {})]", literal(alias));
            }
            let _ = writeln!(out, "    pub enum {name} {{");
            let mut line = String::from("       ");
            for (variant, wire) in &values.variants {
                let item = format!(" {variant} = {},", literal(wire));
                if line.len() + item.len() > 120 && line.len() > 8 {
                    let _ = writeln!(out, "{line}");
                    line = String::from("       ");
                }
                line.push_str(&item);
            }
            let _ = writeln!(out, "{line}\n    }}");
        }
        out.push_str("}\n");
    }
    Ok(out)
}

/// The spellings of the success flag, as the runtime reads them.
const SUCCESS_FLAGS: [&str; 3] = ["succeded", "succeeded", "success"];

/// The replies that confirm an operation: those that declare a success flag, and replies to deletions that hold nothing but
/// scalars, because the platform puts a flag there whatever the file declares.
fn confirmations<'a>(input: &'a Input<'_>) -> BTreeSet<&'a str> {
    let is_scalar = |ty: &Type| {
        matches!(
            ty,
            Type::String
                | Type::Integer
                | Type::Number
                | Type::Boolean
                | Type::Timestamp
                | Type::Decimal
        )
    };
    let mut found = BTreeSet::new();
    for operation in input.operations {
        let types = input.types.operations.get(&names::builder(&operation.name));
        let Some(Type::Named(name)) = types.and_then(|types| types.reply.as_ref()) else {
            continue;
        };
        let (Some(shape), Some(types)) = (
            input.lowered.structs.get(name),
            input.types.structs.get(name),
        ) else {
            continue;
        };
        let declared = shape.fields.iter().any(|(key, field)| {
            SUCCESS_FLAGS.contains(&field.wire.as_str()) && types.get(key) == Some(&Type::Boolean)
        });
        let of_deletion = operation.method == "delete" && types.values().all(is_scalar);
        if declared || of_deletion {
            found.insert(name.as_str());
        }
    }
    found
}

/// `use` lines for the types that are not in the prelude.
fn imports(out: &mut String, used: &[Type]) {
    let holds = |ty: &Type| used.iter().any(|other| other.holds(ty));
    let named = |known: &[(Type, &'static str)]| -> Vec<&'static str> {
        let held = known.iter().filter(|(ty, _)| holds(ty));
        held.map(|(_, name)| *name).collect()
    };
    let mut lines = String::new();
    for (path, names) in [
        (
            "hoopai_runtime::json",
            named(&[(Type::Map, "Map"), (Type::Value, "Value")]),
        ),
        (
            "hoopai_runtime",
            named(&[
                (Type::CustomFieldValue, "CustomFieldValue"),
                (Type::Decimal, "Decimal"),
                (Type::Timestamp, "Timestamp"),
            ]),
        ),
    ] {
        // The order of rustfmt: a type, a module, a list.
        match names[..] {
            [] => {}
            [one] if path == "hoopai_runtime" => {
                lines.insert_str(0, &format!("use {path}::{one};\n"));
            }
            [one] => {
                let _ = writeln!(lines, "use {path}::{one};");
            }
            _ => {
                let _ = writeln!(lines, "use {path}::{{{}}};", names.join(", "));
            }
        }
    }
    let tables = used.iter().any(Type::holds_table);
    if tables || !lines.is_empty() {
        out.push('\n');
    }
    if tables {
        out.push_str("use std::collections::BTreeMap;\n\n");
    }
    out.push_str(&lines);
}

fn field_docs(field: &Field, required: bool) -> String {
    let facts = [
        (required, "Required."),
        (field.deprecated, "The platform advises against it."),
    ];
    let own = field.description.as_deref().into_iter();
    own.chain(
        facts
            .into_iter()
            .filter(|(holds, _)| *holds)
            .map(|(_, text)| text),
    )
    .collect::<Vec<_>>()
    .join(" ")
}

/// `rustdoc` takes no spaces or quotes in an alias.
pub(super) fn is_alias(alias: &str) -> bool {
    !alias.is_empty() && !alias.contains(['"', '\'']) && !alias.contains(char::is_whitespace)
}
