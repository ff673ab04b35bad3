//! What a call is given: a value for each parameter, and a body; and a row for each operation that gives it to its builder.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::LazyLock;

use hoopai::runtime::json::from_slice;
use hoopai::runtime::operation::{Operation, PageParam, PageSize, ParamLocation};
use hoopai::runtime::{ResponseFuture, Timestamp};
use hoopai::{CallOptions, Client, Error, Part};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::interface::{Interface, Schema, entries, items};
use crate::operations;
use crate::sample::{Amount, Sampler};

type Calling = Pin<Box<dyn Future<Output = Result<(), Error>>>>;
pub(crate) type Call = fn(&Client, &Given) -> Calling;

/// A call of each operation through its builder, every setter called.
pub(crate) static CALLS: LazyLock<Vec<(&Operation, Call)>> = LazyLock::new(|| {
    operations::all()
        .map(|row| (row.operation, row.call))
        .collect()
});

pub(crate) fn finish<T: 'static>(sending: ResponseFuture<T>) -> Calling {
    Box::pin(async move { sending.await.map(drop) })
}

/// The contents of each file.
pub(crate) const FILE: &str = "id,name";

/// A setter: place, name on the wire, and name.
pub(crate) type Setter = (&'static str, &'static str, &'static str);

/// The setters of each operation.
pub(crate) static SETTERS: LazyLock<Vec<(&Operation, &[Setter])>> = LazyLock::new(|| {
    operations::all()
        .map(|row| (row.operation, row.setters))
        .collect()
});

/// How much a call is given.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Amounts {
    /// All that the interface declares.
    All,
    /// What the interface declares as required, and what the path needs, but not what the client fills in.
    Required,
    /// What the path needs, and an empty body where there must be one.
    PathOnly,
    /// Nothing.
    Nothing,
}

/// Made-up values for what the interface declares of an operation.
pub(crate) struct Given {
    amounts: Amounts,
    /// The options of the call.
    pub(crate) options: CallOptions,
    /// By place (`path`, `query`, `header`, `text`, `file`) and name.
    pub(crate) values: BTreeMap<(&'static str, &'static str), Value>,
    /// The content type and the body, if it is one value.
    pub(crate) body: Option<(&'static str, Schema, Value)>,
    taken: RefCell<BTreeSet<(&'static str, &'static str)>>,
}

impl Given {
    pub(crate) fn of(operation: &Operation) -> Self {
        Self::some_of(operation, Amounts::All)
    }

