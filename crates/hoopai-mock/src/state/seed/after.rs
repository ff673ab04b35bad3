//! The effects of seeded items on other items, which are those of items that requests create: conversations show their last
//! message, paid invoices have transactions, locations exist.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::store::{Found, Store};
use super::super::{messages, payments, tables};

pub(super) fn seeded(store: &mut Store, name: &str, made: &Found, now: u64) {
    let text = |field: &str| made.fields.get(field).and_then(Value::as_str);
    match name {
        "messages" => {
            let (number, _) = tables::named("conversations");
            let conversation = text("conversationId").and_then(|id| store.find(number, id));
            if let Some(conversation) = conversation {
                messages::move_up(store, &conversation, made, made.at);
            }
        }
        "invoices" => payments::settle_seeded(store, made, now),
        "saas-locations" => super::introduce(store, &made.id, now),
        _ => {}
    }
}

/// The effects of several seeded items together: orders are paid by their transactions.
pub(super) fn all_seeded(store: &mut Store, name: &str, ids: &[String], now: u64) {
    if name != "transactions" {
        return;
    }
    let (transactions, _) = tables::named("transactions");
    let (orders, _) = tables::named("orders");
    let found = ids.iter().filter_map(|id| store.find(transactions, id));
    let paid: BTreeSet<String> = found
        .filter(|found| found.fields.get("entityType") == Some(&"order".into()))
        .filter_map(|found| found.fields.get("entityId")?.as_str().map(str::to_owned))
        .collect();
    for order in paid {
        if let Some(order) = store.find(orders, &order) {
            payments::settle_order(store, order, now);
        }
    }
}
