//! The effects of written items on other items, for requests and seeds: conversations show their
//! last message, and payments of invoices and orders are transactions.

use serde_json::{Map, Value, json};

use super::collection::Fields;
use super::derive::{number, round_amount};
use super::store::{Item, Store};
use super::{tables, write};
use crate::time;

const PAID: &str = "paid";
const PARTIALLY_PAID: &str = "partially_paid";

/// Moves a conversation to the time of its last message, and shows that message in it.
pub(super) fn show_last_message(store: &mut Store, conversation: &Item, message: &Item, now: u64) {
    let collection = conversation.collection;
    let Some(mut item) = store.remove(collection, &conversation.scope, &conversation.id) else {
        return;
    };
    let before = item.fields.clone();
    let of = |name: &str| message.fields.get(name).cloned().unwrap_or_default();
    let unread = item.fields.get("unreadCount").and_then(Value::as_u64);
    let is_inbound = of("direction") == "inbound";
    let unread = unread.unwrap_or(0).saturating_add(u64::from(is_inbound));
    let time = message.position.max(now).max(item.position);
    item.position = store.free_position(collection, &item.scope, time);
    for (name, value) in [
        ("lastMessageBody", of("body")),
        ("lastMessageType", of("messageType")),
        ("lastMessageDirection", of("direction")),
        ("lastMessageDate", time::iso(item.position).into()),
        ("dateUpdated", time::iso(now).into()),
        ("unreadCount", unread.into()),
    ] {
        item.fields.insert(name.to_owned(), value);
    }
    store.insert(&item);
    store.changed(|| item.updated(before));
}

/// A payment of an invoice or an order.
pub(super) struct Payment {
    /// `invoice` or `order`.
    pub(super) entity: &'static str,
    pub(super) amount: f64,
    /// The method of payment.
    pub(super) details: Fields,
}

/// The amount in a field; 0 if there is none.
pub(super) fn amount_in(fields: &Fields, name: &str) -> f64 {
    fields.get(name).and_then(Value::as_f64).unwrap_or(0.0)
}

/// The fields of an invoice of which `paid` is paid.
pub(super) fn paid_fields(total: f64, paid: f64) -> Fields {
    Map::from_iter([
        ("amountPaid".to_owned(), number(paid)),
        ("status".to_owned(), status(total, paid).into()),
    ])
}

fn status(total: f64, paid: f64) -> &'static str {
    if paid >= total { PAID } else { PARTIALLY_PAID }
}

/// Creates the transaction of a payment of an item.
pub(super) fn create_transaction(store: &mut Store, item: &Item, payment: Payment, now: u64) {
    let mut fields = json!({
        "entityType": payment.entity,
        "entityId": item.id,
        "entitySourceType": payment.entity,
        "entitySourceId": item.id,
        "amount": number(payment.amount),
        "status": "succeeded",
        "paymentProviderType": "manual",
        "paymentMethod": payment.details,
        "fulfilledAt": time::iso(now),
    });
    let own = |name: &str| item.fields.get(name);
    let payer = |name: &str| own("contactDetails").and_then(|details| details.get(name));
    for (name, value) in [
        ("contactId", own("contactId").or_else(|| payer("id"))),
        ("contactName", own("contactName").or_else(|| payer("name"))),
        (
            "contactEmail",
            own("contactEmail").or_else(|| payer("email")),
        ),
        ("currency", own("currency")),
        ("liveMode", own("liveMode")),
        ("entitySourceName", own("name")),
    ] {
        if let Some(value) = value {
            fields[name] = value.clone();
        }
    }
    let fields = fields.as_object().cloned().unwrap_or_default();
    write::create(
        store,
        tables::named("transactions"),
        &item.scope,
        now,
        fields,
    );
}

/// The sum of the succeeded transactions of an order.
pub(super) fn paid_amount(store: &Store, order: &Item) -> f64 {
    let transactions = store.iter(tables::named("transactions"), &order.scope);
    let candidates = transactions.filter(|transaction| transaction.may_contain(&order.id));
    let own = candidates.map(|transaction| transaction.fields());
    let succeeded = own.filter(|fields| {
        fields.get("entityId") == Some(&order.id.as_str().into())
            && fields.get("status") == Some(&"succeeded".into())
    });
    round_amount(succeeded.map(|fields| amount_in(&fields, "amount")).sum())
}

/// Sets the payment status of an order by its transactions.
pub(super) fn update_payment_status(store: &mut Store, order: Item, now: u64) -> Item {
    let paid = paid_amount(store, &order);
    if paid <= 0.0 {
        return order;
    }
    let status = status(amount_in(&order.fields, "amount"), paid);
    let fields = Map::from_iter([("paymentStatus".to_owned(), status.into())]);
    write::update(store, order, fields, now)
}

/// Creates the transaction of an invoice that is seeded as paid.
pub(super) fn pay_seeded_invoice(store: &mut Store, invoice: &Item, now: u64) {
    let amount = |name: &str| amount_in(&invoice.fields, name);
    let is_paid = invoice.fields.get("status") == Some(&PAID.into());
    let paid = match amount("amountPaid") {
        0.0 if is_paid => amount("total"),
        paid => paid,
    };
    if paid <= 0.0 {
        return;
    }
    let fields = paid_fields(amount("total"), paid);
    let invoice = write::update(store, invoice.clone(), fields, now);
    let payment = Payment {
        entity: "invoice",
        amount: paid,
        details: Fields::new(),
    };
    create_transaction(store, &invoice, payment, invoice.position);
}