    pub(crate) fn some_of(operation: &Operation, amounts: Amounts) -> Self {
        let interface = Interface::of(operation.module);
        let declared = interface.operation(operation);
        let amount = match amounts {
            Amounts::All => Amount::All,
            _ => Amount::Least,
        };
        let mut sampler = Sampler::new(operation, amount);
        let mut given = Given {
            amounts,
            options: CallOptions::new(),
            values: BTreeMap::new(),
            body: None,
            taken: RefCell::default(),
        };
        for parameter in items(&declared["parameters"]) {
            let place = parameter["in"].as_str().expect("a place");
            let name = parameter["name"].as_str().expect("a name");
            // The version is every call's own.
            let automatic = amounts != Amounts::All && is_automatic(operation, place, name);
            let wanted = match amounts {
                Amounts::All => true,
                Amounts::Required => parameter["required"] == true,
                Amounts::PathOnly => place == "path",
                Amounts::Nothing => false,
            };
            if !name.eq_ignore_ascii_case("version") && wanted && !automatic {
                let value = sampler.value(&parameter["schema"], &format!("{place}/{name}"));
                given.values.insert((place, name), value);
            }
        }
        let required = declared["requestBody"]["required"] == true
            && !operation.body.is_some_and(|body| body.omittable);
        let wanted = match amounts {
            Amounts::All => true,
            Amounts::Required | Amounts::PathOnly => required,
            Amounts::Nothing => false,
        };
        if let Some((kind, schema)) = interface.bodies(operation).into_iter().next()
            && wanted
        {
            if kind == "multipart/form-data" {
                given.parts(operation, interface, schema, &mut sampler);
            } else {
                let mut body = match amounts {
                    Amounts::PathOnly if interface.is_list(schema) => Value::Array(Vec::new()),
                    Amounts::PathOnly => Value::Object(Default::default()),
                    _ => sampler.value(schema, "body"),
                };
                if let (Value::Object(fields), true) = (&mut body, amounts != Amounts::All) {
                    fields.retain(|name, _| !is_automatic(operation, "body", name));
                }
                given.body = Some((kind, schema, body));
            }
        }
        // The maximum can be declared in words, which the interface does not keep.
        let size = operation.paging.and_then(|paging| paging.size);
        if let Some(PageSize {
            to: PageParam::Query(name),
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

    fn parts(
        &mut self,
        operation: &Operation,
        interface: Interface,
        schema: Schema,
        sampler: &mut Sampler,
    ) {
        let mut files = 0;
        let schema = interface.resolve(schema);
        let required = |name: &str| items(&schema["required"]).iter().any(|other| other == name);
        for (name, schema) in entries(&schema["properties"]) {
            if self.amounts != Amounts::All
                && (!required(name) || is_automatic(operation, "body", name))
            {
                continue;
            }
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
        // Something must be in the body.
        if self.amounts != Amounts::All && self.values.keys().all(|(place, _)| *place == "path") {
            let first = entries(&schema["properties"])
                .find(|(name, _)| !is_automatic(operation, "body", name));
            if let Some((name, schema)) = first {
                let file = interface.resolve(schema)["format"] == "binary";
                files += usize::from(file);
                self.values
                    .insert((if file { "file" } else { "text" }, name), FILE.into());
            }
        }
        // The names of files that are known at run time only.
        let declared = entries(&schema["properties"])
            .any(|(_, schema)| interface.resolve(schema)["format"] == "binary");
        if files == 0 && !declared {
            self.values.insert(("file", "FIELD_1"), FILE.into());
        }
    }

    /// Whether a setter is called. All setters are, if all values are given, so that none goes untested.
    pub(crate) fn wants(&self, place: &'static str, name: &'static str) -> bool {
        match place {
            _ if self.amounts == Amounts::All => true,
            "body" => self.body.is_some(),
            _ => self.values.contains_key(&(place, name)),
        }
    }

    fn take(&self, place: &'static str, name: &'static str) -> &Value {
        self.taken.borrow_mut().insert((place, name));
        self.values
            .get(&(place, name))
            .unwrap_or_else(|| panic!("the interface declares no `{name}` ({place})"))
    }

    pub(crate) fn text(&self, place: &'static str, name: &'static str) -> &str {
        self.take(place, name).as_str().expect("a text")
    }

    pub(crate) fn moment(&self, place: &'static str, name: &'static str) -> Timestamp {
        self.text(place, name).parse().expect("a moment")
    }

    pub(crate) fn texts(&self, place: &'static str, name: &'static str) -> Vec<&str> {
        let list = self.take(place, name).as_array().expect("a list");
        list.iter()
            .map(|item| item.as_str().expect("a text"))
            .collect()
    }

    pub(crate) fn integer(&self, place: &'static str, name: &'static str) -> i64 {
        self.take(place, name).as_i64().expect("a whole number")
    }

    pub(crate) fn number(&self, place: &'static str, name: &'static str) -> f64 {
        self.take(place, name).as_f64().expect("a number")
    }

    pub(crate) fn boolean(&self, place: &'static str, name: &'static str) -> bool {
        self.take(place, name).as_bool().expect("a boolean")
    }

    pub(crate) fn file(&self, name: &'static str) -> Part {
        let text = self.take("file", name).as_str().expect("a text");
        Part::bytes(format!("{name}.csv"), text.as_bytes().to_vec())
    }

    pub(crate) fn body<T: DeserializeOwned>(&self) -> T {
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

/// Whether the client fills in a value by itself, by the operation's table.
pub(crate) fn is_automatic(operation: &Operation, place: &str, name: &str) -> bool {
    operation.location.is_some_and(|location| {
        let own = match location.part {
            ParamLocation::Path => "path",
            ParamLocation::Query => "query",
            ParamLocation::Body => "body",
        };
        own == place && (location.name == name || location.alt_type && name == "altType")
    })
}
