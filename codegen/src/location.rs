//! Where the default location goes: by rule, or as an overlay declares it (`x-hoopai-location`).
//!
//! This is the only value that the client fills in by itself (`altType` goes with it), so each case names its evidence, and
//! `cargo xtask report` lists all of them.

use serde_json::Value;

use crate::fault::Fault;
use crate::table::{Location, Operation, Parameter, Place, Reader};

/// The overlay's declaration: `{ in, name, reason }`.
pub(crate) const DECLARED: &str = "x-hoopai-location";

/// The location as an overlay declares it. The parameter or field must be declared too.
pub(crate) fn declared(
    reader: &Reader<'_>,
    operation: &Operation,
    declared: &Value,
) -> Result<Location, Fault> {
    let at = reader.at.key(DECLARED);
    let text = |key: &str| {
        let text = declared.get(key).and_then(Value::as_str).map(str::trim);
        text.filter(|text| !text.is_empty())
    };
    let (Some(part), Some(name), Some(reason)) = (text("in"), text("name"), text("reason")) else {
        return Err(at.fault(
            format!("`{DECLARED}` is {declared}"),
            "write `in` (path, query or body), `name` and `reason`",
        ));
    };
    let has = |place: Place| {
        let mut parameters = operation.parameters.iter();
        parameters.any(|parameter| parameter.place == place && parameter.wire == name)
    };
    let in_body = || {
        let body = operation.body.as_ref();
        body.is_some_and(|body| reader.body_properties(body).any(|(other, _)| other == name))
    };
    let place = match part {
        "path" if has(Place::Path) => "Path",
        "query" if has(Place::Query) => "Query",
        "body" if in_body() => "Body",
        _ => {
            return Err(at.fault(
                format!("the operation declares no `{name}` in its {part}"),
                "correct the name, or add the parameter or field in an action before this one",
            ));
        }
    };
    Ok(Location {
        place,
        name: name.to_owned(),
        alt_type: false,
        required: true,
        evidence: format!("overlay: {reason}"),
    })
}

/// The part of the request that takes the location: the path, then the query (required parameters first), then the body.
///
/// `altId` is the id of a location only if the operation declares `altType` as well, which says whether it is one of a location or of an
/// agency. Elsewhere it means something else: in messages, the provider's own id of the message.
///
/// If an operation acts on an agency, an optional location only narrows it, as in a list of the agency's locations. Filling
/// it in would hide the other locations without notice.
pub(crate) fn by_rule(reader: &Reader<'_>, operation: &Operation) -> Option<Location> {
    let of_agency = acts_on_agency(reader, operation);
    let find = |place: &'static str, name: &str, schema: &Value, required: bool, alt_type: bool| {
        let schema = reader.resolve(schema);
        let is_text = schema.get("type").and_then(Value::as_str) == Some("string");
        let alt = name == "altId" && alt_type && place != "Path";
        let is_location = alt || ["locationId", "location_id"].contains(&name);
        let declared = if required { "required" } else { "optional" };
        (is_text && is_location && (required || !of_agency)).then(|| Location {
            place,
            name: name.to_owned(),
            alt_type: alt,
            required,
            evidence: match alt {
                true => format!("`altId` with `altType` beside it, declared as {declared}"),
                false => format!("`{name}`, declared as {declared}"),
            },
        })
    };
    // An id at the end of the path names the resource itself. A call that deletes "the default one" because the id was left
    // out would be a trap.
    let names_itself = |name: &str| operation.path.ends_with(&format!("{{{name}}}"));
    let of = |place: Place| {
        let parameters = operation.parameters.iter();
        parameters.filter(move |parameter: &&Parameter| parameter.place == place)
    };
    let in_path = of(Place::Path)
        .filter(|parameter| !names_itself(&parameter.wire))
        .find_map(|parameter| find("Path", &parameter.wire, &parameter.schema, true, false));
    let in_query = || {
        let alt_type = of(Place::Query).any(|parameter| parameter.wire == "altType");
        of(Place::Query).find_map(|parameter| {
            let (name, required) = (&parameter.wire, parameter.required);
            find("Query", name, &parameter.schema, required, alt_type)
        })
    };
    let in_body = || {
        let body = operation.body.as_ref()?;
        let alt_type = reader
            .body_properties(body)
            .any(|(name, _)| name == "altType");
        reader.body_properties(body).find_map(|(name, schema)| {
            let required = body.declared_required.contains(name);
            find("Body", name, schema, required, alt_type)
        })
    };
    in_path.or_else(in_query).or_else(in_body)
}

/// Whether an operation acts on an agency unless a location is named: only agency tokens may call it, or it takes the
/// agency's id from a caller that may be an agency.
fn acts_on_agency(reader: &Reader<'_>, operation: &Operation) -> bool {
    let takes_company = || {
        let in_body = operation
            .body
            .iter()
            .flat_map(|body| reader.body_properties(body));
        operation
            .parameters
            .iter()
            .map(|parameter| &parameter.wire)
            .chain(in_body.map(|(name, _)| name))
            .any(|name| name == "companyId")
    };
    operation.agency_token && (!operation.location_token || takes_company())
}
