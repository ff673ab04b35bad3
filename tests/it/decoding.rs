//! Decodes samples of every reply and request body, and variants that deviate from the schema.
//!
//! No variant is an error, no value is lost, and drift is reported exactly where a value deviates.
//! So each field of each type has its declared type.

use std::collections::{BTreeMap, BTreeSet};

use hoopai::runtime::DriftKind;
use hoopai::runtime::operation::Operation;
use serde_json::{Value, json};

use crate::decode_table::{BODIES, DecodeFn, DecodedReply, REPLIES};
use crate::interface::{Interface, Schema};
use crate::operations::qualified_name;
use crate::sample_values::{SampleSize, Sampler};
use crate::value_paths::{ValueKind, ValuePath, value_paths};

/// The expected drift by its path.
type Expected = BTreeMap<String, DriftKind>;

/// A number of drifts below the limit of one reply.
const CHUNK: usize = 200;

struct TypeUnderTest<'a> {
    name: String,
    operation: &'a Operation,
    interface: Interface,
    schema: Schema,
    decode: DecodeFn,
    counts: BTreeMap<&'static str, usize>,
    failures: Vec<String>,
}

#[test]
fn any_variant_of_a_reply_decodes_without_loss() {
    let mut all = Summary::default();
    let mut without_json = 0;
    for (operation, decode) in REPLIES {
        let interface = Interface::of(operation.module);
        match decode {
            Some(decode) => {
                let schemas = interface.replies(operation);
                assert!(schemas.len() < 2, "{}: several replies", operation.name);
                let schema = schemas.first().copied().unwrap_or(&Value::Null);
                all.add(TypeUnderTest::new(operation, interface, schema, *decode));
            }
            None => without_json += 1,
        }
    }
    // Operations that return files or empty replies have no JSON.
    assert_eq!((all.types, without_json), (598, 11));
    all.assert_passed();
}

#[test]
fn any_variant_of_a_body_decodes_without_loss() {
    let mut all = Summary::default();
    for (operation, decode) in BODIES {
        let interface = Interface::of(operation.module);
        let schema = interface
            .bodies(operation)
            .into_values()
            .next()
            .expect("a body");
        all.add(TypeUnderTest::new(
            operation,
            interface,
            schema,
            decode.expect("a decode function"),
        ));
    }
    all.assert_passed();
}

#[derive(Default)]
struct Summary {
    types: usize,
    counts: BTreeMap<&'static str, usize>,
    failures: Vec<String>,
}

impl Summary {
    fn add(&mut self, mut ty: TypeUnderTest<'_>) {
        ty.run();
        self.types += 1;
        for (variant, count) in ty.counts {
            *self.counts.entry(variant).or_default() += count;
        }
        self.failures.extend(ty.failures);
    }

    fn assert_passed(self) {
        println!("{} types, decoded variants: {:?}", self.types, self.counts);
        for variant in [
            "minimal",
            "maximal",
            "all null",
            "unknown field",
            "unknown enum value",
            "empty body",
            "coercible scalar",
            "other scalar",
            "wrong container",
            "unknown fields only",
        ] {
            assert!(
                self.counts.contains_key(variant),
                "{variant} was not tested"
            );
        }
        let count = self.failures.len();
        let first = self.failures[..count.min(50)].join("\n");
        assert!(count == 0, "{count} failures:\n{first}");
    }
}

impl<'a> TypeUnderTest<'a> {
    fn new(
        operation: &'a Operation,
        interface: Interface,
        schema: Schema,
        decode: DecodeFn,
    ) -> Self {
        TypeUnderTest {
            name: qualified_name(operation),
            operation,
            interface,
            schema,
            decode,
            counts: BTreeMap::new(),
            failures: Vec::new(),
        }
    }

    fn sample(&self, size: SampleSize) -> Value {
        Sampler::new(self.operation, size).value(self.schema, "reply")
    }

