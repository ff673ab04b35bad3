//! Request bodies: from what the caller set to the bytes that are sent.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::ParamWriter;
use crate::decode;
use crate::operation::{self, BodyKind};
use crate::redact::SentBody;
use crate::request::json_writer::{WriteError, to_json};
use crate::request::multipart::{Part, Parts};
use crate::request::query::push_pair;

/// The body of a call while its parameters are set.
#[derive(Default)]
pub(crate) enum Body {
    #[default]
    None,
    Json(Vec<u8>),
    Form(Vec<(String, String)>),
    Multipart(Parts),
}

/// The body as it is sent.
pub(crate) enum Payload {
    Empty,
    Json(Bytes),
    Form(Bytes),
    Multipart(Parts),
}

impl Payload {
    /// The body, for the redaction of its reply.
    pub(crate) fn sent(&self) -> SentBody<'_> {
        match self {
            Payload::Empty => SentBody::Empty,
            Payload::Json(body) => SentBody::Json(body),
            Payload::Form(body) => SentBody::Form(body),
            Payload::Multipart(parts) => SentBody::Multipart {
                texts: parts.texts().collect(),
                file_names: parts.file_names().collect(),
            },
        }
    }

    /// Whether it can be sent more than once.
    pub(crate) fn is_replayable(&self) -> bool {
        match self {
            Payload::Multipart(parts) => parts.is_replayable(),
            _ => true,
        }
    }
}

/// The location for a body that names none.
#[derive(Clone, Copy)]
pub(crate) struct Fill<'a> {
    pub(crate) name: &'static str,
    pub(crate) value: &'a str,
    pub(crate) alt_type: bool,
}

/// A field that the caller adds to the top level.
#[derive(Clone)]
pub(crate) struct ExtraField {
    pub(crate) name: String,
    value: Box<RawValue>,
}

impl ExtraField {
    pub(crate) fn new(name: String, value: impl Serialize) -> Result<Self, WriteError> {
        let text = String::from_utf8(to_json(&value)?).unwrap_or_default();
        match RawValue::from_string(text) {
            Ok(value) => Ok(ExtraField { name, value }),
            Err(_) => Err(WriteError::default()),
        }
    }

    /// A field whose value is JSON already.
    pub(crate) fn written(name: &str, value: Box<RawValue>) -> Self {
        ExtraField {
            name: name.to_owned(),
            value,
        }
    }

    /// The value, as JSON.
    pub(crate) fn json(&self) -> &str {
        self.value.get()
    }

    /// The value, as texts of a form.
    fn texts(&self) -> Vec<String> {
        texts(self.value.get().parse().unwrap_or_default())
    }
}

/// A body that is complete, with its location.
pub(crate) struct Finished {
    pub(crate) payload: Payload,
    /// The required fields that are missing, as paths such as `items[0].name`.
    pub(crate) missing: Vec<String>,
}

/// Why a body cannot be sent.
#[derive(Debug, PartialEq)]
pub(crate) enum Fault {
    /// The body is required.
    Missing,
    /// Fields cannot be added to a body that is not an object.
    NoObject,
    /// The operation requires these fields, but the body is not an object.
    Fieldless(Vec<String>),
    /// The part of this name cannot be sent.
    Part(String),
}

impl Body {
    pub(crate) fn parts(&mut self) -> &mut Parts {
        if !matches!(self, Body::Multipart(_)) {
            *self = Body::Multipart(Parts::default());
        }
        match self {
            Body::Multipart(parts) => parts,
            _ => unreachable!("set above"),
        }
    }

    /// Clones the body. `None`: a part is a stream, which can be read only once.
    pub(crate) fn again(&self) -> Option<Body> {
        match self {
            Body::None => Some(Body::None),
            Body::Json(bytes) => Some(Body::Json(bytes.clone())),
            Body::Form(pairs) => Some(Body::Form(pairs.clone())),
            Body::Multipart(_) => None,
        }
    }

