//! Conversations and their messages.

use super::super::collection::{
    Collection, Filter, Missing, Parent, Row, SUCCESS, Sample, Say, Shows, Special, Value,
};
use super::super::paging;
use super::crm::OF_CONTACT;

const CANCELLED: &[(&str, Say)] = &[
    ("status", Say::Is(Value::Number(200))),
    (
        "message",
        Say::Is(Value::Text("Scheduled message cancelled")),
    ),
];

pub(super) static TABLE: &[Collection] = &[
    Collection {
        name: "conversations",
        noun: "Conversation",
        parent: OF_CONTACT,
        created: &["dateAdded", "lastMessageDate"],
        changed: &["dateUpdated"],
        text: &["lastMessageBody"],
        secret: &["feedback"],
        defaults: &[
            ("type", Value::Text("TYPE_PHONE")),
            ("unreadCount", Value::Number(0)),
            ("starred", Value::False),
            ("inbox", Value::True),
            ("deleted", Value::False),
            ("lastMessageBody", Value::Text("")),
            ("lastMessageType", Value::Text("TYPE_SMS")),
        ],
        shows: Some(Shows {
            collection: "contacts",
            by: "contactId",
            under: "",
            fields: &[
                ("contactName", "name"),
                ("fullName", "name"),
                ("email", "email"),
                ("phone", "phone"),
            ],
        }),
        sample: &[("contactId", Sample::Of("contacts"))],
        rows: &[
            Row::list(
                "conversations.search-conversation",
                "conversations",
                &paging::CONVERSATIONS,
            )
            .filters(&[
                Filter::text("query"),
                Filter::is("contactId", "contactId"),
                Filter::is("assignedTo", "assignedTo"),
                Filter::is("id", "id"),
                Filter::is("lastMessageType", "lastMessageType"),
                Filter::is("lastMessageDirection", "lastMessageDirection"),
                Filter::from("startDate", "lastMessageDate"),
                Filter::to("endDate", "lastMessageDate"),
            ]),
            Row::create("conversations.create-conversation", "conversation").says(SUCCESS),
            Row::get("conversations.get-conversation", "conversationId", ""),
            Row::update(
                "conversations.update-conversation",
                "conversationId",
                "conversation",
            )
            .says(SUCCESS),
            Row::delete("conversations.delete-conversation", "conversationId").says(SUCCESS),
            Row::exists("conversations.upload-file-attachments", "conversationId"),
            Row::exists("conversations.initiate-file-upload", "conversationId"),
            Row::exists("conversations.complete-file-upload", "conversationId"),
            Row::exists("conversations.live-chat-agent-typing", "conversationId"),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "messages",
        noun: "Message",
        missing: Missing::Code("CONVERSATIONS_MSG_NOT_FOUND"),
        parent: Some(Parent {
            collection: "conversations",
            field: "conversationId",
            parameter: "conversationId",
        }),
        text: &["body"],
        defaults: &[
            ("status", Value::Text("delivered")),
            ("source", Value::Text("api")),
            ("messageType", Value::Text("TYPE_SMS")),
            ("type", Value::Number(2)),
            ("contentType", Value::Text("text/plain")),
            ("direction", Value::Text("outbound")),
            ("attachments", Value::List),
        ],
        sample: &[
            ("conversationId", Sample::Of("conversations")),
            (
                "contactId",
                Sample::Via(("conversationId", "conversations"), "contactId"),
            ),
            ("body", Sample::Numbered("Message")),
            ("direction", Sample::OneOf(&["outbound", "inbound"])),
        ],
        rows: &[
            // The file has the list at the top.
            Row::list(
                "conversations.get-messages",
                "messages.messages",
                &paging::MESSAGES,
            )
            .filters(&[Filter::is("type", "messageType")]),
            Row::list(
                "conversations.export-messages-by-location",
                "messages",
                &paging::EXPORT,
            )
            .filters(&[
                Filter::is("contactId", "contactId"),
                Filter::is("conversationId", "conversationId"),
                Filter::from("startDate", "dateAdded"),
                Filter::to("endDate", "dateAdded"),
            ]),
            Row::get("conversations.get-message", "id", "message"),
            Row::get("conversations.get-email-by-id", "id", ""),
            Row::special("conversations.send-a-new-message", Special::SendMessage),
            Row::special(
                "conversations.add-an-inbound-message",
                Special::TakeInMessage,
            ),
            Row::special(
                "conversations.add-an-outbound-message",
                Special::TakeInMessage,
            ),
            Row::special("conversations.send-review-reply", Special::TakeInMessage),
            Row::delete("conversations.cancel-scheduled-message", "messageId")
                .only("status", "scheduled")
                .says(CANCELLED),
            Row::delete(
                "conversations.cancel-scheduled-email-message",
                "emailMessageId",
            )
            .only("status", "scheduled")
            .says(CANCELLED),
            Row::exists("conversations.get-message-recording", "messageId"),
            Row::exists("conversations.get-message-transcription", "messageId"),
            Row::exists("conversations.download-message-transcription", "messageId"),
            Row::update("conversations.update-message-status", "messageId", "")
                .says(&[("messageId", Say::Id)]),
            Row::update(
                "conversations.add-message-attachments",
                "messageId",
                "message",
            ),
        ],
        ..Collection::PLAIN
    },
];
