//! The reply of every operation, made of its schema and spoiled in many ways, read as the type that the operation answers:
//! there is no error, nothing is lost, and drift is reported where something drifted and nowhere else. Bodies as well, so that
//! each of their fields has the type that is declared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use hoopai::runtime::DriftKind;
use hoopai::runtime::operation::Operation;
use serde_json::{Value, json};

use crate::interface::{Interface, Schema};
use crate::readers::{BODIES, Outcome, REPLIES, Read};
use crate::sample::{Amount, Sampler};
use crate::sites::{Kind, Site, at, sites};

/// Where drift is expected, and what becomes of the value.
type Expected = BTreeMap<String, DriftKind>;

/// Fewer than a reader reports of one text.
const CHUNK: usize = 200;

/// One type that is put to the test.
struct Subject<'a> {
    name: String,
    operation: &'a Operation,
    interface: Interface,
    schema: Schema,
    read: Read,
    tried: BTreeMap<&'static str, usize>,
    faults: Vec<String>,
}

#[test]
fn replies_of_all_operations_are_read_whatever_comes() {
    let mut all = Summary::default();
    let mut unread = 0;
    for (operation, read) in REPLIES.iter() {
        let interface = Interface::of(operation.module);
        match read {
            Some(read) => {
                let schemas = interface.replies(operation);
                assert!(schemas.len() < 2, "{}: several replies", operation.name);
                let schema = schemas.first().copied().unwrap_or(&Value::Null);
                all.add(Subject::new(operation, interface, schema, *read));
            }
            None => unread += 1,
        }
    }
    // Files, and replies of nothing.
    assert_eq!((all.subjects, unread), (598, 11));
    all.conclude();
}

#[test]
fn bodies_of_all_operations_have_the_types_that_are_declared() {
    let mut all = Summary::default();
    for (operation, read) in BODIES.iter() {
        let interface = Interface::of(operation.module);
        let schema = interface
            .bodies(operation)
            .into_values()
            .next()
            .expect("a body");
        all.add(Subject::new(
            operation,
            interface,
            schema,
            read.expect("a reader"),
        ));
    }
    all.conclude();
}

#[derive(Default)]
struct Summary {
    subjects: usize,
    tried: BTreeMap<&'static str, usize>,
    faults: Vec<String>,
}

impl Summary {
    fn add(&mut self, mut subject: Subject<'_>) {
        subject.run();
        self.subjects += 1;
        for (what, count) in subject.tried {
            *self.tried.entry(what).or_default() += count;
        }
        self.faults.extend(subject.faults);
    }

    fn conclude(self) {
        println!("{} types, texts read: {:?}", self.subjects, self.tried);
        for what in [
            "minimal",
            "maximal",
            "all null",
            "unknown field",
            "unknown enum value",
            "empty body",
        ] {
            assert!(self.tried.contains_key(what), "{what} was not tried");
        }
        for what in [
            "mistyped scalar",
            "unfit scalar",
            "wrong container",
            "nothing known",
        ] {
            assert!(self.tried.contains_key(what), "{what} was not tried");
        }
        let shown: String = self
            .faults
            .iter()
            .take(50)
            .fold(String::new(), |mut out, fault| {
                let _ = writeln!(out, "{fault}");
                out
            });
        assert!(
            self.faults.is_empty(),
            "{} faults:\n{shown}",
            self.faults.len()
        );
    }
}

impl<'a> Subject<'a> {
    fn new(operation: &'a Operation, interface: Interface, schema: Schema, read: Read) -> Self {
        Subject {
            name: format!("{}.{}", operation.module, operation.name),
            operation,
            interface,
            schema,
            read,
            tried: BTreeMap::new(),
            faults: Vec::new(),
        }
    }

    fn sample(&self, amount: Amount) -> Value {
        Sampler::new(self.operation, amount).value(self.schema, "reply")
    }