    fn run(&mut self) {
        let full = self.sample(SampleSize::Merged);
        let paths = value_paths(self.interface, self.schema, &full);
        self.check(
            "minimal",
            &self.sample(SampleSize::Required),
            &Expected::new(),
        );
        self.check("maximal", &full, &Expected::new());
        self.empty(paths[0].kind);

        let of = |kinds: &[ValueKind]| {
            paths
                .iter()
                .filter(|path| kinds.contains(&path.kind))
                .collect::<Vec<_>>()
        };
        let mut with_unknown = full.clone();
        for path in of(&[ValueKind::Object]) {
            path.value_in(&mut with_unknown)["undeclared"] =
                json!({ "deep": [1, "x", null, 2.50] });
        }
        self.check("unknown field", &with_unknown, &Expected::new());

        let enums = of(&[ValueKind::Enum]);
        if !enums.is_empty() {
            self.check_replaced("unknown enum value", &full, &enums, |_| {
                Some((json!("never listed"), None))
            });
        }

        let scalars = of(&[
            ValueKind::Text,
            ValueKind::Enum,
            ValueKind::Number,
            ValueKind::Integer,
            ValueKind::Boolean,
            ValueKind::Timestamp,
            ValueKind::Decimal,
        ]);
        for chunk in scalars.chunks(CHUNK) {
            self.check_replaced("coercible scalar", &full, chunk, coercible);
            self.check_replaced("other scalar", &full, chunk, other_scalar);
            self.check_replaced("wrong container", &full, chunk, |_| {
                Some((json!({ "odd": 1 }), Some(DriftKind::Unparsed)))
            });
        }
        let containers = of(&[ValueKind::List, ValueKind::Object, ValueKind::Map]);
        let fields = scalars.iter().chain(&containers).copied();
        for level in by_level(fields.filter(|path| path.is_field)).values() {
            self.check_replaced("blank string", &full, level, blank);
        }
        for level in by_level(containers.iter().copied()).values() {
            for chunk in level.chunks(CHUNK) {
                self.check_replaced("wrong container", &full, chunk, other_container);
                // Drift is reported only for types with fields besides the trace id.
                let own = chunk
                    .iter()
                    .copied()
                    .filter(|path| path.has_own_fields(&full));
                let own: Vec<_> = own.collect();
                self.check_replaced("unknown fields only", &full, &own, unknown_fields);
            }
        }
        // Fields of objects only: no type has lists with null items.
        for level in by_level(paths.iter().filter(|path| path.is_field)).values() {
            self.check_replaced("all null", &full, level, |_| Some((Value::Null, None)));
        }
    }

    /// Checks a sample with other values at these paths. `replace` returns a value and the drift
    /// that it causes, or `None` to keep the value.
    fn check_replaced(
        &mut self,
        variant: &'static str,
        full: &Value,
        paths: &[&ValuePath],
        replace: fn(ValueKind) -> Option<(Value, Option<DriftKind>)>,
    ) {
        let (mut body, mut expected) = (full.clone(), Expected::new());
        let mut changed = false;
        for path in paths {
            if let Some((value, drift)) = replace(path.kind) {
                changed = true;
                *path.value_in(&mut body) = value;
                expected.extend(drift.map(|drift| (path.to_string(), drift)));
            }
        }
        if changed {
            self.check(variant, &body, &expected);
        }
    }

    fn check(&mut self, variant: &'static str, body: &Value, expected: &Expected) {
        *self.counts.entry(variant).or_default() += 1;
        let mut failure = |text: String| {
            self.failures
                .push(format!("{}, {variant}: {text}", self.name))
        };
        let DecodedReply {
            encoded,
            drift,
            raw,
        } = match (self.decode)(body.to_string().as_bytes()) {
            Ok(outcome) => outcome,
            // A scalar type has no empty value for a reply that is kept raw.
            Err(_)
                if expected.get("$") == Some(&DriftKind::Unparsed)
                    && is_scalar(self.interface, self.schema) =>
            {
                return;
            }
            Err(error) => return failure(format!("{error}: {body}")),
        };
        let reported: Expected = drift
            .iter()
            .map(|drift| (drift.path.clone(), drift.kind))
            .collect();
        let (reported, expected): (BTreeSet<_>, BTreeSet<_>) =
            (reported.iter().collect(), expected.iter().collect());
        if drift.len() != reported.len() || reported != expected {
            let missing: Vec<_> = expected.difference(&reported).collect();
            let extra: Vec<_> = reported.difference(&expected).collect();
            failure(format!(
                "missing drift {missing:?}, unexpected drift {extra:?}"
            ));
        }
        let kept = raw.unwrap_or_else(|| serde_json::from_slice(&encoded).expect("JSON"));
        let normalized = |value: &Value| normalized(value, !expected.is_empty());
        if normalized(&kept) != normalized(body) {
            failure(format!("received {body}\n    kept {kept}"));
        }
    }

