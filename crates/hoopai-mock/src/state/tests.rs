//! Every operation of the tables on a seeded server: replies match their schemas, items of other
//! locations are inaccessible, and hostile numbers cause no panic.

use serde_json::{Value, json};

use super::call::Answer;
use super::collection::{Action, Collection, Endpoint, Scope};
use super::tables;
use crate::account::{COMPANY, LOCATION};
use crate::check::ParsedRequest;
use crate::interface::schema_view::keys;
use crate::interface::{Interface, Operation};
use crate::reply::{FieldSet, Generator, check_reply};
use crate::tokens::{Claims, TokenSpec};
use crate::{Mock, Seeder};

/// A location for which the default token is not valid.
const OTHER: &str = "otherLocation0000001";

/// An operation, and a server on which every collection of a location has items.
struct Fixture<'a> {
    operation: &'a Operation,
    collection: &'static Collection,
    endpoint: &'static Endpoint,
    mock: Mock,
    location: String,
    /// The item that the request is about.
    id: String,
    accepted: ParsedRequest,
}

impl<'a> Fixture<'a> {
    /// A request about an item of a location. The request names `named` as its location.
    async fn new(operation: &'a Operation, location: &str, named: &str) -> Option<Self> {
        let (collection, endpoint) = tables::endpoint(&operation.key())?;
        let mock = Mock::builder().start().await.expect("a server");
        let seeder = mock.seed();
        for name in Seeder::collections() {
            seeder.items(name, location, 3);
        }
        let required = endpoint
            .requires
            .map(|(field, value)| (field.to_owned(), value.into()));
        let own = Value::Object(required.into_iter().collect());
        let id = seeder.item(collection.name, location, &own);
        let accepted = accepted(operation, endpoint);
        let mut fixture = Self {
            operation,
            collection,
            endpoint,
            mock,
            location: location.to_owned(),
            id,
            accepted,
        };
        fixture.fill(location, named);
        Some(fixture)
    }

    fn set(&mut self, name: &str, value: Value) {
        let accepted = &mut self.accepted;
        let body = accepted.body.as_mut();
        if let Some(place) = accepted.path.get_mut(name).or(accepted.query.get_mut(name)) {
            *place = value;
        } else if let Some(place) = body.and_then(|body| body.get_mut(name)) {
            *place = value;
        }
    }

    /// The fields of the item; `None` once it is deleted.
    fn stored(&self) -> Option<Value> {
        let store = self.mock.server.state.lock();
        let item = store.find_in(self.collection, &self.location, &self.id)?;
        Some(Value::Object(item.fields))
    }

    /// The parameter that names the parent, and its value.
    fn parent(&self, location: &str) -> Option<(&'static str, String)> {
        let parent = self.collection.parent?;
        let stored = self.stored()?;
        let own = stored[parent.field].as_str().map(str::to_owned);
        let store = self.mock.server.state.lock();
        let mut parents = store.iter(tables::named(parent.collection), location);
        let first = parents.next()?.id().to_owned();
        Some((parent.parameter, own.unwrap_or(first)))
    }

    fn fill(&mut self, location: &str, named: &str) {
        for name in ["locationId", "location_id", "altId"] {
            self.set(name, named.into());
        }
        for name in ["page", "skip", "offset"] {
            self.set(name, 1.into());
        }
        for name in ["limit", "pageLimit"] {
            self.set(name, 2.into());
        }
        for name in ["searchAfter", "filters"] {
            self.set(name, json!([]));
        }
        for name in ["query", "lastMessageId", "emails", "groupId"] {
            self.set(name, Value::Null);
        }
        self.set("companyId", COMPANY.into());
        if self.operation.id == "get-slots" {
            self.set("startDate", 1_773_487_000_000_u64.into());
            self.set("endDate", 1_773_487_252_000_u64.into());
        }
        if let Some((name, parent)) = self.parent(location) {
            let declared = self.operation.body.as_ref();
            let declared = declared.and_then(|body| keys(self.operation, &body.schema));
            let fields = self.accepted.body.as_mut().and_then(Value::as_object_mut);
            if let (Some(declared), Some(fields)) = (declared, fields)
                && declared.contains(&name)
            {
                fields.insert(name.to_owned(), Value::Null);
            }
            self.set(name, parent.into());
        }
        let id = self.id.as_str();
        let by = match self.endpoint.action {
            Action::DeleteMany | Action::UpdateMany(_) | Action::Switch("type" | "action", _) => {
                json!([id])
            }
            Action::UpdateEach(key) => json!([{ key: id }]),
            Action::GetByField(fields) => self.stored().expect("the item")[fields[0]].clone(),
            _ => id.into(),
        };
        self.set(self.endpoint.id_parameter, by);
        for (name, parameter) in [
            ("conversations", "conversationId"),
            ("contacts", "contactId"),
            ("calendars", "calendarId"),
        ] {
            let parent = self.collection.parent;
            if parent.is_none_or(|parent| parent.parameter != parameter)
                && self.endpoint.id_parameter != parameter
            {
                let of = self.mock.seed().items(name, location, 1);
                self.set(parameter, of[0].as_str().into());
            }
        }
    }

    fn answer(&self, claims: &Claims) -> Answer {
        let server = &self.mock.server;
        let now = server.clock.unix();
        let answer = server
            .state
            .answer(now, self.operation, &self.accepted, claims, None);
        answer.expect("an answer")
    }
}

