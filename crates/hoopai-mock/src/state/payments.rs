//! Payments of invoices and orders, each of which is a transaction.

use serde_json::{Map, Value, json};

use super::derive::{number, plain};
use super::engine::{Answer, Call};
use super::store::{Fields, Found, Store};
use super::{make, tables, time};
use crate::api_error::ApiError;

/// The statuses of what is paid in full and in part.
const PAID: &str = "paid";
const PARTIALLY: &str = "partially_paid";

impl Call<'_> {
    /// Records a payment of an invoice that was made outside of the platform.
    pub(super) fn record_payment(&mut self) -> Answer {
        let found = self.wanted()?;
        let of = |name: &str| amount(&found.fields, name);
        let (total, paid) = (of("total"), of("amountPaid"));
        let amount = self.amount(plain(total - paid))?;
        let fields = settled(total, plain(paid + amount));
        let found = self.change(found, fields);
        let details = self.payment_details();
        pay(self.store, "invoice", &found, amount, details, self.now);
        self.about(&found, false)
    }

    /// Records a payment of an order that was made outside of the platform.
    pub(super) fn record_order_payment(&mut self) -> Answer {
        let order = self.wanted()?;
        let paid = paid_for(self.store, &order);
        let amount = self.amount(plain(amount(&order.fields, "amount") - paid))?;
        let details = self.payment_details();
        pay(self.store, "order", &order, amount, details, self.now);
        let order = settle_order(self.store, order, self.now);
        self.about(&order, false)
    }

    /// The amount in the request, or else the amount that is due.
    fn amount(&self, due: f64) -> Result<f64, ApiError> {
        let given = self.accepted.any("amount").and_then(Value::as_f64);
        match given {
            Some(amount) if amount <= 0.0 => Err(ApiError::invalid(&[(
                "amount".to_owned(),
                "amount must be a positive number".to_owned(),
            )])),
            Some(amount) => Ok(amount),
            None => Ok(due.max(0.0)),
        }
    }

    fn payment_details(&self) -> Fields {
        let names = ["mode", "notes", "card", "cheque", "meta"];
        let given = names.into_iter().filter_map(|name| {
            let value = self.accepted.any(name)?;
            Some((name.to_owned(), value.clone()))
        });
        given.collect()
    }
}

fn amount(fields: &Fields, name: &str) -> f64 {
    fields.get(name).and_then(Value::as_f64).unwrap_or(0.0)
}

/// The fields of an invoice of which this much is paid.
fn settled(total: f64, paid: f64) -> Fields {
    let status = if paid >= total { PAID } else { PARTIALLY };
    Map::from_iter([
        ("amountPaid".to_owned(), number(paid)),
        ("status".to_owned(), status.into()),
    ])
}

/// Creates the transaction of a payment.
fn pay(store: &mut Store, kind: &str, of: &Found, amount: f64, details: Fields, now: u64) {
    let (transactions, collection) = tables::named("transactions");
    let mut fields = json!({
        "entityType": kind,
        "entityId": of.id,
        "entitySourceType": kind,
        "entitySourceId": of.id,
        "amount": number(amount),
        "status": "succeeded",
        "paymentProviderType": "manual",
        "paymentMethod": details,
        "fulfilledAt": time::iso(now),
    });
    let own = |name: &str| of.fields.get(name);
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
    make::item(store, transactions, collection, &of.scope, now, fields);
}

/// The sum of the succeeded transactions of an order.
fn paid_for(store: &Store, order: &Found) -> f64 {
    let (number, _) = tables::named("transactions");
    let shelf = store.shelf(number, &order.scope).into_iter().flatten();
    let likely = shelf.filter(|(_, item)| item.may_have(&order.id));
    let own = likely.map(|(_, item)| item.fields()).filter(|fields| {
        fields.get("entityId") == Some(&order.id.as_str().into())
            && fields.get("status") == Some(&"succeeded".into())
    });
    plain(own.map(|fields| amount(&fields, "amount")).sum())
}

/// Sets the payment status of an order by its transactions.
pub(super) fn settle_order(store: &mut Store, order: Found, now: u64) -> Found {
    let paid = paid_for(store, &order);
    if paid <= 0.0 {
        return order;
    }
    let is_paid = paid >= amount(&order.fields, "amount");
    let status = if is_paid { PAID } else { PARTIALLY };
    let fields = Map::from_iter([("paymentStatus".to_owned(), status.into())]);
    let (number, collection) = tables::named("orders");
    make::change(store, number, collection, order, fields, now)
}

/// Creates the transaction of an invoice that is seeded as paid.
pub(super) fn settle_seeded(store: &mut Store, invoice: &Found, now: u64) {
    let of = |name: &str| amount(&invoice.fields, name);
    let is_paid = invoice.fields.get("status") == Some(&PAID.into());
    let paid = match of("amountPaid") {
        0.0 if is_paid => of("total"),
        paid => paid,
    };
    if paid <= 0.0 {
        return;
    }
    let (number, collection) = tables::named("invoices");
    let fields = settled(of("total"), paid);
    let invoice = make::change(store, number, collection, invoice.clone(), fields, now);
    pay(store, "invoice", &invoice, paid, Fields::new(), invoice.at);
}
