//! A call of each operation through its builder, and made-up values for its parameters and body.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::LazyLock;

use hoopai::runtime::json::from_slice;
use hoopai::runtime::operation::{Operation, PageParam, PageSize, ParamLocation};
use hoopai::runtime::{Date, ResponseFuture, Timestamp};
use hoopai::{CallOptions, Client, Error, Part};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::interface::{Interface, Schema, entries, items};
use crate::operations::test_operations;
use crate::sample_values::{SampleSize, Sampler};

type CallFuture = Pin<Box<dyn Future<Output = Result<(), Error>>>>;
pub(crate) type CallFn = fn(&Client, &CallInput) -> CallFuture;

/// A function for each operation that calls all setters for which there is a value.
pub(crate) static CALLS: LazyLock<Vec<(&Operation, CallFn)>> = LazyLock::new(|| {
    test_operations()
        .map(|row| (row.operation, row.call))
        .collect()
});

pub(crate) fn discard_reply<T: 'static>(response: ResponseFuture<T>) -> CallFuture {
    Box::pin(async move { response.await.map(drop) })
}

/// The content of each uploaded file.
pub(crate) const FILE: &str = "id,name";

/// A parameter: its kind (`path`, `query`, `header`, `text`, `file`, `body`) and wire name.
pub(crate) type ParameterKey = (&'static str, &'static str);

/// A setter: kind and wire name of its parameter, and its own name.
pub(crate) type Setter = (&'static str, &'static str, &'static str);

/// The setters of each operation.
pub(crate) static SETTERS: LazyLock<Vec<(&Operation, &[Setter])>> = LazyLock::new(|| {
    test_operations()
        .map(|row| (row.operation, row.setters))
        .collect()
});

/// The values that a call sets.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Coverage {
    /// All declared values.
    All,
    /// The values that the interface declares as required, without those that the client adds.
    Required,
    /// The path parameters, and an empty body where a body is required.
    PathOnly,
    /// No values.
    Nothing,
}

/// Made-up values for the declared parameters and body of an operation.
pub(crate) struct CallInput {
    coverage: Coverage,
    pub(crate) options: CallOptions,
    pub(crate) values: BTreeMap<ParameterKey, Value>,
    /// The content type, schema and value of a body that is no multipart form.
    pub(crate) body: Option<(&'static str, Schema, Value)>,
    used: RefCell<BTreeSet<ParameterKey>>,
}

impl CallInput {
    pub(crate) fn new(operation: &Operation) -> Self {
        Self::with_coverage(operation, Coverage::All)
    }

    pub(crate) fn with_coverage(operation: &Operation, coverage: Coverage) -> Self {
        let interface = Interface::of(operation.module);
        let declared = interface.operation(operation);
        let size = match coverage {
            Coverage::All => SampleSize::All,
            _ => SampleSize::Required,
        };
        let mut sampler = Sampler::new(operation, size);
        let mut input = CallInput {
            coverage,
            options: CallOptions::new(),
            values: BTreeMap::new(),
            body: None,
            used: RefCell::default(),
        };
        for parameter in items(&declared["parameters"]) {
            let kind = parameter["in"].as_str().expect("a kind");
            let name = parameter["name"].as_str().expect("a name");
            let is_covered = match coverage {
                Coverage::All => true,
                Coverage::Required => parameter["required"] == true,
                Coverage::PathOnly => kind == "path",
                Coverage::Nothing => false,
            };
            let automatic = coverage != Coverage::All && is_automatic(operation, kind, name);
            // The client sets the version of every call.
            if is_covered && !automatic && !name.eq_ignore_ascii_case("version") {
                let value = sampler.value(&parameter["schema"], &format!("{kind}/{name}"));
                input.values.insert((kind, name), value);
            }
        }
        let required = declared["requestBody"]["required"] == true
            && !operation.body.is_some_and(|body| body.omittable);
        let is_covered = match coverage {
            Coverage::All => true,
            Coverage::Required | Coverage::PathOnly => required,
            Coverage::Nothing => false,
        };
        if let Some((content_type, schema)) = interface.bodies(operation).into_iter().next()
            && is_covered
        {
            if content_type == "multipart/form-data" {
                input.add_parts(operation, interface, schema, &mut sampler);
            } else {
                let mut body = match coverage {
                    Coverage::PathOnly if interface.is_list(schema) => Value::Array(Vec::new()),
                    Coverage::PathOnly => Value::Object(Default::default()),
                    _ => sampler.value(schema, "body"),
                };
                if let (Value::Object(fields), true) = (&mut body, coverage != Coverage::All) {
                    fields.retain(|name, _| !is_automatic(operation, "body", name));
                }
                input.body = Some((content_type, schema, body));
            }
        }
        // A maximum that only a description declares is not in the schema.
        let size = operation.paging.and_then(|paging| paging.size);
        if let Some(PageSize {
            to: PageParam::Query(name),
            max,
            declared: true,
        }) = size
            && let Some(value) = input.values.get_mut(&("query", name))
            && value.as_u64().is_some_and(|size| size > max.into())
        {
            *value = max.into();
        }
        input
    }

