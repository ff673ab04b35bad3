//! Replies about items, and errors of requests for items that do not exist.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::context::{Answer, Call};
use crate::api_error::ApiError;
use crate::exchange::Reply;
use crate::reply::Coercer;
use crate::state::collection::{Collection, Fields, NotFound, ReplyField};
use crate::state::store::Item;
use crate::state::tables;

impl Call<'_> {
    /// An item as replies show it.
    pub(super) fn show(&self, item: &Item) -> Value {
        Value::Object(self.view(item.collection, item.fields.clone()))
    }

    /// The fields of an item as replies show them.
    pub(super) fn view(&self, collection: &Collection, mut fields: Fields) -> Fields {
        if let Some(embed) = collection.embeds {
            let other = fields.get(embed.id_field).and_then(Value::as_str);
            let other = other.and_then(|id| self.store.find(tables::named(embed.collection), id));
            if let Some(mut other) = other {
                (other.collection.on_read)(&mut other.fields);
                let embedded = embed.fields.iter().filter_map(|(name, source)| {
                    Some(((*name).to_owned(), other.fields.get(*source)?.clone()))
                });
                if embed.field.is_empty() {
                    fields.extend(embedded);
                } else {
                    fields.insert(embed.field.to_owned(), Value::Object(embedded.collect()));
                }
            }
        }
        (collection.on_read)(&mut fields);
        fields
    }

    /// The items of another collection of the same location whose field equals a parameter.
    fn items_of(&self, name: &str, field: &str, parameter: &str) -> Result<Value, ApiError> {
        let collection = tables::named(name);
        let expected = self.text(parameter);
        let scope = self.scope()?;
        let items = self
            .store
            .iter(collection, &scope)
            .map(|item| item.fields());
        let matching = items.filter(|item| item.get(field).and_then(Value::as_str) == expected);
        let shown = matching.map(|mut item| {
            (collection.on_read)(&mut item);
            Value::Object(item)
        });
        Ok(shown.collect())
    }

    /// A reply about one item.
    pub(super) fn reply_with(&self, item: &Item, is_new: bool) -> Answer {
        self.reply(self.show(item), Some(item), is_new, 1, Map::new())
    }

    /// A reply with these fields only.
    pub(super) fn reply_with_fields(&self, fields: Fields) -> Answer {
        self.reply(Value::Null, None, false, 0, fields)
    }

    /// A reply with `items` at the path of the endpoint, the fields of the endpoint, and the fields
    /// that the schema requires.
    pub(super) fn reply(
        &self,
        items: Value,
        item: Option<&Item>,
        is_new: bool,
        count: usize,
        fields: Fields,
    ) -> Answer {
        let mut reply = Value::Object(fields);
        if let Some(path) = self.endpoint.reply_path.filter(|_| !items.is_null()) {
            insert_at(&mut reply, path, items);
        }
        for (path, field) in self.endpoint.reply_fields {
            let value = match field {
                ReplyField::True => true.into(),
                ReplyField::Text(text) => (*text).into(),
                ReplyField::Number(number) => (*number).into(),
                ReplyField::Id => item.map(|item| item.id.as_str()).into(),
                ReplyField::IsNew => is_new.into(),
                ReplyField::Count => count.into(),
                ReplyField::HasItems => (count > 0).into(),
                ReplyField::HasNoItems => (count == 0).into(),
                ReplyField::Field(field) => item
                    .and_then(|item| item.fields.get(*field))
                    .cloned()
                    .into(),
                ReplyField::ItemsOf(name, field, parameter) => {
                    self.items_of(name, field, parameter)?
                }
            };
            insert_at(&mut reply, path, value);
        }
        let status = StatusCode::from_u16(self.operation.reply.status).unwrap_or(StatusCode::OK);
        if status == StatusCode::NO_CONTENT {
            return Ok(Reply::empty(status));
        }
        if let Some((_, schema)) = &self.operation.reply.content {
            let coercer = Coercer {
                operation: self.operation,
                seed: self.store.seed(),
            };
            reply = coercer.coerce(schema, reply);
        }
        Ok(Reply::json(status, &reply))
    }
}

/// Inserts a value at a path of dots; the empty path is the reply itself.
pub(super) fn insert_at(reply: &mut Value, path: &str, value: Value) {
    if path.is_empty() {
        match (reply.as_object_mut(), value) {
            (Some(fields), Value::Object(own)) => fields.extend(own),
            (_, value) => *reply = value,
        }
        return;
    }
    let mut target = reply;
    for name in path.split('.') {
        if !target.is_object() {
            *target = Value::Object(Map::new());
        }
        target = &mut target[name];
    }
    *target = value;
}

/// The error of a request for an item that does not exist.
pub(super) fn not_found(collection: &Collection, id: &str) -> ApiError {
    let noun = collection.noun;
    match collection.not_found {
        NotFound::Standard => ApiError::new(StatusCode::NOT_FOUND, format!("{noun} not found")),
        NotFound::ForId => ApiError::bad_request(format!("{noun} not found for id:{id}")),
        NotFound::Message(message) => ApiError::bad_request(message),
        NotFound::Status(status, message) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND);
            ApiError::new(status, message.replace("{id}", id))
        }
        NotFound::ErrorCode(code) => {
            let mut error = ApiError::bad_request(format!("{noun} not found"));
            error.body["canonicalCode"] = code.into();
            error
        }
        NotFound::Exception => ApiError {
            status: StatusCode::NOT_FOUND,
            body: json!({ "status": 404, "message": format!("{noun} not found"), "name": "HttpException" }),
        },
        NotFound::WithId => ApiError {
            status: StatusCode::BAD_REQUEST,
            body: json!({ "error": format!("{noun} with id {id} not found"), "status": 400 }),
        },
    }
}
