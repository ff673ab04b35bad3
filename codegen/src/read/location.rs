//! The value that takes the default location: by rule, or as an overlay declares it
//! (`x-hoopai-location`).
//!
//! The client fills in only this value (and `altType` with it), so each case names its evidence,
//! and `cargo xtask report` lists all of them.

use serde_json::Value;

use crate::error::{FileError, SourcePointer};
use crate::json::Object;
use crate::model::{DefaultLocation, Operation, ParamLocation, Parameter};
use crate::openapi::resolve;

/// The extension: `{ in, name, reason }`.
pub(super) const EXTENSION: &str = "x-hoopai-location";

pub(super) fn is_in_body(location: &DefaultLocation) -> bool {
    location.part == ParamLocation::Body
}

pub(super) fn read(
    document: &Value,
    operation: &Operation,
    declared: &Object,
    at: &SourcePointer<'_>,
) -> Result<Option<DefaultLocation>, FileError> {
    match declared.get(EXTENSION) {
        Some(declared) => from_overlay(document, operation, declared, at).map(Some),
        None => Ok(by_rule(document, operation)),
    }
}

/// The location as an overlay declares it. The parameter or field must be declared too.
fn from_overlay(
    document: &Value,
    operation: &Operation,
    declared: &Value,
    at: &SourcePointer<'_>,
) -> Result<DefaultLocation, FileError> {
    let at = at.key(EXTENSION);
    let text = |key: &str| {
        let text = declared.get(key).and_then(Value::as_str).map(str::trim);
        text.filter(|text| !text.is_empty())
    };
    let (Some(part_name), Some(name), Some(reason)) = (text("in"), text("name"), text("reason"))
    else {
        return Err(at.error(
            format!("`{EXTENSION}` is {declared}"),
            "write `in` (path, query or body), `name` and `reason`",
        ));
    };
    let parameters = operation.parameters.iter();
    let mut declared_parts = parameters
        .filter(|parameter| parameter.wire_name == name)
        .map(|parameter| parameter.part)
        .filter(|part| *part != ParamLocation::Header)
        .chain(
            operation
                .body
                .iter()
                .flat_map(|body| body.properties(document))
                .filter(|(field, _)| *field == name)
                .map(|_| ParamLocation::Body),
        );
    let Some(part) = declared_parts.find(|part| part.name() == part_name) else {
        return Err(at.error(
            format!("the operation declares no `{name}` in its {part_name}"),
            "correct the name, or add the parameter or field in an action before this one",
        ));
    };
    Ok(DefaultLocation {
        part,
        name: name.to_owned(),
        alt_type: false,
        required: true,
        evidence: format!("overlay: {reason}"),
    })
}

/// The location by rule: in the path, else in the query (required parameters first), else in the
/// body.
///
/// `altId` is the id of a location only if the operation also declares `altType`, which selects
/// location or agency. In other operations it has another meaning: in messages, the provider's own
/// message id.
///
/// If an operation acts on an agency, an optional location is a filter, as in a list of the
/// agency's locations. Filling it in would hide the other locations without notice.
fn by_rule(document: &Value, operation: &Operation) -> Option<DefaultLocation> {
    let of_agency = acts_on_agency(document, operation);
    let location =
        |part: ParamLocation, name: &str, schema: &Value, required: bool, alt_type: bool| {
            let schema = resolve(document, schema);
            let is_text = schema.get("type").and_then(Value::as_str) == Some("string");
            let is_alt_id = name == "altId" && alt_type && part != ParamLocation::Path;
            let is_location = is_alt_id || ["locationId", "location_id"].contains(&name);
            let declared = if required { "required" } else { "optional" };
            (is_text && is_location && (required || !of_agency)).then(|| DefaultLocation {
                part,
                name: name.to_owned(),
                alt_type: is_alt_id,
                required,
                evidence: if is_alt_id {
                    format!("`altId` with `altType`, declared as {declared}")
                } else {
                    format!("`{name}`, declared as {declared}")
                },
            })
        };
    // An id at the end of the path names the resource itself. With a default, a call that lacks the
    // id would, for example, delete the default location.
    let is_resource_id = |name: &str| operation.path.ends_with(&format!("{{{name}}}"));
    let of = |part: ParamLocation| {
        let parameters = operation.parameters.iter();
        parameters.filter(move |parameter: &&Parameter| parameter.part == part)
    };
    let in_path = || {
        of(ParamLocation::Path)
            .filter(|parameter| !is_resource_id(&parameter.wire_name))
            .find_map(
                |Parameter {
                     part,
                     wire_name,
                     schema,
                     ..
                 }| { location(*part, wire_name, schema, true, false) },
            )
    };
    let in_query = || {
        let alt_type = of(ParamLocation::Query).any(|query| query.wire_name == "altType");
        of(ParamLocation::Query).find_map(|query| {
            location(
                query.part,
                &query.wire_name,
                &query.schema,
                query.required,
                alt_type,
            )
        })
    };
    let in_body = || {
        let body = operation.body.as_ref()?;
        let alt_type = body.properties(document).any(|(name, _)| name == "altType");
        body.properties(document).find_map(|(name, schema)| {
            let required = body.declared_required.contains(name);
            location(ParamLocation::Body, name, schema, required, alt_type)
        })
    };
    in_path().or_else(in_query).or_else(in_body)
}

/// Whether an operation acts on an agency unless a location is named: only agency tokens may call
/// it, or an agency's token may call it and it takes the agency's id.
fn acts_on_agency(document: &Value, operation: &Operation) -> bool {
    let takes_company = || {
        let body = operation.body.iter();
        let in_body = body.flat_map(|body| body.properties(document));
        operation
            .parameters
            .iter()
            .map(|parameter| &parameter.wire_name)
            .chain(in_body.map(|(name, _)| name))
            .any(|name| name == "companyId")
    };
    operation.agency_token && (!operation.location_token || takes_company())
}