    fn add_parts(
        &mut self,
        operation: &Operation,
        interface: Interface,
        schema: Schema,
        sampler: &mut Sampler,
    ) {
        let schema = interface.resolve(schema);
        let is_file = |schema: Schema| interface.resolve(schema)["format"] == "binary";
        let is_required = |name: &str| items(&schema["required"]).iter().any(|other| other == name);
        let all = self.coverage == Coverage::All;
        let properties = || {
            entries(&schema["properties"])
                .filter(|(name, _)| all || !is_automatic(operation, "body", name))
        };
        for (name, schema) in properties().filter(|(name, _)| all || is_required(name)) {
            let (kind, value) = match is_file(schema) {
                true => ("file", FILE.into()),
                false => ("text", sampler.value(schema, &format!("text/{name}"))),
            };
            self.values.insert((kind, name), value);
        }
        // A multipart form has at least one part.
        if self.values.keys().all(|(kind, _)| *kind == "path")
            && let Some((name, schema)) = properties().next()
        {
            let kind = if is_file(schema) { "file" } else { "text" };
            self.values.insert((kind, name), FILE.into());
        }
        // A form without declared files accepts files of any name.
        if !entries(&schema["properties"]).any(|(_, schema)| is_file(schema)) {
            self.values.insert(("file", "FIELD_1"), FILE.into());
        }
    }

    /// The names and values of the parameters of a kind.
    pub(crate) fn of_kind<'a>(
        &'a self,
        kind: &'a str,
    ) -> impl Iterator<Item = (&'static str, &'a Value)> {
        let values = self.values.iter();
        let of_kind = values.filter(move |((other, _), _)| *other == kind);
        of_kind.map(|((_, name), value)| (*name, value))
    }

    /// Whether the setter of a parameter is called: all setters are with [`Coverage::All`].
    pub(crate) fn has(&self, kind: &'static str, name: &'static str) -> bool {
        match kind {
            _ if self.coverage == Coverage::All => true,
            "body" => self.body.is_some(),
            _ => self.values.contains_key(&(kind, name)),
        }
    }

    fn value(&self, kind: &'static str, name: &'static str) -> &Value {
        self.used.borrow_mut().insert((kind, name));
        self.values
            .get(&(kind, name))
            .unwrap_or_else(|| panic!("the interface declares no `{name}` ({kind})"))
    }

    pub(crate) fn string(&self, kind: &'static str, name: &'static str) -> &str {
        self.value(kind, name).as_str().expect("a string")
    }

    pub(crate) fn timestamp(&self, kind: &'static str, name: &'static str) -> Timestamp {
        serde_json::from_value(self.value(kind, name).clone()).expect("a timestamp")
    }

    pub(crate) fn date(&self, kind: &'static str, name: &'static str) -> Date {
        serde_json::from_value(self.value(kind, name).clone()).expect("a day")
    }

    pub(crate) fn strings(&self, kind: &'static str, name: &'static str) -> Vec<&str> {
        let list = self.value(kind, name).as_array().expect("a list");
        list.iter()
            .map(|item| item.as_str().expect("a string"))
            .collect()
    }

    pub(crate) fn integer(&self, kind: &'static str, name: &'static str) -> i64 {
        self.value(kind, name).as_i64().expect("a whole number")
    }

    pub(crate) fn number(&self, kind: &'static str, name: &'static str) -> f64 {
        self.value(kind, name).as_f64().expect("a number")
    }

    pub(crate) fn boolean(&self, kind: &'static str, name: &'static str) -> bool {
        self.value(kind, name).as_bool().expect("a boolean")
    }

    pub(crate) fn file(&self, name: &'static str) -> Part {
        let text = self.value("file", name).as_str().expect("a string");
        Part::bytes(format!("{name}.csv"), text.as_bytes().to_vec())
    }

    pub(crate) fn body<T: DeserializeOwned>(&self) -> T {
        let (_, _, body) = self.body.as_ref().expect("the interface declares a body");
        let body = from_slice::<T>(body.to_string().as_bytes()).expect("a valid body");
        let drift = body.drift;
        assert!(
            drift.is_empty(),
            "the type deviates from its schema: {drift:?}"
        );
        body.value
    }

    /// The parameters that have no setter.
    pub(crate) fn unused(&self) -> Vec<ParameterKey> {
        let used = self.used.borrow();
        let unused = self.values.keys().filter(|key| !used.contains(*key));
        unused.copied().collect()
    }
}

/// Whether the operation table declares that the client adds a parameter.
pub(crate) fn is_automatic(operation: &Operation, kind: &str, name: &str) -> bool {
    operation.location.is_some_and(|location| {
        let location_kind = match location.part {
            ParamLocation::Path => "path",
            ParamLocation::Query => "query",
            ParamLocation::Body => "body",
            other => panic!("{other:?}"),
        };
        location_kind == kind && (location.name == name || location.alt_type && name == "altType")
    })
}
