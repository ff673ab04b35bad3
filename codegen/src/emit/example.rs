//! Examples of operations, which are compiled as documentation tests.

use super::input::Input;
use crate::formats::RuntimeType;
use crate::model::{Operation, ParamLocation, Reply};
use crate::rust_types::{OperationTypes, RustType};
use crate::schema::Field;

/// The number of optional fields in an example without required ones.
const OPTIONAL_FIELDS: usize = 2;

/// Chains of calls up to this length are written on one line.
const LINE: usize = 88;

/// The lines of an example, or `None` if a required value has no short form.
pub(super) fn lines(
    input: &Input<'_>,
    operation: &Operation,
    types: &OperationTypes,
) -> Option<Vec<String>> {
    let module = input.module.ident();
    let is_list = operation.paging.is_some();
    let mut calls = vec![format!("{}()", operation.name)];
    calls.extend(setters(input, operation, types)?);
    let end = if is_list { "stream()" } else { "send()" };
    calls.push(end.to_owned());
    let variable = match &operation.reply {
        _ if is_list => "let mut items = ",
        Reply::Empty => "",
        _ => "let reply = ",
    };
    let suffix = if is_list { ";" } else { ".await?;" };
    let mut lines = Vec::new();
    for path in ["types", "runtime"] {
        if calls.iter().any(|call| call.contains(&format!("{path}::"))) {
            lines.push(format!("# use hoopai_{module}::{path};"));
        }
    }
    lines.push(format!(
        "# async fn example({module}: hoopai_{module}::Client) -> Result<(), hoopai_{module}::Error> {{"
    ));
    let one_line = format!("{variable}{module}.{}{suffix}", calls.join("."));
    if one_line.len() <= LINE {
        lines.push(one_line);
    } else {
        lines.push(format!("{variable}{module}"));
        for call in &calls {
            lines.extend(format!(".{call}").lines().map(|line| format!("    {line}")));
        }
        if is_list {
            let last = lines.last_mut()?;
            last.push(';');
        } else {
            lines.push("    .await?;".to_owned());
        }
    }
    if is_list {
        lines.push("while let Some(item) = items.next().await {".to_owned());
        lines.push("    println!(\"{:?}\", item?);".to_owned());
        lines.push("}".to_owned());
    }
    lines.push("# Ok(())".to_owned());
    lines.push("# }".to_owned());
    Some(lines)
}

/// The calls of the setters without which the operation fails.
fn setters(
    input: &Input<'_>,
    operation: &Operation,
    types: &OperationTypes,
) -> Option<Vec<String>> {
    let mut calls = Vec::new();
    let location = operation.location.as_ref();
    for (parameter, ty) in operation.parameters.iter().zip(&types.parameters) {
        let name = &parameter.wire_name;
        let has_default = location.is_some_and(|location| {
            location.part == parameter.part
                && (location.name == *name || location.alt_type && name == "altType")
        });
        let is_needed = parameter.part == ParamLocation::Path
            || (parameter.required || operation.requires_query(name))
                && !selects_page(operation, name);
        if is_needed && !has_default {
            calls.push(format!("{}({})", parameter.ident, value(input, ty)?));
        }
    }
    let Some(body) = &operation.body else {
        return Some(calls);
    };
    for (part, ty) in body.parts.iter().zip(&types.parts) {
        let is_default = location.is_some_and(|location| location.name == part.wire_name);
        if part.is_file {
            let file = "runtime::Part::bytes(\"file.pdf\", Vec::new())";
            calls.push(format!("{}({file})", part.ident));
        } else if body.declared_required.contains(&part.wire_name) && !is_default {
            calls.push(format!("{}({})", part.ident, value(input, ty)?));
        }
    }
    if let Some(ty) = &types.body {
        let named = match ty.unboxed() {
            RustType::Named(name) => input.resolved.structs.get_key_value(name),
            _ => None,
        };
        let fields = named.map(|(name, _)| body_fields(input, operation, name));
        let is_optional = operation.paging.is_some() || fields == Some(Some(Vec::new()));
        if !(body.omittable && is_optional) {
            let body = match (named, fields) {
                (Some((name, _)), Some(fields)) => {
                    let constructor = format!("types::{name}::new()");
                    let all: Vec<String> = std::iter::once(constructor).chain(fields?).collect();
                    builder(&all)
                }
                _ => value(input, ty)?,
            };
            calls.push(format!("body({body})"));
        }
    }
    Some(calls)
}

