//! The lists below the records of a list, as data.

use hoopai_runtime::operation::{PageStrategy, Paging};

/// A list below each record of another list.
#[derive(Clone, Copy)]
pub(super) struct ChildList {
    /// The operations that list the parents.
    pub(super) parents: &'static [&'static str],
    /// The field of a parent that has its id.
    pub(super) id: &'static str,
    /// The name in those of files.
    pub(super) name: &'static str,
    /// The operation that lists the children of one parent.
    pub(super) operation: &'static str,
    /// Its parameter for the id of the parent.
    pub(super) parameter: &'static str,
    /// The list in the reply, if the operation is not paged.
    pub(super) items: Option<&'static str>,
}

const CONTACTS: &[&str] = &[
    "contacts.list_contacts",
    "contacts.list_contacts_by_business",
    "contacts.search_contacts",
];

/// All of them.
pub(super) const CHILD_LISTS: &[ChildList] = &[
    ChildList {
        parents: CONTACTS,
        id: "id",
        name: "notes",
        operation: "contacts.list_notes",
        parameter: "contactId",
        items: Some("notes"),
    },
    ChildList {
        parents: CONTACTS,
        id: "id",
        name: "tasks",
        operation: "contacts.list_tasks",
        parameter: "contactId",
        items: Some("tasks"),
    },
    ChildList {
        parents: CONTACTS,
        id: "id",
        name: "appointments",
        operation: "contacts.list_appointments",
        parameter: "contactId",
        items: Some("events"),
    },
    ChildList {
        parents: &["conversations.search_conversations"],
        id: "id",
        name: "messages",
        operation: "conversations.list_messages",
        parameter: "conversationId",
        items: None,
    },
];

/// The rule of a list that is one reply.
pub(super) fn in_one_reply(items: &'static str) -> Paging {
    Paging {
        items,
        strategy: PageStrategy::Cursor(&[]),
        ..Paging::DEFAULT
    }
}
