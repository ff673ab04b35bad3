//! The effects of seeded items on other items, which are those of items that requests create.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::state::store::{Item, Store};
use crate::state::{defaults, effects, tables};

/// Applies the effects of a seeded item.
pub(super) fn apply(store: &mut Store, item: &Item, now: u64) {
    match item.collection.name {
        "messages" => {
            let conversations = tables::named("conversations");
            let id = item.fields.get("conversationId").and_then(Value::as_str);
            if let Some(conversation) = id.and_then(|id| store.find(conversations, id)) {
                effects::show_last_message(store, &conversation, item, item.position);
            }
        }
        "invoices" => effects::pay_seeded_invoice(store, item, now),
        "saas-locations" => defaults::ensure_location(store, &item.id, now),
        _ => {}
    }
}

/// Updates the payment status of the orders that seeded transactions pay.
pub(super) fn settle_orders(store: &mut Store, transactions: &[String], now: u64) {
    let collection = tables::named("transactions");
    let transactions = transactions
        .iter()
        .filter_map(|id| store.find(collection, id));
    let orders: BTreeSet<String> = transactions
        .filter(|transaction| transaction.fields.get("entityType") == Some(&"order".into()))
        .filter_map(|transaction| Some(transaction.fields.get("entityId")?.as_str()?.to_owned()))
        .collect();
    for id in orders {
        if let Some(order) = store.find(tables::named("orders"), &id) {
            effects::update_payment_status(store, order, now);
        }
    }
}
