//! The behaviours that no table can say.

use serde_json::{Map, Value, json};

use super::answer::missing;
use super::collection::Special;
use super::engine::{Answer, Call};
use super::store::{Fields, Found};
use super::{make, tables, time};
use crate::refusal::Refusal;

const DAY: u64 = 86_400_000;
/// So many days of free slots are answered at most, as on the platform.
const DAYS: u64 = 31;

impl Call<'_> {
    pub(super) fn special(&mut self, special: Special) -> Answer {
        match special {
            Special::TagContacts => self.tag_contacts(),
            Special::SendMessage => self.send_message(),
            Special::TakeInMessage => self.take_in_message(),
            Special::FreeSlots => self.free_slots(),
            Special::Upload => self.upload(),
            Special::RecordPayment => self.record_payment(),
        }
    }

    /// Tags are in lower case, and a location knows every tag that one of its contacts has.
    pub(super) fn take_in_tags(&mut self, tags: &mut [Value], add: bool, location: &str) {
        let (number, collection) = tables::named("tags");
        for tag in tags {
            let name = tag.as_str().unwrap_or_default().to_lowercase();
            *tag = name.as_str().into();
            let fields = Map::from_iter([("name".to_owned(), tag.clone())]);
            if add
                && self
                    .store
                    .owner(number, location, "name", &fields)
                    .is_none()
            {
                make::item(self.store, number, collection, location, self.now, fields);
            }
        }
    }

    fn tag_contacts(&mut self) -> Answer {
        let add = self.text("type") == Some("add");
        let list =
            |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
        let mut tags = list(self.accepted.any("tags"));
        let all = self.accepted.any("removeAllTags") == Some(&Value::Bool(true));
        let scope = self.scope();
        self.take_in_tags(&mut tags, add, &scope);
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
            make::change(
                self.store,
                self.number,
                self.collection,
                found,
                fields,
                self.now,
            );
        }
        let reply = Map::from_iter([
            ("succeded".to_owned(), (failed == 0).into()),
            ("errorCount".to_owned(), failed.into()),
            ("responses".to_owned(), changed.into()),
        ]);
        self.reply(Value::Null, None, false, 0, reply)
    }

    /// A message to a contact goes into the contact's conversation, which is made if there is none.
    fn send_message(&mut self) -> Answer {
        let id = self.text("contactId").unwrap_or_default().to_owned();
        let (contacts, collection) = tables::named("contacts");
        let contact = self.store.find(contacts, &id);
        let contact = contact.ok_or_else(|| missing(collection, &id))?;
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
        let conversation = match own.and_then(|own| self.store.find(number, &own)) {
            Some(found) => found,
            None => self.open(&contact),
        };
        self.message(conversation, "outbound")
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

    fn take_in_message(&mut self) -> Answer {
        let id = self.text("conversationId").unwrap_or_default().to_owned();
        let (number, collection) = tables::named("conversations");
        let found = self.store.find(number, &id);
        let direction = if self.operation.id.contains("inbound") {
            "inbound"
        } else {
            "outbound"
        };
        self.message(found.ok_or_else(|| missing(collection, &id))?, direction)
    }

    /// Puts a message into a conversation, which moves to the front.
    fn message(&mut self, conversation: Found, direction: &str) -> Answer {
        let kind = self.text("type").unwrap_or("SMS").to_owned();
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
        let mut fields = Map::from_iter([
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
        let message = make::item(
            self.store,
            self.number,
            self.collection,
            &conversation.scope,
            self.now,
            fields,
        );
        let id = conversation.id.clone();
        move_up(self, conversation, &message, direction);
        let reply = json!({
            "conversationId": id,
            "messageId": message.id,
            "contactId": contact,
            "status": message.fields.get("status"),
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

    /// Half hours from 9 to 17 (UTC) in which the calendar has nothing.
    fn free_slots(&mut self) -> Answer {
        let calendar = self.wanted()?;
        let moment = |name: &str| {
            self.accepted
                .any(name)
                .and_then(Value::as_f64)
                .map(|number| number.max(0.0) as u64)
        };
        let (start, end) = (
            moment("startDate").unwrap_or(0),
            moment("endDate").unwrap_or(0),
        );
        if end < start {
            return Err(Refusal::bad_request(
                "startDate should be less than endDate",
            ));
        }
        if end - start > DAYS * DAY {
            return Err(Refusal::bad_request(
                "Date range should not be more than 31 days",
            ));
        }
        let given = calendar
            .fields
            .get("slotDuration")
            .and_then(Value::as_u64)
            .unwrap_or(30);
        let hours = calendar
            .fields
            .get("slotDurationUnit")
            .and_then(Value::as_str)
            == Some("hours");
        let slot = given.clamp(1, 480) * if hours { 3_600_000 } else { 60_000 };
        let mut busy = Vec::new();
        for name in ["appointments", "block-slots"] {
            let (number, _) = tables::named(name);
            for (_, item) in self
                .store
                .shelf(number, &calendar.scope)
                .into_iter()
                .flatten()
            {
                if item.may_have(&calendar.id) {
                    busy.extend(taken(&item.fields(), &calendar.id));
                }
            }
        }
        let mut days = Map::new();
        let mut day = start - start % DAY;
        while day <= end {
            let mut slots = Vec::new();
            let mut at = day + 9 * 3_600_000;
            while at + slot <= day + 17 * 3_600_000 {
                let free = |(from, to): &(u64, u64)| at + slot <= *from || at >= *to;
                if at >= start && at <= end && busy.iter().all(free) {
                    slots.push(Value::from(time::iso(at)));
                }
                at += slot;
            }
            if !slots.is_empty() {
                days.insert(time::day(day), json!({ "slots": slots }));
            }
            day += DAY;
        }
        self.reply(Value::Null, None, false, 0, days)
    }

    /// A file of a multipart body, or the address of one.
    fn upload(&mut self) -> Answer {
        let file = self.accepted.files.first();
        let hosted = self.text("fileUrl").map(str::to_owned);
        if file.is_none() && hosted.is_none() {
            return Err(Refusal::bad_request("No file provided"));
        }
        let name = self
            .text("name")
            .or_else(|| file.and_then(|file| file.name.as_deref()));
        let name = name
            .or_else(|| hosted.as_deref()?.rsplit('/').next())
            .unwrap_or("file")
            .to_owned();
        let mut fields = Map::new();
        fields.insert("name".into(), name.into());
        fields.insert("type".into(), "file".into());
        if let Some(file) = file {
            fields.insert("size".into(), file.bytes.len().into());
            fields.insert("contentType".into(), file.content_type.clone().into());
        }
        if let Some(parent) = self.text("parentId") {
            fields.insert("parentId".into(), parent.into());
        }
        let scope = self.scope();
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
        let made = make::change(
            self.store,
            self.number,
            self.collection,
            made,
            own,
            self.now,
        );
        let reply = Map::from_iter([
            ("fileId".to_owned(), made.id.into()),
            ("url".to_owned(), url.into()),
        ]);
        self.reply(Value::Null, None, false, 0, reply)
    }

    fn record_payment(&mut self) -> Answer {
        let found = self.wanted()?;
        let number = |name: &str| {
            found
                .fields
                .get(name)
                .and_then(Value::as_f64)
                .unwrap_or(0.0)
        };
        let (total, paid) = (number("total"), number("amountPaid"));
        let amount = self
            .accepted
            .any("amount")
            .and_then(Value::as_f64)
            .unwrap_or(total - paid);
        let paid = paid + amount;
        let status = if paid >= total {
            "paid"
        } else {
            "partially_paid"
        };
        let fields = Map::from_iter([
            ("amountPaid".to_owned(), super::derive::number(paid)),
            ("status".to_owned(), status.into()),
        ]);
        let found = make::change(
            self.store,
            self.number,
            self.collection,
            found,
            fields,
            self.now,
        );
        self.about(&found, false)
    }
}

/// A conversation is where its last message is in time.
fn move_up(call: &mut Call<'_>, conversation: Found, message: &Found, direction: &str) {
    let (number, collection) = tables::named("conversations");
    let Some(mut found) = call.store.remove(collection, number, &conversation.id) else {
        return;
    };
    let unread = found
        .fields
        .get("unreadCount")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    let unread = unread + u64::from(direction == "inbound");
    let of = |name: &str| message.fields.get(name).cloned().unwrap_or_default();
    found.at = call
        .store
        .free(number, &found.scope, message.at.max(call.now));
    for (name, value) in [
        ("lastMessageBody", of("body")),
        ("lastMessageType", of("messageType")),
        ("lastMessageDirection", direction.into()),
        ("lastMessageDate", time::iso(found.at).into()),
        ("dateUpdated", time::iso(call.now).into()),
        ("unreadCount", unread.into()),
    ] {
        found.fields.insert(name.to_owned(), value);
    }
    call.store.put(collection, number, &found);
}

/// From when to when a calendar is taken by something.
fn taken(fields: &Fields, calendar: &str) -> Option<(u64, u64)> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    if text("calendarId") != Some(calendar) || text("appointmentStatus") == Some("cancelled") {
        return None;
    }
    let start = text("startTime").and_then(time::parse)?;
    let end = text("endTime").and_then(time::parse);
    Some((start, end.unwrap_or(start + 1_800_000)))
}

/// What a kind of message is called when it is read, and its number.
fn kind_of(kind: &str) -> (&'static str, u8) {
    match kind {
        "Call" => ("TYPE_CALL", 1),
        "Email" => ("TYPE_EMAIL", 3),
        "WhatsApp" => ("TYPE_WHATSAPP", 19),
        "GMB" => ("TYPE_GMB", 14),
        "FB" | "Facebook" => ("TYPE_FACEBOOK", 11),
        "IG" | "Instagram" => ("TYPE_INSTAGRAM", 18),
        "Live_Chat" => ("TYPE_LIVE_CHAT", 29),
        "Custom" => ("TYPE_CUSTOM_SMS", 20),
        _ => ("TYPE_SMS", 2),
    }
}
