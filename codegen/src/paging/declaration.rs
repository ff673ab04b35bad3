//! Declarations of paging.
//!
//! A declaration that cannot work is an error. A path must be declared completely: below a schema that allows any field,
//! a misspelt name would only show at run time, as a list that ends after its first page.

use std::collections::BTreeSet;

use serde_json::Value;

use super::schema_path::{PathError, SchemaSet};
use crate::error::{FileError, SourcePointer};
use crate::json::{self, Object};
use crate::model::{
    BodyKind, CursorField, Operation, PageParam, PageSize, PageStrategy, Paging, ParamLocation,
    Parameter, Reply,
};
use crate::text::code_list;

pub(super) const PAGED: &str = "x-hoopai-paging";
pub(super) const UNPAGED: &str = "x-hoopai-unpaged";

/// What an overlay declares about the paging of an operation.
pub(crate) enum Declaration {
    Paged(Paging),
    /// It does not page although it has paging parameters, with the reason.
    Unpaged(String),
    None,
}

/// Names of parameters for page size and position.
pub(super) const SIZES: [&str; 6] = [
    "limit",
    "pageLimit",
    "pageSize",
    "pageLength",
    "perPage",
    "per_page",
];
const POSITIONS: [&str; 12] = [
    "page",
    "pageNumber",
    "pageIndex",
    "currentPage",
    "offset",
    "skip",
    "cursor",
    "nextCursor",
    "pageToken",
    "nextPageToken",
    "searchAfter",
    "lastDoc",
];

fn is_paging_parameter(name: &str) -> bool {
    SIZES.contains(&name)
        || POSITIONS.contains(&name)
        || name.starts_with("startAfter")
        || name.starts_with("last") && name.ends_with("Id")
}

/// Reads the declaration of an operation. The inner error states that it has paging parameters and
/// declares nothing.
pub(super) fn read(
    reader: &Reader<'_>,
    declared: &Object,
    at: &SourcePointer<'_>,
) -> Result<Result<Declaration, FileError>, FileError> {
    let candidates = reader.paging_parameters();
    match (declared.get(PAGED), declared.get(UNPAGED)) {
        // The reason was added because the rule no longer fits.
        (Some(_), Some(_)) => Err(at.key(PAGED).error(
            format!("it has both `{PAGED}` and `{UNPAGED}`"),
            "keep one of them in the module's overlay",
        )),
        (Some(paging), None) => reader
            .paging(paging, &at.key(PAGED))
            .map(|paging| Ok(Declaration::Paged(paging))),
        (None, Some(reason)) => {
            let at = at.key(UNPAGED);
            let text = reason.as_str().map(str::trim).unwrap_or_default();
            if text.is_empty() {
                return Err(at.error(
                    format!("`{UNPAGED}` is {reason}, not a reason"),
                    "state in the module's overlay why its parameters select no page",
                ));
            }
            if candidates.is_empty() {
                return Err(at.error(
                    "the operation has no paging parameters, so it needs no reason",
                    "delete that action of the module's overlay",
                ));
            }
            Ok(Ok(Declaration::Unpaged(text.to_owned())))
        }
        (None, None) if candidates.is_empty() => Ok(Ok(Declaration::None)),
        (None, None) => Ok(Err(at.error(
            format!(
                "it has the paging parameters {}, and no declaration of paging",
                code_list(&candidates)
            ),
            format!("declare `{PAGED}` in the module's overlay, or `{UNPAGED}` with the reason"),
        ))),
    }
}

/// Reads the declaration of one operation.
pub(super) struct Reader<'a> {
    pub(super) document: &'a Value,
    pub(super) operation: &'a Operation,
}