    fn run(&mut self) {
        let none = Expected::new;
        let full = self.sample(Amount::Merged);
        let sites = sites(self.interface, self.schema, &full);
        self.reads("minimal", &self.sample(Amount::Least), &none());
        self.reads("maximal", &full, &none());
        self.empty(sites[0].kind);

        let of = |kinds: &[Kind]| {
            sites
                .iter()
                .filter(|site| kinds.contains(&site.kind))
                .collect::<Vec<_>>()
        };
        let mut curious = full.clone();
        for site in of(&[Kind::Object]) {
            at(&mut curious, &site.path)["unheardOf"] = json!({ "deep": [1, "x", null, 2.50] });
        }
        self.reads("unknown field", &curious, &none());

        let enums = of(&[Kind::Enum]);
        if !enums.is_empty() {
            self.spoiled("unknown enum value", &full, &enums, |_| {
                Some((json!("never listed"), None))
            });
        }

        let scalars = of(&[
            Kind::Text,
            Kind::Enum,
            Kind::Number,
            Kind::Integer,
            Kind::Boolean,
            Kind::Moment,
            Kind::Amount,
        ]);
        for chunk in scalars.chunks(CHUNK) {
            self.spoiled("mistyped scalar", &full, chunk, mistyped);
            self.spoiled("unfit scalar", &full, chunk, unfit);
            self.spoiled("wrong container", &full, chunk, |_| {
                Some((json!({ "odd": 1 }), Some(DriftKind::Unparsed)))
            });
        }
        let containers = of(&[Kind::List, Kind::Object, Kind::Map]);
        let fields = scalars.iter().chain(&containers).copied();
        for level in by_level(fields.filter(|site| site.is_field())).values() {
            self.spoiled("blank string", &full, level, blank);
        }
        for level in by_level(containers.iter().copied()).values() {
            for chunk in level.chunks(CHUNK) {
                self.spoiled("wrong container", &full, chunk, misplaced);
                // A type that knows its trace id alone misses nothing.
                let telling = chunk.iter().copied().filter(|site| site.is_telling(&full));
                let telling: Vec<_> = telling.collect();
                self.spoiled("nothing known", &full, &telling, unknown);
            }
        }
        // What is in an object, field by field; items of lists are never null in a type.
        for level in by_level(sites.iter().filter(|site| site.is_field())).values() {
            self.spoiled("all null", &full, level, |_| Some((Value::Null, None)));
        }
    }

    /// Reads the sample with other values in its sites. `how` gives the value and the drift that it is to cause; `None` leaves a
    /// site as it is.
    fn spoiled(
        &mut self,
        what: &'static str,
        full: &Value,
        sites: &[&Site],
        how: fn(Kind) -> Option<(Value, Option<DriftKind>)>,
    ) {
        let (mut body, mut expected) = (full.clone(), Expected::new());
        let mut changed = false;
        for site in sites {
            if let Some((value, drift)) = how(site.kind) {
                changed = true;
                *at(&mut body, &site.path) = value;
                expected.extend(drift.map(|drift| (site.to_string(), drift)));
            }
        }
        if changed {
            self.reads(what, &body, &expected);
        }
    }

    fn reads(&mut self, what: &'static str, body: &Value, expected: &Expected) {
        *self.tried.entry(what).or_default() += 1;
        let mut fault = |text: String| self.faults.push(format!("{}, {what}: {text}", self.name));
        let Outcome { back, drift, raw } = match (self.read)(body.to_string().as_bytes()) {
            Ok(outcome) => outcome,
            // A scalar has no empty value to stand for what is set aside as a whole.
            Err(_)
                if expected.get("$") == Some(&DriftKind::Unparsed)
                    && is_scalar(self.interface, self.schema) =>
            {
                return;
            }
            Err(error) => return fault(format!("{error}: {body}")),
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
            fault(format!(
                "drift not reported {missing:?}, reported without cause {extra:?}"
            ));
        }
        let left = raw.unwrap_or_else(|| serde_json::from_slice(&back).expect("JSON"));
        let plain = |value: &Value| plain(value, !expected.is_empty());
        if plain(&left) != plain(body) {
            fault(format!("came {body}\n    left {left}"));
        }
    }

