//! Which calls are made, and with which values: what is sent is named and typed by the client, the values are made of the
//! interface, and ids are those of seeded items.

use std::collections::{BTreeMap, HashMap};

use hoopai_mock::{CLIENT_ID, CLIENT_SECRET, COMPANY, LOCATION, Mock, Seeder};
use serde_json::{Map, Value, json};

use super::interface::{Interface, Operation};

/// So many items each collection has: one for all calls but those that end one, of which each has its own.
const ITEMS: usize = 30;

/// How much of what a method takes is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    Required,
    Everything,
}

/// A call to be made.
pub(super) struct Call {
    /// `contacts.createContact`.
    pub(super) name: String,
    /// What the script reads.
    pub(super) line: Value,
    /// Whether only the token of an agency is valid.
    pub(super) by_agency: bool,
}

pub(super) struct Planner<'m> {
    mock: &'m Mock,
    interface: Interface,
    data: Value,
    ids: HashMap<String, Vec<String>>,
    /// How many calls have taken an item of their own.
    ended: usize,
    /// How many values were made that are unlike all others.
    unlike: usize,
}

/// One call in the making.
#[derive(Clone, Copy)]
struct Scene<'a> {
    operation: Operation<'a>,
    path: &'a str,
    extent: Extent,
    /// Which of a collection's items.
    index: usize,
}

impl<'m> Planner<'m> {
    /// Seeds a server, what others belong to first.
    pub(super) fn new(mock: &'m Mock) -> Self {
        let data = include_str!("../../sdk/calls.json");
        let data: Value = serde_json::from_str(data).expect("JSON");
        let first = data["seeded-first"].as_array().into_iter().flatten();
        let mut names: Vec<&str> = first.filter_map(Value::as_str).collect();
        for name in Seeder::collections() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let mut ids = HashMap::new();
        for name in names {
            ids.insert(name.to_owned(), mock.seed().items(name, LOCATION, ITEMS));
        }
        Self {
            mock,
            interface: Interface::read(),
            data,
            ids,
            ended: 0,
            unlike: 0,
        }
    }

    /// The calls of all methods, those last that end something, and of these what belongs to others first.
    pub(super) fn calls(&mut self, methods: &[Value], extent: Extent) -> Vec<Call> {
        let mut ordered: Vec<&Value> = methods.iter().collect();
        ordered.sort_by_key(|method| {
            let path = text(method, "path");
            let segments = path.split('/').count();
            let ends = self.ends(method);
            (ends, if ends { usize::MAX - segments } else { 0 })
        });
        ordered
            .into_iter()
            .map(|method| self.call(method, extent))
            .collect()
    }

    fn ends(&self, method: &Value) -> bool {
        let route = format!("{} {}", text(method, "verb"), text(method, "path"));
        let listed = self.data["ending"].as_array().into_iter().flatten();
        text(method, "verb") == "DELETE" || listed.filter_map(Value::as_str).any(|one| one == route)
    }

    fn call(&mut self, method: &Value, extent: Extent) -> Call {
        let name = text(method, "call").to_owned();
        let (verb, path) = (text(method, "verb"), text(method, "path"));
        let mut line = json!({ "call": name });
        let mut index = 0;
        if self.ends(method) {
            self.ended += 1;
            index = 1 + self.ended % (ITEMS - 1);
        }
        let interface = std::mem::take(&mut self.interface);
        let scene = Scene {
            operation: interface.find(verb, path),
            path,
            extent,
            index,
        };
        let input = &self.data["calls"][format!("{verb} {path}")].clone();
        if let Some([collection, fields]) = input["seed"].as_array().map(Vec::as_slice) {
            let collection = collection.as_str().unwrap_or_default();
            let id = self.mock.seed().item(collection, LOCATION, fields);
            self.ids.insert("seeded".to_owned(), vec![id; ITEMS]);
        }
        let by_agency = scene.operation.requires_agency();
        line["arguments"] = self.arguments(scene, method, input);
        self.body(scene, method, input, &mut line);
        self.interface = interface;
        Call {
            name,
            line,
            by_agency,
        }
    }

    fn arguments(&mut self, scene: Scene<'_>, method: &Value, input: &Value) -> Value {
        let mut arguments = Map::new();
        let parameters = method["parameters"].as_array().into_iter().flatten();
        for parameter in parameters {
            let (name, place) = (text(parameter, "name"), text(parameter, "in"));
            let schema = scene.operation.parameter(place, name);
            let required = parameter["required"] == true || scene.operation.requires(place, name);
            let input = &input["parameters"][name];
            let requested = required || place == "path" || scene.extent == Extent::Everything;
            if !requested || input == "left out" {
                continue;
            }
            let value = match input {
                Value::Null => self.value(scene, name, &parameter["type"], schema),
                input => self.filled(scene, input),
            };
            arguments.insert(text(parameter, "argument").to_owned(), value);
        }
        match method["parameters"].as_array().is_some_and(Vec::is_empty) {
            true => Value::Null,
            false => arguments.into(),
        }
    }

