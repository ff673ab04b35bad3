//! Updates conversations when messages are added.

use serde_json::Value;

use super::store::{Found, Store};
use super::{tables, time};

/// Moves a conversation to the time of its last message, and shows that message in it.
pub(super) fn move_up(store: &mut Store, conversation: &Found, message: &Found, now: u64) {
    let (number, collection) = tables::named("conversations");
    let Some(mut found) = store.remove(collection, number, &conversation.scope, &conversation.id)
    else {
        return;
    };
    let of = |name: &str| message.fields.get(name).cloned().unwrap_or_default();
    let unread = found.fields.get("unreadCount").and_then(Value::as_u64);
    let is_inbound = of("direction") == "inbound";
    let unread = unread.unwrap_or(0).saturating_add(u64::from(is_inbound));
    let moment = message.at.max(now).max(found.at);
    found.at = store.free(number, &found.scope, moment);
    for (name, value) in [
        ("lastMessageBody", of("body")),
        ("lastMessageType", of("messageType")),
        ("lastMessageDirection", of("direction")),
        ("lastMessageDate", time::iso(found.at).into()),
        ("dateUpdated", time::iso(now).into()),
        ("unreadCount", unread.into()),
    ] {
        found.fields.insert(name.to_owned(), value);
    }
    store.put(collection, number, &found);
}