    /// A reply without contents is the empty value of its type, if there is one, and a drift if a body is declared.
    fn empty(&mut self, root: Kind) {
        *self.tried.entry("empty body").or_default() += 1;
        for (body, found) in [("", "nothing"), (" \n", "nothing"), ("null", "null")] {
            let outcome = (self.read)(body.as_bytes());
            let is = match outcome {
                Ok(Outcome { back, drift, raw }) => {
                    let back: Value = serde_json::from_slice(&back).expect("JSON");
                    let nothing = match root {
                        Kind::List => json!([]),
                        Kind::Object | Kind::Map => json!({}),
                        _ => Value::Null,
                    };
                    let drifted = match &*drift {
                        [] => root == Kind::Any,
                        [one] => {
                            root != Kind::Any
                                && (one.kind, &*one.path, one.found)
                                    == (DriftKind::Empty, "$", found)
                        }
                        _ => false,
                    };
                    drifted && raw.is_none() && back == nothing
                }
                Err(_) => root.is_scalar(),
            };
            if !is {
                self.faults
                    .push(format!("{}: {body:?} is not read as nothing", self.name));
            }
        }
    }
}

fn is_scalar(interface: Interface, schema: Schema) -> bool {
    Kind::of(interface, &[schema]).is_scalar()
}

/// A scalar of another kind that can be understood as the declared one. An enum takes any as a value that it does not list.
fn mistyped(kind: Kind) -> Option<(Value, Option<DriftKind>)> {
    let value = match kind {
        Kind::Enum => return Some((json!(7), None)),
        // A moment is written back as it came.
        Kind::Moment => return Some((json!("1931599800000"), None)),
        Kind::Text => json!(12.50),
        Kind::Number | Kind::Amount => json!("12.5"),
        Kind::Integer => json!("12"),
        Kind::Boolean => json!("true"),
        _ => return None,
    };
    Some((value, Some(DriftKind::Coerced)))
}

/// A scalar that cannot.
fn unfit(kind: Kind) -> Option<(Value, Option<DriftKind>)> {
    let value = match kind {
        Kind::Number | Kind::Amount | Kind::Moment => json!(true),
        Kind::Integer => json!(12.5),
        Kind::Boolean => json!("perhaps"),
        _ => return None,
    };
    Some((value, Some(DriftKind::Unparsed)))
}

/// What the platform writes for a value that is not set, whatever its type.
fn blank(_: Kind) -> Option<(Value, Option<DriftKind>)> {
    Some((json!(""), None))
}

/// Sites by their depth, so that none lies within another.
fn by_level<'a>(sites: impl Iterator<Item = &'a Site>) -> BTreeMap<usize, Vec<&'a Site>> {
    let mut levels: BTreeMap<usize, Vec<&Site>> = BTreeMap::new();
    for site in sites {
        levels.entry(site.path.len()).or_default().push(site);
    }
    levels
}

fn misplaced(kind: Kind) -> Option<(Value, Option<DriftKind>)> {
    let value = match kind {
        Kind::List => json!({ "odd": [1] }),
        _ => json!(["odd", 1]),
    };
    Some((value, Some(DriftKind::Unparsed)))
}

fn unknown(kind: Kind) -> Option<(Value, Option<DriftKind>)> {
    (kind == Kind::Object).then(|| {
        (
            json!({ "unheardOf": 1, "traceId": "T" }),
            Some(DriftKind::UnknownShape),
        )
    })
}

/// JSON in a form that is equal where nothing is lost: `null` is as good as absent, 1 is 1.0, and, if values were understood as
/// others, "1" and `true` are 1.
fn plain(value: &Value, understood: bool) -> Value {
    match value {
        Value::Number(number) => number.as_f64().into(),
        Value::Bool(value) if understood => f64::from(u8::from(*value)).into(),
        Value::String(text) if understood => match text.as_str() {
            "true" => 1.0.into(),
            "false" => 0.0.into(),
            text => text
                .parse::<f64>()
                .map_or_else(|_| text.into(), Value::from),
        },
        Value::Array(items) => items.iter().map(|item| plain(item, understood)).collect(),
        Value::Object(fields) => {
            let set = fields.iter().filter(|(_, value)| !value.is_null());
            set.map(|(name, value)| (name.clone(), plain(value, understood)))
                .collect()
        }
        _ => value.clone(),
    }
}