    /// Returns the value of a top-level field, as JSON.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        match self {
            Body::Json(bytes) => {
                let TopLevel(entries) = TopLevel::read(bytes)?;
                let mut last = None;
                for (other, value) in entries {
                    if other == name {
                        last = Some(value.to_owned());
                    }
                }
                last
            }
            Body::Form(pairs) => {
                let (_, value) = pairs.iter().find(|(other, _)| other == name)?;
                Some(Value::from(&**value).to_string())
            }
            Body::None | Body::Multipart(_) => None,
        }
    }

    /// Removes a top-level field.
    pub(crate) fn remove(&mut self, name: &str) {
        match self {
            Body::Json(bytes) => {
                let Some(body) = TopLevel::read(bytes) else {
                    return;
                };
                if body.has(name) {
                    let mut rest = Object::new();
                    for (other, value) in &body.0 {
                        if other != name {
                            rest.entry(other, value);
                        }
                    }
                    *bytes = rest.end();
                }
            }
            Body::Form(pairs) => drop_pairs(pairs, name),
            Body::None | Body::Multipart(_) => {}
        }
    }

    /// A form with the fields of a model.
    pub(crate) fn form(value: impl Serialize) -> Result<Self, WriteError> {
        let json = String::from_utf8(to_json(&value)?).unwrap_or_default();
        let pairs = match json.parse() {
            Ok(Value::Object(fields)) => fields
                .into_iter()
                .flat_map(|(name, value)| {
                    texts(value)
                        .into_iter()
                        .map(move |text| (name.clone(), text))
                })
                .collect(),
            _ => Vec::new(),
        };
        Ok(Body::Form(pairs))
    }

    /// Whether the caller set a body.
    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Body::None)
    }

    /// An empty body of the declared kind, to which fields can be added.
    pub(crate) fn empty(declared: Option<&operation::Body>) -> Body {
        match declared.map(|body| body.kind) {
            None | Some(BodyKind::Json) => Body::Json(b"{}".to_vec()),
            Some(BodyKind::Form) => Body::Form(Vec::new()),
            Some(BodyKind::Multipart) => Body::Multipart(Parts::default()),
        }
    }

    /// Adds the fields of `extra` and the location, checks the `required` fields, and encodes the
    /// body.
    pub(crate) fn finish(
        self,
        required: &[&str],
        extra: Vec<ExtraField>,
        fill: Option<Fill<'_>>,
    ) -> Result<Finished, Fault> {
        match self {
            Body::None => Ok(Finished {
                payload: Payload::Empty,
                missing: required.iter().map(|&name| name.to_owned()).collect(),
            }),
            Body::Json(bytes) => {
                let bytes = complete_json(bytes, extra, fill)?;
                Ok(Finished {
                    missing: missing_in_json(&bytes, required)?,
                    payload: Payload::Json(bytes.into()),
                })
            }
            Body::Form(mut pairs) => {
                for field in extra {
                    drop_pairs(&mut pairs, &field.name);
                    for text in field.texts() {
                        pairs.push((field.name.clone(), text));
                    }
                }
                for (name, value) in added(fill, &|name| has_pair(&pairs, name)) {
                    pairs.push((name.to_owned(), value));
                }
                let mut form = String::new();
                for (name, value) in &pairs {
                    push_pair(&mut form, name, value);
                }
                Ok(Finished {
                    missing: lacking(required, &|name| has_pair(&pairs, name)),
                    payload: Payload::Form(form.into()),
                })
            }
            Body::Multipart(mut parts) => {
                for field in extra {
                    parts.remove(&field.name);
                    for text in field.texts() {
                        parts.add(field.name.clone(), Part::text(text));
                    }
                }
                for (name, value) in added(fill, &|name| parts.has(name)) {
                    parts.add(name.to_owned(), Part::text(value));
                }
                if parts.is_empty() {
                    return Err(Fault::Missing);
                }
                Ok(Finished {
                    missing: lacking(required, &|name| parts.has(name)),
                    payload: parts.check().map(Payload::Multipart).map_err(Fault::Part)?,
                })
            }
        }
    }
}

fn has_pair(pairs: &[(String, String)], name: &str) -> bool {
    pairs.iter().any(|(other, _)| other == name)
}

fn drop_pairs(pairs: &mut Vec<(String, String)>, name: &str) {
    pairs.retain(|(other, _)| other != name);
}

/// The pairs that name the location, unless the body already does.
fn added(fill: Option<Fill<'_>>, has: &dyn Fn(&str) -> bool) -> Vec<(&'static str, String)> {
    let mut pairs = Vec::new();
    if let Some(fill) = fill
        && !has(fill.name)
    {
        pairs.push((fill.name, fill.value.to_owned()));
        if fill.alt_type && !has("altType") {
            pairs.push(("altType", "location".to_owned()));
        }
    }
    pairs
}

