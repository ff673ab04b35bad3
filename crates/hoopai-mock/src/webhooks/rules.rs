//! Which changes of items cause which events. Data only, apart from the fields that the events
//! name differently.

use serde_json::{Map, Value};

use crate::state::{Change, ChangeKind};

/// Changes that cause an event.
pub(super) struct Rule {
    collection: &'static str,
    when: When,
    /// The name of the event on the platform's pages.
    pub(super) event: &'static str,
    /// Adds the fields that the item has by another name.
    pub(super) derive: fn(&mut Map<String, Value>),
}

#[derive(Clone, Copy)]
enum When {
    Created,
    /// The item was created with this value of a field.
    CreatedWith(&'static str, &'static str),
    Updated,
    Deleted,
    /// One of the fields changed.
    Changed(&'static [&'static str]),
    /// The field changed to this value.
    Became(&'static str, &'static str),
}

use When::{Became, Changed, Created, CreatedWith, Deleted, Updated};

const fn rule(collection: &'static str, when: When, event: &'static str) -> Rule {
    Rule {
        collection,
        when,
        event,
        derive: |_| {},
    }
}

const fn derived(
    collection: &'static str,
    when: When,
    event: &'static str,
    derive: fn(&mut Map<String, Value>),
) -> Rule {
    Rule {
        collection,
        when,
        event,
        derive,
    }
}

static RULES: &[Rule] = &[
    rule("appointments", Created, "AppointmentCreate"),
    rule("appointments", Updated, "AppointmentUpdate"),
    rule("appointments", Deleted, "AppointmentDelete"),
    rule("associations", Created, "AssociationCreate"),
    rule("associations", Updated, "AssociationUpdate"),
    rule("associations", Deleted, "AssociationDelete"),
    rule("contacts", Created, "ContactCreate"),
    rule("contacts", Updated, "ContactUpdate"),
    rule("contacts", Deleted, "ContactDelete"),
    rule("contacts", Changed(&["tags"]), "ContactTagUpdate"),
    rule(
        "contacts",
        Changed(&["dnd", "dndSettings", "inboundDndSettings"]),
        "ContactDndUpdate",
    ),
    rule(
        "conversations",
        Changed(&["unreadCount"]),
        "ConversationUnreadWebhook",
    ),
    derived("faqs", Created, "KnowledgeBaseFaqChange", faq_created),
    derived("faqs", Updated, "KnowledgeBaseFaqChange", faq_updated),
    derived("faqs", Deleted, "KnowledgeBaseFaqChange", faq_deleted),
    rule("invoices", Created, "InvoiceCreate"),
    rule("invoices", Updated, "InvoiceUpdate"),
    rule("invoices", Deleted, "InvoiceDelete"),
    rule("invoices", Became("status", "sent"), "InvoiceSent"),
    rule("invoices", Became("status", "paid"), "InvoicePaid"),
    rule(
        "invoices",
        Became("status", "partially_paid"),
        "InvoicePartiallyPaid",
    ),
    rule("invoices", Became("status", "void"), "InvoiceVoid"),
    rule("knowledge-bases", Created, "KnowledgeBaseCreate"),
    rule("knowledge-bases", Updated, "KnowledgeBaseUpdate"),
    rule("knowledge-bases", Deleted, "KnowledgeBaseDelete"),
    rule("locations", Created, "LocationCreate"),
    rule("locations", Updated, "LocationUpdate"),
    derived(
        "messages",
        CreatedWith("direction", "inbound"),
        "InboundMessage",
        message,
    ),
    derived(
        "messages",
        CreatedWith("direction", "outbound"),
        "OutboundMessage",
        message,
    ),
    rule("notes", Created, "NoteCreate"),
    rule("notes", Updated, "NoteUpdate"),
    rule("notes", Deleted, "NoteDelete"),
    rule("objects", Created, "ObjectSchemaCreate"),
    rule("objects", Updated, "ObjectSchemaUpdate"),
    rule("opportunities", Created, "OpportunityCreate"),
    rule("opportunities", Updated, "OpportunityUpdate"),
    rule("opportunities", Deleted, "OpportunityDelete"),
    rule(
        "opportunities",
        Changed(&["assignedTo"]),
        "OpportunityAssignedToUpdate",
    ),
    rule(
        "opportunities",
        Changed(&["monetaryValue"]),
        "OpportunityMonetaryValueUpdate",
    ),
    rule(
        "opportunities",
        Changed(&["pipelineStageId"]),
        "OpportunityStageUpdate",
    ),
    rule(
        "opportunities",
        Changed(&["status"]),
        "OpportunityStatusUpdate",
    ),
    rule("orders", Created, "OrderCreate"),
    rule("orders", Changed(&["status"]), "OrderStatusUpdate"),
    rule("prices", Created, "PriceCreate"),
    rule("prices", Updated, "PriceUpdate"),
    rule("prices", Deleted, "PriceDelete"),
    rule("products", Created, "ProductCreate"),
    rule("products", Updated, "ProductUpdate"),
    rule("products", Deleted, "ProductDelete"),
    rule("records", Created, "RecordCreate"),
    rule("records", Updated, "RecordUpdate"),
    rule("records", Deleted, "RecordDelete"),
    rule("relations", Created, "RelationCreate"),
    rule("relations", Deleted, "RelationDelete"),
    rule("tasks", Created, "TaskCreate"),
    rule("tasks", Deleted, "TaskDelete"),
    rule("tasks", Became("completed", "true"), "TaskComplete"),
    derived(
        "trained-urls",
        Created,
        "KnowledgeBaseTrainedUrlChange",
        url_created,
    ),
    derived(
        "trained-urls",
        Deleted,
        "KnowledgeBaseTrainedUrlChange",
        url_deleted,
    ),
    derived("users", Created, "UserCreate", user),
    derived("users", Updated, "UserUpdate", user),
    derived("users", Deleted, "UserDelete", user),
];

