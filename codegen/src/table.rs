//! The operations of a module, read once out of the effective document. The operation table, the builders, the
//! report and the generator's input are all made from this.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::enforced;
use crate::fault::{At, Fault};
use crate::idempotence::{self, Idempotence};
use crate::json::{self, METHODS, Object};
use crate::location;
use crate::names;
use crate::normalise::walk;
use crate::paging::{self, Declared, Paging};

/// Where the platform's default version is not declared, the runtime sends `2021-07-28` by itself.
pub(crate) struct Operation {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The platform's operation id.
    pub(crate) id: String,
    /// Ours: the name of the method, unique in the module.
    pub(crate) name: String,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) location_token: bool,
    pub(crate) agency_token: bool,
    pub(crate) idempotence: Idempotence,
    pub(crate) deprecated: bool,
    /// No interface file has it: HoopAI documents its method and path.
    pub(crate) documented_only: bool,
    /// Why its reply may be any JSON, where that is our decision.
    pub(crate) untyped: Option<String>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    pub(crate) reply: Reply,
    pub(crate) location: Option<Location>,
    /// What overlays mark as required, with evidence.
    pub(crate) enforced: Vec<Enforced>,
    pub(crate) paging: Option<Paging>,
    /// Why it does not page although it looks so.
    pub(crate) unpaged: Option<String>,
}

impl Operation {
    pub(crate) fn is_idempotent(&self) -> bool {
        self.idempotence == Idempotence::Idempotent
    }

    /// Whether a call without this query parameter is an error before it is sent.
    pub(crate) fn enforces_query(&self, name: &str) -> bool {
        let mut enforced = self.enforced.iter();
        enforced.any(|enforced| !enforced.in_body && enforced.path == name)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
}

pub(crate) struct Parameter {
    pub(crate) place: Place,
    pub(crate) wire: String,
    /// The setter's name, unique in the operation.
    pub(crate) ident: String,
    pub(crate) required: bool,
    pub(crate) comma: bool,
    pub(crate) schema: Value,
    pub(crate) description: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyKind {
    Json,
    Form,
    Multipart,
}

pub(crate) struct Body {
    pub(crate) kind: BodyKind,
    pub(crate) required: bool,
    pub(crate) schema: Value,
    /// The names of the top-level fields that the file declares as required.
    pub(crate) declared_required: Vec<String>,
    /// The caller may give none: it has no fields, or none that the file declares as required besides the location.
    pub(crate) omittable: bool,
}

pub(crate) enum Reply {
    /// JSON of this schema; an empty schema is free-form JSON.
    Json(Value),
    Empty,
    Bytes,
}

/// Where the id of the location goes when the call does not give one.
pub(crate) struct Location {
    pub(crate) place: &'static str,
    pub(crate) name: String,
    /// `altId` goes together with `altType: location`.
    pub(crate) alt_type: bool,
    /// A call without it is an error before it is sent.
    pub(crate) required: bool,
    /// Why it is filled in: the rule, or the reason in the overlay.
    pub(crate) evidence: String,
}

/// A query parameter or body field without which a call is an error before it is sent.
pub(crate) struct Enforced {
    pub(crate) in_body: bool,
    /// The name on the wire; of a field within others its path, `items.qty`.
    pub(crate) path: String,
    pub(crate) evidence: String,
}

/// Reads all operations, in the order of their names.
pub(crate) fn read(document: &Value, at: &At<'_>) -> Result<Vec<Operation>, Fault> {
    let paths_at = at.key("paths");
    let mut operations = Vec::new();
    for (path, item) in document
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let path_at = paths_at.key(path);
        for method in METHODS {
            let Some(operation) = item.get(method).and_then(Value::as_object) else {
                continue;
            };
            operations.push(
                Reader {
                    document,
                    at: path_at.key(method),
                }
                .operation(method, path, operation)?,
            );
        }
    }
    operations.sort_by(|a, b| (&a.name, &a.path, &a.method).cmp(&(&b.name, &b.path, &b.method)));
    for index in 1..operations.len() {
        let (one, other) = (&operations[index - 1], &operations[index]);
        if one.name == other.name {
            let path_at = paths_at.key(&other.path);
            return Err(path_at.key(&other.method).fault(
                format!(
                    "its method would be called `{}`, as that of {} {}",
                    one.name, one.method, one.path
                ),
                "give one of them another `x-hoopai-name` in the module's overlay",
            ));
        }
    }
    Ok(operations)
}

/// Reads one operation of a document.
pub(crate) struct Reader<'a> {
    pub(crate) document: &'a Value,
    pub(crate) at: At<'a>,
}