/// The required fields that a flat body lacks.
fn lacking(required: &[&str], has: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut missing = Vec::new();
    for &name in required {
        if !has(name) {
            missing.push(name.to_owned());
        }
    }
    missing
}

/// A value as texts of a form: one text per item of a list, none for `null`, JSON for an object.
fn texts(value: Value) -> Vec<String> {
    // A `Value` holds only finite numbers, so nothing is rejected.
    ParamWriter::texts(value).unwrap_or_default()
}

/// Adds fields to a JSON body. Only its top level is parsed, and only if there is something to add.
fn complete_json(
    bytes: Vec<u8>,
    extra: Vec<ExtraField>,
    fill: Option<Fill<'_>>,
) -> Result<Vec<u8>, Fault> {
    if extra.is_empty() && fill.is_none() {
        return Ok(bytes);
    }
    let Some(body) = TopLevel::read(&bytes) else {
        // Not an object, so the location cannot be added.
        return if extra.is_empty() {
            Ok(bytes)
        } else {
            Err(Fault::NoObject)
        };
    };
    let replaced = |name: &str| extra.iter().any(|field| field.name == name);
    let added = added(fill, &|name| body.has(name) || replaced(name));
    if extra.is_empty() && added.is_empty() {
        return Ok(bytes);
    }
    let mut whole = Object::new();
    for (name, value) in &body.0 {
        if !replaced(name) {
            whole.entry(name, value);
        }
    }
    for field in &extra {
        whole.entry(&field.name, field.json());
    }
    for (name, value) in added {
        whole.entry(name, &Value::from(value).to_string());
    }
    Ok(whole.end())
}

/// The required fields that a JSON body lacks. Lists on the way to a field are searched item by
/// item; the lists themselves are not required.
fn missing_in_json(bytes: &[u8], required: &[&str]) -> Result<Vec<String>, Fault> {
    let mut missing = Vec::new();
    if required.is_empty() {
        return Ok(missing);
    }
    let body = std::str::from_utf8(bytes).map(str::parse::<Value>);
    if let Ok(Ok(body @ Value::Object(_))) = body {
        for path in required {
            find_missing(&body, path, String::new(), &mut missing);
        }
        return Ok(missing);
    }
    let top_level = required.iter().filter(|path| !path.contains('.'));
    Err(Fault::Fieldless(
        top_level.map(|&name| name.to_owned()).collect(),
    ))
}

fn find_missing(value: &Value, path: &str, at: String, missing: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_missing(item, path, format!("{at}[{index}]"), missing);
            }
        }
        Value::Object(fields) => {
            let (name, rest) = match path.split_once('.') {
                Some((name, rest)) => (name, Some(rest)),
                None => (path, None),
            };
            let at = match at.as_str() {
                "" => name.to_owned(),
                _ => format!("{at}.{name}"),
            };
            match (fields.get(name), rest) {
                (None, None) => missing.push(at),
                (Some(value), Some(rest)) => find_missing(value, rest, at, missing),
                _ => {}
            }
        }
        _ => {}
    }
}

/// An object that is written entry by entry, with values that are JSON already.
struct Object(Vec<u8>);

impl Object {
    fn new() -> Self {
        Object(vec![b'{'])
    }

    fn entry(&mut self, name: &str, value: &str) {
        let out = &mut self.0;
        if out.len() > 1 {
            out.push(b',');
        }
        out.extend_from_slice(Value::from(name).to_string().as_bytes());
        out.push(b':');
        out.extend_from_slice(value.as_bytes());
    }

    fn end(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }
}

