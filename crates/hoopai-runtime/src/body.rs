//! Request bodies: what a call was given, completed and checked, as what goes on the wire.

use std::borrow::Cow;
use std::io;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use serde_json::value::RawValue;

use crate::multipart::{Part, Parts};
use crate::operation::{self, BodyKind};
use crate::query::push_pair;
use crate::{ParamValue, decode};

/// Writes JSON as bodies have it: fields of the platform's `number` are floats here and counts there, and not every reader
/// takes `20.0` for one.
struct WithoutFraction;

impl Formatter for WithoutFraction {
    fn write_f64<W: io::Write + ?Sized>(&mut self, to: &mut W, value: f64) -> io::Result<()> {
        // Beyond it floats lie further apart than whole numbers.
        const WHOLE_TO: f64 = 9_007_199_254_740_992.0;
        if value.fract() == 0.0 && value.abs() <= WHOLE_TO {
            CompactFormatter.write_i64(to, value as i64)
        } else {
            CompactFormatter.write_f64(to, value)
        }
    }
}

/// JSON as bodies have it: a number without fraction is written without one.
pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = Vec::with_capacity(128);
    value.serialize(&mut Serializer::with_formatter(&mut out, WithoutFraction))?;
    Ok(out)
}

/// The body of a call while its parameters are set.
#[derive(Default)]
pub(crate) enum Body {
    #[default]
    None,
    Json(Vec<u8>),
    Form(Vec<(String, String)>),
    Multipart(Parts),
}

/// The body as it goes on the wire.
pub(crate) enum Payload {
    Empty,
    Json(Bytes),
    Form(Bytes),
    Multipart(Parts),
}

impl Payload {
    /// Whether it can be sent more than once.
    pub(crate) fn is_replayable(&self) -> bool {
        match self {
            Payload::Multipart(parts) => parts.is_replayable(),
            _ => true,
        }
    }
}

/// The location that a body is to name if it names none.
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
    pub(crate) fn new(name: String, value: impl Serialize) -> Result<Self, serde_json::Error> {
        let text = String::from_utf8(to_json(&value)?).map_err(serde::ser::Error::custom)?;
        Ok(ExtraField {
            name,
            value: RawValue::from_string(text)?,
        })
    }

    /// A field whose value is written already.
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

    /// The value as texts of a form.
    fn texts(&self) -> Vec<String> {
        texts(self.value.get().parse().unwrap_or_default())
    }
}