impl Reader<'_> {
    fn operation(&self, method: &str, path: &str, operation: &Object) -> Result<Operation, Fault> {
        if !["delete", "get", "patch", "post", "put"].contains(&method) {
            return Err(self.at.fault(
                format!(
                    "operations of method {} are not supported",
                    method.to_uppercase()
                ),
                "remove it in the module's overlay",
            ));
        }
        let id = json::text(operation, "operationId")
            .unwrap_or_default()
            .to_owned();
        let name = match operation.get("x-hoopai-name") {
            None => names::operation(&id, method, path),
            Some(name) => match name.as_str().filter(|name| names::is_method_name(name)) {
                Some(name) => name.to_owned(),
                None => {
                    return Err(self.at.fault(
                        format!("`x-hoopai-name` is {name}, no name for a method"),
                        "write it in snake case: a-z, 0-9 and _",
                    ));
                }
            },
        };
        let body = self.body(operation)?;
        let parameters = self.parameters(path, operation, body.as_ref())?;
        let (location_token, agency_token) = tokens(operation);
        let mut all = Operation {
            version: version(operation),
            scopes: scopes(operation),
            location_token,
            agency_token,
            idempotence: idempotence::read(operation, method, &name, &self.at)?,
            deprecated: json::flag(operation, "deprecated"),
            documented_only: json::flag(operation, "x-hoopai-documented-only"),
            untyped: idempotence::reason(
                operation,
                "x-hoopai-untyped",
                "why nothing is known of its reply",
                &self.at,
            )?,
            summary: json::text(operation, "summary").map(str::to_owned),
            description: json::text(operation, "description").map(str::to_owned),
            reply: self.reply(operation),
            method: method.to_owned(),
            path: path.to_owned(),
            id,
            name,
            parameters,
            body,
            location: None,
            enforced: Vec::new(),
            paging: None,
            unpaged: None,
        };
        all.location = match operation.get(location::DECLARED) {
            Some(declared) => Some(location::declared(self, &all, declared)?),
            None => location::by_rule(self, &all),
        };
        if let (Some(location), Some(body)) = (&all.location, &mut all.body)
            && location.place == "Body"
            && !operation.contains_key(location::DECLARED)
        {
            body.omittable |= body
                .declared_required
                .iter()
                .all(|name| *name == location.name || location.alt_type && name == "altType");
        }
        all.enforced = enforced::read(self, &all, operation)?;
        let subject = paging::Subject {
            document: self.document,
            operation,
            method,
            parameters: &all.parameters,
            body: all.body.as_ref(),
            reply: &all.reply,
        };
        match paging::read(&subject, &self.at)? {
            Declared::Paged(paging) => all.paging = Some(paging),
            Declared::Unpaged(reason) => all.unpaged = Some(reason),
            Declared::Plain => {}
        }
        Ok(all)
    }

    /// Path parameters in the order of the path, then queries and headers, required ones first, each by name.
    fn parameters(
        &self,
        path: &str,
        operation: &Object,
        body: Option<&Body>,
    ) -> Result<Vec<Parameter>, Fault> {
        let in_path = walk::template_names(path).unwrap_or_default();
        let mut parameters: Vec<Parameter> = Vec::new();
        for parameter in json::items(operation, "parameters").filter_map(Value::as_object) {
            let wire = json::text(parameter, "name").unwrap_or_default();
            let place = match json::text(parameter, "in") {
                Some("path") => Place::Path,
                Some("query") => Place::Query,
                _ if wire.eq_ignore_ascii_case("version") => continue,
                _ => Place::Header,
            };
            parameters.push(Parameter {
                place,
                wire: wire.to_owned(),
                ident: String::new(),
                required: json::flag(parameter, "required"),
                comma: parameter.get("explode") == Some(&Value::Bool(false)),
                schema: parameter.get("schema").cloned().unwrap_or_default(),
                description: json::text(parameter, "description").map(str::to_owned),
            });
        }
        parameters.sort_by_key(|parameter| {
            let position = in_path
                .iter()
                .position(|name| *name == parameter.wire)
                .unwrap_or(0);
            (
                parameter.place,
                position * usize::from(parameter.place == Place::Path),
                !parameter.required,
                parameter.wire.clone(),
            )
        });
        // Multipart bodies have a setter for each field, all others have one `body`.
        let mut taken = names::RESERVED
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<BTreeSet<_>>();
        taken.extend(
            [
                "clone", "into", "from", "try_into", "try_from", "borrow", "type_id", "to_owned",
            ]
            .map(str::to_owned),
        );
        if body.is_some() {
            taken.insert("body".to_owned());
        }
        for parameter in &mut parameters {
            parameter.ident = names::unique(&names::field(&parameter.wire), &mut taken);
        }
        Ok(parameters)
    }

    fn body(&self, operation: &Object) -> Result<Option<Body>, Fault> {
        let Some(body) = operation.get("requestBody").and_then(Value::as_object) else {
            return Ok(None);
        };
        let body_at = self.at.key("requestBody");
        let content: Vec<(&String, &Value)> = json::entries(body, "content").collect();
        let of = |kind: fn(&str) -> bool| content.iter().find(|(media_type, _)| kind(media_type));
        let (kind, media) = if let Some((_, media)) = of(is_json) {
            (BodyKind::Json, media)
        } else if let Some((_, media)) =
            of(|media_type| media_type.starts_with("multipart/form-data"))
        {
            (BodyKind::Multipart, media)
        } else if let Some((_, media)) =
            of(|media_type| media_type.starts_with("application/x-www-form-urlencoded"))
        {
            (BodyKind::Form, media)
        } else {
            let declared: Vec<&str> = content
                .iter()
                .map(|(media_type, _)| media_type.as_str())
                .collect();
            return Err(body_at.fault(
                format!("bodies of type {} are not supported", declared.join(", ")),
                "declare JSON, urlencoded or multipart in the module's overlay",
            ));
        };
        let schema = media.get("schema").cloned().unwrap_or_default();
        let resolved = self.resolve(&schema);
        let declared_required = resolved
            .as_object()
            .map(|schema| {
                json::items(schema, "required")
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default();
        let required = json::flag(body, "required");
        let omittable =
            required && kind == BodyKind::Json && resolved.as_object().is_some_and(has_no_fields);
        Ok(Some(Body {
            kind,
            required,
            schema,
            declared_required,
            omittable,
        }))
    }

    /// The one shape of success: the files declare up to two statuses, and what matters is what comes back.
    fn reply(&self, operation: &Object) -> Reply {
        let mut successes: Vec<(&String, &Value)> = json::entries(operation, "responses")
            .filter(|(status, _)| status.starts_with('2'))
            .collect();
        if successes.is_empty() {
            successes = json::entries(operation, "responses")
                .filter(|(status, _)| *status == "default")
                .collect();
        }
        let no_content =
            !successes.is_empty() && successes.iter().all(|(status, _)| *status == "204");
        let mut schemas: Vec<Value> = Vec::new();
        let mut bytes = false;
        for (_, response) in successes {
            for (media_type, media) in response
                .get("content")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                if !is_json(media_type) {
                    bytes = true;
                } else if let Some(schema) = media.get("schema")
                    && !schemas.contains(schema)
                {
                    schemas.push(schema.clone());
                }
            }
        }
        match schemas.len() {
            0 if bytes => Reply::Bytes,
            0 if no_content => Reply::Empty,
            0 => Reply::Json(Object::new().into()),
            1 => Reply::Json(schemas.remove(0)),
            _ => Reply::Json(serde_json::json!({ "oneOf": schemas })),
        }
    }

    pub(crate) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        resolve(self.document, schema)
    }

    pub(crate) fn body_properties<'a>(
        &'a self,
        body: &'a Body,
    ) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.resolve(&body.schema)
            .as_object()
            .into_iter()
            .flat_map(|schema| json::entries(schema, "properties"))
    }
}

