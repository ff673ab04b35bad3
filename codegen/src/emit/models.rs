//! `types.rs`: the models and the enums.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::input::{HEADER, Input};
use crate::formats::RuntimeType;
use crate::model::ParamLocation;
use crate::rust_types::{RustType, StructTypes};
use crate::schema::{Field, Struct};
use crate::text::{DECLARED_REQUIRED, code, code_list, is_invisible, literal, write_docs};

/// Lines of enum variants are at most this long.
const LINE_WIDTH: usize = 120;

/// The sentence on a value that the client fills in.
pub(super) const DEFAULT_LOCATION: &str = "The client's default location unless set.";

/// The spellings of the success flag, as the runtime reads them.
const SUCCESS_FLAGS: [&str; 3] = ["succeded", "succeeded", "success"];

/// The file of all models. `heading` is its documentation.
pub(super) fn file(input: &Input<'_>, heading: &str) -> String {
    let resolved = input.resolved;
    let mut out = format!("// {HEADER}\n\n//! {heading}\n");
    imports(&mut out, input);
    if !resolved.structs.is_empty() {
        let required = RequiredFields::new(input);
        out.push_str("\nhoopai_runtime::model! {\n");
        for (name, item) in &resolved.structs {
            model(&mut out, input, name, item, &required);
        }
        out.push_str("}\n");
    }
    custom_field_values(&mut out, input);
    let confirmations = confirmations(input);
    if !confirmations.is_empty() {
        out.push_str("\nhoopai_runtime::confirmations! {\n");
        for name in confirmations {
            let _ = writeln!(out, "    {name},");
        }
        out.push_str("}\n");
    }
    if !resolved.enums.is_empty() {
        out.push_str("\nhoopai_runtime::open_enum! {\n");
        for (name, item) in &resolved.enums {
            let platform_name = item.origin.aliases.first().unwrap_or(name);
            let _ = writeln!(out, "    /// Values of {}.", code(platform_name));
            doc_aliases(&mut out, &item.origin.aliases);
            let _ = writeln!(out, "    pub enum {name} {{");
            variants(&mut out, &item.variants);
            out.push_str("    }\n");
        }
        out.push_str("}\n");
    }
    out
}

fn model(
    out: &mut String,
    input: &Input<'_>,
    name: &str,
    item: &Struct,
    required: &RequiredFields<'_>,
) {
    let types = &input.types.structs[name];
    let platform_name = item.origin.aliases.first().map_or(name, String::as_str);
    let docs = item.description.clone();
    let docs =
        docs.unwrap_or_else(|| format!("{} of {}.", code(platform_name), input.module.product));
    write_docs(out, "    ", "///", &docs);
    doc_aliases(out, &item.origin.aliases);
    if let Some(additional) = &types.additional {
        additional_docs(out, input, additional);
    }
    let _ = writeln!(out, "    pub struct {name} {{");
    let mut fields: Vec<(&Field, &RustType)> = item.fields.iter().zip(&types.fields).collect();
    fields.sort_by_key(|(field, _)| &field.wire_name);
    for (field, ty) in fields {
        write_docs(
            out,
            "        ",
            "///",
            &field_docs(field, required.sentence(name, field)),
        );
        let (ident, wire_name) = (&field.ident, literal(&field.wire_name));
        let _ = writeln!(
            out,
            "        pub {ident}: {} = {wire_name},",
            ty.with_form(ty.in_types())
        );
    }
    out.push_str("    }\n");
}

/// How to read the fields that are not declared by name.
fn additional_docs(out: &mut String, input: &Input<'_>, additional: &RustType) {
    let RustType::Map(values) = additional else {
        return;
    };
    let ty = values.in_types();
    let link = match &**values {
        RustType::Runtime(RuntimeType::CustomFieldValue) => {
            format!("[{}](hoopai_runtime::{ty})", code(&ty))
        }
        RustType::Named(name) if input.resolved.structs.contains_key(name) => {
            format!("[{}]", code(&ty))
        }
        _ => code(&ty),
    };
    let text = format!("\nOther fields hold {link}: `extra.typed::<{ty}>()` reads them.");
    write_docs(out, "    ", "///", &text);
}

