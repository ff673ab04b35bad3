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
                "conversations.search-conversation",
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
            Endpoint::create("conversations.create-conversation", "conversation").with(SUCCESS),
            Endpoint::get("conversations.get-conversation", "conversationId", ""),
            Endpoint::update(
                "conversations.update-conversation",
                "conversationId",
                "conversation",
            )
            .with(SUCCESS),
            Endpoint::delete("conversations.delete-conversation", "conversationId").with(SUCCESS),
            Endpoint::check_exists("conversations.upload-file-attachments", "conversationId"),
            Endpoint::check_exists("conversations.initiate-file-upload", "conversationId"),
            Endpoint::check_exists("conversations.complete-file-upload", "conversationId"),
            Endpoint::check_exists("conversations.live-chat-agent-typing", "conversationId"),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "messages",
        noun: "Message",
        not_found: NotFound::ErrorCode("CONVERSATIONS_MSG_NOT_FOUND"),
        parent: Some(Parent::new(
            "conversations",
            "conversationId",
            "conversationId",
        )),
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
            Endpoint::list(
                "conversations.get-messages",
                "messages.messages",
                &MESSAGES_PAGING,
            )
            .filters(&[Filter::equals("type", "messageType")]),
            Endpoint::list(
                "conversations.export-messages-by-location",
                "messages",
                &EXPORT_PAGING,
            )
            .filters(&[
                Filter::equals("contactId", "contactId"),
                Filter::equals("conversationId", "conversationId"),
                Filter::since("startDate", "dateAdded"),
                Filter::until("endDate", "dateAdded"),
            ]),
            Endpoint::get("conversations.get-message", "id", "message"),
            Endpoint::get("conversations.get-email-by-id", "id", ""),
            Endpoint::custom(
                "conversations.send-a-new-message",
                CustomAction::SendMessage,
            ),
            Endpoint::custom(
                "conversations.add-an-inbound-message",
                CustomAction::AddMessage,
            ),
            Endpoint::custom(
                "conversations.add-an-outbound-message",
                CustomAction::AddMessage,
            ),
            Endpoint::custom("conversations.send-review-reply", CustomAction::AddMessage),
            Endpoint::delete("conversations.cancel-scheduled-message", "messageId")
                .requires("status", "scheduled")
                .with(CANCELLED),
            Endpoint::delete(
                "conversations.cancel-scheduled-email-message",
                "emailMessageId",
            )
            .requires("status", "scheduled")
            .with(CANCELLED),
            Endpoint::check_exists("conversations.get-message-recording", "messageId"),
            Endpoint::check_exists("conversations.get-message-transcription", "messageId"),
            Endpoint::check_exists("conversations.download-message-transcription", "messageId"),
            Endpoint::update("conversations.update-message-status", "messageId", "")
                .with(&[("messageId", ReplyField::Id)]),
            Endpoint::update(
                "conversations.add-message-attachments",
                "messageId",
                "message",
            ),
        ],
        ..Collection::DEFAULT
    },
];
