//! `types.rs`: the models and the enums.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::{HEADER, Input, code, docs, literal};
use crate::fault::{At, Fault};
use crate::generator::Type;
use crate::hidden::is_hidden;
use crate::lower::Field;
use crate::names;

pub(super) fn file(input: &Input<'_>, at: &At<'_>) -> Result<String, Fault> {
    let (lowered, types) = (input.lowered, input.types);
    let mut used = Vec::new();
    let required = Required::of(input);
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
                &field_docs(field, required.of_field(name, field)),
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

fn field_docs(field: &Field, required: Option<String>) -> String {
    let deprecated = "The platform advises against it.".to_owned();
    let facts = [field.description.clone(), required]
        .into_iter()
        .flatten()
        .chain(field.deprecated.then_some(deprecated));
    facts.collect::<Vec<_>>().join(" ")
}

/// A value that the specification calls required, which the client does not check.
pub(super) const DECLARED_REQUIRED: &str = "Declared as required by the platform's specification.";

/// A value that the client fills in.
pub(super) const AUTOMATIC: &str = "The client's default location unless set.";

/// How much the fields of requests are required.
struct Required<'a> {
    /// The models that requests hold. Replies are read as they come, so that nothing is required in them.
    sent: BTreeSet<String>,
    /// The operations that enforce a field, and those that fill it in, by model and name on the wire.
    enforced: BTreeMap<(String, &'a str), BTreeSet<&'a str>>,
    automatic: BTreeSet<(String, &'a str)>,
    /// The operations that send a model.
    senders: BTreeMap<String, BTreeSet<&'a str>>,
}

impl<'a> Required<'a> {
    fn of(input: &Input<'a>) -> Self {
        let lowered = input.lowered;
        let mut required = Required {
            sent: BTreeSet::new(),
            enforced: BTreeMap::new(),
            automatic: BTreeSet::new(),
            senders: BTreeMap::new(),
        };
        for operation in input.operations {
            let models = lowered.request_model(operation);
            for model in lowered.reached(models.clone()) {
                let senders = required.senders.entry(model.clone()).or_default();
                senders.insert(&operation.name);
                required.sent.insert(model);
            }
            let Some(root) = models.first() else { continue };
            for enforced in operation
                .enforced
                .iter()
                .filter(|enforced| enforced.in_body)
            {
                if let Some(place) = holder(input, root, &enforced.path) {
                    let operations = required.enforced.entry(place).or_default();
                    operations.insert(&operation.name);
                }
            }
            if let Some(location) = &operation.location
                && location.place == "Body"
            {
                required.automatic.insert((root.clone(), &location.name));
                if location.alt_type {
                    required.automatic.insert((root.clone(), "altType"));
                }
            }
        }
        required
    }

    fn of_field(&self, model: &str, field: &Field) -> Option<String> {
        let place = (model.to_owned(), field.wire.as_str());
        if self.automatic.contains(&place) {
            return Some(AUTOMATIC.to_owned());
        }
        match self.enforced.get(&place) {
            Some(by) if self.senders.get(model) == Some(by) => Some("Required.".to_owned()),
            Some(by) => {
                let by: Vec<String> = by.iter().map(|operation| code(operation)).collect();
                Some(format!("Required by {}.", by.join(", ")))
            }
            None => {
                let declared = field.required && self.sent.contains(model);
                declared.then(|| DECLARED_REQUIRED.to_owned())
            }
        }
    }
}

/// The model and the field that a path leads to.
fn holder<'a>(input: &Input<'_>, root: &str, path: &'a str) -> Option<(String, &'a str)> {
    let mut model = root.to_owned();
    let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
    for name in parents.split('.').filter(|name| !name.is_empty()) {
        let shape = input.lowered.structs.get(&model)?;
        let (key, _) = shape.fields.iter().find(|(_, field)| field.wire == name)?;
        let mut ty = input.types.structs.get(&model)?.get(key)?;
        while let Type::List(inner) | Type::Boxed(inner) = ty {
            ty = inner;
        }
        let Type::Named(next) = ty else { return None };
        model.clone_from(next);
    }
    Some((model, last))
}

/// Whether a name can be an alias in rustdoc, which rejects spaces and quotes, and writes the others into its index as they
/// are.
pub(super) fn is_alias(alias: &str) -> bool {
    !alias.is_empty()
        && !alias.contains(['"', '\''])
        && !alias.contains(char::is_whitespace)
        && !alias.contains(is_hidden)
}
