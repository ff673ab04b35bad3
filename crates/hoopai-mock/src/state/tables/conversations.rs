//! Module `conversations`: conversations and messages.

use super::contacts::OF_CONTACT;
use super::prelude::*;

const CANCELLED: &[(&str, ReplyField)] = &[
    ("status", ReplyField::Number(200)),
    ("message", ReplyField::Text("Scheduled message cancelled")),
];

/// Each conversation has its cursor in `sort`.
const CONVERSATIONS_PAGING: Paging = Paging {
    style: PagingStyle::Timestamp("startAfterDate"),
    reply_fields: &[("total", PageField::Total)],
    cursor_field: "sort",
    ..paging::DEFAULT
};

const MESSAGES_PAGING: Paging = Paging {
    style: PagingStyle::LastId("lastMessageId"),
    reply_fields: &[
        ("messages.lastMessageId", PageField::LastId),
        ("messages.nextPage", PageField::HasMore),
    ],
    ..paging::DEFAULT
};

const EXPORT_PAGING: Paging = Paging {
    style: PagingStyle::Cursor("cursor"),
    default_limit: 100,
    max_limit: MaxLimit::Clamp(500),
    reply_fields: &[
        ("nextCursor", PageField::NextCursor),
        ("total", PageField::Total),
    ],
    ..paging::DEFAULT
};

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "conversations",
        noun: "Conversation",
        parent: OF_CONTACT,
        created_fields: &["dateAdded", "lastMessageDate"],
        updated_fields: &["dateUpdated"],
        search_fields: &["lastMessageBody"],
        discarded: &["feedback"],
        defaults: &[
            ("type", FieldValue::Text("TYPE_PHONE")),
            ("unreadCount", FieldValue::Number(0)),
            ("starred", FieldValue::False),
            ("inbox", FieldValue::True),
            ("deleted", FieldValue::False),
            ("lastMessageBody", FieldValue::Text("")),
            ("lastMessageType", FieldValue::Text("TYPE_SMS")),
        ],
        embeds: Some(Embed {
            collection: "contacts",
            id_field: "contactId",
            field: "",
            fields: &[
                ("contactName", "name"),
                ("fullName", "name"),
                ("email", "email"),
                ("phone", "phone"),
            ],
        }),
        sample: &[("contactId", Sample::Reference("contacts"))],
        endpoints: &[
            Endpoint::list(
                "search-conversation",
                "conversations",
                &CONVERSATIONS_PAGING,
            )
            .filters(&[
                Filter::text("query"),
                Filter::equals("contactId", "contactId"),
                Filter::equals("assignedTo", "assignedTo"),
                Filter::equals("id", "id"),
                Filter::equals("lastMessageType", "lastMessageType"),
                Filter::equals("lastMessageDirection", "lastMessageDirection"),
                Filter::since("startDate", "lastMessageDate"),
                Filter::until("endDate", "lastMessageDate"),
            ]),
            Endpoint::create("create-conversation", "conversation").with(SUCCESS),
            Endpoint::get("get-conversation", "conversationId", ""),
            Endpoint::update("update-conversation", "conversationId", "conversation").with(SUCCESS),
            Endpoint::delete("delete-conversation", "conversationId").with(SUCCESS),
            Endpoint::check_exists("upload-file-attachments", "conversationId"),
            Endpoint::check_exists("initiate-file-upload", "conversationId"),
            Endpoint::check_exists("complete-file-upload", "conversationId"),
            Endpoint::check_exists("live-chat-agent-typing", "conversationId"),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "messages",
        noun: "Message",
        not_found: NotFound::ErrorCode("CONVERSATIONS_MSG_NOT_FOUND"),
        parent: Some(Parent::new("conversations", "conversationId")),
        search_fields: &["body"],
        defaults: &[
            ("status", FieldValue::Text("delivered")),
            ("source", FieldValue::Text("api")),
            ("messageType", FieldValue::Text("TYPE_SMS")),
            ("type", FieldValue::Number(2)),
            ("contentType", FieldValue::Text("text/plain")),
            ("direction", FieldValue::Text("outbound")),
            ("attachments", FieldValue::List),
        ],
        sample: &[
            ("conversationId", Sample::Reference("conversations")),
            (
                "contactId",
                Sample::ReferencedField(("conversationId", "conversations"), "contactId"),
            ),
            ("body", Sample::Numbered("Message")),
            ("direction", Sample::OneOf(&["outbound", "inbound"])),
        ],
        endpoints: &[
            // The interface file declares the list at the top level.
            Endpoint::list("get-messages", "messages.messages", &MESSAGES_PAGING)
                .filters(&[Filter::equals("type", "messageType")]),
            Endpoint::list("export-messages-by-location", "messages", &EXPORT_PAGING).filters(&[
                Filter::equals("contactId", "contactId"),
                Filter::equals("conversationId", "conversationId"),
                Filter::since("startDate", "dateAdded"),
                Filter::until("endDate", "dateAdded"),
            ]),
            Endpoint::get("get-message", "id", "message"),
            Endpoint::get("get-email-by-id", "id", ""),
            Endpoint::custom("send-a-new-message", CustomAction::SendMessage),
            Endpoint::custom("add-an-inbound-message", CustomAction::AddMessage),
            Endpoint::custom("add-an-outbound-message", CustomAction::AddMessage),
            Endpoint::custom("send-review-reply", CustomAction::AddMessage),
            Endpoint::delete("cancel-scheduled-message", "messageId")
                .requires("status", "scheduled")
                .with(CANCELLED),
            Endpoint::delete("cancel-scheduled-email-message", "emailMessageId")
                .requires("status", "scheduled")
                .with(CANCELLED),
            Endpoint::check_exists("get-message-recording", "messageId"),
            Endpoint::check_exists("get-message-transcription", "messageId"),
            Endpoint::check_exists("download-message-transcription", "messageId"),
            Endpoint::update("update-message-status", "messageId", "")
                .with(&[("messageId", ReplyField::Id)]),
            Endpoint::update("add-message-attachments", "messageId", "message"),
        ],
        ..Collection::DEFAULT
    },
];
