//! Replies about items: shown in their place, with what the row says besides and what the schema requires.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::collection::{Collection, Missing, SILENT, Say, Value as Fixed};
use super::engine::{Answer, Call};
use super::fit::Fit;
use super::store::{Fields, Found};
use super::tables;
use crate::api_error::ApiError;
use crate::exchange::Reply;

impl Call<'_> {
    /// An item as it is read.
    pub(super) fn show(&self, found: &Found) -> Value {
        Value::Object(self.view(found.fields.clone()))
    }

    /// The fields of an item as they are read.
    pub(super) fn view(&self, mut fields: Fields) -> Fields {
        if let Some(shows) = self.collection.shows {
            let (number, collection) = tables::named(shows.collection);
            let other = fields.get(shows.by).and_then(Value::as_str);
            if let Some(mut other) = other.and_then(|id| self.store.find(number, id)) {
                (collection.read)(&mut other.fields);
                let shown = shows.fields.iter().filter_map(|(here, there)| {
                    Some(((*here).to_owned(), other.fields.get(*there)?.clone()))
                });
                if shows.under.is_empty() {
                    fields.extend(shown);
                } else {
                    let shown = shown.collect();
                    fields.insert(shows.under.to_owned(), Value::Object(shown));
                }
            }
        }
        (self.collection.read)(&mut fields);
        fields
    }

    /// The items of another collection of the same location that have in a field what a parameter says.
    fn beside(&self, name: &str, field: &str, parameter: &str) -> Result<Value, ApiError> {
        let (number, collection) = tables::named(name);
        let wanted = self.text(parameter);
        let shelf = self.store.shelf(number, &self.scope()?);
        let items = shelf.into_iter().flatten().map(|(_, item)| item.fields());
        let own = items.filter(|item| item.get(field).and_then(Value::as_str) == wanted);
        let shown = own.map(|mut item| {
            (collection.read)(&mut item);
            Value::Object(item)
        });
        Ok(shown.collect())
    }

    /// A reply about one item.
    pub(super) fn about(&self, found: &Found, new: bool) -> Answer {
        let item = self.show(found);
        self.reply(item, Some(found), new, 1, Map::new())
    }

    /// A reply with items in their place, what the row says, and what the schema requires.
    pub(super) fn reply(
        &self,
        items: Value,
        found: Option<&Found>,
        new: bool,
        changed: usize,
        fields: Fields,
    ) -> Answer {
        let mut reply = Value::Object(fields);
        if self.row.at != SILENT && !items.is_null() {
            put(&mut reply, self.row.at, items);
        }
        for (path, say) in self.row.says {
            let value = match say {
                Say::Is(Fixed::True) => true.into(),
                Say::Is(Fixed::Text(text)) => (*text).into(),
                Say::Is(Fixed::Number(number)) => (*number).into(),
                Say::Is(Fixed::Object) => Value::Object(Map::new()),
                Say::Is(Fixed::List) => Value::Array(Vec::new()),
                Say::Is(_) => false.into(),
                Say::Id => found.map(|found| found.id.as_str()).into(),
                Say::New => new.into(),
                Say::Changed => changed.into(),
                Say::Some => (changed > 0).into(),
                Say::None => (changed == 0).into(),
                Say::Field(field) => found
                    .and_then(|found| found.fields.get(*field))
                    .cloned()
                    .into(),
                Say::Beside(name, field, parameter) => self.beside(name, field, parameter)?,
            };
            put(&mut reply, path, value);
        }
        let status = StatusCode::from_u16(self.operation.reply.status).unwrap_or(StatusCode::OK);
        if status == StatusCode::NO_CONTENT {
            return Ok(Reply::empty(status));
        }
        if let Some((_, schema)) = &self.operation.reply.content {
            let fit = Fit {
                operation: self.operation,
                seed: self.store.seed(),
            };
            reply = fit.whole(schema, reply);
        }
        Ok(Reply::json(status, &reply))
    }
}

/// Puts a value where a path of dots leads; the empty path is the reply itself.
pub(super) fn put(reply: &mut Value, path: &str, value: Value) {
    if path.is_empty() {
        match (reply.as_object_mut(), value) {
            (Some(fields), Value::Object(own)) => fields.extend(own),
            (_, value) => *reply = value,
        }
        return;
    }
    let mut place = reply;
    for step in path.split('.') {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        place = &mut place[step];
    }
    *place = value;
}

/// What is said of an item that is not there.
pub(super) fn missing(collection: &Collection, id: &str) -> ApiError {
    let noun = collection.noun;
    match collection.missing {
        Missing::NotFound => ApiError::new(StatusCode::NOT_FOUND, format!("{noun} not found")),
        Missing::ForId => ApiError::bad_request(format!("{noun} not found for id:{id}")),
        Missing::Words(words) => ApiError::bad_request(words),
        Missing::Status(status, words) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND);
            ApiError::new(status, words.replace("{id}", id))
        }
        Missing::Code(code) => {
            let mut refusal = ApiError::bad_request(format!("{noun} not found"));
            refusal.body["canonicalCode"] = code.into();
            refusal
        }
        Missing::Exception => ApiError {
            status: StatusCode::NOT_FOUND,
            body: json!({ "status": 404, "message": format!("{noun} not found"), "name": "HttpException" }),
        },
        Missing::WithId => {
            let mut refusal = ApiError::bad_request("");
            refusal.body =
                json!({ "error": format!("{noun} with id {id} not found"), "status": 400 });
            refusal
        }
    }
}
