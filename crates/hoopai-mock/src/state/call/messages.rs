//! Messages that are sent or added to conversations.

use serde_json::{Map, json};

use super::context::{Answer, Call};
use crate::api_error::ApiError;
use crate::state::store::Item;
use crate::state::{effects, tables, write};
use crate::time;

impl Call<'_> {
    pub(super) fn send_message(&mut self) -> Answer {
        let conversation = self.conversation_with_contact()?;
        self.create_message(&conversation, "outbound")
    }

    /// Adds a message of a provider to a conversation, or to the conversation with a contact.
    pub(super) fn add_message(&mut self) -> Answer {
        let direction = if self.operation.id.contains("inbound") {
            "inbound"
        } else {
            "outbound"
        };
        let conversation = match self.text("conversationId").unwrap_or_default() {
            "" => self.conversation_with_contact()?,
            id => self.find_other("conversations", id)?,
        };
        self.create_message(&conversation, direction)
    }

    /// Finds the conversation with the contact of the request, or creates one.
    fn conversation_with_contact(&mut self) -> Result<Item, ApiError> {
        let id = self.text("contactId").unwrap_or_default();
        let contact = self.find_other("contacts", id)?;
        let collection = tables::named("conversations");
        let conversations = self.store.iter(collection, &contact.scope);
        let own = conversations
            .filter(|conversation| conversation.parent() == contact.id)
            .find_map(|own| self.store.find(collection, own.id()));
        if let Some(own) = own {
            return Ok(own);
        }
        let fields = Map::from_iter([("contactId".to_owned(), contact.id.into())]);
        let scope = &contact.scope;
        Ok(write::create(
            self.store, collection, scope, self.now, fields,
        ))
    }

    /// Creates a message in a conversation, which becomes the newest one.
    fn create_message(&mut self, conversation: &Item, direction: &str) -> Answer {
        let default_type = match self.operation.id.as_str() {
            "send-review-reply" => "Review",
            _ => "SMS",
        };
        let message_type = self.text("type").unwrap_or(default_type);
        let is_email = message_type == "Email";
        let body = self.text("message").or_else(|| self.text("html"));
        let (name, number) = stored_type(message_type);
        let contact = conversation.fields.get("contactId");
        let contact = contact.cloned().unwrap_or_default();
        let mut fields = self.undeclared();
        fields.extend([
            ("conversationId".to_owned(), conversation.id.as_str().into()),
            ("contactId".to_owned(), contact.clone()),
            ("body".to_owned(), body.unwrap_or_default().into()),
            ("direction".to_owned(), direction.into()),
            ("messageType".to_owned(), name.into()),
            ("type".to_owned(), number.into()),
            ("contentType".to_owned(), "text/plain".into()),
        ]);
        for name in ["attachments", "subject", "conversationProviderId", "altId"] {
            if let Some(value) = self.request.any(name) {
                fields.insert(name.to_owned(), value.clone());
            }
        }
        let is_scheduled = self.request.any("scheduledTimestamp").is_some();
        if is_scheduled {
            fields.insert("status".into(), "scheduled".into());
        }
        let scope = &conversation.scope;
        let message = write::create(self.store, self.collection, scope, self.now, fields);
        effects::show_last_message(self.store, conversation, &message, self.now);
        let reply = json!({
            "conversationId": conversation.id,
            "messageId": message.id,
            "contactId": contact,
            "status": if is_scheduled { "pending" } else { "delivered" },
            "success": true,
            "message": "Message added",
            "msg": "Message queued successfully.",
            "dateAdded": time::iso(message.position),
        });
        let mut reply = reply.as_object().cloned().unwrap_or_default();
        if is_email {
            reply.insert("emailMessageId".into(), message.id.into());
        }
        self.reply_with_fields(reply)
    }
}

/// The name and the number of a message type in stored messages.
fn stored_type(message_type: &str) -> (&'static str, u8) {
    match message_type {
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