impl<'a> Reader<'a> {
    fn queries(&self) -> impl Iterator<Item = &'a Parameter> {
        self.operation
            .parameters
            .iter()
            .filter(|parameter| parameter.part == ParamLocation::Query)
    }

    /// The schemas of a JSON body. Bodies of other kinds cannot be sent again with another page.
    fn body(&self) -> Option<SchemaSet<'a>> {
        let body = self
            .operation
            .body
            .as_ref()
            .filter(|body| body.kind == BodyKind::Json)?;
        Some(SchemaSet::new(self.document, &body.schema))
    }

    /// The parameters with names of paging parameters. Fields of bodies count for POST only: other
    /// methods write, and their limits have another meaning.
    pub(super) fn paging_parameters(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = self
            .queries()
            .map(|query| query.wire_name.as_str())
            .collect();
        if let Some(body) = self.body().filter(|_| self.operation.method == "post") {
            names.extend(body.fields().map(|(name, _)| name.as_str()));
        }
        names.retain(|name| is_paging_parameter(name));
        names.sort_unstable();
        names.dedup();
        names
    }

    pub(super) fn paging(
        &self,
        paging: &Value,
        at: &SourcePointer<'_>,
    ) -> Result<Paging, FileError> {
        let map = entries(
            paging,
            &[
                "items",
                "total",
                "more",
                "size",
                "cursor",
                "cursor-of-last",
                "page",
                "offset",
            ],
            at,
        )?;
        let Reply::Json(schema) = &self.operation.reply else {
            return Err(at.error(
                "its reply is not JSON, so it has no items",
                "delete that action of the module's overlay",
            ));
        };
        let reply = SchemaSet::new(self.document, schema);
        let items = text(map, "items", at)?;
        let items_at = at.key("items");
        let list = at_path(&reply, items, "the reply", &items_at)?;
        let item = list.items().ok_or_else(|| {
            items_at.error(
                match items {
                    "" => "the reply is not a list".to_owned(),
                    items => format!("`{items}` is not a list"),
                },
                "write the path of the list of items; correct its schema in the module's overlay if it is one",
            )
        })?;
        let scalar = |key: &'static str| -> Result<Option<String>, FileError> {
            if !map.contains_key(key) {
                return Ok(None);
            }
            let name = text(map, key, at)?;
            let key_at = at.key(key);
            if at_path(&reply, name, "the reply", &key_at)?.is_any(&["object", "array"]) {
                return Err(key_at.error(
                    format!("`{name}` is an object or a list"),
                    "write the path of one value",
                ));
            }
            Ok(Some(name.to_owned()))
        };
        let (total, more) = (scalar("total")?, scalar("more")?);
        let size = map
            .get("size")
            .map(|size| self.size(size, &at.key("size")))
            .transpose()?;
        let strategy = self.strategy(map, &reply, &item, at)?;
        let paging = Paging {
            items: items.to_owned(),
            total,
            more,
            size,
            strategy,
        };
        let size = paging.size.iter().map(|size| size.to.name());
        let mut seen = BTreeSet::new();
        let mut names = size.chain(paging.param_names());
        if let Some(twice) = names.find(|name| !seen.insert(*name)) {
            return Err(at.error(
                format!("`{twice}` has two values"),
                "declare one value for each parameter",
            ));
        }
        Ok(paging)
    }

    /// The maximum in the schema of a parameter.
    pub(super) fn declared_maximum(&self, name: &str) -> Option<u64> {
        let (_, schemas) = self.param(name, &SourcePointer::root("")).ok()?;
        let bound = schemas?.bound("maximum")?;
        (1.0..=f64::from(u32::MAX))
            .contains(&bound)
            .then_some(bound as u64)
    }

    fn size(&self, size: &Value, at: &SourcePointer<'_>) -> Result<PageSize, FileError> {
        let map = entries(size, &["parameter", "max", "declared"], at)?;
        let (to, schemas) = self.param(text(map, "parameter", at)?, &at.key("parameter"))?;
        let max_at = at.key("max");
        let max = number(map, "max", at)?;
        if max == 0 {
            return Err(max_at.error(
                "a page of 0 items is impossible",
                "write the largest page size",
            ));
        }
        let bound = schemas.and_then(|schemas| schemas.bound("maximum"));
        if let Some(most) = bound.filter(|most| f64::from(max) > *most) {
            return Err(max_at.error(
                format!("{max} is above the declared maximum of {most}"),
                "write that, or correct the parameter in the module's overlay",
            ));
        }
        let in_schema = bound == Some(f64::from(max));
        let declared = match map.get("declared") {
            None => in_schema,
            Some(Value::Bool(true)) if in_schema => {
                return Err(at.key("declared").error(
                    "the parameter's schema already has the maximum",
                    "delete `declared`",
                ));
            }
            Some(Value::Bool(declared)) => *declared,
            Some(other) => {
                return Err(at.key("declared").error(
                    format!("`declared` is {other}, not true or false"),
                    "write true if the parameter's description states the maximum",
                ));
            }
        };
        Ok(PageSize { to, max, declared })
    }

    fn strategy(
        &self,
        map: &Object,
        reply: &SchemaSet<'_>,
        item: &SchemaSet<'_>,
        at: &SourcePointer<'_>,
    ) -> Result<PageStrategy, FileError> {
        let cursor = map.contains_key("cursor") || map.contains_key("cursor-of-last");
        let (page, offset) = (map.get("page"), map.get("offset"));
        if u8::from(cursor) + u8::from(page.is_some()) + u8::from(offset.is_some()) != 1 {
            return Err(at.error(
                "it must declare exactly one way to request the next page",
                "keep one of `offset`, `page`, and `cursor` with `cursor-of-last`",
            ));
        }
        if offset.is_some() {
            let (to, _) = self.param(text(map, "offset", at)?, &at.key("offset"))?;
            return Ok(PageStrategy::Offset(to));
        }
        if let Some(page) = page {
            let at = at.key("page");
            let map = entries(page, &["parameter", "first"], &at)?;
            let (to, schemas) = self.param(text(map, "parameter", &at)?, &at.key("parameter"))?;
            let first = number(map, "first", &at)?;
            if let Some(least) = schemas
                .and_then(|schemas| schemas.bound("minimum"))
                .filter(|least| f64::from(first) < *least)
            {
                return Err(at.key("first").error(
                    format!("{first} is below the declared minimum of {least}"),
                    "write the number of the first page",
                ));
            }
            return Ok(PageStrategy::Page { to, first });
        }
        let mut fields = Vec::new();
        for (key, of_last_item, schemas, whose) in [
            ("cursor", false, reply, "the reply"),
            ("cursor-of-last", true, item, "an item"),
        ] {
            let Some(cursor) = map.get(key) else {
                continue;
            };
            let at = at.key(key);
            let Some(cursor) = cursor.as_object().filter(|cursor| !cursor.is_empty()) else {
                return Err(at.error("it has no fields", "write an object of `parameter: path`"));
            };
            for name in cursor.keys() {
                let from = text(cursor, name, &at)?;
                let field_at = at.key(name);
                let (to, _) = self.param(name, &field_at)?;
                if self.is_required(&to) {
                    return Err(field_at.error(
                        format!("`{name}` is required, and the first page has no cursor for it"),
                        "make it optional in the module's overlay, or page by something else",
                    ));
                }
                at_path(schemas, from, whose, &field_at)?;
                fields.push(CursorField {
                    of_last_item,
                    path: from.to_owned(),
                    to,
                });
            }
        }
        // The order of keys in YAML and JSON has no meaning.
        fields.sort_by(|a, b| (&a.to, &a.path).cmp(&(&b.to, &b.path)));
        Ok(PageStrategy::Cursor(fields))
    }

    /// Whether the interface file declares a parameter as required.
    fn is_required(&self, to: &PageParam) -> bool {
        match to {
            PageParam::Query(name) => self
                .queries()
                .any(|query| query.wire_name == *name && query.required),
            PageParam::Body { name, .. } => self
                .operation
                .body
                .as_ref()
                .is_some_and(|body| body.declared_required.contains(name)),
        }
    }

    /// Finds a parameter in the query or at the top of the body. A body without declared fields
    /// allows all.
    fn param(
        &self,
        name: &str,
        at: &SourcePointer<'_>,
    ) -> Result<(PageParam, Option<SchemaSet<'a>>), FileError> {
        if let Some(query) = self.queries().find(|query| query.wire_name == name) {
            let schemas = SchemaSet::new(self.document, &query.schema);
            return Ok((PageParam::Query(name.to_owned()), Some(schemas)));
        }
        if let Some(body) = self.body() {
            if let Some((_, schema)) = body.fields().find(|(field, _)| *field == name) {
                let schemas = SchemaSet::new(self.document, schema);
                let texts = |schemas: &SchemaSet<'_>| schemas.is_any(&["string"]);
                let text = texts(&schemas) || schemas.items().is_some_and(|items| texts(&items));
                let name = name.to_owned();
                return Ok((PageParam::Body { name, text }, Some(schemas)));
            }
            if body.is_open() {
                let name = name.to_owned();
                return Ok((PageParam::Body { name, text: false }, None));
            }
        }
        Err(at.error(
            format!("the operation declares no `{name}` in its query or at the top of a JSON body"),
            "correct the name, or declare the parameter in the module's overlay",
        ))
    }
}