/// The calls of a builder, on one line if they are short.
fn builder(calls: &[String]) -> String {
    let line = calls.join(".");
    if line.len() <= LINE {
        return line;
    }
    format!("\n    {},\n", calls.join("\n        ."))
}

/// Whether a stream sets the parameter or field.
fn selects_page(operation: &Operation, name: &str) -> bool {
    operation.paging.as_ref().is_some_and(|paging| {
        let size = paging.size.as_ref().map(|size| size.to.name());
        let mut names = paging.param_names().into_iter().chain(size);
        names.any(|of_paging| of_paging == name)
    })
}

/// The calls that set the required fields of a body, or else its first ones.
fn body_fields(input: &Input<'_>, operation: &Operation, name: &str) -> Option<Vec<String>> {
    let fields = &input.resolved.structs.get(name)?.fields;
    let types = &input.types.structs.get(name)?.fields;
    let location = operation.location.as_ref();
    let fields = || {
        fields.iter().zip(types).filter(|(field, _)| {
            let has_default = location.is_some_and(|location| {
                location.part == ParamLocation::Body
                    && (location.name == field.wire_name
                        || location.alt_type && field.wire_name == "altType")
            });
            !has_default && !selects_page(operation, &field.wire_name)
        })
    };
    let required = fields().filter(|(field, _)| {
        let mut required = operation.required.iter();
        field.required || required.any(|value| value.in_body && value.path == field.wire_name)
    });
    let mut calls = Vec::new();
    for (field, ty) in required {
        calls.push(format!("{}({})", field.ident, value(input, ty)?));
    }
    if calls.is_empty() && operation.paging.is_none() {
        let scalar: Vec<_> = fields().filter(|(_, ty)| ty.is_scalar()).collect();
        let of_scalar: Vec<&Field> = scalar.iter().map(|(field, _)| *field).collect();
        let chosen = optional_fields(&of_scalar);
        for (field, ty) in scalar {
            if chosen.contains(&field.wire_name.as_str()) {
                calls.push(format!("{}({})", field.ident, value(input, ty)?));
            }
        }
    }
    Some(calls)
}

/// The first fields that do not exclude each other according to their texts. The end of a period
/// comes with its start.
fn optional_fields<'f>(fields: &[&'f Field]) -> Vec<&'f str> {
    let excludes = |field: &Field, name: &str| {
        let text = field.description.as_deref().unwrap_or_default();
        text.contains(&format!("excludes `{name}`"))
    };
    let mut chosen: Vec<&Field> = Vec::new();
    for field in fields {
        let is_excluded = chosen
            .iter()
            .any(|other| excludes(other, &field.wire_name) || excludes(field, &other.wire_name));
        if chosen.len() < OPTIONAL_FIELDS && !is_excluded {
            chosen.push(field);
        }
    }
    let starts: Vec<String> = chosen
        .iter()
        .filter_map(|field| field.wire_name.strip_prefix("end"))
        .map(|rest| format!("start{rest}"))
        .collect();
    let names = fields.iter().map(|field| field.wire_name.as_str());
    names
        .filter(|name| {
            chosen.iter().any(|field| field.wire_name == *name)
                || starts.iter().any(|start| start == name)
        })
        .collect()
}

/// A value of a type, as setters accept it.
fn value(input: &Input<'_>, ty: &RustType) -> Option<String> {
    Some(match ty {
        RustType::String | RustType::Value => "\"…\"".to_owned(),
        RustType::Runtime(RuntimeType::CustomFieldValue) => "\"…\"".to_owned(),
        RustType::Runtime(RuntimeType::Decimal) | RustType::Integer => "10".to_owned(),
        RustType::Runtime(
            RuntimeType::Date | RuntimeType::DateAtMidnight | RuntimeType::DateMonthFirst,
        ) => "runtime::Date::new(2026, 1, 31).unwrap()".to_owned(),
        RustType::Runtime(_) => "std::time::SystemTime::now()".to_owned(),
        RustType::Number => "0.5".to_owned(),
        RustType::Boolean => "true".to_owned(),
        RustType::Named(name) => match input.resolved.enums.get(name) {
            Some(item) => format!("types::{name}::{}", item.variants.first()?.0),
            None => format!("types::{name}::new()"),
        },
        RustType::List(items) => format!("[{}]", value(input, items.unboxed())?),
        RustType::Boxed(inner) => value(input, inner)?,
        RustType::Object | RustType::Map(_) => return None,
    })
}
