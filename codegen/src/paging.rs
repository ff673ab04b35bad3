//! How operations page: what overlays declare (`x-hoopai-paging`, `x-hoopai-unpaged`), held against the operation.
//!
//! A declaration that cannot work is a fault, and so is an operation that looks as if it paged and declares nothing. A place
//! must be declared all the way: where a schema leaves open what it holds, a misspelt name would show on the wire only,
//! as a list that ends after its first page.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::emit::code;
use crate::fault::{At, Fault};
use crate::json::{self, Object};
use crate::places::{Missing, Schemas};
use crate::table::{Body, BodyKind, Parameter, Place, Reply};

const PAGED: &str = "x-hoopai-paging";
const UNPAGED: &str = "x-hoopai-unpaged";

/// Where a page's items stand in the reply and what asks for the next page.
pub(crate) struct Paging {
    /// Place of the list of items; empty where the reply is the list.
    pub(crate) items: String,
    pub(crate) total: Option<String>,
    pub(crate) more: Option<String>,
    pub(crate) size: Option<Size>,
    pub(crate) step: Step,
}

/// The parameter that takes the page size.
pub(crate) struct Size {
    pub(crate) to: Target,
    pub(crate) max: u32,
    /// Whether the platform declares the maximum, in the schema or, by the overlay's word, in the parameter's description.
    pub(crate) declared: bool,
}

pub(crate) enum Step {
    Offset(Target),
    Page { to: Target, first: u32 },
    Cursor(Vec<Mark>),
}

/// A value of the page before that goes into the next request.
pub(crate) struct Mark {
    /// Whether the place is one of the last item, and not of the reply.
    pub(crate) of_last: bool,
    pub(crate) place: String,
    pub(crate) to: Target,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Query(String),
    /// A top-level field of the body; `text` where it is declared as a string, or as a list of strings.
    Body {
        name: String,
        text: bool,
    },
}

impl Paging {
    /// Says in documentation how it pages.
    pub(crate) fn words(&self) -> String {
        let by: Vec<String> = match &self.step {
            Step::Offset(to) | Step::Page { to, .. } => vec![code(to.name())],
            Step::Cursor(marks) => marks.iter().map(|mark| code(mark.to.name())).collect(),
        };
        let by = by.join(" and ");
        match &self.size {
            Some(Size { max, .. }) => format!("Pages of up to {max}, by {by}"),
            None => format!("Pages, by {by}"),
        }
    }
}

impl Target {
    fn name(&self) -> &str {
        match self {
            Target::Query(name) | Target::Body { name, .. } => name,
        }
    }
}

impl Paging {
    /// In a few words, for the report.
    pub(crate) fn style(&self) -> String {
        match &self.step {
            Step::Offset(to) => format!("offset {}", to.name()),
            Step::Page { to, first } => format!("page {} from {first}", to.name()),
            Step::Cursor(marks) => {
                let names: Vec<&str> = marks.iter().map(|mark| mark.to.name()).collect();
                format!("cursor {}", names.join(", "))
            }
        }
    }
}

/// What is known of an operation when its paging is read.
pub(crate) struct Subject<'a> {
    pub(crate) document: &'a Value,
    pub(crate) operation: &'a Object,
    pub(crate) method: &'a str,
    pub(crate) parameters: &'a [Parameter],
    pub(crate) body: Option<&'a Body>,
    pub(crate) reply: &'a Reply,
}

/// How the operation pages, or why it does not although it looks so.
pub(crate) enum Declared {
    Paged(Paging),
    Unpaged(String),
    Plain,
}