    /// Checks that an empty reply is the empty value of its type, with drift if a body is declared.
    fn empty(&mut self, root: ValueKind) {
        *self.counts.entry("empty body").or_default() += 1;
        for (body, found) in [("", "nothing"), (" \n", "nothing"), ("null", "null")] {
            let outcome = (self.decode)(body.as_bytes());
            let is_empty = match outcome {
                Ok(DecodedReply {
                    encoded,
                    drift,
                    raw,
                }) => {
                    let encoded: Value = serde_json::from_slice(&encoded).expect("JSON");
                    let empty = match root {
                        ValueKind::List => json!([]),
                        ValueKind::Object | ValueKind::Map => json!({}),
                        _ => Value::Null,
                    };
                    let drifted = match &*drift {
                        [] => root == ValueKind::Any,
                        [one] => {
                            root != ValueKind::Any
                                && (one.kind, &*one.path, one.found)
                                    == (DriftKind::Empty, "$", found)
                        }
                        _ => false,
                    };
                    drifted && raw.is_none() && encoded == empty
                }
                Err(_) => root.is_scalar(),
            };
            if !is_empty {
                self.failures.push(format!(
                    "{}: {body:?} does not decode as an empty value",
                    self.name
                ));
            }
        }
    }
}

fn is_scalar(interface: Interface, schema: Schema) -> bool {
    ValueKind::of(interface, &[schema]).is_scalar()
}

/// A scalar of another kind that is coerced. An enum accepts any scalar as an unknown value.
fn coercible(kind: ValueKind) -> Option<(Value, Option<DriftKind>)> {
    let value = match kind {
        ValueKind::Enum => return Some((json!(7), None)),
        // A timestamp is encoded as it was received.
        ValueKind::Timestamp => return Some((json!("1931599800000"), None)),
        ValueKind::Text => json!(12.50),
        ValueKind::Number | ValueKind::Decimal => json!("12.5"),
        ValueKind::Integer => json!("12"),
        ValueKind::Boolean => json!("true"),
        _ => return None,
    };
    Some((value, Some(DriftKind::Coerced)))
}

/// A scalar of another kind that is not coerced.
fn other_scalar(kind: ValueKind) -> Option<(Value, Option<DriftKind>)> {
    let value = match kind {
        ValueKind::Number | ValueKind::Decimal | ValueKind::Timestamp => json!(true),
        ValueKind::Integer => json!(12.5),
        ValueKind::Boolean => json!("perhaps"),
        _ => return None,
    };
    Some((value, Some(DriftKind::Unparsed)))
}

/// An empty string, which the platform sends for absent values of any type.
fn blank(_: ValueKind) -> Option<(Value, Option<DriftKind>)> {
    Some((json!(""), None))
}

/// Groups paths by their depth, so that no path of a group contains another.
fn by_level<'a>(paths: impl Iterator<Item = &'a ValuePath>) -> BTreeMap<usize, Vec<&'a ValuePath>> {
    let mut levels: BTreeMap<usize, Vec<&ValuePath>> = BTreeMap::new();
    for path in paths {
        levels.entry(path.depth()).or_default().push(path);
    }
    levels
}

fn other_container(kind: ValueKind) -> Option<(Value, Option<DriftKind>)> {
    let value = match kind {
        ValueKind::List => json!({ "odd": [1] }),
        _ => json!(["odd", 1]),
    };
    Some((value, Some(DriftKind::Unparsed)))
}

fn unknown_fields(kind: ValueKind) -> Option<(Value, Option<DriftKind>)> {
    (kind == ValueKind::Object).then(|| {
        (
            json!({ "undeclared": 1, "traceId": "T" }),
            Some(DriftKind::UnknownShape),
        )
    })
}

/// JSON in a form that is equal if no value is lost: without `null` fields, and with floats only.
/// If values were coerced, texts and booleans that are numbers become numbers.
fn normalized(value: &Value, coerced: bool) -> Value {
    match value {
        Value::Number(number) => number.as_f64().into(),
        Value::Bool(value) if coerced => f64::from(u8::from(*value)).into(),
        Value::String(text) if coerced => match text.as_str() {
            "true" => 1.0.into(),
            "false" => 0.0.into(),
            text => text
                .parse::<f64>()
                .map_or_else(|_| text.into(), Value::from),
        },
        Value::Array(items) => items.iter().map(|item| normalized(item, coerced)).collect(),
        Value::Object(fields) => {
            let set = fields.iter().filter(|(_, value)| !value.is_null());
            set.map(|(name, value)| (name.clone(), normalized(value, coerced)))
                .collect()
        }
        _ => value.clone(),
    }
}