/// The entries of an object, with unparsed values.
struct TopLevel<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> TopLevel<'a> {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| other == name)
    }

    /// Parses a body that this crate wrote. `None`: it is not an object.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut fields = decode::Entries::within(std::str::from_utf8(bytes).ok()?, b'{')?;
        let mut entries = Vec::new();
        while let Some(entry) = fields.next() {
            entries.push(entry);
        }
        Some(TopLevel(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::{Body, ExtraField, Fault, Fill, Finished, Payload};

    const FILL: Fill<'_> = Fill {
        name: "altId",
        value: "L\"1",
        alt_type: true,
    };

    fn json(body: &str) -> Body {
        Body::Json(body.as_bytes().to_vec())
    }

    /// The bytes that are sent, and the missing fields.
    fn text(finished: Result<Finished, Fault>) -> String {
        let finished = match finished {
            Ok(finished) => finished,
            Err(fault) => return format!("{fault:?}"),
        };
        let mut text = match finished.payload {
            Payload::Json(bytes) | Payload::Form(bytes) => {
                String::from_utf8(bytes.to_vec()).unwrap()
            }
            Payload::Empty => "empty".to_owned(),
            Payload::Multipart(_) => panic!("another kind"),
        };
        if !finished.missing.is_empty() {
            text += &format!(" lacks {}", finished.missing.join(", "));
        }
        text
    }

    fn extra(name: &str, value: impl serde::Serialize) -> ExtraField {
        ExtraField::new(name.into(), value).unwrap()
    }

    #[test]
    fn body_without_additions_is_sent_unchanged() {
        assert_eq!(
            text(json("{ \"name\" : 1.0 }").finish(&["name"], vec![], None)),
            "{ \"name\" : 1.0 }"
        );
        assert_eq!(text(json("[1]").finish(&[], vec![], Some(FILL))), "[1]");
        assert_eq!(
            text(json("[1]").finish(&["name", "items.qty"], vec![], None)),
            "Fieldless([\"name\"])"
        );
        assert_eq!(
            text(Body::None.finish(&[], vec![], Some(FILL))),
            "empty",
            "the caller of `finish` decides whether a body is made of the location"
        );
    }

    #[test]
    fn all_missing_fields_are_listed_nested_ones_included() {
        let lacks = |body: &str| {
            text(json(body).finish(&["a", "b.c", "items.qty", "items.tax.rate"], vec![], None))
        };
        assert_eq!(lacks("{}"), "{} lacks a");
        assert_eq!(lacks(r#"{"a":null,"b":1}"#), r#"{"a":null,"b":1}"#);
        assert_eq!(
            lacks(r#"{"b":{},"items":[{"qty":1,"tax":[{}]},{"tax":{"rate":1}}]}"#),
            r#"{"b":{},"items":[{"qty":1,"tax":[{}]},{"tax":{"rate":1}}]} lacks a, b.c, items[1].qty, items[0].tax[0].rate"#
        );
        assert_eq!(
            text(Body::form(serde_json::json!({"a": 1})).unwrap().finish(
                &["a", "b"],
                vec![],
                None
            )),
            "a=1 lacks b"
        );
        assert_eq!(
            text(json("{}").finish(&["a", "altId"], vec![extra("a", 1)], Some(FILL))),
            r#"{"a":1,"altId":"L\"1","altType":"location"}"#
        );
    }

    #[test]
    fn location_is_added_once_and_escaped() {
        assert_eq!(
            text(json(r#"{"name":"a"}"#).finish(&[], vec![], Some(FILL))),
            r#"{"name":"a","altId":"L\"1","altType":"location"}"#
        );
        let own = r#"{"name":"a","altId":"other"}"#;
        assert_eq!(text(json(own).finish(&[], vec![], Some(FILL))), own);
    }

    #[test]
    fn extra_fields_replace_and_add() {
        let both = || vec![extra("name", 2), extra("more", ["x"])];
        assert_eq!(
            text(json(r#"{"name":"a","big":12345678901234567890.10}"#).finish(&[], both(), None)),
            r#"{"big":12345678901234567890.10,"name":2,"more":["x"]}"#
        );
        assert_eq!(
            text(Body::empty(None).finish(&[], both(), None)),
            r#"{"name":2,"more":["x"]}"#
        );
        assert_eq!(text(json("[1]").finish(&[], both(), None)), "NoObject");
        let form =
            Body::form(serde_json::json!({"name": "a b", "on": true, "none": null, "n": 20.0}))
                .unwrap();
        assert_eq!(
            text(form.finish(&[], both(), None)),
            "n=20&on=true&name=2&more=x"
        );
    }

    #[test]
    fn numbers_that_are_not_finite_are_errors_in_forms_and_extra_fields() {
        let path = |error: Option<super::WriteError>| error.map(|error| error.path);
        let form = Body::form(std::collections::BTreeMap::from([("n", f64::NAN)]));
        assert_eq!(path(form.err()).as_deref(), Some("n"));
        let field = ExtraField::new("n".into(), [1.0, f64::INFINITY]);
        assert_eq!(path(field.err()).as_deref(), Some("[1]"));
    }
}