/// Why a body cannot be sent.
#[derive(Debug, PartialEq)]
pub(crate) enum Fault {
    /// There must be one.
    Missing,
    /// It must have this field.
    Field(&'static str),
    /// Fields cannot be added to what is no object.
    NoObject,
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

    /// The same body once more. `None`: its parts may be streams, which are there once.
    pub(crate) fn again(&self) -> Option<Body> {
        match self {
            Body::None => Some(Body::None),
            Body::Json(bytes) => Some(Body::Json(bytes.clone())),
            Body::Form(pairs) => Some(Body::Form(pairs.clone())),
            Body::Multipart(_) => None,
        }
    }

    /// The value of a top-level field, as JSON.
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

    /// Takes a top-level field out.
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

    /// A form of the fields of a model.
    pub(crate) fn form(value: impl Serialize) -> Result<Self, serde_json::Error> {
        let pairs = match serde_json::to_value(value)? {
            Value::Object(fields) => fields
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

    /// Adds what is to be added, checks what must be there, and encodes.
    pub(crate) fn finish(
        self,
        declared: Option<&operation::Body>,
        extra: Vec<ExtraField>,
        fill: Option<Fill<'_>>,
    ) -> Result<Payload, Fault> {
        let fields = declared.map_or(&[][..], |body| body.fields);
        if matches!(self, Body::None) {
            let empty = declared.is_some_and(|body| body.empty);
            if extra.is_empty() && !empty && !made_of_fill(declared, fill) {
                return if declared.is_some_and(|body| body.required) {
                    Err(Fault::Missing)
                } else {
                    Ok(Payload::Empty)
                };
            }
            let empty = match declared.map(|body| body.kind) {
                None | Some(BodyKind::Json) => Body::Json(b"{}".to_vec()),
                Some(BodyKind::Form) => Body::Form(Vec::new()),
                Some(BodyKind::Multipart) => Body::Multipart(Parts::default()),
            };
            return empty.finish(declared, extra, fill);
        }
        match self {
            Body::Json(bytes) => finish_json(bytes, fields, extra, fill),
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
                require(fields, &|name| has_pair(&pairs, name))?;
                let mut form = String::new();
                for (name, value) in &pairs {
                    push_pair(&mut form, name, value);
                }
                Ok(Payload::Form(form.into()))
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
                require(fields, &|name| parts.has(name))?;
                if parts.is_empty() {
                    return Err(Fault::Missing);
                }
                parts.check().map(Payload::Multipart).map_err(Fault::Part)
            }
            Body::None => Ok(Payload::Empty),
        }
    }
}

/// Whether a body that was not given may consist of the location alone.
fn made_of_fill(declared: Option<&operation::Body>, fill: Option<Fill<'_>>) -> bool {
    let (Some(body), Some(fill)) = (declared, fill) else {
        return false;
    };
    for field in body.fields {
        if *field != fill.name && !(fill.alt_type && *field == "altType") {
            return false;
        }
    }
    true
}

fn has_pair(pairs: &[(String, String)], name: &str) -> bool {
    pairs.iter().any(|(other, _)| other == name)
}

fn drop_pairs(pairs: &mut Vec<(String, String)>, name: &str) {
    pairs.retain(|(other, _)| other != name);
}

/// The pairs that name the location, unless it is named.
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

fn require(fields: &'static [&'static str], has: &dyn Fn(&str) -> bool) -> Result<(), Fault> {
    for field in fields {
        if !has(field) {
            return Err(Fault::Field(field));
        }
    }
    Ok(())
}

/// A value as texts of a form: a list as one for each item, nothing for `null`, JSON for what is no scalar.
fn texts(value: Value) -> Vec<String> {
    let mut out = Vec::new();
    value.write(&mut out);
    out
}

/// The body is read only where something is to be added or checked, and then only its top level.
fn finish_json(
    bytes: Vec<u8>,
    fields: &'static [&'static str],
    extra: Vec<ExtraField>,
    fill: Option<Fill<'_>>,
) -> Result<Payload, Fault> {
    if fields.is_empty() && extra.is_empty() && fill.is_none() {
        return Ok(Payload::Json(bytes.into()));
    }
    let Some(body) = TopLevel::read(&bytes) else {
        // Not an object, so there is nothing to look for; but neither is there a place to add to.
        return if extra.is_empty() {
            Ok(Payload::Json(bytes.into()))
        } else {
            Err(Fault::NoObject)
        };
    };
    let replaced = |name: &str| extra.iter().any(|field| field.name == name);
    let has = |name: &str| body.has(name) || replaced(name);
    let added = added(fill, &has);
    require(fields, &|name| {
        has(name) || added.iter().any(|(other, _)| *other == name)
    })?;
    if extra.is_empty() && added.is_empty() {
        return Ok(Payload::Json(bytes.into()));
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
    Ok(Payload::Json(whole.end().into()))
}

/// An object that is written entry by entry, its values being JSON already.
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

/// The entries of an object, their values unread.
struct TopLevel<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> TopLevel<'a> {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| other == name)
    }

    /// Of a body, which is JSON as this side wrote it. `None`: it is no object.
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
    use super::{Body, ExtraField, Fault, Fill, Payload};
    use crate::operation::Body as Declared;

    const JSON: Declared = Declared {
        fields: &["name"],
        ..Declared::DEFAULT
    };
    const FILL: Fill<'_> = Fill {
        name: "altId",
        value: "L\"1",
        alt_type: true,
    };

    fn json(body: &str) -> Body {
        Body::Json(body.as_bytes().to_vec())
    }

    fn text(payload: Result<Payload, Fault>) -> String {
        match payload {
            Ok(Payload::Json(bytes) | Payload::Form(bytes)) => {
                String::from_utf8(bytes.to_vec()).unwrap()
            }
            Ok(_) => panic!("another kind"),
            Err(fault) => format!("{fault:?}"),
        }
    }

    #[test]
    fn nothing_to_add_leaves_the_bytes_alone() {
        assert_eq!(
            text(json("{ \"name\" : 1.0 }").finish(Some(&JSON), vec![], None)),
            "{ \"name\" : 1.0 }"
        );
        assert_eq!(text(json("[1]").finish(Some(&JSON), vec![], None)), "[1]");
    }

    #[test]
    fn numbers_without_fraction_are_written_without_one() {
        let number = |value: f64| String::from_utf8(super::to_json(&[value]).unwrap()).unwrap();
        for (value, written) in [
            (20.0, "[20]"),
            (-3.0, "[-3]"),
            (-0.0, "[0]"),
            (12.5, "[12.5]"),
            (1_769_851_800_000.0, "[1769851800000]"),
            (1e300, "[1e+300]"),
            (f64::NAN, "[null]"),
        ] {
            assert_eq!(number(value), written);
        }
        let exact = serde_json::from_str::<Box<serde_json::value::RawValue>>("20.00").unwrap();
        assert_eq!(super::to_json(&exact).unwrap(), b"20.00");
        let extra = ExtraField::new("n".into(), 7.0).unwrap();
        assert_eq!(
            text(Body::None.finish(None, vec![extra], None)),
            r#"{"n":7}"#
        );
    }

    #[test]
    fn what_must_be_there_is_named() {
        assert_eq!(
            text(Body::None.finish(Some(&JSON), vec![], None)),
            "Missing"
        );
        assert_eq!(
            text(json("{}").finish(Some(&JSON), vec![], None)),
            "Field(\"name\")"
        );
        assert_eq!(
            text(Body::None.finish(Some(&JSON), vec![], Some(FILL))),
            "Missing"
        );
    }

    #[test]
    fn a_body_of_no_fields_is_sent_where_none_is_given() {
        const EMPTY: Declared = Declared {
            empty: true,
            ..Declared::DEFAULT
        };
        let finished = |body: Body, declared, extra| text(body.finish(Some(declared), extra, None));
        assert_eq!(finished(Body::None, &EMPTY, vec![]), "{}");
        assert_eq!(finished(Body::None, &Declared::DEFAULT, vec![]), "Missing");
        // What is given is sent all the same.
        assert_eq!(finished(json("{ }"), &EMPTY, vec![]), "{ }");
        let extra = vec![ExtraField::new("more".into(), 1).unwrap()];
        assert_eq!(finished(Body::None, &EMPTY, extra), r#"{"more":1}"#);
    }

    #[test]
    fn location_is_added_once_and_escaped() {
        assert_eq!(
            text(json(r#"{"name":"a"}"#).finish(Some(&JSON), vec![], Some(FILL))),
            r#"{"name":"a","altId":"L\"1","altType":"location"}"#
        );
        let own = r#"{"name":"a","altId":"other"}"#;
        assert_eq!(text(json(own).finish(Some(&JSON), vec![], Some(FILL))), own);
        let alone = Declared {
            fields: &["altId", "altType"],
            ..JSON
        };
        assert_eq!(
            text(Body::None.finish(Some(&alone), vec![], Some(FILL))),
            r#"{"altId":"L\"1","altType":"location"}"#
        );
    }

    #[test]
    fn extra_fields_replace_and_add() {
        let extra = || {
            vec![
                ExtraField::new("name".into(), 2).unwrap(),
                ExtraField::new("more".into(), ["x"]).unwrap(),
            ]
        };
        assert_eq!(
            text(
                json(r#"{"name":"a","big":12345678901234567890.10}"#).finish(
                    Some(&JSON),
                    extra(),
                    None
                )
            ),
            r#"{"big":12345678901234567890.10,"name":2,"more":["x"]}"#
        );
        assert_eq!(
            text(Body::None.finish(None, extra(), None)),
            r#"{"name":2,"more":["x"]}"#
        );
        assert_eq!(
            text(json("[1]").finish(Some(&JSON), extra(), None)),
            "NoObject"
        );
        let form =
            Body::form(serde_json::json!({"name": "a b", "on": true, "none": null, "n": 20.0}))
                .unwrap();
        assert_eq!(
            text(form.finish(None, extra(), None)),
            "n=20&on=true&name=2&more=x"
        );
    }
}