/// Names of parameters that choose a page.
const SIZES: [&str; 6] = [
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

fn chooses_a_page(name: &str) -> bool {
    SIZES.contains(&name)
        || POSITIONS.contains(&name)
        || name.starts_with("startAfter")
        || name.starts_with("last") && name.ends_with("Id")
}

/// Reads the declaration of an operation.
pub(crate) fn read(subject: &Subject<'_>, at: &At<'_>) -> Result<Declared, Fault> {
    let suspects = subject.suspects();
    match (subject.operation.get(PAGED), subject.operation.get(UNPAGED)) {
        (Some(_), Some(_)) => Err(at.fault(
            format!("it has both `{PAGED}` and `{UNPAGED}`"),
            "keep one of them in the module's overlay",
        )),
        (Some(paging), None) => {
            let at = at.key(PAGED);
            subject.paging(paging, &at).map(Declared::Paged)
        }
        (None, Some(reason)) => {
            let at = at.key(UNPAGED);
            let Some(reason) = reason
                .as_str()
                .map(str::trim)
                .filter(|text| !text.is_empty())
            else {
                return Err(at.fault(
                    format!("`{UNPAGED}` is {reason}, no reason"),
                    "say in the module's overlay why its parameters choose no page",
                ));
            };
            if suspects.is_empty() {
                return Err(at.fault(
                    "it says why the operation does not page, and none of its parameters looks as if it did",
                    "delete that action of the module's overlay",
                ));
            }
            Ok(Declared::Unpaged(reason.to_owned()))
        }
        (None, None) if suspects.is_empty() => Ok(Declared::Plain),
        (None, None) => Err(at.fault(
            format!(
                "it looks paged by {}, and nothing says how",
                quoted(&suspects)
            ),
            format!("declare `{PAGED}` in the module's overlay, or `{UNPAGED}` with the reason"),
        )),
    }
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

impl<'a> Subject<'a> {
    fn queries(&self) -> impl Iterator<Item = &'a Parameter> {
        self.parameters
            .iter()
            .filter(|parameter| parameter.place == Place::Query)
    }

    /// The body's fields. Only JSON bodies can be sent again with another page in them.
    fn body(&self) -> Option<Schemas<'a>> {
        let body = self.body.filter(|body| body.kind == BodyKind::Json)?;
        Some(Schemas::of(self.document, &body.schema))
    }

    /// The parameters by which it looks paged. Bodies that write have limits of other kinds; only POST searches.
    fn suspects(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = self.queries().map(|query| query.wire.as_str()).collect();
        if let Some(body) = self.body().filter(|_| self.method == "post") {
            names.extend(body.fields().map(|(name, _)| name.as_str()));
        }
        names.retain(|name| chooses_a_page(name));
        names.sort_unstable();
        names.dedup();
        names
    }

    fn paging(&self, paging: &Value, at: &At<'_>) -> Result<Paging, Fault> {
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
        let Reply::Json(schema) = self.reply else {
            return Err(at.fault(
                "its reply is no JSON, so that there are no items in it",
                "delete that action of the module's overlay",
            ));
        };
        let reply = Schemas::of(self.document, schema);
        let items = text(map, "items", at)?;
        let items_at = at.key("items");
        let list = place(&reply, items, "the reply", &items_at)?;
        let item = list.items().ok_or_else(|| {
            items_at.fault(
                match items {
                    "" => "the reply is no list".to_owned(),
                    items => format!("`{items}` is no list"),
                },
                "name the place of the list of items; correct its schema in the module's overlay if it is one",
            )
        })?;
        let scalar = |key: &'static str| -> Result<Option<String>, Fault> {
            if !map.contains_key(key) {
                return Ok(None);
            }
            let name = text(map, key, at)?;
            let key_at = at.key(key);
            if place(&reply, name, "the reply", &key_at)?.is_any(&["object", "array"]) {
                return Err(key_at.fault(
                    format!("`{name}` is an object or a list"),
                    "name the place of one value",
                ));
            }
            Ok(Some(name.to_owned()))
        };
        let (total, more) = (scalar("total")?, scalar("more")?);
        let size = map
            .get("size")
            .map(|size| self.size(size, &at.key("size")))
            .transpose()?;
        let step = self.step(map, &reply, &item, at)?;
        let mut taken: BTreeSet<&str> = size.iter().map(|size| size.to.name()).collect();
        let targets: Vec<&Target> = match &step {
            Step::Offset(to) | Step::Page { to, .. } => vec![to],
            Step::Cursor(marks) => marks.iter().map(|mark| &mark.to).collect(),
        };
        if let Some(twice) = targets.iter().find(|to| !taken.insert(to.name())) {
            return Err(at.fault(
                format!("`{}` is given two values", twice.name()),
                "let each parameter take one",
            ));
        }
        Ok(Paging {
            items: items.to_owned(),
            total,
            more,
            size,
            step,
        })
    }

    fn size(&self, size: &Value, at: &At<'_>) -> Result<Size, Fault> {
        let map = entries(size, &["parameter", "max", "declared"], at)?;
        let (to, schemas) = self.target(text(map, "parameter", at)?, &at.key("parameter"))?;
        let max_at = at.key("max");
        let max = number(map, "max", at)?;
        if max == 0 {
            return Err(max_at.fault("no page can hold 0 items", "give the largest page there is"));
        }
        let bound = schemas.and_then(|schemas| schemas.bound("maximum"));
        if let Some(most) = bound.filter(|most| f64::from(max) > *most) {
            return Err(max_at.fault(
                format!("{max} is above the declared maximum of {most}"),
                "give that, or correct the parameter in the module's overlay",
            ));
        }
        let in_schema = bound == Some(f64::from(max));
        let declared = match map.get("declared") {
            None => in_schema,
            Some(Value::Bool(true)) if in_schema => {
                return Err(at.key("declared").fault(
                    "the parameter's schema has the maximum already",
                    "delete `declared`",
                ));
            }
            Some(Value::Bool(declared)) => *declared,
            Some(other) => {
                return Err(at.key("declared").fault(
                    format!("`declared` is {other}, where true or false belongs"),
                    "write true if the platform names the maximum in the parameter's description",
                ));
            }
        };
        Ok(Size { to, max, declared })
    }

    fn step(
        &self,
        map: &Object,
        reply: &Schemas<'_>,
        item: &Schemas<'_>,
        at: &At<'_>,
    ) -> Result<Step, Fault> {
        let cursor = map.contains_key("cursor") || map.contains_key("cursor-of-last");
        let (page, offset) = (map.get("page"), map.get("offset"));
        if [cursor, page.is_some(), offset.is_some()]
            .iter()
            .filter(|there| **there)
            .count()
            != 1
        {
            return Err(at.fault(
                "it must say in one way what asks for the next page",
                "keep one of `offset`, `page`, and `cursor` with `cursor-of-last`",
            ));
        }
        if offset.is_some() {
            let (to, _) = self.target(text(map, "offset", at)?, &at.key("offset"))?;
            return Ok(Step::Offset(to));
        }
        if let Some(page) = page {
            let at = at.key("page");
            let map = entries(page, &["parameter", "first"], &at)?;
            let (to, schemas) = self.target(text(map, "parameter", &at)?, &at.key("parameter"))?;
            let first = number(map, "first", &at)?;
            if let Some(least) = schemas
                .and_then(|schemas| schemas.bound("minimum"))
                .filter(|least| f64::from(first) < *least)
            {
                return Err(at.key("first").fault(
                    format!("{first} is below the declared minimum of {least}"),
                    "give the number of the first page",
                ));
            }
            return Ok(Step::Page { to, first });
        }
        let mut marks = Vec::new();
        for (key, of_last, schemas, whose) in [
            ("cursor", false, reply, "the reply"),
            ("cursor-of-last", true, item, "an item"),
        ] {
            let Some(given) = map.get(key) else {
                continue;
            };
            let at = at.key(key);
            let Some(given) = given.as_object().filter(|given| !given.is_empty()) else {
                return Err(at.fault(
                    "it names no mark",
                    "write an object of marks, `parameter: place`",
                ));
            };
            for name in given.keys() {
                let from = text(given, name, &at)?;
                let mark_at = at.key(name);
                let (to, _) = self.target(name, &mark_at)?;
                if self.demands(&to) {
                    return Err(mark_at.fault(
                        format!("`{name}` must be there, and the first page has no mark for it"),
                        "make it optional in the module's overlay, or page by something else",
                    ));
                }
                place(schemas, from, whose, &mark_at)?;
                marks.push(Mark {
                    of_last,
                    place: from.to_owned(),
                    to,
                });
            }
        }
        // YAML and JSON keep no order of keys that could be relied on.
        marks.sort_by(|a, b| (&a.to, &a.place).cmp(&(&b.to, &b.place)));
        Ok(Step::Cursor(marks))
    }

    /// Whether the platform refuses the call without it.
    fn demands(&self, to: &Target) -> bool {
        match to {
            Target::Query(name) => self
                .queries()
                .any(|query| query.wire == *name && query.required),
            Target::Body { name, .. } => self
                .body
                .is_some_and(|body| body.declared_required.contains(name)),
        }
    }

    /// Where a parameter stands: in the query, or at the top of the body. A body of which nothing is declared takes all.
    fn target(&self, name: &str, at: &At<'_>) -> Result<(Target, Option<Schemas<'a>>), Fault> {
        if let Some(query) = self.queries().find(|query| query.wire == name) {
            let schemas = Schemas::of(self.document, &query.schema);
            return Ok((Target::Query(name.to_owned()), Some(schemas)));
        }
        if let Some(body) = self.body() {
            if let Some((_, schema)) = body.fields().find(|(field, _)| *field == name) {
                let schemas = Schemas::of(self.document, schema);
                let texts = |schemas: &Schemas<'_>| schemas.is_any(&["string"]);
                let text = texts(&schemas) || schemas.items().is_some_and(|items| texts(&items));
                let name = name.to_owned();
                return Ok((Target::Body { name, text }, Some(schemas)));
            }
            if body.is_open() {
                let name = name.to_owned();
                return Ok((Target::Body { name, text: false }, None));
            }
        }
        Err(at.fault(
            format!("the operation takes no `{name}`, neither in its query nor at the top of a JSON body"),
            "name one that it declares, or declare it in the module's overlay",
        ))
    }
}

