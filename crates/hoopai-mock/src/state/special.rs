//! The behaviours that no table can say.

use serde_json::{Map, Value, json};

use super::answer::missing;
use super::collection::{Ids, Special};
use super::derive::number;
use super::engine::{Answer, Call};
use super::store::Found;
use super::{make, messages, tables, tags, time};
use crate::api_error::ApiError;

/// What an invoice takes from the estimate that it is made of.
const CARRIED: &[&str] = &[
    "name",
    "title",
    "businessDetails",
    "contactDetails",
    "currency",
    "discount",
    "items",
    "termsNotes",
    "attachments",
    "liveMode",
    "issueDate",
    "automaticTaxesEnabled",
    "miscellaneousCharges",
    "sentTo",
];

impl Call<'_> {
    pub(super) fn special(&mut self, special: Special) -> Answer {
        match special {
            Special::TagContacts => self.tag_contacts(),
            Special::SendMessage => self.send_message(),
            Special::TakeInMessage => self.take_in_message(),
            Special::FreeSlots => self.free_slots(),
            Special::Upload => self.upload(),
            Special::UploadToFields => self.upload_to_fields(),
            Special::InvoiceEstimate => self.invoice_estimate(),
            Special::Reprice => self.reprice(),
            Special::StoreStats => self.store_stats(),
            Special::RecordPayment => self.record_payment(),
            Special::RecordOrderPayment => self.record_order_payment(),
        }
    }

    fn tag_contacts(&mut self) -> Answer {
        let add = self.text("type") == Some("add");
        let list =
            |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
        let tags = tags::normal(list(self.accepted.any("tags")));
        let all = self.accepted.any("removeAllTags") == Some(&Value::Bool(true));
        let mut changed = Vec::new();
        let mut failed = 0;
        for id in list(self.accepted.any("contacts")) {
            let Ok(found) = self.find(id.as_str().unwrap_or_default()) else {
                failed += 1;
                continue;
            };
            let mut own = list(found.fields.get("tags"));
            own.retain(|tag| !all && (add || !tags.contains(tag)));
            if add {
                let new: Vec<Value> = tags
                    .iter()
                    .filter(|tag| !own.contains(tag))
                    .cloned()
                    .collect();
                own.extend(new);
            }
            changed.push(id);
            let fields = Map::from_iter([("tags".to_owned(), Value::Array(own))]);
            self.change(found, fields);
        }
        let reply = Map::from_iter([
            ("succeded".to_owned(), (failed == 0).into()),
            ("errorCount".to_owned(), failed.into()),
            ("responses".to_owned(), changed.into()),
        ]);
        self.reply(Value::Null, None, false, 0, reply)
    }

    fn send_message(&mut self) -> Answer {
        let conversation = self.conversation_with()?;
        self.message(conversation, "outbound")
    }

    /// The conversation with the contact of the request, which is made if there is none.
    fn conversation_with(&mut self) -> Result<Found, ApiError> {
        let id = self.text("contactId").unwrap_or_default().to_owned();
        let (contacts, collection) = tables::named("contacts");
        let contact = self.store.find(contacts, &id);
        let contact = contact.ok_or_else(|| missing(collection, &id))?;
        self.may_see(&contact)?;
        let (number, _) = tables::named("conversations");
        let shelf = self
            .store
            .shelf(number, &contact.scope)
            .into_iter()
            .flatten();
        let own = shelf
            .filter(|(_, item)| item.parent() == id)
            .map(|(_, item)| item.id().to_owned())
            .next();
        Ok(match own.and_then(|own| self.store.find(number, &own)) {
            Some(found) => found,
            None => self.open(&contact),
        })
    }

    fn open(&mut self, contact: &Found) -> Found {
        let (number, collection) = tables::named("conversations");
        let fields = Map::from_iter([("contactId".to_owned(), contact.id.as_str().into())]);
        make::item(
            self.store,
            number,
            collection,
            &contact.scope,
            self.now,
            fields,
        )
    }

    /// A message of a provider names a conversation, or the contact that it is with.
    fn take_in_message(&mut self) -> Answer {
        let direction = if self.operation.id.contains("inbound") {
            "inbound"
        } else {
            "outbound"
        };
        let id = self.text("conversationId").unwrap_or_default().to_owned();
        let found = if id.is_empty() {
            self.conversation_with()?
        } else {
            let (number, collection) = tables::named("conversations");
            let found = self.store.find(number, &id);
            let found = found.ok_or_else(|| missing(collection, &id))?;
            self.may_see(&found)?;
            found
        };
        self.message(found, direction)
    }

    /// Puts a message into a conversation, which moves to the front.
    fn message(&mut self, conversation: Found, direction: &str) -> Answer {
        let usual = match self.operation.id.as_str() {
            "send-review-reply" => "Review",
            _ => "SMS",
        };
        let kind = self.text("type").unwrap_or(usual).to_owned();
        let body = self
            .text("message")
            .or_else(|| self.text("html"))
            .unwrap_or_default()
            .to_owned();
        let (name, number) = kind_of(&kind);
        let contact = conversation
            .fields
            .get("contactId")
            .cloned()
            .unwrap_or_default();
        let mut fields = self.undeclared();
        fields.extend([
            ("conversationId".to_owned(), conversation.id.as_str().into()),
            ("contactId".to_owned(), contact.clone()),
            ("body".to_owned(), body.as_str().into()),
            ("direction".to_owned(), direction.into()),
            ("messageType".to_owned(), name.into()),
            ("type".to_owned(), number.into()),
            ("contentType".to_owned(), "text/plain".into()),
        ]);
        for name in ["attachments", "subject", "conversationProviderId", "altId"] {
            if let Some(value) = self.accepted.any(name) {
                fields.insert(name.to_owned(), value.clone());
            }
        }
        let scheduled = self.accepted.any("scheduledTimestamp").is_some();
        if scheduled {
            fields.insert("status".into(), "scheduled".into());
        }
        let message = make::item(
            self.store,
            self.number,
            self.collection,
            &conversation.scope,
            self.now,
            fields,
        );
        let id = conversation.id.clone();
        messages::move_up(self.store, &conversation, &message, self.now);
        let reply = json!({
            "conversationId": id,
            "messageId": message.id,
            "contactId": contact,
            "status": if scheduled { "pending" } else { "delivered" },
            "success": true,
            "message": "Message added",
            "msg": "Message queued successfully.",
            "dateAdded": time::iso(message.at),
        });
        let mut reply = reply.as_object().cloned().unwrap_or_default();
        if kind == "Email" {
            reply.insert("emailMessageId".into(), message.id.as_str().into());
        }
        self.reply(Value::Null, None, false, 0, reply)
    }

    /// A file of a multipart body, or the address of one.
    fn upload(&mut self) -> Answer {
        let file = self.accepted.files.first();
        let hosted = self.text("fileUrl").map(str::to_owned);
        if file.is_none() && hosted.is_none() {
            return Err(ApiError::bad_request("No file provided"));
        }
        let name = self
            .text("name")
            .or_else(|| file.and_then(|file| file.name.as_deref()));
        let name = name
            .or_else(|| hosted.as_deref()?.rsplit('/').next())
            .unwrap_or("file")
            .to_owned();
        let mut fields = self.undeclared();
        fields.insert("name".into(), name.into());
        fields.insert("type".into(), "file".into());
        if let Some(file) = file {
            fields.insert("size".into(), file.bytes.len().into());
            fields.insert("contentType".into(), file.content_type.clone().into());
        }
        if let Some(parent) = self.text("parentId") {
            fields.insert("parentId".into(), parent.into());
        }
        let scope = self.scope()?;
        let made = make::item(
            self.store,
            self.number,
            self.collection,
            &scope,
            self.now,
            fields,
        );
        let url =
            hosted.unwrap_or_else(|| format!("https://example.com/{scope}/media/{}", made.id));
        let own = Map::from_iter([("url".to_owned(), url.as_str().into())]);
        let made = self.change(made, own);
        let reply = Map::from_iter([
            ("fileId".to_owned(), made.id.into()),
            ("url".to_owned(), url.into()),
        ]);
        self.reply(Value::Null, None, false, 0, reply)
    }

    /// An invoice with what the estimate has.
    fn invoice_estimate(&mut self) -> Answer {
        let mut estimate = self.wanted()?;
        let carried = |name: &&str| Some(((*name).to_owned(), estimate.fields.get(*name)?.clone()));
        let fields = CARRIED.iter().filter_map(carried).collect();
        let (number, collection) = tables::named("invoices");
        let scope = estimate.scope.to_string();
        let invoice = make::item(self.store, number, collection, &scope, self.now, fields);
        if self.accepted.any("markAsInvoiced") == Some(&Value::Bool(true)) {
            let fields = Map::from_iter([("status".to_owned(), "invoiced".into())]);
            estimate = self.change(estimate, fields);
        }
        let reply = Map::from_iter([
            ("estimate".to_owned(), self.show(&estimate)),
            ("invoice".to_owned(), Value::Object(invoice.fields)),
        ]);
        self.reply(Value::Null, None, true, 1, reply)
    }

    /// Other amounts, or another currency, for all prices of products.
    fn reprice(&mut self) -> Answer {
        let (number, prices) = tables::named("prices");
        let body = self.body();
        let now = self.now;
        self.on_all(|call, product| {
            let shelf = call.store.shelf(number, &product.scope);
            let own = shelf.into_iter().flatten();
            let own = own.filter(|(_, item)| item.parent() == product.id);
            let ids: Vec<String> = own.map(|(_, item)| item.id().to_owned()).collect();
            for found in ids
                .iter()
                .filter_map(|id| call.store.find(number, id))
                .collect::<Vec<_>>()
            {
                let mut fields = Map::new();
                if let Some(currency) = body.get("currency") {
                    fields.insert("currency".into(), currency.clone());
                }
                for (change, field) in [("price", "amount"), ("compareAtPrice", "compareAtPrice")] {
                    if let Some(change) = body.get(change) {
                        let before = found.fields.get(field).and_then(Value::as_f64);
                        fields.insert(field.into(), repriced(before.unwrap_or(0.0), change));
                    }
                }
                make::change(call.store, number, prices, found, fields, now);
            }
        })
    }

    /// How many products a store has, and how many of the location it has not.
    fn store_stats(&mut self) -> Answer {
        let scope = self.scope()?;
        let choice = self.choice(&scope, None)?;
        let store = self.accepted.any("storeId");
        let shelf = self.store.shelf(self.number, &scope);
        let (mut total, mut included) = (0, 0);
        for (_, item) in shelf.into_iter().flatten() {
            if choice.takes(item, &|fields| self.view(fields)) {
                let fields = item.fields();
                let stores = fields.get("stores").and_then(Value::as_array);
                total += 1;
                included += usize::from(stores.into_iter().flatten().any(|one| Some(one) == store));
            }
        }
        let reply = json!({
            "totalProducts": total, "includedInStore": included, "excludedFromStore": total - included,
        });
        let reply = reply.as_object().cloned().unwrap_or_default();
        self.reply(Value::Null, None, false, total, reply)
    }

    /// Files for custom fields: each part is called after the field and the file, with an underscore between them.
    fn upload_to_fields(&mut self) -> Answer {
        let contact = self.wanted()?;
        let list = contact.fields.get("customFields").and_then(Value::as_array);
        let mut list = list.cloned().unwrap_or_default();
        for file in &self.accepted.files {
            let (field, id) = file
                .field
                .split_once('_')
                .unwrap_or((&file.field, &file.field));
            let document = self.store.next_id(Ids::Letters);
            let value = json!({
                "meta": {
                    "fieldname": field, "originalname": file.name, "mimetype": file.content_type,
                    "size": file.bytes.len(), "uuid": id,
                },
                "url": format!("https://example.com/documents/download/{document}"),
                "documentId": document,
            });
            let known = list.iter().position(|one| one["id"] == field);
            let at = known.unwrap_or_else(|| {
                list.push(json!({ "id": field, "value": {} }));
                list.len() - 1
            });
            if !list[at]["value"].is_object() {
                list[at]["value"] = json!({});
            }
            list[at]["value"][id] = value;
        }
        let fields = Map::from_iter([("customFields".to_owned(), Value::Array(list))]);
        let found = self.change(contact, fields);
        self.about(&found, false)
    }
}

