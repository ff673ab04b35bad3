//! Payments that were made outside of the platform, and invoices of estimates.

use serde_json::{Map, Value};

use super::context::{Answer, Call};
use crate::api_error::ApiError;
use crate::state::collection::Fields;
use crate::state::derive::round_amount;
use crate::state::effects::{self, Payment, amount_in};
use crate::state::{tables, write};

/// The fields that an invoice has from its estimate.
const ESTIMATE_FIELDS: &[&str] = &[
    "name",
    "title",
    "businessDetails",
    "contactDetails",
    "currency",
    "discount",
    "items",
    "termsNotes",
    "attachments",
    "liveMode",
    "issueDate",
    "automaticTaxesEnabled",
    "miscellaneousCharges",
    "sentTo",
];

impl Call<'_> {
    /// Records a payment of an invoice.
    pub(super) fn record_payment(&mut self) -> Answer {
        let invoice = self.find_item()?;
        let total = amount_in(&invoice.fields, "total");
        let paid = amount_in(&invoice.fields, "amountPaid");
        let amount = self.amount(round_amount(total - paid))?;
        let fields = effects::paid_fields(total, round_amount(paid + amount));
        let invoice = self.change(invoice, fields);
        let payment = self.payment("invoice", amount);
        effects::create_transaction(self.store, &invoice, payment, self.now);
        self.reply_with(&invoice, false)
    }

    /// Records a payment of an order.
    pub(super) fn record_order_payment(&mut self) -> Answer {
        let order = self.find_item()?;
        let paid = effects::paid_amount(self.store, &order);
        let amount = self.amount(round_amount(amount_in(&order.fields, "amount") - paid))?;
        let payment = self.payment("order", amount);
        effects::create_transaction(self.store, &order, payment, self.now);
        let order = effects::update_payment_status(self.store, order, self.now);
        self.reply_with(&order, false)
    }

    /// The amount in the request, or the amount that is due.
    fn amount(&self, due: f64) -> Result<f64, ApiError> {
        match self.request.any("amount").and_then(Value::as_f64) {
            Some(amount) if amount <= 0.0 => Err(ApiError::invalid(&[(
                "amount".to_owned(),
                "amount must be a positive number".to_owned(),
            )])),
            Some(amount) => Ok(amount),
            None => Ok(due.max(0.0)),
        }
    }

    fn payment(&self, entity: &'static str, amount: f64) -> Payment {
        let names = ["mode", "notes", "card", "cheque", "meta"].into_iter();
        let details = names.filter_map(|name| {
            let value = self.request.any(name)?;
            Some((name.to_owned(), value.clone()))
        });
        Payment {
            entity,
            amount,
            details: details.collect(),
        }
    }

    /// Creates an invoice from an estimate.
    pub(super) fn invoice_estimate(&mut self) -> Answer {
        let mut estimate = self.find_item()?;
        let names = ESTIMATE_FIELDS.iter();
        let fields: Fields = names
            .filter_map(|name| Some(((*name).to_owned(), estimate.fields.get(*name)?.clone())))
            .collect();
        let invoices = tables::named("invoices");
        let invoice = write::create(self.store, invoices, &estimate.scope, self.now, fields);
        if self.request.any("markAsInvoiced") == Some(&Value::Bool(true)) {
            let fields = Map::from_iter([("status".to_owned(), "invoiced".into())]);
            estimate = self.change(estimate, fields);
        }
        let reply = Map::from_iter([
            ("estimate".to_owned(), self.show(&estimate)),
            ("invoice".to_owned(), Value::Object(invoice.fields)),
        ]);
        self.reply(Value::Null, None, true, 1, reply)
    }
}