/// The rules of a change, in the order of the table.
pub(super) fn matching(change: &Change) -> impl Iterator<Item = &'static Rule> {
    RULES
        .iter()
        .filter(|rule| rule.collection == change.collection && rule.when.matches(change))
}

impl When {
    fn matches(self, change: &Change) -> bool {
        let (before, fields) = (&change.before, &change.fields);
        let is_update = change.kind == ChangeKind::Updated;
        let has = |field: &str, value: &str| fields.get(field).is_some_and(|own| is(own, value));
        match self {
            Created => change.kind == ChangeKind::Created,
            CreatedWith(field, value) => change.kind == ChangeKind::Created && has(field, value),
            Updated => is_update,
            Deleted => change.kind == ChangeKind::Deleted,
            Changed(names) => {
                is_update
                    && names
                        .iter()
                        .any(|name| before.get(*name) != fields.get(*name))
            }
            Became(field, value) => {
                is_update && before.get(field) != fields.get(field) && has(field, value)
            }
        }
    }
}

fn is(own: &Value, text: &str) -> bool {
    match own {
        Value::String(own) => own == text,
        Value::Bool(own) => own.then_some("true") == Some(text),
        _ => false,
    }
}

/// Messages of events name their id, the channel, and the kind as text and number.
fn message(item: &mut Map<String, Value>) {
    let copy = |item: &mut Map<String, Value>, from: &str, to: &str| {
        if let Some(value) = item.get(from).cloned() {
            item.insert(to.to_owned(), value);
        }
    };
    copy(item, "id", "messageId");
    copy(item, "messageType", "messageTypeString");
    copy(item, "type", "messageTypeId");
    let kind = item.get("messageType").and_then(Value::as_str);
    let channel = match kind.unwrap_or_default() {
        "TYPE_CALL" => "CALL",
        "TYPE_EMAIL" => "Email",
        "TYPE_WHATSAPP" => "WhatsApp",
        "TYPE_FACEBOOK" => "FB",
        "TYPE_INSTAGRAM" => "IG",
        "TYPE_LIVE_CHAT" => "Live_Chat",
        "TYPE_VOICEMAIL" => "VoiceMail",
        kind => kind.strip_prefix("TYPE_").unwrap_or(kind),
    };
    let channel = channel.to_owned();
    item.insert("messageType".to_owned(), channel.into());
}

/// Users of events have their role and locations at the top.
fn user(item: &mut Map<String, Value>) {
    let roles = item.get("roles").cloned().unwrap_or_default();
    for (from, to) in [("role", "role"), ("locationIds", "locations")] {
        if let Some(value) = roles.get(from) {
            item.insert(to.to_owned(), value.clone());
        }
    }
}

fn asset(item: &mut Map<String, Value>, kind: &str, action: &str) {
    item.insert("assetType".to_owned(), kind.into());
    item.insert("action".to_owned(), action.into());
}

fn faq_created(item: &mut Map<String, Value>) {
    asset(item, "faq", "created");
}

fn faq_updated(item: &mut Map<String, Value>) {
    asset(item, "faq", "updated");
}

fn faq_deleted(item: &mut Map<String, Value>) {
    asset(item, "faq", "deleted");
}

fn url_created(item: &mut Map<String, Value>) {
    asset(item, "trained_url", "created");
}

fn url_deleted(item: &mut Map<String, Value>) {
    asset(item, "trained_url", "deleted");
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::definition::Definition;
    use super::super::payload::{self, Envelope};
    use super::RULES;
    use crate::account::{COMPANY, LOCATION};
    use crate::mock::Mock;
    use crate::state::is_collection;

    #[test]
    fn rules_name_events_and_collections() {
        assert_eq!(Definition::all().count(), 77);
        for rule in RULES {
            assert!(Definition::find(rule.event).is_some(), "{}", rule.event);
            assert!(is_collection(rule.collection), "{}", rule.collection);
        }
    }

    /// Most fields of an event are those of the item, under the same names.
    #[tokio::test]
    async fn events_have_fields_of_their_items() {
        let mock = Mock::builder().start().await.expect("a server");
        let state = &mock.server.state;
        let mut poor = Vec::new();
        for rule in RULES {
            let scope = match rule.collection {
                "locations" | "users" => COMPANY,
                _ => LOCATION,
            };
            let id = mock.seed().items(rule.collection, scope, 1).remove(0);
            let change = state.created(rule.collection, scope, &id);
            let definition = Definition::find(rule.event).expect("an event");
            let envelope = Envelope::new("app", mock.clock().unix(), (0, 0), Some(&change));
            let event = payload::of_change(definition, rule, &change, &envelope);
            let body: Value = serde_json::from_slice(&event.body).expect("JSON");
            let body = body.as_object().expect("an object");
            let nested = body.get("appointment").and_then(Value::as_object);
            let own = |name: &&String| !definition.envelope.contains(name);
            let found = nested.map_or_else(|| body.keys().filter(own).count(), |own| own.len());
            if found < 2 {
                poor.push(format!("{}: {body:?}", rule.event));
            }
            for name in &definition.envelope {
                assert!(body.contains_key(name), "{}: {name}", rule.event);
            }
        }
        assert!(poor.is_empty(), "{poor:#?}");
    }
}