/// The object, if all its keys are known.
fn entries<'a>(
    value: &'a Value,
    known: &[&str],
    at: &SourcePointer<'_>,
) -> Result<&'a Object, FileError> {
    let Some(map) = value.as_object() else {
        return Err(at.error(
            format!("it is {}, not an object", json::kind(value)),
            format!("write an object with {}", code_list(known)),
        ));
    };
    match map.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(at.key(key).error(
            format!("`{key}` is not a known key"),
            format!("use {}", code_list(known)),
        )),
        None => Ok(map),
    }
}

fn required<'a>(
    map: &'a Object,
    key: &str,
    at: &SourcePointer<'_>,
) -> Result<&'a Value, FileError> {
    let missing = || {
        let problem = format!("`{key}` is missing");
        at.error(problem, "declare it in the module's overlay")
    };
    map.get(key).ok_or_else(missing)
}

fn text<'a>(map: &'a Object, key: &str, at: &SourcePointer<'_>) -> Result<&'a str, FileError> {
    let value = required(map, key, at)?;
    value.as_str().ok_or_else(|| {
        let problem = format!("`{key}` is {}, not a name", json::kind(value));
        at.key(key).error(problem, "write it as text")
    })
}

fn number(map: &Object, key: &str, at: &SourcePointer<'_>) -> Result<u32, FileError> {
    let value = required(map, key, at)?;
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| {
        at.key(key).error(
            format!("`{key}` is {value}, not a whole number"),
            format!("write a number from 0 to {}", u32::MAX),
        )
    })
}

fn at_path<'a>(
    schemas: &SchemaSet<'a>,
    path: &str,
    whose: &str,
    at: &SourcePointer<'_>,
) -> Result<SchemaSet<'a>, FileError> {
    schemas.at(path).map_err(|error| {
        let problem = match error {
            PathError::Undeclared(name) => {
                format!("{whose} has no `{path}`: no `{name}` is declared there")
            }
            PathError::Open(name) => {
                format!(
                    "`{path}` of {whose} is not declared: the parent of `{name}` allows any field"
                )
            }
        };
        at.error(
            problem,
            "correct the path, or declare the field in the module's overlay",
        )
    })
}