/// An amount after a change of price.
fn repriced(before: f64, change: &Value) -> Value {
    let value = change.get("value").and_then(Value::as_f64).unwrap_or(0.0);
    let after = match change
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
    {
        "INCREASE_BY_AMOUNT" => before + value,
        "REDUCE_BY_AMOUNT" => before - value,
        "INCREASE_BY_PERCENTAGE" => before + before * value / 100.0,
        "REDUCE_BY_PERCENTAGE" => before - before * value / 100.0,
        _ => value,
    };
    let whole = change.get("roundToWhole") == Some(&Value::Bool(true));
    number(if whole { after.round() } else { after }.max(0.0))
}

/// What a kind of message is called when it is read, and its number.
fn kind_of(kind: &str) -> (&'static str, u8) {
    match kind {
        "Call" => ("TYPE_CALL", 1),
        "Email" => ("TYPE_EMAIL", 3),
        "WhatsApp" => ("TYPE_WHATSAPP", 19),
        "GMB" => ("TYPE_GMB", 15),
        "Review" => ("TYPE_REVIEW", 17),
        "FB" | "Facebook" => ("TYPE_FACEBOOK", 11),
        "IG" | "Instagram" => ("TYPE_INSTAGRAM", 18),
        "Live_Chat" => ("TYPE_LIVE_CHAT", 29),
        "Custom" => ("TYPE_CUSTOM_SMS", 20),
        _ => ("TYPE_SMS", 2),
    }
}