/// A request with the required fields only.
fn accepted(operation: &Operation, endpoint: &Endpoint) -> ParsedRequest {
    let mut accepted = ParsedRequest::default();
    if let Some(body) = &operation.body {
        let mut generator = Generator::new(operation, 3).request(FieldSet::Required);
        let mut body = generator.generate(&body.schema);
        if endpoint.location_required {
            body["locationId"] = LOCATION.into();
        }
        accepted.body = Some(body);
    }
    let parameters = operation.parameters.iter();
    for parameter in parameters.filter(|parameter| parameter.required) {
        let value = Generator::required(operation, &parameter.name, &parameter.schema, 5);
        let place = if parameter.in_path {
            &mut accepted.path
        } else {
            &mut accepted.query
        };
        place.insert(parameter.name.clone(), value);
    }
    accepted
}

#[tokio::test]
async fn replies_match_their_schemas() {
    let claims = Claims::new(TokenSpec::everything(), "tests".into());
    let mut checked = 0;
    let mut wrong = Vec::new();
    for operation in &Interface::shared().operations {
        let Some(fixture) = Fixture::new(operation, LOCATION, LOCATION).await else {
            continue;
        };
        let reply = match fixture.answer(&claims) {
            Ok(reply) => reply,
            Err(error) if operation.id == "upload-media-content" => {
                assert_eq!(error.status, 400);
                continue;
            }
            Err(error) => {
                let accepted = &fixture.accepted;
                wrong.push(format!(
                    "{}: {} for {accepted:?}",
                    operation.key(),
                    error.body
                ));
                continue;
            }
        };
        let endpoint = fixture.endpoint;
        assert_eq!(
            reply.status.as_u16(),
            operation.reply.status,
            "{}",
            operation.key()
        );
        let Some((_, schema)) = operation
            .reply
            .content
            .as_ref()
            .filter(|(kind, _)| kind == "application/json" && reply.status != 204)
        else {
            continue;
        };
        let value: Value = serde_json::from_slice(&reply.body).expect("JSON");
        let path = endpoint.reply_path.filter(|path| !path.is_empty());
        if let (Action::List, Some(path)) = (endpoint.action, path) {
            let pointer = format!("/{}", path.replace('.', "/"));
            let items = value.pointer(&pointer);
            let items = items.map_or(0, |items| items.as_array().map_or(1, Vec::len));
            if items == 0 && endpoint.filters.is_empty() {
                wrong.push(format!("{}: no items in {value}", operation.key()));
            }
        }
        if let Err(errors) = check_reply(operation, schema, &value) {
            wrong.push(format!("{}: {errors:?} in {value}", operation.key()));
        }
        checked += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 180, "{checked}");
}

/// No operation reads or changes an item of another location by its id, a list of ids, or its
/// parent.
#[tokio::test]
async fn other_locations_are_inaccessible() {
    let claims = Claims::new(TokenSpec::location(LOCATION), "tests".into());
    let mut checked = 0;
    for operation in &Interface::shared().operations {
        for named in [LOCATION, ""] {
            let Some(fixture) = Fixture::new(operation, OTHER, named).await else {
                continue;
            };
            if fixture.collection.scope == Scope::Company {
                continue;
            }
            let before = fixture.stored().expect("the item");
            let outcome = fixture.answer(&claims);
            let key = operation.key();
            assert_eq!(
                fixture.stored(),
                Some(before),
                "{key} changed the item of {OTHER}"
            );
            if let Ok(reply) = outcome {
                let text = String::from_utf8_lossy(&reply.body);
                assert!(
                    !text.contains(&fixture.id),
                    "{key} shows the item of {OTHER}: {text}"
                );
                let by_id = matches!(
                    fixture.endpoint.action,
                    Action::Get
                        | Action::CheckExists
                        | Action::Update
                        | Action::Touch
                        | Action::Delete
                );
                assert!(!by_id || fixture.collection.singleton, "{key}: {text}");
            }
            checked += 1;
        }
    }
    assert!(checked > 400, "{checked}");
}

/// Numbers that can cause overflows.
const HOSTILE: [f64; 6] = [1.8446744073709552e19, 9.3e18, 1e308, -1e308, -1.0, 0.1];

fn replace_numbers(value: &mut Value, hostile: &Value) {
    match value {
        Value::Number(_) => *value = hostile.clone(),
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| replace_numbers(item, hostile)),
        Value::Object(fields) => {
            fields
                .iter_mut()
                .for_each(|(_, value)| replace_numbers(value, hostile));
        }
        _ => {}
    }
}

/// Numbers of bodies are stored, added and shown.
#[tokio::test]
async fn hostile_numbers_cause_no_server_error() {
    let claims = Claims::new(TokenSpec::location(LOCATION), "tests".into());
    let mut checked = 0;
    for operation in &Interface::shared().operations {
        let Some(mut fixture) = Fixture::new(operation, LOCATION, LOCATION).await else {
            continue;
        };
        let Some(body) = &operation.body else {
            continue;
        };
        let whole = Generator::new(operation, 3)
            .request(FieldSet::All)
            .generate(&body.schema);
        let least = fixture.accepted.body.take().unwrap_or_default();
        let wholes = HOSTILE.map(Value::from);
        for hostile in wholes.into_iter().chain([u64::MAX.into(), i64::MAX.into()]) {
            let mut sent = whole.clone();
            replace_numbers(&mut sent, &hostile);
            if let (Some(sent), Some(least)) = (sent.as_object_mut(), least.as_object()) {
                // The ids of the minimal request are valid.
                sent.extend(
                    least
                        .clone()
                        .into_iter()
                        .filter(|(_, value)| !value.is_number()),
                );
            }
            fixture.accepted.body = Some(sent);
            for _ in 0..2 {
                let status = match fixture.answer(&claims) {
                    Ok(reply) => reply.status,
                    Err(error) => error.status,
                };
                assert!(!status.is_server_error(), "{} {hostile}", operation.key());
            }
            checked += 1;
        }
    }
    assert!(checked > 500, "{checked}");
}