    fn body(&mut self, scene: Scene<'_>, method: &Value, input: &Value, line: &mut Value) {
        if method["body"].is_null() {
            return;
        }
        let declared = scene.operation.body();
        let mut body = match &input["body"] {
            Value::Null => self.value(
                scene,
                "",
                &method["body"],
                declared.map(|(schema, _)| schema),
            ),
            input => self.filled(scene, input),
        };
        for (name, value) in input["fields"].as_object().into_iter().flatten() {
            match value.as_str() {
                Some("left out") => drop(body.as_object_mut().and_then(|body| body.remove(name))),
                _ => body[name] = self.filled(scene, value),
            }
        }
        if let Some((schema, true)) = declared {
            let names = scene.operation.fields(schema).into_iter();
            let is_file = |name: &&str| {
                let field = scene.operation.field(schema, name);
                let format = field.and_then(|field| scene.operation.keyword(field, "format"));
                format.is_some_and(|format| format == "binary")
            };
            let mut files: Vec<&str> = names.filter(is_file).collect();
            // A form that declares no file takes any.
            if files.is_empty() {
                files.push("file");
                body["file"] = "text".into();
            }
            line["files"] = files.into();
        }
        line["body"] = body;
    }

    /// A value from the data, in which `{contacts}` is the id of a contact.
    fn filled(&mut self, scene: Scene<'_>, value: &Value) -> Value {
        self.unlike += 1;
        let mut text = value
            .to_string()
            .replace("{unlike}", &self.unlike.to_string());
        for (name, ids) in &self.ids {
            text = text.replace(&format!("{{{name}}}"), &ids[scene.index]);
        }
        let text = text.replace("{LOCATION}", LOCATION);
        serde_json::from_str(&text).expect("JSON")
    }

    fn value(
        &mut self,
        scene: Scene<'_>,
        name: &str,
        kind: &Value,
        schema: Option<&Value>,
    ) -> Value {
        let operation = scene.operation;
        let declared = |key: &str| schema.and_then(|schema| operation.keyword(schema, key));
        let mut requested = text(kind, "kind");
        if requested == "any" {
            requested = match declared("type").and_then(Value::as_str) {
                Some("integer") => "number",
                Some(other) => other,
                None if declared("properties").is_some() => "object",
                None => "string",
            };
        }
        if let Some(first) = declared("enum").and_then(|listed| listed.get(0))
            && requested != "array"
        {
            return first.clone();
        }
        match requested {
            "array" => {
                let items = declared("items");
                let kind = kind.get("items").cloned();
                let kind = kind.unwrap_or_else(|| json!({ "kind": "any" }));
                vec![self.value(scene, name, &kind, items)].into()
            }
            "object" => self.object(scene, kind, schema),
            "boolean" => true.into(),
            "number" => {
                let least = declared("minimum").and_then(Value::as_u64);
                self.data["numbers"]
                    .get(name)
                    .cloned()
                    .unwrap_or_else(|| least.unwrap_or(1).into())
            }
            _ => self
                .text(scene, name, declared("format").and_then(Value::as_str))
                .into(),
        }
    }

    /// What the client declares of an object; where it declares nothing, what the interface does.
    fn object(&mut self, scene: Scene<'_>, kind: &Value, schema: Option<&Value>) -> Value {
        let operation = scene.operation;
        let any = json!({ "required": false, "type": { "kind": "any" } });
        let mut fields: BTreeMap<&str, &Value> = BTreeMap::new();
        match kind["fields"].as_object() {
            Some(declared) => {
                fields.extend(declared.iter().map(|(name, one)| (name.as_str(), one)))
            }
            None => fields.extend(
                schema
                    .into_iter()
                    .flat_map(|schema| operation.fields(schema))
                    .map(|name| (name, &any)),
            ),
        }
        let required = schema
            .map(|schema| operation.required(schema))
            .unwrap_or_default();
        // The models of the Python client leave out names that begin with an underscore.
        for name in required.iter().filter(|name| name.starts_with('_')) {
            fields.entry(name).or_insert(&any);
        }
        let made = fields.into_iter().filter_map(|(name, field)| {
            let is_required = field["required"] == true || required.contains(&name);
            if !is_required && scene.extent == Extent::Required {
                return None;
            }
            let schema = schema.and_then(|schema| operation.field(schema, name));
            Some((
                name.to_owned(),
                self.value(scene, name, &field["type"], schema),
            ))
        });
        Value::Object(made.collect())
    }

    fn text(&mut self, scene: Scene<'_>, name: &str, format: Option<&str>) -> String {
        let before = scene.path.split(&format!("{{{name}}}")).next();
        let place = before.map(|before| format!("{before}{{{name}}}"));
        let of = |table: &str, key: &str| self.data[table].get(key).and_then(Value::as_str);
        let collection = place.and_then(|place| of("ids-of-paths", &place));
        if let Some(collection) = collection.or_else(|| of("ids", name)) {
            return self.ids[collection][scene.index].clone();
        }
        if let Some(text) = of("texts", name) {
            return text.to_owned();
        }
        match (name, format) {
            ("locationId" | "location_id" | "locationIds" | "altId", _) => LOCATION.to_owned(),
            ("companyId", _) => COMPANY.to_owned(),
            ("client_id", _) => CLIENT_ID.to_owned(),
            ("client_secret", _) => CLIENT_SECRET.to_owned(),
            (_, Some("date-time")) => "2031-05-06T07:08:09Z".to_owned(),
            (_, Some("email")) => {
                self.unlike += 1;
                format!("person{}@example.com", self.unlike)
            }
            _ => format!("{name} of the tests"),
        }
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}