fn doc_aliases(out: &mut String, aliases: &[String]) {
    for alias in aliases.iter().filter(|alias| is_doc_alias(alias)) {
        let _ = writeln!(out, "    #[doc(alias = {})]", literal(alias));
    }
}

fn variants(out: &mut String, variants: &[(String, String)]) {
    const INDENT: &str = "       ";
    let mut line = String::from(INDENT);
    for (variant, value) in variants {
        let item = format!(" {variant} = {},", literal(value));
        if line.len() + item.len() > LINE_WIDTH && line != INDENT {
            let _ = writeln!(out, "{line}");
            line = String::from(INDENT);
        }
        line.push_str(&item);
    }
    let _ = writeln!(out, "{line}");
}

/// Models that hold the value of a custom field under one of several names get a method that returns
/// it.
fn custom_field_values(out: &mut String, input: &Input<'_>) {
    for (name, item) in &input.resolved.structs {
        let fields = item.fields.iter().zip(&input.types.structs[name].fields);
        let value = RustType::Runtime(RuntimeType::CustomFieldValue);
        let values: Vec<&str> = fields
            .filter(|(_, ty)| **ty == value)
            .map(|(field, _)| field.ident.as_str())
            .collect();
        let is_free = item.fields.iter().all(|field| field.ident != "value");
        if values.len() > 1 && is_free {
            let values = values.join(", ");
            let _ = write!(
                out,
                "\nhoopai_runtime::custom_field_values! {{\n    {name}: {values},\n}}\n"
            );
        }
    }
}

/// The replies that confirm an operation: those that declare a success flag, and replies to
/// deletions with scalars only, because the platform adds a flag there whatever the file declares.
pub(super) fn confirmations<'a>(input: &Input<'a>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    for (operation, _, types) in input.operations() {
        let Some(RustType::Named(name)) = &types.reply else {
            continue;
        };
        let (Some(item), Some(types)) = (
            input.resolved.structs.get(name),
            input.types.structs.get(name),
        ) else {
            continue;
        };
        let of_deletion = operation.method == "delete" && types.all().all(RustType::is_scalar);
        if of_deletion || has_success_flag(item, types) {
            found.insert(name.as_str());
        }
    }
    found
}

fn has_success_flag(item: &Struct, types: &StructTypes) -> bool {
    item.fields.iter().zip(&types.fields).any(|(field, ty)| {
        SUCCESS_FLAGS.contains(&field.wire_name.as_str()) && *ty == RustType::Boolean
    })
}