/// The object with its keys checked.
fn entries<'a>(value: &'a Value, known: &[&str], at: &At<'_>) -> Result<&'a Object, Fault> {
    let Some(map) = value.as_object() else {
        return Err(at.fault(
            format!("it is {}, where an object belongs", json::kind(value)),
            format!("write an object with {}", quoted(known)),
        ));
    };
    match map.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(at.key(key).fault(
            format!("`{key}` means nothing here"),
            format!("known are {}", quoted(known)),
        )),
        None => Ok(map),
    }
}

fn text<'a>(map: &'a Object, key: &str, at: &At<'_>) -> Result<&'a str, Fault> {
    match map.get(key) {
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(at.key(key).fault(
            format!("`{key}` is {}, where a name belongs", json::kind(other)),
            "write it as text",
        )),
        None => Err(at.fault(
            format!("`{key}` is missing"),
            "say it in the module's overlay",
        )),
    }
}

fn number(map: &Object, key: &str, at: &At<'_>) -> Result<u32, Fault> {
    match map.get(key) {
        Some(value) => value
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| {
                at.key(key).fault(
                    format!("`{key}` is {value}, where a whole number belongs"),
                    format!("write a number from 0 to {}", u32::MAX),
                )
            }),
        None => Err(at.fault(
            format!("`{key}` is missing"),
            "say it in the module's overlay",
        )),
    }
}

fn place<'a>(
    schemas: &Schemas<'a>,
    place: &str,
    whose: &str,
    at: &At<'_>,
) -> Result<Schemas<'a>, Fault> {
    schemas.at(place).map_err(|missing| {
        let problem = match missing {
            Missing::Undeclared(part) => {
                format!("{whose} has no `{place}`: no `{part}` is declared there")
            }
            Missing::Open(part) => {
                format!("{whose} may have `{place}` or not: what `{part}` would stand in is open")
            }
        };
        at.fault(
            problem,
            "correct the place, or declare the field in the module's overlay",
        )
    })
}
