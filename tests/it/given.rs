//! What a call is given: a value for each parameter, and a body; and a row for each operation that gives it to its builder.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;

use hoopai::runtime::json::from_slice;
use hoopai::runtime::operation::{Operation, PageSize, Target};
use hoopai::runtime::{Sending, Timestamp};
use hoopai::{Client, Error, Part};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::interface::{Interface, Schema, entries, items};
use crate::sample::{Amount, Sampler};

type Calling = Pin<Box<dyn Future<Output = Result<(), Error>>>>;
type Call = fn(&Client, &Given) -> Calling;

/// A call of each operation through its builder, every setter called.
#[allow(
    deprecated,
    reason = "operations that the platform advises against are sent as others are"
)]
pub(crate) static CALLS: &[(&Operation, Call)] = include!(concat!(env!("OUT_DIR"), "/calls.rs"));

fn done<T: 'static>(sending: Sending<T>) -> Calling {
    Box::pin(async move { sending.await.map(drop) })
}

/// The contents of each file.
pub(crate) const FILE: &str = "id,name";

/// A made-up value for all that the interface declares of an operation.
pub(crate) struct Given {
    /// By place (`path`, `query`, `header`, `text`, `file`) and name.
    pub(crate) values: BTreeMap<(&'static str, &'static str), Value>,
    /// The content type and the body, if it is one value.
    pub(crate) body: Option<(&'static str, Schema, Value)>,
    taken: RefCell<BTreeSet<(&'static str, &'static str)>>,
}

impl Given {
    pub(crate) fn of(operation: &Operation) -> Self {
        let interface = Interface::of(operation.module);
        let declared = interface.operation(operation);
        let mut sampler = Sampler::new(operation, Amount::All);
        let mut given = Given {
            values: BTreeMap::new(),
            body: None,
            taken: RefCell::default(),
        };
        for parameter in items(&declared["parameters"]) {
            let place = parameter["in"].as_str().expect("a place");
            let name = parameter["name"].as_str().expect("a name");
            // The version is every call's own.
            if !name.eq_ignore_ascii_case("version") {
                let value = sampler.value(&parameter["schema"], &format!("{place}/{name}"));
                given.values.insert((place, name), value);
            }
        }
        if let Some((kind, schema)) = interface.bodies(operation).into_iter().next() {
            if kind == "multipart/form-data" {
                given.parts(interface, schema, &mut sampler);
            } else {
                given.body = Some((kind, schema, sampler.value(schema, "body")));
            }
        }
        // The maximum can be declared in words, which the interface does not keep.
        let size = operation.paging.and_then(|paging| paging.size);
        if let Some(PageSize {
            to: Target::Query(name),
            max,
            declared: true,
        }) = size
            && let Some(value) = given.values.get_mut(&("query", name))
            && value.as_u64().is_some_and(|asked| asked > max.into())
        {
            *value = max.into();
        }
        given
    }

    fn parts(&mut self, interface: Interface, schema: Schema, sampler: &mut Sampler) {
        let mut files = 0;
        for (name, schema) in entries(&interface.resolve(schema)["properties"]) {
            if interface.resolve(schema)["format"] == "binary" {
                files += 1;
                self.values.insert(("file", name), FILE.into());
            } else {
                self.values.insert(
                    ("text", name),
                    sampler.value(schema, &format!("text/{name}")),
                );
            }
        }
        // The names of files that are known at run time only.
        if files == 0 {
            self.values.insert(("file", "FIELD_1"), FILE.into());
        }
    }

    fn take(&self, place: &'static str, name: &'static str) -> &Value {
        self.taken.borrow_mut().insert((place, name));
        self.values
            .get(&(place, name))
            .unwrap_or_else(|| panic!("the interface declares no `{name}` ({place})"))
    }

    fn text(&self, place: &'static str, name: &'static str) -> &str {
        self.take(place, name).as_str().expect("a text")
    }

    fn moment(&self, place: &'static str, name: &'static str) -> Timestamp {
        self.text(place, name).parse().expect("a moment")
    }

    fn texts(&self, place: &'static str, name: &'static str) -> Vec<&str> {
        let list = self.take(place, name).as_array().expect("a list");
        list.iter()
            .map(|item| item.as_str().expect("a text"))
            .collect()
    }

    fn integer(&self, place: &'static str, name: &'static str) -> i64 {
        self.take(place, name).as_i64().expect("a whole number")
    }

    fn number(&self, place: &'static str, name: &'static str) -> f64 {
        self.take(place, name).as_f64().expect("a number")
    }

    fn boolean(&self, place: &'static str, name: &'static str) -> bool {
        self.take(place, name).as_bool().expect("a boolean")
    }

    fn file(&self, name: &'static str) -> Part {
        let text = self.take("file", name).as_str().expect("a text");
        Part::bytes(format!("{name}.csv"), text.as_bytes().to_vec())
    }

    fn body<T: DeserializeOwned>(&self) -> T {
        let (_, _, body) = self.body.as_ref().expect("the interface declares a body");
        let read = from_slice::<T>(body.to_string().as_bytes()).expect("a body that fits");
        assert!(
            read.drift.is_empty(),
            "the body's type is not what is declared: {:?}",
            read.drift
        );
        read.value
    }

    /// What no setter took.
    pub(crate) fn left(&self) -> Vec<(&'static str, &'static str)> {
        let taken = self.taken.borrow();
        self.values
            .keys()
            .filter(|key| !taken.contains(*key))
            .copied()
            .collect()
    }
}