/// `use` lines for the types that are not in the prelude, in the order of rustfmt.
fn imports(out: &mut String, input: &Input<'_>) {
    let structs = input.types.structs.values();
    let used: Vec<&RustType> = structs.flat_map(|types| &types.fields).collect();
    let contains = |matches: &dyn Fn(&RustType) -> bool| {
        used.iter()
            .any(|ty| ty.contains(&|ty: &RustType| matches(ty)))
    };
    let names = |candidates: &[(RustType, &'static str)]| -> Vec<&'static str> {
        let used = candidates
            .iter()
            .filter(|(ty, _)| contains(&|other| other == ty));
        used.map(|(_, name)| *name).collect()
    };
    let json = names(&[(RustType::Object, "Map"), (RustType::Value, "Value")]);
    let runtime = RuntimeType::ALL.map(|runtime| (RustType::Runtime(runtime), runtime.name()));
    let mut runtime = names(&runtime);
    runtime.dedup();
    let import = |path: &str, names: &[&str]| match names {
        [] => String::new(),
        [one] => format!("use {path}::{one};\n"),
        _ => format!("use {path}::{{{}}};\n", names.join(", ")),
    };
    let (json, runtime_line) = (
        import("hoopai_runtime::json", &json),
        import("hoopai_runtime", &runtime),
    );
    // rustfmt sorts a type before a module, and a module before a list.
    let lines = match runtime[..] {
        [_] => runtime_line + &json,
        _ => json + &runtime_line,
    };
    let maps = contains(&|ty| matches!(ty, RustType::Map(_)));
    if maps || !lines.is_empty() {
        out.push('\n');
    }
    if maps {
        out.push_str("use std::collections::BTreeMap;\n\n");
    }
    out.push_str(&lines);
}

fn field_docs(field: &Field, required: Option<String>) -> String {
    let deprecated = "The platform advises against it.".to_owned();
    let deprecated = field.deprecated.then_some(deprecated);
    let sentences = [field.description.clone(), required, deprecated];
    sentences
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Which fields of requests are required.
struct RequiredFields<'a> {
    /// The operations that require a field, by model and wire name.
    required: BTreeMap<(String, &'a str), BTreeSet<&'a str>>,
    /// The fields into which the client puts the default location.
    default_location: BTreeSet<(String, &'a str)>,
    /// The operations that send a model. Nothing is required in models that only occur in replies.
    senders: BTreeMap<String, BTreeSet<&'a str>>,
}

impl<'a> RequiredFields<'a> {
    fn new(input: &Input<'a>) -> Self {
        let mut fields = RequiredFields {
            required: BTreeMap::new(),
            default_location: BTreeSet::new(),
            senders: BTreeMap::new(),
        };
        for (operation, schemas, _) in input.operations() {
            let Some(root) = schemas.request() else {
                continue;
            };
            for model in input.resolved.reachable(vec![root]) {
                fields
                    .senders
                    .entry(model)
                    .or_default()
                    .insert(&operation.name);
            }
            for value in operation.required.iter().filter(|value| value.in_body) {
                if let Some(field) = field_at(input, root, &value.path) {
                    fields
                        .required
                        .entry(field)
                        .or_default()
                        .insert(&operation.name);
                }
            }
            if let Some(location) = &operation.location
                && location.part == ParamLocation::Body
            {
                fields
                    .default_location
                    .insert((root.clone(), &location.name));
                if location.alt_type {
                    fields.default_location.insert((root.clone(), "altType"));
                }
            }
        }
        fields
    }

    /// The sentence in the documentation of a field.
    fn sentence(&self, model: &str, field: &Field) -> Option<String> {
        let key = (model.to_owned(), field.wire_name.as_str());
        if self.default_location.contains(&key) {
            return Some(DEFAULT_LOCATION.to_owned());
        }
        match self.required.get(&key) {
            Some(by) if self.senders.get(model) == Some(by) => Some("Required.".to_owned()),
            Some(by) => {
                let by: Vec<&str> = by.iter().copied().collect();
                Some(format!("Required by {}.", code_list(&by)))
            }
            None => {
                let declared = field.required && self.senders.contains_key(model);
                declared.then(|| DECLARED_REQUIRED.to_owned())
            }
        }
    }
}

/// The model and the name of the field at a path.
fn field_at<'a>(input: &Input<'_>, root: &str, path: &'a str) -> Option<(String, &'a str)> {
    let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
    let mut model = root.to_owned();
    for name in parents.split('.').filter(|name| !name.is_empty()) {
        let mut ty = input.field_type(&model, name)?;
        while let RustType::List(inner) | RustType::Boxed(inner) = ty {
            ty = inner;
        }
        let RustType::Named(next) = ty else {
            return None;
        };
        model.clone_from(next);
    }
    Some((model, last))
}

/// Whether a name can be a doc alias. rustdoc rejects spaces and quotes, and writes other
/// characters into its index unescaped.
pub(super) fn is_doc_alias(alias: &str) -> bool {
    !alias.is_empty()
        && !alias
            .contains(|c: char| ['"', '\''].contains(&c) || c.is_whitespace() || is_invisible(c))
}