/// Follows references, and composites of one part, to the schema that they stand for.
pub(crate) fn resolve<'a>(document: &'a Value, mut schema: &'a Value) -> &'a Value {
    for _ in 0..64 {
        let next = match schema.get("$ref").and_then(Value::as_str) {
            Some(reference) => reference
                .strip_prefix("#/components/schemas/")
                .and_then(|name| {
                    document.pointer(&format!("/components/schemas/{}", json::escape(name)))
                }),
            None => ["allOf", "oneOf", "anyOf"]
                .iter()
                .find_map(|key| schema.get(*key))
                .filter(|_| schema.get("properties").is_none())
                .and_then(|parts| match parts.as_array()?.as_slice() {
                    [one] => Some(one),
                    _ => None,
                }),
        };
        match next {
            Some(next) => schema = next,
            None => return schema,
        }
    }
    schema
}

/// Whether a schema is an object that declares no field and is not said to have others.
fn has_no_fields(schema: &Object) -> bool {
    let others = schema.get("additionalProperties");
    json::text(schema, "type") == Some("object")
        && json::entries(schema, "properties").next().is_none()
        && matches!(others, None | Some(Value::Bool(false)))
        && !["allOf", "anyOf", "oneOf"]
            .into_iter()
            .any(|parts| schema.contains_key(parts))
}

pub(crate) fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence == "application/json" || essence.ends_with("+json")
}

fn version(operation: &Object) -> Option<String> {
    json::items(operation, "parameters")
        .filter_map(Value::as_object)
        .find(|parameter| {
            json::text(parameter, "in") == Some("header")
                && json::text(parameter, "name")
                    .is_some_and(|name| name.eq_ignore_ascii_case("version"))
        })
        .and_then(|parameter| parameter.get("schema")?.get("enum")?.get(0)?.as_str())
        .map(str::to_owned)
}

fn scopes(operation: &Object) -> Vec<String> {
    let mut scopes: Vec<String> = json::items(operation, "security")
        .filter_map(Value::as_object)
        .flat_map(|requirement| requirement.values())
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    scopes.sort();
    scopes.dedup();
    scopes
}

/// The kinds of token that may call: of a location, of an agency. Other schemes leave it open.
fn tokens(operation: &Object) -> (bool, bool) {
    let (mut location, mut agency) = (false, false);
    for name in json::items(operation, "security")
        .filter_map(Value::as_object)
        .flat_map(Object::keys)
    {
        match name.as_str() {
            "Location-Access" | "Location-Access-Only" => location = true,
            "Agency-Access" | "Agency-Access-Only" => agency = true,
            _ => (location, agency) = (true, true),
        }
    }
    (location, agency)
}
